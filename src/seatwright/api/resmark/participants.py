"""Reads the numbers of participants by price tier in a request."""

from __future__ import annotations

from collections.abc import Mapping

from seatwright.core.field_errors import bad_field

FIELD = "participants"
MAX_TIERS = 100
"""Entries of `participants` at most."""
MAX_DIGITS = 9


def read_counts(participants: Mapping[str, object] | None, units: Mapping[str, object] | None) -> dict[str, int]:
    """Return counts by tier, of `participants`, or else of `units`, another name of the same.

    Counts may be texts; null is 0 (wire reference, "Cart"). Raises `Invalid`, naming the tier.
    """
    sent = units if participants is None else participants
    if sent is None:
        raise bad_field(FIELD, 'is missing; send how many by price tier, such as {"All": 2}.', code="missing_field")
    if len(sent) > MAX_TIERS:
        raise bad_field(FIELD, f"has more than {MAX_TIERS} price tiers.")
    return {tier: _count(tier, count) for tier, count in sent.items()}


def _count(tier: str, value: object) -> int:
    if value is None:
        return 0
    text = str(value).strip()
    if isinstance(value, bool) or not text.isascii() or not text.isdigit() or len(text) > MAX_DIGITS:
        if isinstance(value, float) and value.is_integer() and 0 <= value < 10**MAX_DIGITS:
            return int(value)
        sentence = f"{str(value)[:40]!r} is not a count; send a whole number from 0 up."
        raise bad_field(f"{FIELD}.{tier}", sentence, code="invalid_count")
    return int(text)
