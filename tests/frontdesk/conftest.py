"""The desk's pages with somebody who may do everything."""

from __future__ import annotations

import pytest

from seatwright.auth.model import ALL_PERMISSIONS
from tests.desk import Desk, bike, desk, kayak, rafting
from tests.frontdesk.visitor import Visitor, visitor

__all__ = ["bike", "desk", "kayak", "rafting"]


@pytest.fixture
async def dana(desk: Desk) -> Visitor:
    """Somebody at the desk of `desk`'s account who may do everything."""
    return await visitor(desk.client, desk.services, desk.shop.account_id, ALL_PERMISSIONS)
