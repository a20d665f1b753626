"""Renders mails: the built-in templates, or an operator's own in their place.

Templates run in Jinja's sandbox and are given plain texts and numbers, never the program's objects. What customers
typed is a value, so it is never read as a template, and HTML templates escape it.
"""

from __future__ import annotations

import os
import time
from collections.abc import Callable, Iterable, Iterator, Mapping, Sized
from contextvars import ContextVar
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import structlog
from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateError, TemplateNotFound, nodes, pass_context
from jinja2.loaders import split_template_path
from jinja2.runtime import Context, LoopContext
from jinja2.sandbox import ImmutableSandboxedEnvironment

from seatwright.core.languages import Language
from seatwright.core.mail import one_line
from seatwright.wording.wording import wording

MailKind: TypeAlias = Literal[
    "confirmation",
    "pending_received",
    "rescheduled",
    "cancellation",
    "product_notice",
    "pending_notice",
    "pending_answer",
]
MAIL_KINDS: tuple[MailKind, ...] = get_args(MailKind)
PARTS = ("subject.txt", "txt", "html")
"""What each kind has a template for: `confirmation.subject.txt`, `confirmation.txt`, `confirmation.html`."""

BUILT_IN = Path(__file__).parent / "mail_templates"
MAX_SUBJECT = 200
MAX_RENDERED = 2_000_000
"""Longest text of a part, in characters; an operator's template that makes more of it is not used."""
MAX_RENDER_S = 2.0
"""Seconds of computing that a part may take; an operator's template that takes longer is not used until it is changed.
The built-in ones take some milliseconds."""
_WATCHED = "_watched"

log = structlog.get_logger("seatwright.notifications")

_until: ContextVar[float] = ContextVar("_until")
"""The time of this thread, as `time.thread_time` has it, at which what is being rendered is given up."""
_slow: dict[tuple[Look, str], object] = {}
"""Templates that took too long, each with the state in which its directory was then."""
_MAX_SLOW = 1_000


class Rendered(NamedTuple):
    """A mail's words."""

    subject: str
    text: str
    html: str


class Look(NamedTuple):
    """Whose templates are used: those in the directory `overrides`, if there is one, for an account's code."""

    overrides: Path | None
    account_code: str
    language: Language


class TooLong(Exception):
    """A template made more than `MAX_RENDERED` characters."""


class TooSlow(Exception):
    """A template took more than `MAX_RENDER_S`, and has not been changed since."""


def render(look: Look, kind: MailKind, facts: Mapping[str, Any]) -> Rendered:
    """Render the parts of a mail.

    An operator's template that can't be rendered is logged, and the built-in one takes its place.
    """
    subject, text, html = (_part(look, f"{kind}.{part}", facts) for part in PARTS)
    return Rendered(one_line(subject, MAX_SUBJECT), _tidy(text), html.strip() + "\n")


def _part(look: Look, name: str, facts: Mapping[str, Any]) -> str:
    if look.overrides is not None:
        try:
            return _operators(look, look.overrides, name, facts)
        except Exception as error:
            # A template's own mistake can be told; any other error's message may quote somebody's data.
            said = error.message if isinstance(error, TemplateError) else None
            log.warning(
                "a mail template can't be used",
                template=name,
                account=look.account_code,
                error=type(error).__name__,
                reason=said,
                line=getattr(error, "lineno", None),
            )
    return _rendered(Look(None, "", look.language), name, facts, float("inf"))


def _operators(look: Look, directory: Path, name: str, facts: Mapping[str, Any]) -> str:
    """Render an operator's template. Raises `TooSlow` at once for one that was, while nothing has been changed."""
    if (look, name) in _slow:
        if _slow[look, name] == _files(directory):
            raise TooSlow
        del _slow[look, name]
    try:
        return _rendered(look, name, facts, MAX_RENDER_S)
    except TooSlow:
        if len(_slow) >= _MAX_SLOW:
            _slow.clear()
        _slow[look, name] = _files(directory)
        raise


def _rendered(look: Look, name: str, facts: Mapping[str, Any], seconds: float) -> str:
    pieces, length = [], 0
    reset = _until.set(time.thread_time() + seconds)
    try:
        for piece in _environment(look).get_template(name).generate(facts):
            length += len(piece)
            if length > MAX_RENDERED:
                raise TooLong
            pieces.append(piece)
    finally:
        _until.reset(reset)
    return "".join(pieces)


