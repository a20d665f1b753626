"""Orders are found by their words and by what they are, on both databases."""

from __future__ import annotations

import random
from collections.abc import Callable
from typing import Any

import msgspec
import pytest

from seatwright.cancellation.service import Target, cancel
from seatwright.cart import service as carts
from seatwright.cart.service import ItemRequest
from seatwright.core.clock import ManualClock
from seatwright.core.errors import Invalid
from seatwright.invariants.checks import check
from seatwright.orders import search, service, store, term_fill
from seatwright.orders.model import Order
from seatwright.orders.placement import OrderDetails
from seatwright.orders.search import Found, OrderSearch
from seatwright.orders.terms import balance_of
from seatwright.storage.engine import Database, Tx
from tests.shop import Shop, open_shop

ANN = {"firstName": "Ann", "lastName": "O'Neil-Müller", "email": "Ann.Oneil@Lee.example", "phone": "+1 (801) 555-0100"}
BOB = {"firstName": "Bob", "lastName": "Lee", "organization": "Canyon Club", "phone": "030 123456"}


@pytest.fixture
async def shop(database: Database, clock: ManualClock) -> Shop:
    return await open_shop(database, clock)


async def order(shop: Shop, departure_id: str, customer: dict[str, Any], *, count: int = 1, **details: Any) -> Order:
    async def run(tx: Tx) -> Order:
        cart = await carts.create(tx, shop.booking, shop.caller)
        await carts.add_item(tx, shop.booking, shop.caller, cart.cart.id, ItemRequest(departure_id, {"Adult": count}))
        if customer:
            await carts.set_customer(tx, shop.booking, shop.caller, cart.cart.id, customer)
        return await service.place(tx, shop.booking, shop.caller, OrderDetails(cart.cart.id, **details))

    return await shop.database.write(run)


async def found(shop: Shop, query: str = "", **more: Any) -> list[int]:
    """Return the confirmation numbers of what is found, page by page."""
    numbers: list[int] = []
    after: int | None = None
    sort, limit = more.pop("sort", "newest"), more.pop("limit", 2)

    async def page(tx: Tx) -> Found:
        return await search.find(tx, shop.account_id, OrderSearch(query, **more), limit=limit, sort=sort, after=after)

    while True:
        one = await shop.database.read(page)
        assert len(one.numbers) <= limit
        numbers += one.numbers
        after = one.next
        if after is None:
            break
    orders = {each.confirmation: each for each in await _all(shop, numbers)}
    rows = await shop.database.read(
        lambda tx: tx.rows("SELECT seq, confirmation FROM order_view WHERE account_id = $1", shop.account_id)
    )
    by_number = {row["seq"]: row["confirmation"] for row in rows}
    assert set(orders) == {by_number[number] for number in numbers}
    return [by_number[number] for number in numbers]


async def _all(shop: Shop, numbers: list[int]) -> list[Order]:
    return await shop.database.read(lambda tx: store.load(tx, shop.account_id, numbers))


async def test_an_order_is_found_by_the_beginning_of_any_of_its_words(shop: Shop) -> None:
    departure = await shop.departure("rafting", "2026-07-14 09:00", capacity=12)
    ann = (await order(shop, departure, ANN, reference_id="OTA-7781")).confirmation
    bob = (await order(shop, departure, BOB)).confirmation
    for query in (
        "ann",
        "AN",
        "oneil",
        "o'neil",
        "mull",
        "MÜLLER",
        "ann mul",
        "müller ann",
        "ann.oneil@lee.example",
        "ANN.ONEIL@LEE",
        "@lee.ex",
        "8015550100",
        "801 555",
        "+1 801 555-0100",
        "001 801",
        "18015550100",
        "(801) 555",
        "ann +1 801",
        "ota-7781",
        "OTA7781",
        "7781",
        str(ann),
        f"#{ann}",
    ):
        assert await found(shop, query) == [ann], query
    for query in ("bob", "canyon cl", "030 12", "+49 30 123456", "30123", "le bo"):
        assert await found(shop, query) == [bob], query
    assert await found(shop, str(ann)[:4]) == [bob, ann]
    assert await found(shop, str(ann)[:4], sort="oldest") == [ann, bob]
    assert await found(shop) == [bob, ann]
    for query in ("ann bob", "nn", "lee.example", "---", "\x00", "5550100", "_", str(ann + 2), "'; DROP"):
        assert await found(shop, query) == [], query
    with pytest.raises(Invalid) as refused:
        await found(shop, "a b c d e f g h i")
    assert refused.value.field == "q"


