"""The front desk's day in a real browser: with a mouse, by keyboard alone, and with a finger on a phone."""

from __future__ import annotations

import re
from collections.abc import Callable
from datetime import date

import pytest
from playwright.sync_api import Browser, Locator, Page

from tests.frontdesk.hands import Hands, Keyboard, Mouse
from tests.frontdesk.house import SIZES, House, browser, house

__all__ = ["browser", "house"]

WAYS = [(Mouse, "desk", 2), (Keyboard, "desk", 3), (Mouse, "phone", 4)]
"""Who plays it, on which screen, and how many days from now: each has a day of their own."""


@pytest.mark.parametrize(("way", "size", "ahead"), WAYS, ids=["mouse", "keyboard", "phone"])
def test_the_front_desks_day(
    browser: Browser, house: House, way: Callable[[Page], Hands], size: str, ahead: int
) -> None:
    context = browser.new_context(viewport=SIZES[size], has_touch=size == "phone")
    page, wrong = context.new_page(), list[str]()
    page.on("console", lambda message: wrong.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
    day = Day(way(page), house)
    day.open(ahead)
    day.book_by_phone()
    day.add_a_guest()
    day.move()
    day.rename()
    day.take_the_rest()
    day.cancel_partly()
    day.give_back()
    day.check_in()
    day.note_a_no_show()
    day.cancel_for_wind()
    day.close_the_drawer()
    context.close()
    assert wrong == []


class Day:
    """One day's work: each step leaves the page where the next one begins."""

    def __init__(self, hands: Hands, house: House) -> None:
        self.hands, self.house, self.page = hands, house, hands.page
        self.order, self.guest = "", ""

    def button(self, name: str) -> Locator:
        """The button of this name in the page."""
        return self.page.locator("main").get_by_role("button", name=name, exact=True).first

    def link(self, name: str) -> Locator:
        """The link of this name in the page."""
        return self.page.locator("main").get_by_role("link", name=name, exact=True).first

    def field(self, name: str) -> Locator:
        """The field of this name in the page."""
        return self.page.locator("main").get_by_label(name, exact=True).first

    def says(self, text: str | re.Pattern[str]) -> None:
        """Wait until the page says something."""
        self.page.get_by_text(text).locator("visible=true").first.wait_for()

    def open(self, ahead: int) -> None:
        """Sign in, and go on to a day on which everything is yet to start."""
        self.page.goto(f"{self.house.url}/")
        self.hands.write(self.page.get_by_label("E-mail"), "demo@canyon.example")
        self.hands.write(self.page.get_by_label("Password"), self.house.password)
        self.hands.press(self.page.get_by_role("button", name="Sign in"))
        self.page.wait_for_url("**/desk/today")
        for _ in range(ahead):
            shown = self.page.url
            self.hands.press(self.page.get_by_role("link", name=re.compile("^Later")))
            self.page.wait_for_url(lambda url, shown=shown: url != shown)
        self.day = date.fromisoformat(self.page.url.rpartition("/")[2])

    def book_by_phone(self) -> None:
        """Two adults and a child on the morning's rafting, with a deposit by card."""
        self.hands.press(self.departure("Half-day rafting", "8:30"))
        self.hands.press(self.link("Book here"))
        self.page.wait_for_url("**/new?departure=*")
        self.morning = self.page.url.partition("departure=")[2]
        for tier, count in (("Adult", "2"), ("Child", "1")):
            self.hands.write(self.page.locator(f"[name='count.{tier}']"), count)
        self.hands.press(self.button("Hold the seats"))
        self.page.wait_for_url(re.compile("/new/[0-9a-f-]+$"))
        self.says("seats are held for")
        for name, text in (("First name", "Ann"), ("Last name", "Lee"), ("Phone", "+1 435 555 0148")):
            self.hands.write(self.field(name), text)
        self.hands.choose(self.page.locator("[name=method]"), "Card at the desk, now")
        self.hands.write(self.page.locator("[name=amount]"), "50")
        self.hands.press(self.page.get_by_role("button", name=re.compile(r"^Book \$")))
        self.page.wait_for_url("**done=booked")
        self.order = re.findall(r"/orders/(\d+)", self.page.url)[0]
        self.says("$50.00")

    def departure(self, product: str, clock: str) -> Locator:
        """The departure in the day's plan, or in its list on a phone."""
        shown = self.page.locator("main a.dep:visible")
        return shown.filter(has_text=product).filter(has_text=re.compile(rf"\b{clock}")).first

    def add_a_guest(self) -> None:
        """A friend comes along, who pays later."""
        self.hands.press(self.link("Add guests"))
        self.page.wait_for_url("**/new?order=*")
        self.hands.write(self.page.locator("[name='count.Adult']"), "1")
        self.hands.press(self.button("Hold the seats"))
        self.says("Added to the order")
        self.hands.press(self.page.get_by_role("button", name=re.compile(r"^Book \$")))
        self.page.wait_for_url(f"**/orders/{self.order}?done=booked")
        assert self.page.locator("main input[name=guest]").count() == 4

    def move(self) -> None:
        """All of them go in the afternoon instead, for the price at which they were sold."""
        self.hands.press(self.link("Move guests"))
        self.page.wait_for_url("**/move")
        self.hands.tick(self.page.get_by_label("All guests of Half-day rafting"))
        afternoon = self.page.locator("tr", has_text="1:30 pm").filter(has_text="Half-day rafting")
        self.hands.tick(afternoon.locator("input[type=radio]"))
        self.hands.press(self.button("Show what it comes to"))
        self.says(re.compile("The total stays as it is"))
        self.hands.press(self.button("Move 4 guests"))
        self.page.wait_for_url("**done=moved")
        self.says(re.compile("1:30 pm"))

    def rename(self) -> None:
        """One of them has a name now."""
        self.hands.press(self.link("Edit"))
        self.page.wait_for_url("**/edit")
        self.hands.write(self.page.get_by_label("First name").first, "Beatrix")
        self.hands.press(self.button("Save"))
        self.page.wait_for_url(f"**/orders/{self.order}*")
        self.says(re.compile("Beatrix"))

    def take_the_rest(self) -> None:
        """Somebody pays what is still owed, in cash."""
        self.hands.press(self.page.locator("summary", has_text="Record payment"))
        paid = self.page.locator("form[action$='/payments']")
        self.due = float(paid.locator("[name=amount]").input_value())
        self.hands.press(paid.get_by_role("button", name="Record payment"))
        self.page.wait_for_url("**done=paid*")
        assert self.page.locator("h1 .tag", has_text="to pay").count() == 0

    def cancel_partly(self) -> None:
        """The child stays at home; the fee is a courtesy."""
        self.hands.press(self.link("Cancel guests"))
        self.page.wait_for_url("**/cancel")
        child = self.page.locator("tr", has_text="Child")
        self.hands.tick(child.locator("input[name=guest]"))
        self.hands.press(self.button("Show what it comes to"))
        self.page.wait_for_url("**guest=*")
        self.hands.write(self.page.locator("[name^='fee.']"), "3.00")
        self.hands.press(self.button("Add up again"))
        self.says(re.compile("Give .* back"))
        self.hands.press(self.page.get_by_role("button", name=re.compile("^Cancel 1 ")))
        self.page.wait_for_url("**done=cancelled*")
        self.says(re.compile(r"\$3\.00"))

    def give_back(self) -> None:
        """What was paid for the child goes back, in cash."""
        self.hands.press(self.page.locator("summary", has_text="Record refund"))
        form = self.page.locator("form[action$='/refunds']")
        self.refund = float(form.locator("[name=amount]").input_value())
        assert self.refund > 0
        self.hands.press(form.get_by_role("button", name="Record refund"))
        self.page.wait_for_url("**done=refunded*")

    def check_in(self) -> None:
        """They come, and show their number."""
        afternoon = self.afternoon()
        self.page.goto(f"{self.house.url}/desk/departures/{afternoon}")
        self.hands.write(self.page.locator("#code"), self.order)
        self.page.keyboard.press("Enter")
        self.says(re.compile("3 guests checked in"))

    def note_a_no_show(self) -> None:
        """Somebody else doesn't come."""
        other = self.house.book(self.afternoon())
        self.page.reload()
        self.hands.press(self.page.get_by_role("button", name=re.compile(f"^No-show: .*{other}")))
        self.page.locator("li .tag", has_text="no-show").first.wait_for()

    def cancel_for_wind(self) -> None:
        """The afternoon's float can't go."""
        float_trips = self.house.get(f"/product/4104/item?from={self.day}&to={self.day}")["items"][0]["timesAvailable"]
        windy = float_trips[-1]["activityId"]
        self.house.book(windy)
        self.page.goto(f"{self.house.url}/desk/departures/{windy}")
        self.hands.press(self.link("Cancel this departure"))
        self.page.wait_for_url("**/cancel")
        self.hands.write(self.page.locator("[name=reason]"), "Too much wind on the river.")
        self.hands.press(self.button("Cancel this departure"))
        self.page.wait_for_url("**/jobs/*")
        self.says("1 of 1 order")
        self.page.locator("h1 .tag.good").wait_for()

    def close_the_drawer(self) -> None:
        """What is in it is what was taken and given back."""
        self.page.goto(f"{self.house.url}/desk/drawer")
        self.says("The list behind it")
        rows = self.page.locator("tbody tr", has_text=self.order).all_inner_texts()
        amounts = [float(re.findall(r"-?\$([\d.,]+)", row)[-1].replace(",", "")) for row in rows]
        assert sorted(amounts) == sorted([50.0, self.due, self.refund]), rows

    def afternoon(self) -> str:
        """The id of the afternoon's departure."""
        days = self.house.get(f"/product/4101/item?from={self.day}&to={self.day}")["items"]
        return next(str(each["activityId"]) for each in days[0]["timesAvailable"] if each["activityId"] != self.morning)
