"""A page in a real browser calls the API of a real server: from a file (origin `null`), and from another origin."""

from __future__ import annotations

import asyncio
import functools
import http.server
import shutil
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import pytest
from playwright.sync_api import Browser, Error, sync_playwright

from seatwright.core.clock import ManualClock, SystemClock
from seatwright.core.config import Settings
from seatwright.storage.open import open_database
from tests.conftest import settings_for
from tests.server import Server
from tests.shop import Shop, open_shop

PAGE = "<!doctype html><title>A seller's page</title>"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCRIPT = """async ([base, who, itemId, key]) => {
  const json = {"Content-Type": "application/json"};
  const signIn = await fetch(base + "/authenticate", {method: "POST", headers: json, body: JSON.stringify(who)});
  const authorized = {"Authorization": "Bearer " + await signIn.text(), ...json};
  const call = async (method, path, body, more) => {
    const request = {method, headers: {...authorized, ...more}, body: body && JSON.stringify(body)};
    const answer = await fetch(base + path, request);
    return {status: answer.status, replayed: answer.headers.get("Idempotent-Replayed"), ...await answer.json()};
  };
  const cart = (await call("POST", "/cart", {})).data.id;
  await call("POST", `/cart/${cart}/item`, {itemId, participants: {All: 2}});
  await call("PUT", `/cart/${cart}/customer`, {firstName: "Ann"});
  const order = await call("POST", "/order", {id: cart}, {"Idempotency-Key": key});
  const again = await call("POST", "/order", {id: cart}, {"Idempotency-Key": key});
  const found = await call("GET", "/order?ids=" + order.data.id);
  const cancelled = await call("DELETE", "/order/" + order.data.id);
  const nothing = await call("GET", "/order/nothing");
  return {order, again, found, cancelled, nothing, signIn: signIn.status};
}"""


@dataclass
class Seller:
    """A server with a shop in it, and what a page needs to sell there."""

    server: Server
    arguments: list[Any]


async def _open(settings: Settings) -> tuple[Shop, str]:
    database = await open_database(settings)
    shop = await open_shop(database, ManualClock(SystemClock().now()))
    kayak = await shop.departure("kayak", "2120-07-14 09:00", capacity=100)
    await database.close()
    return shop, kayak


def serve(template: Path, data: Path, **environment: str) -> Seller:
    """Start a server with a shop in it."""
    data.mkdir()
    shutil.copyfile(template, data / "seatwright.db")
    settings = settings_for(data)
    with ThreadPoolExecutor() as thread:  # the browser's library has an event loop in this one
        shop, kayak = thread.submit(lambda: asyncio.run(_open(settings))).result()
    server = Server(settings, **environment)
    who = {"username": shop.username, "apikey": shop.apikey}
    return Seller(server, [f"{server.url}/public/api", who, kayak])


@pytest.fixture(scope="module")
def seller(sqlite_template: Path, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Seller]:
    """A server that any page may call, as it is by default."""
    started = serve(sqlite_template, tmp_path_factory.mktemp("cors") / "data")
    yield started
    started.server.stop()


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium of the system's."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    assert chromium, "install Chromium (Debian's package chromium) for this test, as .ci/run does"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield opened
        opened.close()


@pytest.fixture(scope="module")
def pages(tmp_path_factory: pytest.TempPathFactory) -> Iterator[dict[str, str]]:
    """The address of a page in a file, and of one on another port, which is another origin."""
    folder = tmp_path_factory.mktemp("pages")
    (folder / "page.html").write_text(PAGE)
    handler = functools.partial(http.server.SimpleHTTPRequestHandler, directory=folder)
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), handler) as other:
        thread = threading.Thread(target=other.serve_forever)
        thread.start()
        origin = f"http://127.0.0.1:{other.server_port}"
        yield {"file": (folder / "page.html").as_uri(), "port": f"{origin}/page.html", "origin": origin}
        other.shutdown()
        thread.join()


def sell(browser: Browser, address: str, seller: Seller) -> dict[str, Any]:
    """Open a page, and let it sell; return what it saw."""
    page = browser.new_page()
    try:
        page.goto(address)
        seen: dict[str, Any] = page.evaluate(SCRIPT, [*seller.arguments, f"key-from-{page.evaluate('origin')}"])
        return seen
    finally:
        page.close()


def check_sold(seen: dict[str, Any]) -> None:
    """A sale as it should have gone: the page has read statuses, bodies, and a header."""
    assert (seen["signIn"], seen["order"]["status"], seen["order"]["errorMessage"]) == (200, 200, None)
    assert (seen["order"]["data"]["total"], seen["order"]["data"]["customer"]) == (150.5, {"firstName": "Ann"})
    assert (seen["order"]["replayed"], seen["again"]["replayed"]) == (None, "true")
    assert seen["again"]["data"] == seen["order"]["data"]
    assert [order["id"] for order in seen["found"]["data"]] == [seen["order"]["data"]["id"]]
    assert seen["cancelled"]["data"]["status"] == "cancelled"
    assert (seen["nothing"]["status"], seen["nothing"]["errorCode"]) == (404, "order_not_found")


@pytest.mark.parametrize("place", ["file", "port"])
def test_a_page_of_another_origin_places_an_order(
    browser: Browser, pages: dict[str, str], seller: Seller, place: str
) -> None:
    check_sold(sell(browser, pages[place], seller))


def test_a_page_may_call_the_api_only_from_the_origin_that_is_allowed(
    browser: Browser, pages: dict[str, str], sqlite_template: Path, tmp_path: Path
) -> None:
    seller = serve(sqlite_template, tmp_path / "data", SEATWRIGHT_CORS_ORIGINS=pages["origin"])
    try:
        check_sold(sell(browser, pages["port"], seller))
        with pytest.raises(Error, match="Failed to fetch"):
            sell(browser, pages["file"], seller)
    finally:
        seller.server.stop()
