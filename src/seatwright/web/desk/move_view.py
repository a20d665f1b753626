"""What moving guests of an order comes to, as the desk shows it before anything happens, and the form for it. Pure."""

from __future__ import annotations

import hashlib
from collections.abc import Collection
from typing import NamedTuple

from seatwright.cart.model import Item, Line
from seatwright.catalog.model import Catalog, Product, Question
from seatwright.catalog.questions import missing, questions_of
from seatwright.orders.move_plan import MoveRequest
from seatwright.orders.moving import MoveQuote
from seatwright.orders.view import OrderView
from seatwright.presentation.rows import Row
from seatwright.web.desk.booking_view import PickupOption, pickup_options
from seatwright.web.desk.order_view import GuestsOfTrip, GuestView, guests_to_tick
from seatwright.web.desk.targets import Leaving, Targets, TierChoice, tier_choices, tiers_of
from seatwright.web.desk.texts import Texts
from seatwright.web.desk.visit import Form

NO_PICKUP = "none"
"""The choice of no pickup."""


class AnswerField(NamedTuple):
    """A question of the other product that a guest has not answered: its field, whose it is, and what is typed."""

    field: str
    guest: str
    question: Question
    value: str


class MovedGuest(NamedTuple):
    """A guest who moves: what they cost before and after."""

    id: str
    name: str
    tier: str
    before: str
    after: str


class MoveCost(NamedTuple):
    """What a move comes to. `difference` says by how much the total changes; `undone` how many check-ins it takes back.

    `room` is empty if there are seats enough. `proof` stands for all that is shown.
    """

    heading: str
    where: str
    guests: list[MovedGuest]
    difference: str
    after: list[Row]
    undone: int
    room: str
    proof: str


class MovePage(NamedTuple):
    """Who can move and is ticked, where to, and what there is to choose; `cost` is None until both are chosen."""

    title: str
    confirmation: int
    trips: list[GuestsOfTrip]
    chosen: Collection[str]
    targets: Targets
    tiers: list[TierChoice]
    pickups: list[PickupOption]
    pickup: str
    questions: list[AnswerField]
    price: str
    asked_by: str
    cost: MoveCost | None


def can_move(line: Line) -> bool:
    """Tell whether a guest who isn't cancelled can move: one who still has to be accepted can't."""
    return not line.pending_until


def leaving_of(order: OrderView, ticked: Collection[str]) -> Leaving:
    """Return what the ticked guests leave, or all if nobody is ticked."""
    live = [item for item in order.body.items if any(can_move(line) for line in item.live)]
    items = [item for item in live if any(line.id in ticked for line in item.live)] or live
    first = min((item for item in items if item.start_at is not None), key=_start, default=None)
    return Leaving(
        departures=[item.id for item in items],
        kinds={item.kind for item in items},
        start_at=None if first is None else first.start_at,
        time_zone="" if first is None else first.time_zone,
    )


def _start(item: Item) -> int:
    return item.start_at or 0


def move_of(sent: Form, order: OrderView, catalog: Catalog, product: Product | None) -> MoveRequest:
    """Return the move that was chosen; `product` is the one to whose departure the guests go."""
    pickup = sent.text("pickup")
    place, _, detail = ("", "", "") if pickup == NO_PICKUP else pickup.partition("|")
    answers: dict[str, dict[str, str]] = {}
    for line_id in sent.all("guest"):
        for question in _of_guests(catalog, product):
            text = sent.text(_field(line_id, question))
            if text:
                answers.setdefault(line_id, {})[question.name] = text
    return MoveRequest(
        order=order.id,
        to=sent.text("to"),
        line_ids=sent.all("guest"),
        price="new" if sent.text("price") == "new" else "kept",
        tiers=tiers_of(sent),
        location_id=place or None,
        pickup_detail_id=detail or None,
        without_pickup=pickup == NO_PICKUP,
        answers=answers,
        asked_by="supplier" if sent.text("asked") == "supplier" else "customer",
    )


