"""Turns events of the outbox into deliveries: the recipients and the texts of its messages.

An event is taken, and its messages are made without any lock, each separately. Then they are written in the transaction
that removes the event. If a message could not be made, the event stays with the names of the messages that were made.
If a process dies in between, the event is taken again; messages that were written are never made twice.
"""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from typing import TypeVar

import structlog

from seatwright.core.errors import Unavailable
from seatwright.messages.calls import calls_for
from seatwright.messages.context import Messenger, OrderEvent
from seatwright.messages.letters import Letter, write
from seatwright.messages.mails import mails_for
from seatwright.notifications import deliveries
from seatwright.notifications.deliveries import Delivery
from seatwright.orders import outbox
from seatwright.orders import store as order_store
from seatwright.orders.outbox import Event
from seatwright.storage.engine import ReadTx, Tx

AT_ONCE = 50
"""Maximum number of events in one round that are taken for the first time."""
FIRST_FAILURES = 3
"""How many failures of an event are logged; after these only the final one is."""

T = TypeVar("T")

log = structlog.get_logger("seatwright.messages")


@dataclass(slots=True)
class FanoutResult:
    """The messages that were made of an event, by name, and those that could not be made: which part, and why."""

    made: dict[str, Delivery] = field(default_factory=dict)
    faults: list[tuple[str, Exception]] = field(default_factory=list)

    @property
    def error(self) -> str:
        """What went wrong, without personal data."""
        return "; ".join(dict.fromkeys(f"{part}: {_place(error)}" for part, error in self.faults))

    async def reading(self, parts: Messenger, part: str, use_case: Callable[[ReadTx], Awaitable[T]]) -> T | None:
        """Return the result of a use case that reads, or None if it fails. Raises `Unavailable`, which is no fault of
        the event.
        """
        try:
            return await parts.database.read(use_case)
        except Unavailable:
            raise
        except Exception as error:
            self.faults.append((part, error))
            return None


async def fan_out(parts: Messenger) -> int:
    """Make the messages of due events; return the number of events.

    Messages that can't be made are tried again by the schedule of deliveries; after its last attempt the event has
    failed. An event that was taken before is taken alone, so that an event which kills its process affects no other.
    """
    many = 0
    for again, limit in ((False, AT_ONCE), (True, 1)):
        taken = await _take(parts, limit, again=again)
        for event in taken:
            await _tell(parts, event)
        many += len(taken)
    return many


async def _take(parts: Messenger, limit: int, *, again: bool) -> list[Event]:
    return await parts.database.write(lambda tx: outbox.take(tx, parts.clock.now(), limit=limit, again=again))


async def _tell(parts: Messenger, event: Event) -> None:
    result = await _made(parts, event)
    try:
        given_up = await _save(parts, event, result)
    except Unavailable:
        raise
    except Exception as error:  # what was made can't be written
        result = FanoutResult(faults=[("writing", error)])
        given_up = await _save(parts, event, result)
    if result.faults:
        _log(event, result, given_up=given_up)


async def _save(parts: Messenger, event: Event, result: FanoutResult) -> bool:
    """Write the new messages, and remove the event or store what is missing; return whether the event has failed for
    good.
    """

    async def save(tx: Tx) -> bool:
        told = await outbox.already_told(tx, event)
        if told is None:
            return False
        await deliveries.insert(tx, [each for name, each in result.made.items() if name not in told])
        if not result.faults:
            await outbox.done(tx, event)
            return False
        names = dict.fromkeys([*told, *result.made])
        return await outbox.fail(tx, event, parts.clock.now(), told=names, error=result.error)

    return await parts.database.write(save)


async def _made(parts: Messenger, event: Event) -> FanoutResult:
    """Make all messages of an event; the failure of one doesn't stop the others."""
    result = FanoutResult()

    async def look(tx: ReadTx) -> OrderEvent:
        order = await order_store.find(tx, event.account_id, event.order_id)
        assert order is not None, "orders are never deleted"
        return OrderEvent(event, order, await parts.catalogs.load(tx, event.account_id))

    order_event = await result.reading(parts, "order", look)
    if order_event is None:
        return result
    letters = await result.reading(parts, "mails", lambda tx: mails_for(tx, order_event))
    calls = await result.reading(parts, "webhooks", lambda tx: calls_for(tx, parts, order_event))
    if letters:
        # Rendering takes a while, which requests to this process don't wait for.
        await asyncio.to_thread(_write, parts, letters, result)
    result.made.update((f"webhook:{each.target}", each) for each in calls or ())
    return result


def _write(parts: Messenger, letters: list[Letter], result: FanoutResult) -> None:
    for letter in letters:
        try:
            result.made[f"mail:{letter.kind}:{letter.recipient.address.lower()}"] = write(parts, letter)
        except Exception as error:
            result.faults.append((letter.kind, error))


def _log(event: Event, result: FanoutResult, *, given_up: bool) -> None:
    _, error = result.faults[0]
    if given_up:
        outbox.log_given_up(event, result.error, exc_info=error)
    elif event.attempts <= FIRST_FAILURES:
        log.warning(
            "an event could not be told",
            kind=event.kind,
            order_id=event.order_id,
            attempts=event.attempts,
            error=result.error,
            exc_info=error,
        )


def _place(error: Exception) -> str:
    """Return an exception's type and the innermost place of this program that it passed. Its text may contain personal
    data.
    """
    place, traceback = "", error.__traceback__
    while traceback is not None:
        module = traceback.tb_frame.f_globals.get("__name__", "")
        if module.startswith("seatwright."):
            place = f" in {module}:{traceback.tb_lineno}"
        traceback = traceback.tb_next
    return f"{type(error).__name__}{place}"
