"""The clients have the same methods, and one for each operation that the server describes."""

from __future__ import annotations

import inspect
import json
import re
from collections.abc import Iterator
from typing import Any, NamedTuple, get_args

import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute
from litestar.testing import TestClient

from seatwright.app.assembly import create_app
from seatwright_client import AsyncSeatwrightClient, EntryKind, SeatwrightClient
from seatwright_client.notes import About
from seatwright_client.operations import Resource, operation, pages
from seatwright_client.request import Repeat, Request
from tests.conftest import settings_for

CLIENT = SeatwrightClient("https://x.example", token="t")
ENTRY_KINDS = get_args(EntryKind)

NOT_SENT = {
    "addItem": {"units"},  # what rentals may send in place of `participants`
    # sent in the address; and another name for resellerEntityId
    "createCart": {"resellerEntityId", "resellerId", "agentId"},
    "placeOrder": {"resellerId"},
    "postOrder": {"resellerId"},
    # chosen in the address, because proxies drop a DELETE's body
    "cancelOrder": {"applyCancellationFee"},
    "cancelItem": {"applyCancellationFee"},
    "cancelParticipant": {"applyCancellationFee"},
    "cancelUnit": {"applyCancellationFee"},
}
"""What the server takes in a body and the clients don't send there, and why."""

FORMS = {"form", "document"}
"""Arguments that are a whole body, in the server's words."""

SAMPLES: dict[str, Any] = {
    "form": "csv",  # of a file; a catalog entry's is any text here
    "document": {},
    "customer": {},
    "guests": [{"id": "sample"}],
    "check_ins": [{"id": "sample"}],
    "billing": {},
    "version": 2,
    "difference": 1,
    "participants": {"All": 1},
    "kind": "tags",
    "report": "sales",
    "limit": 7,
    "page": 3,
    "after": 5,
    "query": None,
    "fees": {"sample": "1.00"},
    "payments": [{"amount": "1.00", "method": "cash"}],
    **{
        name: ["sample"]
        for name in (
            "ids",
            "tag_ids",
            "order_ids",
            "confirmation_ids",
            "product_ids",
            "product_numbers",
            "line_ids",
            "resource_ids",
        )
    },
    **{name: ["sample"] for name in ("add", "remove", "events", "permissions", "times", "weekdays")},
}
"""Arguments that can't be a text."""


OF_KINDS = {"kind": ENTRY_KINDS, "about": get_args(About)}
"""Arguments that choose one of several routes."""


class Call(NamedTuple):
    """A method of the clients, and the request that it makes with every argument given."""

    name: str
    request: Request[Any]


def calls() -> Iterator[Call]:
    """Every operation of every part, with all its arguments; what is made for several kinds, for each of them."""
    for part, resource in parts(CLIENT):
        for name, found in vars(type(resource)).items():
            if not isinstance(found, operation):
                continue
            arguments = {each: SAMPLES.get(each, "sample") for each in found.signature.parameters}
            several = next((each for each in OF_KINDS if each in arguments), None)
            for kind in OF_KINDS[several] if several else [""]:
                chosen = arguments | ({several: kind} if several else {})
                yield Call(f"{part}.{name}", found.describe(resource, **chosen))


def parts(client: SeatwrightClient | AsyncSeatwrightClient) -> Iterator[tuple[str, Resource[Any]]]:
    """The parts of a client by name."""
    yield from ((name, part) for name, part in vars(client).items() if isinstance(part, Resource))


@pytest.fixture(scope="module")
def app(tmp_path_factory: pytest.TempPathFactory) -> Litestar:
    """The server's application."""
    return create_app(settings_for(tmp_path_factory.mktemp("openapi")), None)


@pytest.fixture(scope="module")
def document(app: Litestar) -> dict[str, Any]:
    """The server's description of itself, as it is served."""
    with TestClient(app) as client:
        served: dict[str, Any] = client.get("/openapi.json").json()
    return served


class Described(NamedTuple):
    """An operation as the server describes it: what may be in the address and in the body."""

    name: str
    pattern: re.Pattern[str]
    method: str
    query: frozenset[str]
    body: frozenset[str]


