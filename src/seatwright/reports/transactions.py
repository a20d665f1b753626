"""What happened to orders and when: a record for each time that an order was made or changed.

A record is an order and an instant. Its amounts are the sums of the ledger's entries of that instant and nothing else,
so the records of some days add up to the accrual report of the same days. Its other data (what was done, to which
items) come from the audit log and the order. Checking guests in is no change of an order here.

Both sides of a resold order have its records: each account reads those of the orders in its own list.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping, Sequence
from datetime import date
from types import MappingProxyType
from typing import Any, NamedTuple, TypeAlias

import msgspec

from seatwright.cart.model import Item
from seatwright.core.clock import Instant
from seatwright.core.errors import Invalid
from seatwright.orders import store
from seatwright.orders.ledger import PAID
from seatwright.orders.view import OrderView, view_of
from seatwright.reports.accrual import LINE_TYPES, LineType
from seatwright.reports.periods import Span
from seatwright.reports.products import products_numbered
from seatwright.storage.engine import ReadTx, Row

UNTOLD = ("order.checked_in", "order.checked_out", "order.no_show", "order.no_show_undone", "order.message_sent")
"""Actions that don't count as a change of an order."""
MOVED = "order.moved"
FEE_CHANGED = "order.cancellation_fee_changed"
_UNTOLD = ", ".join(f"'{action}'" for action in UNTOLD)


class TransactionFilter(NamedTuple):
    """The filters; None means no filter. `starts` are days on which an item starts, on its location's clock."""

    span: Span | None = None
    order_ids: Sequence[str] | None = None
    confirmations: Sequence[int] | None = None
    product_numbers: Sequence[int] | None = None
    starts: tuple[date, date] | None = None

    @property
    def by_item(self) -> bool:
        """Whether it filters by items."""
        return self.product_numbers is not None or self.starts is not None


class Entry(NamedTuple):
    """A sum of one line item's entries, as the customer sees it: reductions and amounts taken back are below zero."""

    type: LineType
    name: str
    item_id: str | None
    amount: int


class Deed(NamedTuple):
    """An action by a user (id), `system` or `customer`, with its items, participants and units, if it names any.

    `by_item` are these lines by item, if it says so: guests may be on another item by now. `to` is the departure to
    which it moved them. `fee_change` is by how much it changed one of their cancellation fees.
    """

    action: str
    actor: str
    items: frozenset[str]
    lines: frozenset[str]
    fee_change: int = 0
    by_item: Mapping[str, frozenset[str]] = MappingProxyType({})
    to: str | None = None

    def lines_on(self, item: Item) -> frozenset[str]:
        """Return the lines of an item that the action is about."""
        if item.id == self.to:
            return self.lines
        return self.by_item.get(item.id, frozenset()) if self.by_item else self.lines


class Transaction(NamedTuple):
    """One record, in minor units of the order's currency.

    `actions` are what was done at that instant, in order: mostly one. `total` is by how much what is owed changed,
    `payments` what was paid then by payment type (below zero: given back), `commission` by how much a reseller's
    commission changed. `items` are those that it was about, as they are now. `creator` is the user who made
    the order; `first_fees` are the cancellation fees of lines before they were changed, where they were.
    """

    at: Instant
    order: OrderView
    actions: tuple[str, ...]
    total: int
    payments: Mapping[str, int]
    commission: int
    items: tuple[Item, ...]
    entries: tuple[Entry, ...]
    deeds: tuple[Deed, ...]
    creator: str
    first_fees: Mapping[str, int]

    @property
    def paid(self) -> int:
        """What was paid then, in all ways together."""
        return sum(self.payments.values())

    def of_item(self, item_id: str) -> int:
        """Return by how much what is owed for one item changed."""
        return sum(line.amount for line in self.entries if line.item_id == item_id and line.type != "commission")

    @property
    def made(self) -> bool:
        """Whether the order was made at that instant; otherwise it was changed."""
        return "order.created" in self.actions


class Found(NamedTuple):
    """The rows read for a page of an account; `records_of` makes records from them, in a time proportional to the
    number of orders.
    """

    viewer_id: str
    moments: Sequence[Row]
    orders: Sequence[Row]
    entries: Sequence[Row]
    events: Sequence[Row]


