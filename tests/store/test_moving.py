"""Guests move to another departure: seats, books and documents follow, and moving back leaves everything as before."""

from __future__ import annotations

from typing import Any

import msgspec
import pytest

from seatwright.cancellation.service import Target, cancel
from seatwright.cart import service as carts
from seatwright.cart.model import Item, Line
from seatwright.cart.service import ItemRequest
from seatwright.catalog.model import Pickup, Product, Question, Tier
from seatwright.core.clock import ManualClock
from seatwright.core.errors import NotFound, SeatwrightError, SoldOut
from seatwright.core.ids import new_hex24
from seatwright.invariants.checks import check
from seatwright.orders import checkin
from seatwright.orders import service as orders
from seatwright.orders.checkin import Guests
from seatwright.orders.model import Order
from seatwright.orders.move_plan import MoveRequest
from seatwright.orders.moving import MoveQuote, move, quote_move
from seatwright.orders.placement import OrderDetails
from seatwright.storage.engine import Database
from tests.shop import Shop, open_shop


@pytest.fixture
async def shop(database: Database, clock: ManualClock) -> Shop:
    return await open_shop(database, clock)


@pytest.fixture
async def days(shop: Shop) -> list[str]:
    """Three rafting departures, of which the third has one seat; the second costs 20 more."""
    return [
        await shop.departure("rafting", "2026-07-14 09:00", capacity=12),
        await shop.departure("rafting", "2026-07-15 09:00", capacity=12, prices={"Adult": 11900}),
        await shop.departure("rafting", "2026-07-16 09:00", capacity=1),
    ]


async def sell(shop: Shop, *items: tuple[str, dict[str, int]], pickup: bool = False, code: str = "") -> Order:
    """Sell these departures in one order."""
    cart = (await shop.database.write(lambda tx: carts.create(tx, shop.booking, shop.caller))).cart.id
    place = shop.entries["hotel"].id if pickup else None
    for departure, counts in items:
        asked = ItemRequest(departure, counts, location_id=place)
        await shop.database.write(lambda tx, a=asked: carts.add_item(tx, shop.booking, shop.caller, cart, a))  # type: ignore[misc]
    if code:
        await shop.database.write(lambda tx: carts.apply_discount(tx, shop.booking, shop.caller, cart, code))
    return await shop.database.write(lambda tx: orders.place(tx, shop.booking, shop.caller, OrderDetails(cart)))


async def quoted(shop: Shop, request: MoveRequest) -> MoveQuote:
    return await shop.database.read(lambda tx: quote_move(tx, shop.booking, shop.caller, request))


async def moved(shop: Shop, request: MoveRequest, difference: int | None = None) -> Order:
    done = await shop.database.write(lambda tx: move(tx, shop.booking, shop.caller, request, difference=difference))
    assert await check(shop.database, 0) == []
    return done.order


async def refused(shop: Shop, request: MoveRequest, difference: int | None = None) -> SeatwrightError:
    before = await books(shop)
    with pytest.raises(SeatwrightError) as error:
        await shop.database.write(lambda tx: move(tx, shop.booking, shop.caller, request, difference=difference))
    assert await books(shop) == before
    return error.value


async def books(shop: Shop) -> dict[str, Any]:
    """Return seats, lines, and the sum of each ledger by departure."""

    async def rows(sql: str) -> list[tuple[Any, ...]]:
        return sorted(
            tuple(row[i] for i in range(len(row))) for row in await shop.database.read(lambda tx: tx.rows(sql))
        )  # type: ignore[arg-type]

    return {
        "seats": await rows("SELECT id, taken FROM departure"),
        "pools": await rows("SELECT pool_id, start_at, taken FROM pool_start"),
        "lines": await rows(
            "SELECT id, departure_id, tier, seats, status, price, discount, fees, tax, total FROM order_line"
        ),
        "books": await rows(
            """
            SELECT ledger, COALESCE(departure_id, ''), name, CAST(SUM(amount) AS BIGINT) FROM ledger_entry
            GROUP BY ledger, COALESCE(departure_id, ''), name HAVING SUM(amount) <> 0
            """
        ),
        "orders": await rows("SELECT id, status, total, paid FROM orders"),
    }


