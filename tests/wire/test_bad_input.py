"""Bad input gets the right status, a stable code and a sentence that names the field. It changes nothing; no 5xx."""

from __future__ import annotations

import json
import random
from typing import Any, NamedTuple

from tests.desk import Desk

JSON = {"Content-Type": "application/json"}
HUGE = 10**30


class Case(NamedTuple):
    """A request, and how it is refused. `{cart}`, `{order}` and so on stand for ids; see `places`."""

    method: str
    path: str
    body: Any
    status: int
    code: str
    begins: str


def item(status: int, code: str, begins: str, **fields: Any) -> Case:
    """Return a refused attempt to add a departure to a cart; a field that is `...` is left out."""
    body = {"itemId": "{rafting}", "participants": {"Adult": 1}} | fields
    sent = {name: value for name, value in body.items() if value is not ...}
    return Case("POST", "/cart/{cart}/item", sent, status, code, begins)


def customer(begins: str, **fields: Any) -> Case:
    """Return a customer that is refused."""
    return Case("PUT", "/cart/{cart}/customer", fields, 400, "invalid_customer", begins)


def order(code: str, begins: str, status: int = 400, **fields: Any) -> Case:
    """Return an order that is refused."""
    return Case("POST", "/order", {"id": "{cart}"} | fields, status, code, begins)


def listed(path: str, code: str, field: str) -> Case:
    """Return a list that is refused."""
    return Case("GET", path, None, 400, code, f"{field}: ")


def count(value: Any, code: str = "invalid_count", field: str = "participants.Adult") -> Case:
    """Return an item with a count that is refused."""
    return item(400, code, f"{field}: ", participants={"Adult": value})


ITEMS = [
    item(400, "missing_field", "itemId: ", itemId=...),
    item(400, "invalid_field", "itemId: ", itemId=None),
    item(400, "invalid_field", "itemId: ", itemId=["x"]),
    item(400, "invalid_field", "itemId: ", itemId=True),
    item(400, "invalid_field", "itemId: ", itemId="x" * 1001),
    item(404, "item_not_found", "itemId: ", itemId="nowhere"),
    item(404, "item_not_found", "itemId: ", itemId=0),
    item(404, "item_not_found", "itemId: ", itemId=""),
    item(404, "item_not_found", "itemId: ", itemId="0" * 24),
    item(400, "malformed_text", "itemId: ", itemId="\x00"),
    item(400, "missing_field", "participants: ", participants=...),
    item(400, "missing_field", "participants: ", participants=None),
    item(400, "invalid_field", "participants: ", participants=[1]),
    item(400, "invalid_field", "participants: ", participants=2),
    item(400, "invalid_field", "participants: ", participants={f"T{i}": 0 for i in range(101)}),
    item(400, "no_participants", "participants: ", participants={}),
    item(400, "no_participants", "participants: ", participants={"Adult": 0, "Child": "0", "All": None}),
    item(400, "unknown_tier", "participants.Robot: ", participants={"Robot": 1}),
    item(400, "unknown_tier", "participants.All: ", participants={"All": 2, "Adult": 0}),
    item(400, "unknown_tier", "participants.Robot: ", participants={"All": 2, "Adult": 1, "Robot": "1"}),
    item(400, "too_many_participants", "participants: ", participants={"Adult": 1001}),
    item(400, "too_many_participants", "participants: ", participants={"Adult": 600, "Child": 600}),
    count(-1),
    count("-1"),
    count(1.5),
    count("1.5"),
    count("two"),
    count(""),
    count("１"),
    count(HUGE),
    count(str(HUGE)),
    count(-HUGE),
    count(1e300),
    count(True, "invalid_field"),
    count([1], "invalid_field"),
    count({"All": 1}, "invalid_field"),
    item(409, "sold_out", "There are not enough seats", participants={"Adult": 13}),
    item(400, "invalid_field", "locationId: ", locationId=["x"]),
    item(400, "unknown_location", "locationId: ", locationId="nowhere"),
    item(400, "unknown_pickup_detail", "pickupDetailId: ", pickupDetailId="nohow"),
    Case("POST", "/cart/{cart}/item", [], 400, "invalid_field", "The body: "),
    Case("POST", "/cart/{cart}/item", "text", 400, "invalid_field", "The body: "),
    Case("POST", "/cart/{cart}/item", None, 400, "invalid_field", "The body: "),
    Case("POST", "/cart/nowhere/item", {"itemId": "x", "participants": {"All": 1}}, 404, "cart_not_found", "There is"),
    Case("DELETE", "/cart/{cart}/item/nothing", ..., 404, "item_not_found", "The cart has no such item"),
]

