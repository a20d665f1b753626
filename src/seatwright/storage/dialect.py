"""Translates PostgreSQL's SQL into SQLite's. `storage.engine` says which SQL may be used."""

from __future__ import annotations

import re
from functools import lru_cache

BYTEWISE = ' COLLATE "C"'
"""Stands after a text by which rows are ordered, and makes the order bytewise, independent of the database's collation.
This is SQLite's usual order, and that of `sorted`.
"""
_ANY = re.compile(r"= ANY\(\$(\d+)(?:::\w+\[\])?\)")
_PARAMETER = re.compile(r"\$(\d+)(?:::\w+(?:\[\])?)?")
_FOR_UPDATE = re.compile(r"\s+FOR UPDATE(?: OF \w+)?(?: SKIP LOCKED)?")
_TYPES = (
    (re.compile(r"\bBIGINT\b"), "INTEGER"),
    (re.compile(r"\bBOOLEAN\b"), "INTEGER"),
    (re.compile(r"\bBYTEA\b"), "BLOB"),
)
_FUNCTIONS = (
    ("string_agg(", "group_concat("),
    ("json_array_elements(", "json_each("),
    ("::json", ""),
    ("strpos(", "instr("),
)
_TABLE_END = re.compile(r"^\);", re.MULTILINE)


@lru_cache(maxsize=2048)
def to_sqlite(sql: str) -> str:
    """Return a statement with SQLite's parameters and without row locks.

    SQLite has one writer, so a row lock has nothing to add; a list arrives as a JSON array.
    """
    sql = _ANY.sub(r"IN (SELECT value FROM json_each(?\1))", sql)
    sql = _FOR_UPDATE.sub("", sql).replace(BYTEWISE, "")
    for here, there in _FUNCTIONS:
        sql = sql.replace(here, there)
    return _PARAMETER.sub(r"?\1", sql)


def schema_to_sqlite(sql: str) -> str:
    """Return a migration with SQLite's type names, its tables strict about them."""
    for pattern, name in _TYPES:
        sql = pattern.sub(name, sql)
    return _TABLE_END.sub(") STRICT;", sql)


def statements(sql: str) -> list[str]:
    """Split a migration at the semicolons that end a line."""
    return [part.strip() for part in sql.split(";\n") if part.strip()]
