"""Reads catalog files: YAML (and so JSON) to plain values, plain values to forms, errors named by their path.

The YAML is that of version 1.2's core: `09:30`, `2026-07-14` and `NO` are texts, not a number, a date and a boolean. A
key that comes twice is refused. Aliases work, but each use counts as all the values that it repeats.
"""

from __future__ import annotations

import json
import re
from collections.abc import Hashable
from contextlib import suppress
from typing import Any, ClassVar, TypeVar

import msgspec
import yaml

from seatwright.core.errors import Invalid, TooLarge
from seatwright.core.field_errors import misfit
from seatwright.core.numerals import kept, misspelt

T = TypeVar("T")

MAX_BYTES = 10 * 1024 * 1024
MAX_NODES = 1_000_000
"""Maximum number of values in a file; values that an alias repeats count each time."""
MAX_DEPTH = 50

_FastLoader: type[yaml.SafeLoader] = getattr(yaml, "CSafeLoader", yaml.SafeLoader)

_UNKEPT = re.compile("[\x00\ud800-\udfff]")
"""Characters that can't be stored in a text."""


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
    """Read a number with decimals. Raises `Invalid` for a number that can't be stored exactly."""
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
    """Return the content of a YAML or JSON file as dicts, lists, texts, numbers, booleans and None.

    Raises `TooLarge` over `MAX_BYTES`, and `Invalid`, naming the line, for a file that is not YAML or can't be stored.
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
    """Return the content of a JSON text; `_NO_JSON` for other texts, which may be YAML.

    YAML libraries don't read all JSON: characters beyond the first 65,536 as two escapes, tabs, long keys.
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
    """Check for JSON what `_check_size` checks for YAML before its values are built."""
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
    if misspelt(raw, type_) is None:
        with suppress(msgspec.ValidationError):
            return msgspec.convert(raw, type_, strict=False)
    found = misfit(raw, type_, whole="The file")
    assert found is not None, "what was just refused is refused again"
    raise found


def _bad(sentence: str) -> Invalid:
    return Invalid(sentence, code="malformed_file")
