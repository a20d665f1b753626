"""What the templates show, as texts in the customer's language. Pure; the templates escape everything."""

from __future__ import annotations

from collections.abc import Iterable
from typing import NamedTuple

import segno
from markupsafe import Markup

from seatwright.api.pages.cases import Offer, Seen
from seatwright.api.pages.formats import Formats
from seatwright.api.pages.online import Choice
from seatwright.api.pages.reasons import translate
from seatwright.cancellation.fees import reason_of
from seatwright.cancellation.policy import width
from seatwright.cart.model import Item, Line
from seatwright.catalog.model import Catalog
from seatwright.catalog.policy import Policy
from seatwright.core.clock import Instant
from seatwright.core.times import to_local
from seatwright.orders.model import Order, item_status

_PER = {"participant": "person", "unit": "unit"}


class Row(NamedTuple):
    """A line of a list: what, how much, and whether it is a sum."""

    label: str
    value: str
    sum: bool = False


class LineView(NamedTuple):
    """A participant or unit. `status` is a word for programs (the style sheet), `status_text` one for people."""

    name: str
    tier: str
    status: str
    status_text: str
    note: str = ""


class ItemView(NamedTuple):
    """A date and time that was booked."""

    name: str
    status: str
    status_text: str
    facts: list[Row]
    label: str
    lines: list[LineView]


class PolicyView(NamedTuple):
    """What an account says about cancelling, and what it costs by its rules."""

    products: str
    text: str
    rules: list[str]


class Letterhead(NamedTuple):
    """What stands on every page: whose it is, and which order it is about."""

    seller: str
    email: str
    number: str


class OrderView(NamedTuple):
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
    money: list[Row]
    included: list[str]
    policies: list[PolicyView]
    has_dates: bool
    is_ticket: bool


class ChoiceView(NamedTuple):
    """Something that can be chosen to be cancelled."""

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
    """What a cancellation would come to."""

    name: str
    proof: str
    lines: list[FeeView]
    fee: str
    refund: str
    agree: str


def letterhead(seen: Seen) -> Letterhead:
    """Show no more of an order than what the page of a form needs."""
    return Letterhead(seen.seller.name, seen.seller.email, str(seen.order.confirmation))


def order_view(seen: Seen, formats: Formats) -> OrderView:
    """Show an order."""
    order, words = seen.order, formats.words
    return OrderView(
        seller=seen.seller.name,
        email=seen.seller.email,
        number=str(order.confirmation),
        customer=customer_name(order),
        status=order.status,
        status_text=_status(order.status, formats),
        notes=_notes(seen, formats),
        code=Markup(segno.make(order.id, micro=False).svg_inline(scale=5, border=4)),  # noqa: S704 - our own picture
        items=[_item(item, seen, formats) for item in order.body.items],
        money=_money(order, formats),
        included=[
            words.included.format(name=name, amount=formats.money(amount, order.body.currency))
            for name, amount in _included(order)
        ],
        policies=_policies(order, formats),
        has_dates=any(item.start_at is not None for item in order.body.items),
        is_ticket=any(item_status(item) == "confirmed" for item in order.body.items),
    )


def customer_name(order: Order) -> str:
    """Return the customer's name, or an empty text."""
    parts = (order.body.customer.get(name) for name in ("firstName", "lastName"))
    return " ".join(part.strip() for part in parts if isinstance(part, str) and part.strip())


def choice_views(choices: list[Choice], seen: Seen, formats: Formats) -> list[ChoiceView]:
    """Show what can be chosen."""
    return [
        ChoiceView(choice.name, choice_text(choice, seen.catalog, formats), choice.line is not None)
        for choice in choices
    ]


def choice_text(choice: Choice, catalog: Catalog, formats: Formats) -> str:
    """Say what a choice is."""
    if choice.item is None:
        return formats.words.whole
    what = _dated(choice.item, formats)
    if choice.line is None:
        return what
    number = choice.item.lines.index(choice.line) + 1
    return f"{what}: {_who(choice.line, number, choice.item, catalog)}"


