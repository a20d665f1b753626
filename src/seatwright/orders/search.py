"""Finds orders by words and by what they are, from the newest on (or from the oldest), page by page.

A page is bounded, whatever is looked for. If few orders match a criterion, its index gives them all, and the other
criteria are checked on them. If many match each criterion, the orders are looked through in their order instead: as
many match, a page is soon full. A page may have fewer orders than asked for, or none, and still not be the last one:
`Found.next` says so.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from itertools import groupby
from typing import Any, Literal, NamedTuple, TypeAlias

from seatwright.core import names
from seatwright.core.errors import Invalid
from seatwright.core.folding import words
from seatwright.customers.phones import phone_words
from seatwright.orders.model import OrderStatus
from seatwright.orders.store import ORDER_COLUMNS, OrderRow
from seatwright.orders.terms import END, MAX_WORD, Balance, email_word
from seatwright.storage.engine import ReadTx

MAX_QUERY_WORDS = 8
"""Maximum number of words that may be looked for at once."""
FEW = 5_000
"""Maximum number of rows of a criterion's index that are read whole."""
FEW_LINES = 2_000
"""The same for lines on departures, each of which costs more to read."""
WINDOW = 10_000
"""Maximum number of orders that are looked through for one page."""
_LAST = "\U0010ffff"
"""Comes after every character of a term, so that `prefix + _LAST` is after all words that begin with the prefix."""
_MAX_NUMBER = 10
"""Digits of the longest confirmation number that is found by its first digits."""
_MIN_NUMBER = 3
"""Digits from which on a confirmation number is found by its first ones; with fewer it has to be complete."""

Sort: TypeAlias = Literal["newest", "oldest"]


@dataclass(frozen=True, slots=True)
class OrderSearch:
    """What is looked for; all of it must match. Days are local ones of the departures, YYYY-MM-DD, inclusive.

    `customer_id` is as in `customers.identity`. The tag is one of the account's own on orders.
    """

    query: str = ""
    product_ids: Sequence[str] = ()
    day_from: str | None = None
    day_to: str | None = None
    status: OrderStatus | None = None
    balance: Balance | None = None
    customer_id: str | None = None
    tag: str | None = None


class Found(NamedTuple):
    """A page: the orders' numbers in the account's list, and where the next page begins; None after the last one."""

    numbers: list[int]
    next: int | None


class _Criterion(NamedTuple):
    """One thing that must match: an SQL query for the numbers, and an SQL condition on a row `v` of `order_view`.

    Both have `?` for values. An empty `rows`: there is no index for it. `most` rows at most are read whole.
    """

    rows: str
    row_values: tuple[Any, ...]
    holds: str
    values: tuple[Any, ...]
    most: int = FEW


async def find(
    tx: ReadTx, viewer_id: str, chosen: OrderSearch, *, limit: int, sort: Sort = "newest", after: int | None = None
) -> Found:
    """Return a page of the orders that an account sees and that match, beyond the number `after`.

    Raises `Invalid` for too many words.
    """
    criteria = _criteria(chosen)
    if criteria is None:
        return Found([], None)
    search = _Search(tx, viewer_id, newest_first=sort == "newest", after=after)
    driver = await search.narrowest(criteria)
    if driver is not None:
        return await search.by_index(driver, [each for each in criteria if each is not driver], limit)
    return await search.through(criteria, limit)


async def read(tx: ReadTx, viewer_id: str, numbers: Sequence[int]) -> list[tuple[int, OrderRow]]:
    """Return the orders with these numbers in an account's list, in the order of `numbers`, with their numbers."""
    found = await tx.rows(
        f"""
        SELECT v.seq, {ORDER_COLUMNS} FROM order_view v
        JOIN orders o ON o.account_id = v.supplier_id AND o.id = v.order_id
        WHERE v.account_id = $1 AND v.seq = ANY($2)
        """,  # noqa: S608 - constant columns
        viewer_id,
        list(numbers),
    )
    by_number = {int(row["seq"]): OrderRow(row) for row in found}
    return [(number, by_number[number]) for number in numbers]


