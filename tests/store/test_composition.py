"""A use case is one step of its caller's transaction: what comes after it is in the same one, on both databases."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass
from typing import Any

import pytest

from seatwright.cancellation.service import Target, cancel
from seatwright.cart import renewal
from seatwright.cart import service as carts
from seatwright.cart.service import ItemRequest
from seatwright.core.clock import ManualClock
from seatwright.core.errors import Conflict
from seatwright.invariants.checks import check
from seatwright.orders import addition
from seatwright.orders import service as orders
from seatwright.orders.placement import OrderDetails
from seatwright.storage.engine import Database, ReadTx, Tx
from tests.shop import Shop, open_shop


@dataclass
class Stage:
    """A shop with a departure, a cart that holds seats of it, an empty one, and an order."""

    shop: Shop
    kayak: str
    cart: str
    empty: str
    order: str

    def run(self, use_case: Callable[..., Awaitable[Any]], *args: Any) -> Callable[[Tx], Awaitable[Any]]:
        """Return a use case of the shop's user as something to do in a transaction."""
        return lambda tx: use_case(tx, self.shop.booking, self.shop.caller, *args)

    async def rows(self) -> list[str]:
        """Return what is stored of all that these use cases write."""
        tables = ("cart", "hold", "departure", "orders", "order_line", "ledger_entry", "order_view", "outbox_event")

        async def look(tx: ReadTx) -> list[str]:
            found = [(table, tuple(row)) for table in tables for row in await tx.rows(f"SELECT * FROM {table}")]
            return sorted(map(repr, found))

        return await self.shop.database.read(look)


@pytest.fixture
async def stage(database: Database, clock: ManualClock) -> Stage:
    shop = await open_shop(database, clock)
    kayak = await shop.departure("kayak", "2026-07-14 09:00", capacity=20)
    made = [(await database.write(lambda tx: carts.create(tx, shop.booking, shop.caller))).cart.id for _ in range(3)]
    stage = Stage(shop, kayak, *made)
    for cart in (stage.cart, stage.order):
        await database.write(stage.run(carts.add_item, cart, ItemRequest(kayak, {"All": 2})))
    await database.write(stage.run(orders.place, OrderDetails(stage.order)))
    return stage


USE_CASES: dict[str, Callable[[Stage], Callable[[Tx], Awaitable[Any]]]] = {
    "make a cart": lambda s: s.run(carts.create),
    "make a cart for an order": lambda s: s.run(addition.open_cart, s.order),
    "hold": lambda s: s.run(carts.add_item, s.empty, ItemRequest(s.kayak, {"All": 1})),
    "hold more": lambda s: s.run(carts.add_item, s.cart, ItemRequest(s.kayak, {"All": 1})),
    "name the customer": lambda s: s.run(carts.set_customer, s.cart, {"firstName": "Ann"}),
    "apply a discount": lambda s: s.run(carts.apply_discount, s.cart, "EARLY10"),
    "take the discount off": lambda s: s.run(carts.remove_discount, s.cart),
    "take a departure out": lambda s: s.run(carts.remove_item, s.cart, s.kayak),
    "give up a cart": lambda s: s.run(carts.delete, s.cart),
    "order": lambda s: s.run(orders.place, OrderDetails(s.cart)),
    "add to an order": lambda s: s.run(orders.place, OrderDetails(s.cart, order_id=s.order)),
    "cancel": lambda s: lambda tx: cancel(tx, s.shop.booking, s.shop.caller, Target(s.order), apply_fee=True),
}


@pytest.mark.parametrize("name", USE_CASES)
async def test_what_follows_a_use_case_is_in_its_transaction(stage: Stage, name: str) -> None:
    use_case, before, database = USE_CASES[name](stage), await stage.rows(), stage.shop.database

    async def and_another(tx: Tx, *, fail: bool) -> None:
        await use_case(tx)
        await carts.create(tx, stage.shop.booking, stage.shop.caller)
        if fail:
            raise Conflict("No.")

    with pytest.raises(Conflict, match="No"):
        await database.write(lambda tx: and_another(tx, fail=True))
    assert await stage.rows() == before
    await database.write(lambda tx: and_another(tx, fail=False))
    assert len(set(await stage.rows()) - set(before)) > (1 if name != "give up a cart" else 0)
    assert await check(database, 0) == []


async def test_a_lost_hold_is_noted_in_its_callers_transaction(stage: Stage) -> None:
    database = stage.shop.database

    async def lose(tx: Tx) -> None:
        await tx.execute("DELETE FROM hold WHERE cart_id = $1", stage.cart)
        await tx.execute("UPDATE departure SET taken = taken - 2 WHERE id = $1", stage.kayak)
        await renewal.note_lost_holds(tx, stage.shop.booking, stage.shop.caller, stage.cart)
        await carts.add_item(
            tx, stage.shop.booking, stage.shop.caller, stage.cart, ItemRequest(stage.kayak, {"All": 1})
        )

    await database.write(lose)
    assert await stage.shop.taken(stage.kayak) == 2 + 3
    assert await check(database, 0) == []