async def test_what_is_found_follows_every_change(shop: Shop) -> None:
    departure = await shop.departure("rafting", "2026-07-14 09:00", capacity=12)
    kayak = await shop.departure("kayak", "2026-07-15 09:00", capacity=12)
    one = await order(shop, departure, ANN)
    assert await found(shop, status="confirmed", balance="settled") == [one.confirmation]
    assert await found(shop, status="cancelled") == await found(shop, balance="credit") == []

    async def add(tx: Tx) -> Order:
        cart = await carts.create(tx, shop.booking, shop.caller)
        await carts.add_item(tx, shop.booking, shop.caller, cart.cart.id, ItemRequest(kayak, {"All": 1}))
        details = OrderDetails(cart.cart.id, order_id=one.id, reference_id="Later 5")
        return await service.place(tx, shop.booking, shop.caller, details)

    assert await found(shop, "later") == []
    await shop.database.write(add)
    assert await found(shop, "later 5") == [one.confirmation]
    rafting, kayaks = shop.entries["rafting"].id, shop.entries["kayak"].id
    for days in (
        ("2026-07-14", "2026-07-14"),
        ("2026-07-15", None),
        (None, "2026-07-14"),
        ("2026-07-01", "2026-07-31"),
    ):
        assert await found(shop, day_from=days[0], day_to=days[1]) == [one.confirmation], days
    assert await found(shop, day_from="2026-07-16") == await found(shop, day_to="2026-07-13") == []
    assert await found(shop, product_ids=[rafting]) == await found(shop, product_ids=[kayaks]) == [one.confirmation]
    assert await found(shop, product_ids=[rafting], day_from="2026-07-15") == []
    await shop.database.write(lambda tx: cancel(tx, shop.booking, shop.caller, Target(one.id), apply_fee=False))
    assert await found(shop, "ann", status="cancelled", balance="credit") == [one.confirmation]
    assert await found(shop, status="confirmed") == await found(shop, balance="settled") == []
    assert await check(shop.database, shop.booking.clock.now()) == []


NAMES = ("Ann", "Anna", "Anton", "Bob", "Bo", "Zoë")


def _matches(query: str) -> Callable[[Order], bool]:
    def matches(one: Order) -> bool:
        names = [str(one.body.customer.get(field, "")).lower().replace("ë", "e") for field in ("firstName", "lastName")]
        return all(any(name.startswith(word) for name in names) for word in query.replace("ë", "e").split())

    return matches


@pytest.mark.parametrize("few", [0, 3, 20_000])
@pytest.mark.parametrize("window", [1, 7, 50_000])
async def test_every_way_of_looking_finds_the_same(
    shop: Shop, monkeypatch: pytest.MonkeyPatch, few: int, window: int
) -> None:
    """By an index, or through all orders: the pages together are what a look at every document finds."""
    monkeypatch.setattr(search, "FEW_LINES", few)
    monkeypatch.setattr(search, "WINDOW", window)
    monkeypatch.setattr(search, "FEW", few)
    draw = random.Random(7)
    days = ["2026-07-14", "2026-07-15"]
    departures = [await shop.departure("rafting", f"{day} 09:00", capacity=40) for day in days]
    made = []
    for number in range(24):
        customer = {"firstName": draw.choice(NAMES), "lastName": draw.choice(NAMES)}
        one = await order(shop, departures[number % 5 == 0], customer)
        if number % 4 == 0:
            outcome = await shop.database.write(
                lambda tx, one=one, fee=number % 8 == 0: cancel(
                    tx, shop.booking, shop.caller, Target(one.id), apply_fee=fee
                )
            )
            one = outcome.order
        made.append(one)
    for query in ("a", "an", "ann", "bo a", "zoe", "b", "zoë zoe", ""):
        for status in (None, "confirmed", "cancelled"):
            for balance in (None, "settled", "credit"):
                for day in (None, *days):
                    right = [
                        one.confirmation
                        for one in made
                        if _matches(query)(one)
                        and (status is None or one.status == status)
                        and (balance is None or balance_of(one) == balance)
                        and (day is None or one.body.items[0].local_start.startswith(day))
                    ]
                    filters = {"status": status, "balance": balance, "day_from": day, "day_to": day}
                    assert await found(shop, query, **filters, limit=5) == right[::-1], (query, filters)
                    assert await found(shop, query, **filters, limit=3, sort="oldest") == right, (query, filters)


