"""Tells people and programs: the loops that turn events into messages, and that deliver those, one for each channel."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from seatwright.messages.context import Messenger
from seatwright.messages.fanout import fan_out
from seatwright.notifications.deliverer import Deliverer, Send
from seatwright.notifications.deliveries import Channel
from seatwright.notifications.mail.sender import MailSender
from seatwright.notifications.webhooks.caller import HttpCaller
from seatwright.notifications.webhooks.sender import CallSender

PAUSE_S = 1.0
"""Until somebody looks again, where there was nothing to do."""
FINISH_S = 10.0
"""How long what is being sent may still take when the server stops."""

log = structlog.get_logger("seatwright.worker")


@dataclass(frozen=True, slots=True)
class Messaging:
    """The loops of one process. Safe to run in several at once."""

    parts: Messenger

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set, then let what is being sent finish.

        In the sandbox no mail is due, so none is sent.
        """
        async with asyncio.TaskGroup() as loops:
            loops.create_task(_follow(self.tell, stop))
            for channel, send in self.senders().items():
                loops.create_task(self._deliver(channel, send, stop))

    async def tell(self) -> int:
        """Make messages of what has happened; return of how many events."""
        return await fan_out(self.parts)

    def senders(self) -> dict[Channel, Send]:
        """Return what sends each channel that can be sent."""
        parts = self.parts
        caller = HttpCaller(internal=parts.settings.webhook_internal)
        calls = CallSender(parts.database, parts.clock, parts.keyring.webhook_key, caller)
        found: dict[Channel, Send] = {"webhook": calls}
        mails = MailSender.of(parts.settings)
        if mails is not None:
            found["mail"] = mails
        return found

    async def _deliver(self, channel: Channel, send: Send, stop: asyncio.Event) -> None:
        deliverer = Deliverer(self.parts.database, self.parts.clock, channel, send)
        try:
            await _follow(deliverer.step_or_wait, stop)
        finally:
            await deliverer.finish(FINISH_S)


async def _follow(step: Callable[[], Awaitable[int | bool]], stop: asyncio.Event) -> None:
    """Run `step` again and again: at once while it had something to do, after a pause otherwise, or if it failed."""
    while not stop.is_set():
        try:
            if await step():
                continue
        except Exception as error:
            log.warning("a background step failed", step=getattr(step, "__name__", ""), exc_info=error)
        try:
            await asyncio.wait_for(stop.wait(), PAUSE_S)
        except TimeoutError:
            continue
