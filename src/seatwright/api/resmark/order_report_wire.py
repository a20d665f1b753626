"""Orders by transaction date as reporting tools read them: flat rows (wire reference, "Reports").

Every name is there in every row. Where a tool reads a text, amounts and counts are texts; and as it takes null for no
number, date or boolean, there is none. What Seatwright has no notion of is 0, false, "" or null.
"""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Sequence
from decimal import Decimal
from typing import Any

import msgspec

from seatwright.cart.model import Item
from seatwright.catalog.model import Product
from seatwright.core.money import to_wire
from seatwright.core.times import iso_utc, iso_wall, to_local
from seatwright.customers.fields import full_name
from seatwright.http import wire
from seatwright.orders.model import Order
from seatwright.reports.order_facts import Facts
from seatwright.reports.order_rows import CANCELLING, ReportRow, rows_of
from seatwright.reports.sheets import Cell, Sheet
from seatwright.reports.transactions import Transaction


class TierNameOut(msgspec.Struct, kw_only=True):
    """A price tier: its code and what it is called."""

    key: str
    name: str


class OrderRowOut(msgspec.Struct, kw_only=True, rename="camel"):
    """One price tier of one date of an order, at a time at which the order was made or changed.

    `grossProfit` is by how much what is owed changed: `priceTotal`, `optionTotal` (pickups), `feeTotal`, `taxTotal`,
    `discountTotal` and `cancellationFeeTotal`, of which discounts and what was cancelled are below zero.
    `netGrossProfit` is that less `agentCommission`. Starts are on the location's wall clock.
    """

    process_date: str
    entity_id: str
    transaction_date: str
    created_date: str
    start_date: str
    confirmation: str
    advance_purchase_days: str
    participant_sold: str
    product_sold: str
    price_total: Decimal
    fee_total: str
    cancellation_fee_total: str
    option_total: str
    discount_total: str
    processing_total: str
    tax_total: Decimal
    gross_profit: Decimal
    product_id: str
    product_name: str
    product_start_date: str
    product_city: str
    product_state: str
    product_country: str
    pickup_location: str
    return_location: str
    customer_name: str
    customer_city: str | None
    customer_state: str | None
    customer_country: str | None
    customer_postal_code: str
    agency_id: str | None
    agency_name: str | None
    agency_city: str | None
    agency_state: str | None
    agency_country: str | None
    agency_postal_code: str | None
    agent_name: str | None
    agent_email: str | None
    agent_commission: str
    created_by: str
    created_by_email: str
    created_by_commission: str
    original_created_by: str
    original_created_by_email: str
    supplier_id: str
    supplier_name: str
    supplier_user_name: str
    supplier_user_email: str
    supplier_net_rate: Decimal
    activity_id: str
    supplier_option_total: str
    supplier_tax_total: Decimal
    supplier_fee_total: str
    supplier_service_fee_total: str
    cancelled_date: str | None
    reference_id: str | None
    agent_alternative_id: str | None
    created_by_alternative_id: str | None
    original_created_by_alternative_id: str | None
    supplier_user_alternative_id: str | None
    product_number: int
    bill_week: str | None
    bill_month: str | None
    bill_year: str | None
    transaction_id: str
    product_location: str
    product_type: str
    product_class: str
    sales_channel: str | None
    product_supplier: str | None
    tax_exempt_total: str
    processing_absorb_total: str
    collected_supplier_tax_total: Decimal
    service_fee_billable: bool
    bill_date: str | None
    tier_name: TierNameOut
    supplier_discount_total: str
    sales_channel_id: str
    processor_entity_id: str
    date_change: bool
    order_agent_created_by: str | None
    order_agent_created_by_email: str | None
    order_agent_created_by_alternative_id: str | None
    product_created_by: str
    product_created_by_email: str
    product_created_by_alternative_id: str | None
    product_agent_created_by: str | None
    product_agent_created_by_email: str | None
    product_agent_created_by_alternative_id: str | None
    agency_connection_type: str | None
    supplier_connection_type: str
    order_start_date: str
    ar_dr_process_date: str | None
    pickup_zone: str
    pickup_zone_id: str
    pickup_location_id: str
    discount_count: int | None
    fee_count: int | None
    tax_count: int | None
    item_addon_quantity: str
    item_addon_total: str
    order_created_by: str
    net_gross_profit: Decimal
    processing_payable: str
    percentage: str
    order_id: str


_TIER_NAME = "tierName"