REST = [
    customer("email: ", email="ann"),
    customer("email: ", email="a@" + "b" * 300),
    Case("PUT", "/cart/{cart}/customer", {"birthDate": "1990-02-30"}, 400, "invalid_date", "birthDate: "),
    Case("PUT", "/cart/{cart}/customer", {"birthDate": "02/28/1990"}, 400, "invalid_date", "birthDate: "),
    customer("firstName: ", firstName={"a": 1}),
    customer("firstName: ", firstName=True),
    customer("firstName: ", firstName="x" * 3000),
    customer("Weight: ", Weight={"kg": 70}),
    customer("Weight: ", Weight=HUGE),
    customer("Weight: ", Weight=-(2**60)),
    customer("Weight: ", Weight=["x" * 3000]),
    customer("Days: ", Days=[[["Mon"]]]),
    customer("customer: ", **{f"field{i}": 1 for i in range(101)}),
    customer("x" * 40, **{"x" * 300: "a field's name is too long"}),
    Case("PUT", "/cart/{cart}/customer", {"a\x00": 1}, 400, "malformed_text", "a: "),
    Case("PUT", "/cart/{cart}/customer", [{}], 400, "invalid_field", "The body: "),
    Case("PUT", "/cart/nowhere/customer", {}, 404, "cart_not_found", "There is no such cart"),
    Case("POST", "/cart/{cart}/discount", {}, 400, "missing_field", "code: "),
    Case("POST", "/cart/{cart}/discount", {"code": None}, 400, "invalid_field", "code: "),
    Case("POST", "/cart/{cart}/discount", {"code": "x" * 300}, 400, "invalid_field", "code: "),
    Case("POST", "/cart/{cart}/discount", {"code": "NOSUCH"}, 404, "discount_not_found", "code: "),
    Case("POST", "/cart?supplierId=nobody", {}, 404, "supplier_not_found", "supplierId: "),
    Case("POST", "/cart?supplierId=%00", {}, 400, "malformed_text", "supplierId: "),
    Case("POST", "/order", {}, 400, "missing_field", "id: "),
    Case("POST", "/order", [], 400, "invalid_field", "The body: "),
    Case("POST", "/order", {"id": "nowhere"}, 404, "cart_not_found", "There is no such cart"),
    Case("POST", "/order", {"id": ""}, 404, "cart_not_found", "There is no such cart"),
    Case("POST", "/order", {"id": "{empty}"}, 400, "cart_empty", "id: "),
    order("invalid_field", "id: ", id={}),
    order("invalid_field", "id: ", id=None),
    order("order_not_found", "orderId: ", 404, orderId=HUGE),
    order("order_not_found", "orderId: ", 404, orderId="{cart}"),
    order("order_not_found", "orderId: ", 404, orderId=1.5),
    order("invalid_field", "orderId: ", orderId=["x"]),
    order("invalid_field", "billing: ", billing="cash"),
    order("invalid_field", "billing: ", billing=[1]),
    order("invalid_billing", "billing.a.b.c.d.e: ", billing={"a": {"b": {"c": {"d": {"e": {}}}}}}),
    order("invalid_billing", "billing.n: ", billing={"n": 2**60}),
    order("invalid_billing", "billing.n: ", billing={"n": -HUGE}),
    order("invalid_billing", "billing.memo: ", billing={"memo": "x" * 3000}),
    order("invalid_billing", "billing: ", billing={str(i): i for i in range(101)}),
    order("invalid_billing", "billing: ", billing={str(i): [0] * 99 for i in range(6)}),
    order("invalid_field", "referenceId: ", referenceId=["x"]),
    order("invalid_field", "referenceId: ", referenceId="x" * 501),
    order("invalid_field", "referenceId: ", referenceId=10**600),
    order("invalid_field", "disableNotification: ", disableNotification="perhaps"),
    order("invalid_field", "disableConfirmationEmail: ", disableConfirmationEmail=2),
    order("invalid_field", "disablePendingOrderNotification: ", disablePendingOrderNotification=[]),
    Case("DELETE", "/order/{order}", [], 400, "invalid_field", "The body"),
    Case("DELETE", "/order/{order}", {"applyCancellationFee": "\x00"}, 400, "malformed_text", "applyCancellationFee: "),
    Case("DELETE", "/order/{order}?applyCancellationFee=x", ..., 400, "invalid_field", "applyCancellationFee: "),
    Case("DELETE", "/order/{order}/item/nothing", ..., 404, "item_not_found", "The order has no such item"),
    Case("DELETE", "/order/{order}/item/{rafting}/unit/x", ..., 400, "not_a_unit_item", "Half-day rafting is sold"),
    Case("DELETE", "/order/{order}/item/{rafting}/participant/x", ..., 404, "participant_not_found", "The item has"),
]

