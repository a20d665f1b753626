"""What cancelling some guests of an order comes to, as the desk shows it before anything happens. Pure."""

from __future__ import annotations

from collections.abc import Collection
from typing import NamedTuple

from seatwright.cancellation.breakdown import Breakdown, LineCost
from seatwright.catalog.model import Catalog
from seatwright.core.clock import Instant
from seatwright.core.money import to_wire
from seatwright.orders.view import OrderView
from seatwright.presentation.rows import Row
from seatwright.web.desk.order_view import GuestsOfTrip, guests_to_tick
from seatwright.web.desk.texts import Texts


class CostView(NamedTuple):
    """What cancelling one guest costs; `fee` is as it is typed, and `policy_fee` what the policy's is."""

    id: str
    name: str
    tier: str
    why: str
    cost: str
    fee: str
    policy_fee: str
    credit: str


class CancelPage(NamedTuple):
    """The guests to choose from, and what cancelling the chosen ones comes to; `lines` is empty without any.

    `after` is the order afterwards, and `give_back` what is given back because of it, "" for nothing. `proof` stands
    for the policies' amounts.
    """

    title: str
    confirmation: int
    trips: list[GuestsOfTrip]
    chosen: Collection[str]
    lines: list[CostView]
    heading: str
    as_of: str
    cost: str
    fee: str
    credit: str
    after: list[Row]
    give_back: str
    seats: str
    proof: str


def cancel_page(
    order: OrderView,
    catalog: Catalog,
    policies: Breakdown,
    shown: Breakdown,
    now: Instant,
    texts: Texts,
    *,
    title: str,
) -> CancelPage:
    """Return the page for an order: `shown` has the fees that are shown, and `policies` those of the policies."""
    currency = order.body.currency
    trips = guests_to_tick(order, catalog, texts, lambda _: True)
    names = {guest.id: guest for trip in trips for guest in trip.guests}
    many = len(shown.lines)

    def money(minor: int) -> str:
        return texts.money(minor, currency)

    def cost_view(line: LineCost, policy: LineCost) -> CostView:
        guest = names[line.line.id]
        why = texts.words.reason(line.reason, currency)
        return CostView(
            id=guest.id,
            name=guest.name,
            tier=guest.tier,
            why=f"{line.policy}: {why}" if line.policy else why,
            cost=money(line.cost),
            fee=str(to_wire(line.fee, currency)),
            policy_fee=str(to_wire(policy.fee, currency)),
            credit=money(line.credit),
        )

    return CancelPage(
        title=title,
        confirmation=order.confirmation,
        trips=trips,
        chosen=frozenset(line.line.id for line in shown.lines),
        lines=[cost_view(*each) for each in zip(shown.lines, policies.lines, strict=True)],
        heading=f"{many} of {len(names)} guest" + ("" if len(names) == 1 else "s"),
        as_of=texts.clock(now),
        cost=money(shown.cost),
        fee=money(shown.quote.fee),
        credit=money(shown.credit),
        after=_after(order, shown, texts),
        give_back=money(shown.quote.refund) if shown.quote.refund else "",
        seats=f"{shown.quote.seats_returned} seat" + ("" if shown.quote.seats_returned == 1 else "s"),
        proof=policies.proof,
    )


def _after(order: OrderView, shown: Breakdown, texts: Texts) -> list[Row]:
    currency = order.body.currency
    fees = order.body.cancellation_fees + shown.quote.fee
    balance = shown.balance_after
    rows = [("Guests who stay", shown.total_after - fees), ("Cancellation fees", fees), ("Total", shown.total_after)]
    rows += [("Paid", order.paid), ("To give back" if balance < 0 else "To pay", abs(balance))]
    return [Row(label, texts.money(amount, currency), sum=label in ("Total", "To give back")) for label, amount in rows]
