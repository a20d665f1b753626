"""Answers with a report: as JSON in the usual envelope, or as a CSV or XLSX file. Failures are JSON always.

A report is read in `patient` transactions, which on the embedded database run outside of the event loop's thread, and
is formatted in a separate thread, like all work whose time grows with the number of orders. Reports take turns.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from contextlib import nullcontext
from typing import Annotated, Any, Literal, NamedTuple, TypeAlias, TypeVar

from litestar import Response
from litestar.params import QueryParameter

from seatwright.auth.model import Caller, Permission
from seatwright.core.errors import Invalid
from seatwright.core.times import to_utc
from seatwright.http import wire
from seatwright.http.context import ApiRequest, services
from seatwright.http.endpoint import admit, prepared
from seatwright.reports.manifest_pdf import PDF
from seatwright.reports.sheets import CSV, XLSX, Sheet, as_csv, as_xlsx

T = TypeVar("T")

FILES = {"files": (CSV, XLSX)}
FILES_AND_PDF = {"files": (CSV, XLSX, PDF)}
"""The `opt` of a handler that can also answer with files, for the API's description."""

Form: TypeAlias = Literal["json", "csv", "xlsx"]
FormOrPdf: TypeAlias = Literal["json", "csv", "xlsx", "pdf"]
FormParameter: TypeAlias = Annotated[
    Form, QueryParameter(name="format", description="`json` (default), or a file: `csv` or `xlsx`.")
]
From: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        name="from",
        description="First day, YYYY-MM-DD in the account's time zone; else the first of this month.",
        schema_extra={"format": "date"},
    ),
]
To: TypeAlias = Annotated[
    str | None,
    QueryParameter(
        name="to",
        description="Last day, included; else today. At most 366 days at once.",
        schema_extra={"format": "date"},
    ),
]
MAX_ROWS = 100_000
"""Maximum number of rows of a long list in one file."""


class ReportView(NamedTuple):
    """A report that has been read, with functions that make it as JSON, as a sheet with the name of its file, and as a
    PDF file, if it is one for paper.

    All are called in a thread.
    """

    data: Callable[[], Any]
    sheet: Callable[[], Sheet]
    file: str
    pdf: Callable[[], bytes] | None = None


async def answer(
    request: ApiRequest,
    permission: Permission,
    format: FormOrPdf,
    gather: Callable[[Caller], Awaitable[ReportView]],
    *,
    at_once: bool = False,
) -> Response[Any]:
    """Answer with the report that `gather` reads for the caller. Raises the errors of `gather`, and `Unavailable`.

    `at_once` is for a report that is always short, and for which a person waits: it takes no turn. A caller without the
    permission takes no turn either.
    """
    parts = services(request)
    turns = parts.report_queue
    caller = await admit(request, permission)
    async with nullcontext() if at_once else turns.turn(caller.account_id):
        shown = await gather(caller)
        if format == "json":
            return prepared(await turns.shape(lambda: wire.enveloped(shown.data())))
        if format == "csv":
            content, kind = await turns.shape(lambda: as_csv(shown.sheet())), f"{CSV}; charset=utf-8"
        elif format == "pdf":
            assert shown.pdf is not None, "only a report for paper takes this format"
            content, kind = await turns.shape(shown.pdf), PDF
        else:
            now = to_utc(parts.clock.now())
            content, kind = await turns.shape(lambda: as_xlsx(shown.sheet(), now)), XLSX
        disposition = f'attachment; filename="{shown.file}.{format}"'.encode()
        return prepared(content, [(b"content-disposition", disposition)], kind.encode())


def page_size(limit: int | None, format: Form, in_file: int) -> int:
    """Return the number of rows of a page: the requested one, or else 50, or `in_file` in a file."""
    return limit or (wire.DEFAULT_LIMIT if format == "json" else in_file)


def check_whole(whole: bool, *, more: bool) -> None:
    """Raise `Invalid` if an answer that must be the `whole` would leave out `more`."""
    if more and whole:
        raise Invalid(
            "limit: there is more than one answer takes; ask for its parts with limit and page, or for fewer days.",
            code="too_many_rows",
            field="limit",
        )
