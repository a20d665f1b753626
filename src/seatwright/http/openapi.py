"""`/openapi.json`: the description from the types, plus everything that applies to each route.

A handler's `opt` may add what its types can't express: `body`, the schema and example of a body that it reads itself;
`example`, one of a body that its types describe; `answers`, further statuses; and `files`, media types of files that it
answers with on request.
"""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import replace
from functools import cache
from importlib.metadata import version
from inspect import cleandoc
from pathlib import Path
from typing import Any, NamedTuple, get_args, get_origin

import msgspec
import yaml
from litestar import Litestar, Router
from litestar.handlers import HTTPRouteHandler
from litestar.openapi.config import OpenAPIConfig
from litestar.openapi.spec import Components, SecurityScheme
from litestar.params import BodyKwarg
from litestar.plugins import OpenAPISchemaPlugin
from litestar.routes import HTTPRoute
from litestar.typing import FieldDefinition

from seatwright.http import wire
from seatwright.http.application import Application
from seatwright.http.openapi_links import links

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
_ONLY_WITH_TOKEN = ("403", "409", "422")
_METHODS = ("get", "post", "put", "patch", "delete")
_REPLAY_HEADER = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "Makes repeating this request safe: the first answer is kept and sent again.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[ -~]+$"},
}
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


_WARNINGS = {
    "type": "array",
    "items": {"type": "string"},
    "description": "What had no effect: parameters in the address, and keys of the body, that mean nothing here. "
    "Left out if there are none.",
}


class Operation(NamedTuple):
    """One method of one path: its handler, and its description, which is completed in place."""

    method: str
    handler: HTTPRouteHandler
    described: dict[str, Any]


def body(schema: Mapping[str, Any], *, required: bool, example: Any) -> dict[str, Any]:
    """Return the `opt` of a handler that reads its body itself."""
    content = {"application/json": {"schema": dict(schema), "example": example}}
    return {"body": {"required": required, "content": content}}


def describe(routers: Sequence[Router]) -> bytes:
    """Return the OpenAPI 3.1 document of `routers`, which belong to no application yet."""
    config = OpenAPIConfig(
        title="Seatwright",
        version=version("seatwright"),
        description=DESCRIPTION.strip(),
        path="/openapi.json",
        use_handler_docstrings=True,
        security=[{"bearer": []}],
        operation_id_creator=lambda handler, *_: _camel(handler.handler_name),
        components=Components(
            security_schemes={"bearer": SecurityScheme(type="http", scheme="bearer", bearer_format="JWT")}
        ),
    )
    envelopes = _Envelopes()
    app = Application(route_handlers=list(routers), openapi_config=config, logging_config=None, plugins=[envelopes])
    document = app.openapi_schema.to_schema()
    schemas: dict[str, Any] = document["components"].setdefault("schemas", {})
    for name in envelopes.places:
        schemas[name]["required"] = ["errorMessage", "data"]
        schemas[name]["properties"]["warnings"] = _WARNINGS
    schemas = dict(sorted(schemas.items(), key=lambda named: envelopes.places.get(named[0], named[0])))
    document["components"]["schemas"] = schemas
    schemas |= _bodies(app)
    schemas["ErrorEnvelope"] = _ERROR_SCHEMA
    for operation in _operations(app, document):
        _complete(operation)
        _say_success(schemas, operation.described)
        _add_example(schemas, operation)
        _add_recorded(operation.described)
    document["paths"] = {_camel_path(path): item for path, item in document["paths"].items()}
    return wire.encode(_tidy(document))


def in_yaml(document: bytes) -> bytes:
    """Return a JSON document as YAML. It takes a second or two."""
    text: str = yaml.dump(msgspec.json.decode(document), Dumper=_Dumper, allow_unicode=True, sort_keys=False, width=120)
    return text.encode()


class _Dumper(getattr(yaml, "CSafeDumper", yaml.SafeDumper)):  # type: ignore[misc]
    """Writes every value where it stands, and none by reference to an equal one."""

    def ignore_aliases(self, data: Any) -> bool:
        """Refer to nothing."""
        return True


