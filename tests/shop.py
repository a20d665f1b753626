"""A small outfitter for tests: accounts, a catalog and departures, written straight through the stores.

Prices are in USD cents. Times are on the wall clock of America/Denver.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from seatwright.auth.model import PERMISSIONS, Caller
from seatwright.cart.context import Booking
from seatwright.catalog import store as catalog_store
from seatwright.catalog.model import (
    AnyEntry,
    Charge,
    Discount,
    Location,
    Pickup,
    PickupDetail,
    Pool,
    Product,
    Tier,
)
from seatwright.catalog.policy import Fee, Policy
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import ManualClock
from seatwright.core.ids import new_hex24
from seatwright.core.times import from_local
from seatwright.inventory.model import slots
from seatwright.storage.engine import Database, Tx

ZONE = "America/Denver"


def denver(text: str) -> int:
    """Return the instant of a wall-clock time in Denver, such as "2026-07-14 09:00"."""
    return from_local(datetime.fromisoformat(text), ZONE)


def caller(account_id: str, **changes: object) -> Caller:
    """Return a user of an account who may do everything."""
    one = Caller(
        account_id=account_id,
        user_id=new_hex24(),
        name="Dana Reyes",
        email="dana@canyon.example",
        permissions=frozenset(PERMISSIONS),
    )
    return msgspec.structs.replace(one, **changes)


REFERENCE_POLICY = Policy(
    id=new_hex24(),
    code="tiered",
    name="Tiered",
    fees=(
        Fee(calc="percent", amount=500_000, per="person", window=24),
        Fee(calc="percent", amount=250_000, per="person", window=72),
        Fee(calc="flat", amount=500, per="person"),
        Fee(calc="flat", amount=300, per="unit"),
    ),
)


@dataclass
class Shop:
    """The outfitter: what is in it by code, and its departures by the names that tests give them."""

    database: Database
    booking: Booking
    account_id: str
    caller: Caller
    entries: dict[str, AnyEntry] = field(default_factory=dict)

    async def add(self, kind: str, entry: AnyEntry) -> AnyEntry:
        """Write a catalog entry and make it current."""

        async def run(tx: Tx) -> None:
            await catalog_store.save(tx, self.account_id, kind, entry, self.booking.clock.now())
            await catalog_store.touch(tx, self.account_id)

        await self.database.write(run)
        self.entries[entry.code] = entry
        return entry

    async def departure(
        self,
        product: str,
        start: str,
        *,
        capacity: int,
        end: str | None = None,
        prices: dict[str, int] | None = None,
        closes_at: int | None = None,
        pool: str | None = None,
    ) -> str:
        """Write a departure and return its id; four hours long unless `end` says otherwise."""
        departure_id, start_at = new_hex24(), denver(start)
        end_at = denver(end) if end else start_at + 4 * 3_600_000
        pooled = self.entries[pool] if pool else None
        first, last = slots(start_at, end_at) if pooled else (None, None)

        async def run(tx: Tx) -> None:
            await tx.execute(
                """
                INSERT INTO departure (account_id, id, product_id, start_at, end_at, time_zone, local_date, capacity,
                    taken, closed, closes_at, prices, pool_id, first_slot, last_slot, modified_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, FALSE, $9, $10, $11, $12, $13, 0)
                """,
                self.account_id,
                departure_id,
                self.entries[product].id,
                start_at,
                end_at,
                ZONE,
                start[:10],
                capacity,
                closes_at,
                msgspec.json.encode(prices).decode() if prices else None,
                pooled.id if pooled else None,
                first,
                last,
            )
            for slot in range(first, last + 1) if first is not None and last is not None else ():
                assert isinstance(pooled, Pool)
                await tx.execute(
                    "INSERT INTO pool_slot (account_id, pool_id, slot, capacity) VALUES ($1, $2, $3, $4) "
                    "ON CONFLICT (account_id, pool_id, slot) DO NOTHING",
                    self.account_id,
                    pooled.id,
                    slot,
                    pooled.units,
                )

        await self.database.write(run)
        return departure_id

    async def taken(self, departure_id: str) -> int:
        """Return how many seats of a departure are held or sold."""
        row = await self.database.read(
            lambda tx: tx.row(
                "SELECT taken FROM departure WHERE account_id = $1 AND id = $2", self.account_id, departure_id
            )
        )
        assert row is not None
        return int(row["taken"])


async def open_shop(database: Database, clock: ManualClock, *, code: str = "canyon", hold_s: int = 1800) -> Shop:
    """Make an account with a catalog: rafting (Adult, Child, Senior), a kayak tour (All), bikes (units of a pool)."""
    account_id = new_hex24()

    async def run(tx: Tx) -> None:
        await tx.execute(
            """
            INSERT INTO account (id, code, name, email, currency, time_zone, key_hash, created_at)
            VALUES ($1, $2, $2, $3, 'USD', $4, 'none', 0)
            """,
            account_id,
            code,
            f"{code}@canyon.example",
            ZONE,
        )
        await tx.execute("INSERT INTO account_counter (account_id) VALUES ($1)", account_id)

    await database.write(run)
    booking = Booking(clock=clock, catalogs=CatalogCache(), hold_ms=hold_s * 1000)
    shop = Shop(database, booking, account_id, caller(account_id))
    await shop.add("location", Location(id=new_hex24(), code="putin", name="Green River put-in"))
    await shop.add("location", Location(id=new_hex24(), code="hotel", name="Red Cliffs Lodge"))
    await shop.add(
        "pickup",
        Pickup(
            id=new_hex24(),
            code="shuttle",
            name="Hotel shuttle",
            price=1000,
            locations=("hotel",),
            details=(PickupDetail(id=new_hex24(), name="07:30 at the lobby"),),
        ),
    )
    await shop.add("policy", REFERENCE_POLICY)
    await shop.add("pool", Pool(id=new_hex24(), code="bikes", name="Mountain bikes", units=5))
    await shop.add(
        "charge", Charge(id=new_hex24(), code="tax", name="Sales tax", kind="tax", calc="percent", amount=75_000)
    )
    await shop.add(
        "charge",
        Charge(
            id=new_hex24(),
            code="river",
            name="River fee",
            kind="fee",
            calc="percent",
            amount=50_000,
            products=("rafting",),
        ),
    )
    await shop.add(
        "discount",
        Discount(id=new_hex24(), code="EARLY10", name="Early birds", calc="percent", amount=100_000),
    )
    await shop.add(
        "product",
        Product(
            id=new_hex24(),
            code="rafting",
            name="Half-day rafting",
            number=4101,
            tiers=(
                Tier(code="Adult", name="Adult", price=9900),
                Tier(code="Child", name="Child", price=5900),
                Tier(code="Senior", name="Senior", price=8900),
            ),
            locations=("putin",),
            pickups=("shuttle",),
            policy="tiered",
        ),
    )
    await shop.add(
        "product",
        Product(
            id=new_hex24(),
            code="kayak",
            name="Kayak tour",
            number=4102,
            tiers=(Tier(code="All", name="All", price=7000),),
        ),
    )
    await shop.add(
        "product",
        Product(
            id=new_hex24(),
            code="bike",
            name="Mountain bike",
            number=4201,
            quantity_type="unit",
            quantity_label="Bike",
            tiers=(Tier(code="All", name="Bike", price=6000),),
            pool="bikes",
            policy="tiered",
        ),
    )
    return shop
