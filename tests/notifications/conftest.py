"""The office, for tests of mails."""

from __future__ import annotations

import pytest

from seatwright.http.context import Services
from tests.desk import Desk, bike, desk, kayak, rafting
from tests.notifications.commands import Commands
from tests.notifications.office import Office, open_office

__all__ = ["bike", "desk", "kayak", "rafting"]


@pytest.fixture
async def office(desk: Desk, services: Services) -> Office:
    """An outfitter in the sandbox."""
    return await open_office(desk, services)


@pytest.fixture
def messages(desk: Desk, monkeypatch: pytest.MonkeyPatch) -> Commands:
    """The commands."""
    return Commands(desk, monkeypatch)
