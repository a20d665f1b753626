"""Renders mails: the built-in templates, or an operator's own in their place.

Templates run in a sandbox and are given plain texts and numbers, never the program's objects. Text from customers is a
value, so it is never read as a template, and HTML templates escape it.
"""

from __future__ import annotations

import math
import os
from collections.abc import Callable, Iterator, Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, Literal, NamedTuple, TypeAlias, get_args

import structlog
from jinja2 import BaseLoader, Environment, StrictUndefined, TemplateError, TemplateNotFound
from jinja2.loaders import split_template_path

from seatwright.core.languages import Language
from seatwright.core.mail import one_line
from seatwright.notifications.mail.sandbox import MAX_SOURCE, Sandbox
from seatwright.notifications.mail.template_work import MAX_WORK, TooLong, check_length, metered
from seatwright.wording.wording import wording

MailKind: TypeAlias = Literal[
    "confirmation",
    "pending_received",
    "rescheduled",
    "cancellation",
    "product_notice",
    "pending_notice",
    "pending_answer",
    "message",
]
StaffMailKind: TypeAlias = Literal["invitation", "password_reset"]
"""Mails to an account's users; the others are about orders."""
STAFF_MAIL_KINDS: tuple[StaffMailKind, ...] = get_args(StaffMailKind)
MAIL_KINDS: tuple[MailKind, ...] = get_args(MailKind)
PARTS = ("subject.txt", "txt", "html")
"""What each kind has a template for: `confirmation.subject.txt`, `confirmation.txt`, `confirmation.html`."""

BUILT_IN = Path(__file__).parent / "templates"
MAX_SUBJECT = 200

log = structlog.get_logger("seatwright.notifications")


class Rendered(NamedTuple):
    """A mail's words."""

    subject: str
    text: str
    html: str


class Look(NamedTuple):
    """Which templates are used: those in the directory `overrides`, if there is one, for an account's code."""

    overrides: Path | None
    account_code: str
    language: Language


def render(look: Look, kind: MailKind | StaffMailKind, facts: Mapping[str, Any]) -> Rendered:
    """Render the parts of a mail.

    An operator's template that can't be rendered is logged, and the built-in one takes its place.
    """
    subject, text, html = (_part(look, f"{kind}.{part}", facts) for part in PARTS)
    return Rendered(one_line(subject, MAX_SUBJECT), _tidy(text), html.strip() + "\n")


def _part(look: Look, name: str, facts: Mapping[str, Any]) -> str:
    if look.overrides is not None:
        try:
            return _rendered(look, name, facts, MAX_WORK)
        except Exception as error:
            # A mistake of the template itself can be logged; any other error's message may quote personal data.
            said = error.message if isinstance(error, TemplateError) else None
            log.warning(
                "a mail template can't be used",
                template=name,
                account=look.account_code,
                error=type(error).__name__,
                reason=said,
                line=getattr(error, "lineno", None),
            )
    return _rendered(Look(None, "", look.language), name, facts, math.inf)


def _rendered(look: Look, name: str, facts: Mapping[str, Any], work: float) -> str:
    pieces, length = [], 0
    with metered(work):
        for piece in _environment(look).get_template(name).generate(facts):
            length += len(piece)
            check_length(length)
            pieces.append(piece)
    return "".join(pieces)


def _tidy(text: str) -> str:
    """Return a plain text without spaces at the ends of lines and without more than one empty line in a row."""
    lines: list[str] = []
    for line in text.strip().splitlines():
        stripped = line.rstrip()
        if stripped or (lines and lines[-1]):
            lines.append(stripped)
    return "\n".join(lines) + "\n"


@lru_cache(maxsize=256)
def _environment(look: Look) -> Environment:
    environment = Sandbox(
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
    """Finds the most specific template: the account's directory, then all accounts', then the built-in ones; in each
    `name.de.html` before `name.html`.
    """

    def __init__(self, look: Look) -> None:
        self._look = look

    def get_source(self, environment: Environment, template: str) -> tuple[str, str, Callable[[], bool]]:
        """Return a template's text, its place, and a function that tells whether both are still current. Raises
        `TemplateNotFound`.
        """
        path = self._find(template)
        if path is None:
            raise TemplateNotFound(template)
        state = _state(path)
        if state is not None and state[1] > MAX_SOURCE:
            raise TooLong
        text = path.read_text(encoding="utf-8")
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


def _state(path: Path) -> tuple[int, int] | None:
    try:
        found = path.stat()
    except OSError:
        return None
    return found.st_mtime_ns, found.st_size
