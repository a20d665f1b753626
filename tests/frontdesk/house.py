"""A real server with the demo outfitter and things of its to look at, and a browser in front of it."""

from __future__ import annotations

import json
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize

from seatwright.core.config import Settings
from tests.conftest import settings_for
from tests.crash.test_database_away import until
from tests.frontdesk.crew import hire
from tests.server import Server
from tests.wire.test_cors_browser import browser

__all__ = ["browser"]

PICTURES = Path(__file__).parents[2] / "var" / "pictures"
AXE = (Path(__file__).parent / "axe" / "axe.js").read_text(encoding="utf-8")
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
SIZES = {"desk": ViewportSize(width=1440, height=900), "phone": ViewportSize(width=390, height=844)}
CUSTOMERS = (
    {"firstName": "Ann", "lastName": "Lee", "email": "ann@lee.example", "phone": "+1 435 555 0148"},
    {"firstName": "Robert", "lastName": "Featherstonehaugh-Cholmondeley", "email": "robert@a-long-address.example"},
    {"firstName": "Mia", "lastName": "Ortiz", "phone": "+1 435 555 0149"},
)


class House(NamedTuple):
    """A running server with the demo outfitter, and things of its to look at."""

    url: str
    password: str
    things: dict[str, str]
    api: str
    token: str
    settings: Settings

    def get(self, path: str) -> Any:
        """Return the data of a path of the API."""
        answer = httpx.get(f"{self.api}{path}", headers={"Authorization": f"Bearer {self.token}"})
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def book(self, departure: str) -> str:
        """Book a seat as somebody else; return the order's number."""
        with httpx.Client(headers={"Authorization": f"Bearer {self.token}"}) as client:
            cart = client.post(f"{self.api}/cart").json()["data"]["id"]
            client.post(f"{self.api}/cart/{cart}/item", json={"itemId": departure, "participants": {"Adult": 1}})
            placed = client.post(f"{self.api}/order", json={"id": cart})
            assert placed.status_code == 200
            return str(placed.json()["data"]["confirmation"])


@pytest.fixture(scope="module")
def house(tmp_path_factory: pytest.TempPathFactory) -> Iterator[House]:
    settings = settings_for(tmp_path_factory.mktemp("house"))
    server = Server(settings, "--demo", SEATWRIGHT_PUBLIC_URL="https://canyon.example")
    try:
        demo = json.loads((settings.data / "demo.json").read_text(encoding="utf-8"))
        api, who = demo["baseUrl"], {"username": demo["username"], "apikey": demo["apikey"]}
        token = httpx.post(f"{api}/authenticate", json=who).text
        yield House(server.url, demo["password"], _things(api, token), api, token, settings)
    finally:
        server.stop()


