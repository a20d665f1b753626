"""Moves guests of an order to another departure, of the same or another product.

Seats are taken there and given back here, the ledger books the sale where the guests now are, and the difference in
price is owed or due back: all in one transaction. Locks are taken in the usual order: order, departures by id, starts
of pools, holds.
"""

from __future__ import annotations

from typing import NamedTuple

import msgspec

from seatwright.auth.model import Caller
from seatwright.cart import holds
from seatwright.cart.context import BookingContext
from seatwright.catalog.model import Product
from seatwright.core.clock import Instant
from seatwright.core.errors import Conflict, Forbidden, NotFound
from seatwright.inventory import seats
from seatwright.inventory import store as inventory
from seatwright.inventory.model import Departure
from seatwright.inventory.offer import for_reseller
from seatwright.orders import ledger, store
from seatwright.orders.model import Order, merged
from seatwright.orders.move_plan import MovePlan, MoveRequest, Target, plan_move
from seatwright.orders.outbox import Detail
from seatwright.orders.repricing import check_difference
from seatwright.orders.service import read
from seatwright.resellers.service import require_connection
from seatwright.storage.engine import ReadTx, Tx

_REFUSAL = Forbidden(
    "Only the supplier moves guests to another departure; cancel and order anew, or ask the supplier.",
    code="move_is_the_suppliers",
)


class MoveQuote(NamedTuple):
    """What a move comes to: the order before it, its plan, and the departure with its product, as they are now."""

    order: Order
    plan: MovePlan
    departure: Departure
    product: Product

    @property
    def total(self) -> int:
        """The order's total after the move, in minor units."""
        return self.order.total + self.plan.difference

    @property
    def balance(self) -> int:
        """The amount owed after the move, in minor units; below zero, money to give back."""
        return self.total - self.order.paid

    @property
    def undone(self) -> tuple[str, ...]:
        """The guests whose check-in, or no-show, is taken back."""
        lines = (line for item in self.plan.moved for line in item.lines)
        return tuple(line.id for line in lines if line.checked_in_at is not None or line.no_show_at is not None)


class MoveResult(NamedTuple):
    """The order after a move, and what the move came to."""

    order: Order
    quote: MoveQuote


def check_supplier(order: Order, caller: Caller) -> None:
    """Raise `Forbidden` for a reseller, whose orders the supplier moves."""
    if order.account_id != caller.account_id:
        raise _REFUSAL


async def quote_move(tx: ReadTx, booking: BookingContext, caller: Caller, request: MoveRequest) -> MoveQuote:
    """Return what a move would come to now. Changes nothing; raises as `move` does, but not `SoldOut`."""
    order = await read(tx, caller, request.order)
    check_supplier(order, caller)
    return await _quoted(tx, booking, order, request)


async def move(
    tx: Tx, booking: BookingContext, caller: Caller, request: MoveRequest, *, difference: int | None
) -> MoveResult:
    """Move guests of an order to another departure, as its supplier.

    `difference` is by how much the total grows according to the quote that was shown, in minor units; None takes any.
    Raises `NotFound`, `Forbidden` for a reseller, `SoldOut`, `Invalid` for a choice that the other product doesn't
    offer, and `Conflict` for guests who can't move, a departure that is closed or has begun, or another difference than
    the one shown.
    """
    order = await store.lock_own_order(tx, caller, request.order, _REFUSAL)
    quoted = await _quoted(tx, booking, order, request)
    check_difference(order, difference, quoted.plan.difference, "move")
    now = booking.clock.now()
    await _move_seats(tx, quoted, now)
    change = _change(quoted, request, caller, now)
    body = msgspec.structs.replace(order.body, items=quoted.plan.items, left=merged(quoted.plan.left, order.body.left))
    changed = await store.update(tx, order, msgspec.structs.replace(order, body=body), change)
    return MoveResult(changed, quoted)


async def _quoted(tx: ReadTx, booking: BookingContext, order: Order, request: MoveRequest) -> MoveQuote:
    now = booking.clock.now()
    departure = await inventory.find(tx, order.account_id, request.to, now)
    catalog = await booking.catalogs.load(tx, order.account_id)
    if departure is None:
        raise NotFound("there is no such departure.", code="departure_not_found", about="departure")
    if departure.closed or (departure.start_at is not None and departure.start_at <= now):
        raise Conflict("this departure is closed, or has begun.", code="not_bookable", about="departure")
    terms = None
    if order.body.resale is not None and request.price == "new":
        terms = (await require_connection(tx, order.account_id, order.owner_id)).terms
        catalog = for_reseller(catalog, terms)
    product = catalog.products_by_id.get(departure.product_id)
    if product is None:
        raise Conflict("The order's reseller may not sell this product; keep the price.", code="product_not_sold")
    return MoveQuote(order, plan_move(order, Target(departure, product, catalog, terms), request), departure, product)


async def _move_seats(tx: Tx, quoted: MoveQuote, now: Instant) -> None:
    account_id, to = quoted.order.account_id, quoted.departure.id
    left = {item.id: item.seats for item in quoted.plan.moved}
    in_the_way = await holds.expired_in_the_way(tx, quoted.departure, now)
    await seats.lock(tx, account_id, {to, *left, *in_the_way})
    there = await inventory.find(tx, account_id, to, now)
    if there is None or there.closed:
        raise Conflict("this departure is closed, or has begun.", code="not_bookable", about="departure")
    await holds.make_room(tx, account_id, in_the_way, now)
    await seats.release(tx, account_id, left)
    await seats.take(tx, account_id, {to: quoted.plan.seats})


def _change(quoted: MoveQuote, request: MoveRequest, caller: Caller, now: Instant) -> store.Change:
    order, plan = quoted.order, quoted.plan
    resale = order.body.resale
    transactions = ledger.change_of_sale(plan.before, plan.after, resale.kind if resale else None)
    return store.Change(
        at=now,
        actor=caller.user_id,
        action="order.moved",
        detail={
            "items": [{"id": item.id, "lines": [line.id for line in item.lines]} for item in plan.moved],
            "to": quoted.departure.id,
            "price": request.price,
            "total": plan.difference,
            "currency": order.body.currency,
            **({"reason": request.explanation.reason} if request.explanation.reason else {}),
        },
        transactions=[transaction for transaction in transactions if transaction],
        told=Detail(
            lines=plan.line_ids,
            moved_from=tuple(item.id for item in plan.moved),
            reason=request.explanation.reason,
            message=request.explanation.text,
        ),
    )
