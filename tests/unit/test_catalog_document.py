"""Catalog forms: what they come to, that they read back as they were written, and every refusal by its path."""

from __future__ import annotations

from datetime import UTC, datetime
from typing import Any

import msgspec
import pytest

from seatwright.catalog import store
from seatwright.catalog.model import KINDS, Catalog, Discount, Product
from seatwright.catalog.policy import Policy
from seatwright.core.errors import Invalid, TooLarge
from seatwright.core.times import from_datetime, parse_date, utc_day
from seatwright.setup.catalog import CatalogPlan, FormAtPath, plan_changes
from seatwright.setup.convert import Terms, to_entry
from seatwright.setup.document import FORMS, PLURALS, CatalogForm
from seatwright.setup.export import to_form
from seatwright.setup.importing import ImportForm, parse_document
from seatwright.setup.reading import MAX_BYTES, MAX_DEPTH, parse_yaml, read_form

NOW = utc_day(parse_date("2026-07-01", field="now"))
TERMS = Terms(currency="USD", time_zone="America/Denver", now=NOW)

PRODUCT: dict[str, Any] = {"code": "raft", "name": "Rafting", "number": 1, "tiers": {"Adult": {"price": 99}}}


def empty() -> Catalog:
    return store.build(
        {kind: {} for kind in KINDS},
        account_id="a",
        version=1,
        currency="USD",
        time_zone="America/Denver",
        policy_code=None,
    )


def planned(document: dict[str, Any], terms: Terms = TERMS) -> CatalogPlan:
    form = read_form(document, CatalogForm)
    wanted = [
        FormAtPath(kind, entry, f"{plural}[{index}]")
        for kind, plural in PLURALS.items()
        for index, entry in enumerate(getattr(form, plural))
    ]
    return plan_changes(empty(), terms, wanted)


def refused(document: dict[str, Any]) -> str:
    with pytest.raises(Invalid) as error:
        planned(document)
    return error.value.message


def product(**changes: Any) -> dict[str, Any]:
    return {"products": [{**PRODUCT, **changes}]}


FULL: dict[str, list[dict[str, Any]]] = {
    "locations": [{"code": "put-in", "name": "Put-in", "city": "Moab", "timeZone": "America/Denver"}],
    "zones": [{"code": "hotels", "name": "Hotels", "locations": ["put-in"]}],
    "pickups": [
        {
            "code": "shuttle",
            "name": "Shuttle",
            "price": 10.5,
            "locations": ["put-in"],
            "zones": ["hotels"],
            "details": ["07:30"],
        }
    ],
    "tags": [{"code": "river", "name": "River"}],
    "policies": [
        {
            "code": "tiered",
            "name": "Tiered",
            "text": "Half within a day.",
            "online": False,
            "fees": [
                {"percent": 50, "per": "person", "window": 24},
                {"percent": "12.3456", "per": "unit", "window": 2, "windowUnit": "years"},
                {"amount": 5.00, "per": "order"},
            ],
        }
    ],
    "charges": [
        {"code": "tax", "name": "Tax", "kind": "tax", "percent": 7.5, "included": True, "products": ["raft"]},
        {"code": "booking", "name": "Booking", "kind": "service_fee", "amount": 2.5, "per": "order"},
    ],
    "questions": [
        {"code": "heard", "name": "Heard of us?", "kind": "choice", "choices": ["A friend"], "required": True},
        {"code": "diet", "name": "Allergies", "per": "participant", "products": [], "supplierSees": True},
    ],
    "discounts": [
        {"code": "EARLY10", "name": "Early", "percent": 10, "startsAt": "2026-07-01", "endsAt": "2026-07-31"},
        {"code": "FIVE", "name": "Five off", "amount": 5, "per": "order", "maxUses": 3, "active": False},
    ],
    "pools": [{"code": "bikes", "name": "Bikes", "units": 12}],
    "products": [
        {
            **PRODUCT,
            "tiers": {
                "Adult": {"price": "99.00", "minAge": 13},
                "Family": {"name": "Of four", "price": 279, "seats": 4},
            },
            "quantityLabel": "Rafter",
            "marketingPrice": "from 99",
            "overview": "Long.",
            "highlights": "<b>!</b>",
            "shortDescription": "Short.",
            "ageRestrictions": {"minAge": 6},
            "class": "tour",
            "classTypes": ["Rafting"],
            "locations": ["put-in"],
            "images": [{"small": "https://images.canyon.example/s.jpg", "caption": "Rapid"}],
            "videos": [{"url": "https://videos.canyon.example/v.mp4"}],
            "startTime": "09:00",
            "durationMin": 240,
            "tags": ["river"],
            "pickups": ["shuttle"],
            "policy": "tiered",
            "cutoffMin": 60,
        },
        {
            "code": "bike",
            "name": "Bike",
            "number": 2,
            "quantityType": "unit",
            "tiers": {"All": {"price": 60}},
            "pool": "bikes",
        },
        {
            "code": "voucher",
            "name": "Voucher",
            "number": 3,
            "quantityType": "unit",
            "dateless": True,
            "active": False,
            "tiers": {"All": {"price": 0}},
        },
    ],
}