def listed(records: Iterable[Transaction], facts: Facts) -> list[msgspec.Raw]:
    """Show the rows of several transactions, in JSON already: texts are less for Python to keep."""
    return [msgspec.Raw(wire.encode(row)) for row in _rows(records, facts)]


def order_rows_sheet(records: Iterable[Transaction], facts: Facts) -> Sheet:
    """Return the rows as a table with the same names; the tier's name has two columns."""
    names = msgspec.structs.fields(OrderRowOut)
    titles = [title for field in names for title in _titles(field.encode_name)]
    return Sheet(name="Orders", titles=titles, rows=(_cells(row) for row in _rows(records, facts)))


def _titles(name: str) -> Sequence[str]:
    return (f"{name}.key", f"{name}.name") if name == _TIER_NAME else (name,)


def _cells(row: OrderRowOut) -> Sequence[Cell]:
    found: list[Cell] = []
    for value in msgspec.structs.astuple(row):
        found += (value.key, value.name) if isinstance(value, TierNameOut) else (value,)
    return found


def _rows(records: Iterable[Transaction], facts: Facts) -> Iterator[OrderRowOut]:
    for record in records:
        of_change = _of_change(record, facts)
        for row in rows_of(record):
            yield OrderRowOut(**of_change, **_of_item(record, row, facts), **_amounts(record.order, row))


def _of_change(record: Transaction, facts: Facts) -> dict[str, Any]:
    """Return what all rows of a change share: the order, its customer, the accounts and who did it."""
    order, body = record.order, record.order.body
    dated = (item for item in body.items if item.start_at is not None)
    first = min(dated, key=lambda item: item.start_at or 0, default=None)
    customer = body.customer
    creator = facts.creator(order, record.creator)
    actor = facts.actor(order, record.deeds[0].actor, record.creator) if record.deeds else creator
    cancelled = any(deed.action in CANCELLING for deed in record.deeds)
    supplier = facts.accounts[order.account_id]
    holder = order.owner_id if body.resale is not None and body.resale.kind == "net" else order.account_id
    return {
        "process_date": f"{to_local(record.at, facts.viewer.time_zone):%Y-%m-%d}",
        "entity_id": order.owner_id,
        "transaction_date": iso_utc(record.at),
        "created_date": iso_utc(order.created_at),
        "order_start_date": _start(order, first),
        "cancelled_date": iso_utc(record.at) if cancelled else None,
        "date_change": not {"order.rescheduled", "order.moved"}.isdisjoint(record.actions),
        "transaction_id": f"{order.id}-{record.at}",
        "order_id": order.id,
        "confirmation": f"{order.confirmation}",
        "reference_id": body.reference_id,
        "customer_name": full_name(customer),
        "customer_city": _text_or_none(customer.get("city")),
        "customer_state": _text_or_none(customer.get("state")),
        "customer_country": _text_or_none(customer.get("country")),
        "customer_postal_code": _text_or_none(customer.get("postalCode")) or "",
        "created_by": actor.name,
        "created_by_email": actor.email,
        "created_by_alternative_id": actor.alternative_id,
        "original_created_by": creator.name,
        "original_created_by_email": creator.email,
        "original_created_by_alternative_id": creator.alternative_id,
        "order_created_by": creator.name,
        "product_created_by": actor.name,
        "product_created_by_email": actor.email,
        "product_created_by_alternative_id": actor.alternative_id,
        "supplier_id": supplier.id,
        "supplier_name": supplier.name,
        "product_supplier": supplier.name,
        "processor_entity_id": holder,
        "sales_channel": order.channel or None,
        "sales_channel_id": "",
        **_sides(record, facts),
        **_NOTHING,
    }


def _sides(record: Transaction, facts: Facts) -> dict[str, Any]:
    """Return what a row says of the reseller and its agent, or of the supplier's user if the supplier sold itself."""
    order = record.order
    creator = facts.creator(order, record.creator)
    resold = order.owner_id != order.account_id
    agency = facts.accounts[order.owner_id] if resold else None
    agent = facts.agent(order, record.creator)
    user = creator if facts.made_by_supplier(order, record.creator) else None
    kind = order.body.resale.kind if order.body.resale is not None else "commission" if resold else None
    return {
        "agency_id": agency.id if agency else None,
        "agency_name": agency.name if agency else None,
        "agency_city": agency.business.city if agency else None,
        "agency_state": agency.business.state if agency else None,
        "agency_country": agency.business.country if agency else None,
        "agency_postal_code": agency.business.postal_code if agency else None,
        "agency_connection_type": kind,
        "supplier_connection_type": kind or "",
        **dict.fromkeys(("agent_name", *_agents("by")), agent.name if agent else None),
        **dict.fromkeys(("agent_email", *_agents("by_email")), agent.email if agent else None),
        **dict.fromkeys(
            ("agent_alternative_id", *_agents("by_alternative_id")), agent.alternative_id if agent else None
        ),
        "supplier_user_name": user.name if user else "",
        "supplier_user_email": user.email if user else "",
        "supplier_user_alternative_id": user.alternative_id if user else None,
    }