def described(document: dict[str, Any]) -> list[Described]:
    """The operations of both APIs. Of paths that fit the same address, the one with fewer parameters comes first."""
    found = []
    for path in sorted(document["paths"], key=lambda path: path.count("{")):
        for method, each in document["paths"][path].items():
            if path.startswith(("/public/api/", "/api/v1/")):
                pattern = re.compile(re.sub(r"{\w+}", "[^/]+", path))
                query = frozenset(one["name"] for one in each["parameters"] if one["in"] == "query") - {"format"}
                body = each.get("requestBody", {}).get("content", {}).get("application/json", {}).get("schema", {})
                name = body.get("$ref", "").rpartition("/")[2]
                fields = document["components"]["schemas"].get(name, body).get("properties", {})
                found.append(Described(each["operationId"], pattern, method.upper(), query, frozenset(fields)))
    return found


def the_one(all_described: list[Described], request: Request[Any]) -> Described | None:
    """Which operation a request is."""
    fits = (each for each in all_described if each.method == request.method and each.pattern.fullmatch(request.path))
    return next(fits, None)


def test_every_operation_of_the_server_has_a_method(document: dict[str, Any]) -> None:
    all_described = described(document)
    used = {operation.name for call in calls() if (operation := the_one(all_described, call.request))}
    assert {each.name for each in all_described} - used == set()
    assert len(used) > 80


def test_every_method_calls_what_the_server_has(document: dict[str, Any]) -> None:
    all_described = described(document)
    for call in calls():
        assert the_one(all_described, call.request), f"{call.name}: {call.request}"


def test_every_parameter_and_field_of_the_server_is_an_argument(document: dict[str, Any]) -> None:
    all_described = described(document)
    for call in calls():
        found = the_one(all_described, call.request)
        assert found is not None
        left_out = NOT_SENT.get(found.name, set())
        if "format" not in call.request.query:
            assert set(call.request.query) | left_out == set(found.query) | left_out, call.name
        body = {} if call.request.body is None else json.loads(call.request.body)
        if not FORMS & {*inspect.signature(method(call.name)).parameters}:
            assert set(body) | left_out == set(found.body) | left_out, call.name


def test_what_the_server_never_keeps_is_never_repeated(app: Litestar) -> None:
    kept_out = set()
    for route in app.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            if "replayable=False" in inspect.getsource(handler.fn):
                kept_out |= {f"{method} {route.path_format}" for method in handler.http_methods}
    once = [call.request for call in calls() if call.request.repeat is Repeat.ONCE]
    assert {f"{each.method} {each.path.replace('sample', '{webhook_id}')}" for each in once} == kept_out
    assert len(once) >= 3


def test_reads_are_free_and_writes_take_a_key() -> None:
    for call in calls():
        arguments = inspect.signature(method(call.name)).parameters
        reads = call.request.method == "GET" or call.request.path.endswith(("/authenticate", "/login"))
        assert (call.request.repeat is Repeat.FREE) == reads, call.name
        assert (call.request.repeat is Repeat.KEYED) == ("idempotency_key" in arguments), call.name
        assert call.request.idempotency_key == ("sample" if "idempotency_key" in arguments else None), call.name


def test_both_clients_have_the_same_methods() -> None:
    blocking = CLIENT
    awaiting = AsyncSeatwrightClient("https://x.example", token="t")
    assert dict(parts(blocking)).keys() == dict(parts(awaiting)).keys()
    for (name, one), (_, other) in zip(parts(blocking), parts(awaiting), strict=True):
        for method_name in [each for each in dir(one) if not each.startswith("_")]:
            here, there = getattr(one, method_name), getattr(other, method_name)
            assert inspect.signature(here) == inspect.signature(there), f"{name}.{method_name}"
            assert (here.__name__, here.__doc__) == (there.__name__, there.__doc__)
            assert here.__name__ == method_name
            assert here.__doc__
            paged = isinstance(inspect.getattr_static(one, method_name), pages)
            assert (inspect.iscoroutinefunction(here), inspect.iscoroutinefunction(there)) == (False, not paged)
    own = {name for name in vars(SeatwrightClient) if not name.startswith("_")}
    assert own == {"request", "close"}
    assert {name for name in vars(AsyncSeatwrightClient) if not name.startswith("_")} == {"request", "aclose"}
    for name in ("__init__", "request"):
        here, there = (inspect.signature(getattr(one, name)) for one in (SeatwrightClient, AsyncSeatwrightClient))
        assert [*here.parameters] == [*there.parameters]


def test_help_shows_what_comes_out() -> None:
    assert str(inspect.signature(method("orders.read"))) == "(order_id: 'OrderRef') -> 'Order'"
    assert str(inspect.signature(method("catalog.iterate"))).endswith(" -> 'Iterator'")


def method(name: str) -> Any:
    """A method of the blocking client by its name."""
    part, _, rest = name.partition(".")
    return getattr(getattr(CLIENT, part), rest)
