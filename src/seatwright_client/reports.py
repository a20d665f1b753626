"""Reports, as they are on the wire or as files.

Those of the wire are dictionaries with camelCase keys; amounts are `Decimal`, or `int` where the wire has no decimals.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Any, Literal, TypeAlias

from seatwright_client.answers import entry, enveloped
from seatwright_client.operations import Mode, Resource, operation, pages
from seatwright_client.request import MANAGE, RESMARK, Query, Request, day, get, listing, path, raw, several

Report: TypeAlias = Literal[
    "accrual", "orders", "transactions", "drawers", "sales", "payables", "receivables", "mailing-list"
]
FileForm: TypeAlias = Literal["csv", "xlsx"]
Table: TypeAlias = dict[str, Any]
Rows: TypeAlias = list[dict[str, Any]]

_ACCRUAL, _ORDERS = f"{RESMARK}/report/accrual/transactionDate", f"{RESMARK}/report/order/transactionDate"
_REPORTS = f"{MANAGE}/reports"


class Reports(Resource[Mode]):
    """`client.reports`. Days are on the calendar of the account's time zone; by default from the first of this month
    to today, at most 366 days at once."""

    @operation
    def accrual(
        self, *, from_date: dt.date | str | None = None, to_date: dt.date | str | None = None
    ) -> Request[Table]:
        """Return what was sold, paid and owed, by ledger account; debits and credits have the same sum."""
        return get(_ACCRUAL, entry, _days(from_date, to_date))

    @operation
    def orders(
        self,
        *,
        from_date: dt.date | str | None = None,
        to_date: dt.date | str | None = None,
        order_ids: Iterable[str] | None = None,
        confirmation_ids: Iterable[int] | None = None,
        product_numbers: Iterable[int] | None = None,
        from_product_start_date: dt.date | str | None = None,
        to_product_start_date: dt.date | str | None = None,
        limit: int | None = None,
        page: int = 0,
    ) -> Request[Rows]:
        """Return flat rows, one for each date and price tier of each change of an order, oldest first.

        At least one filter is needed; an empty list has no rows. Without a `limit` they are all there (of at most
        5,000 changes); with one, those of a page of so many changes. The `…_start_date` are days of an item, on the
        calendar of its place.
        """
        query = _changes(
            from_date,
            to_date,
            order_ids,
            confirmation_ids,
            product_numbers,
            from_product_start_date,
            to_product_start_date,
        )
        return listing(_ORDERS, enveloped(Rows), {**query, "limit": limit, "page": page})

    @operation
    def transactions(
        self,
        *,
        from_date: dt.date | str | None = None,
        to_date: dt.date | str | None = None,
        order_ids: Iterable[str] | None = None,
        confirmation_ids: Iterable[int] | None = None,
        product_numbers: Iterable[int] | None = None,
        from_product_start_date: dt.date | str | None = None,
        to_product_start_date: dt.date | str | None = None,
        limit: int = 200,
        page: int = 0,
    ) -> Request[Rows]:
        """Return a page of records, one for each time that an order was made or changed, oldest first.

        At least one filter is needed; an empty list has no records. The `…_start_date` are days of an item, on the
        calendar of its place.
        """
        query = _changes(
            from_date,
            to_date,
            order_ids,
            confirmation_ids,
            product_numbers,
            from_product_start_date,
            to_product_start_date,
        )
        return listing(f"{_REPORTS}/transactions", enveloped(Rows), {**query, "limit": limit, "page": page})

    iterate_transactions = pages(transactions)

    @operation
    def drawers(
        self,
        *,
        from_date: dt.date | str | None = None,
        to_date: dt.date | str | None = None,
        user_id: str | None = None,
        rows: Literal["sums", "entries"] | None = None,
    ) -> Request[Table]:
        """Return what each user and key took and gave back on each day, today by default, and the list behind it.

        `rows` says what a `file` has: `sums` by user, day and method, or all `entries`.
        """
        return get(f"{_REPORTS}/drawers", entry, {**_days(from_date, to_date), "user_id": user_id, "rows": rows})

    @operation
    def sales(
        self,
        *,
        from_date: dt.date | str | None = None,
        to_date: dt.date | str | None = None,
        by: Literal["product", "channel", "day"] | None = None,
    ) -> Request[Table]:
        """Return what was sold, by product unless `by` says otherwise."""
        return get(f"{_REPORTS}/sales", entry, {**_days(from_date, to_date), "by": by})

    @operation
    def payables(
        self, *, from_date: dt.date | str | None = None, to_date: dt.date | str | None = None
    ) -> Request[Rows]:
        """Return what the account owes resellers and suppliers, for each billing cycle in these days."""
        return get(f"{_REPORTS}/payables", enveloped(Rows), _days(from_date, to_date))

    @operation
    def receivables(
        self, *, from_date: dt.date | str | None = None, to_date: dt.date | str | None = None
    ) -> Request[Rows]:
        """Return what resellers and suppliers owe the account, for each billing cycle in these days."""
        return get(f"{_REPORTS}/receivables", enveloped(Rows), _days(from_date, to_date))

    @operation
    def mailing_list(
        self, *, from_date: dt.date | str | None = None, limit: int = 10_000, page: int = 0
    ) -> Request[Rows]:
        """Return a page of the customers who want mail, newest first: all, or who ordered on this day or later.

        10,000 is also the most that a page has. The server walks through all orders up to a page each time, and a
        customer who orders again meanwhile moves to the first page, so take few and large ones, or a `file`.
        """
        query = {**_days(from_date, None), "limit": limit, "page": page}
        return get(f"{_REPORTS}/mailing-list", enveloped(Rows), query)

    iterate_mailing_list = pages(mailing_list)

    @operation
    def manifest(self, departure_id: str) -> Request[Table]:
        """Return the guests of a departure: tier, pickup, answers to questions, balance, check-in."""
        return get(path(MANAGE, "departures", departure_id, "manifest"), entry)

    @operation
    def file(self, report: Report, form: FileForm = "csv", *, query: Query | None = None) -> Request[bytes]:
        """Return a report as a file; `query` has the parameters as on the wire: `{"from": day, "to": day}`."""
        where = {"accrual": _ACCRUAL, "orders": _ORDERS}.get(report) or path(_REPORTS, report)
        return get(where, raw, {**(query or {}), "format": form})

    @operation
    def manifest_file(self, departure_id: str, form: FileForm | Literal["pdf"] = "csv") -> Request[bytes]:
        """Return a manifest as a file; `pdf` is for paper."""
        return get(path(MANAGE, "departures", departure_id, "manifest"), raw, {"format": form})


def _days(first: dt.date | str | None, last: dt.date | str | None) -> Query:
    return {"from": day(first), "to": day(last)}


def _changes(
    first: dt.date | str | None,
    last: dt.date | str | None,
    order_ids: Iterable[str] | None,
    confirmation_ids: Iterable[int] | None,
    product_numbers: Iterable[int] | None,
    first_start: dt.date | str | None,
    last_start: dt.date | str | None,
) -> Query:
    return {
        **_days(first, last),
        "order_ids": several(order_ids),
        "confirmation_ids": several(confirmation_ids),
        "product_numbers": several(product_numbers),
        "from_product_start_date": day(first_start),
        "to_product_start_date": day(last_start),
    }
