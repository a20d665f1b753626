"""Customers in a list and one by one, as texts. Pure."""

from __future__ import annotations

from typing import NamedTuple
from urllib.parse import urlencode

from seatwright.orders.earlier_customers import EarlierCustomer, Money
from seatwright.presentation.rows import Row
from seatwright.reports.order_list import customer_name
from seatwright.web.desk.booking_form import CUSTOMER_PREFIX
from seatwright.web.desk.booking_view import CUSTOMER
from seatwright.web.desk.texts import Texts

_ADDRESS = ("streetAddress", "postalCode", "city", "state", "country")


class CustomerRow(NamedTuple):
    """A customer in a list. `path` is their page, or their only order's, if there is just a name."""

    name: str
    contact: str
    path: str
    orders: int
    last_trip: str


class MoneyView(NamedTuple):
    """What a customer's orders in one currency come to; `owed` and `credit` are "" for nothing."""

    total: str
    paid: str
    owed: str
    credit: str


class CustomerPage(NamedTuple):
    """A customer. `again` is the query with which a new booking has the customer filled in."""

    id: str
    name: str
    phone: str
    email: str
    contact: list[Row]
    orders: int
    last_trip: str
    money: list[MoneyView]
    again: str


def customer_row(one: EarlierCustomer, texts: Texts) -> CustomerRow:
    """Return a customer in a list."""
    return CustomerRow(
        name=_name(one),
        contact=" · ".join(str(one.fields[field]) for field in ("phone", "email") if one.fields.get(field)),
        path=f"/customers/{one.id}" if one.id else f"/orders/{one.order_id}",
        orders=one.orders,
        last_trip=_trip(one, texts),
    )


def customer_page(one: EarlierCustomer, money: list[Money], texts: Texts) -> CustomerPage:
    """Return a customer's page."""
    fields = {name: str(value) for name, value in one.fields.items() if value and not isinstance(value, list | dict)}
    address = ", ".join(fields[field] for field in _ADDRESS if field in fields)
    named = (("Organization", fields.get("organization", "")), ("Address", address))
    return CustomerPage(
        id=one.id or "",
        name=_name(one),
        phone=fields.get("phone", ""),
        email=fields.get("email", ""),
        contact=[Row(label, value) for label, value in named if value],
        orders=one.orders,
        last_trip=_trip(one, texts),
        money=[_money(each, texts) for each in money],
        again=urlencode({CUSTOMER_PREFIX + field: fields[field] for field in CUSTOMER if field in fields}),
    )


def _name(one: EarlierCustomer) -> str:
    return customer_name(one.fields) or str(one.fields.get("email") or one.fields.get("phone") or "No name")


def _trip(one: EarlierCustomer, texts: Texts) -> str:
    return "" if one.last_trip is None else texts.moment(*one.last_trip)


def _money(money: Money, texts: Texts) -> MoneyView:
    def text(amount: int) -> str:
        return texts.money(amount, money.currency)

    return MoneyView(
        total=text(money.total),
        paid=text(money.paid),
        owed=text(money.owed) if money.owed else "",
        credit=text(money.credit) if money.credit else "",
    )
