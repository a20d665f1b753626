"""`seatwright serve`."""

from __future__ import annotations

import sys
from contextlib import suppress
from importlib.metadata import version
from pathlib import Path
from shlex import quote
from socket import socket
from typing import Annotated, Any

import typer
import uvicorn
from uvicorn.config import STARTUP_FAILURE

from seatwright.auth.secrets import Keyring
from seatwright.catalog.store import CatalogCache
from seatwright.cli.banner import DESK, banner, web_address
from seatwright.cli.connection import most_connections
from seatwright.cli.counts import shared_counts
from seatwright.cli.demo import FILE, Demo, create
from seatwright.cli.listening import bound, listen
from seatwright.cli.running import Data, errors, fail, migrated, run, say_which, settings
from seatwright.cli.supervisor import Supervisor
from seatwright.core import logs
from seatwright.core.clock import SystemClock
from seatwright.core.config import Settings
from seatwright.core.errors import Unavailable
from seatwright.storage.open import open_database
from seatwright.storage.waiting import reached

APP = "seatwright.app:create"
GRACE_S = 30
"""How long requests may take to finish after SIGTERM, in seconds."""
KEEP_ALIVE_S = 15
"""How long a connection may idle between requests, in seconds. A proxy's own timeout should be shorter."""


def serve(
    host: Annotated[str, typer.Option(help="Address to listen on.")] = "127.0.0.1",
    port: Annotated[int, typer.Option(min=1, max=65_535, help="Port to listen on.")] = 8080,
    data: Data = None,
    workers: Annotated[int, typer.Option(min=1, max=256, help="Worker processes.")] = 1,
    demo: Annotated[bool, typer.Option("--demo", help="Make a demo outfitter on the first start.")] = False,
) -> None:
    """Bring the schema up to date, then serve until SIGTERM or Ctrl-C; running requests are finished first."""
    chosen = settings(data)
    address = web_address(host, port)
    logs.configure(chosen.log)
    say_which(chosen)
    try:
        listening = bound(host, port)
        run(_prepare(chosen, demo_at=address if demo else None))
        listen(listening, host, port)
    except Unavailable as error:
        fail(error.message)
    if demo:
        errors.print(_first_order((chosen.data / FILE).absolute(), f"{address}{DESK}"), markup=False)
    said = banner(chosen, version=version("seatwright"), host=host, port=port, workers=workers)
    errors.print(said, markup=False)
    started = _serve(uvicorn.Config(APP, **_options(chosen, host=host, port=port, workers=workers)), listening)
    if not started:
        sys.exit(STARTUP_FAILURE)


def _serve(config: uvicorn.Config, listening: socket) -> bool:
    """Serve until the end; return whether the application could be started."""
    if config.workers > 1:
        with shared_counts() as forget:
            supervisor = Supervisor(config, listening, forget)
            supervisor.run()
        return not supervisor.failed
    server = uvicorn.Server(config)
    with suppress(KeyboardInterrupt):  # Ctrl-C, which the server has obeyed
        server.run(sockets=[listening])
    return server.started


def _options(chosen: Settings, *, host: str, port: int, workers: int) -> dict[str, Any]:
    """Return uvicorn's settings."""
    return {
        "factory": True,
        "host": host,
        "port": port,
        "workers": workers,
        "loop": "uvloop",
        "http": "seatwright.cli.connection:BoundedConnection",
        "ws": "none",
        "access_log": False,
        "server_header": False,
        "date_header": True,
        "log_config": None,
        "limit_concurrency": most_connections(),
        "timeout_keep_alive": KEEP_ALIVE_S,
        "proxy_headers": bool(chosen.trusted_proxies),
        "forwarded_allow_ips": list(chosen.trusted_proxies),
        "timeout_graceful_shutdown": GRACE_S,
    }


async def _prepare(chosen: Settings, *, demo_at: str | None) -> None:
    """Refuse a secret that no server may use; make and migrate the database, unless it is only read.

    Waits for PostgreSQL while it is unreachable, such as after a restart of the machine. With an address, makes the
    demo data for a server at that address.
    """
    if not chosen.read_only:
        await (reached(lambda: migrated(chosen)) if chosen.database_url else migrated(chosen))
    keyring = Keyring.open(chosen.secret, chosen.data)
    if demo_at is not None:
        database = await open_database(chosen)
        try:
            await create(Demo(database, SystemClock(), CatalogCache(), keyring), chosen.data, demo_at)
        finally:
            await database.close()


def _first_order(path: Path, desk: str) -> str:
    """Return where the desk is, and commands that place a first order against the demo, to be pasted into a shell.

    Key and password stay in their file, because a server's output goes to logs that more people read.
    """
    return f"""
The demo outfitter is ready; its key and password are in {path}.
The desk: {desk}, as demo@canyon.example. A first order, in another terminal:

  demo() {{ python3 -c 'import json, sys; print(json.load(open(sys.argv[1]))[sys.argv[2]])' {quote(str(path))} $1; }}
  API=$(demo baseUrl)
  TOKEN=$(curl -s $API/authenticate -H 'Content-Type: application/json' \\
    -d "{{\\"username\\": \\"$(demo username)\\", \\"apikey\\": \\"$(demo apikey)\\"}}")
  curl -s -H "Authorization: Bearer $TOKEN" "$API/product/4101/item?from=$(date +%Y-%m)&to=$(date -d '+1 month' +%Y-%m)"
  # take an activityId from that as ITEM, then:
  curl -s -H "Authorization: Bearer $TOKEN" -X POST $API/cart              # take its id as CART
  curl -s -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' $API/cart/$CART/item \\
    -d '{{"itemId": "'$ITEM'", "participants": {{"Adult": 2}}}}'
  curl -s -H "Authorization: Bearer $TOKEN" -H 'Content-Type: application/json' $API/order -d '{{"id": "'$CART'"}}'

README.md has the same as one script, with cancellations.
"""
