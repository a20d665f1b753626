"""`seatwright orders`: pending orders from the command line, on both databases."""

from __future__ import annotations

import asyncio
import re
from collections.abc import Callable
from dataclasses import replace

import msgspec
import pytest
from typer.testing import CliRunner

from seatwright.cart import service as carts
from seatwright.catalog.model import Product
from seatwright.cli.main import app
from seatwright.core.clock import ManualClock, SystemClock
from seatwright.core.config import Settings
from seatwright.core.times import iso_utc
from seatwright.orders import service as orders
from seatwright.orders.model import Order
from seatwright.orders.placement import OrderDetails
from seatwright.storage.open import open_database
from tests.shop import Shop, open_shop

Run = Callable[..., tuple[int, str]]


@pytest.fixture
def run(settings: Settings, monkeypatch: pytest.MonkeyPatch) -> Run:
    """Runs a command on the test's database, and returns its exit code and what it printed, in one line."""
    monkeypatch.setenv("SEATWRIGHT_DATA", str(settings.data))
    monkeypatch.setenv("SEATWRIGHT_DATABASE_URL", settings.database_url)
    monkeypatch.setenv("COLUMNS", "200")

    def invoke(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, ["orders", *arguments])
        return result.exit_code, re.sub(r"\s+", " ", re.sub(r"^Database: .*\n", "", result.output))

    return invoke


def with_shop(settings: Settings, clock: ManualClock, count: int, name: str = "Ann") -> list[Order]:
    """Make a shop whose kayak tours need approval, and some orders of one, now: the commands have the real clock."""
    clock.set(SystemClock().now())

    async def place(shop: Shop, departure: str) -> Order:
        booking, who = shop.booking, shop.caller
        cart = (await shop.database.write(lambda tx: carts.create(tx, booking, who))).cart.id
        customer = {"firstName": name, "lastName": "Lee"}
        await shop.database.write(lambda tx: carts.set_customer(tx, booking, who, cart, customer))
        asked = carts.ItemRequest(departure, {"All": 2})
        await shop.database.write(lambda tx: carts.add_item(tx, booking, who, cart, asked))
        return await shop.database.write(lambda tx: orders.place(tx, booking, who, OrderDetails(cart)))

    async def work() -> list[Order]:
        database = await open_database(replace(settings, requests_per_second=0))
        try:
            shop = await open_shop(database, clock)
            kayak = shop.entries["kayak"]
            assert isinstance(kayak, Product)
            await shop.add("product", msgspec.structs.replace(kayak, approval_min=60))
            departure = await shop.departure("kayak", "2030-07-14 09:00", capacity=8)
            return [await place(shop, departure) for _ in range(count)]
        finally:
            await database.close()

    return asyncio.run(work())


def test_pending_orders_are_listed_accepted_and_declined(settings: Settings, clock: ManualClock, run: Run) -> None:
    first, second = with_shop(settings, clock, 2)
    code, shown = run("pending", "--account", "canyon")
    assert code == 0
    assert first.answer_by is not None
    assert f"{first.confirmation} {iso_utc(first.answer_by)} Ann Lee 2 x Kayak tour" in shown
    accepted = run("accept", str(first.confirmation), "--account", "canyon")
    assert accepted == (0, f"{first.confirmation} is confirmed ")
    declined = run("decline", second.id, "--account", "canyon", "--reason", "High water")
    assert declined == (0, f"{second.confirmation} is cancelled ")
    assert str(first.confirmation) not in run("pending", "--account", "canyon")[1]
    assert run("accept", second.id, "--account", "canyon") == (
        1,
        "seatwright: Nothing of this order has to be accepted: it is cancelled and was declined before. ",
    )
    assert run("accept", "99", "--account", "canyon") == (1, "seatwright: There is no such order. ")
    assert run("accept", "99", "--account", "x") == (1, "seatwright: There is no account with the code 'x'. ")


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize(
    ("name", "seen"), [("[/b]", "[/b] Lee"), ("[bold]", "[bold] Lee"), ("A\x1b[2J", "A\ufffd[2J Lee")]
)
def test_a_customer_s_name_is_text(settings: Settings, clock: ManualClock, run: Run, name: str, seen: str) -> None:
    """Whoever books chooses it: it is no markup, and it controls no terminal."""
    with_shop(settings, clock, 1, name)
    code, shown = run("pending", "--account", "canyon")
    assert (code, seen in shown, "\x1b" in shown) == (0, True, False)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_list_that_is_cut_says_so(
    settings: Settings, clock: ManualClock, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    with_shop(settings, clock, 2)
    assert "There are more" not in run("pending", "--account", "canyon")[1]
    monkeypatch.setattr("seatwright.cli.orders.LISTED", 1)
    assert "There are more; these are the 1 most urgent." in run("pending", "--account", "canyon")[1]


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_reason_that_is_too_long_is_refused(settings: Settings, clock: ManualClock, run: Run) -> None:
    (order,) = with_shop(settings, clock, 1)
    code, said = run("decline", order.id, "--account", "canyon", "--reason", "x" * 501)
    assert (code, "--reason: has more than 500 characters." in said) == (2, True)
