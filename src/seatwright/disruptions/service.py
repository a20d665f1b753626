"""Cancels or moves all orders of a departure that does not take place, or writes to all of its guests.

Starting closes the departure and gives back what carts hold on it, so no order is added any more. Then each order is
changed in a transaction of its own, together with its row of the job: a process that dies in the middle leaves some
orders without a row, and whoever goes on finds them. So each order is changed once, and each mail written once.
"""

from __future__ import annotations

from functools import partial

import structlog

from seatwright.auth.model import ALL_PERMISSIONS, Caller
from seatwright.cancellation.fees import FeeResult
from seatwright.cancellation.service import (
    Chosen,
    Target,
    cancel_chosen,
    choose,
    fees_of,
    quote_chosen,
)
from seatwright.cart import holds
from seatwright.cart.context import BookingContext
from seatwright.core.clock import Instant
from seatwright.core.errors import Conflict, NotFound, SeatwrightError, Unavailable
from seatwright.core.ids import new_hex24_at
from seatwright.disruptions import store
from seatwright.disruptions.model import Job, JobRequest, OrderOutcome, Progress, progress_of
from seatwright.inventory import seats
from seatwright.inventory import store as inventory
from seatwright.orders import store as orders
from seatwright.orders.confirmation import Message, check_message, detail_of, send_message
from seatwright.orders.model import Order
from seatwright.orders.moving import MoveQuote, move, quote_move
from seatwright.orders.outbox import Detail
from seatwright.storage import audit
from seatwright.storage.engine import Database, ReadTx, Tx

log = structlog.get_logger("seatwright.disruptions")

JOBS_AT_ONCE = 20
ORDERS_AT_ONCE = 50


async def dry_run(tx: ReadTx, booking: BookingContext, caller: Caller, request: JobRequest) -> Progress:
    """Return what a job would do now, order by order, and change nothing.

    Raises `NotFound` for an unknown departure, and `Forbidden` without the permission.
    """
    _require(caller, request)
    return await _planned(tx, booking, caller, request)


async def _planned(tx: ReadTx, booking: BookingContext, caller: Caller, request: JobRequest) -> Progress:
    currency = await _check(tx, booking, caller, request)
    ids = await store.orders_on(tx, caller.account_id, request.departure_id)
    room = _Room()
    outcomes = [await _would_be(tx, booking, caller, request, order_id, room) for order_id in ids]
    return progress_of(None, request, currency, len(ids), outcomes)


class _Room:
    """The seats on the other departure as they are taken by one order after the other."""

    def __init__(self) -> None:
        self._taken = 0

    def take(self, quote: MoveQuote) -> None:
        """Take the seats of a move. Raises `SoldOut` if there are not enough left.

        Departures of one pool at the same time are not looked at: who leaves one of them makes room on the other.
        """
        there, count = quote.departure, quote.plan.seats
        gives = any(
            there.pool_id is not None
            and item.start_at
            and item.end_at
            and there.start_at
            and there.end_at
            and item.start_at < there.end_at
            and there.start_at < item.end_at
            for item in quote.plan.moved
        )
        if not gives and self._taken + count > there.free:
            raise seats.sold_out(there.id)
        self._taken += count


