"""Confirm a cart as a new order, add a cart to an order, read orders."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType
from typing import Any, NamedTuple

import msgspec

from seatwright.auth.model import Caller
from seatwright.cart import pricing
from seatwright.cart import service as carts
from seatwright.cart import store as cart_store
from seatwright.cart.context import Booking
from seatwright.cart.model import MAX_ITEMS, MAX_LINES, Cart, Item, OrderRequest
from seatwright.cart.renewal import NoteLostHolds, renew
from seatwright.cart.resale import require_sold, with_commission
from seatwright.catalog.consent import with_newer_consent
from seatwright.catalog.model import Catalog
from seatwright.core.clock import MINUTE_MS, Instant
from seatwright.core.errors import Conflict, Invalid, NotFound
from seatwright.core.ids import new_hex24
from seatwright.notifications.outbox import Detail
from seatwright.orders import consent, ledger, listing, store
from seatwright.orders.convert import convert, sell_holds
from seatwright.orders.model import (
    NotificationFlags,
    Order,
    OrderBody,
    Payment,
    Resale,
    answer_by,
    charged_per_order,
    status_of,
    unconfirmed_with,
)
from seatwright.resellers.model import Connection
from seatwright.storage.engine import ReadTx, Retry, Tx


class OrderAsked(NamedTuple):
    """What `POST /order` asks for, besides the cart. `flags` are those of `NotificationFlags` that it names."""

    cart_id: str
    order_id: str | None = None
    reference_id: str | None = None
    billing: dict[str, Any] = {}  # noqa: RUF012 - never changed
    flags: Mapping[str, bool] = MappingProxyType({})


def order_not_found() -> NotFound:
    """Return the error for an order that the account doesn't see."""
    return NotFound("There is no such order.", code="order_not_found")


async def read(tx: ReadTx, caller: Caller, reference: str) -> Order:
    """Return the order with this id or confirmation number. Raises `NotFound`."""
    return (await look_up(tx, caller, reference)).order()


async def look_up(tx: ReadTx, caller: Caller, reference: str) -> store.Stored:
    """Return what `read` does, not yet built. Raises `NotFound`."""
    stored = await store.look_up(tx, caller.account_id, reference)
    if stored is None:
        raise order_not_found()
    return stored


async def page(
    tx: ReadTx, caller: Caller, chosen: listing.OrderFilter, *, limit: int, page: int, newest_first: bool
) -> list[listing.Listed]:
    """Return one page of the orders that the caller's account sees; `load` returns the orders themselves."""
    return await listing.page(tx, caller.account_id, chosen, limit=limit, page=page, newest_first=newest_first)


async def load(tx: ReadTx, caller: Caller, numbers: Sequence[int]) -> list[Order]:
    """Return orders by their numbers in the list of the caller's account, in no particular order."""
    return await store.load(tx, caller.account_id, numbers)


async def place(tx: Tx, booking: Booking, caller: Caller, asked: OrderAsked) -> Order:
    """Turn a cart into an order that is paid by an external source, or add it to the order `asked.order_id`.

    Asking again for a cart that has become an order returns that order; with another `orderId` or `referenceId`
    than the first time it is a `Conflict`. An expired hold is taken anew if the seats are still free. Raises
    `NotFound` for an unknown cart or order, `Invalid` for an empty cart, `SoldOut` or `Conflict` for what can't be
    had any more; nothing has changed then.
    """
    opened = await cart_store.open_with(tx, booking.catalogs, caller.account_id, asked.cart_id)
    if opened is None or opened.cart.status == "deleted":
        raise carts.cart_not_found()
    cart, now = opened.cart, booking.clock.now()
    request = msgspec.json.encode(OrderRequest(order_id=asked.order_id, reference_id=asked.reference_id)).decode()
    if cart.status == "ordered":
        return await _repeated(tx, caller, cart, request)
    connection = await carts.require_sale(tx, cart)
    if not cart.body.items:
        raise Invalid(
            "id: the cart is empty; add a date and time with POST …/cart/{id}/item first.",
            code="cart_empty",
            field="id",
        )
    if connection is not None:
        require_sold(cart.body.items, connection.terms)
    if any(item.expires_at <= now for item in cart.body.items):
        raise Retry(first=_Renew(booking, caller, cart.id))
    placing = _Placing(
        opened=opened,
        connection=connection,
        items=_to_approve(
            tuple(msgspec.structs.replace(item, expires_at=0) for item in cart.body.items), opened.catalog, now
        ),
        asked=asked,
        caller=caller,
        now=now,
        request=request,
    )
    try:
        if asked.order_id is not None:
            return await _add_to_order(tx, placing, asked.order_id)
        return await _make_order(tx, placing)
    except Retry:
        raise Retry(first=NoteLostHolds(booking, caller, cart.id)) from None


