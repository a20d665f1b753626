"""`billing`, the payment memo of an order: any small JSON object, stored unchanged."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial
from typing import Any

from seatwright.core.field_errors import bad_field
from seatwright.core.numerals import MAX_NUMBER
from seatwright.customers.check import MAX_FIELDS, MAX_TEXT

_bad = partial(bad_field, code="invalid_billing")

MAX_DEPTH = 5
MAX_VALUES = 500
"""Maximum number of values in the whole object."""


def check_billing(data: Mapping[str, Any] | None) -> dict[str, Any]:
    """Return the memo to be stored, `{}` for null. Raises `Invalid` for an object that is too deep or too large."""
    count = _check("billing", data or {}, MAX_DEPTH)
    if count > MAX_VALUES:
        raise _bad("billing", f"has more than {MAX_VALUES} values.")
    return dict(data or {})


def _check(path: str, value: Any, depth: int) -> int:
    """Check a value and return the number of values in it."""
    if isinstance(value, Mapping | list):
        if depth == 0:
            raise _bad(path, f"is nested more than {MAX_DEPTH} deep.")
        if len(value) > MAX_FIELDS:
            raise _bad(path, f"has more than {MAX_FIELDS} entries.")
        parts = value.items() if isinstance(value, Mapping) else enumerate(value)
        return 1 + sum(_check(f"{path}.{str(key)[:40]}", part, depth - 1) for key, part in parts)
    if isinstance(value, str) and len(value) > MAX_TEXT:
        raise _bad(path, f"has more than {MAX_TEXT} characters.")
    if isinstance(value, int | float) and abs(value) > MAX_NUMBER:
        raise _bad(path, "is too large a number.")
    return 1
