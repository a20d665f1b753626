"""The log of a real server, after orders, mistakes, attacks and a crash: no secret and nobody's data is in it."""

from __future__ import annotations

import json
import socket
import subprocess
import sys
from typing import Any

import httpx
import pytest

from seatwright.auth.model import PERMISSIONS
from seatwright.core.config import Settings
from seatwright.storage.engine import Database
from tests.security.leaks import SECRET
from tests.security.live import Login, in_database, open_account
from tests.security.world import catalog
from tests.server import Server

PASSWORD, WRONG = "correct horse battery", "almost correct horse"
PERSON = {
    "firstName": "Annelise",
    "lastName": "Leeuwenhoek",
    "email": "annelise@leeuwenhoek.example",
    "phone": "+1 435 555 0199",
    "streetAddress": "77 Cottonwood Lane",
    "Any allergies?": "penicillin",
}
MEMO, REFERENCE, AGENT = "paid with voucher 7781", "external-ref-4242", "Mozilla/5.0 (identifying)"


class Staff:
    """A client that keeps what must not be in the log."""

    def __init__(self, server: Server, login: Login) -> None:
        self.server, self.login = server, login
        self.client = httpx.Client(base_url=server.url, timeout=30, headers={"User-Agent": AGENT, **login.headers})
        self.secrets = {login.apikey, login.headers["Authorization"].split()[1], login.username, AGENT}

    def ask(self, status: int, method: str, path: str, body: Any = None, **headers: str) -> Any:
        """Send a request, and return the answer's data."""
        content = body if isinstance(body, bytes) else None if body is None else json.dumps(body).encode()
        answer = self.client.request(method, path, content=content, headers=headers)
        assert answer.status_code == status, answer.text
        return answer.json()["data"] if answer.headers["content-type"] == "application/json" else answer.text


def sell(staff: Staff) -> str:
    """Place an order, cancel a part of it, and return the id of a cart that is left."""
    staff.ask(200, "POST", "/api/v1/import", catalog("canyon", "2030-07-14"))
    items = staff.ask(200, "GET", "/public/api/product/4101/item?from=2030-07&to=2030-07")["items"]
    departure = items[0]["timesAvailable"][0]["activityId"]
    carts = []
    for _ in range(2):
        cart = staff.ask(200, "POST", "/public/api/cart", b"{}")["id"]
        carts.append(cart)
        staff.ask(200, "POST", f"/public/api/cart/{cart}/item", {"itemId": departure, "participants": {"Adult": 2}})
        staff.ask(200, "PUT", f"/public/api/cart/{cart}/customer", PERSON)
    placed = {"id": carts[0], "billing": {"memo": MEMO}, "referenceId": REFERENCE}
    order = staff.ask(200, "POST", "/public/api/order", placed, **{"Idempotency-Key": "key-of-annelise"})
    line = order["items"][0]["participantList"][0]["id"]
    staff.ask(200, "GET", f"/public/api/order?referenceId={REFERENCE}&fromCreatedDate=2026-01-01")
    staff.ask(200, "DELETE", f"/public/api/order/{order['id']}/item/{departure}/participant/{line}")
    staff.secrets |= {*PERSON.values(), MEMO, REFERENCE, order["id"], departure, line, "key-of-annelise"}
    return str(carts[1])


def make_mistakes(staff: Staff, cart: str) -> None:
    """Be refused in every way, with data in addresses, queries, headers and bodies."""
    email = PERSON["email"]
    staff.ask(404, "GET", f"/public/api/order/{email}?email={email}")
    staff.ask(404, "GET", f"/{email}")
    staff.ask(400, "GET", f"/public/api/order?ids={email}&limit={email}")
    staff.ask(400, "PUT", f"/public/api/cart/{cart}/customer", {"email": "annelise at leeuwenhoek"})
    staff.ask(400, "PUT", f"/public/api/cart/{cart}/customer", b'{"email": "annelise@leeuwenhoek.example", ')
    staff.ask(400, "POST", "/public/api/order", {"id": {"email": email}})
    staff.ask(404, "POST", f"/public/api/cart/{cart}/discount", {"code": "CODE-OF-ANNELISE"})
    staff.ask(413, "POST", "/public/api/order", json.dumps({"id": email * 50_000}).encode())
    staff.ask(415, "POST", "/public/api/order", email.encode(), **{"Content-Type": "text/plain"})
    staff.ask(400, "POST", "/public/api/cart", None, **{"Idempotency-Key": "annelise" * 50})
    staff.ask(401, "GET", "/api/v1/account", None, Authorization=f"Bearer {email}")
    staff.ask(200, "GET", "/healthz", None, **{"X-Request-Id": email, "Referer": email, "Cookie": email})
    staff.ask(401, "POST", "/public/api/authenticate", {"username": email, "apikey": staff.login.apikey[::-1]})
    staff.ask(401, "POST", "/public/api/login", {"username": email, "password": WRONG})
    with socket.create_connection(("127.0.0.1", staff.server.port), timeout=30) as sock:
        sock.sendall(f"{email} IS NO REQUEST\r\n\r\n".encode())
        assert b" 400 " in sock.recv(4096)
    with socket.create_connection(("127.0.0.1", staff.server.port), timeout=30) as sock:
        sock.sendall(f"POST /public/api/order HTTP/1.1\r\nHost: x\r\nContent-Length: 500\r\n\r\n{email}".encode())
    staff.secrets |= {"annelise", staff.login.apikey[::-1], WRONG, "CODE-OF-ANNELISE"}


