"""The customer's page shows the order, the whole order and nothing but that order, to whoever has its link."""

from __future__ import annotations

import base64
from dataclasses import replace
from typing import Any

import httpx
import pytest
from icalendar import Calendar

from seatwright.app.assembly import create_app
from seatwright.auth import links
from seatwright.auth import service as auth
from seatwright.auth.limits import FAILURES_PER_ADDRESS
from seatwright.auth.links import OrderLink
from seatwright.auth.secrets import Keyring
from seatwright.catalog.model import Location, Product, Question, Tier
from seatwright.catalog.policy import Fee, Policy
from seatwright.core.clock import DAY_MS, ManualClock
from seatwright.core.errors import Unavailable
from seatwright.core.ids import new_hex24, new_uuid
from seatwright.http.context import Services
from tests.desk import Desk, another_user, open_desk
from tests.pages.visitor import Visitor, text_of

ANN = {"firstName": "Ann", "lastName": "Lee", "email": "ann@lee.example", "phone": "+1 435 555 0199"}


async def order_of_ann(desk: Desk, *items: tuple[str, dict[str, Any]], **customer: Any) -> dict[str, Any]:
    """Place an order for Ann Lee."""
    cart = await desk.cart(*items)
    await desk.data("PUT", f"/cart/{cart}/customer", json=ANN | customer)
    placed: dict[str, Any] = await desk.data(
        "POST", "/order", json={"id": cart, "billing": {"memo": "paid by card 4242"}}
    )
    return placed


