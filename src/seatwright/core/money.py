"""Money: integer minor units with a currency, and the one place where anything is rounded.

Rounding rule (our decision, and the one that the wire reference's example follows): half away from zero, once per
computed amount. Sums are never rounded, and an amount that is split over several lines adds up to the cent
(`allocate`).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from functools import cache, lru_cache

from babel.core import get_global

from seatwright.core.errors import Invalid
from seatwright.core.field_errors import bad_field
from seatwright.core.numerals import scaled

_DECIMALS = {
    **dict.fromkeys(
        (
            "BIF",
            "CLP",
            "DJF",
            "GNF",
            "ISK",
            "JPY",
            "KMF",
            "KRW",
            "PYG",
            "RWF",
            "UGX",
            "VND",
            "VUV",
            "XAF",
            "XOF",
            "XPF",
        ),
        0,
    ),
    **dict.fromkeys(("BHD", "IQD", "JOD", "KWD", "LYD", "OMR", "TND"), 3),
}
PPM = 1_000_000
"""Parts per million in a whole: percentages are kept as ppm (7.5 % is 75,000)."""

MAX_MINOR = 10**13
"""The largest amount taken from outside, in minor units; keeps every sum inside 64 bits."""


def decimals(currency: str) -> int:
    """Return how many decimals `currency` (ISO 4217 code) has: 0, 2 or 3."""
    return _DECIMALS.get(currency, 2)


def check_currency(currency: str) -> str:
    """Return `currency` if money of this ISO 4217 code exists today (by CLDR); raise `Invalid` otherwise."""
    if currency in _in_use():
        return currency
    if currency in get_global("all_currencies"):
        text = f"{currency} doesn't exist any more; name the currency that is paid with today."
    else:
        text = f"{currency!r} is not an ISO 4217 code such as USD."
    raise Invalid(f"currency: {text}", code="invalid_currency", field="currency")


@cache
def _in_use() -> frozenset[str]:
    """Return the currencies that are still legal tender somewhere: those with a period that has no end."""
    periods = get_global("territory_currencies").values()
    return frozenset(code for country in periods for code, _, end, tender in country if end is None and tender)


@lru_cache(maxsize=16_384)
def to_wire(minor: int, currency: str) -> Decimal:
    """Return `minor` units as the decimal number that goes on the wire (9900, "USD" -> 99.00)."""
    return Decimal(minor).scaleb(-decimals(currency))


def from_wire(value: str | int | float | Decimal, currency: str, *, field: str) -> int:
    """Read an amount as people write it ("99", 99.5, "99.50") into minor units.

    Raises `Invalid`, naming `field`, for a value that is not a number in plain digits, has more decimals than the
    currency, or is absurdly large.
    """
    found = scaled(value, decimals(currency))
    if found is None:
        raise _refused(field, value, "is not an amount of money; write it in plain digits, such as 99.50.")
    minor, exact = found
    if abs(minor) > MAX_MINOR:
        raise _refused(field, value, "is larger than any amount taken here.")
    if not exact:
        raise _refused(field, value, f"has more decimals than {currency} has ({decimals(currency)}).")
    return minor


def percent_to_ppm(value: str | int | float | Decimal, *, field: str) -> int:
    """Read a percentage ("7.5", 7.5) as parts per million. Raises `Invalid` outside 0 to 100."""
    found = scaled(value, 4)
    if found is None:
        raise _refused(field, value, "is not a percentage; write it in plain digits, such as 7.5.", "invalid_percent")
    ppm, exact = found
    if not exact or not 0 <= ppm <= PPM:
        sentence = "is not a percentage from 0 to 100 with at most four decimals."
        raise _refused(field, value, sentence, "invalid_percent")
    return ppm


def _refused(field: str, value: object, sentence: str, code: str = "invalid_amount") -> Invalid:
    return bad_field(field, f"{str(value)[:40]!r} {sentence}", code=code)


def share(minor: int, ppm: int) -> int:
    """Return `ppm` parts per million of `minor`, rounded half away from zero."""
    return divide(minor * ppm, PPM)


def included_share(minor: int, ppm: int) -> int:
    """Return the part of a gross `minor` that is a percentage already inside it.

    A price of 119.00 with 19 % included contains 19.00: minor * rate / (1 + rate).
    """
    return divide(minor * ppm, PPM + ppm)


def divide(numerator: int, denominator: int) -> int:
    """Divide, rounding half away from zero. `denominator` is positive."""
    quotient, remainder = divmod(abs(numerator), denominator)
    if 2 * remainder >= denominator:
        quotient += 1
    return quotient if numerator >= 0 else -quotient


def allocate(total: int, weights: Sequence[int]) -> list[int]:
    """Split `total` over `weights` so that the parts add up to it exactly.

    Largest remainder, earlier parts first among equals; weights that are all zero count as equal.
    `weights` are not negative, and there is at least one.
    """
    if not any(weights):
        weights = [1] * len(weights)
    whole = sum(weights)
    sign, magnitude = (1, total) if total >= 0 else (-1, -total)
    parts = [magnitude * weight // whole for weight in weights]
    order = sorted(range(len(weights)), key=lambda i: (-(magnitude * weights[i] % whole), i))
    for i in order[: magnitude - sum(parts)]:
        parts[i] += 1
    return [sign * part for part in parts]
