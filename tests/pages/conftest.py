"""The desk and its departures (`tests.desk`), and a customer of it with a link."""

from __future__ import annotations

import httpx
import pytest

from seatwright.http.context import Services
from tests.desk import Desk, bike, desk, kayak, rafting
from tests.pages.visitor import Visitor

__all__ = ["bike", "desk", "kayak", "rafting"]


@pytest.fixture
def visitor(client: httpx.AsyncClient, services: Services, desk: Desk) -> Visitor:
    """A customer of the desk, without an order yet."""
    return Visitor(client, services, desk)
