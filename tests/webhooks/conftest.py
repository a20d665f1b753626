"""An outfitter with a receiver for its webhooks, and everything between the two."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass, field, replace
from datetime import datetime, tzinfo
from typing import Any

import httpx
import pytest
import standardwebhooks.webhooks
from standardwebhooks import Webhook

from seatwright.core.clock import ManualClock
from seatwright.core.config import Settings
from seatwright.http.context import Services
from seatwright.messages.fanout import fan_out
from seatwright.notifications.deliverer import deliver
from seatwright.notifications.webhooks.caller import HttpCaller
from seatwright.notifications.webhooks.sender import CallSender
from tests.desk import Desk, bike, desk, kayak, open_desk, rafting
from tests.notifications.office import messenger
from tests.webhooks.receiver import Call, Receiver, receiving

__all__ = ["bike", "desk", "kayak", "rafting"]

CUSTOMER = {"firstName": "Annelise", "lastName": "Leeuwenhoek", "email": "annelise@leeuwenhoek.example"}


@pytest.fixture
def settings(settings: Settings) -> Settings:
    """Settings that allow receivers on 127.0.0.1."""
    return replace(settings, webhook_internal=True)


@dataclass
class Hooks:
    """The way from an account's events to its receiver, one step at a time."""

    desk: Desk
    receiver: Receiver
    sender: CallSender
    secrets: dict[str, str] = field(default_factory=dict)

    @property
    def clock(self) -> ManualClock:
        """The clock of both sides."""
        assert isinstance(self.sender.clock, ManualClock)
        return self.sender.clock

    async def make(self, desk: Desk | None = None, **body: Any) -> str:
        """Make a webhook that calls the receiver, and return its id."""
        made = await (desk or self.desk).data("POST", "/api/v1/webhooks", json={"url": self.receiver.url, **body})
        self.secrets[made["id"]] = made["secret"]
        return str(made["id"])

    async def run(self) -> list[Call]:
        """Tell what happened, make the calls that are due, and return those that came in."""
        services, before = self.desk.services, len(self.receiver.calls)
        parts = messenger(services)
        while await fan_out(parts):
            pass
        while await deliver(services.database, services.clock, "webhook", self.sender):
            pass
        return self.receiver.calls[before:]

    async def log(self, webhook_id: str, query: str = "", desk: Desk | None = None) -> list[dict[str, Any]]:
        """Return the delivery log."""
        path = f"/api/v1/webhooks/{webhook_id}/deliveries{query}"
        found: list[dict[str, Any]] = await (desk or self.desk).data("GET", path)
        return found

    async def test(self, webhook_id: str) -> dict[str, Any]:
        """Make a test event due, and return its delivery."""
        made: dict[str, Any] = await self.desk.data("POST", f"/api/v1/webhooks/{webhook_id}/test")
        return made


@pytest.fixture
async def receiver() -> AsyncIterator[Receiver]:
    """A receiver that answers 204."""
    async with receiving() as opened:
        yield opened


@pytest.fixture
def hooks(desk: Desk, services: Services, receiver: Receiver) -> Hooks:
    """The outfitter `desk` and `receiver`; there is no webhook yet."""
    caller = HttpCaller(internal=True, total_s=60)
    sender = CallSender(services.database, services.clock, services.keyring.webhook_key, caller)
    return Hooks(desk, receiver, sender)


@pytest.fixture
async def reseller(desk: Desk, client: httpx.AsyncClient, services: Services) -> Desk:
    """Another outfitter, which may sell what `desk` has."""
    opened = await open_desk(client, services, "tripdesk")
    await desk.data("POST", "/api/v1/connections", json={"resellerId": opened.shop.account_id})
    return opened


@pytest.fixture
def received_at(clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> ManualClock:
    """The test's clock, which the reference library goes by too."""

    class Now(datetime):
        @classmethod
        def now(cls, tz: tzinfo | None = None) -> Now:
            return cls.fromtimestamp(clock.now() / 1000, tz)

    monkeypatch.setattr(standardwebhooks.webhooks, "datetime", Now)
    return clock


def verified(call: Call, secret: str) -> Any:
    """Return what the reference library makes of a call. Raises its `WebhookVerificationError`."""
    return Webhook(secret).verify(call.body, call.headers)