async def test_the_page_shows_the_order(visitor: Visitor, desk: Desk, rafting: str, bike: str) -> None:
    cart = await desk.cart((bike, {"All": 1}))
    pickup = (await desk.data("GET", "/product/4101/pickup"))[0]
    chosen = {"locationId": pickup["locations"][0]["id"], "pickupDetailId": pickup["pickupDetails"][0]["id"]}
    await desk.add(cart, rafting, {"Adult": 1, "Child": 1}, **chosen)
    await desk.data("POST", f"/cart/{cart}/discount", json={"code": "EARLY10"})
    await desk.data("PUT", f"/cart/{cart}/customer", json=ANN)
    order = await desk.data("POST", "/order", json={"id": cart})
    child = next(item for item in order["items"] if item["id"] == rafting)["participantList"][1]["id"]
    await desk.data("DELETE", f"/order/{order['id']}/item/{rafting}/participant/{child}")
    answer = await visitor.get(await visitor.link(order))
    text = text_of(answer)
    for said in (
        f"Confirmation number {order['confirmation']} Booked for Ann Lee Status Confirmed",
        "Half-day rafting Confirmed Date Tuesday, July 14, 2026 Time 9:00 AM – 1:00 PM (Mountain Daylight Time)",
        "Meeting point Green River put-in",
        "Pickup Hotel shuttle, Red Cliffs Lodge, 07:30 at the lobby",
        "Participants Adult Confirmed Child Cancelled. Cancellation fee: $5.00",
        "Rented units Bike Confirmed",
        "Price $159.00 Discount -$15.90 Fees and extras $14.96",
        "Cancellation fees $5.00",
        "What cancelling costs: 50% of the price, less than 24 hours before the start "
        "25% of the price, less than 72 hours before the start otherwise $5.00 per person",
        "$3.00 per unit",
        "desk@canyon.example",
    ):
        assert said in text, (said, text)
    shown = await desk.data("GET", f"/order/{order['id']}")
    for label, amount in (("Fees and extras", "fees"), ("Taxes", "tax"), ("Total", "total"), ("Paid", "amountPaid")):
        assert f"{label} ${shown[amount]:,.2f}" in text
    assert shown["balance"] < 0
    assert f"To be refunded to you ${-shown['balance']:,.2f}" in text
    assert '<html lang="en">' in answer.text
    assert '<svg width="' in answer.text, "the QR code"
    assert "<script" not in answer.text


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("customer", "accepts", "account", "lang", "says"),
    [
        (
            "de-AT",
            "fr",
            "es",
            "de-AT",
            ("Ihre Buchung", "Dienstag, 14. Juli 2026", "09:00 – 13:00 Uhr (", "Bezahlt", "Adult"),
        ),
        (None, "tlh, fr;q=0.8, en;q=0.7", "es", "fr", ("Votre réservation", "mardi 14 juillet 2026", "Payé")),
        ("Klingon", "", "es", "es", ("Su reserva", "martes, 14 de julio de 2026", "Pagado")),
        (None, "en-GB", "de", "en-GB", ("Your booking", "Tuesday, 14 July 2026", "09:00", "US$111.38")),
    ],
)
async def test_the_page_is_in_the_customers_language(
    visitor: Visitor, desk: Desk, rafting: str, customer: str | None, accepts: str, account: str, lang: str, says: Any
) -> None:
    await desk.data("PATCH", "/api/v1/account", json={"language": account})
    order = await order_of_ann(desk, (rafting, {"Adult": 1}), **({"language": customer} if customer else {}))
    answer = await visitor.get(await visitor.link(order), language=accepts)
    assert f'<html lang="{lang}">' in answer.text
    assert answer.headers["content-language"] == lang
    for said in says:
        assert said in text_of(answer), text_of(answer)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_the_page_has_its_headers_and_loads_nothing_from_elsewhere(
    visitor: Visitor, desk: Desk, rafting: str
) -> None:
    token = await visitor.link(await order_of_ann(desk, (rafting, {"Adult": 1})))
    pages = [await visitor.get(token, path) for path in ("", "/cancel", "/cancel?what=order")]
    pages += [await visitor.get("nothing", status=404), await visitor.get(token, "/nothing", status=404)]
    for answer in pages:
        assert answer.headers["content-security-policy"].startswith("default-src 'none'; style-src 'self'; ")
        assert answer.headers.get_list("cache-control") == ["no-store"]
        assert answer.headers["referrer-policy"] == "no-referrer"
        assert answer.headers["x-robots-tag"] == "noindex, nofollow"
        assert "set-cookie" not in answer.headers
    style = await visitor.client.get("/my/style.css")
    assert (style.status_code, style.headers["content-type"]) == (200, "text/css; charset=utf-8")
    assert (await visitor.client.head(f"/my/{token}")).status_code == 200


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_only_the_link_opens_the_page(
    visitor: Visitor, desk: Desk, services: Services, rafting: str, clock: ManualClock, client: httpx.AsyncClient
) -> None:
    """What is no link, no link any more, or another server's, gets the same page, to the byte."""
    order, now, keyring = await order_of_ann(desk, (rafting, {"Adult": 1})), clock.now(), services.keyring
    token = await visitor.link(order)
    other = await open_desk(client, services, "mesa")
    good = OrderLink(desk.shop.account_id, order["id"], now + DAY_MS)
    raw = base64.urlsafe_b64decode(token + "=")
    turned = [raw[:place] + bytes([raw[place] ^ 1]) + raw[place + 1 :] for place in range(len(raw))]
    wrong = [
        *(base64.urlsafe_b64encode(each).decode().rstrip("=") for each in turned),
        "x",
        "ä" * 67,
        "a" * 5_000,
        f"{token}=",
        f"{token}A",
        token[:-1],
        f"{token[:30]}!{token[30:]}",
        links.sign(Keyring.from_secret("y" * 32), good),
        links.sign(keyring, good._replace(ends_at=now - now % DAY_MS)),
        links.sign(keyring, good._replace(account_id=other.shop.account_id)),
        links.sign(keyring, good._replace(order_id=new_uuid())),
    ]
    services.limits.failures._kept.clear()
    pages = set()
    for each in wrong:
        for path in ("", "/cancel", "/cancel?what=order", "/calendar.ics"):
            answer = await client.get(f"/my/{each}{path}")
            assert answer.status_code == 404, each
            pages.add(answer.content)
            services.limits.failures._kept.clear()
        posted = await client.post(f"/my/{each}/cancel", data={"what": "order"})
        assert posted.status_code == 404
        pages.add(posted.content)
    assert len(pages) == 1
    await visitor.get(token)
    clock.set(links.verify(keyring, token, now).ends_at - 1)  # type: ignore[union-attr]
    await visitor.get(token)
    clock.advance(1)
    await visitor.get(token, status=404)


