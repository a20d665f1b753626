"""Checks of every request before its body is decoded to a type: it must be JSON, and its texts must be storable."""

from __future__ import annotations

import json
from collections.abc import Iterable, Iterator
from functools import cache
from typing import Any
from urllib.parse import parse_qsl

import msgspec
from litestar import Response
from litestar.exceptions import InternalServerException
from litestar.handlers import HTTPRouteHandler
from litestar.routes import HTTPRoute

from seatwright.auth.limits import weight
from seatwright.core.errors import Invalid, NotFound, UnsupportedMedia
from seatwright.core.field_errors import at, bad_field, path_of
from seatwright.core.numerals import ADVICE, Literal, has_numerals, misspelt
from seatwright.http import body_keys, parameters
from seatwright.http.context import ApiRequest, services
from seatwright.http.security import await_turn, note_key_use, require_token

WITH_BODY = frozenset({"POST", "PUT", "PATCH", "DELETE"})
SHALLOW = 200
"""A body with fewer brackets than this can't be nested too deeply for the decoder."""
MAX_BLAMED = 65_536
"""Largest body, in bytes, in which the field with a NUL is searched for."""


async def check_request(request: ApiRequest) -> Response[None] | None:
    """Refuse requests without a token and requests that no handler could use, and answer OPTIONS. Runs before any
    parameter is parsed.

    Raises `Unauthorized`, `TooMany`, `NotFound`, `Invalid`, `UnsupportedMedia`; the framework raises its own error
    for an oversize body.
    """
    if request.method == "OPTIONS":
        return _options(request)
    require_token(request)
    if "\x00" in request.scope["path"]:
        raise NotFound("There is nothing at this address.", code="unknown_address")
    _check_empty_id(request)
    if request.scope["query_string"]:
        _read_query(request)
    await await_turn(request)
    if (verified := request.scope.get("auth")) is not None:
        await note_key_use(services(request), verified)
    if request.method in WITH_BODY:
        body = await _body(request)
        request.scope["state"]["body"] = body
        _weigh(request, len(body))
        if body and request.scope["route_handler"].opt.get("form"):
            _check_form(request)
        elif body:
            _check_type(request)
            _check_json(body)
            _check_keys(request, body)
            _check_numbers(request, body)
    return None


def with_head(methods: Iterable[str]) -> str:
    """Return the value of an Allow header. Every route with GET has HEAD too (`http.access`)."""
    allowed = set(methods)
    return ", ".join(sorted(allowed | {"HEAD"} if "GET" in allowed else allowed))


def _options(request: ApiRequest) -> Response[None]:
    """The framework's own answer lists only the method that was registered first."""
    template = request.scope["path_template"]
    routes = (route for route in request.app.routes if isinstance(route, HTTPRoute))
    methods = next(route.methods for route in routes if route.path_format == template)
    return Response(None, status_code=204, headers={"Allow": with_head(methods)})


async def _body(request: ApiRequest) -> bytes:
    try:
        return await request.body()
    except InternalServerException:
        raise Invalid("The connection ended before the body did.", code="incomplete_body") from None


def _weigh(request: ApiRequest, size: int) -> None:
    """Count the size of a body for its request, if it wasn't known before."""
    claims = request.scope.get("auth")
    if claims is not None and "content-length" not in request.headers:
        parts = services(request)
        settings, more = parts.settings, weight(size) - 1
        rate, patience_s = settings.requests_per_second, settings.request_wait_seconds
        parts.limits.charge(claims.caller_id, parts.clock.now(), rate, patience_s, more)


def _check_empty_id(request: ApiRequest) -> None:
    """Refuse `/order/`: it was made with an empty id, but the framework would treat it as the list; and a DELETE of one
    thing as a DELETE of all of them. A POST to a list makes something new, so its last slash doesn't matter.
    """
    path: bytes = request.scope.get("raw_path") or request.scope["path"].encode()
    if not path.endswith((b"/", b"%2F", b"%2f")) or request.method == "POST":
        return
    template = request.scope["path_template"]
    routes = (route for route in request.app.routes if isinstance(route, HTTPRoute))
    if any(route.path_format.startswith(f"{template}/{{") for route in routes):
        raise NotFound("The address ends where an id should be; without the last slash it is the list.", code="no_id")