class _Placing(NamedTuple):
    """A cart on its way to an order: what was read, what is asked for, and by whom."""

    opened: cart_store.Opened
    connection: Connection | None
    items: tuple[Item, ...]
    asked: OrderAsked
    caller: Caller
    now: Instant
    request: str

    @property
    def seats(self) -> int:
        """How many seats the cart must hold."""
        return sum(item.seats for item in self.items)

    @property
    def resale(self) -> Resale | None:
        """What supplier and reseller have agreed on, if a reseller sells."""
        if self.connection is None:
            return None
        terms = self.connection.terms
        return Resale(kind=terms.kind, hides_contact=terms.hides_contact, may_waive_fees=terms.may_waive_fees)

    def with_commission(self, items: tuple[Item, ...]) -> tuple[Item, ...]:
        """Return items with what the reseller earns on them."""
        return items if self.connection is None else with_commission(items, self.connection.terms)


def _to_approve(items: tuple[Item, ...], catalog: Catalog, now: Instant) -> tuple[Item, ...]:
    """Return items of which those that must be accepted are pending, until their deadline or start."""

    def pending(item: Item) -> Item:
        product = catalog.products_by_id.get(item.product_id)
        if product is None or product.approval_min is None:
            return item
        until = now + product.approval_min * MINUTE_MS
        if item.start_at is not None:
            until = min(until, item.start_at)
        until = max(until, now + 1)
        return msgspec.structs.replace(
            item, lines=tuple(msgspec.structs.replace(line, pending_until=until) for line in item.lines)
        )

    return tuple(pending(item) for item in items)


async def _make_order(tx: Tx, placing: _Placing) -> Order:
    cart, now = placing.opened.cart, placing.now
    items = placing.with_commission(placing.items)
    order = _new_order(placing, items)
    change = _sale(order.body, items, placing.caller, now, "order.created")
    order = msgspec.structs.replace(order, body=_paid(order.body, items, placing.asked, now))
    await _use_discount(tx, placing.opened.catalog, cart)
    return await convert(
        tx,
        cart,
        order,
        change,
        order_request=placing.request,
        holds=len(items),
        seats=placing.seats,
    )


class _Renew:
    """Takes a cart's expired holds anew, in a transaction of its own (see `storage.engine.Retry`)."""

    def __init__(self, booking: Booking, caller: Caller, cart_id: str) -> None:
        self._of = (booking, caller, cart_id)

    async def __call__(self, tx: Tx) -> None:
        await renew(tx, *self._of)


async def _repeated(tx: ReadTx, caller: Caller, cart: Cart, request: str) -> Order:
    if cart.order_request != request:
        raise Conflict(
            f"id: this cart has become the order {cart.order_id} already, with another orderId or referenceId.",
            code="cart_ordered",
            field="id",
        )
    assert cart.order_id is not None
    return await read(tx, caller, cart.order_id)


def _new_order(placing: _Placing, items: tuple[Item, ...]) -> Order:
    cart, asked = placing.opened.cart, placing.asked
    body = cart.body
    return Order(
        account_id=cart.account_id,
        id=cart.id,
        confirmation=0,
        owner_id=cart.owner_id,
        status=status_of(items),
        version=1,
        body=OrderBody(
            created_by=body.created_by,
            created_by_email=body.created_by_email,
            currency=placing.opened.catalog.currency,
            customer=body.customer,
            items=items,
            reference_id=asked.reference_id,
            discount_codes=(body.discount_code,) if body.discount_code else (),
            billing=asked.billing,
            flags=NotificationFlags(**asked.flags),
            resale=placing.resale,
            unconfirmed=unconfirmed_with((), items),
        ),
        total=0,
        paid=0,
        created_at=0,
        modified_at=0,
        channel=placing.connection.channel if placing.connection else "",
        answer_by=answer_by(items),
    )


def _paid(body: OrderBody, items: Sequence[Item], asked: OrderAsked, now: Instant) -> OrderBody:
    """Return the document with what `items` cost as paid by an external source."""
    amount = sum(line.total for item in items for line in item.lines)
    if amount == 0:
        return body
    memo = asked.billing.get("memo")
    text = str(memo) if isinstance(memo, str | int | float) and not isinstance(memo, bool) else None
    payment = Payment(id=new_hex24(), amount=amount, at=now, memo=text)
    return msgspec.structs.replace(body, payments=(*body.payments, payment))


def _sale(body: OrderBody, items: Sequence[Item], caller: Caller, now: Instant, action: str) -> store.Change:
    amount = sum(line.total for item in items for line in item.lines)
    sold = [(item, item.lines) for item in items]
    transactions = [ledger.sale(sold), ledger.payment(amount)]
    if body.resale is not None:
        transactions.append(ledger.commission(sold, body.resale.kind))
    return store.Change(
        at=now,
        actor=caller.user_id,
        action=action,
        detail={
            "items": [{"id": item.id, "lines": [line.id for line in item.lines]} for item in items],
            "total": amount,
            "currency": body.currency,
        },
        transactions=[transaction for transaction in transactions if transaction],
        told=Detail(lines=tuple(line.id for item in items for line in item.lines)),
    )