async def test_a_link_that_was_ended_opens_nothing_and_the_next_one_does(
    visitor: Visitor, desk: Desk, rafting: str
) -> None:
    """Ended, a link is as if it had never been; the order's next one is good, and so are other orders' links."""
    order, other = [await order_of_ann(desk, (rafting, {"Adult": 1})) for _ in range(2)]
    old, others = await visitor.link(order), await visitor.link(other)
    offered = (await visitor.offer(old))[1]
    path = f"/api/v1/orders/{order['id']}/customer-link"
    ended = await desk.data("DELETE", path)
    assert (ended["id"], ended["status"]) == (order["id"], "confirmed")
    for page in ("", "/cancel", "/cancel?what=order", "/calendar.ics"):
        await visitor.get(old, page, status=404)
    await visitor.send(offered, 404)
    new = await visitor.link(order)
    await visitor.get(others)
    await visitor.get(new)
    await desk.data("DELETE", path)
    await visitor.get(new, status=404)
    await visitor.send((await visitor.offer(await visitor.link(order)))[1])
    events = await desk.data("GET", f"/api/v1/audit/{order['id']}")
    assert [event["action"] for event in events].count("order.links_ended") == 2


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_guesses_are_limited(visitor: Visitor, desk: Desk, rafting: str, clock: ManualClock) -> None:
    token = await visitor.link(await order_of_ann(desk, (rafting, {"Adult": 1})))
    for _ in range(FAILURES_PER_ADDRESS):
        await visitor.get("guess", status=404)
    answer = await visitor.get(token, status=429)
    assert "Too many attempts" in text_of(answer)
    clock.advance(1000 * int(answer.headers["retry-after"]))
    await visitor.get(token)
    assert (await desk.data("GET", "/order"))[0]["status"] == "confirmed", "nobody else is kept out"


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_everything_is_escaped(visitor: Visitor, desk: Desk) -> None:
    """Whatever a customer or an operator writes is text, on every page; a product's HTML is not shown at all."""
    evil = "\"'><img src=x onerror=alert(1)></style><script>alert(1)</script>&amp;"
    await desk.data("PATCH", "/api/v1/account", json={"name": evil})
    location = Location(id=new_hex24(), code="evil", name=evil, address=evil)
    await desk.shop.add("location", location)
    policy = Policy(id=new_hex24(), code="evil", name=evil, text=f"{evil}\nsecond line")
    departure = await visitor.sold_under(
        policy,
        name=evil,
        highlights="<b>raw</b>",
        overview="<i>raw</i>",
        locations=("evil",),
        tiers=(Tier(code="Adult", name=evil, price=100),),
    )
    order = await order_of_ann(desk, (departure, {"Adult": 2}), firstName=evil, lastName=evil, email="a@b.example")
    token = await visitor.link(order)
    for path in ("", "/cancel", "/cancel?what=order", f"/cancel?what={departure}", "?done=%3Cscript%3E"):
        answer = await visitor.get(token, path)
        assert "<img" not in answer.text
        assert "<script" not in answer.text
        assert "raw</" not in answer.text
        assert "&lt;script&gt;" in answer.text
    assert "second line" in await visitor.read(token)
    refused = await visitor.get(token, "/cancel?what=%3Cscript%3Ealert(1)%3C/script%3E", status=404)
    assert "script" not in refused.text


async def test_a_resellers_customer_sees_who_runs_the_trip_and_not_what_was_agreed(
    visitor: Visitor, desk: Desk, client: httpx.AsyncClient, services: Services, rafting: str
) -> None:
    """Its customer deals with the reseller, and sees who runs the trip; what the two agreed on is theirs."""
    reseller = await open_desk(client, services, "tripdesk")
    terms = {"type": "net", "rate": {"percent": 80}, "customerAccess": "limited"}
    supplier = desk.shop.account_id
    await desk.data("POST", "/api/v1/connections", json={"resellerId": reseller.shop.account_id, "terms": terms})
    order = await reseller.order((rafting, {"Adult": 1}), supplier=supplier)
    assert (await desk.refused(409, "GET", f"/api/v1/orders/{order['id']}/customer-link"))["errorCode"] == (
        "sold_by_reseller"
    )
    await desk.refused(409, "DELETE", f"/api/v1/orders/{order['id']}/customer-link")
    token = await visitor.link(order, reseller)
    text = await visitor.read(token)
    assert "Operated by Canyon" in text
    assert "desk@tripdesk.example" in text
    assert "desk@canyon.example" not in text, "the customer is the reseller's"
    assert "ommission" not in text
    assert "Net" not in text
    forged = OrderLink(supplier, order["id"], services.clock.now() + DAY_MS)
    await visitor.get(links.sign(services.keyring, forged), status=404)
    await visitor.send((await visitor.offer(token))[1])
    assert (await desk.data("GET", f"/order/{order['id']}"))["status"] == "cancelled"
    assert await desk.free(4101, rafting) == 12


