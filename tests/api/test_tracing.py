"""Traces: what is in them, and that nothing of them is there unless they are wanted."""

from __future__ import annotations

import subprocess
import sys

import httpx
import pytest
from opentelemetry.sdk.trace.export import SimpleSpanProcessor
from opentelemetry.sdk.trace.export.in_memory_span_exporter import InMemorySpanExporter
from opentelemetry.trace import StatusCode

from seatwright.app.assembly import create_app
from seatwright.app.tracing import Tracing
from seatwright.core import config
from seatwright.core.errors import Invalid
from seatwright.http.context import Services
from tests.conftest import TestAccount

TRACE = "0af7651916cd43dd8448eb211c80319c"
PARENT = "b7ad6b7169203331"


async def test_a_request_is_a_span_with_its_transactions(services: Services, account: TestAccount) -> None:
    spans = InMemorySpanExporter()
    tracing = Tracing(SimpleSpanProcessor(spans))
    app = create_app(services.settings, tracing.watched(services))
    tracing.watch(app)
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    headers = {**account.headers, "traceparent": f"00-{TRACE}-{PARENT}-01", "X-Request-Id": "the-id"}
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        assert (await client.post("/public/api/cart?secret=1", headers=headers)).status_code == 200
        assert (await client.get("/public/api/cart/" + "0" * 24, headers=account.headers)).status_code == 404
        await services.database.read(lambda tx: tx.row("SELECT 1 AS one"))
    tracing.close()
    found = spans.get_finished_spans()
    requests = [span for span in found if span.parent is None or span.parent.is_remote]
    made, missing = requests
    assert [span.name for span in requests] == ["POST /public/api/cart", "GET /public/api/cart/{cart_id}"]
    assert made.attributes == {
        "http.request.method": "POST",
        "http.route": "/public/api/cart",
        "http.response.status_code": 200,
        "seatwright.request_id": "the-id",
    }
    assert f"{made.context.trace_id:032x}" == TRACE
    assert made.parent is not None
    assert f"{made.parent.span_id:016x}" == PARENT
    assert missing.attributes is not None
    assert missing.attributes["http.response.status_code"] == 404
    assert missing.status.status_code is not StatusCode.ERROR, "a refusal is no failure of the server"
    inner = [span for span in found if span not in requests]
    assert {span.name for span in inner} == {"database read", "database write"}
    assert {span.parent.span_id for span in inner if span.parent} == {made.context.span_id, missing.context.span_id}
    assert "secret" not in " ".join(span.to_json() for span in found)
    assert not [span for span in found if span.events]


def test_without_the_extra_the_setting_is_refused_with_what_to_install(monkeypatch: pytest.MonkeyPatch) -> None:
    url = {"SEATWRIGHT_TRACES_URL": "http://127.0.0.1:4318"}
    assert config.load_settings(url).traces_url == "http://127.0.0.1:4318"
    monkeypatch.setattr(config, "TRACES_LIBRARY", "no_such_library")
    with pytest.raises(Invalid, match=r"SEATWRIGHT_TRACES_URL: needs the extra .*seatwright\[otel\]"):
        config.load_settings(url)
    assert config.load_settings({}).traces_url == ""


def test_nothing_of_it_is_imported_unless_it_is_wanted() -> None:
    code = "import sys, seatwright.app.process, seatwright.cli.main; print('opentelemetry' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, check=True).stdout == b"False\n"