def _things(api: str, token: str) -> dict[str, str]:
    """Return the departure that the demo has sold out, its day and the order on it; one that is free, and a cart."""
    desk = api.replace("/public/api", "/api/v1")
    with httpx.Client(headers={"Authorization": f"Bearer {token}"}) as client:
        (order,) = client.get(f"{api}/order?referenceId=DEMO-SOLD-OUT").json()["data"]
        item = order["items"][0]
        day = item["date"]["startTime"][:10]
        rafting = client.get(f"{api}/product/4101/item?from={day}&to={day}").json()["data"]["items"][0]
        free, other = (time["activityId"] for time in rafting["timesAvailable"])
        cart = client.post(f"{api}/cart").json()["data"]["id"]
        client.post(f"{api}/cart/{cart}/item", json={"itemId": free, "participants": {"Adult": 2, "Child": 1}})
        managed = f"{api.removesuffix('/public/api')}/api/v1/orders/{order['id']}"
        note = {"text": "Two of the children come with their own helmets.", "pinned": True}
        assert client.post(f"{managed}/notes", json=note).status_code == 200
        assert client.post(f"{managed}/tags", json={"add": ["school", "VIP"]}).status_code == 200
        user = client.get(f"{desk}/users").json()["data"][0]["id"]
        client.post(f"{desk}/invitations", json={"email": "sam@canyon.example", "role": "guide"})
        order_pending(client, api)
        message = _first_mail(client, desk)
        following = (date.fromisoformat(day) + timedelta(days=1)).isoformat()
        later = client.get(f"{api}/product/4101/item?from={following}&to={following}").json()["data"]["items"][0]
        written, off = (time["activityId"] for time in later["timesAvailable"])
        kayaks = client.get(f"{api}/product/4102/item?from={following}&to={following}").json()["data"]["items"][0]
        windy = kayaks["timesAvailable"][0]["activityId"]
        for departure in (written, off):
            for customer in CUSTOMERS:
                made = client.post(f"{api}/cart").json()["data"]["id"]
                client.post(f"{api}/cart/{made}/item", json={"itemId": departure, "participants": {"Adult": 2}})
                client.put(f"{api}/cart/{made}/customer", json=customer)
                client.post(f"{api}/order", json={"id": made, "disableConfirmationEmail": not customer.get("email")})
        wind = {"kind": "cancel", "orders": len(CUSTOMERS), "reason": "The wind is too strong."}
        job = client.post(f"{desk}/departures/{off}/jobs", json=wind).json()["data"]["id"]
        until(lambda: client.get(f"{desk}/departure-jobs/{job}").json()["data"]["status"] == "done", "the cancellation")
        guide = hire(client, desk, (item["id"], free, other))
        webhook = client.post(f"{desk}/webhooks", json={"url": "https://hooks.canyon.example/"}).json()["data"]["id"]
        assert client.post(f"{desk}/webhooks/{webhook}/test").status_code == 200
        customer = client.get(f"{desk}/customers?q=haddad").json()["data"]["customers"][0]["id"]
    found = {"order": str(order["confirmation"]), "departure": item["id"], "day": day}
    found["guest"] = (item["participantList"] or item["unitList"])[0]["id"]
    return found | {
        "free": free,
        "free_day": day,
        "cart": cart,
        "other": other,
        "user": user,
        "written": written,
        "off": off,
        "job": job,
        "windy": windy,
        "message": message,
        "guide": guide,
        "customer": customer,
        "webhook": webhook,
    }


def _first_mail(client: httpx.Client, desk: str) -> str:
    """Wait for a mail, which the worker makes of an order, and return its id."""
    for _ in range(100):
        if found := client.get(f"{desk}/messages").json()["data"]:
            return str(found[0]["id"])
        time.sleep(0.1)
    raise AssertionError("the worker made no mail")


def order_pending(client: httpx.Client, api: str) -> None:
    """Order a charter, which waits for an answer."""
    days = client.get(f"{api}/product/4105/item").json()["data"]["items"]
    cart = client.post(f"{api}/cart").json()["data"]["id"]
    item = {"itemId": days[0]["timesAvailable"][0]["activityId"], "participants": {"All": 1}}
    assert client.post(f"{api}/cart/{cart}/item", json=item).status_code == 200
    customer = {"firstName": "Noor", "lastName": "Haddad", "phone": "+1 435 555 0142", "email": "noor@haddad.example"}
    assert client.put(f"{api}/cart/{cart}/customer", json=customer).status_code == 200
    order = client.post(f"{api}/order", json={"id": cart, "disablePendingOrderNotification": False})
    assert order.json()["data"]["status"] == "pending", order.text


def opened(browser: Browser, house: House, size: str, scheme: Any) -> BrowserContext:
    """Return a browser that is signed in."""
    context = browser.new_context(viewport=SIZES[size], color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{house.url}/desk/today")
    assert "/desk/sign-in" in page.url
    page.get_by_label("E-mail").fill("demo@canyon.example")
    page.get_by_label("Password").fill(house.password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/today")
    page.close()
    return context


def look(page: Page, name: str, *, axe: bool = True) -> list[str]:
    """Take a picture of a page; return what is wrong with it, also to axe."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
    wrong = [f"{page.evaluate(WIDE)} px too wide"] if page.evaluate(WIDE) > 0 else []
    if not axe:
        return wrong
    page.evaluate(AXE)
    found = page.evaluate("axe.run().then(found => found.violations)")
    wrong += [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]
    return wrong
