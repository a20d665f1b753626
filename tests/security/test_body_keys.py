"""Keys that mean nothing, in the bodies of all routes: our own API refuses them, the Resmark API warns of them."""

from __future__ import annotations

from typing import Any

import httpx
import pytest
from hypothesis import given
from hypothesis import strategies as st
from litestar import Litestar

from seatwright.app.routes import MANAGE
from seatwright.core.near_names import is_misspelt, nearest
from seatwright.http.context import Services
from seatwright.http.parameters import MAX_UNKNOWN
from tests.desk import Desk
from tests.security.cells import send, things_of
from tests.security.table import TABLE, Route
from tests.security.test_parameters import misspellings, parameters_of
from tests.security.world import Side, open_side

OPEN_OBJECTS = {"PUT /public/api/cart/{cart_id}/customer"}
"""Routes whose body takes any key: answers to questions go by their labels."""
STRANGE = "zzqx"


@pytest.fixture
async def side(client: httpx.AsyncClient, services: Services) -> Side:
    """An account with one of everything."""
    return await open_side(client, services, "canyon")


def objects(body: Any, path: str = "") -> list[tuple[str, dict[str, Any]]]:
    """Return all objects in a body, with the path of each."""
    if isinstance(body, dict):
        inner = [one for key, value in body.items() for one in objects(value, f"{path}.{key}".lstrip("."))]
        return [(path, body), *inner]
    if isinstance(body, list):
        return [one for place, value in enumerate(body) for one in objects(value, f"{path}[{place}]")]
    return []


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_every_route_refuses_or_reports_a_key_that_means_nothing(
    client: httpx.AsyncClient, api: Litestar, side: Side
) -> None:
    strict, lenient = [], []
    for route in sorted(TABLE, key=lambda route: route.path.endswith("/key")):
        if route.name not in parameters_of(api) or not isinstance(route.body, dict) or route.name in OPEN_OBJECTS:
            continue
        mine = route._replace(body=route.body | {STRANGE: 1})
        answer = await send(client, mine, await side.things(things_of(route)), side.headers["Authorization"])
        if route.path.startswith(f"{MANAGE}/"):
            assert (answer.status_code, answer.json()["errorCode"]) == (400, "unknown_field"), (route.name, answer.text)
            assert answer.json()["errorMessage"].startswith(f"{STRANGE}: is not a key that is known here. Known are ")
            await names_the_key_that_was_meant(client, side, route)
            strict.append(route.name)
        else:
            assert answer.status_code == 200, (route.name, answer.text)
            if answer.headers["content-type"].startswith("application/json"):
                assert [told.partition(":")[0] for told in answer.json()["warnings"]] == [STRANGE], route.name
                lenient.append(route.name)
    assert len(strict) > 40
    assert len(lenient) >= 3


async def names_the_key_that_was_meant(client: httpx.AsyncClient, side: Side, route: Route) -> None:
    """A misspelt key of a body is refused, and the sentence says which one was meant."""
    for key in route.body:
        for wrong in sorted(set(misspellings(key)) - set(route.body))[:2]:
            body = {wrong if name == key else name: value for name, value in route.body.items()}
            things = await side.things(things_of(route))
            answer = await send(client, route._replace(body=body), things, side.headers["Authorization"])
            assert (answer.status_code, answer.json()["errorCode"]) == (400, "unknown_field"), (route.name, wrong)
            assert f"Did you mean {key}?" in answer.json()["errorMessage"], (route.name, wrong)


async def test_a_key_is_refused_wherever_it_stands(client: httpx.AsyncClient, side: Side) -> None:
    body = {"code": "x", "name": "X", "tiers": {"Adult": {"price": 5, "prize": 6}}}
    answer = await client.post("/api/v1/products", json=body, headers=side.headers)
    said = "tiers.Adult.prize: is not a key that is known here. Did you mean price?"
    assert (answer.status_code, answer.json()["errorMessage"]) == (400, said)
    file = {"policies": [{"code": "p", "name": "P", "fees": [{"percent": 5}, {"procent": 5}]}]}
    answer = await client.post("/api/v1/import", json=file, headers=side.headers)
    assert answer.json()["errorMessage"].startswith("policies[0].fees[1].procent: ")
    assert "Did you mean percent?" in answer.json()["errorMessage"]


async def test_the_resmark_api_keeps_it_out_and_says_so(desk: Desk, rafting: str) -> None:
    cart = await desk.data("POST", "/cart")
    plain = {"itemId": rafting, "participants": {"Adult": 1}}
    path = f"/cart/{cart['id']}/item"
    answer = await desk.call("POST", path, json=plain | {"particpants": 2, "x" * 500: None})
    told = answer.json()
    assert answer.status_code == 200
    assert told["warnings"] == [
        "particpants: is not a key that is known here. Did you mean participants? It has no effect.",
        f"{'x' * 60}: is not a key that is known here. Known are itemId, participants, units, locationId, "
        "pickupDetailId. It has no effect.",
    ]
    assert [line["tier"] for line in told["data"]["items"][0]["participantList"]] == ["Adult"]
    answer = await desk.call("POST", path, json=plain)
    assert set(answer.json()) == {"errorMessage", "data"}


async def test_of_very_many_keys_some_are_told_and_a_repeated_request_says_the_same(desk: Desk) -> None:
    body = {f"k{number}": number for number in range(10 * MAX_UNKNOWN)}
    headers = {"Idempotency-Key": "many"}
    first = await desk.call("POST", "/cart", json=body, headers=headers)
    again = await desk.call("POST", "/cart", json=body, headers=headers)
    assert len(first.json()["warnings"]) == MAX_UNKNOWN
    assert again.headers["Idempotent-Replayed"] == "true"
    assert again.content == first.content


@given(st.text(max_size=12), st.lists(st.text(max_size=12), max_size=5))
def test_what_is_suggested_is_known_and_near(name: str, names: list[str]) -> None:
    found = nearest(name, names)
    assert found is None or found in names
    assert not (name in names and any(letter.isalnum() for letter in name)) or found is not None


def test_names_are_near_by_letters() -> None:
    assert nearest("time_zone", ["timeZone", "time"]) == "timeZone"
    assert nearest("colour", ["kind", "options"]) is None
    assert is_misspelt("prize", "price")
    assert not is_misspelt("at", "to")
