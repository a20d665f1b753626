"""Confirm a cart as a new order, or add it to one; read orders."""

from __future__ import annotations

from collections.abc import Sequence
from functools import partial

import msgspec

from seatwright.auth.model import Caller
from seatwright.cart import service as carts
from seatwright.cart import store as cart_store
from seatwright.cart.behalf import Behalf, at_resellers_prices, on_behalf
from seatwright.cart.context import BookingContext
from seatwright.cart.guests import require_answers, with_answers_read
from seatwright.cart.model import Cart, FirstOrderRequest, Item
from seatwright.cart.renewal import note_lost_holds, retake
from seatwright.cart.resale import require_sold
from seatwright.core.errors import Conflict, Invalid
from seatwright.orders import listing, pending_store, store
from seatwright.orders.addition import add_to_order
from seatwright.orders.convert import convert
from seatwright.orders.model import NotificationFlags, Order, OrderBody, answer_by, status_of, unconfirmed_with
from seatwright.orders.placement import (
    OrderDetails,
    Placement,
    Sale,
    payments_of,
    sale_change,
    to_approve,
    use_discount,
)
from seatwright.orders.store import order_not_found
from seatwright.orders.view import labels_for_supplier
from seatwright.resellers.model import Connection
from seatwright.storage.engine import ReadTx, Retry, Tx


async def read(tx: ReadTx, caller: Caller, reference: str) -> Order:
    """Return the order with this id or confirmation number. Raises `NotFound`."""
    return (await look_up(tx, caller, reference)).order()


async def look_up(tx: ReadTx, caller: Caller, reference: str) -> store.OrderRow:
    """Return the row of the order that `read` would return. Raises `NotFound`."""
    stored = await store.look_up(tx, caller.account_id, reference)
    if stored is None:
        raise order_not_found()
    return stored


async def page(
    tx: ReadTx, caller: Caller, chosen: listing.OrderFilter, *, limit: int, page: int, newest_first: bool
) -> list[listing.ListedOrder]:
    """Return one page of the orders that the caller's account sees; `load` returns the orders themselves."""
    return await listing.page(tx, caller.account_id, chosen, limit=limit, page=page, newest_first=newest_first)


async def load(tx: ReadTx, caller: Caller, numbers: Sequence[int]) -> list[Order]:
    """Return orders by their numbers in the list of the caller's account, in no particular order."""
    return await store.load(tx, caller.account_id, numbers)


async def with_ids(tx: ReadTx, caller: Caller, ids: Sequence[str]) -> list[Order]:
    """Return the orders with these ids that the caller's account sees, in no particular order."""
    return await store.with_ids(tx, caller.account_id, ids)


async def waiting(tx: ReadTx, account_id: str, *, limit: int, page: int = 0) -> list[Order]:
    """Return a page of the orders that the supplier `account_id` has to accept or decline, the most urgent first."""
    return await pending_store.waiting(tx, account_id, limit=limit, page=page)


async def count_waiting(tx: ReadTx, account_id: str, *, most: int) -> int:
    """Return how many orders the supplier `account_id` has to accept or decline, counted up to `most`."""
    return await pending_store.count_waiting(tx, account_id, most=most)


async def place(tx: Tx, booking: BookingContext, caller: Caller, details: OrderDetails) -> Order:
    """Turn a cart into an order with the payments that `details` says, or add it to the order `details.order_id`.

    Ordering a cart again that has become an order returns that order; with another `orderId` or `referenceId`, or with
    other payments, than the first time it raises `Conflict`. An expired hold's seats are taken again if they are still
    free. Raises `NotFound` for an unknown cart or order, `Invalid` for an empty cart, `SoldOut` or `Conflict` for seats
    that aren't available any more, and the errors of `placement.payments_of`; then nothing is changed.
    """
    opened = await cart_store.open_with(tx, booking.catalogs, caller.account_id, details.cart_id)
    if opened is None or opened.cart.status == "deleted":
        raise carts.cart_not_found()
    cart, now = opened.cart, booking.clock.now()
    request = msgspec.json.encode(
        FirstOrderRequest(
            order_id=details.order_id,
            reference_id=details.reference_id,
            reseller_id=details.behalf.reseller_id if details.behalf else None,
            payments=None
            if details.payments is None
            else tuple(new.in_words(opened.catalog.currency) for new in details.payments),
        )
    ).decode()
    if cart.status == "ordered":
        return await _repeated(tx, caller, cart, request)
    if details.behalf is not None and details.behalf.reseller_id != caller.account_id:
        opened = await _in_name_of(tx, opened, details.behalf)
        cart = opened.cart
    connection = await carts.require_sale(tx, cart)
    if not cart.body.items:
        raise Invalid(
            "the cart is empty.",
            code="cart_empty",
            about="cart",
        )
    if connection is not None:
        require_sold(cart.body.items, connection.terms)
    cart = msgspec.structs.replace(cart, body=with_answers_read(cart.body, opened.catalog))
    opened = opened._replace(cart=cart)
    if details.order_id is None and cart.order_id is None:
        require_answers(cart.body.items, opened.catalog, cart.body.customer)
    if any(item.expires_at <= now for item in cart.body.items):
        await _lock(tx, caller, cart, details.order_id or cart.order_id)
        cart = await retake(tx, booking, caller, opened, now)
        opened = opened._replace(cart=cart)
    placement = Placement(
        opened=opened,
        connection=connection,
        items=to_approve(
            tuple(msgspec.structs.replace(item, held_since=0, expires_at=0) for item in cart.body.items),
            opened.catalog,
            now,
        ),
        details=details,
        caller=caller,
        now=now,
        request=request,
        supplier_sees=await _supplier_sees(tx, booking, opened, connection),
    )
    try:
        order_id = details.order_id or cart.order_id
        if order_id is not None:
            return await add_to_order(tx, placement, order_id)
        return await _make_order(tx, placement)
    except Retry:
        raise Retry(first=partial(note_lost_holds, booking=booking, caller=caller, cart_id=cart.id)) from None


