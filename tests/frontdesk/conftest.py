"""The desk's pages with somebody who may do everything."""

from __future__ import annotations

import pytest

from seatwright.auth.model import ALL_PERMISSIONS
from seatwright.web.desk import live_routes
from tests.desk import Desk, bike, desk, kayak, rafting
from tests.frontdesk.visitor import Visitor, visitor

__all__ = ["bike", "desk", "kayak", "rafting"]


@pytest.fixture(autouse=True)
def short_streams(monkeypatch: pytest.MonkeyPatch) -> None:
    """A stream of changes ends at once: this client reads answers whole."""
    monkeypatch.setattr(live_routes, "LONGEST_S", 0)


@pytest.fixture
async def dana(desk: Desk) -> Visitor:
    """Somebody at the desk of `desk`'s account who may do everything."""
    return await visitor(desk.client, desk.services, desk.shop.account_id, ALL_PERMISSIONS)
