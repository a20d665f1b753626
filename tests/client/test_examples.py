"""The programs in `examples/` do what they say, against a real server."""

from __future__ import annotations

import os
import re
import sqlite3
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import closing
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import httpx
import pytest

from seatwright.notifications.webhooks.signing import headers, new_secret
from seatwright_client import SeatwrightClient

EXAMPLES = Path(__file__).parents[2] / "examples"
SECRET = new_secret()
BODY = (
    '{"type":"order.created","timestamp":"2026-07-01T16:00:00.000Z",'
    '"data":{"entityId":"60be6c0876dc590010d74ea6","confirmation":100001,"action":"order.created"}}'
)


def run(demo: dict[str, Any], name: str, *arguments: str) -> str:
    """Run an example against the demo server; return what it prints."""
    access = {
        "RESERVATIONS_URL": demo["baseUrl"],
        "RESERVATIONS_USERNAME": demo["username"],
        "RESERVATIONS_APIKEY": demo["apikey"],
    }
    done = subprocess.run(
        [sys.executable, "-W", "error", str(EXAMPLES / name), *arguments],
        env=os.environ | access,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    return done.stdout


def test_every_example_is_run_here() -> None:
    assert {path.name for path in EXAMPLES.glob("*.py")} == {"book.py", "nightly_sync.py", "webhook_receiver.py"}


def test_a_booking_is_made_once_and_the_sync_meets_it_once(demo: dict[str, Any], tmp_path: Path) -> None:
    copy = tmp_path / "orders.db"
    first = re.fullmatch(r"(\d+) orders are new or have changed\.\n", run(demo, "nightly_sync.py", str(copy)))
    assert first is not None
    soon = (datetime.fromtimestamp(time.time(), UTC) + timedelta(days=7)).date().isoformat()
    booking = ("4101", "--adults", "2", "--reference", f"EX-{tmp_path.name}", "--from", soon)
    said = run(demo, "book.py", *booking)
    assert run(demo, "book.py", *booking) == said
    assert run(demo, "nightly_sync.py", str(copy)) == "1 orders are new or have changed.\n"
    assert run(demo, "nightly_sync.py", str(copy)) == "0 orders are new or have changed.\n"
    with SeatwrightClient(demo["baseUrl"], username=demo["username"], apikey=demo["apikey"]) as client:
        everything = {(order.id, order.status, str(order.total)) for order in client.orders.iterate()}
        client.orders.cancel(int(said.partition(":")[0]))
    with closing(sqlite3.connect(copy)) as database:
        assert set(database.execute("SELECT id, status, total FROM orders")) == everything
        assert len(everything) == int(first[1]) + 1
    assert run(demo, "nightly_sync.py", str(copy)) == "1 orders are new or have changed.\n"


@pytest.fixture
def receiver() -> Iterator[tuple[subprocess.Popen[str], str]]:
    """The receiver, on a port of its own."""
    command = [sys.executable, "-W", "error", str(EXAMPLES / "webhook_receiver.py"), "0"]
    with subprocess.Popen(
        command, env=os.environ | {"WEBHOOK_SECRET": SECRET}, stdout=subprocess.PIPE, text=True
    ) as it:
        assert it.stdout is not None
        port = it.stdout.readline().removeprefix("listening on ").strip()
        yield it, f"http://127.0.0.1:{port}/"
        it.terminate()


def test_the_receiver_verifies_and_works_once(receiver: tuple[subprocess.Popen[str], str]) -> None:
    process, url = receiver
    assert process.stdout is not None
    signed = headers([SECRET], "msg_1", int(time.time() * 1000), BODY)
    for _ in range(2):
        assert httpx.post(url, content=BODY, headers=signed).status_code == 204
    assert httpx.post(url, content=BODY.replace("100001", "100002"), headers=signed).status_code == 401
    assert process.stdout.readline() == "order.created 100001 order.created\n"
    assert process.stdout.readline().startswith("refused: ")
