"""Several worker processes: what ends a key or a token ends it in all of them, at once."""

from __future__ import annotations

import http.client
import json
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import httpx
import pytest

from seatwright.core.config import Settings
from tests.security.live import open_account
from tests.server import Server

ACCOUNT = "/api/v1/account"
TRIES = 40
"""New connections: with two workers that share a port, it would be a wonder if one of them had none of these."""


@pytest.fixture
def server(settings: Settings) -> Iterator[Server]:
    """A server with two workers, which have both loaded and know the token."""
    started = Server(settings, "--workers", "2")
    yield started
    started.stop()


def statuses(server: Server, headers: dict[str, str]) -> set[int]:
    """Return the answers to a token on new connections, several at once so that no worker gets them all."""

    def one(_: int) -> int:
        connection = http.client.HTTPConnection("127.0.0.1", server.port, timeout=30)
        try:
            connection.request("GET", ACCOUNT, headers=headers)
            return connection.getresponse().status
        finally:
            connection.close()

    with ThreadPoolExecutor(8) as threads:
        return set(threads.map(one, range(TRIES)))


def test_a_key_reset_and_a_new_password_count_in_every_worker(server: Server, settings: Settings) -> None:
    login, client = open_account(settings, server, "canyon"), httpx.Client(base_url=server.url, timeout=30)

    def send(method: str, path: str, headers: dict[str, str], body: object = None) -> httpx.Response:
        content = None if body is None else json.dumps(body).encode()
        return client.request(method, path, content=content, headers=headers)

    user = {
        "email": "front@canyon.example",
        "name": "Front",
        "permissions": ["settings"],
        "password": "correct horse battery",
    }
    made = send("POST", "/api/v1/users", login.headers, user).json()["data"]
    credentials = {"username": "front@canyon.example", "password": "correct horse battery"}
    desk = {"Authorization": f"Bearer {send('POST', '/public/api/login', {}, credentials).text}"}
    assert statuses(server, login.headers) == statuses(server, desk) == {200}

    key = send("POST", "/api/v1/account/key", desk).json()["data"]["apikey"]
    assert statuses(server, login.headers) == {401}
    assert statuses(server, desk) == {200}
    for apikey, status in ((login.apikey, 401), (key, 200)):
        body = {"username": login.username, "apikey": apikey}
        answers = [send("POST", "/public/api/authenticate", {}, body) for _ in range(4)]
        assert {answer.status_code for answer in answers} == {status}
    fresh = {"Authorization": f"Bearer {answers[0].text}"}
    assert statuses(server, fresh) == {200}

    assert send("PATCH", f"/api/v1/users/{made['id']}", fresh, {"password": "another battery"}).status_code == 200
    assert statuses(server, desk) == {401}
    assert statuses(server, fresh) == {200}
