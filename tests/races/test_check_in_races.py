"""Two processes take in the same queue at once, and somebody at the desk taps meanwhile: nothing is lost or doubled."""

from __future__ import annotations

import asyncio
from collections.abc import Sequence

import msgspec
import pytest

from seatwright.cart import service as carts
from seatwright.cart.model import Line, Mark
from seatwright.cart.service import ItemRequest
from seatwright.core.clock import MINUTE_MS, ManualClock
from seatwright.core.config import Settings
from seatwright.invariants.checks import check
from seatwright.orders import checkin_batch
from seatwright.orders import service as orders
from seatwright.orders.checkin import Guests, check_in
from seatwright.orders.checkin_batch import CheckIn, merge
from seatwright.orders.model import Order
from seatwright.orders.placement import OrderDetails
from seatwright.storage.engine import Database
from seatwright.storage.open import open_database
from tests.conftest import START
from tests.shop import Shop, open_shop

ROUNDS = 6


async def placed(shop: Shop, day: str) -> Order:
    """Sell four seats."""
    departure = await shop.departure("kayak", f"{day} 08:00", capacity=8)
    cart = (await shop.database.write(lambda tx: carts.create(tx, shop.booking, shop.caller))).cart.id
    wanted = ItemRequest(departure, {"All": 4})
    await shop.database.write(lambda tx: carts.add_item(tx, shop.booking, shop.caller, cart, wanted))
    return await shop.database.write(lambda tx: orders.place(tx, shop.booking, shop.caller, OrderDetails(cart)))


def queue_of(order: Order) -> list[CheckIn]:
    """Everybody in, the first two out again, and the second in at last."""
    item = order.body.items[0]
    guests = [line.id for line in item.lines]
    taps = [("in", guest) for guest in guests] + [("out", guests[0]), ("out", guests[1]), ("in", guests[1])]
    return [
        CheckIn(f"tap-{number:05}", START - (20 - number) * MINUTE_MS, order.id, item.id, guest, kind)  # type: ignore[arg-type]
        for number, (kind, guest) in enumerate(taps)
    ]


async def since(shop: Shop, order: Order) -> list[int | None]:
    """Return for how many minutes each guest has been there."""
    found = await shop.database.read(lambda tx: orders.read(tx, shop.caller, order.id))
    lines = found.body.items[0].lines
    return [None if line.checked_in_at is None else (START - line.checked_in_at) // MINUTE_MS for line in lines]


async def sent(shop: Shop, databases: Sequence[Database], parts: Sequence[list[CheckIn]]) -> None:
    """Send parts of a queue, each to a process, at once."""
    writes = (
        database.write(lambda tx, p=part: merge(tx, shop.booking.clock, shop.caller, p))  # type: ignore[misc]
        for database, part in zip(databases, parts, strict=True)
    )
    await asyncio.gather(*writes)


async def test_two_processes_and_a_desk_lead_to_one_end(
    settings: Settings, database: Database, clock: ManualClock
) -> None:
    shop, other = await open_shop(database, clock), await open_database(settings)
    try:
        for number in range(ROUNDS):
            order = await placed(shop, f"2026-08-{number + 1:02d}")
            queue = queue_of(order)
            last = Guests(order.id, queue[0].departure, [queue[3].guest], noted=False)
            desk = other.write(lambda tx, g=last: check_in(tx, clock, shop.caller, g))  # type: ignore[misc]
            half = [*queue[number:], *queue[:2]]
            await asyncio.gather(sent(shop, (database, other, database), (queue[::-1], half, queue[:number])), desk)
            # The desk's tap takes back the check-in of the fourth guest if that had come in by then.
            first, second, third, fourth = await since(shop, order)
            assert (first, second, third) == (None, 14, 18)
            assert fourth in (None, 17)
        assert await check(database, clock.now()) == []
    finally:
        await other.close()


async def test_control_where_the_last_to_come_in_counts_the_end_depends_on_it(
    database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch
) -> None:
    def last_counts(line: Line, mark: Mark, now: int) -> Line:
        return msgspec.structs.replace(
            line, marks=(*line.marks, mark), checked_in_at=mark.at if mark.kind == "in" else None
        )

    shop, ends = await open_shop(database, clock), []
    monkeypatch.setattr(checkin_batch, "marked", last_counts)
    for number, step in enumerate((1, -1)):
        order = await placed(shop, f"2026-08-{number + 1:02d}")
        await sent(shop, (database,), (queue_of(order)[::step],))
        ends.append(await since(shop, order))
    assert ends[0] == [None, 14, 18, 17]
    assert ends[0] != ends[1]