def lines_of(order: Order) -> dict[str, tuple[str, Line, Any]]:
    """Return each line by id with its departure and arrangement."""
    return {
        line.id: (item.id, msgspec.structs.replace(line, arrangement=0), item.arranged(line))
        for item in order.body.items
        for line in item.lines
    }


def item(order: Order, departure: str) -> Item:
    found = order.body.item(departure)
    assert found is not None
    return found


@pytest.mark.parametrize("pickup", [False, True])
@pytest.mark.parametrize("code", ["", "EARLY10"])
async def test_there_and_back_at_the_kept_price_is_as_before(
    shop: Shop, days: list[str], pickup: bool, code: str
) -> None:
    order = await sell(shop, (days[0], {"Adult": 2, "Child": 1}), pickup=pickup, code=code)
    before = await books(shop)
    some = [line.id for line in item(order, days[0]).lines[1:]]
    there = await moved(shop, MoveRequest(order.id, days[1], line_ids=some), 0)
    assert (there.total, there.balance) == (order.total, order.balance)
    assert [await shop.taken(day) for day in days[:2]] == [1, 2]
    assert {line.id for line in item(there, days[1]).lines} == set(some)
    back = await moved(shop, MoveRequest(order.id, days[0], item_id=days[1]), 0)
    assert await books(shop) == before
    assert lines_of(back) == lines_of(order)
    assert back.body.item(days[1]) is None


async def test_a_whole_order_moves(shop: Shop, days: list[str]) -> None:
    order = await sell(shop, (days[0], {"Adult": 1}), (days[1], {"Child": 1}))
    there = await moved(shop, MoveRequest(order.id, days[1]))
    assert [each.id for each in there.body.items] == [days[1]]
    assert [line.tier for line in there.body.items[0].lines] == ["Child", "Adult"]
    assert (await refused(shop, MoveRequest(order.id, days[1]))).code == "nobody_to_move"


async def test_a_new_price_is_owed_as_it_was_quoted(shop: Shop, days: list[str]) -> None:
    order = await sell(shop, (days[0], {"Adult": 2}), code="EARLY10")
    first, second = (line.id for line in item(order, days[0]).lines)
    request = MoveRequest(order.id, days[1], line_ids=[first], price="new")
    quote = await quoted(shop, request)
    # 20.00 more, 10 % off, 5 % river fee and 7.5 % tax on that
    assert quote.plan.difference == 1800 + 90 + 135
    assert (await refused(shop, request, difference=0)).code == "amounts_changed"
    assert "20.25 USD" in (await refused(shop, request, difference=0)).message
    there = await moved(shop, request, quote.plan.difference)
    assert (there.total, there.balance) == (quote.total, quote.balance) == (order.total + 2025, 2025)
    _, line, arrangement = lines_of(there)[first]
    assert (line.price, line.discount) == (11900, 1190)
    assert arrangement.policy is not None
    assert lines_of(there)[second] == lines_of(order)[second], "who stays is not touched"
    cheaper = await moved(shop, MoveRequest(order.id, days[0], line_ids=[first], price="new"))
    assert (cheaper.total, cheaper.balance) == (order.total, 0)


async def test_a_price_that_has_changed_since_is_refused(shop: Shop, days: list[str]) -> None:
    order = await sell(shop, (days[0], {"Adult": 1}))
    request = MoveRequest(order.id, days[1], price="new")
    quote = await quoted(shop, request)
    await shop.database.write(
        lambda tx: tx.execute("UPDATE departure SET prices = $2 WHERE id = $1", days[1], '{"Adult":9000}')
    )
    assert (await refused(shop, request, quote.plan.difference)).code == "amounts_changed"


