"""What is wrong with a request, named by its field, in plain words."""

from __future__ import annotations

import re
from collections.abc import Iterable
from typing import Any, get_args

import msgspec
from litestar import Request
from litestar.exceptions import ValidationException

from seatwright.core.errors import Invalid

MAX_TRIED = 1_000
"""Keys of an object that are looked through to find the one to blame."""

_TYPES = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "bool": "true or false",
    "object": "an object",
    "array": "a list",
    "null": "null",
    "date": "a date",
    "datetime": "a date and time",
}
_GOT = {**_TYPES, "int": "a number", "float": "a number with decimals"}
_EXPECTED = re.compile(r"Expected `(?P<expected>[^`]+)`(?P<bound>[^,]*)(?:, got (?P<got>.+))?$")
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]+)`")
_MISSING_PARAMETER = re.compile(r"Missing required (?P<kind>\w+) parameter '(?P<name>[^']+)'")
_AT = re.compile(r"(.*) - at `(?:key in )?\$(?P<path>[^`]*)`$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]|(\[\.\.\.\])")


def describe(request: Request[Any, Any, Any], error: ValidationException) -> Invalid:
    """Return the first thing that is wrong, as `field: expected this, got that.`"""
    missing = _MISSING_PARAMETER.match(error.detail)
    if missing:
        name = missing["name"]
        return Invalid(f"{name}: is missing.", code="missing_field", field=name)
    extra: Any = error.extra
    problems: list[dict[str, Any]] = extra if isinstance(extra, list) else []
    problem = problems[0] if problems else {}
    key, message = str(problem.get("key", "")), str(problem.get("message", ""))
    if problem.get("source") != "body":
        return _say(_on_the_wire(key), _with_choices(request, key, message))
    if message == "'data'":
        return Invalid("A body is missing: send a JSON object.", code="missing_body")
    return _in_body(request, message)


def _on_the_wire(name: str) -> str:
    """Return a parameter's name as clients know it: `sort_order` is `sortOrder`, `from_` is `from`."""
    first, *others = name.strip("_").split("_")
    return first + "".join(word.title() for word in others)


def _with_choices(request: Request[Any, Any, Any], key: str, message: str) -> str:
    """Say which values a parameter can have, where it is one of a few."""
    parameter = request.route_handler.parsed_fn_signature.parameters.get(key)
    if not message.startswith("Invalid enum value") or parameter is None:
        return message
    choices = " or ".join(str(choice) for choice in get_args(parameter.annotation))
    return f"must be {choices}" if choices else message


def _in_body(request: Request[Any, Any, Any], message: str) -> Invalid:
    """Find the path of the problem by decoding the body again, by itself."""
    body_type: Any = request.route_handler.parsed_fn_signature.parameters["data"].annotation
    try:
        raw = msgspec.json.decode(request.scope["state"]["body"])
        found = find(raw, body_type)
    except (msgspec.DecodeError, TypeError, KeyError):
        found = None
    return _say(*(found or ("", message)))


def find(raw: Any, type_: Any) -> tuple[str, str] | None:
    """Return the dotted path and the message of the first thing in `raw` that doesn't fit `type_`."""
    message = _failure(raw, type_)
    if message is None:
        return None
    match = _AT.match(message)
    if match is None:
        return "", message
    steps: list[str | int] = []
    for name, index, _ in _STEP.findall(match["path"]):
        steps.append(name or (int(index) if index else _culprit(raw, steps, type_)))
    return ".".join(str(step) for step in steps), match[1]


def _failure(raw: Any, type_: Any) -> str | None:
    try:
        msgspec.convert(raw, type_, strict=False)
    except msgspec.ValidationError as error:
        return str(error)
    return None


def _culprit(raw: Any, steps: list[str | int], type_: Any) -> str | int:
    """The library hides keys of a mapping ("[...]"): return the first one that fails, found by halving.

    Each try reads the whole body again, so there must not be many.
    """
    mapping = _at(raw, steps)
    if not isinstance(mapping, dict):
        return "*"

    def fails(keys: list[Any]) -> bool:
        return _failure(_put(raw, steps, {key: mapping[key] for key in keys}), type_) is not None

    keys = list(mapping)[:MAX_TRIED]
    if not fails(keys):
        return "*"
    while len(keys) > 1:
        half = keys[: len(keys) // 2]
        keys = half if fails(half) else keys[len(half) :]
    return str(keys[0])


def _at(raw: Any, steps: Iterable[str | int]) -> Any:
    for step in steps:
        raw = raw[step]
    return raw


def _put(raw: Any, steps: list[str | int], value: Any) -> Any:
    """Return a copy of `raw` with `value` at the end of `steps`."""
    if not steps:
        return value
    copy: Any = raw.copy()
    copy[steps[0]] = _put(raw[steps[0]], steps[1:], value)
    return copy


def _say(path: str, message: str) -> Invalid:
    missing = _MISSING.match(message)
    if missing:
        name = f"{path}.{missing['name']}" if path else missing["name"]
        return Invalid(f"{name}: is missing.", code="missing_field", field=name)
    where = f"{path}: " if path else "The body: "
    return Invalid(f"{where}{_sentence(message)}", code="invalid_field", field=path or None)


def _sentence(message: str) -> str:
    match = _EXPECTED.match(message)
    if match is None:
        return message[:1].lower() + message[1:].rstrip(".") + "."
    kinds = match["expected"].split(" | ")
    if {"int", "float"} <= set(kinds):
        kinds.remove("int")
    expected = " or ".join(_TYPES.get(kind, kind) for kind in kinds)
    got = match["got"]
    return f"expected {expected}{_bound(match['bound'])}{f', got {_got(got)}' if got else ''}."


def _bound(text: str) -> str:
    """`>= 1` and `of length <= 200`, in words."""
    number = re.match(r" ?(?P<length>of length )?(?P<sign><=|>=|<|>) (?P<limit>\S+)", text)
    if number is None:
        return text
    word = {"<=": "at most", ">=": "at least", "<": "below", ">": "above"}[number["sign"]]
    if number["length"]:
        return f" of {word} {number['limit']} characters or entries"
    return f" of {word} {number['limit']}" if word.startswith("at") else f" {word} {number['limit']}"


def _got(text: str) -> str:
    return _GOT.get(text.strip("`"), text.strip("`"))
