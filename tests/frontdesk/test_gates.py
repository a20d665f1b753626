"""The pages for people who aren't signed in, in a real browser: from an invitation to the second step."""

from __future__ import annotations

import asyncio
import json
import re
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import httpx
import pyotp
import pytest
from playwright.sync_api import Browser

from seatwright.notifications import deliveries
from seatwright.notifications.mail import message as mail
from seatwright.storage.open import open_database
from tests.frontdesk.house import SIZES, House, browser, house, look
from tests.frontdesk.visitor import PASSWORD

__all__ = ["browser", "house"]


def invite(house: House, email: str) -> str:
    """Invite somebody; return the path of the link that is mailed, which no page and no API shows."""
    headers = {"Authorization": f"Bearer {house.token}"}
    manage = house.api.replace("/public/api", "/api/v1")
    answer = httpx.post(f"{manage}/invitations", headers=headers, json={"email": email, "role": "guide"})
    assert answer.status_code == 200, answer.text

    async def mailed() -> str:
        database = await open_database(house.settings)
        try:
            account = json.loads((house.settings.data / "demo.json").read_text(encoding="utf-8"))["supplierId"]
            found = await database.read(lambda tx: deliveries.page(tx, account, limit=50, page=0))
        finally:
            await database.close()
        return mail.decode(next(each.content for each in found if each.kind == "invitation")).text

    with ThreadPoolExecutor() as threads:  # the browser's own loop runs in this one
        text = threads.submit(asyncio.run, mailed()).result()
    return re.findall(r"https://canyon\.example(/desk/invitation/[\w-]+)", text)[0]


@pytest.mark.parametrize(
    ("size", "scheme"), [("desk", "light"), ("phone", "dark"), ("phone", "light"), ("desk", "dark")]
)
def test_the_way_in(browser: Browser, house: House, size: str, scheme: Any) -> None:
    """By keyboard: accept an invitation, set the second step up, sign out and in again with a code."""
    wrong: list[str] = []
    context = browser.new_context(viewport=SIZES[size], color_scheme=scheme)
    page = context.new_page()
    page.on("console", lambda message: wrong.append(f"{page.url}: {message.text}"))

    def seen(name: str) -> None:
        wrong.extend(f"{name}: {each}" for each in look(page, f"{name}-{size}-{scheme}"))

    email = f"{size}-{scheme}@canyon.example"
    page.goto(f"{house.url}{invite(house, email)}")
    seen("invitation")
    page.get_by_label("Your name").fill("Kim Ito")
    page.get_by_label("Password").first.fill(PASSWORD)
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/today")
    page.goto(f"{house.url}/desk/profile")
    page.get_by_label("Your password", exact=True).fill(PASSWORD)
    page.keyboard.press("Enter")
    app = pyotp.TOTP(page.locator(".key").inner_text().replace(" ", ""))
    page.get_by_label("Code from your app").fill(app.now())
    page.keyboard.press("Enter")
    recovery = page.locator(".codes code").first.inner_text()
    page.goto(f"{house.url}/desk/more")
    page.locator("main").get_by_role("button", name="Sign out").press("Enter")
    page.wait_for_url("**/sign-in*")
    page.get_by_label("E-mail").fill(email)
    page.get_by_label("Password").fill(PASSWORD)
    page.keyboard.press("Enter")
    page.get_by_label("Code").wait_for()
    seen("second-step-asked")
    page.get_by_label("Code").fill(recovery)
    page.keyboard.press("Enter")
    page.wait_for_url("**/desk/today")
    context.close()
    assert wrong == []


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_doors_that_stay_shut(browser: Browser, house: House, size: str, scheme: Any) -> None:
    wrong: list[str] = []
    context = browser.new_context(viewport=SIZES[size], color_scheme=scheme)
    page = context.new_page()
    page.goto(f"{house.url}/desk/sign-in")
    wrong += look(page, f"sign-in-{size}-{scheme}")
    page.get_by_label("E-mail").fill("nobody@canyon.example")
    page.get_by_label("Password").fill("not-the-password")
    page.keyboard.press("Enter")
    page.get_by_role("alert").wait_for()
    wrong += look(page, f"sign-in-refused-{size}-{scheme}")
    for kind in ("invitation", "reset"):
        page.goto(f"{house.url}/desk/{kind}/nothing-that-was-ever-mailed")
        wrong += look(page, f"{kind}-unknown-{size}-{scheme}")
    context.close()
    assert wrong == []