def _read_query(request: ApiRequest) -> None:
    scope = request.scope
    _check_query(scope["query_string"])
    scope["query_string"], warnings = parameters.read(scope["route_handler"], scope["query_string"])
    if warnings:
        scope["state"]["warnings"] = warnings


def _check_query(query: bytes) -> None:
    """Refuse the NUL character: PostgreSQL can't store it, and no real text has one."""
    if b"%00" not in query and b"\x00" not in query:
        return
    pairs = parse_qsl(query.decode("latin-1"), keep_blank_values=True)
    name = next((name for name, value in pairs if "\x00" in name or "\x00" in value), "query")
    raise _nul(name.replace("\x00", ""))


def _check_type(request: ApiRequest) -> None:
    """A body without a media type counts as JSON; another media type is refused."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind and kind not in ("application/json", "text/json") and not kind.endswith("+json"):
        raise UnsupportedMedia("Send the body as JSON, with `Content-Type: application/json`.")
    encoding = request.headers.get("content-encoding", "identity").strip().lower()
    if encoding not in ("", "identity"):
        raise UnsupportedMedia("Send the body as it is, without `Content-Encoding`.")


def _check_form(request: ApiRequest) -> None:
    """A route with the option `form` accepts only the media type of browsers' forms."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    if kind != "application/x-www-form-urlencoded" or "content-encoding" in request.headers:
        raise UnsupportedMedia("Send the body as a form.")


def _check_json(body: bytes) -> None:
    if not body.isascii():
        try:
            body.decode()
        except UnicodeDecodeError as error:
            raise Invalid(f"The body is not UTF-8: byte {error.start} can't be read.", code="malformed_text") from None
    nul = _has_nul(body)
    if nul or body.count(b"[") + body.count(b"{") >= SHALLOW:
        _check_values(body, nul)


def _check_keys(request: ApiRequest, body: bytes) -> None:
    """Refuse keys that mean nothing, or warn of them. A page that reads its body itself checks it itself."""
    described = parameters.parameters_of(request.scope["route_handler"])
    if described is None:
        return
    warnings = body_keys.warnings(request.route_handler, body, strict=described.strict)
    if warnings:
        request.scope["state"].setdefault("warnings", []).extend(warnings)


def _check_numbers(request: ApiRequest, body: bytes) -> None:
    """Refuse an amount or a percentage that would not be read exactly."""
    type_ = _type_with_numbers(request.route_handler)
    if type_ is None:
        return
    try:
        raw = json.loads(body.decode(), parse_float=Literal)
    except (ValueError, RecursionError):
        return  # as above
    steps = misspelt(raw, type_)
    if steps is not None:
        raise bad_field(path_of(steps), ADVICE)


@cache
def _type_with_numbers(handler: HTTPRouteHandler) -> Any:
    """Return the type of a handler's body; None if there are no decimal numbers in it."""
    parameter = handler.parsed_fn_signature.parameters.get("data")
    return parameter.annotation if parameter is not None and has_numerals(parameter.annotation) else None


def _has_nul(body: bytes) -> bool:
    """Tell whether JSON contains a NUL, or an escape that stands for one; an escaped backslash begins no escape."""
    return b"\x00" in body or (b"\\u0000" in body and b"\\u0000" in body.replace(b"\\\\", b""))


def _check_values(body: bytes, nul: bool) -> None:
    """Decode a suspicious body once more, to check its depth, and to find the field with a NUL."""
    try:
        decoded: Any = msgspec.json.decode(body)
    except RecursionError:
        raise Invalid("The body is nested too deeply.", code="malformed_json") from None
    except msgspec.DecodeError:
        return  # the handler's decoder will report the same error
    if nul:
        raise _nul(next(_nul_paths(decoded), "The body") if len(body) <= MAX_BLAMED else "The body")


def _nul_paths(value: Any, path: str = "") -> Iterator[str]:
    if isinstance(value, str):
        if "\x00" in value:
            yield path or "The body"
    elif isinstance(value, dict):
        for name, inner in value.items():
            here = at(path, name)
            if "\x00" in name:
                yield here.replace("\x00", "")
            yield from _nul_paths(inner, here)
    elif isinstance(value, list):
        for index, inner in enumerate(value):
            yield from _nul_paths(inner, at(path, f"[{index}]"))


def _nul(field: str) -> Invalid:
    return bad_field(field, "must not contain the NUL character.", code="malformed_text")
