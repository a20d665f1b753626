"""`/openapi.json` reads well: every route, parameter and body is named, described and shown."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from typing import Any

import jsonschema_rs
import msgspec
import pytest
import yaml
from litestar import Response, Router, get
from litestar.exceptions import ImproperlyConfiguredException
from litestar.testing import TestClient

from seatwright.api.shapes import order_wire
from seatwright.app.assembly import create_app
from seatwright.http.openapi import describe, in_yaml
from seatwright.http.wire import Envelope
from tests.conftest import settings_for

RESMARK = {
    "authenticate": "post /public/api/authenticate",
    "login": "post /public/api/login",
    "listProducts": "get /public/api/product",
    "readProduct": "get /public/api/product/{searchTerm}",
    "listItems": "get /public/api/product/{searchTerm}/item",
    "listPickups": "get /public/api/product/{searchTerm}/pickup",
    "createCart": "post /public/api/cart",
    "listCarts": "get /public/api/cart",
    "readCart": "get /public/api/cart/{cartId}",
    "deleteCart": "delete /public/api/cart/{cartId}",
    "addItem": "post /public/api/cart/{cartId}/item",
    "removeItem": "delete /public/api/cart/{cartId}/item/{itemId}",
    "setCustomer": "put /public/api/cart/{cartId}/customer",
    "applyDiscount": "post /public/api/cart/{cartId}/discount",
    "removeDiscount": "delete /public/api/cart/{cartId}/discount",
    "placeOrder": "post /public/api/order",
    "listOrders": "get /public/api/order",
    "readOrder": "get /public/api/order/{orderId}",
    "cancelOrder": "delete /public/api/order/{orderId}",
    "cancelItem": "delete /public/api/order/{orderId}/item/{itemId}",
    "cancelParticipant": "delete /public/api/order/{orderId}/item/{itemId}/participant/{participantId}",
    "cancelUnit": "delete /public/api/order/{orderId}/item/{itemId}/unit/{unitId}",
    "accrualReport": "get /public/api/report/accrual/transactionDate",
    "orderReport": "get /public/api/report/order/transactionDate",
    "listTags": "get /public/api/tag",
    "findAgencies": "get /public/api/agency/{userId}",
    "readAgency": "get /public/api/agency/{agencyId}/agencyInfo",
}


@pytest.fixture(scope="module")
def document(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """The description as it is served."""
    app = create_app(settings_for(tmp_path_factory.mktemp("openapi")), None)
    with TestClient(app) as client:
        answer = client.get("/openapi.json")
    assert (answer.status_code, answer.headers["content-type"]) == (200, "application/json")
    described: dict[str, Any] = answer.json()
    return described


def test_the_same_is_there_as_yaml(document: dict[str, Any]) -> None:
    text = in_yaml(msgspec.json.encode(document)).decode()
    assert yaml.load(text, Loader=getattr(yaml, "CSafeLoader", yaml.SafeLoader)) == document
    assert "&id" not in text


def operations(document: dict[str, Any]) -> Iterator[tuple[str, str, dict[str, Any]]]:
    """Yield method, path and description of every operation."""
    for path, item in document["paths"].items():
        for method, operation in item.items():
            yield method, path, operation


def test_every_operation_has_the_name_that_clients_know(document: dict[str, Any]) -> None:
    found = {operation["operationId"]: f"{method} {path}" for method, path, operation in operations(document)}
    assert {name: place for name, place in found.items() if " /public/api/" in place} == RESMARK
    assert len(found) == len(list(operations(document)))
    for _, path, operation in operations(document):
        assert re.fullmatch(r"[a-z]+([A-Z][a-z]*)*", operation["operationId"])
        named = [each["name"] for each in operation["parameters"] if each["in"] == "path"]
        assert re.findall(r"{(\w+)}", path) == named
        assert all(re.fullmatch(r"[a-z]+([A-Z][a-z]*)*", name) for name in named)


def test_everything_is_described(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        assert operation["summary"], path
        assert operation["tags"], path
        assert operation["description"].endswith((".", "?")), path
        assert operation["responses"]["200"]["description"], path
        if path.startswith("/public/api"):
            assert all(each["description"] for each in operation["parameters"]), path
        idempotent = [each["name"] for each in operation["parameters"] if each["in"] == "header"]
        assert idempotent == ([] if method == "get" or operation.get("security") == [{}] else ["Idempotency-Key"]), path
    for name, schema in document["components"]["schemas"].items():
        assert name.startswith("Envelope_") or schema["description"], name


def test_failures_are_described(document: dict[str, Any]) -> None:
    for method, path, operation in operations(document):
        failures = {status: answer for status, answer in operation["responses"].items() if status >= "400"}
        expected = {"400", "401", "404", "429", "500", "503"}
        if operation.get("security") != [{}]:
            expected |= {"403"} | ({"409", "422"} if method != "get" else set())
        assert expected <= set(failures), path
        for answer in failures.values():
            schema = answer["content"]["application/json"]["schema"]
            assert schema == {"$ref": "#/components/schemas/ErrorEnvelope"}
            assert answer["description"]


def test_bodies_and_answers_have_examples_that_fit(document: dict[str, Any]) -> None:
    """That the answers are what is answered is shown in `tests/docs/test_examples.py`."""
    shown = set()
    for _, path, operation in operations(document):
        answers = operation["responses"]["200"]["content"]
        contents = [each for each in answers.values() if "example" in each]
        assert contents, path
        if "requestBody" in operation:
            contents.append(operation["requestBody"]["content"]["application/json"])
            shown.add(operation["operationId"])
        for content in contents:
            schema = {**content["schema"], "components": document["components"]}
            jsonschema_rs.validate(schema, content["example"])
    assert {
        "authenticate",
        "createCart",
        "addItem",
        "setCustomer",
        "applyDiscount",
        "placeOrder",
        "cancelUnit",
    } <= shown


def test_every_reference_leads_somewhere(document: dict[str, Any]) -> None:
    named = set(re.findall(r'"#/components/schemas/([^"]+)"', json.dumps(document)))
    assert named == set(document["components"]["schemas"])
    assert "seatwright." not in json.dumps(document["components"])


def test_every_schema_is_named_after_its_type(document: dict[str, Any]) -> None:
    for name, schema in document["components"]["schemas"].items():
        assert name == "_".join(re.findall(r"\w+", schema["title"]))


class OrderOut(msgspec.Struct):
    """Named like another."""


def test_two_types_of_one_name_are_refused() -> None:
    @get("/a", sync_to_thread=False)
    def a() -> Response[Envelope[OrderOut]]:
        """Do nothing."""
        raise NotImplementedError

    @get("/b", sync_to_thread=False)
    def b() -> Response[Envelope[order_wire.OrderOut]]:
        """Do nothing."""
        raise NotImplementedError

    with pytest.raises(ImproperlyConfiguredException, match="must be unique"):
        describe([Router("/", route_handlers=[a, b])])


def test_money_is_a_number(document: dict[str, Any]) -> None:
    properties = document["components"]["schemas"]["OrderOut"]["properties"]
    assert {properties[name]["type"] for name in ("price", "fees", "tax", "total", "amountPaid")} == {"number"}
    assert "decimal" not in json.dumps(document)


def test_examples_lead_nowhere_real(document: dict[str, Any]) -> None:
    hosts = re.findall(r"https?://([\w.-]+)|@([\w.-]+\.\w+)", json.dumps(document))
    assert hosts
    assert all((address or mail).endswith(".example") for address, mail in hosts)