def offer_view(offer: Offer, formats: Formats) -> OfferView:
    """Show what a cancellation would come to, line by line."""
    quoted, order, words = offer.quote, offer.seen.order, formats.words
    currency = order.body.currency
    by_id = {line.id: (number, line, item) for item in order.body.items for number, line in enumerate(item.lines, 1)}
    lines = []
    for fee in quoted.lines:
        number, line, item = by_id[fee.line_id]
        what = f"{_dated(item, formats)}: {_who(line, number, item, offer.seen.catalog)}"
        reason = translate(fee.reason, currency, formats)
        lines.append(FeeView(what, formats.money(line.total, currency), formats.money(fee.fee, currency), reason))
    return OfferView(
        name=offer.choice.name,
        proof=offer.proof,
        lines=lines,
        fee=formats.money(quoted.fee, currency),
        refund=formats.money(quoted.refund, currency),
        agree=words.agree_fee.format(fee=formats.money(quoted.fee, currency)) if quoted.fee else words.agree_free,
    )


def _status(status: str, formats: Formats) -> str:
    words = formats.words
    return {"confirmed": words.confirmed, "pending": words.pending, "cancelled": words.cancelled}[status]


def _notes(seen: Seen, formats: Formats) -> list[str]:
    """Say until when a pending order is answered, and how one was that isn't taken."""
    order, words = seen.order, formats.words
    if order.status == "pending":
        if order.answer_by is None:
            return [words.pending_open.format(seller=seen.seller.name)]
        zone = seen.supplier.time_zone
        when = f"{formats.moment(order.answer_by, zone)} ({formats.zone(order.answer_by, zone)})"
        return [words.pending_until.format(seller=seen.seller.name, when=when)]
    answer = order.body.answer
    if answer is None or answer.outcome == "accepted" or order.status != "cancelled":
        return []
    said = [words.said.format(reason=answer.reason)] if answer.reason else []
    return [words.declined if answer.outcome == "declined" else words.expired, *said]


def _item(item: Item, seen: Seen, formats: Formats) -> ItemView:
    """Show a date and time."""
    words, status = formats.words, item_status(item)
    return ItemView(
        name=item.product_name,
        status=status,
        status_text=_status(status, formats),
        facts=facts(item, seen, formats),
        label=words.participants if item.kind == "participant" else words.units,
        lines=[_line(line, item, seen, formats) for line in item.lines],
    )


def facts(item: Item, seen: Seen, formats: Formats) -> list[Row]:
    """Return when and where a date and time is."""
    words, found = formats.words, []
    if item.start_at is None:
        found.append(Row(words.date, words.no_date))
    else:
        found.append(Row(words.date, formats.date(item.start_at, item.time_zone)))
        found.append(Row(words.time, _times(item.start_at, item.end_at, item.time_zone, formats)))
    if item.location is not None:
        found.append(Row(words.place, seen.catalog.whereabouts(item.location.id, item.location.name)))
    if item.pickup is not None:
        parts = (item.pickup.name, item.pickup.location.name, item.pickup.detail.name if item.pickup.detail else "")
        found.append(Row(words.pickup, ", ".join(part for part in parts if part)))
    if seen.resold:
        found.append(Row(words.operated_by, seen.supplier.name))
    return found


def _times(start: Instant, end: Instant | None, zone: str, formats: Formats) -> str:
    """Return such as "9:00 AM – 1:00 PM (Mountain Daylight Time)", with the day of an end on another one."""
    text = formats.time(start, zone)
    if end is not None and end > start:
        same_day = to_local(end, zone).date() == to_local(start, zone).date()
        text += f" – {formats.time(end, zone) if same_day else formats.moment(end, zone)}"
    return f"{text} ({formats.zone(start, zone)})"


