"""Adds a cart to an order: guests keep their own values, such as pickups, and the order's values, such as fees per
order, stay one.

An order is the same, to the cent, whether it was bought in one cart or in several: see `cart.pricing`.
"""

from __future__ import annotations

from collections.abc import Callable
from typing import Any

import msgspec

from seatwright.auth.model import Caller
from seatwright.cart import service as carts
from seatwright.cart import store as cart_store
from seatwright.cart.addition import settle_together
from seatwright.cart.behalf import Behalf
from seatwright.cart.context import BookingContext
from seatwright.cart.guests import added_answers, require_answers
from seatwright.cart.model import MAX_ITEMS, MAX_LINES, Item, Line, TargetOrder
from seatwright.cart.resale import with_commission_as_sold
from seatwright.cart.service import PricedCart
from seatwright.core.errors import Conflict, NotFound
from seatwright.customers.check import MAX_FIELDS
from seatwright.customers.consent import with_newer_consent
from seatwright.customers.fields import fields_of
from seatwright.orders import consent, store
from seatwright.orders.convert import sell_holds
from seatwright.orders.model import Order, OrderBody, Resale, unconfirmed_with
from seatwright.orders.placement import Placement, Sale, payments_of, sale_change, use_discount
from seatwright.storage.engine import ReadTx, Tx


async def open_cart(
    tx: Tx, booking: BookingContext, caller: Caller, reference: str, *, supplier_id: str | None = None
) -> PricedCart:
    """Make a cart that will be added to an order, which is named by its id or confirmation number.

    The cart has seats of the order's supplier, and is in the name of its seller. Raises `NotFound` for an order that
    the account doesn't see, `Forbidden` for a supplier that may not order in the seller's name, and `Conflict` for an
    order that is cancelled, or whose supplier is not `supplier_id`.
    """
    order = await _find(tx, caller, reference)
    if supplier_id not in (None, order.account_id):
        raise _other_supplier()
    _refuse_cancelled(order)
    behalf = None if order.owner_id == caller.account_id else Behalf(order.owner_id)
    target = TargetOrder(
        id=order.id,
        confirmation=order.confirmation,
        total=order.total,
        items=order.body.items,
        discount_codes=order.body.discount_codes,
    )
    return await carts.create(tx, booking, caller, supplier_id=order.account_id, target=target, behalf=behalf)


async def add_to_order(tx: Tx, placement: Placement, reference: str) -> Order:
    """Add a cart to an order.

    Raises `NotFound` for an order that the account doesn't see, and `Conflict` for one that can't take it.
    """
    cart, details, caller, now = placement.opened.cart, placement.details, placement.caller, placement.now
    order = await _find(tx, caller, reference)
    if cart.order_id not in (None, order.id):
        raise Conflict(
            "the cart was made to be added to another order; leave orderId out, or make a new cart.",
            code="other_order",
            about="order",
        )
    await cart_store.mark_ordered(tx, cart, order.id, placement.request, now)
    order = await _find(tx, caller, order.id, lock=True)
    _check_can_take(order, placement)
    require_answers(placement.items, placement.opened.catalog, cart.body.customer, order.body.customer)
    added = added_answers(placement.items, cart.body.customer, order.body.customer, placement.opened.catalog)
    placement = placement._replace(items=added.items)
    items, sale = _sold_together(order, placement)
    code = cart.body.discount_code
    if code is not None and code not in order.body.discount_codes:
        await use_discount(tx, placement)
    await sell_holds(tx, cart, now, holds=len(placement.items), seats=placement.seats)
    at = max(now, order.modified_at)
    body = msgspec.structs.replace(
        order.body,
        items=items,
        customer=_customer(order.body.customer, cart.body.customer, added.of_order),
        reference_id=details.reference_id or order.body.reference_id,
        discount_codes=tuple(dict.fromkeys((*order.body.discount_codes, *filter(None, [code])))),
        billing=details.billing or order.body.billing,
        flags=msgspec.structs.replace(order.body.flags, **details.flags),
        resale=order.body.resale or placement.resale,
        unconfirmed=unconfirmed_with(order.body.unconfirmed, sale.items),
        supplier_sees=_supplier_sees(order, placement),
    )
    paid = payments_of(placement, body, sale, order.balance + sale.amount, at)
    change = sale_change(body, sale, paid, caller, at, "order.added_to")
    changed = msgspec.structs.replace(order, body=msgspec.structs.replace(body, payments=(*body.payments, *paid)))
    changed = await store.update(tx, order, changed, change)
    await consent.heed(tx, changed, cart.body.customer, at, caller.user_id)
    if details.reference_id is not None:
        await store.refer(tx, changed, details.reference_id)
    return changed


