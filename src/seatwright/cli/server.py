"""`seatwright serve`."""

from __future__ import annotations

from typing import Annotated

import typer
import uvicorn

from seatwright.cli.running import Data, console, migrated, run, settings

GRACE_S = 30
"""How long requests may take to finish after SIGTERM, in seconds."""


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")] = 8080,
    data: Data = None,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Worker processes.")] = 1,
) -> None:
    """Bring the schema up to date, then serve until SIGTERM or Ctrl-C; running requests are finished first."""
    chosen = settings(data)
    run(migrated(chosen))
    console.print(f"Seatwright listens on http://{f'[{host}]' if ':' in host else host}:{port}", markup=False)
    uvicorn.run(
        "seatwright.app:create",
        factory=True,
        host=host,
        port=port,
        workers=workers,
        loop="uvloop",
        http="httptools",
        ws="none",
        access_log=False,
        server_header=False,
        date_header=True,
        log_config=None,
        timeout_graceful_shutdown=GRACE_S,
    )
