"""Describes what is wrong with a request, with the field's name, in plain words."""

from __future__ import annotations

import re
from typing import Any, get_args

import msgspec
from litestar import Request
from litestar.exceptions import ValidationException

from seatwright.core.errors import Invalid
from seatwright.core.field_errors import choices_in_words, misfit, missing_field, refusal

WHOLE = "The body"
_MISSING_PARAMETER = re.compile(r"Missing required (?P<kind>\w+) parameter '(?P<name>[^']+)'")


def describe(request: Request[Any, Any, Any], error: ValidationException) -> Invalid:
    """Return the first mistake, as `field: expected this, got that.`"""
    missing = _MISSING_PARAMETER.match(error.detail)
    if missing:
        return missing_field(missing["name"])
    extra: Any = error.extra
    problems: list[dict[str, Any]] = extra if isinstance(extra, list) else []
    problem = problems[0] if problems else {}
    key, message = str(problem.get("key", "")), str(problem.get("message", ""))
    if problem.get("source") != "body":
        return refusal(_on_the_wire(key), _with_choices(request, key, message), whole=WHOLE)
    if message == "'data'":
        return Invalid("A body is missing: send a JSON object.", code="missing_body")
    return _in_body(request, message)


def _on_the_wire(name: str) -> str:
    """Return a parameter's name as clients know it: `sort_order` is `sortOrder`, `from_` is `from`."""
    first, *others = name.strip("_").split("_")
    return first + "".join(word.title() for word in others)


def _with_choices(request: Request[Any, Any, Any], key: str, message: str) -> str:
    """Add the allowed values of a parameter, if there are only a few."""
    parameter = request.route_handler.parsed_fn_signature.parameters.get(key)
    if not message.startswith("Invalid enum value") or parameter is None:
        return message
    choices = get_args(parameter.annotation)
    return choices_in_words(choices) if choices else message


def _in_body(request: Request[Any, Any, Any], message: str) -> Invalid:
    """Find the path of the problem by decoding the body again, by itself."""
    body_type: Any = request.route_handler.parsed_fn_signature.parameters["data"].annotation
    try:
        raw = msgspec.json.decode(request.scope["state"]["body"])
        found = misfit(raw, body_type, whole=WHOLE)
    except (msgspec.DecodeError, TypeError, KeyError):
        found = None
    return found or refusal("", message, whole=WHOLE)
