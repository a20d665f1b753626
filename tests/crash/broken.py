"""Negative controls: the product with one guard taken out, by editing its source in memory.

Each `Cut` names a function (or a text constant), what is to be found in it, and what is put in its place; it fails
loudly if the source has changed. Nothing of this exists in the product.
"""

from __future__ import annotations
import __future__ as future

import asyncio
import importlib
import inspect
import random
import sys
import textwrap
import time
from collections.abc import Awaitable, Callable, Iterator
from contextlib import contextmanager
from typing import Any, NamedTuple


class Cut(NamedTuple):
    """One edit: `module.name`, the text that is replaced, and its replacement."""

    module: str
    name: str
    old: str
    new: str


STALE = Cut(
    "seatwright.cart.store", "_departure", "return from_row(row, ", "return from_row(row, remembered(row)) or ("
)
"""Makes the check before a hold a check of old news."""
_FAR = "- 1000000000000"

GUARDS: dict[str, list[Cut]] = {
    "capacity": [
        Cut("seatwright.inventory.seats", "HOLD_STATEMENT", " AND taken + $7::bigint <= capacity", ""),
        Cut("seatwright.inventory.seats", "take", " AND taken + $3 <= capacity", ""),
    ],
    "pool": [],  # its only guard is the schema's CHECK, which the harness drops
    "expiry": [
        Cut("seatwright.orders.service", "place", "item.expires_at <= now", "item.expires_at <= now - 2000"),
        Cut("seatwright.orders.convert", "_CONVERT", "hold.expires_at > $6", f"hold.expires_at > $6 {_FAR}"),
        Cut("seatwright.orders.convert", "sell_holds", "expires_at > $3", f"expires_at > $3 {_FAR}"),
    ],
    "idempotency": [
        Cut("seatwright.storage.idempotency", "claim", "created_at < $6", "created_at < $6 - ($6 - 9000000000000)")
    ],
    "lock order": [Cut("seatwright.inventory.seats", "lock", "len(departure_ids) < 2", "True")],
    "commit": [
        Cut(
            "seatwright.storage.postgres", "PostgresDatabase._attempt", "tx.commit()", "lying(tx.commit, tx.roll_back)"
        ),
        Cut(
            "seatwright.storage.sqlite",
            "SqliteDatabase._write_batch",
            'await self._in_thread(connection.execute, "COMMIT")',
            '_answer(batch); await late(); await self._in_thread(connection.execute, "COMMIT")',
        ),
    ],
}
"""What is taken out, by the name of the guard."""

STALE_S, LATE_S, LIES = 0.05, 0.05, 0.02
_memory: dict[str, tuple[float, int]] = {}


def remembered(row: Any) -> int:
    """Return the free seats of a departure as they were up to `STALE_S` ago: a check that is not where the write is.

    SQLite runs a whole use case alone, so there a check before the write is as good as a guard in it.
    """
    at, free = _memory.get(row["id"], (0.0, 0))
    if time.monotonic() - at > STALE_S:
        pool = row["capacity"] if row["pool_free"] is None else row["pool_free"]
        at, free = time.monotonic(), min(row["capacity"] - row["taken"], pool)
        _memory[row["id"]] = (at, free)
    return free


async def late() -> None:
    """Let some time pass between an answer and its commit."""
    await asyncio.sleep(LATE_S)


def lying(commit: Callable[[], Awaitable[None]], roll_back: Callable[[], Awaitable[None]]) -> Awaitable[None]:
    """Forget a transaction now and then, and answer as if it had been committed."""
    return roll_back() if random.random() < LIES else commit()


@contextmanager
def without(cuts: list[Cut]) -> Iterator[None]:
    """Run the body with these edits in place, in this process."""
    undo: list[tuple[Any, str, Any]] = []
    try:
        for cut in cuts:
            undo += _apply(cut)
        yield
    finally:
        for owner, name, before in reversed(undo):
            setattr(owner, name, before)


def break_for_good(cuts: list[Cut]) -> None:
    """Make these edits for the rest of this process's life."""
    for cut in cuts:
        _apply(cut)


def _apply(cut: Cut) -> list[tuple[Any, str, Any]]:
    module = importlib.import_module(cut.module)
    owner, name = module, cut.name
    if "." in name:  # a method
        class_name, name = name.split(".")
        owner = getattr(module, class_name)
    before = getattr(owner, name)
    source = before if isinstance(before, str) else textwrap.dedent(inspect.getsource(before))
    assert cut.old in source, f"{cut.module}.{cut.name} has changed: no {cut.old!r} in it"
    edited = source.replace(cut.old, cut.new)
    if isinstance(before, str):
        after: Any = edited
    else:
        module.__dict__.update(remembered=remembered, late=late, lying=lying)
        code = compile(edited, f"<{cut.name} without {cut.old!r}>", "exec", future.annotations.compiler_flag)
        made: dict[str, Any] = {}
        exec(code, module.__dict__, made)
        after = made[name]
    users = [owner] if owner is not module else _users(name, before)
    for user in users:
        setattr(user, name, after)
    return [(user, name, before) for user in users]


def _users(name: str, value: Any) -> list[Any]:
    """Return every module of the product that knows `value` by `name`: some have imported it from another."""
    modules = [module for key, module in list(sys.modules.items()) if key.startswith("seatwright")]
    return [module for module in modules if getattr(module, name, None) is value]
