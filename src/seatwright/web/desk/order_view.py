"""An order as the desk shows it, as texts. Pure; the templates escape everything."""

from __future__ import annotations

from collections.abc import Callable
from datetime import date
from typing import NamedTuple

from seatwright.cart.model import Item, Line
from seatwright.catalog.model import Catalog
from seatwright.core import times
from seatwright.core.clock import Instant
from seatwright.core.money import to_wire
from seatwright.customers.fields import full_name
from seatwright.customers.identity import customer_id
from seatwright.orders.model import OrderStatus, Payment, item_status
from seatwright.orders.view import OrderView
from seatwright.presentation.guests import answer_rows, answer_texts, guest_name, tier_label
from seatwright.presentation.money import included_texts, money_rows
from seatwright.presentation.rows import Row
from seatwright.web.desk.texts import Texts


class Tag(NamedTuple):
    """A word about an order: its look (good, wait, bad or nothing) and its text."""

    look: str
    text: str


class GuestView(NamedTuple):
    """A participant or unit. `state` is a class: `gone`, `pending`, `in` or nothing."""

    id: str
    name: str
    tier: str
    pickup: str
    answers: list[str]
    price: str
    state: str
    note: str


class TripView(NamedTuple):
    """A departure with the guests that the order has on it. `day` is None without a date."""

    id: str
    product: str
    day: date | None
    when: str
    place: str
    seats: str
    guests: list[GuestView]
    live: int
    status: OrderStatus


class GuestsOfTrip(NamedTuple):
    """A departure of the order, and those of its guests that can be ticked."""

    product: str
    when: str
    guests: list[GuestView]


class PaymentView(NamedTuple):
    """Money that was paid, or given back. `voided` says why it counts no more; "" if it counts."""

    id: str
    when: str
    how: str
    by: str
    memo: str
    amount: str
    deposit: bool
    voided: str


class OrderPage(NamedTuple):
    """All of an order. `owed` is what is still to be paid, as a number of minor units; below zero, to be given back.
    `due` and `credit` are what is to be paid and to be given back, as people type it; "" for nothing.
    """

    id: str
    confirmation: int
    version: int
    title: str
    tags: list[Tag]
    sub: str
    trips: list[TripView]
    phone: str
    email: str
    contact: list[Row]
    answers: list[Row]
    money: list[Row]
    included: list[str]
    payments: list[PaymentView]
    owed: int
    due: str
    credit: str
    status: OrderStatus
    answer_by: str
    own: bool
    customer_id: str


def order_page(order: OrderView, catalog: Catalog, now: Instant, texts: Texts) -> OrderPage:
    """Return an order as its viewer sees it `now`; `catalog` is the supplier's."""
    customer, words = order.body.customer, texts.words
    return OrderPage(
        id=order.id,
        confirmation=order.confirmation,
        version=order.version,
        title=full_name(customer) or str(customer.get("organization") or "") or f"Order {order.confirmation}",
        tags=tags_of(order, texts),
        sub=_sub(order, texts),
        trips=[_trip(item, catalog, now, texts) for item in order.body.items],
        phone=str(customer.get("phone") or ""),
        email=str(customer.get("email") or ""),
        contact=_contact(order),
        answers=[Row(*row) for row in answer_rows(customer, catalog, words)],
        money=money_rows(order, words),
        included=included_texts(order, words),
        payments=[_payment(payment, _currency(order), texts) for payment in order.body.payments],
        owed=order.balance,
        due=_typed(order.balance, _currency(order)),
        credit=_typed(-order.balance, _currency(order)),
        status=order.status,
        answer_by=texts.moment(order.answer_by) if order.answer_by else "",
        own=order.account_id == order.viewer_id,
        customer_id=customer_id(customer) or "",
    )


def _payment(payment: Payment, currency: str, texts: Texts) -> PaymentView:
    voided = payment.voided
    return PaymentView(
        id=payment.id,
        when=texts.moment(payment.at),
        how=f"{payment.type}, given back" if payment.is_refund else payment.type,
        by=payment.by.name if payment.by else "",
        memo=payment.memo or "",
        amount=texts.money(payment.amount, currency),
        deposit=payment.deposit,
        voided="" if voided is None else f"voided{f' by {voided.by.name}' if voided.by else ''}: {voided.reason}",
    )


