"""Use cases of connections. The supplier makes and closes them; both sides see them."""

from __future__ import annotations

import msgspec

from seatwright.core.clock import Instant
from seatwright.core.errors import Conflict, Forbidden, Invalid, NotFound
from seatwright.core.ids import is_hex24
from seatwright.resellers import store
from seatwright.resellers.model import Agent, Connection, Terms
from seatwright.storage import audit
from seatwright.storage.engine import ReadTx, Tx


async def require_connection(tx: ReadTx, supplier_id: str, reseller_id: str) -> Connection:
    """Return the connection by which `reseller_id` may sell for `supplier_id` now. Raises `NotFound` without one.

    A supplier without a connection is as unknown as one that doesn't exist.
    """
    found = await store.connection(tx, supplier_id, reseller_id) if is_hex24(supplier_id) else None
    if found is None or not found.active:
        raise NotFound(
            "there is no supplier with this id that you are connected to.",
            code="supplier_not_found",
            about="supplier",
        )
    return found


async def require_consent(tx: ReadTx, supplier_id: str, reseller_id: str) -> Connection:
    """Return the connection by which the supplier may order in a reseller's name now.

    Raises `NotFound` without an active connection, and `Forbidden` if the reseller doesn't allow it.
    """
    found = await store.connection(tx, supplier_id, reseller_id) if is_hex24(reseller_id) else None
    if found is None or not found.active:
        raise NotFound(
            "there is no reseller with this id that you are connected to.",
            code="reseller_not_found",
            about="reseller",
        )
    if not found.supplier_orders:
        raise Forbidden(
            "this reseller doesn't let you order in its name.",
            code="supplier_orders_not_allowed",
            about="reseller",
        )
    return found


async def allow_supplier_orders(
    tx: Tx, now: Instant, actor: str, supplier_id: str, reseller_id: str, *, allowed: bool
) -> Connection:
    """As the reseller, allow the supplier to order in its name, or forbid it. Raises `NotFound`."""
    found = await store.connection(tx, supplier_id, reseller_id, lock=True) if is_hex24(supplier_id) else None
    if found is None:
        raise NotFound("There is no connection to this supplier.", code="connection_not_found")
    if found.supplier_orders != allowed:
        await store.set_supplier_orders(tx, supplier_id, reseller_id, allowed)
        action = "connection.supplier_orders_allowed" if allowed else "connection.supplier_orders_ended"
        await audit.record(tx, reseller_id, now, actor, action, supplier_id)
    return msgspec.structs.replace(found, supplier_orders=allowed)


async def sells_for(tx: ReadTx, supplier_id: str, reseller_id: str) -> bool:
    """Tell whether `reseller_id` is a reseller that may sell for the supplier now."""
    found = await store.connection(tx, supplier_id, reseller_id) if is_hex24(reseller_id) else None
    return found is not None and found.active


async def agents(tx: ReadTx, supplier_id: str, username: str) -> list[Agent]:
    """Return the users of connected resellers that `username` means: an e-mail in any case, or an alternative id."""
    return await store.agents(tx, supplier_id, username.strip())


async def list_connections(tx: ReadTx, account_id: str, *, limit: int, page: int) -> list[Connection]:
    """Return a page of the account's connections, as supplier and as reseller, oldest first; `page` is from 0."""
    return await store.connections(tx, account_id, limit=limit, offset=limit * page)


async def connect(
    tx: Tx, now: Instant, actor: str, supplier_id: str, reseller_id: str, terms: Terms | None = None
) -> Connection:
    """Let `reseller_id` sell for `supplier_id`, on terms (by default: everything, for no commission).

    Raises `NotFound` for an unknown reseller, `Invalid` for oneself, `Conflict` if they are connected.
    """
    if reseller_id == supplier_id:
        raise Invalid("is your own account.", code="own_account", about="account")
    if not is_hex24(reseller_id) or not await store.account_exists(tx, reseller_id):
        raise NotFound("there is no account with this id.", code="reseller_not_found", about="account")
    if not await store.insert(tx, supplier_id, reseller_id, terms or Terms(), now):
        raise Conflict("there is a connection already.", code="connection_exists", about="account")
    await audit.record(tx, supplier_id, now, actor, "connection.created", reseller_id)
    return await _existing(tx, supplier_id, reseller_id)


async def change(
    tx: Tx,
    now: Instant,
    actor: str,
    supplier_id: str,
    reseller_id: str,
    *,
    active: bool | None = None,
    terms: Terms | None = None,
) -> Connection:
    """As the supplier, open or close a connection, or change its terms; None leaves a value as it is.

    Existing orders keep the terms on which they were made. Raises `NotFound`.
    """
    found = await _existing(tx, supplier_id, reseller_id, lock=True)
    changed = msgspec.structs.replace(
        found,
        active=found.active if active is None else active,
        terms=found.terms if terms is None else terms,
    )
    await store.update(tx, changed)
    if active is not None:
        action = "connection.opened" if active else "connection.closed"
        await audit.record(tx, supplier_id, now, actor, action, reseller_id)
    if terms is not None:
        before_and_after = {"from": msgspec.to_builtins(found.terms), "to": msgspec.to_builtins(terms)}
        await audit.record(tx, supplier_id, now, actor, "connection.terms_changed", reseller_id, before_and_after)
    return changed


async def _existing(tx: ReadTx, supplier_id: str, reseller_id: str, *, lock: bool = False) -> Connection:
    found = await store.connection(tx, supplier_id, reseller_id, lock=lock) if is_hex24(reseller_id) else None
    if found is None:
        raise NotFound("There is no connection to this reseller.", code="connection_not_found")
    return found
