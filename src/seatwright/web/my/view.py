"""The values that the templates show, as texts in the customer's language. Pure; the templates escape everything."""

from __future__ import annotations

from typing import NamedTuple

import segno
from markupsafe import Markup

from seatwright.cancellation.fees import LineFee
from seatwright.cart.model import Item, Line
from seatwright.catalog.model import Catalog
from seatwright.core import names
from seatwright.core.fee_reason import FeeReason
from seatwright.customers.fields import full_name
from seatwright.orders.model import item_status
from seatwright.presentation.guests import answer_rows, answer_texts, guest_name, pickup_text, place_text, tier_name
from seatwright.presentation.money import included_texts, money_rows
from seatwright.presentation.policies import PolicyView, policy_views
from seatwright.presentation.rows import Row
from seatwright.selfservice.online import MAX_SINGLE, Choice
from seatwright.selfservice.service import Offer, OrderParties
from seatwright.wording.wording import Wording


class LineView(NamedTuple):
    """A participant or unit. `status` is a word for programs (the style sheet), `status_text` one for people."""

    name: str
    tier: str
    status: str
    status_text: str
    note: str = ""
    answers: list[str] = []  # noqa: RUF012 - never changed


class ItemView(NamedTuple):
    """A date and time that was booked."""

    name: str
    status: str
    status_text: str
    facts: list[Row]
    label: str
    lines: list[LineView]


class Letterhead(NamedTuple):
    """The head of every page: the seller and the order."""

    seller: str
    email: str
    number: str


class OrderPage(NamedTuple):
    """An order as its customer sees it; it begins with what a `Letterhead` has."""

    seller: str
    email: str
    number: str
    customer: str
    status: str
    status_text: str
    notes: list[str]
    code: Markup
    items: list[ItemView]
    answers: list[Row]
    money: list[Row]
    included: list[str]
    policies: list[PolicyView]
    has_dates: bool
    is_ticket: bool


class ChoiceView(NamedTuple):
    """A part of the order that can be chosen for cancelling."""

    name: str
    text: str
    inner: bool


class FeeView(NamedTuple):
    """One participant or unit that would be cancelled."""

    what: str
    price: str
    fee: str
    reason: str


class OfferView(NamedTuple):
    """The price of a cancellation."""

    name: str
    proof: str
    lines: list[FeeView]
    fee: str
    refund: str
    agree: str


def letterhead(seen: OrderParties) -> Letterhead:
    """Show only the parts of an order that a page with a form needs."""
    return Letterhead(seen.seller.name, seen.seller.email, str(seen.order.confirmation))


def order_view(seen: OrderParties, words: Wording) -> OrderPage:
    """Show an order."""
    order = seen.order
    return OrderPage(
        seller=seen.seller.name,
        email=seen.seller.email,
        number=str(order.confirmation),
        customer=full_name(order.body.customer),
        status=order.status,
        status_text=words.say(f"status.{order.status}"),
        notes=_notes(seen, words),
        code=Markup(segno.make(order.id, micro=False).svg_inline(scale=5, border=4)),  # noqa: S704 - our own picture
        items=[_item(item, seen, words) for item in order.body.items],
        answers=[Row(*row) for row in answer_rows(order.body.customer, seen.catalog, words)],
        money=money_rows(order, words),
        included=included_texts(order, words),
        policies=policy_views(order, words),
        has_dates=any(item.start_at is not None for item in order.body.items),
        is_ticket=any(item_status(item) == "confirmed" for item in order.body.items),
    )


def choice_views(choices: list[Choice], seen: OrderParties, words: Wording) -> list[ChoiceView]:
    """Show the choices."""
    dated = _Dated(words)
    return [
        ChoiceView(choice.name, _choice(choice, seen.catalog, words, dated), choice.line is not None)
        for choice in choices
    ]


def choice_text(choice: Choice, catalog: Catalog, words: Wording) -> str:
    """Return a choice as text."""
    return _choice(choice, catalog, words, _Dated(words))


def _choice(choice: Choice, catalog: Catalog, words: Wording, dated: _Dated) -> str:
    if choice.item is None:
        return words.say("page.whole")
    what = dated[choice.item]
    if choice.line is None:
        return what
    number = choice.item.lines.index(choice.line) + 1
    return f"{what}: {_who(choice.line, number, choice.item, catalog)}"


def offer_view(offer: Offer, words: Wording) -> OfferView:
    """Show the price of a cancellation: line by line, or with many lines, grouped."""
    quoted, currency = offer.quote, offer.seen.order.body.currency
    return OfferView(
        name=offer.choice.name,
        proof=offer.proof,
        lines=_by_line(offer, words) if len(quoted.lines) <= MAX_SINGLE else _together(offer, words),
        fee=words.money(quoted.fee, currency),
        refund=words.money(quoted.refund, currency),
        agree=words.say("page.agree_fee" if quoted.fee else "page.agree_free", fee=words.money(quoted.fee, currency)),
    )


