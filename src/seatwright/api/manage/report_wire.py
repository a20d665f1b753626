"""Sales, payables and receivables, mailing list and manifest on the wire, and as sheets."""

from __future__ import annotations

from collections import Counter
from collections.abc import Container, Sequence
from decimal import Decimal
from typing import Any, Literal

import msgspec

from seatwright.api.wire import Wire
from seatwright.auth.model import Account
from seatwright.core import names
from seatwright.core.money import to_wire
from seatwright.core.times import iso_utc, iso_wall, to_local
from seatwright.reports.mailing import MailingList
from seatwright.reports.manifest import Guest, Manifest
from seatwright.reports.periods import Span
from seatwright.reports.sales import By, Counts, Money, Sales
from seatwright.reports.settlements import Settlement
from seatwright.reports.sheets import Cell, Sheet

# --- Sales -------------------------------------------------------------------------------------------


class SalesSumsOut(Wire, kw_only=True):
    """Counts of the orders made in these days, as they are now, and what was booked in these days. `total` is what
    customers owe for it, `net` that less the resellers' commissions."""

    orders: int
    participants: int
    units: int
    cancelled: int
    gross_sales: Decimal
    cancelled_sales: Decimal
    discounts: Decimal
    pickups: Decimal
    fees: Decimal
    service_fees: Decimal
    taxes: Decimal
    cancellation_fees: Decimal
    total: Decimal
    commissions: Decimal
    net: Decimal


class SalesLineOut(SalesSumsOut, kw_only=True):
    """One product (`key` is its code), channel (empty: the account's own sales) or day."""

    key: str
    name: str


class SalesOut(Wire, kw_only=True):
    """Sales by product, channel or day, and all together; `from` and `to` are days in `timeZone`."""

    from_: str = msgspec.field(name="from")
    to: str
    time_zone: str
    currency: str
    by: By
    rows: list[SalesLineOut]
    total: SalesSumsOut


_SALES = (
    "Orders",
    "Participants",
    "Units",
    "Cancelled",
    "Gross sales",
    "Cancelled sales",
    "Discounts",
    "Pickups",
    "Fees",
    "Service fees",
    "Taxes",
    "Cancellation fees",
    "Total",
    "Commissions",
    "Net",
)


def sales_out(report: Sales, account: Account, span: Span) -> SalesOut:
    """Show sales in the account's currency."""
    currency = account.currency
    return SalesOut(
        from_=f"{span.first}",
        to=f"{span.last}",
        time_zone=span.zone,
        currency=currency,
        by=report.by,
        rows=[
            SalesLineOut(key=line.key, name=line.name, **_sums(line.counts, line.money, currency))
            for line in report.lines
        ],
        total=SalesSumsOut(**_sums(report.counts, report.money, currency)),
    )


def _sums(counts: Counts, money: Money, currency: str) -> dict[str, Any]:
    amounts = {**money._asdict(), "total": money.total, "net": money.net}
    return {**counts._asdict(), **{name: to_wire(amount, currency) for name, amount in amounts.items()}}


def sales_sheet(report: Sales, currency: str) -> Sheet:
    """Return sales as a table."""
    what = {"product": ("Product", "Name"), "channel": ("Channel", "Name"), "day": ("Day",)}[report.by]

    def cells(counts: Counts, money: Money) -> Sequence[Cell]:
        sums = _sums(counts, money, currency)
        return [sums[name] for name in SalesSumsOut.__struct_fields__]

    def row(key: str, name: str, counts: Counts, money: Money) -> Sequence[Cell]:
        return (*((key,) if report.by == "day" else (key, name)), *cells(counts, money))

    return Sheet(
        name=f"Sales by {report.by}",
        titles=(*what, *_SALES),
        rows=[row(*line) for line in report.lines],
        total=("Total", *("",) * (len(what) - 1), *cells(report.counts, report.money)),
    )


# --- Payables and receivables ------------------------------------------------------------------------


