"""Comma-separated values in one query parameter (wire reference, "Common")."""

from __future__ import annotations

from typing import Any

from seatwright.core.field_errors import bad_field

MAX_VALUES = 1_000
"""Values in one parameter at most."""
NUMBERS: dict[str, Any] = {"pattern": r"^\d{1,18}(,\d{1,18})*$"}
"""What `csv_numbers` reads, in the API's description (JSON Schema)."""


def csv_values(field: str, value: str | None) -> list[str] | None:
    """Return the values, each once, without spaces around them; None if the parameter is missing or empty.

    `ids=` is no filter: an address that is made of a form has all of its fields, and those that nobody filled in are
    empty; so has JavaScript's `URLSearchParams` (our decision, as with all other filters). `ids=,` is no form's: it is
    a list with nothing in it, whose sender means anything but everything. Raises `Invalid`, naming `field`, for that
    and for more than `MAX_VALUES`.
    """
    said = (value or "").strip()
    values = list(dict.fromkeys(part.strip() for part in said.split(",") if part.strip()))
    if said and not values:
        raise bad_field(field, "has nothing but commas in it.", code="no_values")
    if len(values) > MAX_VALUES:
        raise bad_field(field, f"at most {MAX_VALUES} values at once; ask in parts.", code="too_many_values")
    return values or None


def csv_numbers(field: str, value: str | None) -> list[int] | None:
    """Return the values as whole numbers from 0 up; raise `Invalid`, naming `field`, for anything else."""
    values = csv_values(field, value)
    if values is None:
        return None
    for part in values:
        if not (part.isascii() and part.isdigit() and len(part) <= 18):
            raise bad_field(field, f"{part[:40]!r} is not a number.", code="invalid_number")
    return [int(part) for part in values]