def _agents(what: str) -> tuple[str, str]:
    return f"order_agent_created_{what}", f"product_agent_created_{what}"


def _of_item(record: Transaction, row: ReportRow, facts: Facts) -> dict[str, Any]:
    """Return what a row says of its date, product, place and tier."""
    order, item = record.order, row.item
    product = facts.catalogs[order.account_id].products_by_id.get(item.product_id)
    place, pickup = facts.place(row.location), row.pickup.location if row.pickup else None
    zone = facts.zone(order, facts.place(pickup))
    start = _start(order, item)
    days = ""
    if item.start_at is not None:
        ahead = to_local(item.start_at, item.time_zone).date() - to_local(record.at, item.time_zone).date()
        days = f"{ahead.days}"
    return {
        "start_date": start,
        "product_start_date": start,
        "advance_purchase_days": days,
        "activity_id": item.id,
        "participant_sold": f"{row.participants}",
        "product_sold": f"{row.units}",
        "tier_name": TierNameOut(key=row.tier, name=_tier_name(product, row.tier)),
        "product_id": item.product_id,
        "product_name": item.product_name,
        "product_number": item.product_number,
        "product_type": item.kind,
        "product_class": product.class_ if product else "",
        "product_location": row.location.name if row.location else "",
        "product_city": place.city if place else "",
        "product_state": place.state if place else "",
        "product_country": place.country if place else "",
        "pickup_location": pickup.name if pickup else "",
        "pickup_location_id": pickup.id if pickup else "",
        "pickup_zone": zone.name if zone else "",
        "pickup_zone_id": zone.id if zone else "",
    }


def _tier_name(product: Product | None, code: str) -> str:
    tier = product.tier(code) if product else None
    return tier.name if tier else code


def _amounts(order: Order, row: ReportRow) -> dict[str, Any]:
    """Return a row's money: numbers and texts."""
    currency = order.body.currency

    def number(*types: Any) -> Decimal:
        return to_wire(sum(row.amounts.get(type_, 0) for type_ in types), currency)

    nothing = f"{to_wire(0, currency)}"
    commission = -row.amounts.get("commission", 0)
    net = to_wire(row.total - commission, currency)
    is_net = order.body.resale is not None and order.body.resale.kind == "net"
    return {
        "price_total": number("product"),
        "option_total": f"{number('pickup')}",
        "fee_total": f"{number('fee', 'service_fee')}",
        "tax_total": number("tax"),
        "discount_total": f"{number('discount')}",
        "cancellation_fee_total": f"{number('cancellation_fee')}",
        "gross_profit": to_wire(row.total, currency),
        "net_gross_profit": net,
        "agent_commission": f"{to_wire(commission, currency)}",
        "supplier_net_rate": net if is_net else to_wire(0, currency),
        "supplier_option_total": f"{number('pickup')}",
        "supplier_tax_total": number("tax"),
        "collected_supplier_tax_total": number("tax"),
        "supplier_fee_total": f"{number('fee')}",
        "supplier_service_fee_total": f"{number('service_fee')}",
        "supplier_discount_total": f"{number('discount')}",
        **dict.fromkeys(_ALWAYS_ZERO, nothing),
    }


_ALWAYS_ZERO = (
    "processing_total",
    "processing_absorb_total",
    "processing_payable",
    "tax_exempt_total",
    "item_addon_total",
    "created_by_commission",
)
_NOTHING: dict[str, Any] = {
    **dict.fromkeys(("bill_week", "bill_month", "bill_year", "bill_date", "ar_dr_process_date")),
    **dict.fromkeys(("discount_count", "fee_count", "tax_count")),
    "service_fee_billable": False,
    "item_addon_quantity": "0",
    "percentage": "",
    "return_location": "",
}


def _start(order: Order, item: Item | None) -> str:
    """Return a start on its wall clock. What has no date begins when it was ordered: a date is never null here."""
    if item is None or item.start_at is None:
        return iso_utc(order.created_at)
    return iso_wall(item.start_at, item.time_zone)


def _text_or_none(value: Any) -> str | None:
    return None if value is None else str(value)
