"""Lists orders. Every account that sees an order has a row for it, numbered without gaps.

Without a filter, and with dates of creation alone (which grow with the numbers), a page at any depth is a
range of numbers; other filters have an index each.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import Any, NamedTuple

from seatwright.core.clock import Instant
from seatwright.storage.engine import ReadTx


@dataclass(frozen=True, slots=True)
class OrderFilter:
    """The filters; None means no filter. Instants are half-open: from <= x < to, milliseconds UTC."""

    ids: Sequence[str] | None = None
    confirmations: Sequence[int] | None = None
    created_from: Instant | None = None
    created_to: Instant | None = None
    modified_from: Instant | None = None
    modified_to: Instant | None = None
    reference_id: str | None = None


_ALL = 2**62
"""Higher than any number."""


class ListedOrder(NamedTuple):
    """An order on a page: its number in the account's list, its id, and its version, which grows with every change."""

    number: int
    id: str
    version: int


async def page(
    tx: ReadTx, viewer_id: str, chosen: OrderFilter, *, limit: int, page: int, newest_first: bool
) -> list[ListedOrder]:
    """Return one page of the orders that an account sees, by number; `page` counts pages of `limit` from 0."""
    filters = _filters(chosen)
    first, last = 1, _ALL
    if newest_first or filters.since is not None or chosen.created_from is not None or chosen.created_to is not None:
        first, last = await _range(tx, viewer_id, chosen)
    if filters.since is not None:
        changed = _Changed(tx, viewer_id, filters.since, first, last)
        return await _numbered(tx, viewer_id, await changed.numbers(limit, limit * page, newest_first), newest_first)
    if filters.conditions:
        offset = limit * page
    elif newest_first:
        offset, last = 0, last - limit * page
    else:
        offset, first = 0, first + limit * page
    # Few orders match a narrow filter: `+ 0` keeps the databases from scanning all numbers in order to find them.
    seq = "(v.seq + 0)" if filters.narrow else "v.seq"
    direction = "DESC" if newest_first else "ASC"
    rows = await tx.rows(
        f"""
        SELECT v.seq, o.id, o.version FROM (
            SELECT v.seq AS number FROM order_view v {filters.join}
            WHERE v.account_id = $1 AND {seq} >= $2 AND {seq} <= $3 {"".join(filters.conditions)}
            ORDER BY {seq} {direction} LIMIT $4 OFFSET $5
        ) chosen
        JOIN order_view v ON v.account_id = $1 AND v.seq = chosen.number
        JOIN orders o ON o.account_id = v.supplier_id AND o.id = v.order_id
        ORDER BY v.seq {direction}
        """,  # noqa: S608 - constant conditions
        viewer_id,
        first,
        last,
        limit,
        offset,
        *filters.values,
    )
    return [ListedOrder(row["seq"], row["id"], row["version"]) for row in rows]


async def _numbered(tx: ReadTx, viewer_id: str, numbers: list[int], newest_first: bool) -> list[ListedOrder]:
    """Return the orders with these numbers."""
    rows = await tx.rows(
        f"""
        SELECT v.seq, o.id, o.version
        FROM order_view v JOIN orders o ON o.account_id = v.supplier_id AND o.id = v.order_id
        WHERE v.account_id = $1 AND v.seq = ANY($2) ORDER BY v.seq {"DESC" if newest_first else "ASC"}
        """,  # noqa: S608 - a constant
        viewer_id,
        numbers,
    )
    return [ListedOrder(row["seq"], row["id"], row["version"]) for row in rows]


