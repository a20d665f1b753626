"""An outfitter whose orders are mailed, and its post: what lies in the outbox becomes mails, without any server."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest

from seatwright.catalog.model import Location, Notice, Product
from seatwright.core.config import Settings
from seatwright.core.mail import parse_mailbox, parse_server
from seatwright.http.context import Services
from seatwright.messages.context import Messenger
from seatwright.messages.fanout import fan_out
from seatwright.notifications import deliveries
from seatwright.notifications.deliveries import Delivery
from seatwright.notifications.mail import message as mail
from seatwright.notifications.mail.message import MailContent
from seatwright.orders import outbox
from tests.desk import Desk, open_desk

ANN = {
    "firstName": "Ann",
    "lastName": "Lee",
    "email": "ann@lee.example",
    "phone": "+1 435 555 0199",
    "streetAddress": "77 Cottonwood Lane",
    "city": "Moab",
}
GUIDE, BOATS = "guide@canyon.example", "boats@vendor.example"
LOUD = {
    "disableNotification": False,
    "disablePendingOrderNotification": False,
    "disablePendingOrderNotificationResponse": False,
    "disableConfirmationEmail": False,
}
"""Everything is told."""
FLAGS = tuple(LOUD)


embedded = pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
"""For what has nothing to do with the database: one is enough."""


def only(flag: str) -> dict[str, bool]:
    """Return flags of which `flag` alone doesn't disable anything."""
    return {name: name != flag for name in FLAGS}


@dataclass(frozen=True)
class Mail:
    """A mail that was made."""

    delivery: Delivery
    content: MailContent

    @property
    def text(self) -> str:
        """Its plain text, with ordinary spaces."""
        return self.content.text.replace("\xa0", " ").replace("\u202f", " ")

    @property
    def sort(self) -> tuple[str, str]:
        """Its kind and to whom."""
        return self.delivery.kind, self.delivery.target


@dataclass
class Office:
    """The outfitter's desk, and what is made of its events. Rafting has a guide and a boat vendor, kayaks a guide;
    orders of kayaks have to be accepted within an hour."""

    desk: Desk
    parts: Messenger

    def using(self, settings: Settings) -> Office:
        """Return the same office with other settings."""
        return Office(self.desk, replace(self.parts, settings=settings))

    async def order(
        self,
        *items: tuple[str, dict[str, Any]],
        by: Desk | None = None,
        customer: dict[str, Any] | None = None,
        flags: dict[str, bool] | None = None,
        guests: Sequence[dict[str, Any]] = (),
        **more: Any,
    ) -> dict[str, Any]:
        """Order for a customer, with everything told unless `flags` say otherwise; `by` may be a reseller.

        `guests` are names and answers of the first participants.
        """
        seller = by or self.desk
        supplier = self.desk.shop.account_id if by else ""
        cart = await seller.cart(*items, supplier=supplier)
        sent = dict(ANN if customer is None else customer)
        if guests:
            items = (await seller.data("GET", f"/cart/{cart}"))["items"]
            lines = [line for item in items for line in (*item["participantList"], *item["unitList"])]
            sent["participants"] = [{"id": line["id"], **guest} for line, guest in zip(lines, guests, strict=False)]
        await seller.data("PUT", f"/cart/{cart}/customer", json=sent)
        body = {"id": cart, **(LOUD if flags is None else flags), **more}
        placed: dict[str, Any] = await seller.data("POST", "/order", json=body)
        return placed

    async def tell(self) -> None:
        """Make messages of everything that has happened."""
        while await fan_out(self.parts):
            pass
        assert await self.parts.database.read(outbox.waiting) == 0

    async def mails(self, account_id: str = "") -> list[Mail]:
        """Tell everybody, and return all mails of an account (the outfitter's) in the order of their making."""
        await self.tell()
        owner = account_id or self.desk.shop.account_id
        found = await self.parts.database.read(
            lambda tx: deliveries.page(tx, owner, limit=1000, page=0, channel="mail")
        )
        return [Mail(each, mail.decode(each.content)) for each in reversed(found)]

    async def new(self, known: Sequence[Mail], account_id: str = "") -> list[Mail]:
        """Return the mails that have come since."""
        ids = {each.delivery.id for each in known}
        return [each for each in await self.mails(account_id) if each.delivery.id not in ids]


def with_settings(settings: Settings, **more: Any) -> Settings:
    """Return settings of which some are others."""
    return replace(settings, **more)


def mailing(settings: Settings, port: int, scheme: str = "smtp+plain", **more: Any) -> Settings:
    """Return settings with a mail server on this machine."""
    return with_settings(
        settings,
        smtp=parse_server(f"{scheme}://localhost:{port}"),
        mail_from=parse_mailbox("Bookings <bookings@seatwright.example>"),
        **more,
    )


def messenger(services: Services, settings: Settings | None = None) -> Messenger:
    """Return what messages are made with."""
    return Messenger(
        database=services.database,
        clock=services.clock,
        settings=settings or services.settings,
        catalogs=services.catalogs,
        keyring=services.keyring,
    )


async def open_office(desk: Desk, services: Services, settings: Settings | None = None) -> Office:
    """Name people on the products, and let kayak orders wait for an answer."""
    entries = desk.shop.entries
    raft, kayak, place = entries["rafting"], entries["kayak"], entries["putin"]
    assert isinstance(raft, Product)
    assert isinstance(kayak, Product)
    assert isinstance(place, Location)
    guide = Notice(name="Gus Guide", email=GUIDE)
    await desk.shop.add_all(
        [
            ("location", msgspec.structs.replace(place, address="1 River Road", city="Moab", state="UT")),
            ("product", msgspec.structs.replace(raft, notices=(guide, Notice(name="Boat house", email=BOATS)))),
            ("product", msgspec.structs.replace(kayak, notices=(guide,), approval_min=60)),
        ]
    )
    return Office(desk, messenger(services, settings))


async def open_reseller(office: Office, client: httpx.AsyncClient, services: Services, **terms: Any) -> Desk:
    """Make a reseller that may sell what the office has."""
    reseller = await open_desk(client, services, "tripdesk")
    body = (
        {"resellerId": reseller.shop.account_id, "terms": terms} if terms else {"resellerId": reseller.shop.account_id}
    )
    await office.desk.data("POST", "/api/v1/connections", json=body)
    return reseller


def templates(directory: Path, files: dict[str, str]) -> Path:
    """Write an operator's templates, and return their directory."""
    for name, text in files.items():
        path = directory / name
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text(text, encoding="utf-8")
    return directory
