"""A page in a real browser calls the API from another origin, and from a file."""

from __future__ import annotations

import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import msgspec
import pytest
from playwright.sync_api import Browser, sync_playwright

from tests.conftest import settings_for
from tests.server import Server

PAGE = "<!doctype html><title>A seller's page</title>"
QUIET = [
    "--no-sandbox",
    "--disable-gpu",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
]
SCRIPT = """async ([base, who]) => {
  const json = {"Content-Type": "application/json"};
  const signIn = await fetch(base + "/authenticate", {method: "POST", headers: json, body: JSON.stringify(who)});
  const headers = {...json, "Authorization": "Bearer " + await signIn.text(), "Idempotency-Key": "from-a-page"};
  const cart = await fetch(base + "/cart", {method: "POST", headers, body: "{}"});
  const removed = await fetch(base + "/cart/" + (await cart.json()).data.id, {method: "DELETE", headers:
    {"Authorization": headers.Authorization}});
  return [signIn.status, cart.status, removed.status];
}"""


@pytest.fixture(scope="module")
def browser() -> Iterator[Browser]:
    """A headless Chromium of the system's."""
    chromium = shutil.which("chromium") or shutil.which("google-chrome")
    assert chromium, "install Chromium (Debian's package chromium) for this test, as .ci/run does"
    with sync_playwright() as playwright:
        opened = playwright.chromium.launch(executable_path=chromium, args=QUIET)
        yield opened
        opened.close()


def call_from(browser: Browser, page_address: str, data: Path, **settings: str) -> list[int]:
    """Open a page, let it sign in, make a cart and delete it, and return the statuses it saw."""
    server = Server(settings_for(data), "--demo", **settings)
    try:
        demo: dict[str, Any] = msgspec.json.decode((data / "demo.json").read_bytes())
        page = browser.new_page()
        page.goto(page_address)
        who = {"username": demo["username"], "apikey": demo["apikey"]}
        seen: list[int] = page.evaluate(SCRIPT, [demo["baseUrl"], who])
        page.close()
        return seen
    finally:
        server.stop()


def test_from_a_file(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(PAGE)
    assert call_from(browser, page.as_uri(), tmp_path) == [200, 200, 200]


def test_an_origin_that_is_not_allowed_is_refused_by_the_browser(browser: Browser, tmp_path: Path) -> None:
    page = tmp_path / "page.html"
    page.write_text(PAGE)
    with pytest.raises(Exception, match="Failed to fetch"):
        call_from(browser, page.as_uri(), tmp_path, SEATWRIGHT_CORS_ORIGINS="https://seller.example")


def test_from_another_origin(browser: Browser, tmp_path: Path) -> None:
    (tmp_path / "other").mkdir()
    other = Server(settings_for(tmp_path / "other"))
    try:
        seen = call_from(browser, f"{other.url}/healthz", tmp_path, SEATWRIGHT_CORS_ORIGINS=other.url)
    finally:
        other.stop()
    assert seen == [200, 200, 200]
