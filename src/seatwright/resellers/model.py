"""A connection: a supplier lets a reseller sell its products."""

from __future__ import annotations

import msgspec

from seatwright.core.clock import Instant


class Connection(msgspec.Struct, frozen=True, kw_only=True):
    """Two accounts, and whether the reseller may sell at present."""

    supplier_id: str
    supplier_name: str
    reseller_id: str
    reseller_name: str
    active: bool
    created_at: Instant
