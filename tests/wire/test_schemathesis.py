"""schemathesis over `/openapi.json` of a real server: what is described is what it does, and nothing answers 5xx.

`SEATWRIGHT_SCHEMATHESIS_CASES` cases for each operation of carts, orders and products, from a fixed seed. Checks that
punish leniency are left out: existing clients send numbers as texts, nulls and unknown fields, and are answered.
"""

from __future__ import annotations

import os
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import httpx
import msgspec
import pytest
import schemathesis
from hypothesis import HealthCheck, given, seed, settings
from schemathesis.checks import not_a_server_error
from schemathesis.specs.openapi.checks import (
    content_type_conformance,
    ignored_auth,
    response_schema_conformance,
    status_code_conformance,
)

from tests.conftest import settings_for
from tests.server import Server

CASES = int(os.environ.get("SEATWRIGHT_SCHEMATHESIS_CASES", "60"))
CHECKS = [
    not_a_server_error,
    status_code_conformance,
    content_type_conformance,
    response_schema_conformance,
    ignored_auth,
]


@pytest.fixture(scope="module")
def demo(tmp_path_factory: pytest.TempPathFactory) -> Iterator[tuple[Server, dict[str, str]]]:
    """A demo server, and the headers of its outfitter's user."""
    data: Path = tmp_path_factory.mktemp("schemathesis")
    server = Server(settings_for(data), "--demo", SEATWRIGHT_REQUESTS_PER_SECOND="0")
    who = msgspec.json.decode((data / "demo.json").read_bytes())
    token = httpx.post(
        f"{server.url}/public/api/authenticate", json={name: who[name] for name in ("username", "apikey")}
    ).text
    yield server, {"Authorization": f"Bearer {token}"}
    server.stop()


def test_the_server_does_what_it_says(demo: tuple[Server, dict[str, str]]) -> None:
    schema = schemathesis.openapi.from_url(f"{demo[0].url}/openapi.json")
    chosen = schema.include(path_regex="^/public/api/(cart|order|product)")
    operations = [found.ok() for found in chosen.get_all_operations()]
    assert len(operations) > 15
    for operation in operations:

        @seed(20261124)
        @settings(max_examples=CASES, deadline=None, database=None, suppress_health_check=list(HealthCheck))
        @given(case=operation.as_strategy())
        def holds(case: Any) -> None:
            case.call_and_validate(headers=demo[1], checks=CHECKS)

        holds()
