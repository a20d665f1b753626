"""docs/webhooks.md: its receiver runs and verifies, its payload is what is sent, its figures are the program's."""

from __future__ import annotations

import asyncio
import json
import os
import re
import subprocess
import sys
from pathlib import Path

import pytest

from seatwright.core.clock import HOUR_MS, SECOND_MS
from seatwright.notifications import deliveries
from seatwright.notifications.deliverer import AT_ONCE, PER_ACCOUNT, PER_TARGET
from seatwright.notifications.webhooks import caller as webhooks_http
from seatwright.notifications.webhooks import model as webhooks
from seatwright.notifications.webhooks import service as webhooks_service
from seatwright.notifications.webhooks.model import EVENT_KINDS
from seatwright.notifications.webhooks.signing import headers, new_secret
from tests.days import moving
from tests.webhooks.conftest import Hooks

DOCUMENT = (Path(__file__).parents[2] / "docs" / "webhooks.md").read_text(encoding="utf-8")


def example(name: str) -> str:
    """Return the block that is marked with this name."""
    found = re.search(rf"<!-- example: {name} -->\n```\w+\n(.*?)```", DOCUMENT, re.DOTALL)
    assert found is not None
    return found[1]


async def test_the_receiver_verifies(tmp_path: Path) -> None:
    """On a port that it takes and tells itself, instead of 8000."""
    secret, program = new_secret(), tmp_path / "receiver.py"
    now = moving.machine_ns() // 1_000_000  # the library of the receiver asks the machine
    shown, listens = example("receiver"), 'HTTPServer(("", 8000), Receiver).serve_forever()'
    assert listens in shown
    tells = 'server = HTTPServer(("127.0.0.1", 0), Receiver)\nprint(server.server_port, flush=True)\n'
    program.write_text(shown.replace(listens, f"{tells}server.serve_forever()"))
    process = await asyncio.create_subprocess_exec(
        sys.executable,
        str(program),
        env=os.environ | {"WEBHOOK_SECRET": secret},
        stdout=subprocess.PIPE,
        stderr=subprocess.DEVNULL,
    )
    assert process.stdout is not None
    try:
        port = int(await asyncio.wait_for(process.stdout.readline(), 60))
        caller, url = webhooks_http.HttpCaller(internal=True, total_s=60), f"http://127.0.0.1:{port}/"
        body = json.dumps(json.loads(example("payload")))
        good = headers([secret], "1", now, body)
        late = headers([secret], "1", now - 301 * SECOND_MS, body)
        other = headers([new_secret()], "1", now, body)
        assert [(await caller.post(url, body, each)).code for each in (good, late, other)] == [204, 401, 401]
    finally:
        process.kill()
    assert (await process.communicate())[0].startswith(b"order.cancelled {'orderId': ")


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_the_payload_is_what_is_sent(hooks: Hooks, rafting: str) -> None:
    order = await hooks.desk.order((rafting, {"Adult": 2}))
    await hooks.make()
    (item,) = order["items"]
    line = f"/order/{order['id']}/item/{item['id']}/participant/{item['participantList'][0]['id']}"
    await hooks.desk.data("DELETE", line)
    (call,) = await hooks.run()
    shown = json.loads(example("payload"))
    assert list(call.event) == list(shown)
    assert list(call.event["data"]) == list(shown["data"])
    figures = ("type", "total", "amountPaid", "balance", "fee", "refund", "version", "status", "action", "currency")
    assert {name: call.event["data"].get(name) for name in figures} == {
        name: shown["data"].get(name) for name in figures
    }


def test_the_figures_are_the_programs() -> None:
    words = " ".join(DOCUMENT.split())
    hours = sum(deliveries.WAITS_MS) / HOUR_MS
    assert f"{deliveries.MAX_ATTEMPTS} attempts over {hours:.0f} hours" in words
    assert f"within {webhooks_http.TOTAL_S:.0f} seconds, {webhooks_http.CONNECT_S:.0f} of them" in words
    assert f"at most {webhooks_http.MAX_ANSWER_BYTES // 1024} KiB of it are read" in words
    assert f"in at most {webhooks_http.DRAIN_S:.0f} seconds" in words
    assert f"at most {webhooks.MAX_WEBHOOKS} webhooks" in words
    assert f"`graceHours` ({webhooks.GRACE_HOURS} by default, 0 to {webhooks.MAX_GRACE_HOURS})" in words
    to_webhook, to_account = PER_TARGET["webhook"], PER_ACCOUNT["webhook"]
    assert f"up to {to_webhook} calls at the same time to a webhook, up to {to_account} to all webhooks" in words
    assert f"and up to {AT_ONCE} in all" in words
    assert f"up to {webhooks_service.MAX_RETRIED} at a time" in words
    types = re.findall(r"^\| `([\w.]+)` \| ", DOCUMENT, re.MULTILINE)
    assert types == ["type", *EVENT_KINDS, webhooks.TEST_KIND]
