"""The last seat, and a hundred buyers at once, from one process and from four: one gets it, the others a 409.

`LAST_SEAT_ROUNDS` says how often (1,000 in `make soak`).
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from dataclasses import dataclass
from typing import Any

import pytest

from seatwright.auth import tokens
from seatwright.auth.secrets import Keyring
from seatwright.core.clock import ManualClock
from seatwright.core.config import Settings
from seatwright.invariants.checks import check
from seatwright.storage.engine import ReadTx
from seatwright.storage.open import open_database
from tests.conftest import SECRET, START
from tests.crash import watch
from tests.crash.figures import show
from tests.crash.scale import Deadline, amount
from tests.races.crew import Crew, Said
from tests.shop import Shop, open_shop

ROUNDS = amount("LAST_SEAT_ROUNDS", 25)
BUYERS = 100
HOLD_MS = 1_800_000
API = "/public/api"


@dataclass
class Market:
    """Buyers with a cart each, and one departure with one seat after the other."""

    settings: Settings
    token: str = ""

    def __post_init__(self) -> None:
        """Open the shop."""
        self.now = START
        self.carts: list[str] = []
        self.departures: list[str] = []
        self.harms: dict[str, int] = {}

    async def open(self, departures: int, *, drop: tuple[str, ...] = ()) -> None:
        """Fill the database."""
        database = await open_database(self.settings)
        shop: Shop = await open_shop(database, ManualClock(START))
        claims = tokens.Claims(user_id=shop.caller.user_id, account_id=shop.account_id, generation=1)
        self.token = tokens.issue(Keyring.from_secret(SECRET), claims, now=START, lifetime_s=10**9)
        for i in range(departures):
            start = f"2027-{1 + i // 24 % 12:02d}-{1 + i // 288 % 28:02d} {i % 24:02d}:00"
            self.departures.append(await shop.departure("kayak", start, capacity=1))
        await watch.install(database, drop=drop)
        await database.close()

    async def close(self) -> None:
        """See what was committed, and that the books balance; nobody holds an expired seat."""
        database = await open_database(self.settings)

        async def taken(tx: ReadTx) -> list[int]:
            rows = await tx.rows("SELECT taken FROM departure ORDER BY id")
            return [row["taken"] for row in rows]

        self.harms = await watch.harms(database)
        self.taken = await database.read(taken)
        self.findings = await check(database, START)
        await database.close()

    def round(self, crew: Crew, departure_id: str, *, squatted: bool) -> tuple[Counter[Any], int]:
        """Let all buyers want the seat; return their answers, and how many got an order for it in the end.

        `squatted`: somebody holds the seat whose time is over just then.
        """
        missing: list[tuple[str, str, Any]] = [("POST", f"{API}/cart", {})] * (BUYERS + 1 - len(self.carts))
        self.carts += [data["id"] for _, _, data in crew.at_once(self.now, missing)]
        body = {"itemId": departure_id, "participants": {"All": 1}}
        if squatted:
            first = crew.at_once(self.now, [("POST", f"{API}/cart/{self.carts[-1]}/item", body)])
            assert first[0][0] == 200
            self.now += HOLD_MS
        wanted = [("POST", f"{API}/cart/{cart_id}/item", body) for cart_id in self.carts[:BUYERS]]
        said = crew.at_once(self.now, wanted)
        ordered = crew.at_once(self.now, [("POST", f"{API}/order", {"id": cart_id}) for cart_id in self.carts])
        used = {cart_id for cart_id, answer in zip(self.carts, [*said, ordered[-1]], strict=True) if answer[0] == 200}
        if squatted:
            used.add(self.carts[-1])
        self.carts = [cart_id for cart_id in self.carts if cart_id not in used]
        return Counter((status, code) for status, code, _ in said), sum(_sold(answer) for answer in ordered)


def _sold(answer: Said) -> int:
    return 1 if answer[0] == 200 else 0


@pytest.mark.parametrize("processes", [1, 4])
def test_one_of_a_hundred_buyers_gets_the_last_seat(
    settings: Settings, processes: int, capsys: pytest.CaptureFixture[str]
) -> None:
    market, began = Market(settings), time.monotonic()
    asyncio.run(market.open(ROUNDS))
    answers: Counter[Any] = Counter()
    deadline, rounds = Deadline(), 0
    with Crew(settings, processes, market.token) as crew:
        for i, departure_id in enumerate(market.departures):
            said, sold = market.round(crew, departure_id, squatted=i % 2 == 1)
            assert said == {(200, None): 1, (409, "sold_out"): BUYERS - 1}, f"round {i}: {said}"
            assert sold == 1
            answers += said
            rounds += 1
            if deadline.over():
                break
    asyncio.run(market.close())
    assert market.harms == {}
    assert market.findings == []
    assert sorted(market.taken) == [0] * (ROUNDS - rounds) + [1] * rounds
    show(
        capsys,
        f"last seat on {'PostgreSQL' if settings.database_url else 'SQLite'}, {processes} processes",
        rounds=rounds,
        buyers=BUYERS,
        won=answers[200, None],
        refused_409=answers[409, "sold_out"],
        answered_5xx=sum(count for (status, _), count in answers.items() if status >= 500),
        seconds=time.monotonic() - began,
    )


@pytest.mark.parametrize("processes", [1, 4])
def test_control_without_the_guard_the_last_seat_is_sold_twice(settings: Settings, processes: int) -> None:
    """The same rounds without the capacity predicate and the CHECK behind it."""
    market = Market(settings)
    asyncio.run(market.open(10, drop=("departure_not_oversold",)))
    with Crew(settings, processes, market.token, without="capacity") as crew:
        winners = [market.round(crew, departure_id, squatted=False)[0][200, None] for departure_id in market.departures]
    asyncio.run(market.close())
    assert max(winners) > 1
    assert market.harms["taken"] > 0
