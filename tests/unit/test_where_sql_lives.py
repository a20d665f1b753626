"""SQL lives in stores: no use case, door or page sends a statement of its own."""

from __future__ import annotations

import ast
import re
from collections.abc import Iterator
from pathlib import Path

import pytest

from seatwright.storage.engine import Tx

SOURCES = Path(__file__).resolve().parents[2] / "src" / "seatwright"

ROOMS = {
    "storage": "both databases are there, with migrations, the audit log and stored answers",
    "backup": "copies whole databases, with what is special to each",
    "reports": "each report is a query",
    "invariants": "each promise is a query",
}
"""Rooms that are SQL as a whole."""

MODULES = {
    "auth/admission.py": "joins the caller's row to the first query of a use case",
    "cart/holds.py": "what the holds' rows are for: giving them back and sweeping them up, under one order of locks",
    "inventory/pools.py": "keeps the starts of rental pools, set by set",
    "inventory/seats.py": "the only code that writes seats taken",
    "notifications/deliveries.py": "the queue of deliveries is a table",
    "orders/changes.py": "the orders in the sequence of their changes: queries, of which each engine has its own",
    "orders/convert.py": "turning a cart into an order is one statement",
    "orders/earlier_customers.py": "counts the orders of whom the search has found",
    "orders/listing.py": "a page of orders is a query, which its filters make up",
    "orders/outbox.py": "the outbox is a table",
    "orders/search.py": "a search is a query, which its words and filters make up",
    "orders/term_fill.py": "fills a table with rows that a migration can't make, and compares them",
    "orders/term_rows.py": "the rows by which orders are found",
}
"""Further modules whose whole purpose is SQL, and why each is no `store.py`."""

METHODS = frozenset(name for name in dir(Tx) if not name.startswith("_")) - {"engine"}
SQL = re.compile(r"\s*(SELECT|INSERT INTO|UPDATE|DELETE FROM|WITH|PRAGMA|BEGIN|CREATE|ALTER)\s")


def sends_sql(source: str) -> bool:
    """Tell whether a module has a statement in it, or gives one to a transaction."""
    tree = ast.parse(source)
    return any(_is_call(node) or _is_statement(node) for node in ast.walk(tree))


def _is_call(node: ast.AST) -> bool:
    """`tx.rows(...)` with anything; a method of that name without arguments is another thing's."""
    return (
        isinstance(node, ast.Call)
        and isinstance(node.func, ast.Attribute)
        and node.func.attr in METHODS
        and bool(node.args)
    )


def _is_statement(node: ast.AST) -> bool:
    return isinstance(node, ast.Constant) and isinstance(node.value, str) and SQL.match(node.value) is not None


def _is_store(name: str) -> bool:
    file = name.rpartition("/")[2]
    return file == "store.py" or file.endswith("_store.py")


def _modules() -> Iterator[tuple[str, str]]:
    for path in sorted(SOURCES.rglob("*.py")):
        yield path.relative_to(SOURCES).as_posix(), path.read_text(encoding="utf-8")


def test_sql_is_in_stores_and_in_what_is_nothing_else() -> None:
    found = {name for name, source in _modules() if sends_sql(source)}
    elsewhere = {name for name in found if not _is_store(name) and name.partition("/")[0] not in ROOMS}
    assert elsewhere - set(MODULES) == set(), "move these statements into the store of their room"
    assert set(MODULES) - elsewhere == set(), "these send no SQL any more; take them out of the list"
    assert set(ROOMS) <= {name.partition("/")[0] for name in found}


@pytest.mark.parametrize(
    "source",
    [
        "async def f(tx): return await tx.rows(query, 1)",
        "async def f(self): await self._tx.execute_many(audit.INSERT, [])",
        "QUERY = '''\n    SELECT a FROM b\n'''",
        "QUERY = f'DELETE FROM {table}'",
        "def f(connection): connection.fetch('UPDATE cart SET version = 1')",
    ],
)
def test_control_a_statement_is_found(source: str) -> None:
    assert sends_sql(source)


@pytest.mark.parametrize(
    "source",
    ["async def f(tx): return await store.rows_of(tx)", "'''Select a tour, update it.'''", "x = report.rows()"],
)
def test_control_other_things_are_not(source: str) -> None:
    assert not sends_sql(source)
