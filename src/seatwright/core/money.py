"""Money: integer minor units with a currency, and the one place where anything is rounded.

Rounding rule (our decision, and the one that the wire reference's example follows): half away
from zero, once per computed amount. Sums are never rounded, and what is split over several lines
adds up to the cent (`allocate`).
"""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal, InvalidOperation
from functools import lru_cache

from seatwright.core.errors import Invalid

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
    """Return `currency` if it looks like an ISO 4217 code; raise `Invalid` otherwise."""
    if len(currency) != 3 or not currency.isascii() or not currency.isalpha() or not currency.isupper():
        raise Invalid(
            f"currency: {currency!r} is not an ISO 4217 code such as USD.",
            code="invalid_currency",
            field="currency",
        )
    return currency


@lru_cache(maxsize=16_384)
def to_wire(minor: int, currency: str) -> Decimal:
    """Return `minor` units as the decimal number that goes on the wire (9900, "USD" -> 99.00)."""
    return Decimal(minor).scaleb(-decimals(currency))


def from_wire(value: str | int | float | Decimal, currency: str, *, field: str) -> int:
    """Read an amount as people write it ("99", 99.5, "99.50") into minor units.

    Raises `Invalid`, naming `field`, for what is not a number, has more decimals than the
    currency, or is absurdly large.
    """
    try:
        amount = Decimal(str(value).strip())
    except InvalidOperation:
        raise Invalid(f"{field}: {value!r} is not an amount of money.", code="invalid_amount", field=field) from None
    if not amount.is_finite():
        raise Invalid(f"{field}: {value!r} is not an amount of money.", code="invalid_amount", field=field)
    if abs(amount) > MAX_MINOR:
        raise Invalid(f"{field}: {value!r} is larger than any amount taken here.", code="invalid_amount", field=field)
    scaled = amount.scaleb(decimals(currency))
    if scaled != scaled.to_integral_value():
        raise Invalid(
            f"{field}: {value!r} has more decimals than {currency} has ({decimals(currency)}).",
            code="invalid_amount",
            field=field,
        )
    if abs(scaled) > MAX_MINOR:
        raise Invalid(f"{field}: {value!r} is larger than any amount taken here.", code="invalid_amount", field=field)
    return int(scaled)


def percent_to_ppm(value: str | int | float | Decimal, *, field: str) -> int:
    """Read a percentage ("7.5", 7.5) as parts per million. Raises `Invalid` outside 0 to 100."""
    try:
        percent = Decimal(str(value).strip())
    except InvalidOperation:
        raise Invalid(f"{field}: {value!r} is not a percentage.", code="invalid_percent", field=field) from None
    ppm = percent * 10_000 if percent.is_finite() and 0 <= percent <= 100 else Decimal(-1)
    if ppm < 0 or ppm != ppm.to_integral_value():
        raise Invalid(
            f"{field}: {value!r} is not a percentage from 0 to 100 with at most four decimals.",
            code="invalid_percent",
            field=field,
        )
    return int(ppm)


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