class SettlementOut(Wire, kw_only=True):
    """What one account owes the other for one billing cycle, `from` its first day `to` its last one, in the supplier's
    time zone and currency. `over` tells whether the cycle is."""

    account_id: str
    account_name: str
    role: Literal["supplier", "reseller"]
    type: Literal["commission", "net"]
    billing_cycle: Literal["weekly", "biweekly", "monthly"]
    from_: str = msgspec.field(name="from")
    to: str
    over: bool
    orders: int
    earned: Decimal
    taken_back: Decimal
    amount: Decimal
    currency: str


def settlement_out(settlement: Settlement) -> SettlementOut:
    """Show what is owed for a cycle."""
    return SettlementOut(
        account_id=settlement.account_id,
        account_name=settlement.account_name,
        role=settlement.role,
        type=settlement.kind,
        billing_cycle=settlement.cycle,
        from_=f"{settlement.first}",
        to=f"{settlement.last}",
        over=settlement.over,
        orders=settlement.orders,
        earned=to_wire(settlement.earned, settlement.currency),
        taken_back=to_wire(settlement.taken_back, settlement.currency),
        amount=to_wire(settlement.amount, settlement.currency),
        currency=settlement.currency,
    )


_SETTLEMENT = ("Account", "Account id", "Role", "Type", "Billing cycle", "From", "To", "Over", "Orders")


def settlements_sheet(name: str, found: Sequence[Settlement]) -> Sheet:
    """Return what is owed as a table."""
    return Sheet(
        name=name,
        titles=(*_SETTLEMENT, "Earned", "Taken back", "Amount", "Currency"),
        rows=[
            (
                one.account_name,
                one.account_id,
                one.role,
                one.kind,
                one.cycle,
                one.first,
                one.last,
                one.over,
                one.orders,
                to_wire(one.earned, one.currency),
                to_wire(one.taken_back, one.currency),
                to_wire(one.amount, one.currency),
                one.currency,
            )
            for one in found
        ],
    )


# --- Mailing list ------------------------------------------------------------------------------------


class RecipientOut(Wire, kw_only=True):
    """A customer who wants to be written to. `language` is the one that they asked for."""

    email: str
    first_name: str
    last_name: str
    language: str | None
    last_order_date: str


def recipients_out(found: MailingList) -> list[RecipientOut]:
    """Show a page of the mailing list."""
    return [
        RecipientOut(
            email=one.email,
            first_name=one.first_name,
            last_name=one.last_name,
            language=one.language,
            last_order_date=iso_utc(one.last_order_at),
        )
        for one in found.recipients
    ]


def recipients_sheet(found: MailingList, zone: str) -> Sheet:
    """Return a page of the mailing list as a table, days on the calendar of `zone`."""
    return Sheet(
        name="Mailing list",
        titles=("E-mail", "First name", "Last name", "Language", "Last order"),
        rows=(
            (one.email, one.first_name, one.last_name, one.language, to_local(one.last_order_at, zone).date())
            for one in found.recipients
        ),
    )


# --- Manifest ----------------------------------------------------------------------------------------


class PickupPlaceOut(Wire, kw_only=True):
    """Where somebody is picked up, by which service, and how (such as the time)."""

    name: str
    location: str
    detail: str | None


class GuestOut(Wire, kw_only=True):
    """A participant or unit that is not cancelled. `customer` is without phone, address and e-mail where supplier and
    reseller have agreed on that; `answers` are to questions, by their labels: their own,
    or else the order's. `balance` is the whole order's."""

    id: str
    first_name: str
    last_name: str
    tier: str
    seats: int
    status: Literal["confirmed", "pending"]
    checked_in_date: str | None
    pickup: PickupPlaceOut | None
    order_id: str
    confirmation: int
    reference_id: str | None
    channel: str | None
    customer: dict[str, Any]
    answers: dict[str, Any]
    balance: Decimal
    currency: str


class ManifestOut(Wire, kw_only=True):
    """Who comes to a departure, by pickup and name. Start and end are on the location's wall clock."""

    departure_id: str
    product_id: str
    product_name: str
    product_number: int
    start_time: str | None
    end_time: str | None
    time_zone: str
    capacity: int
    taken: int
    tiers: dict[str, int]
    checked_in: int
    guests: list[GuestOut]