class _Envelopes(OpenAPISchemaPlugin):
    """Names each envelope after what is in it, as `Envelope_OrderOut`. The framework would put modules into it."""

    def __init__(self) -> None:
        self.places: dict[str, str] = {}
        """What envelopes are sorted by: their names with modules, so that a module's stand together."""

    def is_plugin_supported_field(self, field_definition: FieldDefinition) -> bool:
        """Tell whether it is an envelope that has no name yet."""
        return get_origin(field_definition.annotation) is wire.Envelope and field_definition.kwarg_definition is None

    def to_openapi_schema(self, field_definition: FieldDefinition, schema_creator: Any) -> Any:
        """Return a reference to the schema under its name; the framework refuses two types of one name."""
        name = _schema_name(field_definition.annotation)
        self.places[name] = str(field_definition.annotation).removeprefix(f"{wire.__name__}.")
        named = replace(field_definition, kwarg_definition=BodyKwarg(schema_component_key=name))
        return schema_creator.for_field_definition(named)


def _schema_name(kind: Any) -> str:
    return "_".join([(get_origin(kind) or kind).__name__, *map(_schema_name, get_args(kind))])


def _bodies(app: Litestar) -> dict[str, Any]:
    """Return the schemas of all structures in bodies and answers, from the library that reads and writes them.

    The framework's own schemas lack bounds inside of unions and the structures' docstrings.
    """
    found: dict[Any, None] = {}
    for route in app.routes:
        for handler, _ in route.route_handler_map.values() if isinstance(route, HTTPRoute) else ():
            signature = handler.parsed_fn_signature
            data = signature.parameters.get("data")
            for kind in (signature.return_type.annotation, data.annotation if data else None):
                found |= dict.fromkeys(_structures(kind))
    _, components = msgspec.json.schema_components(list(found), ref_template="#/components/schemas/{name}")
    return components


def _structures(kind: Any) -> Iterator[type[msgspec.Struct]]:
    if isinstance(kind, type) and issubclass(kind, msgspec.Struct):
        yield kind
    for part in get_args(kind):
        yield from _structures(part)


def _operations(app: Litestar, document: dict[str, Any]) -> Iterator[Operation]:
    routes = {route.path_format: route for route in app.routes if isinstance(route, HTTPRoute)}
    for path, item in document["paths"].items():
        for method in _METHODS:
            if method in item:
                handler = routes[path].route_handler_map[method.upper()][0]  # type: ignore[index]
                yield Operation(method, handler, item[method])


def _complete(operation: Operation) -> None:
    """Add the failures that any route may answer, the header that all writes take, and the handler's additions."""
    method, handler, described = operation
    is_open = described.get("security") == [{}]
    parameters = described.setdefault("parameters", [])
    if method != "get" and not is_open:
        parameters.append(_REPLAY_HEADER)
    described["parameters"] = [_parameter(each) for each in parameters]
    described["operationId"] = _operation_id(described)
    if "body" in handler.opt:
        described["requestBody"] = handler.opt["body"]
    for media in handler.opt.get("files", ()):
        described["responses"]["200"]["content"][media] = {"schema": {"type": "string", "format": "binary"}}
    for status, meaning in _ERRORS.items():
        applies = (method != "get" or status not in _ONLY_WRITES) and not (is_open and status in _ONLY_WITH_TOKEN)
        if applies or status in handler.opt.get("answers", ()):
            described["responses"][status] = {
                "description": meaning,
                "content": {"application/json": {"schema": {"$ref": "#/components/schemas/ErrorEnvelope"}}},
            }


def _parameter(parameter: Mapping[str, Any]) -> dict[str, Any]:
    """Return a parameter without the self-evident: a parameter of a path or query is never null."""
    schema = dict(parameter["schema"])
    kinds = [kind for kind in schema.pop("oneOf", []) if kind != {"type": "null"}]
    if len(kinds) == 1:
        schema |= kinds[0]
    elif kinds:
        schema["oneOf"] = kinds
    schema.pop("description", None)
    said = {name: value for name, value in parameter.items() if value is not False or name == "required"}
    name = _camel(parameter["name"]) if parameter["in"] == "path" else parameter["name"]
    return said | {"name": name, "schema": schema}


