"""`seatwright`: one file for each group of commands."""

from __future__ import annotations

import typer

from seatwright.cli import accounts, backup, database, doctor, importing, messages, orders, server
from seatwright.core.files import make_files_private

app = typer.Typer(
    name="seatwright",
    help="Self-hosted reservations for tours, activities and rentals, with the Resmark API.",
    no_args_is_help=True,
    pretty_exceptions_enable=False,
    add_completion=False,
)
app.callback()(make_files_private)
app.command("serve")(server.serve)
app.command("migrate")(database.migrate_command)
app.command("import")(importing.import_command)
app.command("backup")(backup.backup_command)
app.command("restore")(backup.restore_command)
app.command("doctor")(doctor.doctor)
app.add_typer(accounts.account_app, name="account")
app.add_typer(accounts.keys_app, name="keys")
app.add_typer(orders.orders_app, name="orders")
app.add_typer(messages.messages_app, name="messages")

if __name__ == "__main__":
    app()
