"""A server on a streaming replica reads what the others write, and nothing goes wrong in it because it can't write."""

from __future__ import annotations

import time
from collections.abc import Callable
from pathlib import Path

import httpx

from tests.conftest import _migrate, settings_for
from tests.postgres import PostgresServer, Replica
from tests.security.live import Login, open_account
from tests.security.world import catalog
from tests.server import Server

PATIENCE_S = 20.0


def until(condition: Callable[[], bool]) -> None:
    """Wait for another process."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline
        time.sleep(0.02)


def held(server: Server, login: Login) -> str:
    """Hold a seat in a new cart; return its id."""
    with httpx.Client(base_url=f"{server.url}/public/api", headers=login.headers) as client:
        product = client.get("/product/4101/item?from=2030-07&to=2030-07").json()["data"]
        item = product["items"][0]["timesAvailable"][0]["activityId"]
        cart: str = client.post("/cart").json()["data"]["id"]
        added = client.post(f"/cart/{cart}/item", json={"itemId": item, "participants": {"Adult": 1}})
        assert added.status_code == 200, added.text
        return cart


def test_a_read_only_server_on_a_replica_answers_reads_and_refuses_writes(tmp_path: Path) -> None:
    with PostgresServer(settings=Replica.REPLICATED) as primary:
        url = primary.create_database("outfitter")
        for name in ("first", "second"):
            (tmp_path / name).mkdir()
        settings = settings_for(tmp_path / "first", url)
        _migrate(settings)
        with Replica(primary) as replica:
            first = Server(settings, SEATWRIGHT_HOLD_SECONDS="5")
            reading = settings_for(tmp_path / "second", replica.url("outfitter"))
            second = Server(reading, SEATWRIGHT_READ_ONLY="1")
            try:
                login = open_account(settings, first, "canyon")
                imported = httpx.post(
                    f"{first.url}/api/v1/import", json=catalog("canyon", "2030-07-14"), headers=login.headers
                )
                assert imported.status_code == 200, imported.text
                lasting, cart = held(first, login), held(first, login)
                placed = httpx.post(f"{first.url}/public/api/order", json={"id": cart}, headers=login.headers)
                assert placed.status_code == 200
                address = f"{second.url}/public/api/order"
                until(lambda: httpx.get(f"{address}/{cart}", headers=login.headers).status_code == 200)
                assert httpx.get(f"{address}/{cart}", headers=login.headers).content == placed.content
                assert [o["id"] for o in httpx.get(address, headers=login.headers).json()["data"]] == [cart]
                own = {"name": "Desk", "permissions": ["orders.read"]}
                made = httpx.post(f"{first.url}/api/v1/keys", json=own, headers=login.headers).json()["data"]
                until(lambda: replica.execute("SELECT count(*) FROM api_key", "outfitter") == "1")
                sign_in = {"username": login.username, "apikey": made["apikey"]}
                token = httpx.post(f"{second.url}/public/api/authenticate", json=sign_in)
                key_headers = {"Authorization": f"Bearer {token.text}"}
                assert httpx.get(address, headers=key_headers).status_code == 200, "its use can't be written down there"
                refused = httpx.post(address, json={"id": lasting}, headers=login.headers)
                assert refused.status_code == 503, refused.text
                assert "takes no writes" in refused.json()["errorMessage"]
                until(lambda: primary.execute("SELECT count(*) FROM hold", "outfitter") == "0")
                until(lambda: replica.execute("SELECT count(*) FROM hold", "outfitter") == "0")
                assert httpx.get(f"{second.url}/readyz").status_code == 200
            finally:
                output = second.stop()
                first.stop()
    assert "background step failed" not in output
