"""What is wrong with a field, in the same words for every source: JSON, a catalog file, a form.

A field is named by its path as it is written in code: `products[2].tiers.Adult.price`.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from typing import Any

import msgspec
from msgspec import inspect

from seatwright.core.errors import Invalid
from seatwright.core.near_names import nearest
from seatwright.core.numerals import ADVICE, misspelt
from seatwright.core.unknown_keys import UnknownKey, keys_of, unknown_keys

MAX_TRIED = 1_000
"""How many keys of an object are searched for the wrong one."""

MAX_KEY = 60
"""How much of an unknown key is repeated, in characters."""

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
_BOUND = re.compile(r" ?(?P<length>of length )?(?P<sign><=|>=|<|>) (?P<limit>\S+)")
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]+)`")
_UNKNOWN = "Object contains unknown field "
_ENUM = re.compile(r"Invalid enum value (?P<value>.+)")
_AT = re.compile(r"(?P<message>.*) - at `(?P<key>key` in `)?\$(?P<path>[^`]*)`$", re.DOTALL)
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]|(\[\.\.\.\])")


def bad_field(field: str, sentence: str, *, code: str = "invalid_field") -> Invalid:
    """Return the error about a field: its path, then what is wrong with it."""
    return Invalid(f"{field}: {sentence}", code=code, field=field)


def missing_field(field: str) -> Invalid:
    """Return the error about a missing field."""
    return bad_field(field, "is missing.", code="missing_field")


def at(path: str, field: str) -> str:
    """Return the path of `field` inside of what is at `path`; "" is the top."""
    return f"{path}.{field}" if path and not field.startswith("[") else f"{path}{field}"


def unknown_key(found: UnknownKey) -> Invalid:
    """Return the error about a key that means nothing at its place."""
    return Invalid(unknown_key_in_words(found), code="unknown_field", field=_short(found.steps))


def unknown_key_in_words(found: UnknownKey) -> str:
    """Return the sentence about such a key: which one was meant, or which there are."""
    meant = nearest(str(found.steps[-1]), found.known)
    hint = f"Did you mean {meant}?" if meant else f"Known are {', '.join(found.known)}."
    return f"{_short(found.steps)}: is not a key that is known here. {hint}"


def _short(steps: Iterable[str | int]) -> str:
    """Return the path with keys that are short enough to be read."""
    return path_of(step if isinstance(step, int) else str(step)[:MAX_KEY] or '""' for step in steps)


def path_of(steps: Iterable[str | int]) -> str:
    """Return the path that leads by these names and places in lists."""
    path = ""
    for step in steps:
        path = at(path, f"[{step}]" if isinstance(step, int) else step)
    return path


def choices_in_words(choices: Iterable[object]) -> str:
    """Return the allowed words as a phrase: `must be asc or desc`."""
    return f"must be {' or '.join(map(str, choices))}"


def misfit(raw: Any, type_: Any, *, whole: str) -> Invalid | None:
    """Return the first mistake in plain values that are read as `type_`; None if there is none.

    `whole` is the name of the whole value: "The body".
    """
    steps = misspelt(raw, type_)
    if steps is not None:
        return refusal(path_of(steps), ADVICE, whole=whole)
    message = _failure(raw, type_)
    if message is None:
        return None
    keys = keys_of(type_) if message.startswith(_UNKNOWN) else None
    if keys is not None and (unknown := next(unknown_keys(raw, keys), None)):
        return unknown_key(unknown)
    match = _AT.match(message)
    steps = _steps(raw, type_, match["path"] if match else "")
    if match and match["key"]:
        return refusal(path_of(steps), "a key in it is not a text; put it in quotes.", whole=whole)
    message = match["message"] if match else message
    enum = _ENUM.match(message)
    choices = _choices(inspect.type_info(type_), steps) if enum else ()
    if enum and choices:
        message = f"{choices_in_words(choices)}, got {enum['value']}"
    return refusal(path_of(steps), message, whole=whole)


def refusal(path: str, message: str, *, whole: str) -> Invalid:
    """Return the message of the library that reads values in our words. "" is the path of the whole value."""
    if missing := _MISSING.match(message):
        return missing_field(at(path, missing["name"]))
    return Invalid(f"{path or whole}: {_sentence(message)}", code="invalid_field", field=path or None)


def _sentence(message: str) -> str:
    if enum := _ENUM.match(message):
        return f"{enum['value']} is not one of the words that can stand here."
    if message == "Invalid decimal string":
        return "is not a number."
    match = _EXPECTED.match(message)
    if match is None:
        return message[:1].lower() + message[1:].rstrip(".") + "."
    kinds = match["expected"].split(" | ")
    if {"int", "float"} <= set(kinds):
        kinds.remove("int")
    expected = " or ".join(_TYPES.get(kind, kind) for kind in kinds)
    got = match["got"]
    return f"expected {expected}{_bound(match['bound'], kinds)}{f', got {_got(got)}' if got else ''}."


def _bound(text: str, kinds: Sequence[str]) -> str:
    """`>= 1` and `of length <= 200`, in words."""
    bound = _BOUND.match(text)
    if bound is None:
        return text
    word = {"<=": "at most", ">=": "at least", "<": "below", ">": "above"}[bound["sign"]]
    if bound["length"]:
        return f" of {word} {bound['limit']} {'characters' if 'str' in kinds else 'entries'}"
    return f" of {word} {bound['limit']}" if word.startswith("at") else f" {word} {bound['limit']}"


def _got(text: str) -> str:
    return _GOT.get(text.strip("`"), text.strip("`"))


def _failure(raw: Any, type_: Any) -> str | None:
    try:
        msgspec.convert(raw, type_, strict=False)
    except msgspec.ValidationError as error:
        return str(error)
    return None


def _steps(raw: Any, type_: Any, path: str) -> tuple[str | int, ...]:
    """Return the way to the value that the library blames. The library hides keys of a mapping (`[...]`); they are
    searched for.
    """
    steps: list[str | int] = []
    for name, index, _ in _STEP.findall(path):
        steps.append(name or (int(index) if index else _culprit(raw, steps, type_)))
    return tuple(steps)


def _culprit(raw: Any, steps: Sequence[str | int], type_: Any) -> str:
    """Return the first key of a mapping that fails. It is found by bisection: each try reads all keys, so there must be
    few tries.
    """
    mapping = _value_at(raw, steps)
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


def _value_at(raw: Any, steps: Iterable[str | int]) -> Any:
    for step in steps:
        raw = raw[step]
    return raw


def _put(raw: Any, steps: Sequence[str | int], value: Any) -> Any:
    """Return a copy of `raw` with `value` at the end of `steps`."""
    if not steps:
        return value
    copy: Any = raw.copy()
    copy[steps[0]] = _put(raw[steps[0]], steps[1:], value)
    return copy


def _choices(info: inspect.Type, steps: Sequence[str | int]) -> Sequence[object]:
    """Return the words that are allowed at the end of `steps` in a type; none if it isn't a choice of words."""
    match info:
        case inspect.Metadata(type=inner):
            return _choices(inner, steps)
        case inspect.UnionType(types=types):
            return next((found for each in types if (found := _choices(each, steps))), ())
        case inspect.LiteralType(values=values) if not steps:
            return values
        case inspect.StructType(fields=fields) if steps:
            return next((_choices(each.type, steps[1:]) for each in fields if each.encode_name == steps[0]), ())
        case inspect.DictType(value_type=inner) | inspect.CollectionType(item_type=inner) if steps:
            return _choices(inner, steps[1:])
    return ()
