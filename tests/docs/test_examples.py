"""The examples of requests and answers in `/openapi.json` are what is sent to the server, and what it answers."""

from __future__ import annotations

import json
import os
from pathlib import Path

import httpx
import pytest

import seatwright.http
from seatwright.http.context import Services
from tests.docs.examples import fields, made_up, record, shape, shortened
from tests.security.world import open_side

STORED = Path(seatwright.http.__file__).parent / "examples.json"
CODE = "canyon"


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_the_examples_are_what_the_server_answers(client: httpx.AsyncClient, services: Services) -> None:
    found = made_up(await record(client, await open_side(client, services, CODE)), CODE)
    if os.environ.get("WRITE_EXAMPLES"):
        short = {name: json.dumps(shortened(found[name]), ensure_ascii=False) for name in sorted(found)}
        lines = (f"{json.dumps(name)}: {example}" for name, example in short.items())
        STORED.write_text("{\n" + ",\n".join(lines) + "\n}\n", encoding="utf-8")
    stored = json.loads(STORED.read_text(encoding="utf-8"))
    assert set(stored) == set(found), "run this test with WRITE_EXAMPLES=1"
    for name, example in found.items():
        assert set(shape(stored[name])) <= set(shape(example)), f"{name}: run this test with WRITE_EXAMPLES=1"
        assert fields(stored[name]) == fields(example), f"{name}: run this test with WRITE_EXAMPLES=1"
    assert "secretof" not in STORED.read_text(encoding="utf-8")
