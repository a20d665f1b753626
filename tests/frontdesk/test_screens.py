"""Every screen in a real browser, at the size of a desk and of a phone, light and dark: no message on the console,
nothing wider than the window, nothing that axe finds. The pictures are in var/pictures, for people to look at.
"""

from __future__ import annotations

import json
import re
import time
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path
from typing import Any, NamedTuple

import httpx
import pyotp
import pytest
from playwright.sync_api import Browser, BrowserContext, Page, ViewportSize, expect

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
SCREENS = {
    "today": "/today",
    "day": "/day/{day}",
    "departure-beside-day": "/day/{day}?departure={departure}",
    "empty-day": "/day/2020-01-01",
    "month": "/calendar",
    "week": "/calendar?view=week&day={day}",
    "list": "/calendar?view=list&day={day}",
    "departure": "/departures/{departure}",
    "departure-edit": "/departures/{departure}/edit",
    "crew": "/crew",
    "crew-member": "/crew/{guide}",
    "departure-without-guests": "/departures/{free}",
    "departure-cancel": "/departures/{departure}/cancel",
    "departure-move": "/departures/{departure}/move?day={day}",
    "departure-move-cost": "/departures/{departure}/move?day={day}&to={free}&tier.All=Adult&do=show",
    "departure-message": "/departures/{departure}/message",
    "departure-message-preview": "/departures/{written}/message?do=show&subject=At+eight&text=Please+come+early.",
    "departure-job": "/departures/{off}/jobs/{job}",
    "new-booking": "/new?day={free_day}",
    "new-booking-how-many": "/new?day={free_day}&departure={free}",
    "new-booking-cart": "/new/{cart}",
    "new-booking-of-another-program": "/new?customer.firstName=Ann&customer.lastName=Lee&customer.email=nobody",
    "pickups": "/pickups",
    "pickups-none": "/pickups?day=2020-01-01",
    "orders": "/orders",
    "orders-none": "/orders?q=zzzz&status=pending",
    "reports": "/reports",
    "report-sales": "/reports/sales",
    "report-sales-by-day": "/reports/sales?by=day&from=2026-06-20&to=2026-07-02",
    "report-nothing": "/reports/sales?from=2020-01-01&to=2020-01-02",
    "report-accrual": "/reports/accrual",
    "report-transactions": "/reports/transactions",
    "customers": "/customers",
    "customers-none": "/customers?q=zzzz",
    "customer": "/customers/{customer}",
    "webhooks": "/webhooks",
    "webhook": "/webhooks/{webhook}",
    "jobs": "/jobs",
    "pending": "/pending",
    "messages": "/messages",
    "messages-none": "/messages?status=dead",
    "message": "/messages/{message}",
    "ledger": "/orders/{order}/ledger",
    "order": "/orders/{order}",
    "order-edit": "/orders/{order}/edit",
    "cancel": "/orders/{order}/cancel",
    "cancel-breakdown": "/orders/{order}/cancel?guest={guest}",
    "move": "/orders/{order}/move",
    "move-cost": "/orders/{order}/move?guest={guest}&to={free}&day={day}&price=new&tier.All=Adult",
    "drawer": "/drawer",
    "drawer-empty": "/drawer?day=2020-01-01",
    "more": "/more",
    "profile": "/profile",
    "users": "/users",
    "user": "/users/{user}",
    "audit": "/audit",
    "audit-nothing": "/audit?from=2020-01-01",
    "reset": "/reset",
    "not-found": "/orders/1",
}

CUSTOMERS = (
    {"firstName": "Ann", "lastName": "Lee", "email": "ann@lee.example", "phone": "+1 435 555 0148"},
    {"firstName": "Robert", "lastName": "Featherstonehaugh-Cholmondeley", "email": "robert@a-long-address.example"},
    {"firstName": "Mia", "lastName": "Ortiz", "phone": "+1 435 555 0149"},
)
NOT_FOUND = re.compile("/orders/1: Failed to load resource: .* 404")
"""What a browser says of a page whose status is 404."""


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


