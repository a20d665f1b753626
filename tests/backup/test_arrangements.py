"""What an item of an old order or cart had of a policy, place and pickup becomes its guests' own."""

from __future__ import annotations

import json
from typing import Any

import msgspec

from seatwright.cart.model import CartBody
from seatwright.core.clock import SystemClock
from seatwright.orders.model import OrderBody
from seatwright.storage.engine import Database, Tx
from seatwright.storage.migrate import migrate
from seatwright.storage.open import open_database
from tests.backup.conftest import NewPlace
from tests.backup.fixtures import load

BEFORE = 9
"""The last schema whose documents have a policy, a place and a pickup by item."""
PICKUP = {
    "id": "a" * 24,
    "name": "Shuttle \u0001 \\ \U0001f68c",
    "location": {"id": "b" * 24, "name": 'L\'Hôtel; "Lee"'},
    "price": 1000,
}


async def bodies(database: Database, table: str) -> dict[str, str]:
    """Return the documents of a table by id."""
    rows = await database.read(lambda tx: tx.rows(f"SELECT id, body FROM {table}"))
    return {row["id"]: row["body"] for row in rows}


async def give_pickups(database: Database, table: str) -> dict[str, Any]:
    """Give the second item of each document a pickup, and return the documents by id."""
    changed = {}
    for key, text in (await bodies(database, table)).items():
        body = json.loads(text)
        for item in body.get("items", [])[1:2]:
            item["pickup"] = PICKUP
        changed[key] = body

    async def run(tx: Tx) -> None:
        for key, body in changed.items():
            await tx.execute(f"UPDATE {table} SET body = $2 WHERE id = $1", key, msgspec.json.encode(body).decode())

    await database.write(run)
    return changed


async def test_orders_and_carts_of_the_old_form_keep_each_guests_pickup(new_place: NewPlace) -> None:
    database = await open_database(new_place(), make=True)
    await load(database, BEFORE)
    before = {table: await give_pickups(database, table) for table in ("orders", "cart")}
    await migrate(database, SystemClock())
    items = 0
    for table, kind in (("orders", OrderBody), ("cart", CartBody)):
        for key, text in (await bodies(database, table)).items():
            old, new = before[table][key], json.loads(text)
            assert {name: new[name] for name in new if name != "items"} == {n: old[n] for n in old if n != "items"}
            assert len(old.get("items", [])) == len(new.get("items", []))
            for was, now in zip(old.get("items", []), new.get("items", []), strict=True):
                own = {name: was.pop(name) for name in ("location", "pickup", "policy") if name in was}
                assert now.pop("arrangements") == [own]
                assert now == was
                items += 1
            body = msgspec.json.decode(text, type=kind)
            for item in body.items[1:2]:
                assert item.pickup is not None
                assert (item.pickup.name, item.pickup.location.name) == (PICKUP["name"], 'L\'Hôtel; "Lee"')
                assert all(item.arranged(line).pickup == item.pickup for line in item.lines)
    assert items > 6
    await database.close()
