"""A desk, and departures of its shop, for every test of the wire."""

from __future__ import annotations

from collections.abc import AsyncIterator

import httpx
import pytest

from seatwright.api.context import Services
from seatwright.invariants.checks import check
from tests.desk import Desk, open_desk


@pytest.fixture
async def desk(client: httpx.AsyncClient, services: Services) -> AsyncIterator[Desk]:
    """A desk whose books must balance when the test is over."""
    opened = await open_desk(client, services)
    yield opened
    assert await check(services.database, services.clock.now()) == []


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
