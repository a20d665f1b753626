"""What happens to orders calls the webhooks that want to know, signed, with figures and without personal data."""

from __future__ import annotations

from seatwright.cancellation import approval
from seatwright.catalog.model import Product, Tier
from seatwright.core.clock import HOUR_MS, ManualClock
from seatwright.core.ids import new_hex24
from seatwright.core.times import iso_utc
from seatwright.messages import mails
from seatwright.orders import outbox
from seatwright.orders.store import NOT_MAILED
from tests.conftest import START
from tests.desk import Desk
from tests.webhooks.conftest import CUSTOMER, Hooks, verified

NOW = iso_utc(START)


async def test_an_order_is_told_to_whoever_verifies_it(hooks: Hooks, received_at: ManualClock, rafting: str) -> None:
    webhook = await hooks.make()
    cart = await hooks.desk.cart((rafting, {"Adult": 2}))
    await hooks.desk.data("PUT", f"/cart/{cart}/customer", json=CUSTOMER)
    order = await hooks.desk.data("POST", "/order", json={"id": cart, "referenceId": "OTA-7"})
    (call,) = await hooks.run()
    event = verified(call, hooks.secrets[webhook])
    assert event == {
        "type": "order.created",
        "timestamp": NOW,
        "data": {
            "orderId": order["id"],
            "confirmation": order["confirmation"],
            "entityId": hooks.desk.shop.account_id,
            "supplierId": hooks.desk.shop.account_id,
            "resellerId": None,
            "status": "confirmed",
            "action": "order.created",
            "referenceId": "OTA-7",
            "version": 1,
            "createdDate": NOW,
            "modifiedDate": NOW,
            "total": 222.76,
            "amountPaid": 222.76,
            "balance": 0,
            "currency": "USD",
        },
    }
    assert '"balance":0.00,' in call.body, "money has its currency's decimals"
    assert not any(value in call.body for value in CUSTOMER.values())
    assert (call.path, call.headers["content-type"]) == ("/hook?from=seatwright", "application/json")
    assert call.headers["host"] == f"127.0.0.1:{hooks.receiver.port}"
    (logged,) = await hooks.log(webhook)
    assert (logged["id"], logged["status"], logged["payload"]) == (call.id, "sent", event)
    assert logged["attempts"] == [{"date": NOW, "code": 204, "error": None, "durationMs": 0}]
    assert await hooks.run() == [], "what was sent is not sent again"


async def test_a_cancellation_says_what_and_for_how_much(hooks: Hooks, rafting: str) -> None:
    order = await hooks.desk.order((rafting, {"Adult": 2}))
    await hooks.make(events=["order.cancelled"])
    (item,) = order["items"]
    first, second = (person["id"] for person in item["participantList"])
    path = f"/order/{order['id']}/item/{item['id']}/participant/{first}"
    partly = await hooks.desk.data("DELETE", path)
    wholly = await hooks.desk.data("DELETE", f"/order/{order['id']}")
    told = [call.event["data"] for call in await hooks.run()]
    assert [data["action"] for data in told] == ["order.partly_cancelled", "order.cancelled"]
    assert [data["cancelled"] for data in told] == [[first], [second]]
    done = [partly["cancellation"], wholly["cancellation"]]
    assert [(data["fee"], data["refund"]) for data in told] == [(each["fee"], each["refund"]) for each in done]
    assert [data["status"] for data in told] == ["cancelled", "cancelled"], "the order as it is when it is told"
    assert [data["version"] for data in told] == [3, 3]


async def test_an_answer_says_which_and_why(hooks: Hooks) -> None:
    await hooks.make(events=["order.answered"])
    tiers = (Tier(code="All", name="All", price=89_000),)
    charter = Product(id=new_hex24(), code="charter", name="Charter", number=4301, tiers=tiers, approval_min=60)
    await hooks.desk.shop.add("product", charter)
    departure = await hooks.desk.shop.departure("charter", "2026-07-18 09:00", capacity=9)
    accepted, declined, expired = [await hooks.desk.order((departure, {"All": 1})) for _ in range(3)]
    await hooks.desk.data("POST", f"/api/v1/orders/{accepted['id']}/accept")
    hooks.clock.advance(1)
    await hooks.desk.data("POST", f"/api/v1/orders/{declined['id']}/decline", json={"reason": "High water."})
    hooks.clock.advance(HOUR_MS)
    await approval.expire(hooks.desk.services.database, hooks.clock)
    told = {call.event["data"]["orderId"]: call.event["data"] for call in await hooks.run()}
    assert [
        (told[order["id"]]["outcome"], told[order["id"]]["action"], told[order["id"]]["reason"])
        for order in (accepted, declined, expired)
    ] == [
        ("accepted", "order.accepted", ""),
        ("declined", "order.declined", "High water."),
        ("expired", "order.expired", ""),
    ]
    assert not any("cancelled" in data for data in told.values())