async def _use_discount(tx: Tx, catalog: Catalog, cart: Cart) -> None:
    """Count a use of the cart's discount code where uses are limited. Raises `Conflict` if there are none left."""
    discount = catalog.discount(cart.body.discount_code) if cart.body.discount_code else None
    if discount is None or discount.max_uses is None:
        return
    row = await tx.row(
        """
        INSERT INTO discount_use (account_id, discount_id, uses) VALUES ($1, $2, 1)
        ON CONFLICT (account_id, discount_id) DO UPDATE SET uses = discount_use.uses + 1
        RETURNING uses
        """,
        cart.account_id,
        discount.id,
    )
    if row is None or row["uses"] > discount.max_uses:
        raise Conflict(
            f"The discount code {discount.code} has been used as often as it may be; remove it from the cart.",
            code="discount_used_up",
        )


async def _add_to_order(tx: Tx, placing: _Placing, reference: str) -> Order:
    cart, asked, caller, now = placing.opened.cart, placing.asked, placing.caller, placing.now
    order = await _order_to_add_to(tx, caller, reference)
    await cart_store.mark_ordered(tx, cart, order.id, placing.request, now)
    order = await _order_to_add_to(tx, caller, order.id, lock=True)
    _check_can_take(order, placing)
    charged = charged_per_order(order.body.items)
    items = placing.with_commission(pricing.without_order_charges(placing.items, charged))
    body = msgspec.structs.replace(
        order.body,
        items=_merged(order.body.items, items),
        customer=with_newer_consent(order.body.customer, cart.body.customer),
        reference_id=asked.reference_id or order.body.reference_id,
        discount_codes=tuple(dict.fromkeys((*order.body.discount_codes, *filter(None, [cart.body.discount_code])))),
        billing=asked.billing or order.body.billing,
        flags=msgspec.structs.replace(order.body.flags, **asked.flags),
        resale=order.body.resale or placing.resale,
        unconfirmed=unconfirmed_with(order.body.unconfirmed, items),
    )
    await _use_discount(tx, placing.opened.catalog, cart)
    await sell_holds(tx, cart, now, holds=len(items), seats=placing.seats)
    at = max(now, order.modified_at)
    change = _sale(body, items, caller, at, "order.added_to")
    changed = msgspec.structs.replace(order, body=_paid(body, items, asked, at))
    changed = await store.update(tx, changed, change, added=items)
    await consent.heed(tx, changed, cart.body.customer, at, caller.user_id)
    if asked.reference_id is not None:
        await store.refer(tx, changed, asked.reference_id)
    return changed


async def _order_to_add_to(tx: ReadTx, caller: Caller, reference: str, *, lock: bool = False) -> Order:
    order = await store.find(tx, caller.account_id, reference, lock=lock)
    if order is None:
        raise NotFound("orderId: there is no such order.", code="order_not_found", field="orderId")
    return order


def _check_can_take(order: Order, placing: _Placing) -> None:
    cart = placing.opened.cart
    if (order.account_id, order.owner_id) != (cart.account_id, cart.owner_id):
        raise Conflict(
            "orderId: that order is with another supplier than the cart's.",
            code="other_supplier",
            field="orderId",
        )
    # What was agreed on is fixed for the whole order; one that is older than terms was sold on the default ones.
    if placing.resale is not None and placing.resale != (order.body.resale or Resale()):
        raise Conflict(
            "orderId: that order was sold on other terms with the supplier; make a new order from the cart.",
            code="other_terms",
            field="orderId",
        )
    if order.status == "cancelled":
        raise Conflict(
            "orderId: that order is cancelled; make a new order from the cart.",
            code="order_cancelled",
            field="orderId",
        )


def _merged(items: tuple[Item, ...], added: Sequence[Item]) -> tuple[Item, ...]:
    """Return the order's items with more lines: one item for each departure, however often it is added."""
    merged = {item.id: item for item in items}
    for item in added:
        before = merged.get(item.id)
        if before is None:
            merged[item.id] = item
            continue
        merged[item.id] = msgspec.structs.replace(
            before,
            lines=(*before.lines, *item.lines),
            pickup=item.pickup or before.pickup,
        )
    if len(merged) > MAX_ITEMS or any(len(item.lines) > MAX_LINES for item in merged.values()):
        raise Conflict(
            f"orderId: an order takes at most {MAX_ITEMS} dates with {MAX_LINES} participants or units each.",
            code="order_full",
            field="orderId",
        )
    return tuple(merged.values())