@dataclass(frozen=True, slots=True)
class _Changed:
    """The numbers, from `first` to `last`, of orders that were made or changed since an instant.

    The orders made since then are a range at the end, without gaps. Of the orders before it only those that were
    changed later count; they have an index of their own. So no page has to scan the rows of other pages.
    """

    tx: ReadTx
    viewer_id: str
    since: Instant
    first: int
    last: int

    async def numbers(self, limit: int, offset: int, newest_first: bool) -> list[int]:
        """Return one page."""
        made = max(self.first, await _first_since(self.tx, self.viewer_id, self.since) or self.last + 1)
        many = max(0, self.last - made + 1)
        if newest_first:
            end = self.last - offset
            found = list(range(end, max(made - 1, end - limit), -1)) if offset < many else []
            return found + await self._late(made, limit - len(found), max(0, offset - many), "DESC")
        late = await self._count(made) if made > self.first else 0
        found = await self._late(made, limit, offset, "ASC") if offset < late else []
        start = made + max(0, offset - late)
        return found + list(range(start, min(self.last, start + limit - len(found) - 1) + 1))

    async def _count(self, made: int) -> int:
        row = await self.tx.row(f"SELECT COUNT(*) AS many {_LATE}", *self._late_values(made))
        return int(row["many"]) if row else 0

    async def _late(self, made: int, limit: int, offset: int, direction: str) -> list[int]:
        if made <= self.first or limit <= 0:
            return []
        rows = await self.tx.rows(
            f"SELECT seq {_LATE} ORDER BY seq {direction} LIMIT $5 OFFSET $6",
            *self._late_values(made),
            limit,
            offset,
        )
        return [row["seq"] for row in rows]

    def _late_values(self, made: int) -> tuple[Any, ...]:
        return self.viewer_id, self.since, self.first, made


_LATE = """
FROM order_view WHERE account_id = $1 AND modified_at >= $2 AND modified_at > created_at AND seq >= $3 AND seq < $4
"""


async def _first_since(tx: ReadTx, viewer_id: str, instant: Instant) -> int | None:
    """Return the number of the first order that was made at an instant or later, or None."""
    row = await tx.row(
        "SELECT seq FROM order_view WHERE account_id = $1 AND created_at >= $2 ORDER BY created_at, seq LIMIT 1",
        viewer_id,
        instant,
    )
    return int(row["seq"]) if row else None


async def _range(tx: ReadTx, viewer_id: str, chosen: OrderFilter) -> tuple[int, int]:
    """Return the first and last number of the orders that were created in the requested range."""
    row = await tx.row("SELECT orders FROM account_counter WHERE account_id = $1", viewer_id)
    first, last = 1, row["orders"] if row else 0
    if chosen.created_from is not None:
        first = await _first_since(tx, viewer_id, chosen.created_from) or last + 1
    if chosen.created_to is not None:
        found = await tx.row(
            "SELECT seq FROM order_view WHERE account_id = $1 AND created_at < $2 "
            "ORDER BY created_at DESC, seq DESC LIMIT 1",
            viewer_id,
            chosen.created_to,
        )
        last = min(last, found["seq"] if found else 0)
    return first, last


@dataclass(slots=True)
class _Filters:
    """Conditions on the rows of `order_view v`, with their values from `$6` on."""

    conditions: list[str] = field(default_factory=list)
    values: list[Any] = field(default_factory=list)
    join: str = ""
    narrow: bool = False
    since: Instant | None = None
    """Set if there is no other filter than a date of change to begin with, and perhaps dates of creation."""

    def add(self, condition: str, value: Any, *, narrow: bool) -> None:
        """Add a condition, with `?` for its value; `narrow` if few rows match."""
        self.values.append(value)
        self.conditions.append(" AND " + condition.replace("?", f"${len(self.values) + 5}"))
        self.narrow = self.narrow or narrow


def _filters(chosen: OrderFilter) -> _Filters:
    filters = _Filters()
    if chosen.ids is not None:
        filters.add("v.order_id = ANY(?)", list(chosen.ids), narrow=True)
    if chosen.confirmations is not None:
        filters.add("v.confirmation = ANY(?)", list(chosen.confirmations), narrow=True)
    if chosen.reference_id is not None:
        filters.join = "JOIN order_reference r ON r.account_id = v.account_id AND r.seq = v.seq"
        filters.add("r.account_id = $1 AND r.reference_id = ?", chosen.reference_id, narrow=True)
    in_between = chosen.modified_to is not None
    if chosen.modified_from is not None and not in_between and not filters.conditions:
        filters.since = chosen.modified_from
        return filters
    if chosen.modified_from is not None:
        filters.add("v.modified_at >= ?", chosen.modified_from, narrow=in_between)
    if chosen.modified_to is not None:
        filters.add("v.modified_at < ?", chosen.modified_to, narrow=in_between)
    return filters
