"""`seatwright move`."""

from __future__ import annotations

from dataclasses import replace
from typing import Annotated

import typer

from seatwright.backup import move
from seatwright.backup.move import Rows
from seatwright.cli.progress import bar
from seatwright.cli.running import BAD_SETTINGS, Data, console, fail, opened, run, settings
from seatwright.core.clock import SystemClock
from seatwright.core.config import Settings
from seatwright.core.progress import Progress
from seatwright.invariants.checks import MANY, Finding, check
from seatwright.orders import changes
from seatwright.storage.engine import Database
from seatwright.storage.open import database_name

SQLITE = "sqlite"


def move_command(
    to: Annotated[
        str, typer.Option("--to", help="postgresql://user@host/name, or `sqlite`: a file in the data directory.")
    ],
    data: Data = None,
) -> None:
    """Move everything to the other kind of database, which has to be empty, while no server runs.

    Every row is compared before anything counts; interrupted, nothing has happened. The old database stays as it is.
    """
    chosen = settings(data)
    if to != SQLITE and not to.startswith(("postgresql://", "postgres://")):
        fail("--to: must start with postgresql://, or be sqlite.", code=BAD_SETTINGS)
    target = replace(chosen, database_url="" if to == SQLITE else to)
    with bar("Moving") as progress:
        rows, findings = run(_move(chosen, target, progress))
    console.print(
        f"Moved {sum(rows.values())} rows of {len(rows)} tables, each compared: {_named(rows)}.", markup=False
    )
    for finding in findings:
        console.print(f"{finding.check}: {finding.row}", markup=False)
    if findings:
        fail("everything is moved, and it breaks the promises above, as it did before.")
    console.print(f"All {MANY} checks passed.")
    setting = "SEATWRIGHT_DATABASE_URL, for SQLite," if to == SQLITE else "SEATWRIGHT_DATABASE_URL to the new address"
    console.print(
        f"Now {'unset' if to == SQLITE else 'set'} {setting} and start the server on {database_name(target)}.\n"
        f"The old database {database_name(chosen)} is as it was: no server may use it any more.",
        markup=False,
    )


async def _move(chosen: Settings, target: Settings, progress: Progress) -> tuple[Rows, list[Finding]]:
    clock = SystemClock()

    async def finish(database: Database) -> list[Finding]:
        await changes.restart(database)
        return await check(database, clock.now())

    async with opened(chosen):
        pass  # it is there, with this program's schema
    if bool(chosen.database_url) == bool(target.database_url):
        fail("both are the same kind of database: `seatwright backup` and `seatwright restore` move those.")
    mover = move.to_postgres if target.database_url else move.to_sqlite
    return await mover(chosen, target, clock, finish, progress)


def _named(rows: Rows) -> str:
    return ", ".join(f"{name} {count}" for name, count in rows.items() if count)
