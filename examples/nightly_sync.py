"""Keeps a copy of all orders in a SQLite file. Run it every night, or every minute: it reads what has changed since.

    RESERVATIONS_URL=https://book.canyon.example RESERVATIONS_USERNAME=me@ota.example RESERVATIONS_APIKEY=... \\
        python examples/nightly_sync.py orders.db
"""

from __future__ import annotations

import os
import sqlite3
import sys
from contextlib import closing
from datetime import UTC, datetime

from seatwright_client import Conflict, OrderChanges, SeatwrightClient

BEGINNING = datetime(2000, 1, 1, tzinfo=UTC)
TABLES = """
CREATE TABLE IF NOT EXISTS orders (
    id TEXT PRIMARY KEY, confirmation INTEGER, status TEXT, reference TEXT, modified TEXT, total TEXT, currency TEXT);
CREATE TABLE IF NOT EXISTS place (cursor TEXT);
"""


def next_page(client: SeatwrightClient, cursor: str | None) -> OrderChanges:
    """Return the next page. If the server's database was restored meanwhile, begin again: rows are only replaced."""
    try:
        return client.find.changes(cursor=cursor, modified_since=None if cursor else BEGINNING)
    except Conflict as refused:
        if refused.code != "cursor_unknown":
            raise
        return client.find.changes(modified_since=BEGINNING)


def sync(client: SeatwrightClient, database: sqlite3.Connection) -> int:
    """Bring the copy up to date; return how many states of orders were written."""
    written = 0
    row = database.execute("SELECT cursor FROM place").fetchone()
    cursor = row[0] if row else None
    while True:
        page = next_page(client, cursor)
        with database:  # the orders and the place are stored together, so nothing is lost or read twice after a crash
            database.executemany(
                "INSERT OR REPLACE INTO orders VALUES (?, ?, ?, ?, ?, ?, ?)",
                [
                    (
                        order.id,
                        order.confirmation,
                        order.status,
                        order.reference_id,
                        order.modified_date.isoformat(),
                        str(order.total),
                        order.currency,
                    )
                    for order in page.orders
                ],
            )
            database.execute("DELETE FROM place")
            database.execute("INSERT INTO place VALUES (?)", (page.cursor,))
        written, cursor = written + len(page.orders), page.cursor
        if not page.more:
            return written


def main() -> None:
    """Sync the file that is named, and print how much there was."""
    url, username = os.environ["RESERVATIONS_URL"], os.environ["RESERVATIONS_USERNAME"]
    with (
        SeatwrightClient(url, username=username, apikey=os.environ["RESERVATIONS_APIKEY"]) as client,
        closing(sqlite3.connect(sys.argv[1])) as database,
    ):
        database.executescript(TABLES)
        print(f"{sync(client, database)} orders are new or have changed.")


if __name__ == "__main__":
    main()
