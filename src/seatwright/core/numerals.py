"""The allowed form of numbers with decimals: plain digits, and short enough for exact arithmetic.

The library that reads JSON hands a text to Python's `Decimal`, which takes `1_000`, `١٢` and `NaN` too, and a number
through a float, which has some 16 digits. `misspelt` finds such numbers in the sent values, by the type as which they
are read.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from decimal import Decimal
from functools import lru_cache
from typing import Any, TypeAlias

from msgspec import inspect

Steps: TypeAlias = tuple[str | int, ...]
"""The way to a value inside of others: names of fields, keys, places in lists."""

MAX_NUMBER = 2**53
"""Largest absolute value that every JSON reader keeps exactly."""
MAX_LENGTH = 100
"""Longest number, in characters."""
_PLAIN = re.compile(r"[-+]?(?:[0-9]+\.?[0-9]*|\.[0-9]+)(?:[eE][-+]?[0-9]{1,2})?")


ADVICE = "is not a number that is read exactly; write it in few, plain digits, such as 99.50."
"""The rest of a sentence about a field with a number that `misspelt` has found."""


class Literal(str):
    """A number with decimals as written in JSON, without quotes (`json.loads(..., parse_float=Literal)`)."""

    __slots__ = ()


def kept(text: str) -> float | None:
    """Return a JSON or YAML number as a float; None if the float differs from the written number."""
    if len(text) > MAX_LENGTH:
        return None
    number = float(text)
    return number if Decimal(repr(number)) == Decimal(text) else None


def is_plain(text: str) -> bool:
    """Tell whether a text is a number in plain digits, with no exponent or one of at most two digits."""
    return len(text) <= MAX_LENGTH and _PLAIN.fullmatch(text.strip(" ")) is not None


def scaled(value: str | int | float | Decimal, places: int) -> tuple[int, bool] | None:
    """Return the integer part of a number times 10 to the power of `places`, and whether it has no fraction.

    None for a text that is not a plain number. Exact: nothing is rounded on the way.
    """
    text = str(value)
    if not is_plain(text):
        return None
    sign, digits, exponent = Decimal(text.strip(" ")).as_tuple()
    assert isinstance(exponent, int)
    number, shift = int("".join(map(str, digits))), exponent + places
    whole, rest = (number * 10**shift, 0) if shift >= 0 else divmod(number, 10**-shift)
    return (-whole if sign else whole), rest == 0


@dataclass(frozen=True, slots=True)
class _Plan:
    """The places of decimal numbers in a type: here, under these names, or in every entry."""

    here: bool = False
    fields: Mapping[str, _Plan] = field(default_factory=dict)
    entries: _Plan | None = None


def misspelt(raw: Any, type_: Any) -> Steps | None:
    """Return the way to the first decimal number of `type_` in `raw` that would not be read as it is written."""
    plan = _plan_of(type_)
    return next(_find(raw, plan, ()), None) if plan is not None else None


def has_numerals(type_: Any) -> bool:
    """Tell whether there are decimal numbers in a type."""
    return _plan_of(type_) is not None


def _find(raw: Any, plan: _Plan, steps: Steps) -> Iterator[Steps]:
    if isinstance(raw, str):
        if plan.here and (kept(raw) is None if isinstance(raw, Literal) else not is_plain(raw)):
            yield steps
    elif isinstance(raw, dict):
        for name, value in raw.items():
            inner = plan.fields.get(name) or plan.entries
            if inner is not None:
                yield from _find(value, inner, (*steps, name))
    elif isinstance(raw, list) and plan.entries is not None:
        for place, value in enumerate(raw):
            yield from _find(value, plan.entries, (*steps, place))


@lru_cache(maxsize=512)
def _plan_of(type_: Any) -> _Plan | None:
    return _plan(inspect.type_info(type_))


def _plan(info: inspect.Type) -> _Plan | None:
    match info:
        case inspect.Metadata(type=inner):
            return _plan(inner)
        case inspect.DecimalType():
            return _Plan(here=True)
        case inspect.UnionType(types=types):
            return next((plan for plan in map(_plan, types) if plan is not None), None)
        case inspect.StructType(fields=fields):
            plans = {each.encode_name: plan for each in fields if (plan := _plan(each.type)) is not None}
            return _Plan(fields=plans) if plans else None
        case inspect.DictType(value_type=inner) | inspect.CollectionType(item_type=inner):
            entries = _plan(inner)
            return _Plan(entries=entries) if entries is not None else None
    return None
