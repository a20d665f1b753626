"""`seatwright import`."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from seatwright.auth import service as auth
from seatwright.auth import store
from seatwright.catalog.store import CatalogCache
from seatwright.cli.progress import bar
from seatwright.cli.running import Data, console, fail, opened, run, settings
from seatwright.core.config import Settings
from seatwright.core.errors import Invalid, SeatwrightError
from seatwright.setup.editor import Editor
from seatwright.setup.importing import ImportReport, Options, Preview, import_document, parse_document
from seatwright.setup.reading import MAX_BYTES
from seatwright.storage.engine import ReadTx, Tx


def import_command(
    file: Annotated[Path, typer.Argument(help="Catalog file, YAML or JSON; docs/catalog.md has every key.")],
    account: Annotated[str, typer.Option(help="Code of the account; may be left out if there is only one.")] = "",
    check: Annotated[bool, typer.Option("--check", help="Try it, say what it would do, and write nothing.")] = False,
    prune: Annotated[
        bool,
        typer.Option("--prune", help="Delete departures that the file doesn't cover and that nobody has seats on."),
    ] = False,
    move_sold: Annotated[
        bool,
        typer.Option("--move-sold", help="Departures with seats held or sold follow into a corrected time zone, too."),
    ] = False,
    data: Data = None,
) -> None:
    """Import a catalog: all or nothing, and nothing the second time. Prints what was created and changed.

    Departures of the file's products that it doesn't cover any more are named, with what is sold of them.
    """
    chosen = settings(data)
    options = Options(check=check, prune=prune, move_sold=move_sold)
    try:
        document = parse_document(_read(file))
    except SeatwrightError as error:
        fail(f"{file}: {error.message}")

    async def work(chosen: Settings) -> ImportReport:
        async with opened(chosen) as parts:

            async def use_case(tx: Tx) -> ImportReport:
                code = account or await _only_account(tx)
                found = await auth.account_by_code(tx, code)
                editor = Editor(CatalogCache(), parts.clock, found.id, auth.SYSTEM)
                return await import_document(tx, editor, document, options)

            try:
                with bar(f"Importing {file.name}"):
                    return await parts.database.write(use_case)
            except Preview as preview:
                return preview.report

    for line in run(work(chosen)).lines():
        console.print(line, markup=False)


def _read(file: Path) -> bytes:
    try:
        with file.open("rb") as stream:
            return stream.read(MAX_BYTES + 1)
    except OSError as error:
        fail(f"{file}: can't be read: {error.strerror}.")


async def _only_account(tx: ReadTx) -> str:
    """Return the code of the one account there is. Raises `Invalid` if there are several or none."""
    codes = await store.first_codes(tx, 2)
    if len(codes) != 1:
        several = "there are several accounts" if codes else "there is no account yet"
        raise Invalid(f"{several}: name one with --account.", code="account_missing", field="account")
    return codes[0]
