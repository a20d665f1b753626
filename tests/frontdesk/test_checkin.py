"""Check-in in a real browser: while the server is away, by camera with both decoders, and by keyboard alone."""

from __future__ import annotations

import json
import re
import shutil
from collections.abc import Iterator
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pytest
import segno
from playwright.sync_api import Browser, BrowserContext, Page, expect

from seatwright.core.config import Settings
from tests.conftest import settings_for
from tests.frontdesk.house import AXE
from tests.pdf import colours_of, text_of
from tests.server import Server
from tests.wire.test_cors_browser import QUIET, browser

__all__ = ["browser"]

AWAY = re.compile("net::ERR_|Failed to (fetch|load resource)")
"""What a browser says on its console while a server is away."""
WIDTH, HEIGHT = 480, 360


class Dock(NamedTuple):
    """A running server with a departure on which there are 50 guests of ten orders, and two others."""

    settings: Settings
    server: Server
    password: str
    api: str
    headers: dict[str, str]
    departure: str
    other: str
    third: str
    orders: list[dict[str, Any]]

    def ask(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request of the API, and return its data."""
        answer = httpx.request(method, self.api + path, json=body, headers=self.headers)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def order(self, departure: str, adults: int) -> Any:
        """Book some guests."""
        cart = self.ask("POST", "/public/api/cart")["id"]
        adding = {"itemId": departure, "participants": {"Adult": adults}}
        self.ask("POST", f"/public/api/cart/{cart}/item", adding)
        self.ask("PUT", f"/public/api/cart/{cart}/customer", {"firstName": "Ann", "lastName": f"Lee {cart[:4]}"})
        return self.ask("POST", "/public/api/order", {"id": cart})

    def since(self, departure: str = "") -> dict[str, str | None]:
        """Return since when each guest is there."""
        found = self.ask("GET", f"/api/v1/departures/{departure or self.departure}/manifest")
        return {guest["id"]: guest["checkedInDate"] for guest in found["guests"]}


@pytest.fixture(scope="module")
def dock(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Dock]:
    settings = settings_for(tmp_path_factory.mktemp("dock"))
    server = Server(settings, "--demo")
    try:
        demo = json.loads((settings.data / "demo.json").read_text(encoding="utf-8"))
        who = {"username": demo["username"], "apikey": demo["apikey"]}
        token = httpx.post(f"{demo['baseUrl']}/authenticate", json=who).text
        headers = {"Authorization": f"Bearer {token}"}
        dock = Dock(settings, server, demo["password"], server.url, headers, "", "", "", [])
        products = dock.ask("GET", "/api/v1/products")
        code = next(each["code"] for each in products if "Adult" in json.dumps(each.get("tiers")))
        made = [
            dock.ask("POST", f"/api/v1/products/{code}/departures", {"start": start, "durationMin": 60, "capacity": 60})
            for start in ("2099-07-14T09:00", "2099-07-15T09:00", "2099-07-16T09:00")
        ]
        dock = dock._replace(departure=made[0]["id"], other=made[1]["id"], third=made[2]["id"])
        dock.orders.extend(dock.order(dock.departure, 5) for _ in range(10))
        yield dock
    finally:
        server.stop()


def opened(browser: Browser, dock: Dock, departure: str, **more: Any) -> tuple[BrowserContext, Page, list[str]]:
    """Return a browser that is signed in, on a departure's page, and what it says on its console."""
    context = browser.new_context(**more)
    page = context.new_page()
    said: list[str] = []
    page.on("console", lambda message: said.append(message.text))
    page.on("pageerror", lambda error: said.append(str(error)))
    page.goto(f"{dock.server.url}/desk/sign-in")
    page.get_by_label("E-mail").fill("demo@canyon.example")
    page.get_by_label("Password").fill(dock.password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/today")
    page.goto(f"{dock.server.url}/desk/departures/{departure}")
    return context, page, said


def row(page: Page, guest: str) -> Any:
    """Return a guest's line on the page."""
    return page.locator(f'li[data-guest="{guest}"]')


def guests_order(page: Page, guest: str) -> str:
    """Return the id of a guest's order, as it is in the code on their ticket."""
    return str(row(page, guest).get_attribute("data-order"))


def test_what_others_did_later_counts_and_is_said(browser: Browser, dock: Dock) -> None:
    order = dock.order(dock.other, 2)
    first, second = (each["id"] for each in order["items"][0]["participantList"])
    context, page, _ = opened(browser, dock, dock.other)
    context.set_offline(True)
    row(page, first).get_by_role("button", name="Check in").click()
    row(page, second).get_by_role("button", name="No-show").click()
    expect(page.locator("desk-queue")).to_have_text("2 check-ins not sent yet")
    dock.ask("POST", f"/api/v1/orders/{order['id']}/no-show", {"ids": [first]})
    dock.ask("POST", f"/api/v1/orders/{order['id']}/cancel", cancelling(dock, order["id"], second))
    context.set_offline(False)
    remarks = page.locator("#remarks .says")
    expect(remarks).to_have_count(2)
    expect(remarks.filter(has_text="is a no-show since")).to_have_count(1)
    expect(remarks.filter(has_text="is cancelled")).to_have_count(1)
    expect(row(page, first)).to_have_attribute("data-state", "missing")
    for _ in range(2):
        remarks.first.get_by_role("button").click()
    expect(remarks).to_have_count(0)
    page.reload()
    expect(row(page, first)).to_be_visible()
    expect(remarks).to_have_count(0)
    context.close()


def cancelling(dock: Dock, order: str, line: str) -> dict[str, Any]:
    """Return the request that cancels a guest."""
    quote = dock.ask("GET", f"/api/v1/orders/{order}/cancellation-quote?lineIds={line}")
    return {"lineIds": [line], "proof": quote["proof"]}


def test_another_session_sends_nothing_and_one_that_is_over_says_so(browser: Browser, dock: Dock) -> None:
    order = dock.order(dock.other, 1)
    guest = order["items"][0]["participantList"][0]["id"]
    context, page, _ = opened(browser, dock, dock.other)
    context.clear_cookies()
    row(page, guest).get_by_role("button", name="Check in").click()
    link = page.get_by_role("link", name="Sign in again to send 1 check-in")
    expect(link).to_be_visible()
    assert dock.since(dock.other)[guest] is None
    page.evaluate("localStorage.setItem('desk.kept.somebody-else.x', JSON.stringify({id: 'x', at: Date.now()}))")
    link.click()
    page.get_by_label("E-mail").fill("demo@canyon.example")
    page.get_by_label("Password").fill(dock.password)
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/today")
    expect(page.locator("desk-queue")).to_be_hidden()
    page.goto(f"{dock.server.url}/desk/departures/{dock.other}")
    expect(row(page, guest)).to_have_attribute("data-state", "in")
    assert page.evaluate("Object.keys(localStorage)") == ["desk.kept.somebody-else.x"]
    context.close()


def test_a_departure_by_keyboard_alone(browser: Browser, dock: Dock) -> None:
    order = dock.order(dock.other, 2)
    first, second = (each["id"] for each in order["items"][0]["participantList"])
    context, page, said = opened(browser, dock, dock.other)
    expect(page.locator("#code:focus")).to_be_visible()
    page.keyboard.type(str(order["confirmation"]))
    page.keyboard.press("Enter")
    expect(page.locator("[data-said]")).to_contain_text("2 guests checked in")
    expect(page.locator("#code:focus")).to_be_visible()
    page.keyboard.type(order["id"])
    page.keyboard.press("Enter")
    expect(page.locator("[data-said]")).to_contain_text("scanned before")
    undo = row(page, first).get_by_role("button", name="Undo")
    for _ in range(60):
        page.keyboard.press("Tab")
        if undo.evaluate("each => each === document.activeElement"):
            break
    page.keyboard.press("Enter")
    expect(row(page, first)).to_have_attribute("data-state", "")
    expect(row(page, first).locator("button:focus")).to_have_text("Check in")
    expect(row(page, second)).to_have_attribute("data-state", "in")
    row(page, first).get_by_role("button", name="No-show").click()
    expect(row(page, first)).to_have_attribute("data-state", "missing")
    page.evaluate(AXE)
    found = page.evaluate("axe.run().then(found => found.violations)")
    assert [(each["id"], each["nodes"][0]["html"]) for each in found] == []
    assert said == []
    context.close()


def test_the_page_is_printed_in_black_and_white(browser: Browser, dock: Dock) -> None:
    order = dock.order(dock.third, 2)
    first = order["items"][0]["participantList"][0]["id"]
    dock.ask("POST", f"/api/v1/orders/{order['id']}/check-in", {"ids": [first]})
    context, page, _ = opened(browser, dock, dock.third)
    content = page.pdf(format="A4")
    context.close()
    assert {colour for colour in colours_of(content) if len(set(colour)) > 1} == set()
    text = "".join(text_of(content))
    assert "Ann Lee" in text
    for left_out in ("New booking", "No-show", "Scan", "Undo"):
        assert left_out not in text, left_out


def film(path: Path, code: str) -> Path:
    """Write a film of one second in which somebody holds a code before the camera (YUV4MPEG2, grey)."""
    matrix = [list(line) for line in segno.make(code, micro=False).matrix]
    scale = HEIGHT // (len(matrix) + 8)
    rows = bytearray()
    top, left = (HEIGHT - scale * len(matrix)) // 2, (WIDTH - scale * len(matrix)) // 2
    for y in range(HEIGHT):
        line = bytearray(b"\xeb" * WIDTH)
        at = (y - top) // scale
        if y >= top and at < len(matrix):
            for x, dark in enumerate(matrix[at]):
                if dark:
                    line[left + x * scale : left + (x + 1) * scale] = b"\x10" * scale
        rows += line
    frame = b"FRAME\n" + bytes(rows) + b"\x80" * (WIDTH * HEIGHT // 2)
    path.write_bytes(f"YUV4MPEG2 W{WIDTH} H{HEIGHT} F10:1 Ip A1:1 C420mpeg2\n".encode() + frame * 10)
    return path


OWN_DECODER = """window.BarcodeDetector = class {
  static async getSupportedFormats() { return ["qr_code"]; }
  async detect(video) { window.looked = true; return video.videoWidth ? [{ rawValue: "%s" }] : []; }
};"""


def test_codes_are_read_by_camera_with_either_decoder(browser: Browser, dock: Dock, tmp_path: Path) -> None:
    here, there = dock.order(dock.other, 2), dock.order(dock.third, 1)
    film_args = [
        "--use-fake-device-for-media-stream",
        f"--use-file-for-fake-video-capture={film(tmp_path / 'c.y4m', here['id'])}",
    ]
    chromium = browser.browser_type.launch(
        executable_path=shutil.which("chromium") or shutil.which("google-chrome"), args=[*QUIET, *film_args]
    )
    try:
        context, page, said = opened(chromium, dock, dock.other, permissions=["camera"])
        said_line = page.locator("[data-said]")
        page.get_by_role("button", name="Scan with the camera").click()
        expect(said_line).to_contain_text(f"{here['confirmation']}: 2 guests checked in", timeout=20_000)
        page.get_by_role("button", name="Stop the camera").click()
        expect(page.locator("video")).to_be_hidden()
        page.get_by_role("button", name="Scan with the camera").click()
        expect(said_line).to_contain_text("scanned before")
        assert all(dock.since(dock.other)[each["id"]] for each in here["items"][0]["participantList"])
        page.goto(f"{dock.server.url}/desk/departures/{dock.third}")
        page.get_by_role("button", name="Scan with the camera").click()
        expect(page.locator("[data-said]")).to_contain_text("This order has nobody on this departure, but on: ")
        expect(page.locator("[data-said]")).to_contain_text("July 15")
        context.close()

        context, page, more = opened(chromium, dock, dock.third, permissions=["camera"])
        page.add_init_script(OWN_DECODER % there["id"])
        loaded: list[str] = []
        page.on("request", lambda request: loaded.append(request.url))
        page.reload()
        page.get_by_role("button", name="Scan with the camera").click()
        expect(page.locator("[data-said]")).to_contain_text(f"{there['confirmation']}: 1 guest checked in")
        assert page.evaluate("window.looked")
        assert [each for each in loaded if "vendor/qr" in each] == []
        context.close()

        context, page, third = opened(chromium, dock, dock.third)
        page.get_by_role("button", name="Scan with the camera").click()
        expect(page.locator("[data-said]")).to_contain_text("The camera isn’t allowed for this page")
        context.close()
        assert [each for each in said + more + third if "404" not in each] == []
    finally:
        chromium.close()


def test_fifty_check_ins_while_the_server_is_stopped_are_there_once_each(browser: Browser, dock: Dock) -> None:
    """It comes last: the module's server is stopped, and another one is started in its place."""
    context, page, said = opened(browser, dock, dock.departure)
    server = dock.server
    server.stop()
    guests = list(page.locator("li[data-guest]").evaluate_all("all => all.map(each => each.dataset.guest)"))
    assert len(guests) == 50
    for guest in guests[:44]:
        row(page, guest).get_by_role("button", name="Check in").click()
    expect(page.locator("[data-there]")).to_have_text("44")
    row(page, guests[0]).get_by_role("button", name="Undo").click()
    row(page, guests[0]).get_by_role("button", name="Check in").click()
    # The last ones by a scanner that types, and by their number.
    page.get_by_label("Scanned code or confirmation number").fill(guests_order(page, guests[44]))
    page.keyboard.press("Enter")
    left = page.locator('li[data-state=""]').first
    if left.count():
        page.get_by_label("Scanned code or confirmation number").fill(left.get_attribute("data-number") or "")
        page.keyboard.press("Enter")
    expect(page.locator("[data-there]")).to_have_text("50")
    expect(page.locator("desk-queue")).to_have_text("52 check-ins not sent yet")
    kept = page.evaluate("JSON.stringify(localStorage)")
    assert "Ann" not in kept
    assert "Lee" not in kept
    expect(page.locator("li[data-guest] .kept")).to_have_count(50)
    again = Server(dock.settings, port=server.port)
    try:
        expect(page.locator("desk-queue")).to_be_hidden(timeout=30_000)
        there = dock.since()
        assert len(there) == 50
        assert all(there.values())
        expect(page.locator("li[data-guest] .kept")).to_have_count(0)
        assert page.evaluate("Object.keys(localStorage).length") == 0
        for order in dock.orders:
            audit = dock.ask("GET", f"/api/v1/audit/{order['id']}")
            lines = [
                line for event in audit if event["action"] == "order.checked_in" for line in event["detail"]["lines"]
            ]
            assert sorted(lines) == sorted(each["id"] for each in order["items"][0]["participantList"]), "once each"
        page.get_by_role("button", name="Sign out").click()
        page.wait_for_url("**/desk/sign-in*")
        assert [each for each in said if not AWAY.search(each)] == []
    finally:
        context.close()
        again.stop()
