"""A hold around its end, T: confirm, extend, sweep and a rival at T-1, T and T+1, in every order and at once.

`EXPIRY_INTERLEAVINGS` says how many are run at once on each engine (100,000 in `make soak`).
"""

from __future__ import annotations

import asyncio
import random
import time
from collections import Counter
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

import pytest

from seatwright.cart import holds
from seatwright.cart import service as carts
from seatwright.cart import store as cart_store
from seatwright.cart.service import ItemRequest
from seatwright.core.clock import Clock, ManualClock
from seatwright.core.errors import SeatwrightError
from seatwright.invariants.checks import GRACE_MS, check
from seatwright.orders import service as orders
from seatwright.orders.placement import OrderDetails
from seatwright.storage import postgres
from seatwright.storage.engine import Database, ReadTx, Tx
from tests.conftest import START
from tests.crash.broken import GUARDS, Cut, without
from tests.crash.figures import show
from tests.crash.scale import Deadline, amount
from tests.races.expiry import OFFSETS, OPERATIONS, Outcome, in_order, outcomes, sequences
from tests.shop import Shop, open_shop

INTERLEAVINGS = amount("EXPIRY_INTERLEAVINGS", 1000)
SPREAD_S = 0.02
AT_ONCE = 10
HOLD_MS = 1_800_000
T = START + HOLD_MS
NEVER = 10**9


class Watch:
    """The clock of one operation: it shows one instant, and T+1 whenever it is asked again."""

    def __init__(self, offset: int) -> None:
        self._offset = offset

    def now(self) -> int:
        """Return the instant."""
        offset, self._offset = self._offset, max(self._offset, 1)
        return T + offset


@dataclass
class Case:
    """One hold and what happens to it."""

    shop: Shop
    departure: str
    cart: str
    rival: str

    async def do(self, operation: str, clock: Clock) -> str:
        """Do an operation; return "ok" or the error's code."""
        use_case = {"confirm": self._confirm, "extend": self._extend, "rival": self._rival}.get(operation)
        if use_case is None:
            await holds.sweep(self.shop.database, clock)
            return "swept"
        try:
            await self.shop.database.write(use_case(clock))
        except SeatwrightError as error:
            return error.code
        return "ok"

    def _confirm(self, clock: Clock) -> Callable[[Tx], Awaitable[Any]]:
        booking = replace(self.shop.booking, clock=clock)
        return lambda tx: orders.place(tx, booking, self.shop.caller, OrderDetails(self.cart))

    def _extend(self, clock: Clock) -> Callable[[Tx], Awaitable[Any]]:
        return self._add(self.cart, 1, clock)

    def _rival(self, clock: Clock) -> Callable[[Tx], Awaitable[Any]]:
        return self._add(self.rival, 2, clock)

    def _add(self, cart: str, count: int, clock: Clock) -> Callable[[Tx], Awaitable[Any]]:
        booking, asked = replace(self.shop.booking, clock=clock), ItemRequest(self.departure, {"All": count})
        return lambda tx: carts.add_item(tx, booking, self.shop.caller, cart, asked)

    async def outcome(self, said: dict[str, str]) -> Outcome:
        """Return what was answered and what is stored."""

        async def look(tx: ReadTx) -> Outcome:
            sold = await tx.rows("SELECT seats FROM order_line WHERE departure_id = $1", self.departure)
            a, rival = [await cart_store.find(tx, self.shop.account_id, each) for each in (self.cart, self.rival)]
            assert a is not None
            assert rival is not None
            kept = sum(item.seats for item in a.body.items)
            return Outcome(
                tuple(said[operation] for operation in OPERATIONS),
                sum(row["seats"] for row in sold) or kept,
                bool(sold),
                sum(item.seats for item in rival.body.items),
            )

        return await self.shop.database.read(look)


class Cases:
    """Makes cases, each with a departure of its own."""

    def __init__(self, shop: Shop) -> None:
        self._shop, self._made = shop, 0

    async def case(self, *, closes: int) -> Case:
        """Make one; the departure closes for booking `closes` milliseconds after T."""
        day, minutes = divmod(self._made, 1440)
        self._made += 1
        start = f"20{30 + day // 28:02d}-01-{1 + day % 28:02d} {minutes // 60:02d}:{minutes % 60:02d}"
        closes_at = None if closes == NEVER else T + closes
        departure = await self._shop.departure("kayak", start, capacity=2, closes_at=closes_at)
        shop, database = self._shop, self._shop.database
        first, second = [await database.write(lambda tx: carts.create(tx, shop.booking, shop.caller)) for _ in "ab"]
        case = Case(shop, departure, first.cart.id, second.cart.id)
        assert await case.do("extend", ManualClock(START)) == "ok"
        return case


