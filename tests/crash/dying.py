"""`python -m tests.crash.dying serve ...`: the server, which kills itself in the middle of a departure's job (SIGKILL).

`DIES_AT` is `8 before` or `8 after`: at the 8th order that it does, before or after its transaction is committed.
Without it, it lives. With `CLAIMS_FIRST` an order's row is committed before the order is done: the mistake that the
test has to notice. What a dead process had taken is taken by another after `LEASE_MS`, for which a test can wait.
"""

from __future__ import annotations

import os
import signal
from typing import Any

from seatwright.cli.main import app
from seatwright.disruptions import service, store
from seatwright.disruptions.model import Job
from seatwright.notifications import deliveries
from seatwright.orders import outbox
from seatwright.storage.engine import Database, Tx

LEASE_MS = 2_000
DIES_AT, CLAIMS_FIRST = "DIES_AT", "CLAIMS_FIRST"

_one, _note, _claim = service._one, store.note, store.claim
_done = 0


def die() -> None:
    """End like a process whose machine has lost its power: nothing is finished, nothing is told."""
    os.kill(os.getpid(), signal.SIGKILL)


def main() -> None:
    """The command line of `seatwright`."""
    claims_first = CLAIMS_FIRST in os.environ
    number, _, when = os.environ.get(DIES_AT, "0 never").partition(" ")

    async def noted(tx: Tx, job: Job, outcome: Any) -> None:
        global _done
        await _note(tx, job, outcome)
        _done += 1
        if (_done, when) == (int(number), "before"):
            die()

    async def one(database: Database, booking: Any, job: Job, order_id: str) -> None:
        if claims_first:
            await database.write(lambda tx: _claim(tx, job, order_id, booking.clock.now()))
        await _one(database, booking, job, order_id)
        if (_done, when) == (int(number), "after"):
            die()

    async def claimed(*_: Any) -> bool:
        return True

    if claims_first:
        store.claim = claimed
    service._one, store.note = one, noted
    outbox.LEASE_MS = deliveries.LEASE_MS = LEASE_MS
    app()


if __name__ == "__main__":
    main()