def _line(line: Line, item: Item, seen: Seen, formats: Formats) -> LineView:
    words = formats.words
    status, text = "confirmed", words.confirmed
    if line.status == "cancelled":
        status, text = "cancelled", words.cancelled
    elif line.pending_until:
        status, text = "pending", words.pending
    elif line.checked_in_at is not None:
        text = words.checked_in
    fee = formats.money(line.cancellation_fee, seen.order.body.currency) if line.cancellation_fee else ""
    note = words.line_fee.format(fee=fee) if fee else ""
    return LineView(_name(line), _tier(line, item, seen.catalog), status, text, note)


def _name(line: Line) -> str:
    return " ".join(part for part in (line.first_name, line.last_name) if part)


def _tier(line: Line, item: Item, catalog: Catalog) -> str:
    """Return what a line's tier is called today; its code, if there is no such tier any more."""
    product = catalog.products_by_id.get(item.product_id)
    tier = product.tier(line.tier) if product else None
    return tier.name if tier else line.tier


def _who(line: Line, number: int, item: Item, catalog: Catalog) -> str:
    """Return such as "2. Adult – Ann Lee": the number is the one that it has on the order's page."""
    name, tier = _name(line), _tier(line, item, catalog)
    return f"{number}. {tier} – {name}" if name else f"{number}. {tier}"


def _dated(item: Item, formats: Formats) -> str:
    if item.start_at is None:
        return item.product_name
    return f"{item.product_name}, {formats.moment(item.start_at, item.time_zone)}"


def _money(order: Order, formats: Formats) -> list[Row]:
    """Return what it costs; rows that say nothing are left out."""
    words, currency = formats.words, order.body.currency
    live = [line for item in order.body.items for line in item.live]
    parts = [
        (words.price, sum(line.price for line in live)),
        (words.discount, -sum(line.discount for line in live)),
        (words.fees, sum(line.fees for line in live)),
        (words.tax, sum(line.tax for line in live)),
        (words.cancellation_fees, order.body.cancellation_fees),
    ]
    rows = [Row(label, formats.money(amount, currency)) for label, amount in parts if amount]
    rows.append(Row(words.total, formats.money(order.total, currency), sum=True))
    rows.append(Row(words.paid, formats.money(order.paid, currency)))
    label = words.to_refund if order.balance < 0 else words.to_pay
    return [*rows, Row(label, formats.money(abs(order.balance), currency), sum=True)]


def _included(order: Order) -> Iterable[tuple[str, int]]:
    """Return what taxes and fees the prices contain, by name."""
    found: dict[str, int] = {}
    for item in order.body.items:
        for charge in (charge for line in item.live for charge in line.charges if charge.included):
            found[charge.name] = found.get(charge.name, 0) + charge.amount
    return [(name, amount) for name, amount in found.items() if amount]


def _policies(order: Order, formats: Formats) -> list[PolicyView]:
    """Return each policy that something of the order was sold under, with what it is for."""
    found: dict[tuple[Policy | None, str], list[Item]] = {}
    for item in order.body.items:
        found.setdefault((item.policy, item.kind), []).append(item)
    return [
        PolicyView(
            products=", ".join(dict.fromkeys(item.product_name for item in items)),
            text=policy.text.strip() if policy else "",
            rules=_rules(policy, items[0], order.body.currency, formats) if policy else [],
        )
        for (policy, _), items in found.items()
    ]


def _rules(policy: Policy, item: Item, currency: str, formats: Formats) -> list[str]:
    """Return the fees that an item's participants or units may cost, the one that would count first coming first."""
    fees = [fee for fee in policy.fees if fee.per in ("order", _PER[item.kind])]
    by_width = {width(fee, item.start_at, item.time_zone): fee for fee in reversed(fees)}  # of equals the first counts
    windows = [by_width[key] for key in sorted(by_width) if by_width[key].window is not None and item.start_at]
    always = next((fee for fee in fees if fee.window is None), None)
    if not windows:
        return [translate(reason_of(always), currency, formats)] if always else []
    last = translate(reason_of(always), currency, formats) if always else formats.words.no_fee
    return [
        *(translate(reason_of(fee), currency, formats) for fee in windows),
        formats.words.otherwise.format(what=last),
    ]
