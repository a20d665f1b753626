"""Commands for the schema."""

from __future__ import annotations

from seatwright.cli.progress import bar
from seatwright.cli.running import Data, console, migrated, run, say_which, settings
from seatwright.core.config import Settings
from seatwright.orders import term_fill
from seatwright.storage.open import open_database


def migrate_command(data: Data = None) -> None:
    """Bring the database's schema up to date. Refuses one that is newer than this program."""
    chosen = settings(data)
    say_which(chosen)
    with bar("Migrating") as progress:
        applied = run(migrated(chosen, progress))
    for name in applied:
        console.print(f"applied {name}")
    with bar("Making orders findable"):
        filled = run(_filled(chosen))
    if filled:
        console.print(f"made {filled} orders findable by their words")
    console.print("The schema is up to date.")


async def _filled(chosen: Settings) -> int:
    database = await open_database(chosen)
    try:
        return await term_fill.fill(database)
    finally:
        await database.close()
