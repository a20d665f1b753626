"""Filters that replace those of Jinja's whose result or time has no bound."""

from __future__ import annotations

from collections.abc import Callable, Iterable
from typing import Any

from jinja2 import filters, pass_environment, pass_eval_context
from jinja2.environment import Environment
from jinja2.exceptions import FilterArgumentError
from jinja2.nodes import EvalContext

from seatwright.notifications.mail.template_work import MAX_LENGTH, check_length, weigh

MAX_NUMBER = 10**18
MAX_RANGE = 10_000
MAX_WIDTH = 200
"""The widest line that a filter may make, in characters."""
MAX_WRAPPED = 20_000
"""Longest text that `wordwrap` takes: with very long words its time is their length squared."""
MIN_WRAPPED = 20
_MAX_DIGITS = 15


def are_numbers(*values: Any) -> bool:
    """Tell whether all of these are numbers."""
    return all(isinstance(value, int | float) for value in values)


def bounded(result: Any) -> Any:
    """Return a result. Raises `OverflowError` for an integer that is too large."""
    if isinstance(result, int) and abs(result) > MAX_NUMBER:
        raise OverflowError("a number is too large")
    return result


def some_range(*bounds: int) -> range:
    """Return whole numbers, as Python's `range` does, but not too many."""
    found = range(*bounds)
    if len(found[: MAX_RANGE + 1]) > MAX_RANGE:
        raise FilterArgumentError(f"range makes {MAX_RANGE} numbers at most")
    return found


def do_center(value: str, width: int = 80) -> str:
    """Center a text in a line of a width."""
    return str(value).center(_up_to("width", width, MAX_WIDTH))


def do_indent(value: str, width: int = 4, first: bool = False, blank: bool = False) -> str:
    """Begin each line with so many spaces."""
    width = _up_to("width", width, MAX_WIDTH)
    check_length(len(value) + (1 + value.count("\n")) * width)
    return filters.do_indent(value, width, first, blank)


@pass_environment
def do_wordwrap(
    environment: Environment, value: str, width: int = 79, break_long_words: bool = True, wrapstring: str | None = None
) -> str:
    """Break lines that are longer than a width."""
    if _up_to("width", width, MAX_LENGTH) < MIN_WRAPPED or len(value) > MAX_WRAPPED:
        raise FilterArgumentError(f"wordwrap takes a width from {MIN_WRAPPED} on, and {MAX_WRAPPED} characters")
    if wrapstring is not None:
        _up_to("length of wrapstring", len(wrapstring), MAX_WIDTH)
    return filters.do_wordwrap(environment, value, width, break_long_words, wrapstring)


def do_round(value: float, precision: int = 0, method: Any = "common") -> float:
    """Round a number."""
    return filters.do_round(value, _up_to("precision", precision, _MAX_DIGITS, -_MAX_DIGITS), method)


def do_int(value: Any, default: int = 0, base: int = 10) -> int:
    """Make a whole number of a value."""
    return default if isinstance(value, str) and len(value) > MAX_WIDTH else filters.do_int(value, default, base)


@pass_eval_context
def do_join(context: EvalContext, value: Iterable[Any], d: str = "", attribute: str | int | None = None) -> str:
    """Concatenate texts, with `d` in between."""
    values = _chosen(context.environment, value, attribute)
    between = len(str(d))
    check_length(sum(len(str(one)) + between for one in values))
    joined: str = filters.do_join(context, values, d)
    return joined


@pass_eval_context
def do_replace(context: EvalContext, s: str, old: str, new: str, count: int | None = None) -> str:
    """Put another text in the place of one, everywhere or `count` times."""
    found = s.count(old) if count is None else min(s.count(old), count)
    check_length(len(s) + found * 5 * len(new))
    return filters.do_replace(context, s, old, new, count)


def do_list(value: Iterable[Any]) -> list[Any]:
    """Make a list of the selected values, or of a text's characters."""
    return weigh(list(value))


@pass_environment
def do_sum(
    environment: Environment, iterable: Iterable[Any], attribute: str | int | None = None, start: int = 0
) -> Any:
    """Add numbers."""
    values = _chosen(environment, iterable, attribute)
    if not are_numbers(start, *values):
        raise FilterArgumentError("sum adds numbers alone")
    return sum(values, start)


def do_trim(value: str, chars: str | None = None) -> str:
    """Take spaces, or other characters, off both ends."""
    check_parts((chars,))
    return filters.do_trim(value, chars)


def check_parts(parts: Iterable[Any]) -> None:
    """Refuse to search for a long text in another: some of Python's methods take time proportional to the product of
    both lengths.
    """
    if any(isinstance(part, str) and len(part) > MAX_WIDTH for part in parts):
        raise FilterArgumentError(f"what is looked for in a text has {MAX_WIDTH} characters at most")


def _chosen(environment: Environment, values: Iterable[Any], attribute: str | int | None) -> list[Any]:
    if attribute is not None:
        values = map(filters.make_attrgetter(environment, attribute), values)
    return weigh(list(values))


def _up_to(name: str, value: Any, most: int, least: int = 0) -> int:
    if not isinstance(value, int) or not least <= value <= most:
        raise FilterArgumentError(f"{name} must be a whole number from {least} to {most}")
    return value


FILTERS: dict[str, Callable[..., Any]] = {
    "center": do_center,
    "indent": do_indent,
    "int": do_int,
    "join": do_join,
    "list": do_list,
    "replace": do_replace,
    "round": do_round,
    "sum": do_sum,
    "trim": do_trim,
    "wordwrap": do_wordwrap,
}
