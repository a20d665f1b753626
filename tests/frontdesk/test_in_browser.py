"""What people do at the desk, in a real browser: by keyboard, by mouse, and with somebody else at another desk."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pyotp
import pytest
from playwright.sync_api import Browser, expect

from tests.frontdesk.house import PICTURES, SIZES, WIDE, House, browser, house, look, opened, order_pending

__all__ = ["browser", "house"]


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