async def test_only_what_was_asked_for_is_told(hooks: Hooks, kayak: str) -> None:
    changes, everything = await hooks.make(events=["order.changed"]), await hooks.make()
    off = await hooks.make()
    await hooks.desk.data("PATCH", f"/api/v1/webhooks/{off}", json={"active": False})
    order = await hooks.desk.order((kayak, {"All": 1}))
    hooks.clock.advance(1)
    await hooks.desk.order((kayak, {"All": 1}), orderId=order["id"])
    calls = await hooks.run()
    assert sorted(call.event["type"] for call in calls) == ["order.changed", "order.changed", "order.created"]
    assert [each["type"] for each in await hooks.log(changes)] == ["order.changed"]
    assert [each["type"] for each in await hooks.log(everything)] == ["order.changed", "order.created"]
    assert await hooks.log(off) == []
    assert len({call.id for call in calls}) == 3


async def test_a_check_in_is_told_and_costs_nothing_where_nobody_listens(hooks: Hooks, kayak: str) -> None:
    """Not even where the order is mailed: no mail is about it."""
    order = await hooks.desk.order((kayak, {"All": 2}), disableConfirmationEmail=False)
    await hooks.run()
    database, path = hooks.desk.services.database, f"/api/v1/orders/{order['id']}/check-in"
    await hooks.desk.data("POST", path, json={})
    assert await database.read(outbox.waiting) == 0
    await hooks.make(events=["order.changed"])
    for body, action in (({"present": False}, "order.checked_out"), ({}, "order.checked_in")):
        await hooks.desk.data("POST", path, json=body)
        (call,) = await hooks.run()
        assert (call.event["type"], call.event["data"]["action"]) == ("order.changed", action)
    await hooks.desk.data("POST", path, json={})
    assert await hooks.run() == [], "nobody has turned up anew"


async def test_a_no_show_is_told_as_a_check_in_is(hooks: Hooks, kayak: str) -> None:
    order = await hooks.desk.order((kayak, {"All": 2}), disableConfirmationEmail=False)
    await hooks.make(events=["order.changed"])
    await hooks.run()
    path = f"/api/v1/orders/{order['id']}/no-show"
    for body, action in (({}, "order.no_show"), ({"noShow": False}, "order.no_show_undone")):
        await hooks.desk.data("POST", path, json=body)
        (call,) = await hooks.run()
        assert (call.event["type"], call.event["data"]["action"]) == ("order.changed", action)


def test_what_is_mailed_is_an_event_for_mails_too() -> None:
    assert not NOT_MAILED.intersection(mails.MAILED)


async def test_supplier_and_reseller_are_both_told_of_an_order_between_them(
    hooks: Hooks, reseller: Desk, received_at: ManualClock, kayak: str
) -> None:
    supplier_hook, reseller_hook = await hooks.make(), await hooks.make(reseller)
    supplier, seller = hooks.desk.shop.account_id, reseller.shop.account_id
    await reseller.order((kayak, {"All": 2}), supplier=supplier)
    own = await reseller.shop.departure("kayak", "2026-07-15 09:00", capacity=8)
    await reseller.order((own, {"All": 1}))
    calls = await hooks.run()
    told = {call.event["data"]["entityId"]: call.event["data"] for call in calls if call.event["data"]["resellerId"]}
    assert {entity: (data["supplierId"], data["resellerId"]) for entity, data in told.items()} == {
        supplier: (supplier, seller),
        seller: (supplier, seller),
    }
    assert told[supplier] | {"entityId": seller} == told[seller]
    assert len(await hooks.log(supplier_hook)) == 1, "not what the reseller sold of its own"
    assert len(await hooks.log(reseller_hook, desk=reseller)) == 2
    for call in calls:
        mine = call.event["data"]["entityId"] == supplier
        verified(call, hooks.secrets[supplier_hook if mine else reseller_hook])


async def test_a_test_event_arrives_and_is_in_the_log(hooks: Hooks, received_at: ManualClock) -> None:
    webhook = await hooks.make(events=["order.cancelled"])
    made = await hooks.test(webhook)
    assert (made["status"], made["nextAttemptDate"], made["attempts"]) == ("due", NOW, [])
    (call,) = await hooks.run()
    data = {"entityId": hooks.desk.shop.account_id, "webhookId": webhook}
    assert verified(call, hooks.secrets[webhook]) == {"type": "webhook.test", "timestamp": NOW, "data": data}
    (logged,) = await hooks.log(webhook)
    assert (logged["id"], logged["status"], logged["nextAttemptDate"]) == (made["id"], "sent", None)