def _typed(amount: int, currency: str) -> str:
    return str(to_wire(amount, currency)) if amount > 0 else ""


def tags_of(order: OrderView, texts: Texts) -> list[Tag]:
    """Return an order's status, and what is owed."""
    status = {
        "confirmed": Tag("good", "Confirmed"),
        "pending": Tag("wait", "Pending"),
        "cancelled": Tag("bad", "Cancelled"),
    }[order.status]
    if order.balance > 0:
        return [status, Tag("wait", f"{texts.money(order.balance, _currency(order))} to pay")]
    if order.balance < 0:
        return [status, Tag("bad", f"{texts.money(-order.balance, _currency(order))} to give back")]
    return [status, Tag("", "Paid")] if order.total else [status]


def _currency(order: OrderView) -> str:
    return order.body.currency


def _sub(order: OrderView, texts: Texts) -> str:
    said = [str(order.confirmation)]
    day = texts.full_date(times.to_local(order.created_at, texts.zone).date())
    said.append(f"booked on {day}" + (f" by {order.body.created_by}" if order.body.created_by else ""))
    if order.channel:
        said.append(f"sold by {order.channel}")
    if order.body.reference_id:
        said.append(f"reference {order.body.reference_id}")
    return " · ".join(said)


def _contact(order: OrderView) -> list[Row]:
    customer = order.body.customer
    address = ", ".join(
        str(customer[field])
        for field in ("streetAddress", "postalCode", "city", "state", "country")
        if customer.get(field)
    )
    named = (("Organization", str(customer.get("organization") or "")), ("Address", address))
    return [Row(label, value) for label, value in named if value]


def _trip(item: Item, catalog: Catalog, now: Instant, texts: Texts) -> TripView:
    day, when = None, "No fixed date"
    if item.start_at is not None:
        day = times.to_local(item.start_at, item.time_zone).date()
        span = texts.span(item.start_at, item.end_at, item.time_zone)
        zone = texts.zone_name(item.start_at, item.time_zone)
        far = texts.distance(item.start_at, now)
        when = f"{texts.weekday(day)}, {span} {zone} · {'starts' if item.start_at > now else 'started'} {far}"
    live = item.live
    unit = "unit" if item.kind == "unit" else "seat"
    return TripView(
        id=item.id,
        product=item.product_name,
        day=day,
        when=when,
        place=item.location.name if item.location else "",
        seats=f"{item.seats} {unit}" + ("" if item.seats == 1 else "s"),
        guests=[guest_view(line, number, item, catalog, texts) for number, line in enumerate(item.lines, 1)],
        live=len(live),
        status=item_status(item),
    )


def guests_to_tick(
    order: OrderView, catalog: Catalog, texts: Texts, can_be: Callable[[Line], bool]
) -> list[GuestsOfTrip]:
    """Return the guests of an order that aren't cancelled and of whom `can_be` is true, by departure."""
    trips = []
    for item in order.body.items:
        guests = [
            guest_view(line, number, item, catalog, texts)
            for number, line in enumerate(item.lines, 1)
            if line.status == "confirmed" and can_be(line)
        ]
        when = texts.moment(item.start_at, item.time_zone) if item.start_at is not None else "No fixed date"
        trips += [GuestsOfTrip(item.product_name, when, guests)] if guests else []
    return trips


def guest_view(line: Line, number: int, item: Item, catalog: Catalog, texts: Texts) -> GuestView:
    """Return a participant or unit, the one with this `number` in its item."""
    pickup = item.arranged(line).pickup
    tier = tier_label(line.tier, catalog.products_by_id.get(item.product_id))
    state, note = "", ""
    if line.status == "cancelled":
        state, note = "gone", "cancelled"
        if line.cancellation_fee:
            note += f", fee {texts.money(line.cancellation_fee)}"
    elif line.pending_until:
        state, note = "pending", "waits for an answer"
    elif line.checked_in_at is not None:
        state, note = "in", f"checked in {texts.clock(line.checked_in_at)}"
    where = (
        ""
        if pickup is None
        else ", ".join(filter(None, (pickup.location.name, pickup.detail.name if pickup.detail else "")))
    )
    return GuestView(
        id=line.id,
        name=guest_name(line) or f"{tier} {number}",
        tier=tier,
        pickup=where,
        answers=answer_texts(line.answers, catalog, texts.words),
        price=texts.money(line.total),
        state=state,
        note=note,
    )