def test_forms_and_entries_have_the_same_kinds_in_the_same_order() -> None:
    assert list(FORMS) == list(KINDS)
    assert set(PLURALS.values()) == set(CatalogForm.__struct_fields__)


def test_every_entry_reads_back_as_it_was_written() -> None:
    plan = planned(FULL)
    assert sum(len(entries) for entries in FULL.values()) == len(plan.changes)
    for kind, entries in plan.entries.items():
        for entry in entries.values():
            form = to_form(kind, entry, "USD")
            answered = msgspec.json.decode(msgspec.json.encode(form), type=FORMS[kind])
            assert to_entry(kind, answered, TERMS, path="", old=entry) == entry


def test_amounts_percentages_and_times_become_whole_numbers() -> None:
    entries = planned(FULL).entries
    raft = entries["product"]["raft"]
    assert isinstance(raft, Product)
    assert [(tier.code, tier.name, tier.price, tier.seats) for tier in raft.tiers] == [
        ("Adult", "Adult", 9900, 1),
        ("Family", "Of four", 27900, 4),
    ]
    assert raft.modified_at == NOW
    policy = entries["policy"]["tiered"]
    assert isinstance(policy, Policy)
    assert [(fee.calc, fee.amount) for fee in policy.fees] == [
        ("percent", 500_000),
        ("percent", 123_456),
        ("flat", 500),
    ]
    early = entries["discount"]["EARLY10"]
    assert isinstance(early, Discount)
    # A date alone: from midnight in Denver, to the end of the last day.
    assert early.starts_at == from_datetime(datetime(2026, 7, 1, 6, tzinfo=UTC))
    assert early.ends_at == from_datetime(datetime(2026, 8, 1, 6, tzinfo=UTC))


def test_the_currency_counts_decimals() -> None:
    yen = Terms(currency="JPY", time_zone="Asia/Tokyo", now=NOW)
    raft = planned(product(), yen).entries["product"]["raft"]
    assert isinstance(raft, Product)
    assert raft.tiers[0].price == 99
    with pytest.raises(Invalid, match=r"products\[0\]\.tiers\.Adult\.price: '99\.5' has more decimals than JPY"):
        planned(product(tiers={"Adult": {"price": 99.5}}), yen)