def _operation_id(described: Mapping[str, Any]) -> str:
    """Return `placeOrder` for `place_order`. What the catalog's routes are called (`list_products`) says so."""
    name = str(described["operationId"])
    if "_" in name and described.get("tags") == ["Catalog"]:
        name = name.replace("_", "_catalog_", 1)
    return _camel(name)


@cache
def _recorded() -> dict[str, dict[str, Any]]:
    """Return the examples of requests and answers, by operation (see `tests.docs.examples`)."""
    found: dict[str, dict[str, Any]] = msgspec.json.decode((Path(__file__).parent / "examples.json").read_bytes())
    return found


def _add_recorded(described: dict[str, Any]) -> None:
    """Add an example of the answer; and one of the body, if there is none that says more."""
    example = _recorded().get(described["operationId"])
    if example is None:
        return
    for media, content in described["responses"]["200"].get("content", {}).items():
        if media == "application/json" or isinstance(example["answer"], str):
            content["example"] = example["answer"]
    body = described.get("requestBody", {}).get("content", {}).get("application/json")
    if body is not None and "request" in example:
        body.setdefault("example", example["request"])


def _camel(name: str) -> str:
    first, *others = name.split("_")
    return first + "".join(word[:1].upper() + word[1:] for word in others)


def _camel_path(path: str) -> str:
    return re.sub(r"{(\w+)}", lambda match: f"{{{_camel(match[1])}}}", path)


def _say_success(schemas: Mapping[str, Any], described: Mapping[str, Any]) -> None:
    """Describe the good answer by its content and its links."""
    good = described["responses"]["200"]
    good["description"] = "Done."
    leads_to = links(described["operationId"])
    if leads_to:
        good["links"] = leads_to
    for content in good.get("content", {}).values():
        name = content.get("schema", {}).get("$ref", "").rpartition("/")[2]
        data = schemas.get(name, {}).get("properties", {}).get("data", {})
        inner = data.get("items", data).get("$ref", "").rpartition("/")[2]
        meaning = schemas.get(inner, {}).get("description", "")
        if meaning:
            good["description"] = f"A list. Each: {meaning}" if "items" in data else meaning


def _add_example(schemas: Mapping[str, Any], operation: Operation) -> None:
    """Add an example of a whole body: the handler's, or one made from the fields' examples, if all required fields have
    one.
    """
    content = operation.described.get("requestBody", {}).get("content", {}).get("application/json", {})
    schema = schemas.get(content.get("schema", {}).get("$ref", "").rpartition("/")[2], {})
    properties: dict[str, dict[str, Any]] = schema.get("properties", {})
    examples = {field: _examples(found) for field, found in properties.items()}
    example = operation.handler.opt.get("example") or {field: found[0] for field, found in examples.items() if found}
    if example and set(schema.get("required", ())) <= set(example):
        content["example"] = example


def _examples(schema: Mapping[str, Any]) -> list[Any]:
    """Return the examples of a field, or those of one of its kinds."""
    kinds = (each for kind in schema.get("anyOf", ()) for each in _examples(kind))
    return [*schema.get("examples", ()), *kinds]


def _tidy(node: Any) -> Any:
    """Replace `oneOf` by `anyOf`, because a whole number is both an integer and a number. Replace 1.0 by 1.

    Money is a `Decimal` here and a number on the wire, which the library can't know (`wire.encode`).
    """
    if isinstance(node, dict):
        tidied = {("anyOf" if key == "oneOf" else key): _tidy(value) for key, value in node.items()}
        if isinstance(node.get("description"), str):
            tidied["description"] = cleandoc(node["description"])
        if node.get("format") == "decimal":
            del tidied["format"]
            tidied["type"] = "number"
        return tidied
    if isinstance(node, list):
        return [_tidy(value) for value in node]
    if isinstance(node, float) and node.is_integer():
        return int(node)
    return node