async def test_orders_from_before_the_search_are_filled_in(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    departure = await shop.departure("rafting", "2026-07-14 09:00", capacity=40)
    made = [await order(shop, departure, {"firstName": "Ann", "lastName": f"Lee{number}"}) for number in range(7)]

    async def forget(tx: Tx) -> None:
        await tx.execute("DELETE FROM order_term")
        await tx.execute("UPDATE order_view SET terms = NULL")

    await shop.database.write(forget)
    findings = await check(shop.database, shop.booking.clock.now())
    assert [each.check for each in findings] == ["order_unfindable"]
    assert "without_words=7" in findings[0].row
    # An order that is changed first is filled in by that; the rest is done by several processes, in portions.
    await shop.database.write(lambda tx: cancel(tx, shop.booking, shop.caller, Target(made[3].id), apply_fee=False))
    assert await found(shop, "lee3") == [made[3].confirmation]
    monkeypatch.setattr(term_fill, "PORTION", 2)
    assert await term_fill.fill(shop.database) == 6
    assert await term_fill.fill(shop.database) == 0
    assert await found(shop, "ann") == [one.confirmation for one in reversed(made)]
    assert await check(shop.database, shop.booking.clock.now()) == []


@pytest.mark.parametrize(
    ("damage", "check_name"),
    [
        ("DELETE FROM order_term WHERE term = 'ann'", "order_terms"),
        ("UPDATE order_term SET term = 'bob' WHERE term = 'ann'", "order_terms"),
        ("INSERT INTO order_term SELECT account_id, 'status', 'pending', seq FROM order_view", "order_terms"),
        ("INSERT INTO order_term SELECT account_id, 'word', 'x', seq + 1 FROM order_view", "order_terms"),
        ("UPDATE order_view SET terms = REPLACE(terms, 'word:ann', 'word:bob')", "order_words"),
    ],
)
async def test_doctor_sees_words_that_are_not_the_orders(shop: Shop, damage: str, check_name: str) -> None:
    departure = await shop.departure("rafting", "2026-07-14 09:00", capacity=12)
    await order(shop, departure, ANN)
    await shop.database.write(lambda tx: tx.execute(damage))
    assert check_name in {each.check for each in await check(shop.database, 0)}


async def test_an_order_has_a_bounded_number_of_words(shop: Shop, monkeypatch: pytest.MonkeyPatch) -> None:
    departure = await shop.departure("rafting", "2026-07-14 09:00", capacity=12)
    long = {"firstName": " ".join(f"w{number:03}" for number in range(500)), "lastName": "x" * 2_000}
    one = await order(shop, departure, long)
    rows = await shop.database.read(lambda tx: tx.rows("SELECT term FROM order_term"))
    assert len(rows) == 400
    assert await found(shop, "w399") == [one.confirmation]
    assert await found(shop, "w400") == []
    assert msgspec.json.decode(store.encoded_body(one))["customer"]["lastName"] == "x" * 2_000
    other = await order(shop, departure, {"lastName": "x" * 2_000})
    assert await found(shop, "x" * 1_000) == [other.confirmation]
    assert await check(shop.database, shop.booking.clock.now()) == []
