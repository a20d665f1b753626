"""An existing integration against a real server: nothing but its base URL and credentials has changed."""

from __future__ import annotations

import json
from collections.abc import Iterator
from typing import Any

import pytest

from seatwright.core.config import Settings
from tests.api.test_serve import seatwright
from tests.server import Server
from tests.wire.integration import Integration, Refused, Slot, months_ahead

RAFTING, KAYAK, BIKE, VOUCHER = 4101, 4103, 4201, 4301
CUSTOMER = {
    "email": "ann@lee.example",
    "firstName": "Ann",
    "lastName": "Lee",
    "phone": 8015550100,
    "title": None,
    "gender": "FEMALE",
    "birthDate": "1990-02-28",
    "postalCode": "84532",
    "How did you hear about us?": "The web",
}


@pytest.fixture
def demo(settings: Settings) -> Iterator[dict[str, Any]]:
    """What a new user is given: `demo.json` of a server with demo data. Its books balance in the end."""
    server = Server(settings, "--demo")
    try:
        yield json.loads((settings.data / "demo.json").read_text())
    finally:
        output = server.stop()
    assert "Traceback" not in output
    assert "checks passed" in seatwright(settings, "doctor").stdout


def sign_in(who: dict[str, Any]) -> Integration:
    """Sign in with what `demo.json` says of one account."""
    return Integration(who["baseUrl"], who["username"], who["apikey"])


def with_room(slots: list[Slot], seats: int) -> Slot:
    """Return the first time that has so many seats left."""
    return next(slot for slot in slots if slot.free >= seats)


def test_an_integration_written_as_clients_are_works_a_whole_day(demo: dict[str, Any]) -> None:
    client = sign_in(demo)
    look_around(client)
    river, bikes = sell(client)
    change_their_minds(client, river, bikes)
    get_it_wrong(client, demo)
    resell(sign_in(demo["reseller"]), client, demo["supplierId"])
    client.close()


def look_around(client: Integration) -> None:
    """The shop window."""
    cards = client.cards()
    assert len({card.id for card in cards}) == len(cards) > 5
    assert all(card.picture.startswith("https://") and card.film and card.place and card.price for card in cards)
    assert {card.by_unit for card in cards} == {True, False}
    assert None in {card.youngest for card in cards}
    rafting = client.product(RAFTING)
    assert client.product(rafting.id) == client.product(rafting.name) == rafting
    assert (rafting.start[:2].isdigit(), rafting.label) == (True, "Guest")
    assert [card.number for card in client.cards(productName="raft")] == [4101, 4102]
    assert [card.number for card in client.cards(ids=f"{rafting.id},{cards[-1].id}")] == [RAFTING, cards[-1].number]
    slots = client.slots(RAFTING, months_ahead(1), months_ahead(1))
    assert {slot.hour for slot in slots} == {"08", "13"}
    assert all(set(slot.price) == {"Adult", "Child", "Senior"} for slot in slots)


def sell(client: Integration) -> tuple[dict[str, Any], dict[str, Any]]:
    """An order on the river with a pickup, one of bikes, and an order that grows; return the first two."""
    month = months_ahead(2)  # four weeks away at the least: the policy asks for more within 72 hours
    slot = with_room(client.slots(RAFTING, month, month), 5)
    pickup = client.call("GET", f"product/{RAFTING}/pickup")[0]
    cart = client.cart()
    people = {"All": 1, "Adult": "2", "Child": "0"}
    total = client.add(cart, slot, people, pickup["locations"][0]["id"], pickup["pickupDetails"][0]["id"])
    assert total > 2 * slot.price["Adult"]
    assert client.free(RAFTING, slot) == slot.free - 2
    client.call("PUT", f"cart/{cart}/customer", CUSTOMER)
    river = client.order(cart, "OTA-7781")
    assert client.order(cart, "OTA-7781")["id"] == river["id"]  # a retry after a time-out
    assert int(river["confirmation"]) > 0
    assert (river["amountPaid"], len(river["items"][0]["participantList"])) == (river["total"], 2)
    assert river["items"][0]["date"]["startTime"][:13] == f"{slot.day}T{slot.hour}"
    more = client.cart()
    client.add(more, slot, {"Child": 1}, client.product(RAFTING).place)
    grown = client.order(more, order=river["confirmation"])
    assert (grown["id"], len(grown["items"][0]["participantList"])) == (river["id"], 3)

    rental = with_room(client.slots(BIKE, f"{months_ahead(1)}-10", f"{months_ahead(1)}-12"), 3)
    cart = client.cart()
    client.add(cart, rental, {"All": 3})
    voucher = client.call("GET", f"product/{VOUCHER}/item")["items"][0]["timesAvailable"][0]["activityId"]
    client.call("POST", f"cart/{cart}/item", {"itemId": voucher, "participants": {"All": 1}})
    bikes = client.order(cart)
    assert [len(item["unitList"]) for item in bikes["items"]] == [3, 1]
    found = client.call("GET", "order", confirmationIds=f"{bikes['confirmation']},{river['confirmation']}")
    assert [order["id"] for order in found] == [river["id"], bikes["id"]]
    assert [order["id"] for order in client.call("GET", "order", referenceId="OTA-7781")] == [river["id"]]
    return grown, bikes


