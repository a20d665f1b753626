"""Connections: which reseller may sell which supplier's products."""

from __future__ import annotations

from seatwright.core.errors import NotFound
from seatwright.storage.engine import ReadTx


async def require_connection(tx: ReadTx, supplier_id: str, reseller_id: str) -> None:
    """Raise `NotFound` unless there is an active connection between the two accounts."""
    row = await tx.row(
        "SELECT active FROM connection WHERE supplier_id = $1 AND reseller_id = $2", supplier_id, reseller_id
    )
    if row is None or not row["active"]:
        raise NotFound(
            "supplierId: there is no active connection with such a supplier.",
            code="supplier_not_found",
            field="supplierId",
        )
