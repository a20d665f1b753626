"""`seatwright doctor`."""

from __future__ import annotations

import typer

from seatwright.auth.secrets import SECRET_FILE, kept_secret
from seatwright.cli.progress import bar
from seatwright.cli.running import Data, console, opened, run, settings
from seatwright.core.config import Settings
from seatwright.invariants.checks import MANY, Finding, check


def doctor(data: Data = None) -> None:
    """Check the promises: seats, ledgers, totals, carts and orders against each other. Exit code 1 if one is broken."""
    chosen = settings(data)

    async def work(chosen: Settings) -> list[Finding]:
        async with opened(chosen) as parts:
            if not chosen.secret and (chosen.data / SECRET_FILE).exists():
                kept_secret(chosen.data)  # one that a server would refuse
            with bar("Checking") as progress:
                return await check(parts.database, parts.clock.now(), progress)

    findings = run(work(chosen))
    for finding in findings:
        console.print(f"{finding.check}: {finding.row}", markup=False)
    if findings:
        raise typer.Exit(1)
    console.print(f"All {MANY} checks passed.")
