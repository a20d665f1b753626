"""The price of an order, as texts. Pure."""

from __future__ import annotations

from seatwright.orders.model import Order
from seatwright.presentation.rows import Row
from seatwright.wording.wording import Wording


def money_rows(order: Order, words: Wording) -> list[Row]:
    """Return the rows about money; empty rows are left out."""
    currency = order.body.currency
    live = [line for item in order.body.items for line in item.live]
    parts = [
        (words.say("page.price"), sum(line.price for line in live)),
        (words.say("page.discount"), -sum(line.discount for line in live)),
        (words.say("page.fees"), sum(line.fees for line in live)),
        (words.say("page.tax"), sum(line.tax for line in live)),
        (words.say("page.cancellation_fees"), order.body.cancellation_fees),
    ]
    rows = [Row(label, words.money(amount, currency)) for label, amount in parts if amount]
    rows.append(Row(words.say("label.total"), words.money(order.total, currency), sum=True))
    rows.append(Row(words.say("label.paid"), words.money(order.paid, currency)))
    label = words.say("label.credit" if order.balance < 0 else "label.balance")
    return [*rows, Row(label, words.money(abs(order.balance), currency), sum=True)]


def included_texts(order: Order, words: Wording) -> list[str]:
    """Return the taxes and fees that the prices contain, each with its name."""
    found: dict[str, int] = {}
    for item in order.body.items:
        for charge in (charge for line in item.live for charge in line.charges if charge.included):
            found[charge.name] = found.get(charge.name, 0) + charge.amount
    return [
        words.say("page.included", name=name, amount=words.money(amount, order.body.currency))
        for name, amount in found.items()
        if amount
    ]
