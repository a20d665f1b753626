"""Reads and writes notes and tags. Every statement names the account: nobody else's are seen."""

from __future__ import annotations

from collections.abc import Iterable, Sequence

from seatwright.annotations.model import MAX_NOTES, Kind, Note, Subject, TagCount
from seatwright.core.clock import Instant
from seatwright.storage.engine import ReadTx, Row, Tx

MAX_COUNTS = 1_000
"""Maximum number of different tags that are listed."""

_NOTE = "id, kind, subject_id, text, pinned, author, created_at, changed_by, changed_at, version"


async def notes(tx: ReadTx, account_id: str, subject: Subject) -> list[Note]:
    """Return the notes on a thing: those that are pinned first, and the newest first among them."""
    rows = await tx.rows(
        f"""
        SELECT {_NOTE} FROM note WHERE account_id = $1 AND kind = $2 AND subject_id = $3
        ORDER BY pinned DESC, created_at DESC, id DESC LIMIT $4
        """,  # noqa: S608 - constant columns
        account_id,
        *subject,
        MAX_NOTES,
    )
    return [_note(row) for row in rows]


async def note(tx: ReadTx, account_id: str, note_id: str) -> Note | None:
    """Return a note, or None."""
    row = await tx.row(
        f"SELECT {_NOTE} FROM note WHERE account_id = $1 AND id = $2",  # noqa: S608 - constant columns
        account_id,
        note_id,
    )
    return None if row is None else _note(row)


async def count_notes(tx: ReadTx, account_id: str, subject: Subject) -> int:
    """Return how many notes are on a thing."""
    row = await tx.row(
        "SELECT COUNT(*) AS many FROM note WHERE account_id = $1 AND kind = $2 AND subject_id = $3",
        account_id,
        *subject,
    )
    return int(row["many"]) if row else 0


async def add_note(tx: Tx, account_id: str, added: Note) -> None:
    """Write a new note."""
    await tx.execute(
        """
        INSERT INTO note (account_id, id, kind, subject_id, text, pinned, author, created_at, version)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9)
        """,
        account_id,
        added.id,
        *added.subject,
        added.text,
        added.pinned,
        added.author,
        added.created_at,
        added.version,
    )


async def change_note(tx: Tx, account_id: str, changed: Note, version: int) -> bool:
    """Write a changed note over its `version`; return whether it still had that one."""
    return bool(
        await tx.execute(
            """
            UPDATE note SET text = $4, pinned = $5, changed_by = $6, changed_at = $7, version = version + 1
            WHERE account_id = $1 AND id = $2 AND version = $3
            """,
            account_id,
            changed.id,
            version,
            changed.text,
            changed.pinned,
            changed.changed_by,
            changed.changed_at,
        )
    )


async def delete_note(tx: Tx, account_id: str, note_id: str, version: int) -> bool:
    """Delete a note with this `version`; return whether it still had that one."""
    return bool(
        await tx.execute(
            "DELETE FROM note WHERE account_id = $1 AND id = $2 AND version = $3", account_id, note_id, version
        )
    )


async def tags(tx: ReadTx, account_id: str, kind: Kind, ids: Sequence[str]) -> dict[str, dict[str, str]]:
    """Return the tags of things by id: their names by their keys, in the order of the keys."""
    rows = await tx.rows(
        """
        SELECT subject_id, tag, name FROM subject_tag
        WHERE account_id = $1 AND kind = $2 AND subject_id = ANY($3) ORDER BY subject_id, tag COLLATE "C"
        """,
        account_id,
        kind,
        list(ids),
    )
    found: dict[str, dict[str, str]] = {each: {} for each in ids}
    for row in rows:
        found[row["subject_id"]][row["tag"]] = row["name"]
    return found


async def add_tags(tx: Tx, account_id: str, subject: Subject, added: dict[str, str], at: Instant) -> None:
    """Write tags, by their keys, that the thing doesn't have yet."""
    await tx.execute_many(
        """
        INSERT INTO subject_tag (account_id, kind, tag, subject_id, name, added_at) VALUES ($1, $2, $3, $4, $5, $6)
        ON CONFLICT (account_id, kind, tag, subject_id) DO NOTHING
        """,
        [(account_id, subject.kind, key, subject.id, name, at) for key, name in sorted(added.items())],
    )


async def remove_tags(tx: Tx, account_id: str, subject: Subject, keys: Iterable[str]) -> None:
    """Take tags off a thing, by their keys."""
    await tx.execute_many(
        "DELETE FROM subject_tag WHERE account_id = $1 AND kind = $2 AND tag = $3 AND subject_id = $4",
        [(account_id, subject.kind, key, subject.id) for key in sorted(keys)],
    )


async def spelling(tx: ReadTx, account_id: str, key: str) -> str | None:
    """Return how the account has spelled a tag already, or None."""
    row = await tx.row(
        "SELECT name FROM subject_tag WHERE account_id = $1 AND kind = ANY($2) AND tag = $3 ORDER BY added_at LIMIT 1",
        account_id,
        ["order", "customer", "departure"],
        key,
    )
    return None if row is None else str(row["name"])


async def counts(tx: ReadTx, account_id: str) -> list[TagCount]:
    """Return the tags that are in use by kind, those used most first."""
    rows = await tx.rows(
        """
        SELECT kind, MIN(name) AS name, COUNT(*) AS many FROM subject_tag WHERE account_id = $1
        GROUP BY kind, tag ORDER BY many DESC, tag COLLATE "C", kind COLLATE "C" LIMIT $2
        """,
        account_id,
        MAX_COUNTS,
    )
    return [TagCount(row["kind"], row["name"], row["many"]) for row in rows]


async def forget(tx: Tx, account_id: str, subject: Subject) -> None:
    """Delete the notes and tags of a thing that is deleted."""
    for table in ("note", "subject_tag"):
        await tx.execute(
            f"DELETE FROM {table} WHERE account_id = $1 AND kind = $2 AND subject_id = $3",  # noqa: S608 - constants
            account_id,
            *subject,
        )


async def departure_exists(tx: ReadTx, account_id: str, departure_id: str) -> bool:
    """Tell whether the account has this departure."""
    found = await tx.row("SELECT 1 AS one FROM departure WHERE account_id = $1 AND id = $2", account_id, departure_id)
    return found is not None


async def customer_exists(tx: ReadTx, account_id: str, customer_id: str) -> bool:
    """Tell whether an order that the account sees is this customer's."""
    found = await tx.row(
        "SELECT 1 AS one FROM order_term WHERE account_id = $1 AND kind = 'customer' AND term = $2 LIMIT 1",
        account_id,
        customer_id,
    )
    return found is not None


def _note(row: Row) -> Note:
    return Note(
        id=row["id"],
        subject=Subject(row["kind"], row["subject_id"]),
        text=row["text"],
        pinned=bool(row["pinned"]),
        author=row["author"],
        created_at=row["created_at"],
        changed_by=row["changed_by"],
        changed_at=row["changed_at"],
        version=row["version"],
    )
