"""A hold ends, at the latest, a set time after its first moment, whatever is done with its cart."""

from __future__ import annotations

import random
from collections import Counter
from dataclasses import dataclass, field, replace

import pytest

from seatwright.cart import service as carts
from seatwright.cart.holds import sweep
from seatwright.cart.service import ItemRequest
from seatwright.catalog.model import Discount
from seatwright.core.clock import MINUTE_MS, ManualClock
from seatwright.core.errors import Conflict, SeatwrightError, SoldOut
from seatwright.core.ids import new_hex24
from seatwright.invariants.checks import check
from seatwright.orders import service as orders
from seatwright.orders.placement import OrderDetails
from seatwright.storage.engine import Database
from tests.crash.broken import Cut, without
from tests.shop import Shop, open_shop

HOLD, LONGEST = 30 * MINUTE_MS, 60 * MINUTE_MS


async def new_cart(shop: Shop) -> str:
    return (await shop.database.write(lambda tx: carts.create(tx, shop.booking, shop.caller))).cart.id


async def add(shop: Shop, cart_id: str, departure_id: str, count: int = 1) -> int:
    """Add to a cart, and return when the item's hold ends by what the cart says."""
    asked = ItemRequest(departure_id, {"All": count})
    changed = await shop.database.write(lambda tx: carts.add_item(tx, shop.booking, shop.caller, cart_id, asked))
    item = changed.cart.body.item(departure_id)
    assert item is not None
    return item.expires_at


async def holds(shop: Shop) -> dict[tuple[str, str], int]:
    """Return when each hold ends that is not over, by cart and departure."""
    rows = await shop.database.read(
        lambda tx: tx.rows(
            "SELECT cart_id, departure_id, expires_at FROM hold WHERE expires_at > $1", shop.booking.clock.now()
        )
    )
    return {(row["cart_id"], row["departure_id"]): row["expires_at"] for row in rows}


@pytest.fixture
async def shop(database: Database, clock: ManualClock) -> Shop:
    return await open_shop(database, clock)


@pytest.fixture
async def kayak(shop: Shop) -> str:
    return await shop.departure("kayak", "2026-07-14 09:00", capacity=100)