def _by_line(offer: Offer, words: Wording) -> list[FeeView]:
    order, dated, lines = offer.seen.order, _Dated(words), []
    currency = order.body.currency
    by_id = {line.id: (number, line, item) for item in order.body.items for number, line in enumerate(item.lines, 1)}
    for fee in offer.quote.lines:
        number, line, item = by_id[fee.line_id]
        what = f"{dated[item]}: {_who(line, number, item, offer.seen.catalog)}"
        reason = words.reason(fee.reason, currency)
        lines.append(FeeView(what, words.money(line.total, currency), words.money(fee.fee, currency), reason))
    return lines


def _together(offer: Offer, words: Wording) -> list[FeeView]:
    """Return a row with the sums of all lines with the same item, tier and reason of the fee."""
    order, dated, lines = offer.seen.order, _Dated(words), []
    currency = order.body.currency
    by_id = {line.id: (line, item) for item in order.body.items for line in item.lines}
    groups: dict[tuple[str, str, FeeReason], list[LineFee]] = {}
    for fee in offer.quote.lines:
        line, item = by_id[fee.line_id]
        groups.setdefault((item.id, names.key(line.tier), fee.reason), []).append(fee)
    for (_, _, reason), fees in groups.items():
        line, item = by_id[fees[0].line_id]
        price = words.money(sum(by_id[fee.line_id][0].total for fee in fees), currency)
        taken = words.money(sum(fee.fee for fee in fees), currency)
        what = f"{dated[item]}: {len(fees)} × {tier_name(line, item, offer.seen.catalog)}"
        lines.append(FeeView(what, price, taken, words.reason(reason, currency)))
    return lines


def _notes(seen: OrderParties, words: Wording) -> list[str]:
    """Return the deadline of a pending order's answer, and the answer to an order that was not accepted."""
    order = seen.order
    if order.status == "pending":
        if order.answer_by is None:
            return [words.say("page.pending_open", seller=seen.seller.name)]
        when = words.deadline(order.answer_by, seen.supplier.time_zone)
        return [words.say("page.pending_until", seller=seen.seller.name, when=when)]
    answer = order.body.answer
    if answer is None or answer.outcome == "accepted" or order.status != "cancelled":
        return []
    said = [words.line("label.reason", answer.reason)] if answer.reason else []
    return [words.say(f"page.{answer.outcome}"), *said]


def _item(item: Item, seen: OrderParties, words: Wording) -> ItemView:
    """Show a date and time."""
    status = item_status(item)
    return ItemView(
        name=item.product_name,
        status=status,
        status_text=words.say(f"status.{status}"),
        facts=facts(item, seen, words),
        label=words.say("page.participants" if item.kind == "participant" else "page.units"),
        lines=[_line(line, item, seen, words) for line in item.lines],
    )


def facts(item: Item, seen: OrderParties, words: Wording) -> list[Row]:
    """Return the time and place of an item."""
    found = []
    if item.start_at is None:
        found.append(Row(words.say("page.date"), words.say("page.no_date")))
    else:
        found.append(Row(words.say("page.date"), words.date(item.start_at, item.time_zone)))
        times = words.times(item.start_at, item.end_at, item.time_zone)
        found.append(Row(words.say("page.time"), f"{times} ({words.zone(item.start_at, item.time_zone)})"))
    coming = item.live or item.lines
    if place := place_text(item, coming, seen.catalog, words):
        found.append(Row(words.say("page.place"), place))
    if pickup := pickup_text(item, coming, seen.catalog, words):
        found.append(Row(words.say("label.pickup"), pickup))
    if seen.resold:
        found.append(Row(words.say("label.operated_by"), seen.supplier.name))
    return found


def _line(line: Line, item: Item, seen: OrderParties, words: Wording) -> LineView:
    status = "cancelled" if line.status == "cancelled" else "pending" if line.pending_until else "confirmed"
    arrived = status == "confirmed" and line.checked_in_at is not None
    text = words.say("page.checked_in" if arrived else f"status.{status}")
    fee = line.cancellation_fee
    note = words.line("label.fee", words.money(fee, seen.order.body.currency)) if fee else ""
    answers = answer_texts(line.answers, seen.catalog, words)
    return LineView(guest_name(line), tier_name(line, item, seen.catalog), status, text, note, answers)


def _who(line: Line, number: int, item: Item, catalog: Catalog) -> str:
    """Return such as "2. Adult – Ann Lee": the number is the one that it has on the order's page."""
    name, tier = guest_name(line), tier_name(line, item, catalog)
    return f"{number}. {tier} – {name}" if name else f"{number}. {tier}"


class _Dated:
    """Items as texts, product and date. Each text is made once, because formatting a date takes longer than the rest of
    a line.
    """

    def __init__(self, words: Wording) -> None:
        self._words = words
        self._made: dict[str, str] = {}

    def __getitem__(self, item: Item) -> str:
        if item.id not in self._made:
            self._made[item.id] = self._make(item)
        return self._made[item.id]

    def _make(self, item: Item) -> str:
        words = self._words
        if item.start_at is None:
            return item.product_name
        return f"{item.product_name}, {words.moment(item.start_at, item.time_zone)}"