async def test_another_product_says_what_it_lacks(shop: Shop, days: list[str]) -> None:
    kayak = await shop.departure("kayak", "2026-07-15 09:00", capacity=8)
    order = await sell(shop, (days[0], {"Adult": 1, "Child": 1}), pickup=True)
    request = MoveRequest(order.id, kayak)
    error = await refused(shop, request)
    assert (error.code, error.about) == ("unknown_tier", "tiers.Adult")
    mapped = request._replace(tiers={"adult": "All", "Child": "all"})
    assert (await refused(shop, mapped)).code == "pickup_not_offered"
    without = mapped._replace(without_pickup=True)
    quote = await quoted(shop, without)
    # two pickups of 10.00, and 5 % and 7.5 % on each
    assert quote.plan.difference == -2 * (1000 + 50 + 75)
    there = await moved(shop, without, quote.plan.difference)
    (only,) = there.body.items
    assert (only.product_code, only.pickup, only.location) == ("kayak", None, None)
    assert [(line.tier, line.price) for line in only.lines] == [("All", 9900), ("All", 5900)]
    assert all(only.arranged(line).policy is not None for line in only.lines), "the policy stays with the kept price"
    anew = await moved(shop, MoveRequest(order.id, days[0], price="new", tiers={"All": "Adult"}))
    assert [line.price for line in anew.body.items[0].lines] == [9900, 9900]


async def test_a_pickup_is_chosen_there(shop: Shop, days: list[str]) -> None:
    bus = Pickup(id=new_hex24(), code="bus", name="Bus", price=500, locations=("putin",))
    await shop.add("pickup", bus)
    product = shop.entries["kayak"]
    assert isinstance(product, Product)
    await shop.add("product", msgspec.structs.replace(product, pickups=("bus",)))
    kayak = await shop.departure("kayak", "2026-07-15 09:00", capacity=8)
    order = await sell(shop, (days[0], {"Adult": 1}), pickup=True)
    there = await moved(
        shop, MoveRequest(order.id, kayak, tiers={"Adult": "All"}, location_id=shop.entries["putin"].id)
    )
    pickup = there.body.items[0].pickup
    assert pickup is not None
    assert (pickup.name, there.total - order.total) == (
        "Bus",
        -(500 + 25 + 38),
    )  # 5 % of 5.00, and 7.5 % of 109.00 less that of 104.00
    error = await refused(shop, MoveRequest(order.id, days[1], tiers={"All": "Adult"}, location_id="nowhere"))
    assert (error.code, error.about) == ("unknown_location", "location")


async def test_questions_of_the_other_product_are_answered_first(shop: Shop, days: list[str]) -> None:
    kayak = await shop.departure("kayak", "2026-07-15 09:00", capacity=8)
    order = await sell(shop, (days[0], {"Adult": 1}))
    weight = Question(
        id=new_hex24(),
        code="weight",
        name="Weight",
        kind="number",
        required=True,
        per="participant",
        products=("kayak",),
    )
    await shop.add("question", weight)
    request = MoveRequest(order.id, kayak, tiers={"Adult": "All"})
    error = await refused(shop, request)
    assert error.code == "answer_missing_there"
    assert "Weight" in error.message
    (line,) = item(order, days[0]).lines
    bad = await refused(shop, request._replace(answers={line.id: {"Weight": "heavy"}}))
    assert bad.field == f"answers.{line.id}.Weight"
    there = await moved(shop, request._replace(answers={line.id: {"weight": "75"}}))
    assert there.body.items[0].lines[0].answers == {"weight": 75}


async def test_who_and_where_can_not_be_moved(shop: Shop, days: list[str], clock: ManualClock) -> None:
    order = await sell(shop, (days[0], {"Adult": 2}))
    assert isinstance(await refused(shop, MoveRequest(order.id, days[2])), SoldOut)
    assert isinstance(await refused(shop, MoveRequest(order.id, "0" * 24)), NotFound)
    assert isinstance(await refused(shop, MoveRequest("0" * 24, days[1])), NotFound)
    assert isinstance(await refused(shop, MoveRequest(order.id, days[1], item_id=days[2])), NotFound)
    assert isinstance(await refused(shop, MoveRequest(order.id, days[1], line_ids=["x"])), NotFound)
    here = await refused(shop, MoveRequest(order.id, days[0], line_ids=[item(order, days[0]).lines[0].id]))
    assert here.code == "not_movable"
    bike = await shop.departure("bike", "2026-07-14 09:00", capacity=5, pool="bikes")
    assert (await refused(shop, MoveRequest(order.id, bike))).code == "other_kind"
    await shop.database.write(lambda tx: tx.execute("UPDATE departure SET closed = TRUE WHERE id = $1", days[1]))
    assert (await refused(shop, MoveRequest(order.id, days[1]))).code == "not_bookable"


