"""Making and closing clients, and how they send."""

from __future__ import annotations

import httpx
import pytest

from seatwright_client import AsyncSeatwrightClient, ConnectionFailed, SeatwrightClient
from tests.client.rig import BASE, Kind, Rig, good, page

ACCOUNT = {
    "id": "a1",
    "code": "canyon",
    "name": "Canyon",
    "email": "desk@canyon.example",
    "currency": "USD",
    "timeZone": "America/Denver",
    "createdDate": "2026-07-01T16:00:00.000Z",
}


def test_a_client_closes_its_own_connections_and_no_others() -> None:
    theirs = httpx.Client(transport=httpx.MockTransport(lambda _: good(ACCOUNT)), headers={"X-Gateway": "g"})
    with SeatwrightClient(BASE, token="t", http=theirs) as client:
        assert client.account.read().code == "canyon"
    assert not theirs.is_closed
    with SeatwrightClient(BASE, token="t") as client:
        pass
    with pytest.raises(ConnectionFailed, match="The client is closed"):
        client.account.read()


async def test_the_asyncio_client_closes_its_own_connections_and_no_others() -> None:
    theirs = httpx.AsyncClient(transport=httpx.MockTransport(lambda _: good(ACCOUNT)))
    async with AsyncSeatwrightClient(BASE, token="t", http=theirs) as client:
        assert (await client.account.read()).code == "canyon"
    assert not theirs.is_closed
    async with AsyncSeatwrightClient(BASE, token="t") as client:
        pass
    with pytest.raises(ConnectionFailed, match="The client is closed"):
        await client.account.read()


@pytest.mark.parametrize("timeout", [7.5, httpx.Timeout(7.5)])
def test_time_outs_hold_for_every_request(kind: Kind, timeout: float | httpx.Timeout) -> None:
    rig = Rig(kind, good(ACCOUNT), timeout=timeout)
    rig.run(lambda client: client.account.read())
    for request in (*rig.sign_ins, *rig.sent):
        assert request.extensions["timeout"] == {"connect": 7.5, "read": 7.5, "write": 7.5, "pool": 7.5}


def test_what_is_sent_says_who_sends_it(kind: Kind) -> None:
    rig = Rig(kind, good(ACCOUNT))
    rig.run(lambda client: client.account.change(name="Canyon", policy_code=""))
    (request,) = rig.sent
    assert request.headers["user-agent"].startswith("seatwright-client/")
    assert request.headers["content-type"] == "application/json"
    assert request.content == b'{"name":"Canyon","policyCode":""}'


def test_any_route_can_be_called(kind: Kind) -> None:
    rig = Rig(kind, good([1, 2]), good({"id": "x"}), page(200, "a,b\n"), good(None), good({"apikey": "k"}))
    assert rig.run(lambda client: client.request("GET", "/api/v1/new", list[int], query={"some_day": None})) == [1, 2]
    body = {"a": 1}
    assert rig.run(lambda client: client.request("post", "/api/v1/new", dict[str, str], body=body)) == {"id": "x"}
    assert rig.run(lambda client: client.request("GET", "/api/v1/new", bytes)) == b"a,b\n"
    rig.run(lambda client: client.request("DELETE", "/api/v1/new", type(None), idempotency_key="mine"))
    rig.run(lambda client: client.request("POST", "/api/v1/account/key", dict[str, str]))
    assert [request.method for request in rig.sent] == ["GET", "POST", "GET", "DELETE", "POST"]
    assert [key is not None for key in rig.keys] == [False, True, False, True, False]
    assert (rig.keys[3], str(rig.sent[0].url)) == ("mine", f"{BASE}/api/v1/new")