def administer(staff: Staff) -> None:
    """Make a user, let it log in, and reset the key."""
    body: dict[str, Any] = {
        "email": PERSON["email"],
        "name": "Annelise L",
        "password": PASSWORD,
        "alternativeId": "badge-99213",
    }
    body |= {"permissions": list(PERMISSIONS)}
    staff.ask(200, "POST", "/api/v1/users", body, **{"Idempotency-Key": "new-user"})
    staff.ask(409, "POST", "/api/v1/users", body)
    token = staff.ask(200, "POST", "/public/api/login", {"username": PERSON["email"], "password": PASSWORD})
    staff.client.headers["Authorization"] = f"Bearer {token}"
    key = staff.ask(200, "POST", "/api/v1/account/key")["apikey"]
    staff.secrets |= {token, key, PASSWORD, "badge-99213"}


def crash(staff: Staff, settings: Settings, cart: str) -> None:
    """Make the server fail over a row that can't be read, full of somebody's data."""

    async def damage(database: Database) -> None:
        broken = json.dumps({"customer": PERSON, "items": PERSON})
        await database.write(lambda tx: tx.execute("UPDATE cart SET body = $2 WHERE id = $1", cart, broken))

    in_database(settings, damage)
    answer = staff.client.get(f"/public/api/cart/{cart}", headers={"X-Request-Id": "the-failure"})
    assert answer.status_code == 500
    assert answer.json()["errorCode"] == "internal_error"
    assert "the-failure" in answer.json()["errorMessage"]
    assert "items" not in answer.text


@pytest.mark.parametrize(("settings", "style"), [("sqlite", "json"), ("postgres", "console")], indirect=["settings"])
def test_a_day_of_a_server_leaves_no_personal_data_in_its_log(settings: Settings, style: str) -> None:
    server = Server(settings, SEATWRIGHT_LOG=style)
    staff = Staff(server, open_account(settings, server, "canyon"))
    cart = sell(staff)
    make_mistakes(staff, cart)
    administer(staff)
    crash(staff, settings, cart)
    log = server.stop()
    lowered = log.lower()
    found = {secret for secret in staff.secrets if secret.lower() in lowered}
    assert found == set()
    assert "@" not in log
    assert "?" not in log, "no query string"
    assert log.count("/public/api/cart/{cart_id}/item") == 2, "what happened is there"
    assert "the-failure" in log
    assert "unexpected failure" in log
    assert "msgspec.ValidationError" in log
    assert "store.py" in log
    assert staff.login.account_id in log


@pytest.mark.parametrize("style", ["json", "console"])
def test_a_failure_is_logged_by_type_and_place(style: str) -> None:
    command = [sys.executable, "-m", "tests.security.leaks", style]
    done = subprocess.run(command, capture_output=True, text=True, check=True, timeout=60)
    assert SECRET not in done.stdout + done.stderr
    assert done.stdout.count("builtins.ValueError") == 8, done.stdout
    assert done.stdout.count("builtins.KeyError") == 8
    assert done.stdout.count("builtins.TypeError") == 1
    assert done.stdout.count("Task exception was never retrieved") == 2
    assert "leaks.py:26 in fail" in done.stdout
    if style == "json":
        lines = [json.loads(line) for line in done.stdout.splitlines()]
        assert {line["level"] for line in lines} == {"error"}
        assert all(line["exception"][0]["frames"] or "group" in line["event"] for line in lines)
