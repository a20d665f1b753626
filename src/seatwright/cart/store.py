"""Reads and writes carts. A cart is written with the version that was read, or not at all (`Retry`)."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

import msgspec

from seatwright.cart.hold_limits import SellerHolds
from seatwright.cart.model import Cart, CartBody, Item, TargetOrder
from seatwright.catalog.model import Catalog
from seatwright.catalog.store import ACCOUNT_COLUMNS, CatalogCache
from seatwright.core.clock import Instant
from seatwright.inventory import seats
from seatwright.inventory.model import Departure
from seatwright.inventory.pools import WITHIN
from seatwright.inventory.store import COLUMNS as DEPARTURE_COLUMNS
from seatwright.inventory.store import POOL_FREE, from_row
from seatwright.storage.engine import ConstraintViolation, ReadTx, Retry, Row, Tx

_CART = """c.account_id AS cart_account_id, c.id AS cart_id, c.owner_id, c.status AS cart_status,
    c.version AS cart_version, c.body AS cart_body, c.order_id, c.order_request, c.created_at AS cart_created_at,
    c.modified_at AS cart_modified_at"""


class OpenCart(NamedTuple):
    """A cart, the catalog of the account whose seats it holds, and (if requested and existing) a departure.

    `target` is the order to which the cart will be added, if there is one.
    """

    cart: Cart
    catalog: Catalog
    departure: Departure | None
    target: TargetOrder | None = None


class Holder(NamedTuple):
    """The user who holds seats, and the network address."""

    user_id: str
    address: str


class OpenCartToHold(NamedTuple):
    """The data read before seats are held: `OpenCart`, and how many live holds the user and the address have."""

    opened: OpenCart
    by_user: int
    by_address: int


def _encode(body: CartBody) -> str:
    return msgspec.json.encode(body).decode()


def _cart(row: Row) -> Cart:
    return Cart(
        account_id=row["cart_account_id"],
        id=row["cart_id"],
        owner_id=row["owner_id"],
        status=row["cart_status"],
        version=row["cart_version"],
        body=msgspec.json.decode(row["cart_body"], type=CartBody),
        order_id=row["order_id"],
        order_request=row["order_request"],
        created_at=row["cart_created_at"],
        modified_at=row["cart_modified_at"],
    )


class _Sold(msgspec.Struct):
    """The part of an order's document that carts need."""

    items: tuple[Item, ...] = ()
    discount_codes: tuple[str, ...] = ()


async def _target(tx: ReadTx, cart: Cart) -> TargetOrder | None:
    """Return the order to which an open cart will be added, or None."""
    if cart.order_id is None or cart.status != "open":
        return None
    row = await tx.row(
        "SELECT id, confirmation, total, body FROM orders WHERE account_id = $1 AND id = $2",
        cart.account_id,
        cart.order_id,
    )
    assert row is not None, "orders are never deleted"
    sold = msgspec.json.decode(row["body"], type=_Sold)
    return TargetOrder(
        id=row["id"],
        confirmation=row["confirmation"],
        total=row["total"],
        items=sold.items,
        discount_codes=sold.discount_codes,
    )


