"""Every place that takes an amount or a percentage takes plain numbers, exactly, and no others."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any

import httpx
import msgspec
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from seatwright.api.context import Services
from seatwright.core.errors import Invalid
from seatwright.core.numerals import has_numerals, misspelt
from seatwright.setup.convert import Terms, to_entry
from seatwright.setup.importing import parse_document
from tests.desk import Desk, open_desk

ODD = ["1_000", "١٢", "１２", "NaN", "1e999999999", "0x10", "Infinity", " 1_0 ", "ten"]
TERMS = Terms(currency="USD", time_zone="America/Denver", now=0)
FORTY_NINES = "0." + "9" * 40


def places(info: msgspec.inspect.Type, type_: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[str, ...]]:
    """Yield the ways to all decimal numbers of a type; an entry of a list is "0", one of a mapping "Adult"."""
    kinds = msgspec.inspect
    match info:
        case kinds.Metadata(type=inner):
            yield from places(inner, type_, path)
        case kinds.UnionType(types=types):
            for each in types:
                yield from places(each, type_, path)
        case kinds.StructType(fields=fields):
            for field in fields:
                yield from places(field.type, type_, (*path, field.encode_name))
        case kinds.DictType(value_type=inner):
            yield from places(inner, type_, (*path, "Adult"))
        case kinds.ListType(item_type=inner):
            yield from places(inner, type_, (*path, "0"))
        case kinds.DecimalType():
            yield path


def nested(path: tuple[str, ...], value: Any) -> Any:
    """Return `value` at the end of a path, and nothing beside it."""
    if not path:
        return value
    return [nested(path[1:], value)] if path[0] == "0" else {path[0]: nested(path[1:], value)}


def taking_numbers(api: Litestar) -> Iterator[tuple[str, str, Any]]:
    """Yield method, path and type of every route whose body has amounts or percentages."""
    for route in api.routes:
        for handler in route.route_handlers if isinstance(route, HTTPRoute) else ():
            data = handler.parsed_fn_signature.parameters.get("data")
            if data is not None and has_numerals(data.annotation):
                for method in handler.http_methods:
                    yield str(method), route.path, data.annotation


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_no_route_takes_a_number_that_is_not_plain(desk: Desk, api: Litestar) -> None:
    tried = 0
    for method, path, type_ in taking_numbers(api):
        for place in places(msgspec.inspect.type_info(type_), type_):
            for text in ODD:
                answer = await desk.call(method, path.replace(":str", ""), json=nested(place, text))
                assert answer.status_code == 400, (method, path, place, text, answer.text)
                assert answer.json()["errorMessage"].startswith(f"{'.'.join(place)}: is not a number"), answer.text
                tried += 1
            assert misspelt(nested(place, " 5.0 "), type_) is None
    assert tried > 40 * len(ODD)


async def forms(desk: Desk, other: Desk) -> list[tuple[str, str, str, Any, str]]:
    """Return a request for each kind of place: method, path, the field to blame, the body but for `X`, the answer's
    way to what was read ("" is no way, because it is not answered)."""
    rafting = await desk.shop.departure("rafting", "2026-07-14 09:00", capacity=12)
    order = await desk.order((rafting, {"Adult": 1}))
    (line,) = (await desk.data("DELETE", f"/order/{order['id']}"))["items"][0]["participantList"]
    head = {"code": "x", "name": "X"}
    product = head | {"number": 9, "durationMin": 60, "tiers": {"Adult": {"price": 1}}}
    connection = f"/api/v1/connections/{other.shop.account_id}"
    await desk.data("POST", "/api/v1/connections", json={"resellerId": other.shop.account_id})
    rafts, tax = "/api/v1/products/rafting/departures", {"kind": "tax", "percent": "X"}
    return [
        ("PUT", "/api/v1/pickups/x", "price", head | {"price": "X"}, "price"),
        ("PUT", "/api/v1/policies/x", "fees[0].amount", head | {"fees": [{"amount": "X"}]}, "fees.0.amount"),
        ("PUT", "/api/v1/policies/x", "fees[0].percent", head | {"fees": [{"percent": "X"}]}, "fees.0.percent"),
        ("PUT", "/api/v1/charges/x", "amount", head | {"kind": "fee", "amount": "X"}, "amount"),
        ("PUT", "/api/v1/charges/x", "percent", head | tax, "percent"),
        ("PUT", "/api/v1/discounts/x", "amount", head | {"amount": "X"}, "amount"),
        ("PUT", "/api/v1/discounts/x", "percent", head | {"percent": "X"}, "percent"),
        ("PUT", "/api/v1/products/x", "tiers.Adult.price", product | {"tiers": {"Adult": {"price": "X"}}}, ""),
        (
            "PUT",
            "/api/v1/products/x",
            "priceCategories.P.Adult",
            product | {"priceCategories": {"P": {"Adult": "X"}}},
            "",
        ),
        ("PATCH", f"/api/v1/departures/{rafting}", "prices.Adult", {"prices": {"Adult": "X"}}, "prices.Adult"),
        (
            "POST",
            rafts,
            "prices.Adult",
            {"start": "2026-07-16T09:00", "capacity": 1, "durationMin": 60, "prices": {"Adult": "X"}},
            "",
        ),
        ("PATCH", connection, "terms.rate.percent", {"terms": {"rate": {"percent": "X"}}}, "terms.rate.percent"),
        ("PATCH", connection, "terms.rate.amount", {"terms": {"rate": {"amount": "X"}}}, "terms.rate.amount"),
        ("POST", "/api/v1/import", "pickups[0].price", {"pickups": [head | {"price": "X"}]}, ""),
        ("POST", "/api/v1/import", "charges[0].percent", {"charges": [head | tax]}, ""),
        (
            "PUT",
            f"/api/v1/orders/{order['id']}/lines/{line['id']}/cancellation-fee",
            "amount",
            {"amount": "X"},
            "cancellationFees",
        ),
    ]


TOO_MUCH = [FORTY_NINES, "1e99", "-1e99", "1e-99", "-1", "9" * 90, "0." + "0" * 80 + "1", "100000000000000"]
GOOD = {"5": 5, "+05.50": 5.5, "1e1": 10, "0.5E+1": 5, " 7 ": 7, "0.250e1": 2.5, "2.": 2, ".5": 0.5, "0e99": 0}


def filled(body: Any, literal: str) -> bytes:
    """Return a body as JSON, with a literal in the place of "X"."""
    return msgspec.json.encode(body).replace(b'"X"}', literal.encode() + b"}")


async def test_what_is_read_is_exactly_what_is_written(
    desk: Desk, client: httpx.AsyncClient, services: Services
) -> None:
    requests = await forms(desk, await open_desk(client, services, "tripdesk"))
    for kind in ("pickups", "policies", "charges", "discounts", "products"):
        more = {"number": 9, "durationMin": 60, "tiers": {"Adult": {"price": 1}}} if kind == "products" else {}
        more |= {"charges": {"kind": "tax", "percent": 1}, "discounts": {"percent": 1}}.get(kind, {})
        await desk.data("POST", f"/api/v1/{kind}", json={"code": "x", "name": "X", **more})
    for method, path, field, body, way in requests:
        for number in TOO_MUCH:
            dotted = field.replace("[0]", ".0")
            for literal in (f'"{number}"', number):
                answer = await desk.call(method, path, content=filled(body, literal))
                assert answer.status_code == 400, (path, literal, answer.text)
                said = answer.json()["errorMessage"]
                assert dotted in said or field in said or "out of range" in said, (path, literal, said)
        for text, worth in GOOD.items() if way else ():
            found = await desk.data(method, path, content=filled(body, f'"{text}"'))
            for step in way.split("."):
                found = found[int(step) if step.isdigit() else step]
            assert found == worth, (path, text)


@pytest.mark.parametrize("text", [*ODD, *TOO_MUCH])
def test_a_file_takes_no_other_numbers(text: str) -> None:
    """As a text in quotes, which is read as a number, and as YAML and JSON have numbers."""
    files = [
        "pickups:\n  - {{code: x, name: X, price: {}}}\n",
        '{{"pickups": [{{"code": "x", "name": "X", "price": {}}}]}}',
    ]
    for file in files:
        for literal in (f'"{text}"', text):
            with pytest.raises(Invalid) as refused:
                to_entry(
                    "pickup",
                    parse_document(file.format(literal).encode()).pickups[0],
                    TERMS,
                    path="pickups[0]",
                    old=None,
                )
            assert (
                "price" in refused.value.message or "digits" in refused.value.message or "JSON" in refused.value.message
            )


async def test_a_byte_order_mark_before_json_is_not_read(desk: Desk, rafting: str) -> None:
    mark = b"\xef\xbb\xbf"
    cart = await desk.data("POST", "/cart", content=mark + b"{}")
    body = msgspec.json.encode({"itemId": rafting, "participants": {"Adult": 1}})
    await desk.data("POST", f"/cart/{cart['id']}/item", content=mark + body)
    key = {"Idempotency-Key": "k-1"}
    order = await desk.data("POST", "/order", content=mark + msgspec.json.encode({"id": cart["id"]}), headers=key)
    assert order == await desk.data("POST", "/order", content=msgspec.json.encode({"id": cart["id"]}), headers=key)
    done = await desk.data("DELETE", f"/order/{order['id']}", content=mark + b'{"applyCancellationFee": false}')
    assert (done["status"], done["cancellationFees"]) == ("cancelled", 0)
    refused = await desk.call("POST", "/order", content=mark + mark + b"{}")
    assert refused.status_code == 400
