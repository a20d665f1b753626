"""`seatwright messages`, as somebody at the server's shell runs it."""

from __future__ import annotations

import asyncio
import re

import pytest
from typer.testing import CliRunner

from seatwright.cli.main import app
from tests.desk import Desk
from tests.notifications.post import HOST


class Commands:
    """`seatwright messages` with the settings of a test, in a thread, because it has an event loop of its own."""

    def __init__(self, desk: Desk, monkeypatch: pytest.MonkeyPatch) -> None:
        settings = desk.services.settings
        monkeypatch.setenv("SEATWRIGHT_DATA", str(settings.data))
        monkeypatch.setenv("SEATWRIGHT_DATABASE_URL", settings.database_url)
        self._set = monkeypatch.setenv

    def mailing(self, port: int) -> None:
        """Name a mail server."""
        self._set("SEATWRIGHT_SMTP_URL", f"smtp+plain://{HOST}:{port}")
        self._set("SEATWRIGHT_MAIL_FROM", "Canyon <bookings@seatwright.example>")

    async def __call__(self, *arguments: str, code: int = 0) -> str:
        """Run a command that has to end with an exit code; its output but for the line that names the database."""
        result = await asyncio.to_thread(CliRunner().invoke, app, ["messages", *arguments])
        assert result.exit_code == code, result.output
        return re.sub(r"^Database: .*\n", "", result.output)
