"""Reads catalog files: YAML (and so JSON) to plain values, plain values to forms, errors named by their path.

The YAML is that of version 1.2's core: `09:30`, `2026-07-14` and `NO` are texts, not a number, a date and a
boolean. A key that is there twice is refused. Aliases work, but count for all that they repeat.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable, Iterator, Sequence
from typing import Any, ClassVar, TypeVar

import msgspec
import yaml

from seatwright.core.errors import Invalid, TooLarge
from seatwright.core.numerals import ADVICE, kept, misspelt

T = TypeVar("T")

MAX_BYTES = 10 * 1024 * 1024
MAX_NODES = 1_000_000
"""Values in a file at most, counting what an alias repeats as often as it does."""
MAX_DEPTH = 50

_FastLoader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_TYPES = {
    "str": "text",
    "int": "a whole number",
    "float": "a number",
    "decimal": "a number",
    "bool": "true or false",
    "object": "keys with values",
    "array": "a list",
    "null": "nothing",
}
_EXPECTED = re.compile(r"Expected `(?P<expected>[^`]+)`(?P<bound>[^,]*)(?:, got `(?P<got>\w+)`)?$")
_BOUND = re.compile(r" ?(?P<length>of length )?(?P<sign><=|>=) (?P<limit>\S+)")
_UNKNOWN = re.compile(r"Object contains unknown field `(?P<name>.*)`")
_MISSING = re.compile(r"Object missing required field `(?P<name>[^`]+)`")
_ENUM = re.compile(r"Invalid enum value (?P<value>.+)")
_AT = re.compile(r"(?P<message>.*) - at `(?P<key>key` in `)?\$(?P<path>[^`]*)`$", re.DOTALL)
_UNKEPT = re.compile("[\x00\ud800-\udfff]")
"""Characters that no text can have in the end."""
_STEP = re.compile(r"\.([^.\[]+)|\[(\d+)\]|(\[\.\.\.\])")


class _Loader(_FastLoader):  # type: ignore[misc, valid-type]
    """PyYAML's safe loader, resolving plain scalars as YAML 1.2 does, and refusing a key that comes twice."""

    yaml_implicit_resolvers: ClassVar[dict[str, Any]] = {}

    def construct_mapping(self, node: yaml.MappingNode, deep: bool = False) -> dict[Hashable, Any]:
        seen: set[str] = set()
        for key, _ in node.value:
            if not isinstance(key, yaml.ScalarNode):
                raise _bad(f"line {key.start_mark.line + 1}: a key must be a text.")
            if key.value != "<<" and key.value in seen:
                raise _bad(f"line {key.start_mark.line + 1}: the key {key.value[:80]!r} is there twice.")
            seen.add(key.value)
        found: dict[Hashable, Any] = super().construct_mapping(node, deep)
        return found


for _tag, _pattern, _first in (
    ("null", r"~|null|Null|NULL|", ["~", "n", "N", ""]),
    ("bool", r"true|True|TRUE|false|False|FALSE", list("tTfF")),
    ("int", r"[-+]?[0-9]+", list("-+0123456789")),
    ("float", r"[-+]?(?:\.[0-9]+|[0-9]+(?:\.[0-9]*)?)(?:[eE][-+]?[0-9]+)?", list("-+0123456789.")),
    ("merge", r"<<", ["<"]),
):
    _Loader.add_implicit_resolver(f"tag:yaml.org,2002:{_tag}", re.compile(f"^(?:{_pattern})$"), _first)


def _number(text: str) -> float:
    """Read a number with decimals. Raises `Invalid` for one that would not be kept as it is written."""
    number = kept(text)
    if number is None:
        raise _bad(f"{text[:40]} has more digits, or a larger exponent, than a number can have here.")
    return number


def _yaml_number(loader: yaml.SafeLoader, node: yaml.ScalarNode) -> float:
    try:
        return _number(loader.construct_scalar(node))
    except Invalid as error:
        raise _bad(f"line {node.start_mark.line + 1}: {error.message}") from None