async def start(
    tx: Tx,
    booking: BookingContext,
    caller: Caller,
    request: JobRequest,
    *,
    orders_shown: int | None = None,
    proof: str | None = None,
) -> Progress:
    """Close the departure (but not for a message) and write a job, which `work` does.

    `orders_shown` is how many orders a dry run said, and `proof` is its proof.

    Raises as `dry_run` does, and `Conflict` if there are more or fewer orders by now, if anything that the proof stands
    for has changed, or if a job on the departure is still running.
    """
    _require(caller, request)
    currency = await _check(tx, booking, caller, request)
    now, account_id, departure_id = booking.clock.now(), caller.account_id, request.departure_id
    changes = request.kind != "message"
    if changes and any(
        job.status == "running" and job.request.kind != "message"
        for job in await store.of_departure(tx, account_id, departure_id, limit=5)
    ):
        raise Conflict("Its orders are being cancelled or moved already; wait until that is done.", code="job_running")
    if changes:
        await store.close_departure(tx, account_id, departure_id, request.reason, now)
    if proof is not None and proof != (await _planned(tx, booking, caller, request)).proof:
        raise Conflict(
            "proof: what this comes to has changed since it was shown; look at it again.",
            code="amounts_changed",
            field="proof",
        )
    if changes:
        for cart_id in await store.holding_carts(tx, account_id, departure_id):
            await holds.release(tx, account_id, cart_id, [departure_id])
    ids = await store.orders_on(tx, account_id, departure_id)
    if orders_shown is not None and orders_shown != len(ids):
        raise Conflict(
            f"orders: there are {len(ids)} orders on this departure now; look at them again, and send that number.",
            code="amounts_changed",
            field="orders",
        )
    job = Job(
        account_id=account_id,
        id=new_hex24_at(now),
        request=request,
        status="running",
        actor=caller.user_id,
        orders=len(ids),
        created_at=now,
        finished_at=None,
    )
    await store.insert(tx, job)
    detail = {"kind": request.kind, "reason": request.reason, "orders": len(ids), "to": request.to, "job": job.id}
    action = "departure.cancelled" if changes else "departure.message_sent"
    await audit.record(tx, account_id, now, caller.user_id, action, departure_id, detail)
    return progress_of(job, request, currency, job.orders, [])


async def progress(tx: ReadTx, booking: BookingContext, caller: Caller, job_id: str) -> Progress:
    """Return how far a job has come. Raises `NotFound`."""
    job = await store.find(tx, caller.account_id, job_id)
    if job is None:
        raise NotFound("There is no such job.", code="job_not_found")
    return await _progress(tx, job, (await booking.catalogs.load(tx, caller.account_id)).currency)


async def words_of(tx: ReadTx, caller: Caller, request: JobRequest, order_id: str) -> tuple[Order, Detail]:
    """Return an order, and what the outbox would say of the message of `request` to its customer."""
    order = await _order(tx, caller, order_id)
    return order, detail_of(order, Message(request.text, request.subject), _guests(order, request))


async def jobs_of(tx: ReadTx, booking: BookingContext, caller: Caller, departure_id: str) -> list[Progress]:
    """Return the newest jobs on a departure with how far they have come, at most 20. Raises `NotFound`."""
    if await inventory.find(tx, caller.account_id, departure_id, booking.clock.now()) is None:
        raise _no_departure()
    currency = (await booking.catalogs.load(tx, caller.account_id)).currency
    found = await store.of_departure(tx, caller.account_id, departure_id, limit=20)
    return [await _progress(tx, job, currency) for job in found]


async def page(tx: ReadTx, booking: BookingContext, caller: Caller, *, limit: int, page: int) -> list[Progress]:
    """Return a page of the account's jobs on departures, the newest first, with how far they have come."""
    currency = (await booking.catalogs.load(tx, caller.account_id)).currency
    found = await store.page(tx, caller.account_id, limit=limit, page=page)
    return [await _progress(tx, job, currency) for job in found]


async def _progress(tx: ReadTx, job: Job, currency: str) -> Progress:
    return progress_of(job, job.request, currency, job.orders, await store.outcomes(tx, job))


async def work(database: Database, booking: BookingContext) -> int:
    """Go on with all jobs that are not done; return how many orders were looked at.

    Safe to run in several processes at once. An order that can't be cancelled or moved stays as it is, and the job says
    why. An outage ends this; the job goes on the next time.
    """
    handled = 0
    for job in await database.read(partial(store.running, limit=JOBS_AT_ONCE)):
        while ids := await database.read(partial(store.left, job=job, limit=ORDERS_AT_ONCE)):
            for order_id in ids:
                await _one(database, booking, job, order_id)
            handled += len(ids)
        await database.write(lambda tx, job=job: store.finish(tx, job, booking.clock.now()))  # type: ignore[misc]
    return handled


async def _one(database: Database, booking: BookingContext, job: Job, order_id: str) -> None:
    async def run(tx: Tx) -> None:
        if await store.claim(tx, job, order_id, booking.clock.now()):
            await store.note(tx, job, await _done(tx, booking, job, order_id))

    try:
        await database.write(run)
    except Unavailable:
        raise
    except SeatwrightError as error:
        reason, code = error.message, error.code
    except Exception as error:  # a mistake of ours in one order doesn't keep the others waiting
        log.error("an order of a departure's job failed", order_id=order_id, job_id=job.id, exc_info=error)
        reason, code = "Something went wrong here; the server's log says what.", "internal_error"
    else:
        return
    now = booking.clock.now()
    await database.write(lambda tx: store.claim(tx, job, order_id, now, reason=reason, code=code))