async def test_the_calendar_file_has_every_date_and_no_token(
    visitor: Visitor, desk: Desk, rafting: str, kayak: str
) -> None:
    order = await order_of_ann(desk, (rafting, {"Adult": 1}), (kayak, {"All": 1}))
    token = await visitor.link(order)

    async def events() -> dict[str, Any]:
        answer = await visitor.client.get(f"/my/{token}/calendar.ics")
        assert (answer.status_code, answer.headers["content-type"]) == (200, "text/calendar; charset=utf-8")
        assert token not in answer.text, "calendars are shared more freely than the page"
        calendar = Calendar.from_ical(answer.content)
        assert str(calendar["METHOD"]) == "PUBLISH"
        found = calendar.walk("VEVENT")
        assert {str(event["ORGANIZER"]) for event in found} == {"mailto:desk@canyon.example"}
        return {str(event["summary"]): event for event in found}

    before = await events()
    assert before["Half-day rafting"]["dtstart"].dt.isoformat() == "2026-07-14T15:00:00+00:00"
    assert before["Half-day rafting"]["dtend"].dt.isoformat() == "2026-07-14T19:00:00+00:00"
    assert before["Half-day rafting"]["location"] == "Green River put-in"
    assert {event["status"] for event in before.values()} == {"CONFIRMED"}
    await desk.data("DELETE", f"/order/{order['id']}/item/{kayak}")
    after = await events()
    assert after["Kayak tour"]["status"] == "CANCELLED"
    assert after["Kayak tour"]["uid"] == before["Kayak tour"]["uid"]
    assert after["Kayak tour"]["sequence"] > before["Kayak tour"]["sequence"]
    assert after["Half-day rafting"]["status"] == "CONFIRMED"
    dateless = await desk.shop.departure("kayak", None, capacity=5)
    other = await visitor.link(await order_of_ann(desk, (dateless, {"All": 1})))
    assert "No fixed date" in await visitor.read(other)
    assert "Add to calendar" not in await visitor.read(other)
    await visitor.get(other, "/calendar.ics", status=404)


