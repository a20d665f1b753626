"""Afterwards: is everything there that was acknowledged, is nothing there that was not, do the books balance?"""

from __future__ import annotations

from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

from seatwright.core.clock import Clock
from seatwright.invariants.checks import check
from seatwright.storage.engine import Database, ReadTx
from tests.crash.journal import Known, lines_of
from tests.crash.watch import harms

SHOWN = 5


@dataclass
class Findings:
    """What an audit found. Every list should be empty; `lost` is what this is all about."""

    acknowledged: int = 0
    orders: int = 0
    holds: int = 0
    lost: list[str] = field(default_factory=list)
    phantom: list[str] = field(default_factory=list)
    drift: list[str] = field(default_factory=list)
    harms: dict[str, int] = field(default_factory=dict)

    @property
    def oversold(self) -> int:
        """Commits with more seats or units gone than there are."""
        return sum(self.harms.get(kind, 0) for kind in ("taken", "seats", "pool"))

    @property
    def clean(self) -> bool:
        """Whether nothing was found."""
        return not (self.lost or self.phantom or self.drift or self.harms)

    def summary(self) -> dict[str, float | str]:
        """Return the figures to be printed."""
        return {
            "acknowledged": self.acknowledged,
            "orders": self.orders,
            "live_holds": self.holds,
            "lost": len(self.lost),
            "phantom": len(self.phantom),
            "oversold": self.oversold,
            "sold_after_expiry": self.harms.get("expired", 0),
            "drift": len(self.drift) + self.harms.get("drift", 0),
        }


def known_by_all(journals: Path, *, settled: bool) -> Known:
    """Return what all clients know together; unless one has failed, everything they asked has been settled."""
    known = Known()
    for path in sorted(journals.glob("*.jsonl")):
        asked: set[str] = set()
        for line in lines_of(path):
            if "ask" in line:
                asked.add(line["ask"][3])
            else:
                asked.discard(line["ack"])
                known.take(line)
        assert not asked or not settled, f"{path.name} has requests without an outcome"
    return known


async def audit(database: Database, clock: Clock, journals: Path, *, settled: bool) -> Findings:
    """Compare what clients know with what is in the database; unless all is `settled`, there may be more in it."""
    known = known_by_all(journals, settled=settled)
    found = Findings(acknowledged=known.acknowledged, orders=len(known.orders))
    stored = await database.read(_everything)
    now = clock.now()
    for order_id, order in known.orders.items():
        if stored.orders.get(order_id) != order:
            found.lost.append(f"order {order_id}: told {order}, stored {stored.orders.get(order_id)}")
    found.phantom += [f"order {order_id}" for order_id in stored.orders if order_id not in known.orders]
    for cart_id, cart in known.carts.items():
        if stored.carts.get(cart_id) != cart["status"]:
            found.lost.append(f"cart {cart_id}: told {cart}, stored {stored.carts.get(cart_id)}")
        elif cart["status"] == "open":
            _compare_holds(found, cart_id, cart["items"], stored.holds.get(cart_id, {}), now)
    found.phantom += [f"cart {cart_id}" for cart_id in stored.carts if cart_id not in known.carts]
    if not settled:
        found.phantom = []
    found.drift = [f"{finding.check}: {finding.row}" for finding in await check(database, now)]
    found.harms = await harms(database)
    return found


def _compare_holds(
    found: Findings, cart_id: str, told: dict[str, list[int]], stored: dict[str, tuple[int, int]], now: int
) -> None:
    """A hold is there until its time is over; an order that then failed may have taken it anew."""
    for departure_id, (seats, expires) in told.items():
        there = stored.get(departure_id)
        if there is None and expires > now:
            found.lost.append(f"hold of {cart_id} on {departure_id} until {expires}, now {now}")
        elif there is not None and (there[0] != seats or there[1] < expires):
            found.lost.append(f"hold of {cart_id} on {departure_id}: told {seats} until {expires}, stored {there}")
        found.holds += there is not None
    found.phantom += [f"hold of {cart_id} on {departure_id}" for departure_id in stored if departure_id not in told]


@dataclass
class _Stored:
    orders: dict[str, dict[str, Any]]
    carts: dict[str, str]
    holds: dict[str, dict[str, tuple[int, int]]]


async def _everything(tx: ReadTx) -> _Stored:
    orders: dict[str, dict[str, Any]] = {
        row["id"]: {"status": row["status"], "total": row["total"], "paid": row["paid"], "lines": {}}
        for row in await tx.rows("SELECT id, status, total, paid FROM orders")
    }
    lines = "SELECT order_id, id, departure_id, status, total, cancellation_fee FROM order_line"
    for row in await tx.rows(lines):
        told = [row["departure_id"], row["status"], row["total"], row["cancellation_fee"]]
        orders.setdefault(row["order_id"], {"lines": {}})["lines"][row["id"]] = told
    carts = {row["id"]: row["status"] for row in await tx.rows("SELECT id, status FROM cart")}
    holds: dict[str, dict[str, tuple[int, int]]] = {}
    for row in await tx.rows("SELECT cart_id, departure_id, seats, expires_at FROM hold"):
        holds.setdefault(row["cart_id"], {})[row["departure_id"]] = (row["seats"], row["expires_at"])
    return _Stored(orders, carts, holds)
