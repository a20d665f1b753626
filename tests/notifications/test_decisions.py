"""Which mails an order makes: the four flags do what their names say, on orders placed through the API."""

from __future__ import annotations

import json
from typing import Any

import httpx
import msgspec
import pytest
from structlog.testing import capture_logs

from seatwright.core.clock import HOUR_MS, MINUTE_MS, ManualClock
from seatwright.http.context import Services
from seatwright.messages import fanout
from seatwright.notifications.deliveries import WAITS_MS
from seatwright.orders import outbox
from seatwright.storage.engine import Tx
from seatwright.worker.loops import Loops
from tests.notifications.office import (
    ANN,
    BOATS,
    FLAGS,
    GUIDE,
    LOUD,
    Office,
    embedded,
    only,
    open_reseller,
    with_settings,
)

DESK = "desk@canyon.example"
CUSTOMER, NOTICE = "disableConfirmationEmail", "disableNotification"
QUESTION, ANSWER = "disablePendingOrderNotification", "disablePendingOrderNotificationResponse"

RAFTED = {
    CUSTOMER: {("confirmation", "ann@lee.example")},
    NOTICE: {("product_notice", GUIDE), ("product_notice", BOATS)},
    QUESTION: set(),
    ANSWER: set(),
}
ASKED = {
    CUSTOMER: {("pending_received", "ann@lee.example")},
    NOTICE: {("product_notice", GUIDE)},
    QUESTION: {("pending_notice", DESK)},
    ANSWER: set(),
}
ACCEPTED = {
    CUSTOMER: {("confirmation", "ann@lee.example")},
    NOTICE: {("product_notice", GUIDE)},
    QUESTION: set(),
    ANSWER: {("pending_answer", "ann@lee.example")},
}
DECLINED = {**ACCEPTED, CUSTOMER: set()}
CANCELLED = {**RAFTED, CUSTOMER: {("cancellation", "ann@lee.example")}}


async def test_an_order_is_silent_unless_it_asks_for_mails(office: Office, rafting: str) -> None:
    await office.order((rafting, {"Adult": 1}), flags={})
    assert await office.parts.database.read(outbox.waiting) == 0
    assert await office.mails() == []


@embedded
async def test_why_a_fee_was_taken_is_read_from_rows_of_earlier_versions_too(office: Office, rafting: str) -> None:
    order = await office.order((rafting, {"Adult": 1}), flags=only("disableConfirmationEmail"))
    known = await office.mails()
    await office.desk.data("DELETE", f"/order/{order['id']}")

    async def age(tx: Tx) -> None:
        row = await tx.row("SELECT detail FROM outbox_event")
        assert row is not None
        detail = json.loads(row["detail"])
        assert detail["fees"][0]["reason"] == {"kind": "fee", "calc": "flat", "amount": 500}
        detail["fees"][0]["reason"] = "5.00 per person"
        await tx.execute("UPDATE outbox_event SET detail = $1", json.dumps(detail))

    await office.parts.database.write(age)
    (cancellation,) = await office.new(known)
    assert "Cancellation fee: $5.00 (5.00 per person)" in cancellation.text


@pytest.mark.parametrize("flag", FLAGS)
async def test_each_flag_tells_whom_its_name_says(office: Office, rafting: str, kayak: str, flag: str) -> None:
    flags = only(flag)
    order = await office.order((rafting, {"Adult": 2}), flags=flags)
    known = await office.mails()
    assert {each.sort for each in known} == RAFTED[flag]
    await office.desk.data("DELETE", f"/order/{order['id']}")
    new = await office.new(known)
    assert {each.sort for each in new} == CANCELLED[flag]
    known += new
    for answer, expected in (("accept", ACCEPTED), ("decline", DECLINED)):
        asked = await office.order((kayak, {"All": 1}), flags=flags)
        new = await office.new(known)
        assert {each.sort for each in new} == ASKED[flag]
        known += new
        await office.desk.data("POST", f"/api/v1/orders/{asked['id']}/{answer}", json={"reason": "High water"})
        new = await office.new(known)
        assert {each.sort for each in new} == expected[flag]
        known += new
    assert {each.delivery.status for each in known} <= {"sandbox"}


async def test_a_customer_who_is_told_of_a_confirmation_is_not_told_of_the_answer_as_well(
    office: Office, kayak: str
) -> None:
    order = await office.order((kayak, {"All": 2}))
    known = await office.mails()
    assert [each.delivery.kind for each in known] == ["pending_received", "pending_notice", "product_notice"]
    assert "Wednesday, July 1, 2026, 11:00 AM (GMT-06:00)" in known[1].text
    await office.desk.data("POST", f"/api/v1/orders/{order['id']}/accept")
    new = await office.new(known)
    assert [each.delivery.kind for each in new] == ["confirmation", "product_notice"]
    assert "has been accepted" in new[0].text
    assert new[0].content.calendar
    assert not known[0].content.calendar