LISTS = [
    listed("/order?toCreatedDate=2026-07-01", "missing_from_date", "toCreatedDate"),
    listed("/order?toModifiedDate=2026-07-01", "missing_from_date", "toModifiedDate"),
    listed("/order?fromCreatedDate=&toCreatedDate=2026-07-01", "missing_from_date", "toCreatedDate"),
    listed("/order?fromCreatedDate=2026-07-02&toCreatedDate=2026-07-01", "invalid_date_range", "toCreatedDate"),
    listed("/order?fromModifiedDate=2026-07-02&toModifiedDate=2026-07-01", "invalid_date_range", "toModifiedDate"),
    listed("/order?fromCreatedDate=2026-07-01&toModifiedDate=2026-07-02", "missing_from_date", "toModifiedDate"),
    listed("/order?fromCreatedDate=07/01/2026", "invalid_date", "fromCreatedDate"),
    listed("/order?fromCreatedDate=2026-07-01T00:00:00Z", "invalid_date", "fromCreatedDate"),
    listed("/order?fromCreatedDate=2026-07-01&toCreatedDate=tomorrow", "invalid_date", "toCreatedDate"),
    listed("/order?fromModifiedDate=2026-02-30", "invalid_date", "fromModifiedDate"),
    listed("/order?fromModifiedDate=9999-12-31", "invalid_date", "fromModifiedDate"),
    listed("/order?fromModifiedDate=-2026-07-01", "invalid_date", "fromModifiedDate"),
    listed("/order?limit=0", "invalid_field", "limit"),
    listed("/order?limit=-5", "invalid_field", "limit"),
    listed("/order?limit=1001", "invalid_field", "limit"),
    listed("/order?limit=ten", "invalid_field", "limit"),
    listed("/order?limit=1.5", "invalid_field", "limit"),
    listed(f"/order?limit={HUGE}", "invalid_field", "limit"),
    listed("/order?page=-1", "invalid_field", "page"),
    listed("/order?page=10000001", "invalid_field", "page"),
    listed(f"/order?page={HUGE}", "invalid_field", "page"),
    listed("/order?sortOrder=upwards", "invalid_field", "sortOrder"),
    listed("/order?confirmationIds=1,x", "invalid_number", "confirmationIds"),
    listed("/order?confirmationIds=-1", "invalid_number", "confirmationIds"),
    listed(f"/order?confirmationIds={HUGE}", "invalid_number", "confirmationIds"),
    listed("/order?ids=" + ",".join(map(str, range(1001))), "too_many_values", "ids"),
    listed("/order?ids=,", "no_values", "ids"),
    listed("/order?confirmationIds=%20,,", "no_values", "confirmationIds"),
    listed("/cart?ids=,", "no_values", "ids"),
    listed("/product?productNumbers=,", "no_values", "productNumbers"),
    listed("/report/order/transactionDate?orderIds=,", "no_values", "orderIds"),
    listed("/order?referenceId=a%00b", "malformed_text", "referenceId"),
    listed("/cart?limit=0", "invalid_field", "limit"),
    listed("/cart?page=-1", "invalid_field", "page"),
    listed("/cart?ids=" + ",".join(map(str, range(1001))), "too_many_values", "ids"),
    Case("GET", "/order/nowhere", None, 404, "order_not_found", "There is no such order"),
    Case("GET", f"/order/{HUGE}", None, 404, "order_not_found", "There is no such order"),
    Case("GET", "/order/-1", None, 404, "order_not_found", "There is no such order"),
    Case("GET", "/order/" + "x" * 3000, None, 404, "order_not_found", "There is no such order"),
    Case("GET", "/order/%ff%ED%A0%80", None, 404, "order_not_found", "There is no such order"),
    Case("GET", "/order/%00", None, 404, "unknown_address", "There is nothing"),
    Case("GET", "/nothing", None, 404, "unknown_address", "There is nothing"),
    Case("DELETE", "/order", ..., 405, "method_not_allowed", "DELETE is not possible"),
    Case("PUT", "/order/{order}", {}, 405, "method_not_allowed", "PUT is not possible"),
    Case("POST", "/cart/{cart}", {}, 405, "method_not_allowed", "POST is not possible"),
]


async def places(desk: Desk, rafting: str) -> dict[str, str]:
    """Return what the names in paths and bodies stand for: a cart with something in it, an empty one, an order."""
    placed = await desk.order((rafting, {"Adult": 1}))
    return {
        "cart": await desk.cart((rafting, {"Child": 1})),
        "empty": await desk.cart(),
        "order": str(placed["confirmation"]),
        "rafting": rafting,
    }


async def snapshot(desk: Desk, rafting: str) -> tuple[Any, ...]:
    """Return what must not change."""
    return (await desk.data("GET", "/cart"), await desk.data("GET", "/order"), await desk.shop.taken(rafting))


