"""Who has checked in, and who waits to be accepted, is also in the rows of an old order's lines."""

from __future__ import annotations

import json

from seatwright.core.clock import SystemClock
from seatwright.invariants.checks import check
from seatwright.storage.engine import Tx
from seatwright.storage.migrate import migrate
from seatwright.storage.open import open_database
from tests.backup.conftest import NewPlace
from tests.backup.fixtures import AT, load

BEFORE = 16
"""The last schema whose rows don't have it."""


async def test_check_ins_and_pending_lines_of_old_orders_are_in_their_rows(new_place: NewPlace) -> None:
    database = await open_database(new_place(), make=True)
    await load(database, BEFORE)
    orders = await database.read(lambda tx: tx.rows("SELECT id, body FROM orders ORDER BY id"))
    changed, expected = {}, {}
    for row in orders:
        body = json.loads(row["body"])
        lines = [line for item in body["items"] for line in item["lines"]]
        for line in lines:
            expected[line["id"]] = (None, False)
        if len(lines) > 1:
            lines[0]["checked_in_at"], lines[1]["pending_until"] = AT, AT + 1
            expected |= {lines[0]["id"]: (AT, False), lines[1]["id"]: (None, True)}
            changed[row["id"]] = json.dumps(body)

    async def run(tx: Tx) -> None:
        for order_id, text in changed.items():
            await tx.execute("UPDATE orders SET body = $2 WHERE id = $1", order_id, text)

    await database.write(run)
    await migrate(database, SystemClock())
    rows = await database.read(lambda tx: tx.rows("SELECT id, checked_in_at, pending FROM order_line"))
    assert {row["id"]: (row["checked_in_at"], bool(row["pending"])) for row in rows} == expected
    assert changed
    assert "order_document" not in {finding.check for finding in await check(database, AT)}
    await database.close()