# PyYAML's own would read 010 as eight.
_Loader.add_constructor("tag:yaml.org,2002:int", lambda loader, node: int(loader.construct_scalar(node)))
_Loader.add_constructor("tag:yaml.org,2002:float", _yaml_number)


def parse_yaml(data: bytes) -> Any:
    """Return what a YAML or JSON file says, as dicts, lists, texts, numbers, booleans and None.

    Raises `TooLarge` over `MAX_BYTES`, and `Invalid`, naming the line, for what is not YAML or could not be kept.
    """
    if len(data) > MAX_BYTES:
        raise TooLarge(f"The file is larger than {MAX_BYTES // 1024 // 1024} MB; import it in parts.")
    try:
        text = data.decode("utf-8-sig")
    except UnicodeDecodeError as error:
        raise _bad(f"The file is not UTF-8: byte {error.start} can't be read.") from None
    if text.lstrip(_JSON_SPACE)[:1] in ("{", "[") and (found := _json(text)) is not _NO_JSON:
        return found
    try:
        _check_size(text)
        return yaml.load(text, Loader=_Loader)  # noqa: S506 - a subclass of the safe loader
    except yaml.MarkedYAMLError as error:
        mark = error.problem_mark or error.context_mark
        where = f"line {mark.line + 1}: " if mark else ""
        raise _bad(f"{where}this is not YAML: {error.problem or error.context}.") from None
    except (yaml.YAMLError, ValueError, RecursionError) as error:
        raise _bad(f"This is not YAML: {str(error)[:200]}.") from None


_JSON_SPACE = " \t\r\n"
_NO_JSON = object()


def _json(text: str) -> Any:
    """Return what JSON says; `_NO_JSON` for what is none, which may be YAML still.

    YAML's libraries don't take all of it: characters beyond the first 65,536 as two escapes, tabs, long keys.
    """
    try:
        found = json.loads(text, object_pairs_hook=_object, parse_float=_number, parse_constant=_no_constant)
    except (ValueError, RecursionError):
        return _NO_JSON
    _check_values(found)
    return found


def _object(pairs: list[tuple[str, Any]]) -> dict[str, Any]:
    found: dict[str, Any] = {}
    for key, value in pairs:
        if key in found:
            raise _bad(f"the key {key[:80]!r} is there twice.")
        found[key] = value
    return found


def _no_constant(word: str) -> Any:
    raise _bad(f"{word} is not a number in JSON.")


def _check_values(found: Any) -> None:
    """Check of JSON what `_check_size` checks of YAML, before it is built there."""
    level, total, depth = [found], 0, 0
    while level:
        total, depth = total + len(level), depth + 1
        if depth > MAX_DEPTH and any(isinstance(value, dict | list) for value in level):
            raise _bad(f"The file is nested more than {MAX_DEPTH} deep.")
        if total > MAX_NODES:
            raise _bad(f"The file has more than {MAX_NODES} values.")
        below: list[Any] = []
        for value in level:
            if isinstance(value, dict):
                below += value
                below += value.values()
            elif isinstance(value, list):
                below += value
            elif isinstance(value, str) and _UNKEPT.search(value):
                raise _bad("The file contains a character that no text can have.")
        level = below


def _check_size(text: str) -> None:
    """Go through the file once without building anything: depth, values with aliases expanded, texts."""
    sizes: dict[str, int] = {}
    open_nodes: list[tuple[str | None, int]] = []
    total = 0
    for event in yaml.parse(text, Loader=_FastLoader):
        line = event.start_mark.line + 1 if event.start_mark else 0
        if isinstance(event, yaml.AliasEvent):
            if event.anchor not in sizes:
                raise _bad(f"line {line}: the alias *{event.anchor} refers to nothing that is complete before it.")
            total += sizes[event.anchor]
        elif isinstance(event, yaml.ScalarEvent):
            total += 1
            if event.anchor:
                sizes[event.anchor] = 1
            if _UNKEPT.search(event.value):
                raise _bad(f"line {line}: contains a character that no text can have.")
        elif isinstance(event, (yaml.MappingStartEvent, yaml.SequenceStartEvent)):
            sizes.pop(event.anchor or "", None)
            open_nodes.append((event.anchor, total))
            total += 1
            if len(open_nodes) > MAX_DEPTH:
                raise _bad(f"line {line}: is nested more than {MAX_DEPTH} deep.")
        elif isinstance(event, (yaml.MappingEndEvent, yaml.SequenceEndEvent)):
            anchor, before = open_nodes.pop()
            if anchor:
                sizes[anchor] = total - before
        if total > MAX_NODES:
            raise _bad(f"line {line}: the file has more than {MAX_NODES} values, aliases counted as what they repeat.")


