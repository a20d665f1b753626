"""What of a cart and of an order is to be paid in advance, by the terms of its products."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from seatwright.cart.deposits import deposit_of
from seatwright.cart.model import Arrangement, Item, Line
from seatwright.catalog.model import Deposit, Product
from tests.desk import Desk


async def terms(desk: Desk, code: str, deposit: Deposit | None) -> None:
    """Give a product a deposit."""
    product = desk.shop.entries[code]
    assert isinstance(product, Product)
    await desk.shop.add("product", msgspec.structs.replace(product, deposit=deposit))


async def of_cart(desk: Desk, cart: str) -> tuple[float, float]:
    found = await desk.data("GET", f"/api/v1/carts/{cart}/deposit")
    assert (found["cartId"], found["currency"]) == (cart, "USD")
    return found["deposit"], found["total"]


@pytest.mark.parametrize(
    ("deposit", "expected"),
    [
        (None, 0),
        (Deposit(calc="percent", amount=200_000), 57.83),  # of 289.14: two adults and a child
        (Deposit(calc="flat", amount=2000), 60),
        (Deposit(calc="flat", amount=7000), 206.38),  # a child costs 66.38
        (Deposit(calc="flat", amount=5000, per="order"), 50),
        (Deposit(calc="flat", amount=90000, per="order"), 289.14),
    ],
)
async def test_a_deposit_is_of_the_guests(
    desk: Desk, rafting: str, kayak: str, deposit: Deposit | None, expected: float
) -> None:
    await terms(desk, "rafting", deposit)
    cart = await desk.cart((rafting, {"Adult": 2, "Child": 1}), (kayak, {"All": 1}))
    assert await of_cart(desk, cart) == (expected, 364.39)
    order = await desk.data("POST", "/api/v1/orders", json={"cartId": cart})
    path = f"/api/v1/orders/{order['id']}/payments"
    money = await desk.data("GET", path)
    assert (money["deposit"], money["depositDue"]) == (expected, expected)
    money = await desk.data("POST", path, json={"amount": 40, "method": "cash", "deposit": True})
    assert (money["deposit"], money["depositDue"]) == (expected, round(max(0, expected - 40), 2))
    await desk.data("DELETE", f"/order/{order['id']}/item/{rafting}")
    assert (await desk.data("GET", path))["deposit"] == 0


async def test_guests_keep_the_terms_on_which_they_were_booked(desk: Desk, rafting: str) -> None:
    await terms(desk, "rafting", Deposit(calc="flat", amount=2000))
    cart = await desk.cart((rafting, {"Adult": 1}))
    await terms(desk, "rafting", Deposit(calc="percent", amount=500_000))
    await desk.add(cart, rafting, {"Adult": 1})
    assert (await of_cart(desk, cart))[0] == 20 + 55.69
    order = await desk.data("POST", "/api/v1/orders", json={"cartId": cart})
    await terms(desk, "rafting", None)
    cart = await desk.cart((rafting, {"Adult": 1}))
    assert (await of_cart(desk, cart))[0] == 0
    await desk.data("POST", "/api/v1/orders", json={"cartId": cart, "orderId": order["id"]})
    assert (await desk.data("GET", f"/api/v1/orders/{order['id']}/payments"))["deposit"] == 75.69


@pytest.mark.parametrize(
    ("deposit", "field"),
    [
        ({}, "deposit.percent"),
        ({"percent": 10, "amount": 5}, "deposit.amount"),
        ({"percent": 101}, "deposit.percent"),
        ({"amount": -1}, "deposit.amount"),
        ({"amount": 1, "per": "boat"}, "deposit.per"),
        ({"amount": 1, "each": 2}, "deposit.each"),
    ],
)
async def test_a_deposit_in_the_catalog_is_checked(desk: Desk, deposit: dict[str, Any], field: str) -> None:
    product = {"code": "swim", "name": "Swim", "number": 4900, "tiers": {"All": {"price": 20}}, "deposit": deposit}
    refusal = await desk.refused(400, "POST", "/api/v1/products", json=product)
    assert refusal["errorMessage"].startswith(f"{field}: ")


@pytest.mark.parametrize(
    "deposit", [None, {"percent": 12.5, "per": "participant"}, {"amount": 30, "per": "order"}], ids=str
)
async def test_a_deposit_is_kept_as_it_is_written(desk: Desk, deposit: dict[str, Any] | None) -> None:
    product = {"code": "swim", "name": "Swim", "number": 4900, "tiers": {"All": {"price": 20}}, "deposit": deposit}
    await desk.data("POST", "/api/v1/products", json=product)
    shown = (await desk.data("GET", "/api/v1/products/swim"))["deposit"]
    assert shown == (None if deposit is None else {"percent": None, "amount": None} | deposit)


DEPOSITS = st.one_of(
    st.none(),
    st.builds(Deposit, calc=st.just("percent"), amount=st.integers(0, 1_000_000)),
    st.builds(
        Deposit, calc=st.just("flat"), amount=st.integers(0, 50_000), per=st.sampled_from(("participant", "order"))
    ),
)
LINES = st.lists(
    st.tuples(st.integers(0, 50_000), st.integers(0, 2), st.booleans(), st.sampled_from("ab")), max_size=12
)


def items(lines: list[tuple[int, int, bool, str]], deposits: list[Deposit | None], *, split: bool) -> list[Item]:
    """Return lines (price, number of a deposit, whether it is cancelled, product) as one item for each product, or one
    for each line.
    """
    found: dict[object, list[Line]] = {}
    for number, (price, place, gone, product) in enumerate(lines):
        line = Line(
            id=str(number),
            kind="participant",
            tier="All",
            seats=1,
            price=price,
            arrangement=place,
            status="cancelled" if gone else "confirmed",
        )
        found.setdefault((product, number if split else 0), []).append(line)
    return [
        Item(
            id=str(key),
            product_id=key[0],  # type: ignore[index]
            product_code="p",
            product_name="P",
            product_number=1,
            kind="participant",
            start_at=None,
            end_at=None,
            time_zone="UTC",
            arrangements=tuple(Arrangement(deposit=deposit) for deposit in deposits),
            lines=tuple(some),
        )
        for key, some in found.items()
    ]


@settings(deadline=None)
@given(LINES, st.lists(DEPOSITS, min_size=3, max_size=3))
def test_a_deposit_is_the_same_over_one_date_or_several_and_never_more_than_the_price(
    lines: list[tuple[int, int, bool, str]], deposits: list[Deposit | None]
) -> None:
    whole = deposit_of(items(lines, deposits, split=False))
    assert whole == deposit_of(items(lines, deposits, split=True))
    live = [line for line in lines if not line[2]]
    assert whole == deposit_of(items(live, deposits, split=False))
    assert 0 <= whole <= sum(price for price, *_ in live)
