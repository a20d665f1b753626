"""Keys of objects that mean nothing to the type that the objects are read as."""

from __future__ import annotations

from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass, field
from functools import lru_cache
from typing import Any, NamedTuple, TypeAlias

from msgspec import inspect

Steps: TypeAlias = tuple[str | int, ...]
"""The way to a value inside of others: names of fields, keys, places in lists."""


class UnknownKey(NamedTuple):
    """The way to a key that means nothing, and the keys that are known at its place."""

    steps: Steps
    known: Iterable[str]


@dataclass(frozen=True, slots=True)
class Keys:
    """The keys of an object, with those of their values; or those of all entries of a list or mapping."""

    fields: Mapping[str, Keys | None] = field(default_factory=dict)
    entries: Keys | None = None


@lru_cache(maxsize=512)
def keys_of(type_: Any) -> Keys | None:
    """Return the keys that a type knows; None if it is none of objects, or takes any key."""
    return _keys(inspect.type_info(type_))


def unknown_keys(raw: Any, keys: Keys, steps: Steps = ()) -> Iterator[UnknownKey]:
    """Yield the keys in plain values that aren't among `keys`."""
    if isinstance(raw, dict):
        for key, value in raw.items():
            if keys.fields and key not in keys.fields:
                yield UnknownKey((*steps, key), keys.fields)
                continue
            inner = keys.fields.get(key) or keys.entries
            if inner is not None:
                yield from unknown_keys(value, inner, (*steps, key))
    elif isinstance(raw, list) and keys.entries is not None:
        for place, value in enumerate(raw):
            yield from unknown_keys(value, keys.entries, (*steps, place))


def _keys(info: inspect.Type) -> Keys | None:
    match info:
        case inspect.Metadata(type=inner):
            return _keys(inner)
        case inspect.UnionType(types=types):
            return next((keys for keys in map(_keys, types) if keys is not None), None)
        case inspect.StructType(fields=fields):
            return Keys({each.encode_name: _keys(each.type) for each in fields})
        case inspect.DictType(value_type=inner) | inspect.CollectionType(item_type=inner):
            entries = _keys(inner)
            return Keys(entries=entries) if entries is not None else None
    return None