async def insert(tx: Tx, cart: Cart) -> None:
    """Write a new cart."""
    await tx.sole(
        """
        INSERT INTO cart (account_id, id, owner_id, status, version, body, created_at, modified_at, order_id)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        cart.account_id,
        cart.id,
        cart.owner_id,
        cart.status,
        cart.version,
        _encode(cart.body),
        cart.created_at,
        cart.modified_at,
        cart.order_id,
    )


async def find(tx: ReadTx, owner_id: str, cart_id: str) -> Cart | None:
    """Return a cart of a seller, with any status, or None."""
    row = await tx.row(f"SELECT {_CART} FROM cart c WHERE c.owner_id = $1 AND c.id = $2", owner_id, cart_id)  # noqa: S608
    return _cart(row) if row else None


_OPEN = f"""
SELECT {_CART}, {ACCOUNT_COLUMNS}, {DEPARTURE_COLUMNS}, {POOL_FREE} AS pool_free %s
FROM cart c JOIN account a ON a.id = c.account_id
LEFT JOIN departure d ON d.account_id = c.account_id AND d.id = $3
WHERE c.owner_id = $1 AND c.id = $2
"""  # noqa: S608 - constant columns

_LIVE_HOLDS = """,
    (SELECT COUNT(*) FROM (SELECT 1 FROM hold WHERE held_by = $4 AND expires_at > $6 LIMIT $7) u) AS by_user,
    (SELECT COUNT(*) FROM (SELECT 1 FROM hold WHERE held_from = $5 AND expires_at > $6 LIMIT $7) f) AS by_address
"""

_OPEN_PLAIN, _OPEN_TO_HOLD = _OPEN % "", _OPEN % _LIVE_HOLDS


async def open_with(
    tx: ReadTx, catalogs: CatalogCache, owner_id: str, cart_id: str, departure_id: str | None = None
) -> OpenCart | None:
    """Return a cart with its catalog and one departure, in one round trip if the catalog is in memory.

    The departure's `free` seats don't include expired holds that are not swept yet.
    """
    row = await tx.row(_OPEN_PLAIN, owner_id, cart_id, departure_id)
    return await _opened(tx, catalogs, row) if row else None


async def open_to_hold(
    tx: ReadTx,
    catalogs: CatalogCache,
    owner_id: str,
    cart_id: str,
    departure_id: str,
    holder: Holder,
    now: Instant,
    *,
    most: int,
) -> OpenCartToHold | None:
    """Return what `open_with` does, and the live holds of `holder`, each counted up to `most`; one round trip too."""
    row = await tx.row(_OPEN_TO_HOLD, owner_id, cart_id, departure_id, *holder, now, most)
    if row is None:
        return None
    return OpenCartToHold(await _opened(tx, catalogs, row), row["by_user"], row["by_address"])


async def _opened(tx: ReadTx, catalogs: CatalogCache, row: Row) -> OpenCart:
    cart = _cart(row)
    catalog = await catalogs.of_row(tx, cart.account_id, row)
    return OpenCart(cart, catalog, _departure(row), await _target(tx, cart))


def _departure(row: Row) -> Departure | None:
    if row["id"] is None:
        return None
    free = row["capacity"] - row["taken"]
    return from_row(row, min(free, row["pool_free"]) if row["pool_id"] is not None else free)


_SUMS = """CAST(COALESCE(SUM(h.seats), 0) AS BIGINT) AS seats,
    CAST(COALESCE(SUM(CASE WHEN k.id <> $4 THEN h.seats END), 0) AS BIGINT) AS others"""
_LIVE = """hold h JOIN cart k ON k.account_id = h.account_id AND k.id = h.cart_id AND k.owner_id = $3
    AND h.account_id = $1 AND h.expires_at > $5"""

_HELD_ON_DEPARTURE = f"""
SELECT s.seats, s.others, d.capacity, d.held_for_resellers AS so_far FROM departure d
CROSS JOIN (SELECT {_SUMS} FROM {_LIVE} WHERE h.departure_id = $2) s
WHERE d.account_id = $1 AND d.id = $2
"""  # noqa: S608 - constants

_HELD_IN_POOL = f"""
SELECT COALESCE(MAX(s.seats), 0) AS seats, COALESCE(MAX(s.others), 0) AS others, MIN(p.capacity) AS capacity,
    CAST(COALESCE(SUM(p.held_for_resellers), 0) AS BIGINT) AS so_far
FROM departure d JOIN pool_start p ON {WITHIN} LEFT JOIN (
    SELECT q.start_at, q.pool_id, {_SUMS} FROM {_LIVE}
    CROSS JOIN departure o CROSS JOIN pool_start q -- CROSS: or SQLite looks through all that a pool will have
    WHERE o.account_id = $1 AND o.id = h.departure_id AND q.account_id = $1 AND q.pool_id = o.pool_id
    AND q.start_at >= o.start_at AND q.start_at < o.end_at GROUP BY q.start_at, q.pool_id
) s ON s.start_at = p.start_at AND s.pool_id = p.pool_id
WHERE d.account_id = $1 AND d.id = $2
"""  # noqa: S608 - constants


async def seller_holds(tx: ReadTx, cart: Cart, departure: Departure, now: Instant) -> SellerHolds:
    """Return the seats that the open carts of a cart's owner hold on a departure or in its pool; `Retry` if it is
    gone.
    """
    sql = _HELD_ON_DEPARTURE if departure.pool_id is None else _HELD_IN_POOL
    row = await tx.row(sql, cart.account_id, departure.id, cart.owner_id, cart.id, now)
    if row is None or row["capacity"] is None:
        raise Retry
    return SellerHolds(row["seats"], row["others"], row["capacity"], row["so_far"])


async def holding(tx: ReadTx, account_id: str, departure_id: str) -> list[Cart]:
    """Return the open carts that hold seats of a departure."""
    rows = await tx.rows(
        f"""
        SELECT {_CART} FROM hold h JOIN cart c ON c.account_id = h.account_id AND c.id = h.cart_id
        WHERE h.account_id = $1 AND h.departure_id = $2 AND c.status = 'open' ORDER BY c.id
        """,  # noqa: S608 - constant columns
        account_id,
        departure_id,
    )
    return [_cart(row) for row in rows]


async def page(
    tx: ReadTx, owner_id: str, *, limit: int, page: int, ids: Sequence[str] | None
) -> list[tuple[Cart, TargetOrder | None]]:
    """Return open carts of a seller, oldest first, each with the order to which it will be added.

    `page` counts pages of `limit` from 0.
    """
    chosen = "" if ids is None else "AND c.id = ANY($4)"
    rows = await tx.rows(
        f"""
        SELECT {_CART} FROM cart c WHERE c.owner_id = $1 AND c.status = 'open' {chosen}
        ORDER BY c.created_at, c.id LIMIT $2 OFFSET $3
        """,  # noqa: S608 - constant columns
        owner_id,
        limit,
        limit * page,
        *([] if ids is None else [list(ids)]),
    )
    carts = [_cart(row) for row in rows]
    return [(cart, await _target(tx, cart)) for cart in carts]


_UPDATE = """
UPDATE cart SET version = version + 1, body = $4, status = $5, modified_at = $6
WHERE account_id = $1 AND id = $2 AND version = $3 AND status = 'open'
RETURNING version
"""


async def update(tx: Tx, cart: Cart, now: Instant, *, sole: bool) -> Cart:
    """Write a changed cart over the version that was read; `sole` if its use case writes nothing else.

    A clock that was set back leaves its date of change where it is.
    """
    run, at = tx.sole if sole else tx.row, max(now, cart.modified_at)
    row = await run(_UPDATE, cart.account_id, cart.id, cart.version, _encode(cart.body), cart.status, at)
    if row is None:
        raise Retry
    return msgspec.structs.replace(cart, version=cart.version + 1, modified_at=at)


async def update_and_hold(
    tx: Tx,
    cart: Cart,
    now: Instant,
    departure_id: str,
    holder: Holder,
    *,
    more: int,
    held: int,
    expires_at: Instant,
    resold_before: int | None,
) -> Cart:
    """Write a changed cart and take `more` seats of a departure for it, so that it holds `held`; or `Retry`.

    One round trip on PostgreSQL. The caller has checked that the seats are free, and that a reseller may hold them;
    this statement checks whether that is still so. `resold_before` is None for a supplier's own cart, and otherwise
    what `SellerHolds.so_far` may be by now at most.
    """
    if tx.engine == "postgres":
        at = max(now, cart.modified_at)
        try:
            await tx.sole(
                seats.HOLD_STATEMENT,
                cart.account_id,
                cart.id,
                cart.version,
                _encode(cart.body),
                at,
                departure_id,
                more,
                expires_at,
                held,
                *holder,
                0 if resold_before is None else held,
                resold_before,
            )
        except ConstraintViolation:  # a pool's units were taken by others since they were read
            raise Retry from None
        return msgspec.structs.replace(cart, version=cart.version + 1, modified_at=at)
    changed = await update(tx, cart, now, sole=False)
    await seats.take(tx, cart.account_id, {departure_id: more})
    await insert_hold(tx, cart, departure_id, holder, more=more, held=held, expires_at=expires_at)
    return changed


async def insert_hold(
    tx: Tx, cart: Cart, departure_id: str, holder: Holder, *, more: int, held: int, expires_at: Instant
) -> None:
    """Add `more` seats, already taken, to a cart's hold on a departure; `Retry` unless the sum is `held`."""
    row = await tx.row(
        """
        INSERT INTO hold (account_id, cart_id, departure_id, seats, expires_at, held_by, held_from)
        VALUES ($1, $2, $3, $4, $5, $6, $7)
        ON CONFLICT (account_id, cart_id, departure_id)
        DO UPDATE SET seats = hold.seats + $4, expires_at = $5
        RETURNING seats
        """,
        cart.account_id,
        cart.id,
        departure_id,
        more,
        expires_at,
        *holder,
    )
    if row is None or row["seats"] != held:
        raise Retry


async def lock(tx: Tx, cart: Cart) -> None:
    """Lock an open cart as it was read until the transaction ends; or `Retry`."""
    row = await tx.row(
        "SELECT version FROM cart WHERE account_id = $1 AND id = $2 AND version = $3 AND status = 'open' FOR UPDATE",
        cart.account_id,
        cart.id,
        cart.version,
    )
    if row is None:
        raise Retry


async def mark_ordered(tx: Tx, cart: Cart, order_id: str, order_request: str, now: Instant) -> None:
    """Mark a cart as ordered, over the version that was read; or `Retry`."""
    changed = await tx.execute(
        """
        UPDATE cart SET version = version + 1, status = 'ordered', order_id = $4, order_request = $5, modified_at = $6
        WHERE account_id = $1 AND id = $2 AND version = $3 AND status = 'open'
        """,
        cart.account_id,
        cart.id,
        cart.version,
        order_id,
        order_request,
        now,
    )
    if not changed:
        raise Retry


async def forget_older(tx: Tx, before: Instant, *, limit: int = 500) -> int:
    """Delete up to `limit` carts without seats that were made before `before`; return how many.

    Carts that became orders stay, so that ordering one again returns its order.
    """
    return await tx.execute(
        """
        DELETE FROM cart WHERE (account_id, id) IN (
            SELECT c.account_id, c.id FROM cart c WHERE c.status IN ('open', 'deleted') AND c.created_at < $1
            AND NOT EXISTS (SELECT 1 FROM hold h WHERE h.account_id = c.account_id AND h.cart_id = c.id)
            LIMIT $2
        )
        """,
        before,
        limit,
    )
