"""Typed catalog entries are the server's forms: the same names, kinds and defaults, and nothing is lost on the way."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

import seatwright_client
from seatwright.setup.document import FORMS, PLURALS
from seatwright_client import CatalogEntry, DecodeError, PolicyEntry, ProductEntry, SeatwrightClient
from tests.security.table import NEW_ENTRIES

TYPES: dict[str, type[CatalogEntry]] = {kind: getattr(seatwright_client, f"{kind.title()}Entry") for kind in FORMS}


def fields(type_: Any) -> dict[str, tuple[Any, Any, bool]]:
    """Return the default of each field of a structure on the wire."""
    return {
        each.encode_name: (
            None if each.default is msgspec.NODEFAULT else each.default,
            None if each.default_factory is msgspec.NODEFAULT else each.default_factory,
            each.required,
        )
        for each in msgspec.structs.fields(type_)
    }


def structures(type_: Any) -> list[Any]:
    """Return the structures in a structure, in the order of its fields."""

    def of(info: msgspec.inspect.Type) -> list[Any]:
        match info:
            case msgspec.inspect.StructType(cls=cls):
                return [cls]
            case msgspec.inspect.Metadata(type=inner):
                return of(inner)
            case msgspec.inspect.UnionType(types=types):
                return [found for each in types for found in of(each)]
            case msgspec.inspect.DictType(value_type=inner) | msgspec.inspect.ListType(item_type=inner):
                return of(inner)
        return []

    info = msgspec.inspect.type_info(type_)
    assert isinstance(info, msgspec.inspect.StructType)
    return [found for each in info.fields for found in of(each.type)]


@pytest.mark.parametrize("kind", FORMS)
def test_every_field_has_the_servers_name_and_default(kind: str) -> None:
    assert fields(TYPES[kind]) == fields(FORMS[kind])
    ours, theirs = structures(TYPES[kind]), structures(FORMS[kind])
    assert len(ours) == len(theirs)
    for one, other in zip(ours, theirs, strict=True):
        assert fields(one) == fields(other), other


@pytest.mark.parametrize("kind", FORMS)
def test_an_entry_is_the_same_there_and_back(kind: str) -> None:
    sent = {"code": "x", "name": "X", **NEW_ENTRIES[kind]}
    entry = TYPES[kind].of(sent)
    read = msgspec.convert(msgspec.json.decode(seatwright_client.request.encode(entry)), FORMS[kind])
    assert read == msgspec.convert(sent, FORMS[kind], strict=False)


def test_a_field_that_is_not_known_is_refused_rather_than_reset() -> None:
    with pytest.raises(DecodeError, match="brandNew"):
        PolicyEntry.of({"code": "p", "name": "P", "brandNew": 1})


def test_whole_catalogs_are_read_with_types(demo: dict[str, Any]) -> None:
    with SeatwrightClient(demo["baseUrl"], username=demo["username"], apikey=demo["apikey"]) as client:
        for kind, type_ in TYPES.items():
            for entry in client.catalog.iterate(PLURALS[kind]):  # type: ignore[arg-type]
                type_.of(entry)
        code = client.products.read(4101).product_code
        before = client.catalog.read("products", code)
        after = client.catalog.replace("products", code, ProductEntry.of(before))
    assert before | {"modifiedDate": None} == after | {"modifiedDate": None}
