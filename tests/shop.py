"""A small outfitter for tests: an account with a user and a key, a catalog and departures, without the API.

Prices are in USD cents. Times are on the wall clock of America/Denver.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from dataclasses import dataclass, field
from datetime import datetime

import msgspec

from seatwright.auth import service as auth
from seatwright.auth.model import ALL_PERMISSIONS, PERMISSIONS, Caller
from seatwright.auth.secrets import Keyring
from seatwright.cart.context import BookingContext
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
from seatwright.catalog.policy import Fee, Policy, check_policy
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import ManualClock
from seatwright.core.errors import Invalid
from seatwright.core.ids import new_hex24
from seatwright.core.times import from_local
from seatwright.inventory import pools
from seatwright.storage.engine import Database, Tx
from tests.conftest import SECRET

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


def that_count(fees: Iterable[Fee]) -> tuple[Fee, ...]:
    """Return the fees that can be in one policy: a later one that would never count is refused."""
    kept: tuple[Fee, ...] = ()
    for fee in fees:
        try:
            kept = check_policy(Policy(id="p", code="p", name="p", fees=(*kept, fee))).fees
        except Invalid:
            continue
    return kept


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
    booking: BookingContext
    account_id: str
    caller: Caller
    username: str = ""
    apikey: str = ""
    entries: dict[str, AnyEntry] = field(default_factory=dict)

    async def add(self, kind: str, entry: AnyEntry) -> AnyEntry:
        """Write a catalog entry and make it current."""
        await self.add_all([(kind, entry)])
        return entry

    async def add_all(self, entries: Sequence[tuple[str, AnyEntry]]) -> None:
        """Write catalog entries, later ones of which may refer to earlier ones, and make them current."""

        async def run(tx: Tx) -> None:
            for kind, entry in entries:
                await catalog_store.save(tx, self.account_id, kind, entry, self.booking.clock.now())
            await catalog_store.touch(tx, self.account_id)

        await self.database.write(run)
        self.entries.update({entry.code: entry for _, entry in entries})

    async def departure(
        self,
        product: str,
        start: str | None,
        *,
        capacity: int,
        end: str | None = None,
        prices: dict[str, int] | None = None,
        closes_at: int | None = None,
        pool: str | None = None,
    ) -> str:
        """Write a departure and return its id; four hours long unless `end` says otherwise. None is no date."""
        departure_id = new_hex24()
        start_at = denver(start) if start else None
        end_at = denver(end) if end else start_at + 4 * 3_600_000 if start_at else None
        pooled = self.entries[pool] if pool else None

        async def run(tx: Tx) -> None:
            await tx.execute(
                """
                INSERT INTO departure (account_id, id, product_id, start_at, end_at, time_zone, local_date, capacity,
                    taken, closed, closes_at, prices, pool_id, modified_at)
                VALUES ($1, $2, $3, $4, $5, $6, $7, $8, 0, FALSE, $9, $10, $11, 0)
                """,
                self.account_id,
                departure_id,
                self.entries[product].id,
                start_at,
                end_at,
                ZONE,
                start[:10] if start else None,
                capacity,
                closes_at,
                msgspec.json.encode(prices).decode() if prices else None,
                pooled.id if pooled else None,
            )
            if pooled and start_at:
                assert isinstance(pooled, Pool)
                await pools.count_at(tx, self.account_id, pooled.id, pooled.units, [start_at])

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


def _catalog() -> list[tuple[str, AnyEntry]]:
    """What the outfitter sells, with ids of its own."""
    return [
        ("location", Location(id=new_hex24(), code="putin", name="Green River put-in")),
        ("location", Location(id=new_hex24(), code="hotel", name="Red Cliffs Lodge")),
        (
            "pickup",
            Pickup(
                id=new_hex24(),
                code="shuttle",
                name="Hotel shuttle",
                price=1000,
                locations=("hotel",),
                details=(PickupDetail(id=new_hex24(), name="07:30 at the lobby"),),
            ),
        ),
        ("policy", REFERENCE_POLICY),
        ("pool", Pool(id=new_hex24(), code="bikes", name="Mountain bikes", units=5)),
        ("charge", Charge(id=new_hex24(), code="tax", name="Sales tax", kind="tax", calc="percent", amount=75_000)),
        (
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
        ),
        (
            "discount",
            Discount(id=new_hex24(), code="EARLY10", name="Early birds", calc="percent", amount=100_000),
        ),
        (
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
        ),
        (
            "product",
            Product(
                id=new_hex24(),
                code="kayak",
                name="Kayak tour",
                number=4102,
                tiers=(Tier(code="All", name="All", price=7000),),
            ),
        ),
        (
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
        ),
    ]


async def open_shop(database: Database, clock: ManualClock, *, code: str = "canyon", hold_s: int = 1800) -> Shop:
    """Make an account with a catalog: rafting (Adult, Child, Senior), a kayak tour (All), bikes (units of a pool).

    `username` and `apikey` are good for `/authenticate` of a server whose secret is `SECRET`.
    """
    shop = await _open(database, clock, code, hold_s)
    await shop.add_all(_catalog())
    return shop


async def _open(database: Database, clock: ManualClock, code: str, hold_s: int) -> Shop:
    """Make the account and a user of it who may do everything."""
    username, now = f"desk@{code}.example", clock.now()

    async def run(tx: Tx) -> tuple[str, str, str]:
        fields = {"code": code, "name": code.title(), "email": username, "currency": "USD", "time_zone": ZONE}
        account, key = await auth.create_account(tx, Keyring.from_secret(SECRET), now, **fields)
        new = auth.NewUser(email=username, name="Dana Reyes", permissions=ALL_PERMISSIONS)
        user = await auth.create_user(tx, now, auth.SYSTEM, account.id, new)
        return account.id, user.id, key

    account_id, user_id, key = await database.write(run)
    booking = BookingContext(clock=clock, catalogs=CatalogCache(), hold_ms=hold_s * 1000)
    return Shop(database, booking, account_id, caller(account_id, user_id=user_id), username, key)