def proof_of(request: MoveRequest, quote: MoveQuote) -> str:
    """Return a text that changes with anything that a move is asked to do, or by which it changes an amount."""
    after = [(line.id, line.total) for item in quote.plan.after for line in item.lines]
    said = (
        sorted(request.line_ids or ()),
        request._replace(line_ids=None, tiers={}, answers={}),
        sorted(request.tiers.items()),
        sorted((line_id, sorted(answers.items())) for line_id, answers in request.answers.items()),
        quote.plan.difference,
        sorted(after),
    )
    return hashlib.blake2b(repr(said).encode(), digest_size=16).hexdigest()


def move_page(
    order: OrderView, catalog: Catalog, sent: Form, targets: Targets, cost: MoveCost | None, texts: Texts, *, title: str
) -> MovePage:
    """Return the form with what was `sent`."""
    ticked = frozenset(sent.all("guest"))
    lines = [(item, line) for item in order.body.items for line in item.live if line.id in ticked]
    trips = guests_to_tick(order, catalog, texts, can_move)
    shown = {guest.id: guest for trip in trips for guest in trip.guests}
    own = [(line.tier, catalog.products_by_id.get(item.product_id)) for item, line in lines]
    product = targets.product
    return MovePage(
        title=title,
        confirmation=order.confirmation,
        trips=trips,
        chosen=ticked,
        targets=targets,
        tiers=tier_choices(own, product, sent),
        pickups=[] if product is None else pickup_options(product, catalog, texts),
        pickup=sent.text("pickup"),
        questions=_questions(order, catalog, product, lines, sent, shown),
        price=sent.text("price", "kept"),
        asked_by=sent.text("asked", "customer"),
        cost=cost,
    )


def move_cost(order: OrderView, catalog: Catalog, request: MoveRequest, quote: MoveQuote, texts: Texts) -> MoveCost:
    """Return what a move comes to."""
    plan, currency, departure = quote.plan, order.body.currency, quote.departure
    after = {line.id: line for item in plan.after for line in item.lines}
    shown = {guest.id: guest for trip in guests_to_tick(order, catalog, texts, can_move) for guest in trip.guests}
    unit = "unit" if any(item.kind == "unit" for item in plan.moved) else "seat"
    many = len(plan.line_ids)

    def money(minor: int) -> str:
        return texts.money(minor, currency)

    room = ""
    if plan.seats > max(0, departure.free):
        room = f"Not enough room: {plan.seats} {unit}s are needed there; {max(0, departure.free)} left."
    return MoveCost(
        heading=f"{many} guest" + ("" if many == 1 else "s"),
        where=f"{quote.product.name}, {texts.trip(departure.start_at, departure.end_at, departure.time_zone)}",
        guests=[
            MovedGuest(
                line.id,
                shown[line.id].name if line.id in shown else line.id,
                shown[line.id].tier if line.id in shown else "",
                money(line.total),
                money(after[line.id].total),
            )
            for item in plan.moved
            for line in item.lines
        ],
        difference=_change(plan.difference, money(abs(plan.difference))),
        after=_after(order, quote, texts),
        undone=len(quote.undone),
        room=room,
        proof=proof_of(request, quote),
    )


def _change(minor: int, amount: str) -> str:
    if minor == 0:
        return "The total stays as it is"
    return f"The total {'grows' if minor > 0 else 'falls'} by {amount}"


def _after(order: OrderView, quote: MoveQuote, texts: Texts) -> list[Row]:
    balance, currency = quote.balance, order.body.currency
    rows = [("Total so far", order.total), ("Total afterwards", quote.total), ("Paid", order.paid)]
    rows.append(("To give back" if balance < 0 else "To pay", abs(balance)))
    return [Row(label, texts.money(amount, currency), sum=label[:3] == "To ") for label, amount in rows]


def _questions(
    order: OrderView,
    catalog: Catalog,
    product: Product | None,
    lines: list[tuple[Item, Line]],
    sent: Form,
    shown: dict[str, GuestView],
) -> list[AnswerField]:
    asked = list(missing(_of_guests(catalog, product), order.body.customer))
    return [
        AnswerField(field := _field(line.id, question), shown[line.id].name, question, sent.text(field))
        for _, line in lines
        if line.id in shown
        for question in missing(asked, line.answers)
    ]


def _of_guests(catalog: Catalog, product: Product | None) -> list[Question]:
    return [question for question in questions_of(catalog, product) if question.per == "participant"]


def _field(line_id: str, question: Question) -> str:
    return f"guest.{line_id}.{question.code}"
