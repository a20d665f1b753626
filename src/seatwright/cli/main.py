"""`seatwright`: one file for each group of commands."""

from __future__ import annotations

from importlib.metadata import version
from typing import Annotated

import typer

from seatwright.cli import (
    accounts,
    backup,
    configuration,
    connections,
    database,
    doctor,
    importing,
    messages,
    moving,
    orders,
    server,
    users,
)
from seatwright.core.files import make_files_private

app = typer.Typer(
    name="seatwright",
    help="Self-hosted reservations for tours, activities and rentals, with the Resmark API.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
)


def _print_version(asked: bool) -> None:
    if asked:
        typer.echo(f"seatwright {version('seatwright')}")
        raise typer.Exit


@app.callback()
def begin(
    _version: Annotated[
        bool, typer.Option("--version", callback=_print_version, is_eager=True, help="Print the version.")
    ] = False,
) -> None:
    """Self-hosted reservations for tours, activities and rentals, with the Resmark API."""
    make_files_private()


app.command("serve")(server.serve)
app.command("migrate")(database.migrate_command)
app.command("import")(importing.import_command)
app.add_typer(backup.backup_app, name="backup")
app.command("restore")(backup.restore_command)
app.command("move")(moving.move_command)
app.command("doctor")(doctor.doctor)
app.command("config")(configuration.config)
app.add_typer(accounts.account_app, name="account")
app.add_typer(users.users_app, name="users")
app.add_typer(accounts.keys_app, name="keys")
app.add_typer(connections.connections_app, name="connections")
app.add_typer(orders.orders_app, name="orders")
app.add_typer(messages.messages_app, name="messages")

if __name__ == "__main__":
    app()