def _tidy(text: str) -> str:
    """Return a plain text without spaces at the ends of lines and without more than one empty line in a row."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        stripped = line.rstrip()
        if stripped or (lines and lines[-1]):
            lines.append(stripped)
    return "\n".join(lines) + "\n"


class _Watching(ImmutableSandboxedEnvironment):
    """Raises `TooSlow` when the time is over: at every turn of a loop and every call, so before anything that repeats
    itself. What takes long in one go, and can't be watched, isn't there."""

    intercepted_binops = frozenset(("*", "**"))

    def __init__(self, **options: Any) -> None:
        super().__init__(**options)
        self.filters[_WATCHED] = _watched
        del self.globals["lipsum"]  # as long as its arguments say

    def _generate(
        self, source: nodes.Template, name: str | None, filename: str | None, defer_init: bool = False
    ) -> str:
        for loop in source.find_all(nodes.For):
            loop.iter = nodes.Filter(loop.iter, _WATCHED, [], [], None, None, lineno=loop.iter.lineno)
        return super()._generate(source, name, filename, defer_init)

    def call(self, context: Context, called: Any, /, *args: Any, **named: Any) -> Any:
        """Call something from a template; a loop that calls itself is watched too."""
        _check_time()
        if isinstance(called, LoopContext) and args:
            args = (_turns(args[0]), *args[1:])
        return super().call(context, called, *args, **named)

    def call_binop(self, context: Context, operator: str, left: Any, right: Any) -> Any:
        """Multiply, though no text or list beyond `MAX_RENDERED`; there are no powers."""
        if operator == "**":
            raise OverflowError("there are no powers")
        for some, times in ((left, right), (right, left)):
            if isinstance(some, Sized) and isinstance(times, int) and len(some) * times > MAX_RENDERED:
                raise TooLong
        return super().call_binop(context, operator, left, right)


@pass_context
def _watched(_: Context, values: Iterable[Any]) -> Iterator[Any]:
    """The filter around everything that is looped over. (With the context, it is never computed beforehand.)"""
    return _turns(values)


def _turns(values: Iterable[Any]) -> Iterator[Any]:
    for value in values:
        _check_time()
        yield value


def _check_time() -> None:
    if time.thread_time() > _until.get():
        raise TooSlow


@lru_cache(maxsize=256)
def _environment(look: Look) -> Environment:
    environment = _Watching(
        loader=_Loader(look),
        autoescape=lambda name: name is not None and name.endswith(".html"),
        undefined=StrictUndefined,
        trim_blocks=True,
        lstrip_blocks=True,
        auto_reload=look.overrides is not None,
    )
    environment.globals.update(t=wording(look.language).say, language=look.language)
    return environment


class _Loader(BaseLoader):
    """Finds a template where it is most its own: the account's directory, then all accounts', then the built-in ones;
    in each `name.de.html` before `name.html`."""

    def __init__(self, look: Look) -> None:
        self._look = look

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Return a template's text, where it is, and what tells whether that is still so. Raises `TemplateNotFound`."""
        path = self._find(template)
        if path is None:
            raise TemplateNotFound(template)
        text, state = path.read_text(encoding="utf-8"), _state(path)
        return text, str(path), lambda: self._find(template) == path and _state(path) == state

    def _find(self, template: str) -> Path | None:
        return next((path for path in self._candidates(template) if path.is_file()), None)

    def _candidates(self, template: str) -> Iterator[Path]:
        parts = split_template_path(template)  # refuses `..`
        overrides, code, language = self._look
        if overrides is not None:
            own, ending = os.path.splitext(parts[-1])
            for directory in (overrides / code, overrides):
                yield directory.joinpath(*parts[:-1], f"{own}.{language}{ending}")
                yield directory.joinpath(*parts)
        yield BUILT_IN.joinpath(*parts)


def _files(directory: Path) -> object:
    """Return what changes when anything in a directory does."""
    return sorted((str(path), _state(path)) for path in directory.rglob("*"))


def _state(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
