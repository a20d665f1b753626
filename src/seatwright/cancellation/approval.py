"""Pending orders: lines that have to be accepted hold their seats until the supplier answers, or until their deadline.

Accepting confirms the pending lines. Declining cancels them without a fee: their seats are released, and the ledger
reverses their sale. Lines that aren't answered in time are declined. The rest of the order stays as it is.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

import msgspec

from seatwright.auth.model import Caller
from seatwright.auth.service import SYSTEM
from seatwright.cancellation.fees import FeeResult, LineFee
from seatwright.cancellation.service import Chosen, cancelled_order, refund_of
from seatwright.cart.model import Item, Line
from seatwright.core.clock import Clock, Instant
from seatwright.core.errors import Conflict, Forbidden
from seatwright.core.fee_reason import NOT_ACCEPTED
from seatwright.inventory import seats
from seatwright.orders import pending_store, store
from seatwright.orders.model import Answer, Order
from seatwright.orders.outbox import Detail
from seatwright.orders.store import lock_own_order
from seatwright.storage.engine import Database, ReadTx, Tx

MAX_REASON = 500
EXPIRED_AT_ONCE = 100
"""How many overdue orders are read at once; each is declined in a transaction of its own."""


async def accept(tx: Tx, clock: Clock, caller: Caller, reference: str) -> Order:
    """Accept the pending lines of an order, as its supplier. Repeating it changes nothing.

    Raises `NotFound`, `Forbidden` for a reseller, and `Conflict` if nothing is pending, or not any more: lines past
    their deadline count as declined, even if that isn't stored yet. Lines that are still in time are accepted.
    """
    order = await _to_answer(tx, caller, reference, "accepted")
    if order.status != "pending":
        return order
    now = clock.now()
    lines = tuple(line.id for item in order.body.items for line in item.pending if line.pending_until > now)
    if not lines:
        raise Conflict("The time to accept this order is over.", code="answer_too_late")
    body = msgspec.structs.replace(
        order.body,
        items=tuple(_accepted(item, now) for item in order.body.items),
        answer=Answer(outcome="accepted", at=now),
        unconfirmed=(),
        confirmed_version=order.version + 1,
    )
    change = store.Change(
        at=now,
        actor=caller.user_id,
        action="order.accepted",
        detail={"lines": sorted(lines)},
        transactions=[],
        told=Detail(lines=lines),
    )
    return await store.update(tx, order, msgspec.structs.replace(order, body=body), change)


async def decline(tx: Tx, clock: Clock, caller: Caller, reference: str, reason: str) -> Order:
    """Decline the pending lines of an order, as its supplier; raises as `accept` does. `reason` is for the customer."""
    order = await _to_answer(tx, caller, reference, "declined")
    if order.status != "pending":
        return order
    pending: Chosen = [(item, item.pending) for item in order.body.items if item.pending]
    return await _decline(tx, order, pending, clock.now(), caller.user_id, "declined", reason)


async def expire(database: Database, clock: Clock) -> int:
    """Decline the pending orders whose deadline has passed; return how many.

    Safe to run in several processes at once. An order that fails doesn't stop the others; the first failure is raised
    in the end.
    """
    now = clock.now()

    async def due(tx: ReadTx, after: tuple[Instant, str, str]) -> list[tuple[Instant, str, str]]:
        return await pending_store.due_for_answer(tx, now, after, limit=EXPIRED_AT_ONCE)

    async def run(tx: Tx, account_id: str, order_id: str) -> bool:
        order = await store.find(tx, account_id, order_id, lock=True)
        if order is None or order.answer_by is None or order.answer_by > now:
            return False  # it was answered since
        due = [(item, tuple(line for line in item.pending if line.pending_until <= now)) for item in order.body.items]
        await _decline(tx, order, [each for each in due if each[1]], now, SYSTEM, "expired")
        return True

    expired, failures, last = 0, [], (0, "", "")
    while places := await database.read(partial(due, after=last)):
        for _, account_id, order_id in places:
            try:
                expired += await database.write(partial(run, account_id=account_id, order_id=order_id))
            except Exception as error:
                failures.append(error)
        last = places[-1]
    if failures:
        raise failures[0]
    return expired


async def _to_answer(tx: Tx, caller: Caller, reference: str, wanted: Literal["accepted", "declined"]) -> Order:
    refusal = Forbidden("Only the supplier accepts or declines an order.", code="answer_is_the_suppliers")
    order = await lock_own_order(tx, caller, reference, refusal)
    answer = order.body.answer
    repeated = answer is not None and answer.outcome == wanted
    if order.status != "pending" and (not repeated or (wanted == "accepted" and order.status == "cancelled")):
        raise Conflict(
            f"Nothing of this order has to be {wanted}: it is {order.status}"
            + (f" and was {answer.outcome} before." if answer else "."),
            code="not_pending",
        )
    return order


async def _decline(
    tx: Tx,
    order: Order,
    chosen: Chosen,
    now: Instant,
    actor: str,
    outcome: Literal["declined", "expired"],
    reason: str = "",
) -> Order:
    """Cancel these lines without a fee, with the reason."""
    lines = tuple(line.id for _, some in chosen for line in some)
    free = FeeResult(tuple(LineFee(line, 0, NOT_ACCEPTED) for line in lines), ())
    changed, change = cancelled_order(order, chosen, free, actor, now)
    body = msgspec.structs.replace(changed.body, answer=Answer(outcome=outcome, at=now, reason=reason))
    change = change._replace(
        action=f"order.{outcome}",
        detail={**change.detail, "reason": reason} if reason else change.detail,
        told=Detail(lines=lines, reason=reason, refund=refund_of(order, change.transactions)),
    )
    changed = await store.update(tx, order, msgspec.structs.replace(changed, body=body), change)
    await seats.release(tx, order.account_id, {item.id: sum(line.seats for line in some) for item, some in chosen})
    return changed


def _accepted(item: Item, now: Instant) -> Item:
    if not item.pending:
        return item
    return item.map_lines(lambda line: _confirmed(line, now))


def _confirmed(line: Line, now: Instant) -> Line:
    in_time = line.status == "confirmed" and line.pending_until > now
    return msgspec.structs.replace(line, pending_until=0) if in_time else line