@pytest.fixture
async def cases(database: Database, clock: ManualClock, monkeypatch: pytest.MonkeyPatch) -> Cases:
    """Cases in a shop of their own."""
    monkeypatch.setattr(postgres, "BACKOFF_S", 0.0001)
    return Cases(await open_shop(database, clock))


async def one_after_the_other(cases: Cases, *, closes: int) -> int:
    """Run every sequence; return for how many the outcome was not the one that it has to be."""
    wrong = 0
    for plan in sequences():
        case = await cases.case(closes=closes)
        said = {operation: await case.do(operation, ManualClock(T + offset)) for operation, offset in plan}
        wrong += await case.outcome(said) != in_order(plan, closes=closes)
    return wrong


@pytest.mark.parametrize("closes", [NEVER, 0])
async def test_confirm_extend_sweep_and_a_rival_at_the_expiry_end_well_in_every_order(
    cases: Cases, database: Database, closes: int, capsys: pytest.CaptureFixture[str]
) -> None:
    assert await one_after_the_other(cases, closes=closes) == 0
    assert await check(database, START) == []
    show(capsys, f"expiry on {database.engine}, one after the other", orders_and_instants=len(sequences()), wrong=0)


async def at_once(cases: Cases, chance: random.Random) -> tuple[Outcome, bool]:
    """Run one case with everything at once; return its outcome, and whether that may be."""
    offsets = tuple(chance.choice(OFFSETS) for _ in OPERATIONS)
    closes = chance.choice([NEVER, 0])
    case = await cases.case(closes=closes)
    order = chance.sample(range(len(OPERATIONS)), len(OPERATIONS))

    async def soon(operation: str, offset: int, delay_s: float) -> str:
        await asyncio.sleep(delay_s)  # or whoever has the fewest steps to do would always be first
        return await case.do(operation, Watch(offset))

    said = await asyncio.gather(*(soon(OPERATIONS[i], offsets[i], SPREAD_S * chance.random()) for i in order))
    outcome = await case.outcome({OPERATIONS[i]: each for i, each in zip(order, said, strict=True)})
    return outcome, outcome in outcomes(offsets, closes=closes)


async def test_confirm_extend_sweep_and_a_rival_at_once_end_as_some_order_of_them_would(
    cases: Cases, database: Database, capsys: pytest.CaptureFixture[str]
) -> None:
    chance, began, seen = random.Random(5), time.monotonic(), Counter[Outcome]()
    deadline = Deadline()
    while seen.total() < INTERLEAVINGS and not deadline.over():
        for outcome, possible in await asyncio.gather(*(at_once(cases, chance) for _ in range(AT_ONCE))):
            assert possible, outcome
            seen[outcome] += 1
    await holds.sweep(database, ManualClock(T + GRACE_MS))
    assert await check(database, T + 1) == []
    sold = sum(count for outcome, count in seen.items() if outcome.sold)
    lost = sum(count for outcome, count in seen.items() if outcome.rival)
    assert min(sold, lost) > seen.total() / 20, "one side always wins: that is no race"
    show(
        capsys,
        f"expiry on {database.engine}, at once",
        interleavings=seen.total(),
        different_outcomes=len(seen),
        confirmed=sold,
        lost_to_the_rival=lost,
        impossible=0,
        seconds=time.monotonic() - began,
    )


EARLY_SWEEP = [
    Cut("seatwright.cart.holds", "sweep", "expires_at <= $1", "expires_at <= $1::bigint + 1"),
    Cut("seatwright.cart.holds", "release_expired", "expires_at <= $3", "expires_at <= $3::bigint + 1"),
]


@pytest.mark.parametrize(
    ("cuts", "closes"), [(GUARDS["expiry"], 0), (EARLY_SWEEP, NEVER)], ids=["expiry predicate", "early sweep"]
)
async def test_control_without_the_guard_some_order_goes_wrong(cases: Cases, cuts: list[Cut], closes: int) -> None:
    with without(cuts):
        assert await one_after_the_other(cases, closes=closes) > 0
