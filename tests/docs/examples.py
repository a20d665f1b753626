"""The examples of the API's description: requests that were sent to a server with made-up data, and its answers.

`python -m pytest tests/docs/test_examples.py` compares the stored ones with what the server answers today; with
`WRITE_EXAMPLES=1` it stores today's instead.
"""

from __future__ import annotations

import json
import re
from collections.abc import Iterator, Mapping
from hashlib import sha256
from typing import Any

import httpx

from tests.security.cells import send, things_of
from tests.security.table import TABLE, Route
from tests.security.world import Side, word

MOST = 2
"""How many entries of a list an example has."""
_TEXTS = {
    "Product {}": "Half-day rafting",
    "product-{}": "rafting-half-day",
    "Rental {}": "Mountain bike",
    "rental-{}": "mountain-bike",
    "Charter {}": "Private charter",
    "charter-{}": "private-charter",
    "Location {}": "Green River put-in",
    "location-{}": "green-river",
    "Pickup {}": "Shuttle from town",
    "pickup-{}": "shuttle",
    "Policy {}": "Standard policy",
    "policy-{}": "standard",
    "{}": "canyon",
}
_VALUES = {
    "firstName": "Ann",
    "lastName": "Lee",
    "customerName": "Ann Lee",
    "apikey": "6c1c1a4e-2f0e-4f6e-9d2b-5d3f0f6f8a21",
    "password": "correct horse battery",
    "secret": "whsec_C2FVsBQIhrscChlQIMV+b5sSYspob7oD",
    "createdBy": "Dana Reyes",
    "createdByEmail": "dana@canyon.example",
    "proof": "b1946ac92492d2347c6235b4d2611184",
    "note": "Ask about the wheelchair ramp",
}
"""What stands in examples under some names, whatever the server answered."""
_HEX = re.compile(r"\b[0-9a-f]{24}\b")
_UUID = re.compile(r"\b[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}\b")
_TOKEN = re.compile(r"\b(?:eyJ[\w-]+\.[\w-]+\.[\w-]+|[\w-]{40,})")
_COUNTED = re.compile(r"\b(user|fresh|x|spare\w*?)-?\d+\b")


async def record(client: httpx.AsyncClient, side: Side) -> dict[str, dict[str, Any]]:
    """Send a request to every route of the two APIs; return what was sent and answered, by the operation's name."""
    names = operations((await client.get("/openapi.json")).json())
    things = {route.name: await side.things(things_of(route)) for route in TABLE if route.name in names}
    found: dict[str, dict[str, Any]] = {}
    for route in sorted(TABLE, key=_turn):
        if route.name not in names:
            continue
        answer = await send(client, route, things[route.name], side.headers["Authorization"])
        assert answer.status_code == 200, (route.name, answer.text)
        example = {"answer": _read(answer)}
        if route.body is not None:
            example["request"] = json.loads(answer.request.content)
        found[names[route.name]] = example
    return found


def operations(document: Mapping[str, Any]) -> dict[str, str]:
    """Return the operations of the API's description, by method and path as the table of routes has them."""
    named = {
        f"{method} {path}": operation["operationId"]
        for path, item in document["paths"].items()
        for method, operation in item.items()
    }
    camel = {route.name: re.sub(r"_([a-z])", lambda match: match[1].upper(), route.path) for route in TABLE}
    return {
        route.name: named[f"{route.method.lower()} {camel[route.name]}"]
        for route in TABLE
        if f"{route.method.lower()} {camel[route.name]}" in named
    }


def _turn(route: Route) -> tuple[bool, bool]:
    """What is read comes first, while everything is there; what ends keys comes last."""
    return route.path.endswith("/key"), route.method != "GET"


def _read(answer: httpx.Response) -> Any:
    return answer.json() if answer.headers["content-type"].startswith("application/json") else answer.text


def shortened(value: Any) -> Any:
    """Return an example with a few entries of each list."""
    if isinstance(value, list):
        return [shortened(each) for each in value[:MOST]]
    if isinstance(value, dict):
        return {key: shortened(each) for key, each in value.items()}
    return value


def fields(example: Mapping[str, Any]) -> set[str]:
    """Return the names in the data of an answer, or in the first entry of a list."""
    data = example["answer"]["data"] if isinstance(example["answer"], dict) else None
    first = data[0] if isinstance(data, list) and data else data
    return set(first) if isinstance(first, dict) else set()


def made_up(found: Mapping[str, Any], own: str) -> dict[str, Any]:
    """Return examples with plain names and with ids that stay the same, whatever other examples there are."""
    return {name: _made_up(example, own) for name, example in found.items()}


def _made_up(found: Any, own: str) -> Any:
    others = {word(f"seller-of-{own}"): "agency", word(f"supplier-of-{own}"): "mesa", word("stranger"): "stranger"}
    texts = {old.format(word(own)): new for old, new in _TEXTS.items()} | others
    ids: dict[str, str] = {}

    def number(match: re.Match[str]) -> str:
        return ids.setdefault(match[0], sha256(b"%d" % len(ids)).hexdigest())[:24]

    def uuid(match: re.Match[str]) -> str:
        digits = ids.setdefault(match[0], sha256(b"%d" % len(ids)).hexdigest())
        return "-".join((digits[:8], digits[8:12], f"4{digits[13:16]}", f"8{digits[17:20]}", digits[20:32]))

    def clean(value: Any, key: str = "") -> Any:
        if isinstance(value, dict):
            return {clean(name): clean(each, name) for name, each in value.items()}
        if isinstance(value, list):
            return [clean(each, key) for each in value]
        if key == "confirmation":
            return "100042" if isinstance(value, str) else 100042
        if not isinstance(value, str):
            return value
        if value and key in _VALUES:
            return _VALUES[key]
        for old, new in texts.items():
            value = value.replace(old, new)
        value = _TOKEN.sub("eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIuLi4ifQ.c2lnbmF0dXJl", value)
        return _COUNTED.sub(r"\1", _HEX.sub(number, _UUID.sub(uuid, value)))

    return clean(found)


def shape(value: Any, path: str = "") -> Iterator[str]:
    """Yield the names in an example, each with its path, and the kinds of values."""
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield f"{path}.{_HEX.sub('id', _UUID.sub('id', key))}"
            yield from shape(inner, f"{path}.{key}")
    elif isinstance(value, list):
        for inner in value:
            yield from shape(inner, f"{path}[]")
    else:
        kind = "number" if isinstance(value, int | float) and not isinstance(value, bool) else type(value).__name__
        yield f"{path}: {kind}"
