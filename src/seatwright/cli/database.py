"""Commands for the schema."""

from __future__ import annotations

from seatwright.cli.running import Data, console, migrated, run, say_which, settings


def migrate_command(data: Data = None) -> None:
    """Bring the database's schema up to date. Refuses one that is newer than this program."""
    chosen = settings(data)
    say_which(chosen)
    applied = run(migrated(chosen))
    for name in applied:
        console.print(f"applied {name}")
    console.print("The schema is up to date.")
