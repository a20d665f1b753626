"""A small outfitter behind the HTTP API: what a client of it does, in few words; and the fixtures made of it."""

from __future__ import annotations

from collections.abc import AsyncIterator
from dataclasses import dataclass
from typing import Any

import httpx
import pytest

from seatwright.auth import service as auth
from seatwright.auth import tokens
from seatwright.auth.model import PERMISSIONS
from seatwright.cart.holds import sweep
from seatwright.core.clock import ManualClock
from seatwright.http.context import Services
from seatwright.invariants.checks import check
from tests.shop import Shop, open_shop

RAFTING, KAYAK, BIKE = 4101, 4102, 4201
"""Numbers of the shop's products."""


@dataclass
class Desk:
    """A signed-in client of one account, and the account's shop."""

    client: httpx.AsyncClient
    services: Services
    shop: Shop
    headers: dict[str, str]

    async def call(self, method: str, path: str, **request: Any) -> httpx.Response:
        """Send a request under `/public/api` (or to a path that begins with `/api`) as this account's user."""
        address = path if path.startswith("/api/") else f"/public/api{path}"
        headers = self.headers | request.pop("headers", {})
        return await self.client.request(method, address, headers=headers, **request)

    async def data(self, method: str, path: str, **request: Any) -> Any:
        """Send a request that has to succeed, and return its data."""
        answer = await self.call(method, path, **request)
        assert answer.status_code == 200, answer.text
        assert answer.json()["errorMessage"] is None
        return answer.json()["data"]

    async def refused(self, status: int, method: str, path: str, **request: Any) -> dict[str, Any]:
        """Send a request that has to be refused with `status`, and return the envelope."""
        answer = await self.call(method, path, **request)
        assert answer.status_code == status, answer.text
        envelope: dict[str, Any] = answer.json()
        assert envelope["data"] is None
        assert isinstance(envelope["errorMessage"], str)
        assert isinstance(envelope["errorCode"], str)
        return envelope

    async def cart(self, *items: tuple[str, dict[str, Any]], supplier: str = "") -> str:
        """Make a cart with these departures and participants, and return its id."""
        made = await self.data("POST", f"/cart?supplierId={supplier}" if supplier else "/cart")
        for departure, participants in items:
            await self.add(made["id"], departure, participants)
        return str(made["id"])

    async def add(self, cart_id: str, departure: str, participants: dict[str, Any], **more: Any) -> dict[str, Any]:
        """Add a departure to a cart, and return the cart."""
        body = {"itemId": departure, "participants": participants, **more}
        shown: dict[str, Any] = await self.data("POST", f"/cart/{cart_id}/item", json=body)
        return shown

    async def order(self, *items: tuple[str, dict[str, Any]], supplier: str = "", **more: Any) -> dict[str, Any]:
        """Order these departures, and return the order."""
        placed: dict[str, Any] = await self.data(
            "POST", "/order", json={"id": await self.cart(*items, supplier=supplier), **more}
        )
        return placed

    async def free(self, product: int, departure: str) -> int:
        """Return the seats that the calendar of July 2026 offers on a departure."""
        found = await self.data("GET", f"/product/{product}/item?from=2026-07&to=2026-07")
        times = [time for day in found["items"] for time in day["timesAvailable"]]
        return int(next(time["tiersAvailable"]["*"] for time in times if time["activityId"] == departure))


async def open_desk(
    client: httpx.AsyncClient, services: Services, code: str = "canyon", permissions: tuple[str, ...] = PERMISSIONS
) -> Desk:
    """Make a shop with a user who has `permissions`, and sign that user in."""
    assert isinstance(services.clock, ManualClock)
    shop = await open_shop(services.database, services.clock, code=code)
    new = auth.NewUser(email=f"dana@{code}.example", name="Dana Reyes", permissions=frozenset(permissions))
    return await another_user(client, services, shop, new)


async def another_user(client: httpx.AsyncClient, services: Services, shop: Shop, new: auth.NewUser) -> Desk:
    """Make a user of a shop's account, and sign that user in."""
    now = services.clock.now()
    user = await services.database.write(lambda tx: auth.create_user(tx, now, auth.SYSTEM, shop.account_id, new))
    claims = tokens.Claims(user_id=user.id, account_id=shop.account_id, generation=1)
    token = tokens.issue(services.keyring, claims, now=now, lifetime_s=400 * 86_400)
    return Desk(client, services, shop, {"Authorization": f"Bearer {token}"})


@pytest.fixture
async def desk(client: httpx.AsyncClient, services: Services) -> AsyncIterator[Desk]:
    """A desk whose books must balance when the test is over, before and after expired holds are swept up."""
    opened = await open_desk(client, services)
    yield opened
    findings = await check(services.database, 0)
    while await sweep(services.database, services.clock):
        pass
    findings += await check(services.database, services.clock.now())
    assert findings == [], findings


@pytest.fixture
async def rafting(desk: Desk) -> str:
    """A rafting departure with twelve seats."""
    return await desk.shop.departure("rafting", "2026-07-14 09:00", capacity=12)


@pytest.fixture
async def kayak(desk: Desk) -> str:
    """A kayak tour with eight seats."""
    return await desk.shop.departure("kayak", "2026-07-15 09:00", capacity=8)


@pytest.fixture
async def bike(desk: Desk) -> str:
    """A day on which five bikes can be rented."""
    return await desk.shop.departure("bike", "2026-07-14 09:00", end="2026-07-14 17:00", capacity=5, pool="bikes")
