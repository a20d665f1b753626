"""A departure that does not take place: jobs that cancel or move all of its orders."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter, QueryParameter

from seatwright.auth.model import Caller
from seatwright.core.field_errors import bad_field
from seatwright.core.money import to_wire
from seatwright.core.names import text_of, text_or_none
from seatwright.core.times import iso_utc
from seatwright.disruptions import service as disruptions
from seatwright.disruptions.model import MAX_REASON, MAX_SUBJECT, MAX_TEXT, JobRequest, Progress, check_words
from seatwright.http.context import ApiRequest, booking
from seatwright.http.endpoint import read, write
from seatwright.http.wire import DEFAULT_LIMIT, Envelope, Limit, Page, Wire, Word
from seatwright.storage.engine import ReadTx, Tx

_TAGS = ["Departures"]
_Id = Annotated[str, PathParameter(description="The departure's id.")]
_ID = "6650aa1f0c1d2e3f40516273"


class JobIn(Wire, kw_only=True):
    """What is to be done with all orders of the departure. Cancelling costs the customers nothing; a `message` changes
    nothing and is sent to the customers of the account's own orders.

    `text` is that message; with the others it stands in the customers' mail below the `reason`. `to` is the departure
    to which they move, at the kept price; `tiers` and `withoutPickup` are as for the move of one order. `orders` is how
    many there are, as a request with `check` answered.
    """

    kind: Annotated[Literal["cancel", "move", "message"], msgspec.Meta(examples=["move"])]
    reason: Annotated[
        str, msgspec.Meta(max_length=MAX_REASON, description="For the customers.", examples=["The wind is too strong."])
    ] = ""
    text: Annotated[str, msgspec.Meta(max_length=MAX_TEXT, description="What the customers read, in lines.")] = ""
    subject: Annotated[
        str, msgspec.Meta(max_length=MAX_SUBJECT, description="The subject of a message, instead of the usual one.")
    ] = ""
    to: Annotated[Word | None, msgspec.Meta(examples=[_ID])] = None
    tiers: Annotated[dict[str, str], msgspec.Meta(max_length=100, examples=[{"Adult": "All"}])] | None = None
    without_pickup: bool = False
    orders: Annotated[int, msgspec.Meta(ge=0, examples=[12])] | None = None
    proof: Annotated[Word | None, msgspec.Meta(description="Start only if the check would still answer this.")] = None


class FailedOrderOut(Wire, kw_only=True):
    """An order that stays as it is, and why."""

    order_id: str
    confirmation: int
    reason: str
    code: str


class JobOut(Wire, kw_only=True):
    """How far a job has come, or with `check` what it would do; then `id` and dates are null.

    `done` of the `orders` are cancelled or moved, with so many `guests`. `amount` is what is to be given back for all
    of these together, or by how much moves change their totals.
    """

    check: bool
    id: str | None
    kind: Literal["cancel", "move", "message"]
    status: Literal["planned", "running", "done"]
    departure_id: str
    to: str | None
    reason: str
    text: str
    subject: str
    created_date: str | None
    finished_date: str | None
    orders: int
    done: int
    failed: int
    guests: int
    amount: Decimal
    currency: str
    failures: list[FailedOrderOut]
    proof: Annotated[str | None, msgspec.Meta(description="Of a check: stands for all that it says of each order.")]


@post(
    "/departures/{departure_id:str}/jobs",
    status_code=200,
    summary="Cancel or move a whole departure, or write to its guests",
    tags=_TAGS,
)
async def start_job(
    request: ApiRequest,
    departure_id: _Id,
    data: JSONBody[JobIn],
    check: Annotated[bool, QueryParameter(description="Say what it would come to, and change nothing.")] = False,
) -> Response[Envelope[JobOut]]:
    """Close a departure, and cancel all of its orders without a fee, or move them; or write to all of its guests.

    Each order is changed by itself in the background, which goes on after an interruption; customers are told as the
    flags of their orders say. Ask with `check` first, and send the number of `orders` that it answers.
    """
    wanted = _wanted(departure_id, data)
    if check:

        async def ask(tx: ReadTx, who: Caller) -> Progress:
            return await disruptions.dry_run(tx, booking(request), who, wanted)

        return await read(request, "orders.write", ask, job_out)
    if data.orders is None:
        raise bad_field("orders", "is missing; ask with check=true, and send what that answers.", code="missing_field")

    proof = text_or_none(data.proof)

    async def run(tx: Tx, who: Caller) -> Progress:
        return await disruptions.start(tx, booking(request), who, wanted, orders_shown=data.orders, proof=proof)

    return await write(request, "orders.write", run, job_out)


@get("/departures/{departure_id:str}/jobs", summary="List a departure's jobs", tags=_TAGS)
async def list_jobs(request: ApiRequest, departure_id: _Id) -> Response[Envelope[list[JobOut]]]:
    """List the newest jobs on a departure, at most 20, with how far they have come."""

    async def run(tx: ReadTx, who: Caller) -> list[Progress]:
        return await disruptions.jobs_of(tx, booking(request), who, departure_id)

    return await read(request, "orders.read", run, lambda found: [job_out(each) for each in found])


@get("/departure-jobs", summary="List jobs", tags=_TAGS)
async def list_all_jobs(
    request: ApiRequest, limit: Limit = DEFAULT_LIMIT, page: Page = 0
) -> Response[Envelope[list[JobOut]]]:
    """List the account's jobs on all departures, the newest first, with how far they have come."""

    async def run(tx: ReadTx, who: Caller) -> list[Progress]:
        return await disruptions.page(tx, booking(request), who, limit=limit, page=page)

    return await read(request, "orders.read", run, lambda found: [job_out(each) for each in found])