@dataclass(frozen=True, slots=True)
class _Search:
    tx: ReadTx
    viewer_id: str
    newest_first: bool
    after: int | None

    @property
    def _direction(self) -> str:
        return "DESC" if self.newest_first else "ASC"

    @property
    def _beyond(self) -> str:
        """The condition on a number that belongs to this page or a later one."""
        return "seq < $2" if self.newest_first else "seq > $2"

    @property
    def _start(self) -> int:
        if self.after is not None:
            return self.after
        return 2**62 if self.newest_first else 0

    async def narrowest(self, criteria: Sequence[_Criterion]) -> _Criterion | None:
        """Return the criterion with the fewest rows; None if each has too many to be read whole, or no index."""
        found: _Criterion | None = None
        fewest = 0
        for each in criteria:
            most = each.most if found is None else min(each.most, fewest)
            if not each.rows:
                continue
            sql = f"SELECT COUNT(*) AS many FROM (SELECT 1 AS one FROM ({each.rows}) r LIMIT {most + 1}) x"  # noqa: S608
            row = await self.tx.row(_numbered(sql.replace("{beyond}", self._beyond)), *self._values(each.row_values))
            many = int(row["many"]) if row else 0
            if many <= most:
                found, fewest = each, many
        return found

    async def by_index(self, driver: _Criterion, others: Sequence[_Criterion], limit: int) -> Found:
        """Return a page of the orders in a criterion's index that match the others."""
        numbers = f"SELECT DISTINCT seq FROM ({driver.rows}) r".replace("{beyond}", self._beyond)  # noqa: S608
        if others:
            # Every number is looked up: CROSS keeps the databases from scanning all orders.
            sql = f"""
                SELECT v.seq FROM ({numbers}) c CROSS JOIN order_view v
                WHERE v.account_id = $1 AND v.seq = c.seq {_all(others)}
                ORDER BY v.seq {self._direction} LIMIT {limit + 1}
                """  # noqa: S608 - constant conditions
        else:
            sql = f"{numbers} ORDER BY seq {self._direction} LIMIT {limit + 1}"
        values = self._values(driver.row_values, *(each.values for each in others))
        found = [row["seq"] for row in await self.tx.rows(_numbered(sql), *values)]
        return Found(found[:limit], found[limit - 1] if len(found) > limit else None)

    async def through(self, criteria: Sequence[_Criterion], limit: int) -> Found:
        """Return a page by looking through a number of orders in their order."""
        row = await self.tx.row("SELECT orders FROM account_counter WHERE account_id = $1", self.viewer_id)
        last = row["orders"] if row else 0
        if self.newest_first:
            high = min(self._start - 1, last)
            low = max(1, high - WINDOW + 1)
        else:
            low = self._start + 1
            high = min(last, low + WINDOW - 1)
        sql = f"""
            SELECT v.seq FROM order_view v WHERE v.account_id = $1 AND v.seq >= $2 AND v.seq <= $3 {_all(criteria)}
            ORDER BY v.seq {self._direction} LIMIT {limit}
            """  # noqa: S608 - constant conditions
        values = (value for each in criteria for value in each.values)
        found = [row["seq"] for row in await self.tx.rows(_numbered(sql, 4), self.viewer_id, low, high, *values)]
        if len(found) == limit:
            return Found(found, found[-1])
        edge, more = (low, low > 1) if self.newest_first else (high, high < last)
        return Found(found, edge if more else None)

    def _values(self, *values: Sequence[Any]) -> list[Any]:
        return [self.viewer_id, self._start, *(value for some in values for value in some)]


def _all(criteria: Sequence[_Criterion]) -> str:
    return "".join(f" AND ({each.holds})" for each in criteria)


def _numbered(sql: str, first: int = 3) -> str:
    """Return a statement with its `?` numbered from `first` on."""
    start, *parts = sql.split("?")
    return start + "".join(f"${number}{part}" for number, part in enumerate(parts, first))


def _criteria(chosen: OrderSearch) -> list[_Criterion] | None:
    """Return what must match; None if the query has nothing in it that any order could have."""
    found = [_word(each) for each in query_words(chosen.query)]
    if chosen.query.strip() and not found:
        return None
    if chosen.product_ids or chosen.day_from is not None or chosen.day_to is not None:
        found.append(_departures(chosen))
    if chosen.customer_id is not None:
        found.append(_term("customer", chosen.customer_id))
    if chosen.tag is not None:
        found.append(_tagged(names.key(chosen.tag)))
    if chosen.status is not None:
        found.append(_unusual("status", chosen.status, usual="confirmed"))
    if chosen.balance is not None:
        found.append(_unusual("balance", chosen.balance, usual="settled"))
    return found


class QueryWord(NamedTuple):
    """One word of a query: an order must have a word that begins with one of `prefixes`, or a confirmation number that
    begins with the digits `number`.
    """

    prefixes: tuple[str, ...]
    number: str = ""


def query_words(query: str) -> list[QueryWord]:
    """Return the words of a query. Numbers beside each other are one phone number. Raises `Invalid` for too many."""
    found: dict[QueryWord, None] = {}
    for numeric, parts in groupby(query.split(), _is_number):
        if numeric:
            number = "".join(parts)
            found[QueryWord(tuple(phone_words(number)), number.removeprefix("#"))] = None
            continue
        for part in parts:
            for word in [email_word(part)] if "@" in part else words(part):
                found[QueryWord((word[:MAX_WORD],))] = None
    if len(found) > MAX_QUERY_WORDS:
        raise Invalid(
            f"q: at most {MAX_QUERY_WORDS} words can be looked for at once; leave some out.",
            code="too_many_words",
            field="q",
        )
    return list(found)


