"""The list of orders and of earlier customers on the wire, and the list as a sheet."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Any, Literal

from seatwright.core.money import to_wire
from seatwright.core.times import iso_utc, iso_wall
from seatwright.customers.identity import customer_id
from seatwright.http.wire import Wire
from seatwright.orders.earlier_customers import Customers, EarlierCustomer, Money
from seatwright.orders.model import Order, item_status
from seatwright.orders.terms import balance_of
from seatwright.orders.view import view_of
from seatwright.reports.order_list import customer_name


class ListedItemOut(Wire, kw_only=True):
    """A departure of an order: when it starts on the location's wall clock, and how many guests or units are left."""

    id: str
    product_id: str
    product_name: str
    start_time: str | None
    status: Literal["confirmed", "pending", "cancelled"]
    guests: int


class ListedOrderOut(Wire, kw_only=True):
    """An order in a list, as the account sees it: `email`, `phone` and `customerId` are null where it doesn't see them.
    `tags` are the account's own.
    """

    id: str
    confirmation: int
    status: Literal["confirmed", "pending", "cancelled"]
    reference_id: str | None
    customer_name: str
    email: str | None
    phone: str | None
    created_date: str
    modified_date: str
    items: list[ListedItemOut]
    total: Decimal
    amount_paid: Decimal
    balance: Decimal
    settlement: Literal["owing", "credit", "settled"]
    currency: str
    channel: str | None
    supplier_id: str | None
    reseller_id: str | None
    customer_id: str | None
    tags: list[str]


class OrderPageOut(Wire, kw_only=True):
    """A page of orders. `next` is the `after` of the next page, null on the last one; a page may have fewer orders than
    `limit`, or none, before the last one.
    """

    orders: list[ListedOrderOut]
    next: int | None


class EarlierCustomerOut(Wire, kw_only=True):
    """A person who ordered before. `customer` is their newest order's; `lastTrip` the start of the latest departure on
    which they have a seat, on the location's wall clock. `id` is null for somebody of whom there is only a name.
    """

    id: str | None
    name: str
    customer: dict[str, Any]
    orders: int
    last_order_id: str
    last_trip: str | None


class CustomerMoneyOut(Wire, kw_only=True):
    """What a customer's orders in one currency come to. `owed` is what is still to be paid and `credit` what is to be
    given back, each order for itself."""

    currency: str
    orders: int
    total: Decimal
    amount_paid: Decimal
    owed: Decimal
    credit: Decimal


class CustomerOut(EarlierCustomerOut, kw_only=True):
    """A person who ordered before, with what their orders come to, by currency."""

    money: list[CustomerMoneyOut]


class CustomerPageOut(Wire, kw_only=True):
    """A page of customers. `next` is the `after` of the next page, null on the last one."""

    customers: list[EarlierCustomerOut]
    next: int | None


def listed_order_out(order: Order, viewer_id: str, tags: Sequence[str]) -> ListedOrderOut:
    """Show an order in a list to the account `viewer_id`, whose tags are on it."""
    seen = view_of(order, viewer_id)
    customer, currency, resold = seen.body.customer, seen.body.currency, order.owner_id != order.account_id
    return ListedOrderOut(
        id=seen.id,
        confirmation=seen.confirmation,
        status=seen.status,
        reference_id=seen.body.reference_id,
        customer_name=customer_name(customer),
        email=_text(customer, "email"),
        phone=_text(customer, "phone"),
        created_date=iso_utc(seen.created_at),
        modified_date=iso_utc(seen.modified_at),
        items=[
            ListedItemOut(
                id=item.id,
                product_id=item.product_id,
                product_name=item.product_name,
                start_time=None if item.start_at is None else iso_wall(item.start_at, item.time_zone),
                status=item_status(item),
                guests=len(item.live),
            )
            for item in seen.body.items
        ],
        total=to_wire(seen.total, currency),
        amount_paid=to_wire(seen.paid, currency),
        balance=to_wire(seen.balance, currency),
        settlement=balance_of(seen),
        currency=currency,
        channel=seen.channel or None,
        supplier_id=seen.account_id if resold and viewer_id == seen.owner_id else None,
        reseller_id=seen.owner_id if resold and viewer_id == seen.account_id else None,
        customer_id=customer_id(customer),
        tags=list(tags),
    )


def customers_out(found: Customers) -> CustomerPageOut:
    """Show a page of earlier customers."""
    return CustomerPageOut(customers=[_customer_out(each) for each in found.customers], next=found.next)


def customer_out(found: tuple[EarlierCustomer, list[Money]]) -> CustomerOut:
    """Show a customer, and what their orders come to."""
    one, money = found
    return CustomerOut(
        **_fields(one),
        money=[
            CustomerMoneyOut(
                currency=each.currency,
                orders=each.orders,
                total=to_wire(each.total, each.currency),
                amount_paid=to_wire(each.paid, each.currency),
                owed=to_wire(each.owed, each.currency),
                credit=to_wire(each.credit, each.currency),
            )
            for each in money
        ],
    )


def _customer_out(one: EarlierCustomer) -> EarlierCustomerOut:
    return EarlierCustomerOut(**_fields(one))


def _fields(one: EarlierCustomer) -> dict[str, Any]:
    return {
        "id": one.id,
        "name": customer_name(one.fields),
        "customer": dict(one.fields),
        "orders": one.orders,
        "last_order_id": one.order_id,
        "last_trip": None if one.last_trip is None else iso_wall(*one.last_trip),
    }


def _text(customer: Any, field: str) -> str | None:
    value = customer.get(field)
    return str(value) if value else None
