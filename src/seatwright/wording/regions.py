"""The country of a time zone, and what follows from it: how English is written there, and what paper is used."""

from __future__ import annotations

from functools import lru_cache
from typing import Literal, TypeAlias

from babel import Locale, UnknownLocaleError
from babel.core import get_global

Paper: TypeAlias = Literal["A4", "Letter"]
_LETTER = frozenset(["BZ", "CA", "CL", "CO", "CR", "GT", "MX", "NI", "PA", "PH", "PR", "SV", "US", "VE"])
"""Where paper is of the Letter size, by CLDR (supplemental data, `paperSize`)."""


@lru_cache(maxsize=512)
def region_of(zone: str) -> str:
    """Return the country of a zone, if CLDR knows one and how English is written there; else an empty text."""
    territory = get_global("zone_territories").get(zone, "")
    try:
        Locale("en", territory=territory or None)
    except (UnknownLocaleError, ValueError):
        return "GB" if territory else ""
    return str(territory)


def paper_of(zone: str) -> Paper:
    """Return the size of paper in the country of a zone."""
    return "Letter" if get_global("zone_territories").get(zone, "") in _LETTER else "A4"