async def test_what_nobody_answers_is_told_as_declined(
    office: Office, kayak: str, clock: ManualClock, services: Services
) -> None:
    await office.order((kayak, {"All": 2}))
    known = await office.mails()
    clock.advance(61 * MINUTE_MS)
    assert await Loops(services.database, clock, services.settings).expire_pending() == 1
    answer, notice = await office.new(known)
    assert (answer.delivery.kind, answer.delivery.target) == ("pending_answer", "ann@lee.example")
    assert "did not answer request" in answer.text
    assert "Refund: $150.50" in answer.text
    assert notice.content.subject == "Request 100001 expired: Kayak tour"


@embedded
async def test_one_mail_for_each_address_about_the_products_it_is_named_on(
    office: Office, rafting: str, bike: str
) -> None:
    order = await office.order((rafting, {"Adult": 1}), (bike, {"All": 1}), flags=only(NOTICE))
    known = await office.mails()
    assert [each.sort for each in known] == [("product_notice", GUIDE), ("product_notice", BOATS)]
    assert all("Mountain bike" not in each.text for each in known)
    # What concerns nobody who is named is told nobody.
    await office.desk.data("DELETE", f"/order/{order['id']}/item/{bike}")
    assert await office.new(known) == []
    cart = await office.desk.cart((rafting, {"Child": 1}))
    await office.desk.data("POST", "/order", json={"id": cart, "orderId": order["id"]})
    added = await office.new(known)
    assert [each.content.subject for each in added] == ["Booking 100001 extended: Half-day rafting"] * 2
    assert "Who: 1 × Child" in added[0].text
    assert "Adult" not in added[0].text


async def test_a_cancellation_tells_what_is_kept_and_what_comes_back(
    office: Office, rafting: str, clock: ManualClock
) -> None:
    order = await office.order((rafting, {"Adult": 2}), customer={**ANN, "language": "de"}, flags=only(CUSTOMER))
    known = await office.mails()
    clock.advance(11 * 24 * HOUR_MS)  # 47 hours before the start: 25 %
    person = order["items"][0]["participantList"][0]["id"]
    done = await office.desk.data("DELETE", f"/order/{order['id']}/item/{rafting}/participant/{person}")
    (part,) = await office.new(known)
    assert part.content.subject == "Ein Teil Ihrer Buchung 100001 wurde storniert"
    assert "Stornogebühr: 27,85 $ (25 % des Preises, weniger als 72 Stunden vor Beginn)" in part.text
    assert "Erstattung: 83,53 $" in part.text
    assert "Weiterhin gebucht ist:" in part.text
    assert "METHOD:PUBLISH" in (part.content.calendar or ""), "who is left is in the customer's calendar"
    assert done["cancellation"]["refund"] == 83.53
    known.append(part)
    await office.desk.data("DELETE", f"/order/{order['id']}?applyCancellationFee=false")
    (rest,) = await office.new(known)
    assert rest.content.subject == "Ihre Buchung 100001 wurde storniert"
    assert "Stornogebühr: 0,00 $ (erlassen)" in rest.text
    assert "Erstattung: 111,38 $" in rest.text
    assert rest.content.calendar
    assert "METHOD:CANCEL" in rest.content.calendar


async def test_what_was_overtaken_is_not_confirmed(office: Office, rafting: str, kayak: str) -> None:
    gone = await office.order((rafting, {"Adult": 1}), flags=only(CUSTOMER))
    await office.desk.data("DELETE", f"/order/{gone['id']}")
    asked = await office.order((kayak, {"All": 1}), flags={**LOUD, NOTICE: True})
    await office.desk.data("POST", f"/api/v1/orders/{asked['id']}/accept")
    assert [each.delivery.kind for each in await office.mails()] == ["cancellation", "confirmation"]


@embedded
async def test_a_customer_who_can_not_be_written_to_gets_no_mail(office: Office, rafting: str) -> None:
    for email in (None, "", "ann@lee", "ann@-lee.example", "a,b@lee.example", "<ann@lee.example>"):
        customer = {"firstName": "Ann", "email": email}
        await office.order((rafting, {"Adult": 1}), customer=customer, flags=only(CUSTOMER))
    assert await office.mails() == []