@pytest.mark.parametrize(
    ("document", "message"),
    [
        ({"prodcts": []}, "prodcts: is not a key that is known here."),
        (product(colour="red"), "products[0].colour: is not a key that is known here."),
        (
            product(tiers={"Adult": {"price": "x"}}),
            "products[0].tiers.Adult.price: is not a number that is read exactly",
        ),
        (
            product(tiers={"Adult": {"price": True}}),
            "products[0].tiers.Adult.price: expected a number, got true or false.",
        ),
        (product(tiers={"A": {"price": 1}, "B": {}}), "products[0].tiers.B.price: is missing."),
        (product(tiers={"Adult": {"price": 99.999}}), "products[0].tiers.Adult.price: '99.999' has more decimals"),
        (product(tiers={"Adult": {"price": -1}}), "products[0].tiers.Adult.price: must not be below zero"),
        (
            product(tiers={"Adult": {"price": "NaN"}}),
            "products[0].tiers.Adult.price: is not a number that is read exactly",
        ),
        (
            product(tiers={"Adult": {"price": "1e999999"}}),
            "products[0].tiers.Adult.price: is not a number that is read exactly",
        ),
        (product(tiers={}), "products[0].tiers: expected an object of at least 1 entries"),
        (
            product(tiers={"adult": {"price": 1}, "Adult": {"price": 1}}),
            "products[0].tiers.Adult: there is another tier",
        ),
        (product(tiers={"All": {"price": 1}, "Adult": {"price": 1}}), "products[0].tiers.All: means everybody"),
        (product(tiers={"all": {"price": 1}}), "products[0].tiers.all: means everybody"),
        (product(tiers={" A": {"price": 1}}), "products[0].tiers. A: a tier's code has 1 to 50 characters"),
        (product(tiers={"A": {"price": 1, "minAge": 9, "maxAge": 8}}), "products[0].tiers.A.maxAge: must not be below"),
        (product(ageRestrictions={"minAge": 9, "maxAge": 8}), "products[0].ageRestrictions.maxAge: must not be below"),
        (product(code="a b"), "products[0].code: 'a b' is not a code"),
        (product(code="raft\n"), "products[0].code: 'raft\\n' is not a code"),
        (product(code=7), "products[0].code: expected text, got a number."),
        (product(name=" "), "products[0].name: must not be empty."),
        (product(number="x"), "products[0].number: expected a whole number, got text."),
        (product(number=-1), "products[0].number: expected a whole number of at least 0."),
        (product(pool="bikes"), "products[0].pool: is for rentals"),
        (product(pool="b", quantityType="unit", dateless=True), "products[0].pool: is for products with dates"),
        (product(cutoffMin=5, dateless=True), "products[0].cutoffMin: is for products with dates"),
        (product(pool="bikes", quantityType="unit"), "products[0].pool: there is no pool with the code 'bikes'."),
        (product(locations=["x"]), "products[0].locations[0]: there is no location with the code 'x'."),
        (product(tags=["x"]), "products[0].tags[0]: there is no tag"),
        (product(pickups=["x"]), "products[0].pickups[0]: there is no pickup"),
        (product(policy="x"), "products[0].policy: there is no policy"),
        (product(startTime="9:00"), "products[0].startTime: '9:00' is not a time"),
        (product(startTime="24:00"), "products[0].startTime: '24:00' is not a time"),
        (
            product(images=[{"small": "javascript:alert(1)"}]),
            "products[0].images[0].small: 'javascript:alert(1)' is not",
        ),
        (product(videos=[{"url": "/v.mp4"}]), "products[0].videos[0].url: '/v.mp4' is not an http or https address."),
        (
            product(notices=[{"name": "Gus", "email": "gus"}]),
            "products[0].notices[0].email: 'gus' is not an e-mail address.",
        ),
        (
            product(notices=[{"name": "Gus", "email": "<g@x>"}]),
            "products[0].notices[0].email: '<g@x>' is not an e-mail",
        ),
        (product(quantityType="boat"), "products[0].quantityType: must be participant or unit, got 'boat'."),
        ({"products": [PRODUCT, PRODUCT]}, "products[1].code: raft is the code of products[0] already."),
        (
            {"products": [PRODUCT, {**PRODUCT, "code": "b"}]},
            "products[1].number: the product raft has the same already.",
        ),
        (
            {"locations": [{"code": "a", "name": "A", "timeZone": "Mars/Base"}]},
            "locations[0].timeZone: 'Mars/Base' is not",
        ),
        ({"zones": [{"code": "a", "name": "A", "locations": ["x"]}]}, "zones[0].locations[0]: there is no location"),
        ({"pickups": [{"code": "a", "name": "A", "zones": ["x"]}]}, "pickups[0].zones[0]: there is no zone"),
        (
            {"policies": [{"code": "a", "name": "A", "fees": [{}]}]},
            "policies[0].fees[0].percent: is missing; give percent or",
        ),
        (
            {"policies": [{"code": "a", "name": "A", "fees": [{"percent": 1, "amount": 1}]}]},
            "policies[0].fees[0].amount: can't",
        ),
        (
            {"policies": [{"code": "a", "name": "A", "fees": [{"percent": 101}]}]},
            "policies[0].fees[0].percent: '101' is not a percentage",
        ),
        (
            {"policies": [{"code": "a", "name": "A", "fees": [{"percent": "1e999999"}]}]},
            "policies[0].fees[0].percent: is not a number that is read exactly",
        ),
        (
            {"policies": [{"code": "a", "name": "A", "fees": [{"percent": 1, "window": 99999}]}]},
            "policies[0].fees[0].window: must",
        ),
        (
            {"charges": [{"code": "a", "name": "A", "kind": "tip", "amount": 1}]},
            "charges[0].kind: must be fee or service_fee or tax, got 'tip'.",
        ),
        (
            {"charges": [{"code": "a", "name": "A", "kind": "tax"}]},
            "charges[0].percent: is missing; give percent or amount.",
        ),
        (
            {"charges": [{"code": "a", "name": "A", "kind": "tax", "percent": 1, "products": ["x"]}]},
            "charges[0].products[0]: there",
        ),
        ({"questions": [{"code": "a", "name": "A", "kind": "choice"}]}, "questions[0].choices: is missing"),
        ({"questions": [{"code": "a", "name": "A", "choices": ["x"]}]}, "questions[0].choices: is for the kind choice"),
        (
            {"questions": [{"code": "a", "name": "A"}, {"code": "b", "name": "a"}]},
            "questions[1].name: the question a has the same",
        ),
        ({"questions": [{"code": "a", "name": "firstName"}]}, "questions[0].name: 'firstName' is a field that every"),
        (
            {"discounts": [{"code": "A", "name": "A", "percent": 1}, {"code": "a", "name": "A", "percent": 1}]},
            "discounts[1].code:",
        ),
        (
            {"discounts": [{"code": "A", "name": "A", "percent": 1, "startsAt": "soon"}]},
            "discounts[0].startsAt: 'soon' is not a",
        ),
        (
            {"discounts": [{"code": "A", "name": "A", "percent": 1, "startsAt": "2026-07-02", "endsAt": "2026-07-01"}]},
            "discounts[0].endsAt: must be after startsAt.",
        ),
        (
            {"discounts": [{"code": "A", "name": "A", "percent": 1, "maxUses": 0}]},
            "discounts[0].maxUses: expected a whole",
        ),
        (
            {"pools": [{"code": "a", "name": "A", "units": -1}]},
            "pools[0].units: expected a whole number of at least 0.",
        ),
        (
            {"pools": [{"code": "a", "name": "A", "units": 1.5}]},
            "pools[0].units: expected a whole number, got a number with decimals.",
        ),
    ],
)
def test_what_cannot_be_is_refused_by_its_path(document: dict[str, Any], message: str) -> None:
    assert refused(document).startswith(message)


