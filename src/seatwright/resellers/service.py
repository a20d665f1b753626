"""Use cases of connections. The supplier makes and closes them; both sides see them."""

from __future__ import annotations

from seatwright.core.clock import Instant
from seatwright.core.errors import Conflict, Invalid, NotFound
from seatwright.core.ids import is_hex24
from seatwright.resellers import store
from seatwright.resellers.model import Connection
from seatwright.storage import audit
from seatwright.storage.engine import ReadTx, Tx


async def require_connection(tx: ReadTx, supplier_id: str, reseller_id: str) -> None:
    """Raise `NotFound` unless `reseller_id` may sell for `supplier_id` now.

    A supplier without a connection is as unknown as one that doesn't exist.
    """
    if not is_hex24(supplier_id) or not await store.is_connected(tx, supplier_id, reseller_id):
        raise NotFound(
            "supplierId: there is no supplier with this id that you are connected to.",
            code="supplier_not_found",
            field="supplierId",
        )


async def list_connections(tx: ReadTx, account_id: str, *, limit: int, page: int) -> list[Connection]:
    """Return a page of the account's connections, as supplier and as reseller, oldest first; `page` is from 0."""
    return await store.connections(tx, account_id, limit=limit, offset=limit * page)


async def connect(tx: Tx, now: Instant, actor: str, supplier_id: str, reseller_id: str) -> Connection:
    """Let `reseller_id` sell for `supplier_id`.

    Raises `NotFound` for an unknown reseller, `Invalid` for oneself, `Conflict` if they are connected.
    """
    if reseller_id == supplier_id:
        raise Invalid("resellerId: is your own account.", code="own_account", field="resellerId")
    if not is_hex24(reseller_id) or not await store.account_exists(tx, reseller_id):
        raise NotFound("resellerId: there is no account with this id.", code="reseller_not_found")
    if not await store.insert(tx, supplier_id, reseller_id, now):
        raise Conflict("resellerId: there is a connection already; PATCH it.", code="connection_exists")
    await audit.record(tx, supplier_id, now, actor, "connection.created", reseller_id)
    return await _existing(tx, supplier_id, reseller_id)


async def set_active(
    tx: Tx, now: Instant, actor: str, supplier_id: str, reseller_id: str, *, active: bool
) -> Connection:
    """Open or close a connection, as its supplier. Orders that were made stay. Raises `NotFound`."""
    await _existing(tx, supplier_id, reseller_id)
    await store.set_active(tx, supplier_id, reseller_id, active)
    action = "connection.opened" if active else "connection.closed"
    await audit.record(tx, supplier_id, now, actor, action, reseller_id)
    return await _existing(tx, supplier_id, reseller_id)


async def _existing(tx: ReadTx, supplier_id: str, reseller_id: str) -> Connection:
    found = await store.connection(tx, supplier_id, reseller_id) if is_hex24(reseller_id) else None
    if found is None:
        raise NotFound("There is no connection to this reseller.", code="connection_not_found")
    return found