async def read(
    tx: ReadTx, account_id: str, chosen: TransactionFilter, *, limit: int, page: int, more: int = 0
) -> Found:
    """Read one page of records, oldest first, and `more` records after it; `page` counts pages of `limit` from 0.

    Raises `Invalid` without any filter.
    """
    if chosen == TransactionFilter():
        raise Invalid(
            "At least one filter is needed: from and to, orderIds, confirmationIds, productNumbers, or "
            "fromProductStartDate and toProductStartDate.",
            code="missing_filter",
        )
    moments = await _moments(tx, account_id, chosen, limit + more, limit * page)
    orders = await tx.rows(
        f"""
        SELECT {store.ORDER_COLUMNS}, o.created_at AS booked_at FROM order_view v
        JOIN orders o ON o.account_id = v.supplier_id AND o.id = v.order_id
        WHERE v.account_id = $1 AND v.seq = ANY($2)
        """,  # noqa: S608 - constant columns
        account_id,
        sorted({row["seq"] for row in moments}),
    )
    suppliers, ids = sorted({row["account_id"] for row in orders}), sorted({row["id"] for row in orders})
    entries = await tx.rows(
        """
        SELECT account_id, order_id, created_at AS at, ledger, departure_id, name, SUM(amount) AS amount
        FROM ledger_entry WHERE account_id = ANY($1) AND order_id = ANY($2)
        GROUP BY account_id, order_id, created_at, ledger, departure_id, name
        ORDER BY MIN(transaction_no * 1000000 + entry_no)
        """,
        suppliers,
        ids,
    )
    events = await tx.rows(
        "SELECT subject_id AS order_id, at, actor, action, detail FROM audit_event "
        "WHERE account_id = ANY($1) AND subject_id = ANY($2) ORDER BY at, id",
        suppliers,
        ids,
    )
    return Found(account_id, moments, orders, entries, events)


def records_of(found: Found) -> Iterator[Transaction]:
    """Yield the records that were read, building each order when its turn comes: thousands of them at once are so many
    objects that all other tasks would wait for Python's garbage collector.
    """
    orders = {row["id"]: row for row in found.orders}
    entries = _by_moment(found.entries)
    events = _by_moment(row for row in found.events if row["action"] not in UNTOLD)
    creators = {row["order_id"]: row["actor"] for row in found.events if row["action"] == "order.created"}
    first_fees: dict[str, dict[str, int]] = defaultdict(dict)
    for event in found.events:
        if event["action"] == FEE_CHANGED:
            detail = msgspec.json.decode(event["detail"])
            first_fees[event["order_id"]].setdefault(detail["line"], detail["from"])
    for moment in found.moments:
        row = orders.get(moment["order_id"])
        if row is not None:
            order = view_of(store.order_from(row), found.viewer_id)
            record = _record(moment, order, row["booked_at"], entries, events)
            yield record._replace(creator=creators.get(order.id, ""), first_fees=first_fees.get(order.id, {}))


async def _moments(tx: ReadTx, account_id: str, chosen: TransactionFilter, limit: int, offset: int) -> Sequence[Row]:
    """Return the orders and instants of a page of records.

    An order was made when the account's list says; `booked_at` is 0 then, as its books may know another moment if the
    clocks of two servers differ.
    """
    values: list[Any] = [account_id, limit, offset]

    def given(value: Any) -> str:
        values.append(value)
        return f"${len(values)}"

    made, changed = "v.account_id = $1", "v.account_id = $1 AND v.modified_at > v.created_at"
    happened = f"a.at > o.created_at AND a.action LIKE 'order.%' AND a.action NOT IN ({_UNTOLD})"
    if chosen.span is not None:
        start, end = given(chosen.span.start), given(chosen.span.end)
        made += f" AND v.created_at >= {start} AND v.created_at < {end}"
        changed += f" AND v.modified_at >= {start} AND v.created_at < {end}"
        happened += f" AND a.at >= {start} AND a.at < {end}"
    narrow = ""
    if chosen.order_ids is not None:
        narrow += f" AND v.order_id = ANY({given(list(chosen.order_ids))})"
    if chosen.confirmations is not None:
        narrow += f" AND v.confirmation = ANY({given(list(chosen.confirmations))})"
    if chosen.by_item:
        narrow += await _about_items(tx, account_id, chosen, given)
    # Few orders match a narrow filter: `+ 0` keeps SQLite from scanning all orders by date to find them.
    at = "v.created_at + 0" if narrow and chosen.span is None else "v.created_at"
    return await tx.rows(
        f"""
        SELECT v.seq, v.order_id, 0 AS booked_at, {at} AS at FROM order_view v WHERE {made}{narrow}
        UNION ALL
        SELECT DISTINCT v.seq, v.order_id, a.at AS booked_at, a.at FROM order_view v
        JOIN orders o ON o.account_id = v.supplier_id AND o.id = v.order_id
        JOIN audit_event a ON a.account_id = v.supplier_id AND a.subject_id = v.order_id
        WHERE {changed}{narrow} AND {happened}
        ORDER BY at, seq, booked_at LIMIT $2 OFFSET $3
        """,  # noqa: S608 - constant conditions
        *values,
    )


