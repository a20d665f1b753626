"""A customer at a real browser: opens the link, reads the fee, cancels, and the seats are back."""

from __future__ import annotations

import asyncio
import itertools
import shutil
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx
import pytest
from playwright.sync_api import Browser, Page, ViewportSize

from seatwright.core.clock import ManualClock, SystemClock
from seatwright.core.config import Settings
from seatwright.storage.open import open_database
from tests.conftest import settings_for
from tests.server import Server
from tests.shop import Shop, open_shop
from tests.wire.test_cors_browser import browser

__all__ = ["browser"]

PHONE = ViewportSize(width=360, height=740)
WIDE = "document.documentElement.scrollWidth - document.documentElement.clientWidth"
UNLABELLED = """() => [...document.querySelectorAll("input:not([type=hidden]), button, a, svg")].filter(
    found => !(found.labels?.length || found.textContent.trim() || found.closest("[aria-label]"))).length"""
LEVELS = """() => [...document.querySelectorAll("h1, h2, h3, h4")].map(found => +found.tagName[1])"""


@dataclass
class Outfitter:
    """A running server, somebody of its shop's who is signed in, and a departure of two seats with a flat fee."""

    server: Server
    client: httpx.Client
    departure: str

    def data(self, method: str, path: str, body: Any = None) -> Any:
        """Call the API, and return the answer's data."""
        answer = self.client.request(method, path, json=body)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def order(self) -> tuple[dict[str, Any], str]:
        """Sell both seats; return the order and the address of its page."""
        cart = self.data("POST", "/public/api/cart")["id"]
        self.data("POST", f"/public/api/cart/{cart}/item", {"itemId": self.departure, "participants": {"Adult": 2}})
        ann = {"firstName": "Ann", "lastName": "Lee", "language": "en"}
        self.data("PUT", f"/public/api/cart/{cart}/customer", ann)
        order = self.data("POST", "/public/api/order", {"id": cart})
        return order, self.data("GET", f"/api/v1/orders/{order['id']}/customer-link")["url"]

    def free(self) -> int:
        """Return how many seats are free."""
        return int(self.data("GET", f"/api/v1/departures/{self.departure}")["free"])


async def _open(settings: Settings) -> tuple[Shop, str]:
    database = await open_database(settings)
    shop = await open_shop(database, ManualClock(SystemClock().now()))
    departure = await shop.departure("rafting", "2120-07-14 09:00", capacity=2)
    await database.close()
    return shop, departure


@pytest.fixture(scope="module")
def outfitter(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Outfitter]:
    """The outfitter, on a server of its own."""
    data = tmp_path_factory.mktemp("pages") / "data"
    data.mkdir()
    shutil.copyfile(sqlite_template, data / "seatwright.db")
    settings = settings_for(data)
    with ThreadPoolExecutor() as thread:  # the browser's library has an event loop in this one
        shop, departure = thread.submit(lambda: asyncio.run(_open(settings))).result()
    server = Server(settings, SEATWRIGHT_PUBLIC_URL="http://public.example")
    with httpx.Client(base_url=server.url) as client:
        who = {"username": shop.username, "apikey": shop.apikey}
        client.headers["Authorization"] = f"Bearer {client.post('/public/api/authenticate', json=who).text}"
        yield Outfitter(server, client, departure)
    log = server.stop()
    assert "/my/{token}" in log
    assert log.count("public.example") <= 2, "in the banner (address and desk), and nowhere else"
    assert all(len(word) < 67 for word in log.replace('"', " ").replace("/", " ").split()), "no token in the log"


def walk(page: Page, address: str) -> list[str]:
    """Cancel one participant, then the rest; return what the customer read on the way."""
    read = []
    page.goto(address)
    page.get_by_role("link", name="Cancel the booking or a part of it").click()
    page.get_by_label("1. Adult").check()
    page.get_by_role("button", name="Show fee and refund").click()
    read.append(page.inner_text("main"))
    page.get_by_role("button", name="Cancel now for a fee of $5.00").click()
    read.append(page.inner_text("main"))
    page.reload()  # sends nothing again
    page.get_by_role("link", name="Cancel the booking or a part of it").click()
    page.get_by_label("The whole booking").check()
    page.get_by_role("button", name="Show fee and refund").click()
    shown = page.url
    page.get_by_role("button", name="Cancel now for a fee of $5.00").click()
    read.append(page.inner_text("main"))
    page.goto(shown)
    read.append(page.inner_text("main"))
    return read


@pytest.mark.parametrize("scripts", [True, False], ids=["with JavaScript", "without"])
def test_a_customer_cancels_in_a_browser_and_the_seats_are_free(
    browser: Browser, outfitter: Outfitter, scripts: bool
) -> None:
    order, url = outfitter.order()
    assert url.startswith("http://public.example/my/")
    assert outfitter.free() == 0
    context = browser.new_context(java_script_enabled=scripts, viewport=PHONE)
    complaints: list[str] = []
    page = context.new_page()
    page.on("console", lambda message: complaints.append(message.text))
    page.on("requestfailed", lambda request: complaints.append(request.url))
    confirm, one_left, none_left, again = walk(page, url.replace("http://public.example", outfitter.server.url))
    assert context.cookies() == []
    context.close()
    assert "$111.38" in confirm
    assert "$5.00 per person" in confirm
    assert "$106.38" in confirm
    assert "Your cancellation is complete." in one_left
    assert "$106.38" in one_left
    assert "Your cancellation is complete." in none_left
    assert "Already cancelled" in again
    assert complaints == [], "nothing is refused by the content policy, and nothing else is fetched"
    assert outfitter.free() == 2
    shown = outfitter.data("GET", f"/public/api/order/{order['id']}")
    assert (shown["status"], shown["cancellationFees"], shown["balance"]) == ("cancelled", 10, -212.76)


def test_the_page_can_be_used_on_a_phone_and_by_everybody(browser: Browser, outfitter: Outfitter) -> None:
    """Nothing is wider than the screen, everything has a name, headings have an order, and a key gets one around."""
    _, url = outfitter.order()
    address = url.replace("http://public.example", outfitter.server.url)
    context = browser.new_context(viewport=PHONE)
    page = context.new_page()
    for path in ("", "/cancel", "/cancel?what=order", "/nothing"):
        page.goto(address + path)
        assert page.evaluate(WIDE) == 0, path
        assert page.evaluate(UNLABELLED) == 0, path
        levels = page.evaluate(LEVELS)
        assert levels[0] == 1
        assert levels.count(1) == 1
        assert all(after - before <= 1 for before, after in itertools.pairwise(levels)), levels
        assert str(page.get_attribute("html", "lang")).startswith("en")
        assert page.title()
    page.goto(f"{address}/cancel?what=order")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.tagName") == "BUTTON"
    assert page.evaluate("getComputedStyle(document.activeElement).outlineStyle") == "solid", "one sees where one is"
    page.keyboard.press("Enter")
    page.wait_for_url("**/*?done=1")
    assert outfitter.free() == 2
    context.close()