async def _done(tx: Tx, booking: BookingContext, job: Job, order_id: str) -> OrderOutcome:
    caller, request = _caller(job), job.request
    if request.kind == "move":
        done = await move(tx, booking, caller, request.move_of(order_id), difference=None)
        return _moved(done.quote)
    order = await orders.lock_order(tx, caller, order_id)
    if request.kind == "message":
        lines = _guests(order, request)
        await send_message(tx, booking.clock, order, job.actor, Message(request.text, request.subject), lines)
        return OrderOutcome(order.id, order.confirmation, len(lines))
    now = booking.clock.now()
    chosen, free = _without_fee(order, request, now)
    outcome = await cancel_chosen(
        tx, order, chosen, free, job.actor, now, reason=request.reason, explanation=request.explanation
    )
    return OrderOutcome(order.id, order.confirmation, len(outcome.cancelled), outcome.refund)


async def _would_be(
    tx: ReadTx, booking: BookingContext, caller: Caller, request: JobRequest, order_id: str, room: _Room
) -> OrderOutcome:
    order = await _order(tx, caller, order_id)
    try:
        if request.kind == "move":
            quote = await quote_move(tx, booking, caller, request.move_of(order_id))
            room.take(quote)
            return _moved(quote)
        if request.kind == "message":
            check_message(order)
            return OrderOutcome(order.id, order.confirmation, len(_guests(order, request)))
    except Unavailable:
        raise
    except SeatwrightError as error:
        return OrderOutcome(order.id, order.confirmation, reason=error.message, code=error.code)
    chosen, free = _without_fee(order, request, booking.clock.now())
    quoted = quote_chosen(order, chosen, free)
    return OrderOutcome(order.id, order.confirmation, len(quoted.cancelled), quoted.refund)


def _without_fee(order: Order, request: JobRequest, now: Instant) -> tuple[Chosen, FeeResult]:
    """Return the order's guests on the departure, and that cancelling them costs nothing."""
    chosen = choose(order, Target(order.id, item_id=request.departure_id))
    return chosen, fees_of(order, chosen, now, apply_fee=False, after_move=False)


def _guests(order: Order, request: JobRequest) -> tuple[str, ...]:
    """Return the order's guests on the departure."""
    item = order.body.item(request.departure_id)
    return () if item is None else tuple(line.id for line in item.live)


def _moved(quote: MoveQuote) -> OrderOutcome:
    order = quote.order
    return OrderOutcome(order.id, order.confirmation, len(quote.plan.line_ids), quote.plan.difference)


def _require(caller: Caller, request: JobRequest) -> None:
    if request.kind == "cancel":
        caller.require("orders.cancel")
        caller.require("cancellation_fee.edit")
    else:
        caller.require("orders.write")


async def _check(tx: ReadTx, booking: BookingContext, caller: Caller, request: JobRequest) -> str:
    """See that the departures are there, and return the account's currency."""
    now = booking.clock.now()
    departure = await inventory.find(tx, caller.account_id, request.departure_id, now)
    if departure is None:
        raise _no_departure()
    if request.kind == "move":
        there = await inventory.find(tx, caller.account_id, request.to, now)
        if there is None:
            raise NotFound("to: there is no such departure.", code="departure_not_found", field="to")
        if there.id == departure.id or there.closed or (there.start_at is not None and there.start_at <= now):
            raise Conflict("to: this departure is the same, is closed, or has begun.", code="not_bookable", field="to")
    return (await booking.catalogs.load(tx, caller.account_id)).currency


async def _order(tx: ReadTx, caller: Caller, order_id: str) -> Order:
    order = await orders.find(tx, caller.account_id, order_id)
    assert order is not None, "a supplier sees every order with its seats"
    return order


def _caller(job: Job) -> Caller:
    """Return who does a job: the user who started it, whose permissions were looked at then."""
    return Caller(account_id=job.account_id, user_id=job.actor, name="", email="", permissions=ALL_PERMISSIONS)


def _no_departure() -> NotFound:
    return NotFound("There is no such departure.", code="departure_not_found")
