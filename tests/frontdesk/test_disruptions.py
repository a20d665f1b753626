"""A departure's guests all at once, at the desk: the dry run is what happens, once each, and the untold are named."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from seatwright.auth.model import ALL_PERMISSIONS
from seatwright.disruptions import service as disruptions
from seatwright.http.context import Services
from tests.desk import Desk, open_desk
from tests.frontdesk.test_money import hidden
from tests.frontdesk.visitor import Visitor, text_of, visitor

LOUD = {"disableConfirmationEmail": False}
ANN = {"firstName": "Ann", "lastName": "Lee", "email": "ann@lee.example", "phone": "+1 435 555 0148"}
BO = {"firstName": "Bo", "lastName": "Ray", "phone": "+1 435 555 0149"}


async def book(desk: Desk, departure: str, customer: dict[str, Any], many: int, **flags: bool) -> Any:
    cart = await desk.cart((departure, {"Adult": many}))
    await desk.data("PUT", f"/cart/{cart}/customer", json=customer)
    return await desk.data("POST", "/order", json={"id": cart, **flags})


async def busy(desk: Desk, client: httpx.AsyncClient, departure: str) -> list[Any]:
    """Book a departure: told by mail, without an address, with mails off, and by a reseller."""
    agent = await open_desk(client, desk.services, "agent")
    await desk.data("POST", "/api/v1/connections", json={"resellerId": agent.shop.account_id})
    return [
        await book(desk, departure, ANN, 2, **LOUD),
        await book(desk, departure, BO, 1, **LOUD),
        await book(desk, departure, {**ANN, "firstName": "Cy", "email": "cy@lee.example"}, 1),
        await agent.order((departure, {"Senior": 1}), supplier=desk.shop.account_id, **LOUD),
    ]


def fields(page: httpx.Response, *more: tuple[str, str]) -> list[tuple[str, str]]:
    """Return what confirms that which a page shows."""
    return [*((name, hidden(page, name)[0]) for name in ("proof", "once")), ("do", "start"), *more]


async def work(desk: Desk) -> None:
    await disruptions.work(desk.services.database, desk.shop.booking)


async def rows(page: httpx.Response) -> dict[str, str]:
    """Return what is said of each order, by its number."""
    found = re.findall(r"<tr[^>]*><td><a href=\"[^\"]*/orders/(\d+)\">(.*?)</tr>", page.text, re.DOTALL)
    return {number: re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", text)).strip() for number, text in found}


async def test_the_dry_run_of_a_cancellation_is_what_happens(
    desk: Desk, dana: Visitor, client: httpx.AsyncClient, rafting: str
) -> None:
    orders = await busy(desk, client, rafting)
    path = f"/departures/{rafting}"
    assert "Cancel this departure" in text_of(await dana.get(path))
    page = await dana.get(f"{path}/cancel")
    said = text_of(page)
    planned = await desk.data("POST", f"/api/v1{path}/jobs?check=true", json={"kind": "cancel"})
    assert f"4 orders, {planned['guests']} guests" in said
    assert f"there is ${planned['amount']} to give back" in said
    assert "Nothing has happened yet" in said
    assert "2 customers get a mail; 2 don’t : call them" in said
    shown = await rows(page)
    for order, words in zip(
        orders, ("ann@lee.example", "No e-mail address", "Mails are off", "by its seller"), strict=True
    ):
        assert words in shown[str(order["confirmation"])], shown
        assert f"${order['total']:.2f}" in shown[str(order["confirmation"])]
    assert "+1 435 555 0149" in shown[str(orders[1]["confirmation"])]
    assert "+1 435" not in shown[str(orders[0]["confirmation"])], "who is told need not be called"
    assert (await desk.data("GET", f"/api/v1{path}"))["closed"] is False
    form = fields(page, ("reason", "The wind is too strong."), ("text", "We are sorry."))
    started = await dana.post(f"{path}/cancel", form)
    assert started.status_code == 303
    where = started.headers["location"].removeprefix("/desk")
    assert (await dana.post(f"{path}/cancel", form)).headers["location"] == f"/desk{path}", "sent twice, done once"
    going = text_of(await dana.get(where))
    assert "0 of 4 orders" in going
    assert "It goes on by itself" in going
    assert "running" in text_of(await dana.get(path))
    await work(desk)
    done = await dana.get(where)
    for text in (
        "4 of 4 orders",
        f"{planned['guests']} guests cancelled",
        f"${planned['amount']} to give back",
        "done",
    ):
        assert text in text_of(done), text
    after = await rows(done)
    for number, text in shown.items():
        give_back = re.findall(r"\$[\d.]+", text)[-1]
        assert give_back in after[number], "to the cent, order by order"
    departure = text_of(await dana.get(path))
    for text in ("Does not take place", "The wind is too strong.", "4 of 4 orders"):
        assert text in departure
    (job,) = await desk.data("GET", f"/api/v1{path}/jobs")
    assert (job["done"], job["amount"], job["text"]) == (4, planned["amount"], "We are sorry.")
    assert "Cancelled" in text_of(await dana.get("/day/2026-07-14"))
    await dana.post(f"{path}/sales", {"open": "1"})
    for page in (path, "/day/2026-07-14"):
        assert "Cancelled" not in text_of(await dana.get(page)).partition("Done with all")[0]


async def test_what_has_changed_since_is_shown_again(desk: Desk, dana: Visitor, rafting: str) -> None:
    path = f"/departures/{rafting}/cancel"
    page = await dana.get(path)
    assert "nobody has booked it" in text_of(page)
    order = await book(desk, rafting, ANN, 2, **LOUD)
    refused = await dana.post(path, fields(page, ("reason", "Wind & rain"), ("text", "Sorry.")))
    assert refused.status_code == 409
    assert "not what was shown before" in text_of(refused)
    assert 'value="Wind &amp; rain"' in refused.text
    assert ">Sorry.</textarea>" in refused.text
    page = refused
    guest = order["items"][0]["participantList"][0]["id"]
    await desk.data("DELETE", f"/order/{order['id']}/item/{rafting}/participant/{guest}")
    refused = await dana.post(path, fields(page))
    assert refused.status_code == 409, "as many orders, and another amount"
    assert (await dana.post(path, fields(refused, ("reason", "x" * 501)))).status_code == 400
    assert (await dana.post(path, fields(refused))).status_code == 303
    again = await dana.get(path)
    assert (await dana.post(path, fields(again))).status_code == 409, "it is running"


async def test_everybody_moves_who_fits_and_the_rest_is_named(
    desk: Desk, dana: Visitor, client: httpx.AsyncClient, rafting: str
) -> None:
    orders = await busy(desk, client, rafting)
    small = await desk.shop.departure("rafting", "2026-07-14 14:00", capacity=3)
    path = f"/departures/{rafting}/move"
    choosing = await dana.get(path)
    assert f'value="{small}"' in choosing.text
    assert "Choose the departure" in text_of(await dana.post(path, {"do": "show"}))
    page = await dana.post(path, {"to": small, "reason": "Low water", "do": "show"})
    said = text_of(page)
    assert "Move 2 orders, 3 guests" in said
    assert "2 orders can’t move and stay here" in said
    assert "Not enough seats there" in (await rows(page))[str(orders[2]["confirmation"])]
    assert 'value="Low water"' in page.text
    assert (await dana.post(path, fields(page))).status_code == 400, "where to?"
    elsewhere = await desk.shop.departure("rafting", "2026-07-14 15:00", capacity=12)
    other = await dana.post(path, fields(page, ("to", elsewhere)))
    assert other.status_code == 409, "another departure than the one that was shown"
    started = await dana.post(path, fields(page, ("to", small), ("reason", "Low water")))
    assert started.status_code == 303
    await work(desk)
    done = text_of(await dana.get(started.headers["location"].removeprefix("/desk")))
    for text in ("4 of 4 orders", "3 guests moved", "2 orders stayed as they were", "Low water"):
        assert text in done, text
    assert (await desk.shop.taken(small), await desk.shop.taken(rafting)) == (3, 2)
    moved = text_of(await dana.get(f"/orders/{orders[0]['confirmation']}"))
    assert "Moved to another departure (Low water)" in moved


async def test_a_message_is_shown_first_and_sent_once(
    desk: Desk, dana: Visitor, client: httpx.AsyncClient, rafting: str
) -> None:
    await busy(desk, client, rafting)
    await desk.data("POST", "/api/v1/mailing-refusals", json={"email": "cy@lee.example"})
    path = f"/departures/{rafting}/message"
    page = await dana.get(path)
    said = text_of(page)
    assert "2 customers get it" in said
    assert "1 of them refuses advertising" in said
    assert "2 can’t be written to" in said
    assert "Send to" not in said
    assert (await dana.post(path, {"do": "show"})).status_code == 400
    words = [("subject", "We start at <8>"), ("text", "Come early.\r\n\r\nBring shoes.")]
    shown = await dana.post(path, [*words, ("do", "show")])
    assert "We start at &lt;8&gt;" in shown.text
    assert "Come early.\n\nBring shoes." in shown.text.partition('<pre class="mail"')[2]
    assert "Send to 2 customers" in text_of(shown)
    assert "/my/" not in shown.text, "whoever looks at it gets no link to the customer's page"
    form = [*fields(shown, *words), ("words", hidden(shown, "words")[0])]
    edited = await dana.post(path, [*form, ("text", "Come late.")])
    assert edited.status_code == 409
    assert "Come late." in edited.text.partition('<pre class="mail"')[2]
    sent = await dana.post(path, form)
    assert sent.status_code == 303
    assert (await dana.post(path, form)).status_code == 303
    await work(desk)
    done = text_of(await dana.get(sent.headers["location"].removeprefix("/desk")))
    for text in ("2 messages on their way", "2 orders could not be written to", "We start at &lt;8&gt;"):
        assert text in done, text
    (job,) = await desk.data("GET", f"/api/v1/departures/{rafting}/jobs")
    assert (job["done"], job["subject"], job["text"]) == (2, "We start at <8>", "Come early.\n\nBring shoes.")


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_who_may_do_what(
    desk: Desk, dana: Visitor, client: httpx.AsyncClient, services: Services, rafting: str
) -> None:
    await book(desk, rafting, ANN, 2)
    clerk = await visitor(client, services, desk.shop.account_id, ALL_PERMISSIONS - {"cancellation_fee.edit"})
    said = text_of(await clerk.get(f"/departures/{rafting}"))
    assert ("Write to all guests" in said, "Cancel this departure" in said) == (True, False)
    canceller = await visitor(
        client, services, desk.shop.account_id, frozenset({"orders.cancel", "cancellation_fee.edit"})
    )
    assert "ann@lee" not in (await canceller.get(f"/departures/{rafting}/cancel")).text, (
        "contacts are for who reads orders"
    )
    other = await desk.shop.departure("rafting", "2026-07-20 09:00", capacity=1)
    job = await desk.data("POST", f"/api/v1/departures/{other}/jobs", json={"kind": "cancel", "orders": 0})
    assert (await dana.get(f"/departures/{other}/jobs/{job['id']}")).status_code == 200
    assert (await dana.get(f"/departures/{rafting}/jobs/{job['id']}")).status_code == 404