def look(page: Page, name: str) -> list[str]:
    """Take a picture of a page; return what is wrong with it."""
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"{name}.png", full_page=True)
    wrong = [f"{page.evaluate(WIDE)} px too wide"] if page.evaluate(WIDE) > 0 else []
    page.evaluate(AXE)
    found = page.evaluate("axe.run().then(found => found.violations)")
    wrong += [f"{each['id']}: {each['nodes'][0]['html'][:200]}" for each in found]
    return wrong


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_screen_can_be_looked_at(browser: Browser, house: House, size: str, scheme: str) -> None:
    wrong: list[str] = []
    context = opened(browser, house, size, scheme)
    page = context.new_page()
    page.on("console", lambda message: wrong.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
    for name, path in SCREENS.items():
        page.goto(f"{house.url}/desk{path.format(**house.things)}")
        page.wait_for_load_state("load")
        wrong += [f"{name}: {each}" for each in look(page, f"{name}-{size}-{scheme}")]
    context.close()
    assert [each for each in wrong if not NOT_FOUND.search(each)] == []


@pytest.mark.parametrize(("size", "scheme"), [("desk", "light"), ("phone", "dark")])
def test_the_api_reference_is_drawn_from_this_server_alone(
    browser: Browser, house: House, size: str, scheme: Any
) -> None:
    """Under its policy, with no message on the console, no foreign host, and with each operation's examples."""
    wrong: list[str] = []
    context = browser.new_context(viewport=SIZES[size], color_scheme=scheme)
    page = context.new_page()
    page.on("console", lambda message: wrong.append(message.text) if message.type in ("error", "warning") else None)
    page.on("pageerror", lambda error: wrong.append(str(error)))
    page.on("request", lambda sent: None if sent.url.startswith((house.url, "data:")) else wrong.append(sent.url))
    answer = page.goto(f"{house.url}/docs#tag/orders/POST/public/api/order")
    assert answer is not None
    assert "script-src 'self';" in answer.headers["content-security-policy"]
    expect(page.get_by_text("OTA-7781").locator("visible=true").first).to_be_visible(timeout=30_000)
    PICTURES.mkdir(parents=True, exist_ok=True)
    page.screenshot(path=PICTURES / f"api-reference-order-{size}-{scheme}.png")
    page.goto(f"{house.url}/docs")
    page.reload()
    expect(page.get_by_role("heading", name="Seatwright", exact=True)).to_be_visible(timeout=30_000)
    page.screenshot(path=PICTURES / f"api-reference-{size}-{scheme}.png")
    wrong += [f"{page.evaluate(WIDE)} px too wide"] if page.evaluate(WIDE) > 0 else []
    context.close()
    assert wrong == []


@pytest.mark.parametrize(("size", "scheme"), [("desk", "light"), ("phone", "dark")])
def test_the_second_step_is_set_up_by_keyboard(browser: Browser, house: House, size: str, scheme: str) -> None:
    """With nothing but the keyboard, from the profile to the recovery codes, and off again."""
    wrong: list[str] = []
    context = opened(browser, house, size, scheme)
    page = context.new_page()
    page.on("console", lambda message: wrong.append(f"{page.url}: {message.text}"))
    page.goto(f"{house.url}/desk/profile")
    page.get_by_label("Your password", exact=True).focus()
    page.keyboard.type(house.password)
    page.keyboard.press("Enter")
    key = page.locator(".key").inner_text().replace(" ", "")
    wrong += look(page, f"second-step-{size}-{scheme}")
    app = pyotp.TOTP(key)
    page.get_by_label("Code from your app").focus()
    page.keyboard.type(app.now())
    page.keyboard.press("Enter")
    codes = page.locator(".codes code")
    codes.first.wait_for()
    assert codes.count() == 10
    wrong += look(page, f"recovery-codes-{size}-{scheme}")
    page.get_by_label("Code from your app").focus()
    page.keyboard.type(codes.first.inner_text())
    page.get_by_role("button", name="Turn off").focus()
    page.keyboard.press("Enter")
    page.get_by_text("The second step is off.").wait_for()
    context.close()
    assert wrong == []


@pytest.mark.parametrize(("size", "scheme"), [("desk", "light"), ("phone", "dark")])
def test_a_driver_in_conflict_is_assigned_by_keyboard(browser: Browser, house: House, size: str, scheme: str) -> None:
    """The conflict is said first, what was ticked stays, and then it is done."""
    context = opened(browser, house, size, scheme)
    page = context.new_page()
    page.goto(f"{house.url}/desk/departures/{house.things['other']}")
    page.locator("summary", has_text="Assign").focus()
    page.keyboard.press("Enter")
    page.get_by_label("Jess Tan").focus()
    page.keyboard.press("Space")
    page.keyboard.press("Enter")
    anyway = page.get_by_role("button", name="Assign anyway")
    anyway.wait_for()
    assert page.get_by_label("Jess Tan").is_checked()
    wrong = look(page, f"departure-conflict-{size}-{scheme}")
    anyway.focus()
    page.keyboard.press("Enter")
    page.get_by_text("Assigned.").wait_for()
    page.get_by_role("button", name="Take Jess Tan off").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Taken off.").wait_for()
    context.close()
    assert wrong == []


def test_the_day_can_be_walked_through_by_keyboard(browser: Browser, house: House) -> None:
    context = opened(browser, house, "desk", "light")
    page = context.new_page()
    page.goto(f"{house.url}/desk/day/{house.things['day']}")
    page.keyboard.press("/")
    assert page.evaluate("document.activeElement.name") == "q"
    page.keyboard.press("Escape")
    first = page.locator("[data-lane] a").first
    first.focus()
    page.keyboard.press("ArrowDown")
    page.keyboard.press("ArrowUp")
    assert page.evaluate("document.activeElement.href") == first.evaluate("each => each.href")
    page.keyboard.press("ArrowDown")
    page.keyboard.press("Enter")
    page.wait_for_url("**departure=*")
    assert page.locator(".peek h2").is_visible()
    page.keyboard.press("t")
    page.wait_for_url("**/desk/today")
    context.close()


def test_a_booking_by_phone_takes_few_keys(browser: Browser, house: House) -> None:
    """From the day to the order: at most 25 keys and fields, a name that is typed being one field."""
    context = opened(browser, house, "desk", "light")
    page = context.new_page()
    count = 0

    def key(*names: str) -> None:
        nonlocal count
        for name in names:
            page.keyboard.press(name)
            count += 1

    def field(text: str) -> None:
        nonlocal count
        page.keyboard.type(text)
        count += 1

    page.goto(f"{house.url}/desk/day/{house.things['free_day']}?departure={house.things['free']}")
    page.get_by_role("link", name="Book here").focus()
    key("Enter")
    page.wait_for_url("**/new?departure=*")
    page.locator("[name='count.Adult']:focus").wait_for()
    field("2")
    key("Enter")
    page.wait_for_url(re.compile("/new/[0-9a-f-]+$"))
    page.locator("#find:focus").wait_for()
    field("vance")
    page.locator("#found [role=option]").first.wait_for()
    key("ArrowDown", "Enter")
    assert page.get_by_label("Last name", exact=True).input_value() == "Vance"
    assert page.evaluate("document.activeElement.name") == "method"
    field("Card")
    key("Tab")
    field("50")
    key("Enter")
    page.wait_for_url("**/orders/*done=booked")
    assert page.get_by_role("heading", name="Robin Vance").is_visible()
    assert page.get_by_text("to pay", exact=False).first.is_visible()
    assert count <= 25
    context.close()


def test_a_booking_by_somebody_else_shows_by_itself(browser: Browser, house: House) -> None:
    context = opened(browser, house, "desk", "light")
    page = context.new_page()
    page.goto(f"{house.url}/desk/day/{house.things['free_day']}")
    page.locator("desk-live[state=live]").wait_for()
    block = page.locator(f"a[href*='departure={house.things['other']}']").last
    assert "0/" in block.inner_text()
    block.focus()
    house.book(house.things["other"])
    shown = page.locator(f"[data-lane] a[href*='{house.things['other']}']", has_text="1/")
    shown.wait_for()
    assert house.things["other"] in page.evaluate("document.activeElement.href"), "the focus stays where it was"
    context.close()


def test_who_is_typing_is_asked_before_the_page_changes(browser: Browser, house: House) -> None:
    context = opened(browser, house, "desk", "light")
    page = context.new_page()
    page.goto(f"{house.url}/desk/orders")
    page.locator("desk-live[state=live]").wait_for()
    words = page.locator("main [name=q]")
    words.fill("half a wo")
    house.book(house.things["other"])
    page.get_by_role("button", name="Changed: show").wait_for()
    assert words.input_value() == "half a wo"
    context.close()


def test_a_guest_is_moved_by_keyboard(browser: Browser, house: House) -> None:
    """From the order's page to the other departure, with nothing but the keyboard."""
    context = opened(browser, house, "desk", "light")
    page = context.new_page()

    def press(name: str, key: str, role: Any = "button") -> None:
        page.get_by_role(role, name=name, exact=True).first.focus()
        page.keyboard.press(key)

    order = house.book(house.things["other"])
    page.goto(f"{house.url}/desk/orders/{order}")
    press("Move guests", "Enter", "link")
    page.wait_for_url("**/move")
    page.locator("input[name=guest]").first.focus()
    page.keyboard.press("Space")
    page.locator(f"#to{house.things['free']}").focus()
    page.keyboard.press("Space")
    press("Show what it comes to", "Enter")
    page.get_by_text("The total stays as it is", exact=False).wait_for()
    press("Move 1 guest", "Enter")
    page.wait_for_url("**done=moved")
    assert page.get_by_text("these guests are on the other departure now", exact=False).is_visible()
    assert page.get_by_text("Moved to another departure", exact=False).is_visible()
    context.close()


def test_the_number_of_pending_orders_is_live_even_where_somebody_types(browser: Browser, house: House) -> None:
    context = opened(browser, house, "desk", "light")
    page = context.new_page()
    page.goto(f"{house.url}/desk/orders")
    page.locator("desk-live[state=live]").wait_for()
    page.locator("main [name=q]").fill("half a wo")
    number = page.locator(".side [data-count=pending]")
    before = int(number.inner_text())
    with httpx.Client(headers={"Authorization": f"Bearer {house.token}"}) as client:
        order_pending(client, house.api)
    expect(number).to_have_text(str(before + 1))
    assert page.locator("main [name=q]").input_value() == "half a wo"
    context.close()


def test_a_departure_is_cancelled_by_keyboard_and_followed_live(browser: Browser, house: House) -> None:
    context = opened(browser, house, "desk", "light")
    page = context.new_page()
    house.book(house.things["windy"])
    page.goto(f"{house.url}/desk/departures/{house.things['windy']}")
    page.get_by_role("link", name="Cancel this departure").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/cancel")
    page.keyboard.press("/")
    for _ in range(40):
        page.keyboard.press("Tab")
        if page.evaluate("document.activeElement.name") == "reason":
            break
    page.keyboard.type("The wind is too strong.")
    page.get_by_role("button", name="Cancel this departure").focus()
    page.keyboard.press("Enter")
    page.wait_for_url("**/jobs/*")
    page.get_by_text("1 of 1 order").wait_for()
    page.locator("h1 .tag.good").wait_for()
    page.get_by_role("link", name="Back to the departure").focus()
    page.keyboard.press("Enter")
    page.get_by_text("Does not take place").wait_for()
    context.close()


def test_all_guests_are_written_to_by_mouse(browser: Browser, house: House) -> None:
    context = opened(browser, house, "desk", "light")
    page = context.new_page()
    page.goto(f"{house.url}/desk/departures/{house.things['written']}")
    page.get_by_role("link", name="Write to all guests").click()
    page.get_by_label("Text").fill("Please come early.")
    page.get_by_role("button", name="Show the mail").click()
    assert "Please come early." in page.locator(".preview pre").inner_text()
    page.get_by_role("button", name="Send to 2 customers").click()
    page.wait_for_url("**/jobs/*")
    page.get_by_text("2 messages on their way").wait_for()
    context.close()
