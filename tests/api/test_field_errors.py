"""What is said of a mistake is the same wherever it is made: in a JSON body, in a catalog file, in an import."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
import yaml

from seatwright.core.errors import Invalid
from seatwright.setup.document import FORMS, PLURALS, CatalogForm
from seatwright.setup.reading import parse_yaml, read_form
from tests.desk import Desk
from tests.security.table import NEW_ENTRIES

MISTAKES: list[tuple[str, dict[str, Any], str, str, str]] = [
    ("question", {"colour": "red"}, "colour", "unknown_field", "is not a key that is known here."),
    (
        "question",
        {"kind": "boat"},
        "kind",
        "invalid_field",
        "must be boolean or choice or date or number or text, got 'boat'.",
    ),
    ("question", {"required": "perhaps"}, "required", "invalid_field", "expected true or false, got text."),
    ("question", {"choices": {"a": 1}}, "choices", "invalid_field", "expected a list, got an object."),
    ("question", {"choices": ["x", ""]}, "choices[1]", "invalid_field", "expected text of at least 1 characters."),
    ("question", {"choices": ["x"] * 201}, "choices", "invalid_field", "expected a list of at most 200 entries."),
    ("pool", {"units": -1}, "units", "invalid_field", "expected a whole number of at least 0."),
    ("pool", {"units": 1.5}, "units", "invalid_field", "expected a whole number, got a number with decimals."),
    ("pool", {"units": None}, "units", "invalid_field", "expected a whole number, got null."),
    ("pickup", {"price": "1_000"}, "price", "invalid_field", "is not a number that is read exactly; write it"),
    ("pickup", {"price": []}, "price", "invalid_field", "expected a number, got a list."),
    (
        "policy",
        {"fees": [{"per": "head"}]},
        "fees[0].per",
        "invalid_field",
        "must be order or person or unit, got 'head'.",
    ),
    ("policy", {"fees": [{}, {"windw": 3}]}, "fees[1].windw", "unknown_field", "is not a key that is known here."),
    ("policy", {"fees": [5]}, "fees[0]", "invalid_field", "expected an object, got a number."),
    ("product", {"tiers": {}}, "tiers", "invalid_field", "expected an object of at least 1 entries."),
    ("product", {"tiers": {"A": {"price": 1}, "B": {}}}, "tiers.B.price", "missing_field", "is missing."),
    (
        "product",
        {"images": [{"small": "x" * 2_001}]},
        "images[0].small",
        "invalid_field",
        "expected text of at most 2000",
    ),
    ("charge", {"kind": "tip"}, "kind", "invalid_field", "must be fee or service_fee or tax, got 'tip'."),
]


def entry(kind: str, wrong: dict[str, Any]) -> dict[str, Any]:
    """Return an entry of which nothing else is wrong."""
    return {"code": "x", "name": "X", **NEW_ENTRIES[kind], **wrong}


@pytest.mark.parametrize(("kind", "wrong", "field", "code", "sentence"), MISTAKES)
@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_a_mistake_is_said_in_the_same_words_in_json_and_in_files(
    desk: Desk, kind: str, wrong: dict[str, Any], field: str, code: str, sentence: str
) -> None:
    body, plural = entry(kind, wrong), PLURALS[kind]
    refused = await desk.refused(400, "POST", f"/api/v1/{plural}", json=body)
    said = refused["errorMessage"]
    assert said.startswith(f"{field}: {sentence}"), said
    assert refused["errorCode"] == code
    for text in (yaml.safe_dump({plural: [body]}), msgspec.json.encode({plural: [body]}).decode()):
        with pytest.raises(Invalid) as error:
            read_form(parse_yaml(text.encode()), CatalogForm)
        assert error.value.message == f"{plural}[0].{said}"
        assert (error.value.code, error.value.field) == (code, f"{plural}[0].{field}")
    imported = await desk.refused(400, "POST", "/api/v1/import", json={plural: [body]})
    assert (imported["errorMessage"], imported["errorCode"]) == (f"{plural}[0].{said}", code)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_what_is_no_object_at_all_is_told_apart_by_what_it_is_alone(desk: Desk) -> None:
    for kind in FORMS:
        said = (await desk.refused(400, "POST", f"/api/v1/{PLURALS[kind]}", json=["x"]))["errorMessage"]
        assert said == "The body: expected an object, got a list."
    with pytest.raises(Invalid, match=r"^The file: expected an object, got a list\.$"):
        read_form(["x"], CatalogForm)