@get("/departure-jobs/{job_id:str}", summary="Read a departure's job", tags=_TAGS)
async def read_job(
    request: ApiRequest, job_id: Annotated[str, PathParameter(description="The job's id.")]
) -> Response[Envelope[JobOut]]:
    """Read how far a job has come, and the orders that stay as they are."""

    async def run(tx: ReadTx, who: Caller) -> Progress:
        return await disruptions.progress(tx, booking(request), who, job_id)

    return await read(request, "orders.read", run, job_out)


def _wanted(departure_id: str, data: JobIn) -> JobRequest:
    to = text_or_none(data.to) or ""
    if (data.kind == "move") != bool(to):
        sentence = "is missing; say where they move." if data.kind == "move" else "is only for moving; leave it out."
        raise bad_field("to", sentence, code="missing_field" if data.kind == "move" else "invalid_field")
    if data.kind != "message" and data.subject:
        raise bad_field("subject", "is only for a message; leave it out.", code="invalid_field")
    wanted = JobRequest(
        kind=data.kind,
        departure_id=text_of(departure_id),
        reason=data.reason.strip(),
        text=data.text.strip(),
        subject=data.subject.strip(),
        to=to,
        tiers=data.tiers or {},
        without_pickup=data.without_pickup,
    )
    check_words(wanted)
    return wanted


def job_out(found: Progress) -> JobOut:
    """Show a job, or what one would do."""
    job, wanted = found.job, found.request
    return JobOut(
        check=job is None,
        id=None if job is None else job.id,
        kind=wanted.kind,
        status="planned" if job is None else job.status,
        departure_id=wanted.departure_id,
        to=wanted.to or None,
        reason=wanted.reason,
        text=wanted.text,
        subject=wanted.subject,
        created_date=None if job is None else iso_utc(job.created_at),
        finished_date=None if job is None or job.finished_at is None else iso_utc(job.finished_at),
        orders=found.orders,
        done=found.done,
        failed=len(found.failures),
        guests=found.guests,
        amount=to_wire(found.amount, found.currency),
        currency=found.currency,
        failures=[
            FailedOrderOut(order_id=each.order_id, confirmation=each.confirmation, reason=each.reason, code=each.code)
            for each in found.failures
        ],
        proof=found.proof if job is None else None,
    )


ROUTES: list[HTTPRouteHandler] = [start_job, list_jobs, list_all_jobs, read_job]