async def wrong(desk: Desk, case: Case, names: dict[str, str]) -> dict[str, Any] | None:
    """Return the answer to a case that isn't refused as it says."""
    path, sent = case.path, "" if case.body is ... else json.dumps(case.body)
    for name, value in names.items():
        path, sent = path.replace(f"{{{name}}}", value), sent.replace(f"{{{name}}}", value)
    answer = await desk.call(case.method, path, content=sent if case.method != "GET" else None, headers=JSON)
    said = answer.json()
    is_right = (answer.status_code, said.get("errorCode"), said["data"]) == (case.status, case.code, None)
    if is_right and said["errorMessage"].startswith(case.begins):
        return None
    return {"request": f"{case.method} {case.path[:80]} {sent[:80]}", "status": answer.status_code, **said}


async def check_refused(desk: Desk, rafting: str, cases: list[Case]) -> None:
    """See that each case is refused as it says, and that nothing has changed after any of them."""
    names = await places(desk, rafting)
    before, surprises = await snapshot(desk, rafting), []
    for case in cases:
        surprise = await wrong(desk, case, names)
        if surprise is not None:
            surprises.append(surprise)
        assert await snapshot(desk, rafting) == before, case
    assert surprises == []


async def test_bad_items_are_refused_by_field(desk: Desk, rafting: str) -> None:
    await check_refused(desk, rafting, ITEMS)


async def test_bad_customers_discounts_orders_and_cancellations_are_refused_by_field(desk: Desk, rafting: str) -> None:
    await check_refused(desk, rafting, REST)


async def test_bad_filters_and_addresses_are_refused_by_name(desk: Desk, rafting: str) -> None:
    await check_refused(desk, rafting, LISTS)


DEEP = 5000
RAW: list[tuple[bytes, str, int, str]] = [
    (b"{", "application/json", 400, "malformed_json"),
    (b"{'itemId': 1}", "application/json", 400, "malformed_json"),
    (b'{"itemId": NaN}', "application/json", 400, "malformed_json"),
    (b'{"itemId": 1}{}', "application/json", 400, "malformed_json"),
    (b'{"itemId": ' + b"1" * 5000 + b', "id": ' + b"1" * 5000 + b"}", "application/json", 400, "malformed_json"),
    (b"", "application/json", 400, "missing_body"),
    (b'{"itemId": "a\xff"}', "application/json", 400, "malformed_text"),
    (b'{"itemId": "\xed\xa0\x80"}', "application/json", 400, "malformed_text"),
    (b'{"itemId": "\\ud800", "participants": {"Adult": 1}}', "application/json", 400, "malformed_json"),
    (b'{"itemId": "\\u0000", "participants": {"Adult": 1}}', "application/json", 400, "malformed_text"),
    (b"[" * DEEP + b"]" * DEEP, "application/json", 400, "malformed_json"),
    (b'{"a":' * DEEP + b"1" + b"}" * DEEP, "application/json", 400, "malformed_json"),
    (b'{"itemId": "' + b"x" * 2_000_000 + b'"}', "application/json", 413, "too_large"),
    (b"<a/>", "text/xml", 415, "unsupported_media_type"),
    (b"itemId=1", "application/x-www-form-urlencoded", 415, "unsupported_media_type"),
    (b"{}", "application/json; charset=utf-8, text/xml", 400, "missing_field"),
]


async def test_bytes_that_are_no_request_are_refused(desk: Desk, rafting: str) -> None:
    names = await places(desk, rafting)
    before, surprises = await snapshot(desk, rafting), []
    for method, path in (("POST", f"/cart/{names['cart']}/item"), ("POST", "/order")):
        for content, kind, status, code in RAW:
            answer = await desk.call(method, path, content=content, headers={"Content-Type": kind})
            if (answer.status_code, answer.json()["errorCode"]) != (status, code):
                surprises.append((method, path, content[:30], answer.status_code, answer.text[:200]))
    assert surprises == []
    assert await snapshot(desk, rafting) == before


async def test_the_longest_of_everything_is_taken(desk: Desk, rafting: str) -> None:
    """What is at its bounds is fine, also where it is stored in an index: four bytes for each character."""
    chance = random.Random(7)
    long = "".join(chr(chance.randrange(0x10000, 0x10FFFF)) for _ in range(500))
    cart = await desk.cart((rafting, {"Adult": 1}))
    filled = {"email": "a@" + "b" * 252, **{f"{i:03d}{long[:197]}": long * 4 for i in range(99)}}
    shown = await desk.data("PUT", f"/cart/{cart}/customer", json=filled)
    assert shown["customer"] == filled
    order = await desk.data("POST", "/order", json={"id": cart, "referenceId": long, "billing": {"memo": long * 4}})
    assert [found["id"] for found in await desk.data("GET", "/order", params={"referenceId": long})] == [order["id"]]
    assert order["payments"][0]["memo"] == long * 4
    assert await desk.data("GET", "/order?limit=1000&page=10000000&sortOrder=desc") == []
