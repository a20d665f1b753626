"""All guests of a departure at once, as the desk shows it: what cancelling, moving or writing comes to, and how far it
has come. Pure.
"""

from __future__ import annotations

from collections.abc import Collection, Mapping
from typing import NamedTuple

from seatwright.catalog.model import Product
from seatwright.customers.consent import address_of
from seatwright.customers.fields import full_name
from seatwright.disruptions.model import JobKind, OrderOutcome, Progress
from seatwright.inventory.model import Departure
from seatwright.orders.view import OrderView
from seatwright.web.desk.texts import Texts

STAYS: Mapping[str, str] = {
    "sold_out": "Not enough seats there",
    "unknown_tier": "Their price tier isn’t sold there: choose another one",
    "pickup_not_offered": "They aren’t picked up there: move without the pickup, or one by one",
    "answer_missing_there": "The other product asks what they haven’t answered: move them one by one",
    "not_movable": "Waits for your answer: accept or decline it first",
    "sold_by_reseller": "A reseller’s customer: it writes to them itself",
    "no_address": "No e-mail address",
}
"""Why an order stays as it is, or gets no message, by the error's code."""


class OrderRow(NamedTuple):
    """An order, and what becomes of it. `price` is what its guests here cost. `amount` is to be given back, or by how
    much a move changes the total; "" for nothing.

    `stays` says why nothing becomes of it, and `untold` why its customer gets no mail; "" if that isn't so. `mail` is
    the address, and `phone` is there for those who get no mail.
    """

    confirmation: int
    name: str
    guests: int
    price: str
    paid: str
    amount: str
    stays: str
    untold: str
    mail: str
    phone: str
    refuses: bool


class Disruption(NamedTuple):
    """What is done with all guests of a departure, or would be: in all, and order by order. `untold` is how many of
    the orders' customers get no mail, and `refusing` how many of those who get one refuse advertising. `after` says
    what the amount is.
    """

    id: str
    kind: JobKind
    running: bool
    orders: int
    done: int
    handled: int
    guests: int
    amount: str
    after: str
    rows: list[OrderRow]
    stay: int
    mails: int
    untold: int
    refusing: int
    reason: str
    text: str
    subject: str
    since: str
    until: str
    proof: str


class DepartureHead(NamedTuple):
    """The departure that all of this is about."""

    id: str
    product: str
    when: str


def head_of(departure: Departure, product: Product, texts: Texts) -> DepartureHead:
    """Return how a departure is called."""
    return DepartureHead(
        departure.id, product.name, texts.trip(departure.start_at, departure.end_at, departure.time_zone)
    )


def disruption(
    progress: Progress, orders: Mapping[str, OrderView], refusing: Collection[str], texts: Texts
) -> Disruption:
    """Return what a job does, or would do; `refusing` are the addresses that refuse advertising."""
    job, request, currency = progress.job, progress.request, progress.currency
    rows = [
        _row(outcome, orders[outcome.order_id], request.departure_id, progress, refusing, texts)
        for outcome in progress.outcomes
        if outcome.order_id in orders
    ]
    told = [row for row in rows if not row.stays and not row.untold]
    amount = texts.money(progress.amount, currency)
    return Disruption(
        id="" if job is None else job.id,
        kind=request.kind,
        running=job is not None and job.status == "running",
        orders=progress.orders,
        done=progress.done,
        handled=len(progress.outcomes),
        guests=progress.guests,
        amount=amount,
        after={
            "cancel": f"{amount} to give back",
            "move": _change(progress.amount, texts.money(abs(progress.amount), currency)),
            "message": "",
        }[request.kind],
        rows=rows,
        stay=len(progress.failures),
        mails=len(told),
        untold=sum(1 for row in rows if row.untold or (row.stays and request.kind == "message")),
        refusing=sum(row.refuses for row in told),
        reason=request.reason,
        text=request.text,
        subject=request.subject,
        since="" if job is None else texts.moment(job.created_at),
        until="" if job is None or job.finished_at is None else texts.moment(job.finished_at),
        proof=progress.proof,
    )


def _change(minor: int, amount: str) -> str:
    if minor == 0:
        return "All totals stay as they are"
    return f"Together the totals {'grow' if minor > 0 else 'fall'} by {amount}"


def _row(
    outcome: OrderOutcome,
    order: OrderView,
    departure_id: str,
    progress: Progress,
    refusing: Collection[str],
    texts: Texts,
) -> OrderRow:
    customer, currency = order.body.customer, order.body.currency
    item = order.body.item(departure_id)
    live = item.live if item is not None else ()
    untold = "" if outcome.reason else _untold(order, progress.request.kind)
    address = address_of(customer)
    return OrderRow(
        confirmation=outcome.confirmation,
        name=full_name(customer) or str(customer.get("organization") or "") or f"Order {outcome.confirmation}",
        guests=outcome.guests or len(live),
        price=texts.money(sum(line.total for line in live), currency),
        paid=texts.money(order.paid, currency),
        amount=texts.money(outcome.amount, currency) if outcome.amount else "",
        stays=STAYS.get(outcome.code, outcome.reason),
        untold=untold,
        mail=address if not (untold or outcome.reason) else "",
        phone=str(customer.get("phone") or "") if untold or outcome.reason else "",
        refuses=address in refusing,
    )


def _untold(order: OrderView, kind: JobKind) -> str:
    """Say why the customer of an order gets no mail about it, if so."""
    if kind == "message":
        return ""
    if order.body.flags.disable_confirmation_email:
        return "Mails are off for this order"
    if order.owner_id == order.account_id and not address_of(order.body.customer):
        return "No e-mail address"
    return ""