async def _supplier_sees(
    tx: ReadTx, booking: BookingContext, opened: cart_store.OpenCart, connection: Connection | None
) -> tuple[str, ...]:
    """Return the labels whose answers the supplier sees if it doesn't see the customer's contact data."""
    if connection is None or not connection.terms.hides_contact:
        return ()
    reseller = await booking.catalogs.load(tx, opened.cart.seller_id)
    return labels_for_supplier(opened.catalog, reseller)


async def _lock(tx: Tx, caller: Caller, cart: Cart, order_id: str | None) -> None:
    """Lock a cart and the order to which it is added, before the departures: all use cases lock in this order."""
    await cart_store.lock(tx, cart)
    if order_id is not None:
        await store.find(tx, caller.account_id, order_id, lock=True)


async def _in_name_of(tx: ReadTx, opened: cart_store.OpenCart, behalf: Behalf) -> cart_store.OpenCart:
    """Return a supplier's cart in a reseller's name, at the reseller's prices. A cart that was made in its name stays
    as it is.
    """
    cart = opened.cart
    if cart.owner_id != cart.account_id or cart.body.reseller_id not in (None, behalf.reseller_id):
        raise Conflict(
            "the cart was made for another reseller.",
            code="other_reseller",
            about="reseller",
        )
    if cart.body.reseller_id is not None:
        return opened
    cart, terms = await on_behalf(tx, cart, behalf)
    return opened._replace(cart=at_resellers_prices(cart, opened.catalog, terms))


async def _make_order(tx: Tx, placement: Placement) -> Order:
    cart, now = placement.opened.cart, placement.now
    items = placement.with_commission(placement.items)
    order = _new_order(placement, items)
    sale = Sale(items)
    paid = payments_of(placement, order.body, sale, sale.amount, now)
    change = sale_change(order.body, sale, paid, placement.caller, now, "order.created")
    order = msgspec.structs.replace(order, body=msgspec.structs.replace(order.body, payments=paid))
    await use_discount(tx, placement)
    return await convert(
        tx,
        cart,
        order,
        change,
        order_request=placement.request,
        holds=len(items),
        seats=placement.seats,
    )


async def _repeated(tx: ReadTx, caller: Caller, cart: Cart, request: str) -> Order:
    if cart.order_request != request:
        differs = "another orderId or referenceId"
        if '"payments":' in f"{cart.order_request}{request}":
            differs += ", or with other payments"
        raise Conflict(
            f"this cart has become the order {cart.order_id} already, with {differs}.",
            code="cart_ordered",
            about="cart",
        )
    assert cart.order_id is not None
    return await read(tx, caller, cart.order_id)


def _new_order(placement: Placement, items: tuple[Item, ...]) -> Order:
    cart, details = placement.opened.cart, placement.details
    body = cart.body
    return Order(
        account_id=cart.account_id,
        id=cart.id,
        confirmation=0,
        owner_id=cart.seller_id,
        status=status_of(items),
        version=1,
        body=OrderBody(
            created_by=body.created_by,
            created_by_email=body.created_by_email,
            currency=placement.opened.catalog.currency,
            customer=body.customer,
            items=items,
            reference_id=details.reference_id,
            discount_codes=(body.discount_code,) if body.discount_code else (),
            billing=details.billing,
            flags=NotificationFlags(**details.flags),
            resale=placement.resale,
            unconfirmed=unconfirmed_with((), items),
            agent=body.agent,
            supplier_sees=placement.supplier_sees,
        ),
        total=0,
        paid=0,
        created_at=0,
        modified_at=0,
        channel=placement.connection.channel if placement.connection else "",
        answer_by=answer_by(items),
    )
