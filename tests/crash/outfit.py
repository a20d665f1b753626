"""A shop for a crowd: few seats, many departures, rentals that share a pool, a supplier's and a reseller's account."""

from __future__ import annotations

import asyncio
import random
from collections.abc import Collection
from datetime import timedelta
from typing import Any

from seatwright.auth import service as auth
from seatwright.auth.model import ALL_PERMISSIONS
from seatwright.auth.secrets import Keyring
from seatwright.core.clock import Clock, ManualClock
from seatwright.core.config import Settings
from seatwright.core.times import to_local
from seatwright.resellers import service as resellers
from seatwright.storage.engine import Tx
from seatwright.storage.open import open_database
from tests.conftest import SECRET
from tests.crash import watch
from tests.shop import ZONE, Shop, open_shop

Crowd = dict[str, Any]
"""What clients are told: `departures` ({id, product}), `supplier`, `logins` ({username, apikey, supplier or None})."""


def build(settings: Settings, clock: Clock, *, days: int, drop: Collection[str]) -> Crowd:
    """Fill a migrated, empty database with the shop, and install what watches its commits.

    `days`: days with departures, 10 on each. `drop`: CHECKs of the schema to do without (`watch.CHECKS`).
    """
    return asyncio.run(_build(settings, clock, days, drop))


async def _build(settings: Settings, clock: Clock, days: int, drop: Collection[str]) -> Crowd:
    database = await open_database(settings)
    now, keyring = clock.now(), Keyring.from_secret(SECRET)
    shop = await open_shop(database, ManualClock(now))
    departures = await _departures(shop, now, days)

    async def resell(tx: Tx) -> str:
        fields = {"name": "Voyager", "email": "ann@voyager.example", "currency": "USD", "time_zone": ZONE}
        account, reseller_key = await auth.create_account(tx, keyring, now, code="voyager", **fields)
        seller = auth.NewUser(email="ann@voyager.example", name="Ann Lee", permissions=ALL_PERMISSIONS)
        await auth.create_user(tx, now, auth.SYSTEM, account.id, seller)
        await resellers.connect(tx, now, auth.SYSTEM, shop.account_id, account.id)
        return reseller_key

    reseller_key = await database.write(resell)
    await watch.install(database, drop=drop)
    await database.close()
    return {
        "departures": departures,
        "supplier": shop.account_id,
        "logins": [
            {"username": shop.username, "apikey": shop.apikey, "supplier": None},
            {"username": "ann@voyager.example", "apikey": reseller_key, "supplier": shop.account_id},
        ],
    }


async def _departures(shop: Shop, now: int, days: int) -> list[dict[str, str]]:
    chance, made = random.Random(days), []
    first = to_local(now, ZONE).date() + timedelta(days=40)
    for day in range(days):
        date = (first + timedelta(days=day)).isoformat()
        plan: list[tuple[str, str, str | None, int]] = [
            ("rafting", f"{hour:02d}:00", None, chance.randint(4, 10)) for hour in (8, 11, 14)
        ]
        plan += [("kayak", f"{hour:02d}:00", None, chance.randint(1, 4)) for hour in (7, 10, 13)]
        rented = (("08:00", "12:00"), ("09:30", "14:00"), ("11:30", "17:00"), ("13:30", "19:00"))
        plan += [("bike", start, end, 5) for start, end in rented]
        for product, start, end, capacity in plan:
            departure_id = await shop.departure(
                product,
                f"{date} {start}",
                capacity=capacity,
                end=f"{date} {end}" if end else None,
                pool="bikes" if product == "bike" else None,
            )
            made.append({"id": departure_id, "product": product})
    return made