def test_yaml_reads_times_dates_and_words_as_texts() -> None:
    text = "a: 10:00\nb: 2026-07-01\nc: NO\nd: [1, 1.5, 010, 1e3]\ne: ~\nf: true\ng: &x {k: 1}\nh: {<<: *x, l: 2}\n"
    assert parse_yaml(text.encode()) == {
        "a": "10:00",
        "b": "2026-07-01",
        "c": "NO",
        "d": [1, 1.5, 10, 1000.0],
        "e": None,
        "f": True,
        "g": {"k": 1},
        "h": {"k": 1, "l": 2},
    }


def test_json_is_yaml_too() -> None:
    assert parse_yaml(msgspec.json.encode(FULL)) == FULL


BOMB = "a: &a [1,1,1,1,1,1,1,1,1,1]\n" + "".join(
    f"{chr(98 + i)}: &{chr(98 + i)} [{','.join(['*' + chr(97 + i)] * 10)}]\n" for i in range(9)
)


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ("a: 1\nb: 2\na: 3", "line 3: the key 'a' is there twice."),
        ("products:\n  - [1,", "line 3: this is not YAML"),
        ("a: b\n---\nc: d", "line 2: this is not YAML"),
        (BOMB, "line 6: the file has more than 1000000 values"),
        ("a: &a [*a]", "line 1: the alias *a refers to nothing"),
        ("[" * (MAX_DEPTH + 1), f"line 1: is nested more than {MAX_DEPTH} deep."),
        ("[" * 100_000, f"line 1: is nested more than {MAX_DEPTH} deep."),
        ('a: "\\0"', "line 1: contains a character that no text can have."),
        ("!!python/object/apply:os.system [ls]", "line 1: this is not YAML: could not determine a constructor"),
        ("? [a]\n: 1", "line 1: a key must be a text."),
        ("1" * 5_000, "This is not YAML"),
    ],
)
def test_files_that_are_no_catalog_are_refused_by_line(text: str, message: str) -> None:
    with pytest.raises(Invalid) as error:
        parse_yaml(text.encode())
    assert error.value.message.startswith(message)


def test_files_are_bounded_and_utf8() -> None:
    with pytest.raises(TooLarge):
        parse_yaml(b" " * (MAX_BYTES + 1))
    with pytest.raises(Invalid, match="not UTF-8: byte 3"):
        parse_yaml(b"a: \xff")
    with pytest.raises(Invalid, match="The file is empty"):
        parse_document(b"# nothing")
    with pytest.raises(Invalid, match="The file: expected an object, got a list"):
        parse_document(b"[]")
    assert parse_document(b"\xef\xbb\xbf{}") == ImportForm()
