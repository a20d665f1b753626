"""Editing an order, and its confirmation sent again: `PATCH /api/v1/orders/{id}` and `POST …/confirmation`."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from seatwright.http.context import Services
from tests.desk import Desk
from tests.notifications.office import Office, open_office, open_reseller

ANN = {"firstName": "Ann", "lastName": "Lee", "email": "ann@lee.example", "phone": "801 555 0100"}
LOUD = {"disableConfirmationEmail": False, "disableNotification": False}


@pytest.fixture
async def office(desk: Desk, services: Services) -> Office:
    return await open_office(desk, services)


async def order(desk: Desk, departure: str, count: int = 2, **more: Any) -> dict[str, Any]:
    cart = await desk.cart((departure, {"Adult": count}))
    await desk.data("PUT", f"/cart/{cart}/customer", json=ANN)
    placed = await desk.data("POST", "/order", json={"id": cart, **more})
    shown: dict[str, Any] = await desk.data("GET", f"/api/v1/orders/{placed['id']}")
    return shown


def path_of(shown: dict[str, Any]) -> str:
    return f"/api/v1/orders/{shown['id']}"


def guests_of(shown: dict[str, Any]) -> list[dict[str, Any]]:
    return list(shown["items"][0]["participantList"])


async def edit(desk: Desk, shown: dict[str, Any], **changes: Any) -> dict[str, Any]:
    """Edit an order as it was shown, and return it."""
    body = {"version": shown["version"], **changes}
    edited: dict[str, Any] = await desk.data("PATCH", path_of(shown), json=body)
    return edited


async def found(desk: Desk, query: str) -> int:
    return len((await desk.data("GET", f"/api/v1/orders?q={query}"))["orders"])


async def test_customer_guests_reference_and_memo_are_edited(desk: Desk, rafting: str) -> None:
    shown = await order(desk, rafting)
    first, second = guests_of(shown)
    assert shown["version"] == 1
    edited = await edit(
        desk,
        shown,
        customer={"firstName": "Anna", "lastName": "Lee", "email": "anna@lee.example", "marketingConsent": True},
        guests=[{"id": first["id"], "firstName": "Gus", "lastName": "Orr"}, {"id": second["id"], "firstName": 7}],
        referenceId="OTA-9",
        billing={"memo": "invoice"},
    )
    assert edited["version"] == 2
    assert edited["customer"] == {
        "firstName": "Anna",
        "lastName": "Lee",
        "email": "anna@lee.example",
        "marketingConsent": True,
    }
    assert [(each["firstName"], each["lastName"]) for each in guests_of(edited)] == [("Gus", "Orr"), ("7", None)]
    assert (edited["referenceId"], edited["billing"]) == ("OTA-9", {"memo": "invoice"})
    assert edited["total"] == shown["total"]
    for query, many in (("anna", 1), ("gus", 1), ("ota-9", 1), ("801555", 0), ("ann@", 0), ("anna@lee", 1)):
        assert await found(desk, query) == many, query
    listed = await desk.data("GET", "/order?referenceId=OTA-9")
    assert [each["id"] for each in listed] == [shown["id"]]
    assert await edit(desk, edited) == edited, "an edit that changes nothing leaves no trace"
    cleared = await edit(desk, edited, guests=[{"id": first["id"], "firstName": None}], referenceId=None)
    assert guests_of(cleared)[0]["firstName"] is None
    assert (cleared["referenceId"], cleared["version"]) == (None, 3)
    history = await desk.data("GET", f"/api/v1/audit/{shown['id']}")
    detail = next(each["detail"] for each in history if each["action"] == "order.edited")
    assert detail["customer"] == ["email", "firstName", "marketingConsent", "phone"]
    assert {guest["id"]: guest["fields"] for guest in detail["guests"]} == {
        first["id"]: ["first_name", "last_name"],
        second["id"]: ["first_name"],
    }
    assert "anna" not in str(history).lower()


async def test_a_tier_and_a_pickup_change_the_price_and_back_again(desk: Desk, rafting: str) -> None:
    shown = await order(desk, rafting)
    first, _ = guests_of(shown)
    hotel = desk.shop.entries["hotel"].id
    changes = {"guests": [{"id": first["id"], "tier": "child", "locationId": hotel}]}
    quote = await desk.data("POST", f"{path_of(shown)}/edit-quote", json={"version": 1, **changes})
    # A child with the shuttle instead of an adult: 59 + 10, a river fee of 5 %, and 7.5 % tax on all but the fee.
    assert quote["difference"] == pytest.approx(59 + 10 + 3.45 + 5.18 - 111.38)
    edited = await edit(desk, shown, **changes, difference=quote["difference"])
    assert edited["total"] == quote["total"] == pytest.approx(shown["total"] + quote["difference"])
    assert (edited["balance"], edited["amountPaid"]) == (quote["balance"], shown["amountPaid"])
    guest = guests_of(edited)[0]
    assert (guest["tier"], guest["pickup"]["location"]["name"]) == ("Child", "Red Cliffs Lodge")
    assert len((await desk.data("GET", "/api/v1/orders?balance=credit"))["orders"]) == 1
    stale = await desk.refused(409, "PATCH", path_of(shown), json={"version": 1, **changes})
    assert stale["errorCode"] == "changed_meanwhile"
    back = {"guests": [{"id": first["id"], "tier": "Adult", "withoutPickup": True}]}
    wrong = await desk.refused(409, "PATCH", path_of(shown), json={"version": 2, **back, "difference": 1})
    assert wrong["errorCode"] == "amounts_changed"
    again = await edit(desk, edited, **back)
    assert {**again, "version": 0, "modifiedDate": ""} == {**shown, "version": 0, "modifiedDate": ""}
    assert await desk.free(4101, rafting) == 10, "seats stay"


async def test_what_can_not_be_edited_is_said(desk: Desk, rafting: str) -> None:
    shown = await order(desk, rafting, 3)
    first, second, gone = (guest["id"] for guest in guests_of(shown))
    item = shown["items"][0]["id"]
    await desk.data("DELETE", f"/order/{shown['id']}/item/{item}/participant/{gone}")
    for status, changes, field in (
        (400, {"guests": [{"id": "nobody", "tier": "Child"}]}, "guests[0].id"),
        (400, {"guests": [{"id": first}, {"id": first}]}, "guests[1].id"),
        (400, {"guests": [{"id": first}, {"id": second, "tier": "Baby"}]}, "guests[1].tier"),
        (400, {"guests": [{"id": first, "locationId": "nowhere"}]}, "guests[0].locationId"),
        (400, {"guests": [{"id": first, "pickupDetailId": "never"}]}, "guests[0].pickupDetailId"),
        (400, {"guests": [{"id": first, "withoutPickup": True, "locationId": "x"}]}, "guests[0].withoutPickup"),
        (400, {"guests": [{"id": first, "firstName": True}]}, "firstName"),
        (400, {"customer": {"email": "nonsense"}}, "email"),
        (400, {"billing": {"a": {"b": {"c": {"d": {"e": {"f": 1}}}}}}}, "billing"),
        (400, {"difference": "much"}, "difference"),
        (409, {"guests": [{"id": gone, "firstName": "Bo"}]}, "guests[0].id"),
    ):
        refused = await desk.refused(status, "PATCH", path_of(shown), json={"version": 2, **changes})
        assert field in refused["errorMessage"], refused
    assert "version" in (await desk.refused(400, "PATCH", path_of(shown), json={}))["errorMessage"]
    await desk.refused(404, "PATCH", "/api/v1/orders/none", json={"version": 1})


async def test_the_customer_gets_a_mail_if_the_flags_say_so(desk: Desk, rafting: str, office: Office) -> None:
    loud, silent = await order(desk, rafting, 1, **LOUD), await order(desk, rafting, 1)
    known = await office.mails()
    guest = guests_of(loud)[0]["id"]
    loud = await edit(desk, loud, guests=[{"id": guest, "tier": "Child", "firstName": "Gus"}])
    [mail] = await office.new(known)
    assert mail.delivery.target == "ann@lee.example"
    assert "has been changed" in mail.content.text
    assert "Gus" in mail.content.text
    known = await office.mails()
    await edit(desk, loud, billing={"memo": "internal"}, referenceId="R-5")
    await edit(desk, silent, guests=[{"id": guests_of(silent)[0]["id"], "firstName": "Bo"}])
    assert await office.new(known) == []


@pytest.mark.parametrize("access", ["limited", "all"])
async def test_a_limited_supplier_edits_what_it_sees(
    client: httpx.AsyncClient, services: Services, desk: Desk, rafting: str, office: Office, access: str
) -> None:
    reseller = await open_reseller(office, client, services, customerAccess=access, type="net", rate={"percent": 80})
    placed = await office.order((rafting, {"Adult": 2}), by=reseller, customer=ANN, referenceId="Secret-1")
    shown = await desk.data("GET", f"/api/v1/orders/{placed['id']}")
    first = guests_of(shown)[0]["id"]
    shown = await edit(desk, shown, guests=[{"id": first, "tier": "Child"}])
    for changes in (
        {"customer": {"firstName": "Bo"}},
        {"guests": [{"id": first, "firstName": "Bo"}]},
        {"guests": [{"id": first, "answers": {}}]},
        {"referenceId": "x"},
        {"billing": {"memo": "x"}},
    ):
        body = {"version": shown["version"], **changes}
        if access == "limited":
            refused = await desk.refused(403, "PATCH", path_of(shown), json=body)
            assert refused["errorCode"] == "customer_is_the_resellers"
        else:
            shown = await desk.data("PATCH", path_of(shown), json=body)
    own = await reseller.data("GET", f"/api/v1/orders/{placed['id']}")
    own = await edit(reseller, own, customer={"firstName": "Cy"}, referenceId="Secret-2")
    assert own["customer"] == {"firstName": "Cy"}
    history = str(await desk.data("GET", f"/api/v1/audit/{placed['id']}"))
    assert "Secret" not in history


async def test_the_confirmation_is_sent_again_once_for_each_request(desk: Desk, rafting: str, office: Office) -> None:
    hook = await desk.data("POST", "/api/v1/webhooks", json={"url": "https://hooks.example/"})
    shown = await order(desk, rafting)
    known = await office.mails()
    calls = len(await desk.data("GET", f"/api/v1/webhooks/{hook['id']}/deliveries"))
    path = f"{path_of(shown)}/confirmation"
    for _ in range(3):
        sent = await desk.data("POST", path, headers={"Idempotency-Key": "again"})
        assert sent == {"orderId": shown["id"], "confirmation": shown["confirmation"], "email": "ann@lee.example"}
    [mail] = await office.new(known)
    assert (mail.delivery.kind, mail.delivery.target) == ("confirmation", "ann@lee.example")
    assert "confirmation again" in mail.content.text
    await desk.data("POST", path)
    await desk.data("POST", path, headers={"Idempotency-Key": "once more"})
    assert len(await office.new(known)) == 3
    assert len(await desk.data("GET", f"/api/v1/webhooks/{hook['id']}/deliveries")) == calls
    now = await desk.data("GET", path_of(shown))
    assert now == shown, "the order itself doesn't change"
    history = await desk.data("GET", f"/api/v1/audit/{shown['id']}")
    assert [each["action"] for each in history].count("order.confirmation_sent") == 3


async def test_a_confirmation_that_nobody_could_get_is_refused(
    client: httpx.AsyncClient, services: Services, desk: Desk, rafting: str, kayak: str, office: Office
) -> None:
    shown = await order(desk, rafting)
    path = f"{path_of(shown)}/confirmation"
    shown = await edit(desk, shown, customer={"firstName": "Ann"})
    refused = await desk.refused(409, "POST", path)
    assert (refused["errorCode"], "add one" in refused["errorMessage"]) == ("no_address", True)
    await edit(desk, shown, customer={"firstName": "Ann", "email": "ann@lee.example"})
    await desk.data("POST", path)
    await desk.data("DELETE", f"/order/{shown['id']}")
    assert (await desk.refused(409, "POST", path))["errorCode"] == "order_cancelled"
    reseller = await open_reseller(office, client, services)
    resold = await office.order((kayak, {"All": 1}), by=reseller, customer=ANN)
    resold_path = f"/api/v1/orders/{resold['id']}/confirmation"
    assert (await desk.refused(409, "POST", resold_path))["errorCode"] == "sold_by_reseller"
    known = await office.mails(reseller.shop.account_id)
    await reseller.data("POST", resold_path)
    [mail] = await office.new(known, reseller.shop.account_id)
    assert mail.delivery.kind == "pending_received", "it has to be accepted first"