async def test_the_desk_gets_a_link_that_may_do_what_its_user_may(
    visitor: Visitor, desk: Desk, services: Services, rafting: str
) -> None:
    """It has an address if the server has one; from somebody who may not cancel, it only shows the order."""
    order = await order_of_ann(desk, (rafting, {"Adult": 1}))
    path = f"/api/v1/orders/{order['confirmation']}/customer-link"
    made = await desk.data("GET", path)
    assert (made["url"], made["canCancel"], made["expiresDate"]) == (None, True, "2027-08-19T00:00:00.000Z")
    public = replace(services.settings, public_url="https://book.canyon.example/trips")
    app = create_app(public, replace(services, settings=public))
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
        answer = await client.get(path, headers=desk.headers)
        assert answer.json()["data"]["url"] == f"https://book.canyon.example/trips/my/{made['token']}"
        page = await client.get(f"/my/{made['token']}")
        assert 'href="/trips/my/style.css"' in page.text, "a proxy may have a path of its own"
    new = auth.NewUser(email="lee@canyon.example", name="Lee", permissions=frozenset({"orders.read"}))
    reader = await another_user(desk.client, services, desk.shop, new)
    made = await reader.data("GET", path)
    assert made["canCancel"] is False
    assert "cannot be cancelled online" in await visitor.read(made["token"])
    assert "cannot be cancelled online" in await visitor.read(made["token"], "/cancel?what=order")
    answer = await visitor.client.post(f"/my/{made['token']}/cancel", data={"what": "order"})
    assert answer.status_code == 409


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_failures_are_pages_for_people(
    visitor: Visitor, desk: Desk, services: Services, rafting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    token = await visitor.link(await order_of_ann(desk, (rafting, {"Adult": 1})))
    client, own = visitor.client, {"Accept-Language": "de", "X-Request-Id": "the-number"}
    for method, path, status, sent in (
        ("PUT", f"/my/{token}", 405, {}),
        ("POST", f"/my/{token}", 405, {}),
        ("GET", "/my", 404, {}),
        ("GET", f"/my/{token}/a/b/c", 404, {}),
        ("POST", f"/my/{token}/cancel", 415, {"json": {"what": "order"}}),
        ("POST", f"/my/{token}/cancel", 413, {"content": b"a" * 5_000}),
        ("POST", f"/my/{token}/cancel", 400, {"content": b"a=1&" * 50}),
        ("POST", f"/my/{token}/cancel", 400, {"content": "what=ä".encode()}),
    ):
        form = {} if "json" in sent else {"Content-Type": "application/x-www-form-urlencoded"}
        answer = await client.request(method, path, headers=own | form, **sent)
        assert answer.status_code == status, (method, path, answer.text)
        assert answer.headers["content-type"].startswith("text/html")
        assert '<html lang="de">' in answer.text

    async def away(*_: Any, **__: Any) -> None:
        raise Unavailable("The database is away; secret detail.")

    async def broken(*_: Any, **__: Any) -> None:
        raise RuntimeError("secret detail")

    for failing, status, words in ((away, 503, "nicht verfügbar"), (broken, 500, "the-number")):
        with monkeypatch.context() as patch:
            patch.setattr(type(services.database), "read", failing)
            answer = await client.get(f"/my/{token}", headers=own)
        assert answer.status_code == status
        assert words in text_of(answer)
        assert "secret detail" not in answer.text
    assert (await client.get("/mystery")).headers["content-type"] == "application/json"


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_tiers_have_their_present_names_on_the_page(visitor: Visitor, desk: Desk) -> None:
    departure = await visitor.sold_under(None)
    order = await order_of_ann(desk, (departure, {"Adult": 1}))
    product = next(entry for entry in desk.shop.entries.values() if isinstance(entry, Product) and entry.number >= 5000)
    renamed = (Tier(code="Adult", name="Grown-up", price=1),)
    await desk.shop.add(
        "product", Product(**{**{f: getattr(product, f) for f in product.__struct_fields__}, "tiers": renamed})
    )
    assert "Participants Grown-up Confirmed" in await visitor.read(await visitor.link(order))


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_the_rules_of_a_policy_in_the_order_in_which_they_count(visitor: Visitor, desk: Desk) -> None:
    """The narrowest window first, of equals the one that counts, and nothing that can't apply."""
    fees = (
        Fee(calc="flat", amount=700, per="person"),
        Fee(calc="percent", amount=10_000, per="person", window=7, window_unit="days"),
        Fee(calc="flat", amount=900, per="order"),
        Fee(calc="flat", amount=800, per="unit", window=1),
        Fee(calc="percent", amount=20_000, per="person", window=2),
        Fee(calc="percent", amount=30_000, per="order", window=2),
    )
    policy = Policy(id=new_hex24(), code="many", name="Many", fees=fees)
    dated = await visitor.sold_under(policy)
    text = await visitor.read(await visitor.link(await order_of_ann(desk, (dated, {"Adult": 1}))))
    assert (
        "What cancelling costs: 2% of the price, less than 2 hours before the start "
        "1% of the price, less than 7 days before the start otherwise $7.00 per person Add"
    ) in text
    only = Policy(id=new_hex24(), code="only", name="Only", fees=fees[1:2])
    text = await visitor.read(
        await visitor.link(await order_of_ann(desk, (await visitor.sold_under(only), {"Adult": 1})))
    )
    assert "1% of the price, less than 7 days before the start otherwise no fee" in text
    product = next(code for code, entry in desk.shop.entries.items() if getattr(entry, "policy", None) == "only")
    dateless = await desk.shop.departure(product, None, capacity=5)
    text = await visitor.read(await visitor.link(await order_of_ann(desk, (dateless, {"Adult": 1}))))
    assert "Cancelling is free of charge." in text


async def test_it_shows_who_comes_and_what_they_answered(visitor: Visitor, desk: Desk, rafting: str) -> None:
    """By the catalog's questions; what else an integration keeps with the customer is its own affair."""
    head = {"id": new_hex24(), "kind": "boolean"}
    await desk.shop.add("question", Question(**head, code="swim", name="Can swim", per="participant"))
    await desk.shop.add("question", Question(id=new_hex24(), code="heard", name="How did you hear?"))
    cart = await desk.cart((rafting, {"Adult": 1, "Child": 1}))
    ann, bo = (await desk.data("GET", f"/cart/{cart}"))["items"][0]["participantList"]
    guests = [
        {"id": ann["id"], "firstName": "Ann", "lastName": "Lee", "answers": {"can SWIM": "yes", "tracking": "x-17"}},
        {"id": bo["id"], "firstName": "Bo", "answers": {"Can swim": False}},
    ]
    body = ANN | {"language": "de", "how did you hear?": "<b>friend</b>", "utm": "x-17", "participants": guests}
    await desk.data("PUT", f"/cart/{cart}/customer", json=body)
    order = await desk.data("POST", "/order", json={"id": cart})
    text = text_of(await visitor.get(await visitor.link(order)))
    assert "Adult – Ann Lee Bestätigt Can swim: ja Child – Bo Bestätigt Can swim: nein" in text
    assert "Antworten How did you hear? <b>friend</b>" in text
    assert "x-17" not in text
