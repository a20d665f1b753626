"""What was sold, paid and owed in some days, by ledger account: the ledger's sums, which balance to the cent.

Every entry of `ledger_entry` of those days is counted in exactly one line:

    cash                    external, cash, card, transfer and other payments, by payment type; held_by_reseller, what
                            of it a reseller holds
    advance deposits        receivable, the side of a payment (it has no departure): what customers have paid in
    accounts receivable     receivable, the side of a sale, cancellation or fee: what customers have bought
    line items              sales, discounts, fees, service_fees, pickups, taxes, cancellation_fees, commissions
    resellers owe           reseller_receivable
    owed to resellers       reseller_payable

A line has the amounts that sales, payments and fees added, and those that cancellations, lower fees, refunds and voided
payments took back, seen from the side on which it grows: cash, accounts receivable and what resellers owe grow by
debits; deposits, what is owed to resellers and line items grow by credits. The first is `positive` and the second
`negative`. For lines that lower the others (discounts, commissions and what a reseller holds) it is the other way
round. In which of the two an amount is depends on what happened and not on its sign, so that a sale made at once or in
parts gives the same figures. Hence, with `net` = positive + negative, and to the cent:

    cash + accounts receivable + resellers owe = deposits + line items + owed to resellers
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Mapping
from typing import Literal, NamedTuple, TypeAlias

from seatwright.orders.ledger import PAID
from seatwright.reports.booked import SUMS, SUMS_OF_SUMS
from seatwright.reports.periods import Span
from seatwright.reports.products import ProductName, charge_ids, product_names
from seatwright.storage.engine import ReadTx, Row

LineType: TypeAlias = Literal[
    "product", "discount", "pickup", "fee", "service_fee", "tax", "cancellation_fee", "commission"
]
LINE_TYPES: Mapping[str, LineType] = {
    "sales": "product",
    "discounts": "discount",
    "pickups": "pickup",
    "fees": "fee",
    "service_fees": "service_fee",
    "taxes": "tax",
    "cancellation_fees": "cancellation_fee",
    "commissions": "commission",
}
"""The type of line item that a ledger's entries are."""
HELD = "Held by reseller"
"""The payment type for money that a reseller has taken: the same amount below zero."""
LOWERING = frozenset(("discounts", "commissions", "held_by_reseller"))
"""Ledgers whose amounts reduce the others: a sale books amounts below zero in them."""
DEBIT, CREDIT = 1, -1
_UNKNOWN = ProductName("", "", 0, "")


class Sums(NamedTuple):
    """The amounts that were added and taken back, in minor units."""

    positive: int = 0
    negative: int = 0

    @property
    def net(self) -> int:
        """Both together."""
        return self.positive + self.negative


class LineItem(NamedTuple):
    """Everything of one name and type on one product. `type_id` is the product's id, or that of the tax, fee or pickup
    that has this name in the catalog now; None if there is none."""

    type: LineType
    name: str
    type_id: str | None
    product: ProductName
    sums: Sums


class Accrual(NamedTuple):
    """The report; sums in minor units of the account's currency. `cash` is by payment type."""

    cash: dict[str, Sums]
    receivable: Sums
    deposits: Sums
    items: list[LineItem]
    from_resellers: Sums
    to_resellers: Sums

    @property
    def debit(self) -> int:
        """The growth of the accounts that grow by debits."""
        cash = sum(sums.net for sums in self.cash.values())
        return cash + self.receivable.net + self.from_resellers.net

    @property
    def credit(self) -> int:
        """The growth of the accounts that grow by credits: the same amount."""
        return self.deposits.net + self.to_resellers.net + sum(item.sums.net for item in self.items)


_ENTRIES = f"""
SELECT s.ledger, s.name, d.product_id, CASE WHEN s.departure_id IS NULL THEN 1 ELSE 0 END AS of_order,
    {SUMS_OF_SUMS}
FROM (
    SELECT ledger, name, departure_id, {SUMS}
    FROM ledger_entry WHERE account_id = $1 AND created_at >= $2 AND created_at < $3
    GROUP BY ledger, name, departure_id
) s LEFT JOIN departure d ON d.account_id = $1 AND d.id = s.departure_id
GROUP BY s.ledger, s.name, d.product_id, CASE WHEN s.departure_id IS NULL THEN 1 ELSE 0 END
"""  # noqa: S608 - constants


async def accrual(tx: ReadTx, account_id: str, span: Span) -> Accrual:
    """Return the report of the account's own ledger for some days. Line items are in order of type, product and
    name.
    """
    rows = await tx.rows(_ENTRIES, account_id, span.start, span.end)
    products = await product_names(tx, account_id, {row["product_id"] for row in rows if row["product_id"]})
    charges = await charge_ids(tx, account_id)
    cash: dict[str, Sums] = defaultdict(Sums)
    sums: dict[str, Sums] = defaultdict(Sums)
    items = []
    for row in rows:
        ledger = row["ledger"]
        if ledger in LINE_TYPES:
            items.append(_line_item(row, products, charges))
        elif ledger in PAID or ledger == "held_by_reseller":
            of = HELD if ledger == "held_by_reseller" else row["name"]
            cash[of] = _together(cash[of], _seen(row, DEBIT))
        elif ledger == "receivable" and row["of_order"]:
            sums["deposits"] = _together(sums["deposits"], _seen(row, CREDIT))
        else:
            side = CREDIT if ledger == "reseller_payable" else DEBIT
            sums[ledger] = _together(sums[ledger], _seen(row, side))
    order = list(LINE_TYPES.values())
    return Accrual(
        cash=dict(sorted(cash.items())),
        receivable=sums["receivable"],
        deposits=sums["deposits"],
        items=sorted(items, key=lambda item: (order.index(item.type), item.product.name, item.name, item.product.id)),
        from_resellers=sums["reseller_receivable"],
        to_resellers=sums["reseller_payable"],
    )


def _line_item(row: Row, products: Mapping[str, ProductName], charges: Mapping[tuple[str, str], str]) -> LineItem:
    type_ = LINE_TYPES[row["ledger"]]
    product = products.get(row["product_id"], _UNKNOWN)
    type_id = product.id if type_ == "product" else charges.get((type_, row["name"]))
    return LineItem(type_, row["name"], type_id, product, _seen(row, CREDIT))


def _seen(row: Row, side: int) -> Sums:
    added, taken_back = side * int(row["added"]), side * int(row["taken_back"])
    return Sums(taken_back, added) if row["ledger"] in LOWERING else Sums(added, taken_back)


def _together(one: Sums, other: Sums) -> Sums:
    return Sums(one.positive + other.positive, one.negative + other.negative)
