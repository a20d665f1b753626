"""Every screen by keyboard alone: Tab reaches everything that can be clicked or filled in, and shows where one is."""

from __future__ import annotations

import pytest
from playwright.sync_api import Browser, Page

from tests.frontdesk.house import House, browser, house, opened
from tests.frontdesk.test_screens import ALL, SCREENS

__all__ = ["browser", "house"]

WATCH = """() => {
  const rows = [...document.querySelectorAll("a[href], button, input, select, textarea, summary")].filter((each) =>
    each.type !== "hidden" && !each.disabled && each.tabIndex >= 0 && each.checkVisibility({visibilityProperty: true}));
  const named = (each) => each.type === "radio" ? `radio ${each.name}` : each.outerHTML.slice(0, 160);
  window.reached = new Map();
  document.addEventListener("focusin", (event) => {
    const both = [event.target, event.target.closest(".find, label") || event.target].map((each) =>
      getComputedStyle(each));
    const shown = both.some((each) => each.outlineStyle !== "none" || each.boxShadow !== "none");
    window.reached.set(named(event.target), shown);
  });
  window.wanted = new Set(rows.map(named));
  return rows.length + 3 * rows.filter((each) => each.type === "date").length;
}"""
MISSED = """() => [
  ...[...window.wanted].filter((each) => !window.reached.has(each)).map((each) => `not reached: ${each}`),
  ...[...window.reached].filter(([, shown]) => !shown).map(([each]) => `focus isn't to be seen: ${each}`)]"""


def tab_through(page: Page) -> list[str]:
    """Press Tab once around the page; return what can't be reached so, and what doesn't show the focus."""
    page.evaluate("document.activeElement.blur()")
    count = page.evaluate(WATCH)
    for _ in range(count + 3):
        page.keyboard.press("Tab")
    found: list[str] = page.evaluate(MISSED)
    return found


@pytest.mark.parametrize(("size", "scheme"), [("desk", "light"), *([("phone", "dark")] if ALL else [])])
def test_every_screen_can_be_used_by_keyboard_alone(browser: Browser, house: House, size: str, scheme: str) -> None:
    context = opened(browser, house, size, scheme)
    page = context.new_page()
    wrong: list[str] = []
    for name, path in SCREENS.items():
        page.goto(f"{house.url}/desk{path.format(**house.things)}")
        page.wait_for_load_state("load")
        wrong += [f"{name}: {each}" for each in tab_through(page)]
    context.close()
    assert wrong == []


def test_what_cannot_be_reached_is_found(browser: Browser) -> None:
    """A control: a field that Tab skips, and one that doesn't show the focus."""
    page = browser.new_page()
    page.set_content(
        "<a href='#'>one</a><div inert><button id='shut'>two</button></div>"
        "<button id='dark' style='outline: none'>three</button><button>four</button>"
    )
    found = tab_through(page)
    page.close()
    assert [each.partition(":")[0] for each in found] == ["not reached", "focus isn't to be seen"]
    assert "shut" in found[0]
    assert "dark" in found[1]
