"""What booking use cases need besides their transaction."""

from __future__ import annotations

from dataclasses import dataclass

from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import Clock


@dataclass(frozen=True, slots=True)
class Booking:
    """The clock, the catalogs, and how long a hold lasts, in milliseconds."""

    clock: Clock
    catalogs: CatalogCache
    hold_ms: int