def change_their_minds(client: Integration, river: dict[str, Any], bikes: dict[str, Any]) -> None:
    """All four levels of cancelling, and what is free again in between."""
    trip, rental = river["items"][0], bikes["items"][0]
    at = Slot(trip["id"], trip["date"]["startTime"][:10], "", 0, {})
    hire = Slot(rental["id"], rental["date"]["startTime"][:10], "", 0, {})
    seats, units = client.free(RAFTING, at), client.free(BIKE, hire)
    person, unit = trip["participantList"][0]["id"], rental["unitList"][0]["id"]
    waive = {"applyCancellationFee": False}
    done = client.call("DELETE", f"order/{river['id']}/item/{at.id}/participant/{person}", waive)
    assert (done["status"], client.free(RAFTING, at)) == ("confirmed", seats + 1)
    assert done["items"][0]["participantList"][0]["status"] == "cancelled"
    assert done["cancellation"]["fee"] == 0
    client.call("DELETE", f"order/{bikes['confirmation']}/item/{hire.id}/unit/{unit}", applyCancellationFee="false")
    assert client.free(BIKE, hire) == units + 1
    done = client.call("DELETE", f"order/{bikes['confirmation']}/item/{hire.id}")
    assert ([item["status"] for item in done["items"]], client.free(BIKE, hire)) == (
        ["cancelled", "confirmed"],
        units + 3,
    )
    assert done["cancellation"]["fee"] == 20
    done = client.call("DELETE", f"order/{river['id']}")
    assert (done["status"], client.free(RAFTING, at)) == ("cancelled", seats + 3)
    assert client.call("GET", f"order/{river['confirmation']}")["total"] == done["total"] == 10


def get_it_wrong(client: Integration, demo: dict[str, Any]) -> None:
    """What a client shows when something fails: a status it can act on, and a sentence."""
    full = next(s for m in (0, 1) for s in client.slots(KAYAK, months_ahead(m), months_ahead(m)) if s.free == 0)
    cart = client.cart()
    for call, status in (
        (lambda: client.add(cart, full, {"All": 1}), 409),
        (lambda: client.add(cart, full, {"Robot": 1}), 400),
        (lambda: client.order(cart), 400),
        (lambda: client.order("0c0f3a52-8a42-4c38-93a1-3d3a4a2f6f10"), 404),
        (lambda: client.call("GET", "order/1"), 404),
        (lambda: client.call("GET", "order", toCreatedDate="2026-07-01"), 400),
        (lambda: sign_in(demo | {"apikey": "7d1a5b0e-3f3c-4a57-9a30-6d8f5c1e2b44"}), 401),
    ):
        with pytest.raises(Refused) as refusal:
            call()
        assert refusal.value.status == status
        assert refusal.value.message.endswith(".")


def resell(reseller: Integration, supplier: Integration, supplier_id: str) -> None:
    """A reseller's sale, which the supplier sees and cancels."""
    month = months_ahead(2)
    slot = with_room(reseller.slots(RAFTING, month, month, supplierId=supplier_id), 2)
    cart = reseller.cart(supplierId=supplier_id)
    reseller.add(cart, slot, {"Senior": 2})
    order = reseller.order(cart, "TD-1")
    assert supplier.call("GET", f"order/{order['confirmation']}")["total"] == order["total"]
    assert supplier.free(RAFTING, slot) == slot.free - 2
    supplier.call("DELETE", f"order/{order['id']}")
    assert reseller.call("GET", f"order/{order['id']}")["status"] == "cancelled"
    assert reseller.free(RAFTING, slot, supplierId=supplier_id) == slot.free
    reseller.close()