@embedded
async def test_the_customers_language_counts_and_else_the_accounts(office: Office, rafting: str) -> None:
    await office.desk.data("PATCH", "/api/v1/account", json={"language": "de"})
    chosen: list[tuple[dict[str, Any], str]] = [
        ({"language": "ES-mx"}, "Su reserva 100001 con Canyon está confirmada"),
        ({"language": "Français"}, "Votre réservation 100002 chez Canyon est confirmée"),
        ({"Language": "German"}, "Ihre Buchung 100003 bei Canyon ist bestätigt"),
        ({"language": "english"}, "Your booking 100004 with Canyon is confirmed"),
        ({"language": "Klingon"}, "Ihre Buchung 100005 bei Canyon ist bestätigt"),
        ({"language": 5}, "Ihre Buchung 100006 bei Canyon ist bestätigt"),
        ({}, "Ihre Buchung 100007 bei Canyon ist bestätigt"),
    ]
    for named, _ in chosen:
        await office.order((rafting, {"Adult": 1}), customer={**ANN, **named}, flags=only(CUSTOMER))
    assert [each.content.subject for each in await office.mails()] == [subject for _, subject in chosen]
    await office.order((rafting, {"Adult": 1}), customer={**ANN, "language": "en"}, flags=only(NOTICE))
    assert (await office.mails())[-1].content.subject == "Neue Buchung 100008: Half-day rafting"


async def test_a_resale_is_told_in_the_resellers_name_and_hides_the_customer_from_the_supplier(
    office: Office, rafting: str, kayak: str, client: httpx.AsyncClient, services: Services
) -> None:
    seller = await open_reseller(office, client, services, customerAccess="limited")
    order = await office.order((rafting, {"Adult": 1}), (kayak, {"All": 1}), by=seller)
    theirs = await office.mails(seller.shop.account_id)
    assert [each.sort for each in theirs] == [("pending_received", "ann@lee.example")]
    assert (theirs[0].content.from_name, theirs[0].content.reply_to) == ("Tripdesk", "desk@tripdesk.example")
    assert "Operated by: Canyon" in theirs[0].text

    ours = await office.mails()
    assert {each.sort for each in ours} == {
        ("pending_notice", DESK),
        ("product_notice", GUIDE),
        ("product_notice", BOATS),
    }
    for each in ours:
        assert "Ann Lee" in each.text
        assert "Sold by: Tripdesk" in each.text
        everything = msgspec.json.encode(each.content).decode()
        for hidden in (ANN["email"], ANN["phone"], ANN["streetAddress"]):
            assert hidden not in everything

    await office.desk.data("POST", f"/api/v1/orders/{order['id']}/accept")
    answer = [each for each in await office.new(ours) if each.delivery.kind == "pending_answer"]
    assert [(each.delivery.target, each.content.from_name) for each in answer] == [("desk@tripdesk.example", "Canyon")]
    confirmed = await office.new(theirs, seller.shop.account_id)
    assert [each.sort for each in confirmed] == [("confirmation", "ann@lee.example")]


@embedded
async def test_without_such_terms_the_supplier_sees_whom_it_takes_out(
    office: Office, rafting: str, client: httpx.AsyncClient, services: Services
) -> None:
    seller = await open_reseller(office, client, services)
    await office.order((rafting, {"Adult": 1}), by=seller, flags=only(NOTICE))
    for each in await office.mails():
        assert ANN["email"] in each.text


@embedded
async def test_the_link_is_for_the_customer_alone(office: Office, rafting: str, kayak: str, services: Services) -> None:
    linking = office.using(with_settings(services.settings, public_url="https://book.canyon.example"))
    await linking.order((rafting, {"Adult": 1}), (kayak, {"All": 1}))
    linked = {each.delivery.kind for each in await linking.mails() if "/my/" in each.content.text + each.content.html}
    assert linked == {"pending_received"}


@embedded
async def test_the_link_opens_the_order(
    office: Office, rafting: str, client: httpx.AsyncClient, services: Services
) -> None:
    linking = office.using(with_settings(services.settings, public_url="http://testserver"))
    await linking.order((rafting, {"Adult": 1}), flags=only(CUSTOMER))
    (mail,) = await linking.mails()
    address = next(word for word in mail.text.split() if word.startswith("http://testserver/my/"))
    page = await client.get(address)
    assert page.status_code == 200
    assert "100001" in page.text


async def test_an_event_that_can_not_be_told_stays_and_holds_up_no_other(
    office: Office, rafting: str, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    first = await office.order((rafting, {"Adult": 1}), flags=only(CUSTOMER))
    await office.order((rafting, {"Adult": 1}), flags=only(CUSTOMER))
    real = fanout.write

    def broken(parts: Any, letter: Any) -> Any:
        if letter.order_event.order.id == first["id"]:
            raise RuntimeError("cannot be told")
        return real(parts, letter)

    monkeypatch.setattr(fanout, "write", broken)
    with capture_logs() as lines:
        assert await fanout.fan_out(office.parts) == 2
    assert [line["event"] for line in lines] == ["an event could not be told"]
    assert await office.parts.database.read(outbox.waiting) == 1
    monkeypatch.setattr(fanout, "write", real)
    clock.advance(WAITS_MS[0])
    assert len(await office.mails()) == 2
