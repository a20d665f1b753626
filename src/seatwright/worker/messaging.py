"""The loops for messages: one turns events into messages, and one for each channel delivers them."""

from __future__ import annotations

import asyncio
from collections.abc import Awaitable, Callable
from dataclasses import dataclass

import structlog

from seatwright.core.meter import meter
from seatwright.messages.context import Messenger
from seatwright.messages.fanout import fan_out
from seatwright.messages.staff import answer_resets
from seatwright.notifications.deliverer import Deliverer, Send
from seatwright.notifications.deliveries import Channel
from seatwright.notifications.mail.sender import MailSender
from seatwright.notifications.webhooks.caller import HttpCaller
from seatwright.notifications.webhooks.sender import CallSender

PAUSE_S = 1.0
"""The pause after a step that had nothing to do, in seconds."""
FINISH_S = 10.0
"""How long running deliveries may still take when the server stops, in seconds."""

log = structlog.get_logger("seatwright.worker")


@dataclass(frozen=True, slots=True)
class Messaging:
    """The loops of one process. Safe to run in several at once."""

    parts: Messenger

    async def run(self, stop: asyncio.Event) -> None:
        """Run until `stop` is set, then wait for running deliveries.

        In the sandbox no mail is due, so none is sent.
        """
        async with asyncio.TaskGroup() as loops:
            loops.create_task(_follow(self.tell, stop))
            loops.create_task(_follow(self.answer_resets, stop))
            for channel, send in self.senders().items():
                loops.create_task(self._deliver(channel, send, stop))

    async def tell(self) -> int:
        """Make the messages of due events; return the number of events."""
        return await fan_out(self.parts)

    async def answer_resets(self) -> int:
        """Mail the links to new passwords that people have asked for; return how many requests that were."""
        return await answer_resets(self.parts)

    def senders(self) -> dict[Channel, Send]:
        """Return the senders of all channels that can be used."""
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
    """Run `step` again and again: at once after it had something to do, or after a pause if it had nothing to do or
    failed.
    """
    while not stop.is_set():
        try:
            if await step():
                continue
        except Exception as error:
            name = getattr(step, "__name__", "")
            meter().failure(name)
            log.warning("a background step failed", step=name, exc_info=error)
        try:
            await asyncio.wait_for(stop.wait(), PAUSE_S)
        except TimeoutError:
            continue
