"""`/openapi.json`: what the types say, plus what is true of every route."""

from __future__ import annotations

import re
from collections.abc import Iterator, Sequence
from decimal import Decimal
from importlib.metadata import version
from typing import Any

from litestar import Litestar, Router
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, OpenAPIType, Schema, SecurityScheme
from litestar.plugins import OpenAPISchemaPlugin

from seatwright.api import wire

DESCRIPTION = """
Seatwright's API: carts, orders and products as existing Resmark clients know them under `/public/api`, and the
management of an account under `/api/v1`.

Every answer is an envelope: `{"errorMessage": null, "data": ...}`, or on failure a sentence in `errorMessage`, a stable
word in `errorCode`, and `data` null. POST, PUT, PATCH and DELETE take an `Idempotency-Key` header.
"""

_ERRORS = {
    "400": "Malformed or invalid; the message names the field.",
    "401": "No token, or one that doesn't count any more.",
    "403": "The user lacks a permission.",
    "404": "There is no such thing for this account.",
    "409": "The present state of things forbids it: sold out, expired, changed meanwhile.",
    "413": "The body is too large.",
    "415": "The body is not JSON.",
    "422": "The Idempotency-Key was used for another request.",
    "429": "Too many requests; see Retry-After.",
    "500": "A bug; quote the request id to the operator.",
    "503": "The database can't take it now; see Retry-After.",
}
_ONLY_WRITES = ("409", "413", "415", "422")
_MODULE = re.compile(r"seatwright(?:\.\w+)*\.(?=\w)")
_METHODS = ("get", "post", "put", "patch", "delete")
_REPLAY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Makes repeating this request safe: the first answer is kept and sent again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
}


def describe(routers: Sequence[Router]) -> bytes:
    """Return the OpenAPI 3.1 document of `routers`, which belong to no application yet."""
    config = OpenAPIConfig(
        title="Seatwright",
        version=version("seatwright"),
        description=DESCRIPTION.strip(),
        path="/openapi.json",
        use_handler_docstrings=True,
        security=[{"bearer": []}],
        components=Components(
            security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")}
        ),
    )
    described = Litestar(
        route_handlers=list(routers), openapi_config=config, plugins=[_DecimalAsNumber()], logging_config=None
    )
    document = described.openapi_schema.to_schema()
    document["components"].setdefault("schemas", {})["ErrorEnvelope"] = _ERROR_SCHEMA
    for method, operation in _operations(document):
        _complete(method, operation)
        _add_example(document, operation)
    return _short_names(wire.encode(_any_of(document)), list(document["components"]["schemas"]))


class _DecimalAsNumber(OpenAPISchemaPlugin):
    """Money is a `Decimal` here and a JSON number on the wire; the framework would call it a string."""

    @staticmethod
    def is_plugin_supported_type(value: Any) -> bool:
        return value is Decimal

    def to_openapi_schema(self, field_definition: Any, schema_creator: Any) -> Schema:
        return Schema(type=OpenAPIType.NUMBER)


_ERROR_SCHEMA = {
    "type": "object",
    "title": "ErrorEnvelope",
    "description": "Any answer with a 4xx or 5xx status.",
    "required": ["errorMessage", "errorCode", "data"],
    "properties": {
        "errorMessage": {"type": "string", "description": "A sentence for a person."},
        "errorCode": {"type": "string", "description": "A stable word for programs."},
        "data": {"type": "null"},
    },
    "example": {"errorMessage": "There is no such order.", "errorCode": "order_not_found", "data": None},
}


def _operations(document: dict[str, Any]) -> Iterator[tuple[str, dict[str, Any]]]:
    for item in document["paths"].values():
        for method in _METHODS:
            if method in item:
                yield method, item[method]


def _complete(method: str, operation: dict[str, Any]) -> None:
    """Add the failures that any route may answer, and the header that all writes take."""
    writes = method != "get"
    is_open = operation.get("security") == [{}]
    if writes and not is_open:
        operation.setdefault("parameters", []).append(_REPLAY_HEADER)
    for status, meaning in _ERRORS.items():
        if status in _ONLY_WRITES and not writes:
            continue
        if status in ("403", "409", "422") and is_open:
            continue
        operation["responses"][status] = {
            "description": meaning,
            "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorEnvelope"}}},
        }


def _add_example(document: dict[str, Any], operation: dict[str, Any]) -> None:
    """Show a whole body, put together from its fields' examples, if all that is required has one."""
    content = operation.get("requestBody", {}).get("content", {}).get("application/json", {})
    name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
    schema = document["components"]["schemas"].get(name, {})
    properties: dict[str, dict[str, Any]] = schema.get("properties", {})
    example = {field: found["examples"][0] for field, found in properties.items() if found.get("examples")}
    if example and set(schema.get("required", ())) <= set(example):
        content["example"] = example


def _short_names(document: bytes, names: list[str]) -> bytes:
    """Name an envelope after what is in it (`Envelope_OrderOut`), without modules, where that is unique."""
    short = {name: _MODULE.sub("", name).rstrip("_") for name in names}
    for name, shorter in short.items():
        if name != shorter and list(short.values()).count(shorter) == 1:
            document = document.replace(f'{name}"'.encode(), f'{shorter}"'.encode())
    return document


def _any_of(node: Any) -> Any:
    """Say `anyOf` for `oneOf`: a whole number is an integer and a number, and both are fine."""
    if isinstance(node, dict):
        return {("anyOf" if key == "oneOf" else key): _any_of(value) for key, value in node.items()}
    if isinstance(node, list):
        return [_any_of(value) for value in node]
    return node
