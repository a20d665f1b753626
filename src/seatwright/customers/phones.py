"""Phone numbers as they are searched for: their digits, with and without the country's prefix. Pure."""

from __future__ import annotations

import unicodedata

_TWO_DIGITS = frozenset(
    map(
        str,
        (20, 27, *range(30, 35), 36, *range(39, 42), *range(43, 50), *range(51, 59), *range(60, 67), 81, 82, 84, 86),
    )
) | frozenset(map(str, (*range(90, 96), 98)))
"""The country prefixes of two digits (ITU-T E.164); those of one digit are 1 and 7, and all others have three."""
_NORTH_AMERICAN = 11
"""The digits of a North American number with its prefix, 1, which people there write without a plus sign."""


def phone_words(text: str) -> list[str]:
    """Return the digits of a phone number as it was written, and those without the country's prefix and leading zeros.

    A prefix is known by the plus sign, or by 00, before it. A text without digits has none.
    """
    text = text.strip().replace("(0)", "")
    digits = "".join(str(unicodedata.decimal(each)) for each in text if each.isdecimal())
    international = text.startswith("+")
    if digits.startswith("00"):
        digits, international = digits[2:], True
    if digits.startswith("1") and len(digits) == _NORTH_AMERICAN:
        international = True
    national = digits[_prefix(digits) :] if international else digits
    return [each for each in dict.fromkeys((digits, national.lstrip("0"))) if each]


def _prefix(digits: str) -> int:
    """Return the number of digits of the country's prefix with which an international number begins."""
    if digits[:1] in ("1", "7"):
        return 1
    return 2 if digits[:2] in _TWO_DIGITS else 3