def read_form(raw: Any, type_: type[T]) -> T:
    """Return `raw` as a form. Raises `Invalid`, naming the first field that doesn't fit, as `products[2].number`."""
    steps = misspelt(raw, type_)
    if steps is not None:
        raise _refused(_path(steps), ADVICE)
    try:
        return msgspec.convert(raw, type_, strict=False)
    except msgspec.ValidationError as error:
        raise _named(raw, type_, str(error)) from None


def _named(raw: Any, type_: Any, message: str) -> Invalid:
    match = _AT.match(message)
    steps: list[str | int] = []
    for name, index, _ in _STEP.findall(match["path"]) if match else ():
        steps.append(name or (int(index) if index else _culprit(raw, steps, type_)))
    path = _path(steps)
    if match and match["key"]:
        return _refused(path, "a key in it is not a text; put it in quotes.")
    return _say(path, match["message"] if match else message)


def _culprit(raw: Any, steps: list[str | int], type_: Any) -> str:
    """The library hides keys of a mapping ("[...]"): return the first that still fails when it is there alone."""
    mapping = raw
    for step in steps:
        mapping = mapping[step]
    for key in list(mapping)[:1_000]:
        try:
            msgspec.convert(_put(raw, steps, {key: mapping[key]}), type_, strict=False)
        except msgspec.ValidationError:
            return str(key)
    return "*"


def _put(raw: Any, steps: list[str | int], value: Any) -> Any:
    """Return a copy of `raw` with `value` at the end of `steps`."""
    if not steps:
        return value
    copy: Any = raw.copy()
    copy[steps[0]] = _put(raw[steps[0]], steps[1:], value)
    return copy


def _path(steps: Sequence[str | int]) -> str:
    path = ""
    for step in steps:
        path += f"[{step}]" if isinstance(step, int) else f".{step}" if path else step
    return path


def _say(path: str, message: str) -> Invalid:
    missing = _MISSING.match(message)
    if missing:
        field = f"{path}.{missing['name']}" if path else missing["name"]
        return Invalid(f"{field}: is missing.", code="missing_field", field=field)
    unknown = _UNKNOWN.match(message)
    if unknown:
        field = f"{path}.{unknown['name']}" if path else unknown["name"]
        return Invalid(f"{field}: is not a key that is known here.", code="unknown_field", field=field)
    return _refused(path, "".join(_sentence(message)))


def _refused(path: str, sentence: str) -> Invalid:
    return Invalid(f"{path or 'The file'}: {sentence}", code="invalid_field", field=path or None)


def _sentence(message: str) -> Iterator[str]:
    enum = _ENUM.match(message)
    match = _EXPECTED.match(message)
    if enum:
        yield f"{enum['value']} is not one of the words that can stand here."
        return
    if message == "Invalid decimal string":
        yield "is not a number."
        return
    if match is None:
        yield message[:1].lower() + message[1:].rstrip(".") + "."
        return
    yield "expected " + " or ".join(_TYPES.get(kind, kind) for kind in match["expected"].split(" | "))
    bound = _BOUND.match(match["bound"])
    if bound:
        yield f" of {'at most' if bound['sign'] == '<=' else 'at least'} {bound['limit']}"
        if bound["length"]:
            yield " characters" if match["expected"].startswith("str") else " entries"
    if match["got"]:
        yield f", got {_TYPES.get(match['got'], match['got'])}"
    yield "."


def _bad(sentence: str) -> Invalid:
    return Invalid(sentence, code="malformed_file")
