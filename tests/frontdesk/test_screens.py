"""Every screen in a real browser, at the size of a desk and of a phone, light and dark: no message on the console,
nothing wider than the window, nothing that axe finds. The pictures are in var/pictures, for people to look at.
"""

from __future__ import annotations

import os
import re

import pytest
from playwright.sync_api import Browser

from tests.frontdesk.house import SIZES, House, browser, house, look, opened

__all__ = ["browser", "house"]

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
AXE_SEES = {("desk", "light"), ("phone", "dark")}
"""Both sizes and both schemes; `make soak` has axe look at each size in each scheme."""
ALL = bool(os.environ.get("SCREENS_ALL"))
NOT_FOUND = re.compile("/orders/1: Failed to load resource: .* 404")
"""What a browser says of a page whose status is 404."""


@pytest.mark.parametrize("scheme", ["light", "dark"])
@pytest.mark.parametrize("size", SIZES)
def test_every_screen_can_be_looked_at(browser: Browser, house: House, size: str, scheme: str) -> None:
    wrong: list[str] = []
    axe = ALL or (size, scheme) in AXE_SEES
    context = opened(browser, house, size, scheme)
    page = context.new_page()
    page.on("console", lambda message: wrong.append(f"{page.url}: {message.text}"))
    page.on("pageerror", lambda error: wrong.append(f"{page.url}: {error}"))
    for name, path in SCREENS.items():
        page.goto(f"{house.url}/desk{path.format(**house.things)}")
        page.wait_for_load_state("load")
        wrong += [f"{name}: {each}" for each in look(page, f"{name}-{size}-{scheme}", axe=axe)]
    context.close()
    assert [each for each in wrong if not NOT_FOUND.search(each)] == []
