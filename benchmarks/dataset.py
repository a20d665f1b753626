"""What the benchmarks sell: one account, two products, departures far enough ahead, one of them huge.

Written straight to the database, so that a run starts in seconds; `seatwright doctor` finds nothing wrong with it.
"""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, datetime, timedelta
from typing import Any

from seatwright.auth import service as auth
from seatwright.auth.model import ALL_PERMISSIONS
from seatwright.auth.secrets import Keyring
from seatwright.catalog import store as catalog_store
from seatwright.catalog.model import AnyEntry, Charge, Image, Location, Product, Tier, Video
from seatwright.catalog.policy import Fee, Policy
from seatwright.core.clock import SystemClock
from seatwright.core.ids import new_hex24
from seatwright.core.times import from_local
from seatwright.storage.engine import Database, Tx

SECRET = "a secret that only the benchmarks know, of enough characters"
EMAIL = "dana@canyon.example"
ZONE = "America/Denver"
HOUR_MS = 3_600_000
DEPARTURES = 1_000
CAPACITY = 1_000_000
"""Seats of an ordinary departure: no run sells one out."""
HOT_CAPACITY = 1_000_000_000
PER_DAY = 4
"""Departures of one product on one day."""


@dataclass(frozen=True)
class DataSet:
    """What a load script has to know."""

    account_id: str
    user_id: str
    key: str
    all_tier: tuple[str, ...]
    """Ids of departures of the kayak tour, which has one price for everybody."""
    two_tiers: tuple[str, ...]
    """Ids of departures of the rafting trip: Adult and Child."""
    hot: str
    """Id of one departure of the kayak tour that everybody wants."""
    month: str
    """A month in which there are departures every day, as YYYY-MM."""


KAYAK = Product(
    id=new_hex24(),
    code="kayak",
    name="Kayak tour",
    number=4102,
    tiers=(Tier(code="All", name="All", price=7000),),
    locations=("putin",),
    images=(Image(small="/images/kayak.jpg"),),
    videos=(Video(url="/videos/kayak.mp4"),),
    policy="tiered",
)
RAFTING = Product(
    id=new_hex24(),
    code="rafting",
    name="Half-day rafting",
    number=4101,
    tiers=(Tier(code="Adult", name="Adult", price=9900), Tier(code="Child", name="Child", price=5900)),
    locations=("putin",),
    images=(Image(small="/images/rafting.jpg"),),
    videos=(Video(url="/videos/rafting.mp4"),),
    policy="tiered",
)
POLICY = Policy(
    id=new_hex24(),
    code="tiered",
    name="Tiered",
    fees=(
        Fee(calc="percent", amount=500_000, per="person", window=24),
        Fee(calc="percent", amount=250_000, per="person", window=72),
        Fee(calc="flat", amount=500, per="person"),
    ),
)
CATALOG: tuple[tuple[str, AnyEntry], ...] = (
    ("location", Location(id=new_hex24(), code="putin", name="Green River put-in")),
    ("policy", POLICY),
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
    ("product", RAFTING),
    ("product", KAYAK),
)

INSERT_DEPARTURE = """
INSERT INTO departure (account_id, id, product_id, start_at, end_at, time_zone, local_date, capacity, taken, closed,
    closes_at, prices, pool_id, modified_at)
VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, FALSE, NULL, NULL, NULL, 0)
"""


async def fill(database: Database, *, departures: int = DEPARTURES) -> DataSet:
    """Make the account, its catalog and its departures in a migrated, empty database."""
    now = SystemClock().now()
    keyring = Keyring.from_secret(SECRET)
    day = datetime.now(UTC).date() + timedelta(days=60)
    all_tier = [new_hex24() for _ in range(departures // 2)]
    two_tiers = [new_hex24() for _ in range(departures - len(all_tier))]
    hot = new_hex24()

    async def run(tx: Tx) -> tuple[str, str, str]:
        account, key = await auth.create_account(
            tx, keyring, now, code="canyon", name="Canyon", email=EMAIL, currency="USD", time_zone=ZONE
        )
        new = auth.NewUser(email=EMAIL, name="Dana Reyes", permissions=ALL_PERMISSIONS)
        user = await auth.create_user(tx, now, auth.SYSTEM, account.id, new)
        for kind, entry in CATALOG:
            await catalog_store.save(tx, account.id, kind, entry, now)
        await catalog_store.touch(tx, account.id)
        await tx.execute_many(INSERT_DEPARTURE, list(_rows(account.id, KAYAK.id, all_tier, day, 7)))
        await tx.execute_many(INSERT_DEPARTURE, list(_rows(account.id, RAFTING.id, two_tiers, day, 8)))
        hot_rows = list(_rows(account.id, KAYAK.id, [hot], day, 20, capacity=HOT_CAPACITY))
        await tx.execute_many(INSERT_DEPARTURE, hot_rows)
        return account.id, user.id, key

    account_id, user_id, key = await database.write(run)
    next_month = (day.replace(day=1) + timedelta(days=32)).replace(day=1)
    return DataSet(account_id, user_id, key, tuple(all_tier), tuple(two_tiers), hot, f"{next_month:%Y-%m}")


def _rows(
    account_id: str, product_id: str, ids: list[str], first: Any, hour: int, *, capacity: int = CAPACITY
) -> Iterator[tuple[Any, ...]]:
    for number, departure_id in enumerate(ids):
        day = first + timedelta(days=number // PER_DAY)
        start = datetime(day.year, day.month, day.day, hour + 2 * (number % PER_DAY))  # noqa: DTZ001 - wall clock
        start_at = from_local(start, ZONE)
        yield account_id, departure_id, product_id, start_at, start_at + 2 * HOUR_MS, ZONE, f"{day}", capacity, 0