async def test_adding_again_extends_a_hold_up_to_its_latest_end(shop: Shop, kayak: str, clock: ManualClock) -> None:
    start, cart = clock.now(), await new_cart(shop)
    ends = []
    for _ in range(5):
        ends.append((await add(shop, cart, kayak) - start) // MINUTE_MS)
        assert (await holds(shop))[cart, kayak] == start + ends[-1] * MINUTE_MS, "a cart tells when its hold ends"
        clock.advance(10 * MINUTE_MS)
    assert ends == [30, 40, 50, 60, 60]
    clock.advance(10 * MINUTE_MS)
    assert await holds(shop) == {}
    with pytest.raises(Conflict, match="order it as it is") as refused:
        await add(shop, cart, kayak)
    assert refused.value.code == "hold_time_used"
    assert await shop.taken(kayak) == 5  # until they are swept up or wanted; nothing else has changed


@pytest.mark.parametrize("change", ["expires_at = expires_at + 1", "seats = seats + 1"])
async def test_the_doctor_sees_a_hold_that_is_not_as_its_cart_says(shop: Shop, kayak: str, change: str) -> None:
    await add(shop, await new_cart(shop), kayak, 2)
    assert await check(shop.database, 0) == []
    await shop.database.write(lambda tx: tx.execute(f"UPDATE hold SET {change}"))
    assert "hold_end" in {finding.check for finding in await check(shop.database, 0)}


async def test_a_hold_that_lapsed_counts_on_until_others_had_their_chance(
    shop: Shop, kayak: str, clock: ManualClock
) -> None:
    start, cart = clock.now(), await new_cart(shop)
    await add(shop, cart, kayak)
    clock.advance(40 * MINUTE_MS)
    assert await add(shop, cart, kayak) == start + LONGEST
    clock.advance(20 * MINUTE_MS + HOLD - 1)
    with pytest.raises(Conflict):
        await add(shop, cart, kayak)
    clock.advance(1)
    assert await add(shop, cart, kayak) == clock.now() + HOLD


async def test_other_departures_of_a_cart_have_their_own_time(shop: Shop, kayak: str, clock: ManualClock) -> None:
    later, cart = await shop.departure("kayak", "2026-07-15 09:00", capacity=5), await new_cart(shop)
    await add(shop, cart, kayak)
    clock.advance(25 * MINUTE_MS)
    await add(shop, cart, kayak)
    clock.advance(25 * MINUTE_MS)
    assert await add(shop, cart, later) == clock.now() + HOLD
    clock.advance(15 * MINUTE_MS)
    with pytest.raises(Conflict):
        await add(shop, cart, kayak)
    await shop.database.write(lambda tx: carts.remove_item(tx, shop.booking, shop.caller, cart, kayak))
    assert await add(shop, cart, kayak) == clock.now() + HOLD, "whoever gives seats back may ask for them like others"


async def test_a_longest_time_below_the_usual_one_is_the_usual_one(shop: Shop, kayak: str, clock: ManualClock) -> None:
    """Settings see to that (`unit/test_config.py`); a hold that began is never refused here either."""
    shop.booking = replace(shop.booking, hold_max_ms=HOLD)
    cart, start = await new_cart(shop), clock.now()
    await add(shop, cart, kayak)
    clock.advance(10 * MINUTE_MS)
    assert await add(shop, cart, kayak) == start + HOLD


async def test_an_item_that_an_older_version_added_counts_from_the_first_addition_since(
    shop: Shop, kayak: str, clock: ManualClock
) -> None:
    cart = await new_cart(shop)
    await add(shop, cart, kayak)
    held = f',"held_since":{clock.now()}'
    assert await shop.database.write(
        lambda tx: tx.execute("UPDATE cart SET body = REPLACE(body, $1, '') WHERE body LIKE '%held_since%'", held)
    )
    clock.advance(20 * MINUTE_MS)
    start = clock.now()
    for minutes in (30, 50, 60, 60):
        assert await add(shop, cart, kayak) == start + minutes * MINUTE_MS
        clock.advance(20 * MINUTE_MS if minutes < 60 else 5 * MINUTE_MS)


async def test_ordering_a_cart_whose_time_is_used_takes_its_seats_again(
    shop: Shop, kayak: str, clock: ManualClock
) -> None:
    cart = await new_cart(shop)
    await add(shop, cart, kayak, 3)
    clock.advance(100 * LONGEST)
    order = await shop.database.write(lambda tx: orders.place(tx, shop.booking, shop.caller, OrderDetails(cart)))
    assert (order.status, await shop.taken(kayak), await holds(shop)) == ("confirmed", 3, {})
    assert {(item.held_since, item.expires_at) for item in order.body.items} == {(0, 0)}


@pytest.mark.parametrize("asked", [{"order_id": "999999"}, {}], ids=["unknown order", "discount used up"])
async def test_an_order_that_fails_extends_no_hold(
    shop: Shop, kayak: str, clock: ManualClock, asked: dict[str, str]
) -> None:
    """Before, each attempt held the seats of an expired cart for another full time."""
    none_left = Discount(id=new_hex24(), code="GONE", name="Gone", calc="flat", amount=500, max_uses=0)
    await shop.add("discount", none_left)
    cart = await new_cart(shop)
    await add(shop, cart, kayak, 3)
    await shop.database.write(lambda tx: carts.apply_discount(tx, shop.booking, shop.caller, cart, "GONE"))
    clock.advance(HOLD)
    with pytest.raises(SeatwrightError) as failed:
        await shop.database.write(
            lambda tx: orders.place(tx, shop.booking, shop.caller, OrderDetails(cart, **asked))  # type: ignore[arg-type]
        )
    assert failed.value.code == ("order_not_found" if asked else "discount_used_up")
    assert await holds(shop) == {}
    other = await new_cart(shop)
    await add(shop, other, kayak, 100)
    with pytest.raises(SoldOut):
        await shop.database.write(lambda tx: orders.place(tx, shop.booking, shop.caller, OrderDetails(cart)))


@dataclass
class Watch:
    """What an observer of the holds knows: since when each cart has held a departure without giving others a chance."""

    since: dict[tuple[str, str], int] = field(default_factory=dict)
    ends: dict[tuple[str, str], int] = field(default_factory=dict)

    def see(self, now: int, live: dict[tuple[str, str], int], *, given_back: tuple[str, str] | None) -> None:
        """Look at the holds after an operation; `given_back` was taken out of its cart by it. The law is asserted."""
        if given_back is not None:
            del self.since[given_back], self.ends[given_back]
        for held, end in live.items():
            if now - self.ends.get(held, now) >= HOLD:
                self.since.pop(held, None)
            self.since.setdefault(held, now)
            assert end <= self.since[held] + LONGEST, "a hold ends later than it may"
            assert end <= now + HOLD, "a hold lasts longer than one does"
        self.ends |= live


async def live_through(shop: Shop, clock: ManualClock, seed: int) -> Counter[str]:
    """Do a random sequence of what moves, ends or takes holds again; return what was answered, how often."""
    chance, watch, said = random.Random(seed), Watch(), Counter[str]()
    day = f"2026-08-{1 + seed % 28:02d}"
    places = [await shop.departure("kayak", f"{day} {hour}:00", capacity=9) for hour in ("09", "11")]
    ours = [await new_cart(shop) for _ in range(3)]
    for _ in range(60):
        cart, place = chance.choice(ours), chance.choice(places)
        given_back = None
        doing = chance.choice(["add"] * 6 + ["order", "remove", "sweep", "badly ordered"])
        try:
            if doing == "add":
                await add(shop, cart, place)
            elif doing == "remove":
                await shop.database.write(
                    lambda tx: carts.remove_item(tx, shop.booking, shop.caller, cart, place)  # noqa: B023
                )
                given_back = cart, place
            elif doing == "sweep":
                await sweep(shop.database, clock)
            else:
                asked = OrderDetails(cart, order_id="999999" if doing == "badly ordered" else None)
                await shop.database.write(lambda tx: orders.place(tx, shop.booking, shop.caller, asked))  # noqa: B023
                ours[ours.index(cart)] = await new_cart(shop)
        except SeatwrightError as error:
            doing = error.code
        said[doing] += 1
        watch.see(clock.now(), await holds(shop), given_back=given_back)
        if chance.random() < 0.8:
            marks = [end + beside for end in watch.ends.values() for beside in (-1, 0, 1, HOLD)]
            later = [mark for mark in marks if mark > clock.now()]
            clock.set(min(chance.choice(later), clock.now() + 20 * MINUTE_MS) if later else clock.now() + MINUTE_MS)
    return said


async def test_whatever_is_done_no_hold_ends_later_than_it_may(shop: Shop, clock: ManualClock) -> None:
    said = Counter[str]()
    for seed in range(8):
        said += await live_through(shop, clock, seed)
    assert said.keys() >= {"add", "remove", "sweep", "order", "hold_time_used", "sold_out", "order_not_found"}, said
    assert await check(shop.database, 0) == []


FOR_EVER = Cut("seatwright.cart.hold_limits", "extended", "min(now + booking.hold_ms, latest)", "now + booking.hold_ms")


async def test_without_the_bound_the_law_is_broken(shop: Shop, clock: ManualClock) -> None:
    async def live_long() -> None:
        for seed in range(8):
            await live_through(shop, clock, seed)

    with without([FOR_EVER]), pytest.raises(AssertionError, match="ends later than it may"):
        await live_long()