def _is_number(text: str) -> bool:
    """Tell whether a text looks like a phone number or a confirmation number."""
    return any(each.isdecimal() for each in text) and all(each.isdecimal() or each in "+-()./# " for each in text)


def _word(word: QueryWord) -> _Criterion:
    rows: list[str] = []
    row_values: list[Any] = []
    holds: list[str] = []
    values: list[Any] = []
    for prefix in word.prefixes:
        rows.append(
            "SELECT seq FROM order_term WHERE account_id = $1 AND kind = 'word' AND term >= ? AND term < ? AND {beyond}"
        )
        row_values += [prefix, prefix + _LAST]
        holds.append("strpos(v.terms, ?) > 0")
        values.append(f"{END}word:{prefix}")
    for low, high in _numbers(word.number):
        rows.append(
            "SELECT seq FROM order_view WHERE account_id = $1 AND confirmation >= ? AND confirmation < ? AND {beyond}"
        )
        row_values += [low, high]
        holds.append("v.confirmation >= ? AND v.confirmation < ?")
        values += [low, high]
    return _Criterion(" UNION ALL ".join(rows), tuple(row_values), " OR ".join(holds), tuple(values))


def _numbers(digits: str) -> list[tuple[int, int]]:
    """Return the ranges of confirmation numbers that begin with these digits, each from its first to before its end."""
    digits = digits.removeprefix("#")
    if not (digits.isascii() and digits.isdigit()) or digits.startswith("0") or len(digits) > _MAX_NUMBER:
        return []
    longest = _MAX_NUMBER - len(digits) if len(digits) >= _MIN_NUMBER else 0
    return [(int(digits) * 10**more, (int(digits) + 1) * 10**more) for more in range(longest + 1)]


def _departures(chosen: OrderSearch) -> _Criterion:
    """Return the criterion that an order has, or had, somebody on a departure of these products and days."""
    conditions: list[str] = []
    values: list[Any] = []
    if chosen.product_ids:
        conditions.append("d.product_id = ANY(?)")
        values.append(list(chosen.product_ids))
    if chosen.day_from is not None:
        conditions.append("d.local_date >= ?")
        values.append(chosen.day_from)
    if chosen.day_to is not None:
        conditions.append("d.local_date <= ?")
        values.append(chosen.day_to)
    on = " AND ".join(conditions)
    return _Criterion(
        rows=f"""
        SELECT seq FROM (
            SELECT account_id FROM account_counter WHERE account_id = $1
            UNION SELECT supplier_id FROM connection WHERE reseller_id = $1
        ) s CROSS JOIN departure d CROSS JOIN order_line l CROSS JOIN order_view w
        WHERE d.account_id = s.account_id AND {on} AND l.account_id = d.account_id AND l.departure_id = d.id
            AND w.account_id = $1 AND w.order_id = l.order_id AND {{beyond}}
        """,  # noqa: S608 - constant conditions
        row_values=tuple(values),
        # A count and not EXISTS, which PostgreSQL may turn into a join with all departures.
        holds=f"""
        0 < (SELECT COUNT(*) FROM order_line l JOIN departure d ON d.account_id = l.account_id AND d.id = l.departure_id
        WHERE l.account_id = v.supplier_id AND l.order_id = v.order_id AND {on})
        """,  # noqa: S608 - constant conditions
        values=tuple(values),
        most=FEW_LINES,
    )


def _unusual(kind: str, term: str, *, usual: str) -> _Criterion:
    """Return the criterion of a status or balance. The usual one has no term and no index."""
    if term == usual:
        return _Criterion("", (), "strpos(v.terms, ?) = 0", (f"{END}{kind}:",))
    return _term(kind, term)


def _term(kind: str, term: str) -> _Criterion:
    """Return the criterion that an order has exactly this term."""
    rows = "SELECT seq FROM order_term WHERE account_id = $1 AND kind = ? AND term = ? AND {beyond}"
    return _Criterion(rows, (kind, term), "strpos(v.terms, ?) > 0", (f"{END}{kind}:{term}{END}",))


def _tagged(key: str) -> _Criterion:
    """Return the criterion that the account has put this tag on an order."""
    return _Criterion(
        rows="""
        SELECT seq FROM subject_tag t CROSS JOIN order_view w
        WHERE t.account_id = $1 AND t.kind = 'order' AND t.tag = ? AND w.account_id = $1 AND w.order_id = t.subject_id
            AND {beyond}
        """,
        row_values=(key,),
        holds="""
        0 < (SELECT COUNT(*) FROM subject_tag t
        WHERE t.account_id = $1 AND t.kind = 'order' AND t.tag = ? AND t.subject_id = v.order_id)
        """,
        values=(key,),
        most=FEW_LINES,
    )
