"""Makes due webhook calls, for `deliverer.Deliverer` and the channel `webhook`."""

from __future__ import annotations

from contextlib import suppress
from dataclasses import dataclass

from seatwright.core.clock import Clock
from seatwright.core.sealing import UnreadableSecret, unseal
from seatwright.notifications.deliveries import Delivery, Outcome
from seatwright.notifications.webhooks import service, signing, store
from seatwright.notifications.webhooks.caller import HttpCaller
from seatwright.notifications.webhooks.model import Webhook
from seatwright.storage.engine import Database

GONE = 410
BUSY = (429, 503)
"""Statuses of answers whose Retry-After is obeyed."""
UNREADABLE = "the secret can't be read with this server's key (SEATWRIGHT_SECRET has changed); rotate it"


@dataclass(frozen=True, slots=True)
class CallSender:
    """Makes the calls. `key` is `Keyring.webhook_key`."""

    database: Database
    clock: Clock
    key: bytes
    caller: HttpCaller

    async def __call__(self, delivery: Delivery) -> Outcome:
        """Make a call, signed with the present secrets, to the webhook's present URL."""
        webhook = await self.database.read(
            lambda tx: store.find(tx, delivery.account_id, delivery.target),
        )
        if webhook is None:
            return Outcome(sent=False, error=service.DELETED, final=True)
        if not webhook.active:
            return Outcome(sent=False, error=service.SWITCHED_OFF, final=True)
        now = self.clock.now()
        try:
            secrets = self._secrets(webhook)
        except UnreadableSecret:
            return Outcome(sent=False, error=UNREADABLE)
        headers = signing.headers(secrets, delivery.id, now, delivery.content)
        outcome = await self.caller.post(webhook.url, delivery.content, headers)
        if outcome.code == GONE:
            gone_at = self.clock.now()
            await self.database.write(lambda tx: service.gone(tx, webhook, delivery.id, gone_at))
        return outcome._replace(
            final=outcome.code == GONE, retry_after=outcome.retry_after if outcome.code in BUSY else None
        )

    def _secrets(self, webhook: Webhook) -> list[str]:
        """Return the secrets that sign now. Raises `UnreadableSecret` if the newest can't be read."""
        newest, *older = webhook.sealed(self.clock.now())
        bound = signing.bound_to(webhook.account_id, webhook.id)
        found = [unseal(self.key, newest, bound)]
        for sealed in older:
            with suppress(UnreadableSecret):
                found.append(unseal(self.key, sealed, bound))
        return found