def manifest_out(manifest: Manifest) -> ManifestOut:
    """Show a manifest."""
    zone = manifest.zone
    return ManifestOut(
        departure_id=manifest.departure_id,
        product_id=manifest.product.id,
        product_name=manifest.product.name,
        product_number=manifest.product.number,
        start_time=None if manifest.start_at is None else iso_wall(manifest.start_at, zone),
        end_time=None if manifest.end_at is None else iso_wall(manifest.end_at, zone),
        time_zone=zone,
        capacity=manifest.capacity,
        taken=manifest.taken,
        tiers=manifest.tiers,
        checked_in=sum(guest.checked_in is not None for guest in manifest.guests),
        guests=[_guest_out(guest) for guest in manifest.guests],
    )


def _guest_out(guest: Guest) -> GuestOut:
    last, first = guest.name
    pickup = guest.pickup
    return GuestOut(
        id=guest.line.id,
        first_name=first,
        last_name=last,
        tier=guest.line.tier,
        seats=guest.line.seats,
        status=guest.status,
        checked_in_date=None if guest.checked_in is None else iso_utc(guest.checked_in),
        pickup=None
        if pickup is None
        else PickupPlaceOut(
            name=pickup.name,
            location=pickup.location.name,
            detail=pickup.detail.name if pickup.detail else None,
        ),
        order_id=guest.order_id,
        confirmation=guest.confirmation,
        reference_id=guest.reference_id,
        channel=guest.channel or None,
        customer=guest.customer,
        answers=guest.answers,
        balance=to_wire(guest.balance, guest.currency),
        currency=guest.currency,
    )


_GUEST = ("Pickup", "Pickup detail", "Last name", "First name", "Tier", "Seats", "Status", "Checked in")
_OF_ORDER = ("Confirmation", "Customer", "Phone", "E-mail", "Balance", "Channel")


MAX_QUESTIONS = 50
"""Questions with a column of their own on a manifest at most. Labels are anybody's who takes orders, and each guest may
have others: a table of all of them would be as wide as it is long."""


def manifest_sheet(manifest: Manifest) -> Sheet:
    """Return a manifest as a table: a row for each guest, and a column for each question that somebody answered.

    Those that fewest answered share the last column where there are more than `MAX_QUESTIONS`.
    """
    answered = Counter(names.count(label for guest in manifest.guests for label in guest.answers))
    often = {names.key(label) for label, _ in answered.most_common(MAX_QUESTIONS)}
    questions = [label for label in answered if names.key(label) in often]
    others = ("Other answers",) if len(answered) > MAX_QUESTIONS else ()
    return Sheet(
        name="Manifest",
        titles=(*_GUEST, *_OF_ORDER, *questions, *others),
        rows=(
            (*_guest_row(guest, questions, manifest.zone), *(_others(guest, often) for _ in others))
            for guest in manifest.guests
        ),
    )


def _others(guest: Guest, often: Container[str]) -> str:
    """Return the answers that have no column of their own, each with its label."""
    return "; ".join(
        f"{label}: {_answer_text(answer)}" for label, answer in guest.answers.items() if names.key(label) not in often
    )


def _guest_row(guest: Guest, questions: Sequence[str], zone: str) -> Sequence[Cell]:
    last, first = guest.name
    pickup, customer = guest.pickup, guest.customer
    return (
        pickup.location.name if pickup else None,
        pickup.detail.name if pickup and pickup.detail else None,
        last,
        first,
        guest.line.tier,
        guest.line.seats,
        guest.status,
        None if guest.checked_in is None else to_local(guest.checked_in, zone),
        guest.confirmation,
        " ".join(str(customer[name]) for name in ("firstName", "lastName") if customer.get(name)),
        customer.get("phone"),
        customer.get("email"),
        to_wire(guest.balance, guest.currency),
        guest.channel,
        *(_answers_to(question, guest) for question in questions),
    )


def _answers_to(question: str, guest: Guest) -> str:
    """Return what a guest answered under a label, or under others that count as the same."""
    return "; ".join(_answer_text(answer) for label, answer in guest.answers.items() if names.same(label, question))


def _answer_text(answer: Any) -> str:
    if isinstance(answer, list):
        return ", ".join(map(_answer_text, answer))
    if isinstance(answer, bool):
        return "yes" if answer else "no"
    return "" if answer is None else str(answer)
