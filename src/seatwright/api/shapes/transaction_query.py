"""The query parameters that both reports of orders by transaction date share."""

from __future__ import annotations

from datetime import date, timedelta
from typing import Annotated, NamedTuple, TypeAlias

from litestar.params import QueryParameter

from seatwright.api.shapes import reporting
from seatwright.api.shapes.csv import NUMBERS, csv_numbers, csv_values
from seatwright.auth.model import Account
from seatwright.core.clock import Instant
from seatwright.core.errors import Invalid
from seatwright.core.times import parse_date
from seatwright.reports import transactions
from seatwright.reports.periods import Span, checked, read_span
from seatwright.reports.transactions import Found, TransactionFilter
from seatwright.storage.engine import ReadTx

MAX_CHANGES = 5_000
"""Maximum number of changes of orders on one page."""

_DATE = {"format": "date"}
_OnDay = "YYYY-MM-DD, on the location's calendar."
OrderIds: TypeAlias = Annotated[str | None, QueryParameter(name="orderIds", description="Comma-separated order IDs.")]
ConfirmationIds: TypeAlias = Annotated[
    str | None,
    QueryParameter(name="confirmationIds", description="Comma-separated confirmation numbers.", schema_extra=NUMBERS),
]
ProductNumbers: TypeAlias = Annotated[
    str | None,
    QueryParameter(name="productNumbers", description="Comma-separated product numbers.", schema_extra=NUMBERS),
]
FromProductStartDate: TypeAlias = Annotated[
    str | None,
    QueryParameter(name="fromProductStartDate", description=f"First day of an item. {_OnDay}", schema_extra=_DATE),
]
ToProductStartDate: TypeAlias = Annotated[
    str | None,
    QueryParameter(name="toProductStartDate", description=f"Last day of an item. {_OnDay}", schema_extra=_DATE),
]


def filter_of(
    order_ids: str | None,
    confirmation_ids: str | None,
    product_numbers: str | None,
    first_start: str | None,
    last_start: str | None,
) -> TransactionFilter:
    """Read the filters except the days of the transactions. Raises `Invalid`, naming the parameter."""
    return TransactionFilter(
        order_ids=csv_values("orderIds", order_ids),
        confirmations=csv_numbers("confirmationIds", confirmation_ids),
        product_numbers=csv_numbers("productNumbers", product_numbers),
        starts=_starts(first_start, last_start),
    )


class Window(NamedTuple):
    """Days of the transactions as they were sent, and which of the changes in them: `size` on a page, which counts from
    0. For the `whole`, more than one page is refused."""

    first: str | None
    last: str | None
    size: int
    page: int
    whole: bool


async def read_changes(tx: ReadTx, account: Account, chosen: TransactionFilter, window: Window, now: Instant) -> Found:
    """Read a page of changes. Raises `Invalid`, naming the parameter, for invalid days and for a whole that is too
    large.
    """
    days = window.first or window.last
    span = read_span(window.first, window.last, now, account.time_zone) if days else None
    found = await transactions.read(
        tx,
        account.id,
        chosen._replace(span=span),
        limit=window.size,
        page=window.page,
        more=1 if window.whole else 0,
    )
    reporting.check_whole(window.whole, more=len(found.moments) > window.size)
    return found


def _starts(first: str | None, last: str | None) -> tuple[date, date] | None:
    """Return the days from `fromProductStartDate` to `toProductStartDate`, a year from the first without the second."""
    if last and not first:
        raise Invalid(
            "toProductStartDate: is only possible together with fromProductStartDate.",
            code="missing_from_date",
            field="toProductStartDate",
        )
    if not first:
        return None
    start = parse_date(first, field="fromProductStartDate")
    end = parse_date(last, field="toProductStartDate") if last else start + timedelta(days=365)
    return checked(Span(start, end, "UTC"), "fromProductStartDate", "toProductStartDate")[:2]