async def test_rentals_of_one_pool_move_within_it(shop: Shop) -> None:
    """All five bikes go from the morning to a time that overlaps it: what is given back counts there."""
    morning = await shop.departure("bike", "2026-07-14 09:00", capacity=5, pool="bikes")
    later = await shop.departure("bike", "2026-07-14 11:00", capacity=5, pool="bikes")
    order = await sell(shop, (morning, {"All": 5}))
    before = await books(shop)
    await moved(shop, MoveRequest(order.id, later), 0)
    assert [await shop.taken(each) for each in (morning, later)] == [0, 5]
    await moved(shop, MoveRequest(order.id, morning), 0)
    assert await books(shop) == before


async def test_seats_follow_the_other_tier(shop: Shop, days: list[str]) -> None:
    product = shop.entries["kayak"]
    assert isinstance(product, Product)
    await shop.add(
        "product", msgspec.structs.replace(product, tiers=(Tier(code="Boat", name="Boat", price=1, seats=4),))
    )
    boat = await shop.departure("kayak", "2026-07-15 09:00", capacity=4)
    order = await sell(shop, (days[0], {"Adult": 1}))
    await moved(shop, MoveRequest(order.id, boat, tiers={"Adult": "Boat"}))
    assert [await shop.taken(each) for each in (days[0], boat)] == [0, 4]


async def test_expired_holds_make_room(shop: Shop, days: list[str], clock: ManualClock) -> None:
    order = await sell(shop, (days[0], {"Adult": 1}))
    cart = (await shop.database.write(lambda tx: carts.create(tx, shop.booking, shop.caller))).cart.id
    asked = ItemRequest(days[2], {"Adult": 1})
    await shop.database.write(lambda tx: carts.add_item(tx, shop.booking, shop.caller, cart, asked))
    assert isinstance(await refused(shop, MoveRequest(order.id, days[2])), SoldOut)
    clock.advance(shop.booking.hold_ms)
    await moved(shop, MoveRequest(order.id, days[2]))
    assert await shop.taken(days[2]) == 1


async def test_check_in_and_no_show_are_taken_back(shop: Shop, days: list[str]) -> None:
    order = await sell(shop, (days[0], {"Adult": 3}))
    first, second, _ = (line.id for line in item(order, days[0]).lines)
    here = Guests(order.id, line_ids=[first])
    await shop.database.write(lambda tx: checkin.check_in(tx, shop.booking.clock, shop.caller, here))
    missing = Guests(order.id, line_ids=[second])
    await shop.database.write(lambda tx: checkin.note_no_show(tx, shop.booking.clock, shop.caller, missing))
    assert set((await quoted(shop, MoveRequest(order.id, days[1]))).undone) == {first, second}
    there = await moved(shop, MoveRequest(order.id, days[1]))
    assert {(line.checked_in_at, line.no_show_at) for line in item(there, days[1]).lines} == {(None, None)}


async def test_who_is_moved_by_the_supplier_cancels_without_a_fee(shop: Shop, days: list[str]) -> None:
    order = await sell(shop, (days[0], {"Adult": 2}))
    first, second = (line.id for line in item(order, days[0]).lines)
    await moved(shop, MoveRequest(order.id, days[1], line_ids=[first], asked_by="supplier"))
    there = await moved(shop, MoveRequest(order.id, days[1], line_ids=[second]))
    on = item(there, days[1])
    assert {line.id: on.moved(line) for line in on.lines} == {first: True, second: False}


async def test_cancelled_guests_stay_where_they_were(shop: Shop, days: list[str]) -> None:
    from_two = await sell(shop, (days[0], {"Adult": 2}))
    gone, other = (line.id for line in item(from_two, days[0]).lines)
    target = Target(from_two.id, item_id=days[0], participant_id=gone)
    await shop.database.write(lambda tx: cancel(tx, shop.booking, shop.caller, target, apply_fee=True))
    assert (await refused(shop, MoveRequest(from_two.id, days[1], line_ids=[gone]))).code == "not_movable"
    there = await moved(shop, MoveRequest(from_two.id, days[1]))
    assert {line.id for line in item(there, days[0]).lines} == {gone}
    assert {line.id for line in item(there, days[1]).lines} == {other}