async def _about_items(tx: ReadTx, account_id: str, chosen: TransactionFilter, given: Any) -> str:
    """Return a condition for orders with an item of these products, on a departure that starts on these days."""
    suppliers = await tx.rows("SELECT supplier_id FROM connection WHERE reseller_id = $1", account_id)
    accounts = [account_id, *(row["supplier_id"] for row in suppliers)]
    products = await products_numbered(tx, accounts, chosen.product_numbers)
    items = (
        f"d.account_id = ANY({given(sorted({account for account, _ in products}))})"
        f" AND d.product_id = ANY({given(sorted({product for _, product in products}))})"
    )
    if chosen.starts is not None:
        first, last = chosen.starts
        items += f" AND d.local_date BETWEEN {given(first.isoformat())} AND {given(last.isoformat())}"
    # With days, few orders are read one by one; without, the departures lead to them (CROSS: for SQLite).
    if chosen.span is not None:
        return f""" AND EXISTS (
            SELECT 1 FROM order_line l CROSS JOIN departure d WHERE l.account_id = v.supplier_id
            AND l.order_id = v.order_id AND d.account_id = l.account_id AND d.id = l.departure_id AND {items}
        )"""  # noqa: S608 - constant conditions
    return f""" AND v.order_id IN (
            SELECT l.order_id FROM departure d CROSS JOIN order_line l
            WHERE {items} AND l.account_id = d.account_id AND l.departure_id = d.id
        )"""  # noqa: S608 - constant conditions


_ByMoment: TypeAlias = Mapping[tuple[str, Instant], list[Row]]
"""Rows by order and instant."""


def _by_moment(rows: Iterable[Row]) -> _ByMoment:
    found: dict[tuple[str, Instant], list[Row]] = defaultdict(list)
    for row in rows:
        found[row["order_id"], row["at"]].append(row)
    return found


def _record(
    moment: Row, order: OrderView, made_at: Instant, all_entries: _ByMoment, all_events: _ByMoment
) -> Transaction:
    key = order.id, moment["booked_at"] or made_at
    entries, events = all_entries.get(key, []), all_events.get(key, [])
    lines = tuple(_entry(row) for row in entries if row["ledger"] in LINE_TYPES)
    deeds = tuple(_deed(event) for event in events)
    payments: dict[str, int] = defaultdict(int)
    for row in entries:
        if row["ledger"] in PAID:
            payments[row["name"]] += int(row["amount"])
    touched = {row["departure_id"] for row in entries}
    for deed in deeds:
        about = (item.id for item in order.body.items if any(line.id in deed.lines_on(item) for line in item.lines))
        touched |= deed.items.union(about)
    return Transaction(
        at=moment["at"],
        order=order,
        actions=tuple(deed.action for deed in deeds),
        total=sum(line.amount for line in lines if line.type != "commission"),
        payments=payments,
        commission=-sum(line.amount for line in lines if line.type == "commission"),
        items=tuple(item for item in order.body.places if item.id in touched),
        entries=tuple(line for line in lines if line.amount),
        deeds=deeds,
        creator="",
        first_fees={},
    )


def _deed(event: Row) -> Deed:
    """Return the action of an audit event: it names items with their lines, an item, lines, a line, or nothing."""
    detail = msgspec.json.decode(event["detail"])
    if not isinstance(detail, dict):
        detail = {}
    items = detail.get("items", ())
    sold = [line for item in items for line in item.get("lines", ())]
    return Deed(
        action=event["action"],
        actor=event["actor"],
        items=frozenset((*(item["id"] for item in items), detail.get("item", ""))),
        lines=frozenset((*sold, *detail.get("lines", ()), detail.get("line", ""))),
        fee_change=detail["to"] - detail["from"] if event["action"] == FEE_CHANGED else 0,
        by_item={item["id"]: frozenset(item.get("lines", ())) for item in items},
        to=detail["to"] if event["action"] == MOVED else None,
    )


def _entry(row: Row) -> Entry:
    return Entry(LINE_TYPES[row["ledger"]], row["name"], row["departure_id"], -int(row["amount"]))