def _supplier_sees(order: Order, placement: Placement) -> tuple[str, ...]:
    """Return `OrderBody.supplier_sees` after an addition. It changes only if the reseller, to whom the customer
    belongs, makes the addition.
    """
    return placement.supplier_sees if placement.caller.account_id == order.owner_id else order.body.supplier_sees


def _customer(customer: dict[str, Any], added: dict[str, Any], answers: dict[str, Any]) -> dict[str, Any]:
    """Return the order's customer, or the addition's if it has none, with the answers that it lacked.

    Raises `Conflict` if that is more than a customer may have.
    """
    both = {**with_newer_consent(customer, fields_of(added)), **answers}
    if answers and len(both) > MAX_FIELDS:
        raise Conflict(
            f"the order's customer would have more than {MAX_FIELDS} fields; leave out those that the order has no "
            "room for.",
            code="order_full",
            about="order",
        )
    return both


def _sold_together(order: Order, placement: Placement) -> tuple[tuple[Item, ...], Sale]:
    """Return an order's items with those of the cart, and the sale of adding them."""
    settled = settle_together(order.body.items, placement.items, order.body.discount_codes)
    if len(settled) > MAX_ITEMS or any(len(item.lines) > MAX_LINES for item in settled):
        raise Conflict(
            f"an order takes at most {MAX_ITEMS} dates with {MAX_LINES} participants or units each.",
            code="order_full",
            about="order",
        )
    known = {line.id: line for item in order.body.items for line in item.lines}
    added = placement.with_commission(_only(settled, lambda line: line.id not in known))
    after = tuple(
        _with_commission_as_sold(item, order.body)
        for item in _only(settled, lambda line: known.get(line.id, line) != line)
    )
    changed = {line.id: line for item in (*added, *after) for line in item.lines}
    before = tuple(item.map_lines(lambda line: known[line.id]) for item in after)
    return tuple(item.with_lines(changed) for item in settled), Sale(added, before, after)


def _only(items: tuple[Item, ...], chosen: Callable[[Line], bool]) -> tuple[Item, ...]:
    """Return the items that have any of the chosen lines, each with only these lines."""
    found = (msgspec.structs.replace(item, lines=tuple(filter(chosen, item.lines))) for item in items)
    return tuple(item for item in found if item.lines)


def _with_commission_as_sold(item: Item, body: OrderBody) -> Item:
    if body.resale is None:
        return item
    kind = body.resale.kind
    return item.map_lines(lambda line: with_commission_as_sold(line, kind))


async def _find(tx: ReadTx, caller: Caller, reference: str, *, lock: bool = False) -> Order:
    order = await store.find(tx, caller.account_id, reference, lock=lock)
    if order is None:
        raise NotFound("there is no such order.", code="order_not_found", about="order")
    return order


def _other_supplier() -> Conflict:
    return Conflict("that order is with another supplier than the cart's.", code="other_supplier", about="order")


def _refuse_cancelled(order: Order) -> None:
    if order.status == "cancelled":
        raise Conflict(
            "that order is cancelled; make a new order from the cart.",
            code="order_cancelled",
            about="order",
        )


def _check_can_take(order: Order, placement: Placement) -> None:
    cart = placement.opened.cart
    if (order.account_id, order.owner_id) != (cart.account_id, cart.seller_id):
        raise _other_supplier()
    # The terms are fixed for the whole order; an order from before terms existed was sold on the default ones.
    if placement.resale is not None and placement.resale != (order.body.resale or Resale()):
        raise Conflict(
            "that order was sold on other terms with the supplier; make a new order from the cart.",
            code="other_terms",
            about="order",
        )
    _refuse_cancelled(order)
