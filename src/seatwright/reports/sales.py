"""Sales by product, channel or day: money from the ledger, counts from the order lines.

Money is what was booked in the requested days: a cancellation counts when it happens, not when the order was made.
Counts are of the orders that were made in these days, as they are now, including cancelled ones.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import Any, Literal, NamedTuple, TypeAlias

from seatwright.reports.booked import SUMS, SUMS_OF_SUMS
from seatwright.reports.periods import Span, days_of
from seatwright.reports.products import product_names
from seatwright.storage.engine import ReadTx, Row

By: TypeAlias = Literal["product", "channel", "day"]

OWN_CHANNEL = "Own sales"
"""The name for orders that no reseller sold."""


class Counts(NamedTuple):
    """Numbers of orders, of participants and units that are not cancelled, and of cancelled ones of both."""

    orders: int = 0
    participants: int = 0
    units: int = 0
    cancelled: int = 0


class Money(NamedTuple):
    """Minor units, as the customer sees them: `gross_sales` is what was sold, `cancelled_sales` what of that (or of
    earlier sales) was cancelled; this and `discounts` are below zero. Without what is included in a price, which is in
    `fees` and `taxes`. `commissions` are the resellers'.
    """

    gross_sales: int = 0
    cancelled_sales: int = 0
    discounts: int = 0
    pickups: int = 0
    fees: int = 0
    service_fees: int = 0
    taxes: int = 0
    cancellation_fees: int = 0
    commissions: int = 0

    @property
    def total(self) -> int:
        """The amount that customers owe, before commissions."""
        return sum(self) - self.commissions

    @property
    def net(self) -> int:
        """What is left of the total after commissions."""
        return self.total - self.commissions


class SalesLine(NamedTuple):
    """One product (`key` is its code), channel ("" is the account's own sales) or day, with what it is called."""

    key: str
    name: str
    counts: Counts
    money: Money


class Sales(NamedTuple):
    """The report: its lines, and everything together. An order of several products is one order in the total."""

    by: By
    lines: list[SalesLine]
    counts: Counts
    money: Money


_LEDGERS = "'sales', 'discounts', 'pickups', 'fees', 'service_fees', 'taxes', 'cancellation_fees', 'commissions'"
_BOOKED = f"account_id = $1 AND created_at >= $2 AND created_at < $3 AND ledger IN ({_LEDGERS})"
_MONEY_BY: dict[By, str] = {
    "product": f"""
        SELECT d.product_id AS key, s.ledger, {SUMS_OF_SUMS} FROM (
            SELECT departure_id, ledger, {SUMS} FROM ledger_entry WHERE {_BOOKED} GROUP BY departure_id, ledger
        ) s JOIN departure d ON d.account_id = $1 AND d.id = s.departure_id GROUP BY d.product_id, s.ledger
        """,  # noqa: S608 - constants
    "channel": f"""
        SELECT o.channel AS key, s.ledger, {SUMS_OF_SUMS} FROM (
            SELECT order_id, ledger, {SUMS} FROM ledger_entry WHERE {_BOOKED} GROUP BY order_id, ledger
        ) s JOIN orders o ON o.account_id = $1 AND o.id = s.order_id GROUP BY o.channel, s.ledger
        """,  # noqa: S608 - constants
    "day": f"""
        SELECT s.key, s.ledger, {SUMS_OF_SUMS} FROM (
            SELECT created_at, <day> AS key, ledger, {SUMS} FROM ledger_entry WHERE {_BOOKED}
            GROUP BY created_at, ledger
        ) s GROUP BY s.key, s.ledger
        """,  # noqa: S608 - constants
}
# CROSS: or SQLite begins with the lines of all orders.
_MADE = "v.account_id = $1 AND v.supplier_id = $1 AND v.created_at >= $2 AND v.created_at < $3"
_LINES = """SUM(CASE WHEN l.status = 'confirmed' AND l.kind = 'participant' THEN 1 ELSE 0 END) AS participants,
        SUM(CASE WHEN l.status = 'confirmed' AND l.kind = 'unit' THEN 1 ELSE 0 END) AS units,
        SUM(CASE WHEN l.status = 'cancelled' THEN 1 ELSE 0 END) AS cancelled"""
_OF_ORDER = "l.account_id = $1 AND l.order_id = v.order_id"
_SUM_UP = "SUM(c.participants) AS participants, SUM(c.units) AS units, SUM(c.cancelled) AS cancelled"
_COUNTS_BY: dict[By, str] = {
    "product": f"""
        SELECT c.key, COUNT(*) AS orders, {_SUM_UP} FROM (
            SELECT v.order_id, d.product_id AS key, {_LINES} FROM order_view v CROSS JOIN order_line l
            CROSS JOIN departure d WHERE {_MADE} AND {_OF_ORDER} AND d.account_id = $1 AND d.id = l.departure_id
            GROUP BY v.order_id, d.product_id
        ) c GROUP BY c.key
        """,  # noqa: S608 - constants
    "channel": f"""
        SELECT o.channel AS key, COUNT(*) AS orders, {_SUM_UP} FROM (
            SELECT v.order_id, {_LINES} FROM order_view v CROSS JOIN order_line l WHERE {_MADE} AND {_OF_ORDER}
            GROUP BY v.order_id
        ) c JOIN orders o ON o.account_id = $1 AND o.id = c.order_id GROUP BY o.channel
        """,  # noqa: S608 - constants
    "day": f"""
        SELECT c.key, COUNT(*) AS orders, {_SUM_UP} FROM (
            SELECT v.order_id, <day> AS key, {_LINES} FROM order_view v CROSS JOIN order_line l
            WHERE {_MADE} AND {_OF_ORDER} GROUP BY v.order_id, v.created_at
        ) c GROUP BY c.key
        """,  # noqa: S608 - constants
}


async def sales(tx: ReadTx, account_id: str, span: Span, by: By) -> Sales:
    """Return the account's sales of its own products in some days, by product (in order of their numbers), channel or
    day.
    """
    money_sql, money_values = _with_day(_MONEY_BY[by], "created_at", span)
    counts_sql, counts_values = _with_day(_COUNTS_BY[by], "v.created_at", span)
    money_rows = await tx.rows(money_sql, account_id, span.start, span.end, *money_values)
    count_rows = await tx.rows(counts_sql, account_id, span.start, span.end, *counts_values)
    money = {key: Money(**fields) for key, fields in _by_key(money_rows).items()}
    counts = {row["key"]: _counts(row) for row in count_rows}
    lines = [
        SalesLine(shown, name, counts.get(key, Counts()), money.get(key, Money()))
        for key, shown, name in await _keys(tx, account_id, span, by, {*money, *counts})
    ]
    together = Counts(*map(sum, zip(*(line.counts for line in lines), strict=True))) if lines else Counts()
    if by == "product":
        made = await tx.row(
            f"SELECT COUNT(*) AS orders FROM order_view v WHERE {_MADE}",  # noqa: S608 - a constant
            account_id,
            span.start,
            span.end,
        )
        together = together._replace(orders=made["orders"] if made else 0)
    return Sales(by, lines, together, _sum(line.money for line in lines))


def _sum(amounts: Any) -> Money:
    return Money(*map(sum, zip(*amounts, strict=True))) if (amounts := list(amounts)) else Money()


def _with_day(sql: str, column: str, span: Span) -> tuple[str, list[int]]:
    """Return SQL with the day's number in place of `<day>`, and the values that it needs from `$4` on."""
    if "<day>" not in sql:
        return sql, []
    day, values = days_of(span).number(column, 4)
    return sql.replace("<day>", day), values


def _by_key(rows: Sequence[Row]) -> dict[Any, dict[str, int]]:
    """Return the fields of `Money` for each key: credits are earnings, except for commissions."""
    found: dict[Any, dict[str, int]] = {}
    for row in rows:
        fields = found.setdefault(row["key"], {})
        added, taken_back = int(row["added"]), int(row["taken_back"])
        if row["ledger"] == "sales":
            fields["gross_sales"], fields["cancelled_sales"] = -added, -taken_back
        else:
            sign = 1 if row["ledger"] == "commissions" else -1
            fields[row["ledger"]] = sign * (added + taken_back)
    return found


def _counts(row: Row) -> Counts:
    return Counts(*(int(row[name]) for name in Counts._fields))


async def _keys(tx: ReadTx, account_id: str, span: Span, by: By, keys: set[Any]) -> list[tuple[Any, str, str]]:
    """Return, for each line, its key in the rows, and key and name as they are shown. Every day has a line."""
    if by == "product":
        products = await product_names(tx, account_id, keys)
        ordered = sorted(products.values(), key=lambda product: (product.number, product.code, product.id))
        return [(product.id, product.code, product.name) for product in ordered]
    if by == "channel":
        return [(key, key, key or OWN_CHANNEL) for key in sorted(keys)]
    return [(number, day.isoformat(), day.isoformat()) for number, day in enumerate(span.days)]
