"""Two ways to use a page, so that one script can be played in both: with a mouse (or a finger), and by keyboard alone.

The keyboard's way presses Tab until the thing has the focus: what can't be reached so fails.
"""

from __future__ import annotations

from typing import Protocol

from playwright.sync_api import Locator, Page

FOCUSED = "each => each === document.activeElement"
MOST_TABS = 250
"""The longest way through a page that a person would put up with is far shorter; this one ends a test."""


class Hands(Protocol):
    """Somebody in front of a page."""

    page: Page

    def press(self, button: Locator) -> None:
        """Press a button, or follow a link."""

    def write(self, field: Locator, text: str) -> None:
        """Write a text into a field, in the place of what is in it."""

    def tick(self, box: Locator) -> None:
        """Tick a box, or choose one of several."""

    def choose(self, field: Locator, text: str) -> None:
        """Choose from a list."""


class Mouse:
    """A mouse, and a keyboard for texts."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, button: Locator) -> None:
        """Click on it."""
        button.click()

    def write(self, field: Locator, text: str) -> None:
        """Click into the field, and type."""
        field.click()
        field.select_text()
        self.page.keyboard.type(text)

    def tick(self, box: Locator) -> None:
        """Click on it."""
        box.click()

    def choose(self, field: Locator, text: str) -> None:
        """Choose from a list, which the system draws."""
        field.select_option(label=text)


class Keyboard:
    """Nothing but a keyboard."""

    def __init__(self, page: Page) -> None:
        self.page = page

    def press(self, button: Locator) -> None:
        """Go there, and press Enter."""
        self._go(button)
        self.page.keyboard.press("Enter")

    def write(self, field: Locator, text: str) -> None:
        """Go there, and type in the place of what is there."""
        self._go(field)
        self.page.keyboard.press("ControlOrMeta+a")
        self.page.keyboard.type(text)

    def tick(self, box: Locator) -> None:
        """Go there and press space; within a group whose choice has the focus, arrows lead on."""
        if box.get_attribute("type") != "radio":
            self._go(box)
            self.page.keyboard.press("Space")
            return
        box.wait_for()
        group = box.get_attribute("name")
        in_group = f"document.activeElement.type === 'radio' && document.activeElement.name === '{group}'"
        for _ in range(MOST_TABS):
            if self.page.evaluate(in_group):
                break
            self.page.keyboard.press("Tab")
        for _ in range(MOST_TABS):
            if box.evaluate(FOCUSED):
                self.page.keyboard.press("Space")
                return
            self.page.keyboard.press("ArrowDown")
        raise AssertionError(f"{box} can't be reached by keyboard")

    def choose(self, field: Locator, text: str) -> None:
        """Go there, and type the first letters of the choice."""
        self._go(field)
        self.page.keyboard.type(text)

    def _go(self, target: Locator) -> None:
        target.wait_for()
        for _ in range(MOST_TABS):
            if target.evaluate(FOCUSED):
                return
            self.page.keyboard.press("Tab")
        raise AssertionError(f"{target} can't be reached by keyboard")
