"""Write, change and delete notes; put tags on things and take them off.

The audit log says who did it to which note, without its text, which may be about a person.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from seatwright.annotations import store
from seatwright.annotations.model import MAX_NOTES, MAX_TAG, MAX_TAGS, MAX_TEXT, Kind, Note, Subject, TagCount
from seatwright.auth.model import Caller
from seatwright.core import names
from seatwright.core.clock import Clock, Instant
from seatwright.core.errors import Conflict, NotFound
from seatwright.core.field_errors import bad_field
from seatwright.core.ids import new_hex24_at
from seatwright.orders import store as orders
from seatwright.storage import audit
from seatwright.storage.engine import ReadTx, Tx


class NoteChange(NamedTuple):
    """A change of a note; None leaves a field as it is. `version` is the one that was shown: another is refused."""

    text: str | None = None
    pinned: bool | None = None
    version: int | None = None


async def subject(tx: ReadTx, account_id: str, kind: Kind, reference: str) -> Subject:
    """Return the thing that the account sees under an id (an order also under its confirmation number).

    Raises `NotFound`.
    """
    if kind == "order":
        found = await orders.look_up(tx, account_id, reference)
        if found is None:
            raise orders.order_not_found()
        return Subject(kind, found.id)
    if kind == "departure" and not await store.departure_exists(tx, account_id, reference):
        raise NotFound("There is no such departure.", code="departure_not_found")
    if kind == "customer" and not await store.customer_exists(tx, account_id, reference):
        raise NotFound("No order is such a customer's.", code="customer_not_found")
    return Subject(kind, reference)


async def notes(tx: ReadTx, caller: Caller, kind: Kind, reference: str) -> list[Note]:
    """Return the account's notes on a thing, those that are pinned first, then the newest. Raises `NotFound`."""
    return await store.notes(tx, caller.account_id, await subject(tx, caller.account_id, kind, reference))


async def add_note(
    tx: Tx, clock: Clock, caller: Caller, kind: Kind, reference: str, text: str, *, pinned: bool = False
) -> Note:
    """Write a note on a thing.

    Raises `NotFound`, `Invalid` for a text that is empty or too long, and `Conflict` if the thing has too many notes.
    """
    on = await subject(tx, caller.account_id, kind, reference)
    if await store.count_notes(tx, caller.account_id, on) >= MAX_NOTES:
        raise Conflict(f"There are {MAX_NOTES} notes on it already; delete one of them first.", code="too_many_notes")
    now = clock.now()
    added = Note(
        id=new_hex24_at(now),
        subject=on,
        text=_checked(text),
        pinned=pinned,
        author=caller.name,
        created_at=now,
        changed_by=None,
        changed_at=None,
        version=1,
    )
    await store.add_note(tx, caller.account_id, added)
    await _record(tx, caller, now, "note.added", added)
    return added


async def change_note(tx: Tx, clock: Clock, caller: Caller, note_id: str, change: NoteChange) -> Note:
    """Change a note's text, or pin or unpin it. Raises as `add_note`, and `Conflict` if somebody changed it first."""
    note = await _note(tx, caller, note_id, change.version)
    now = clock.now()
    changed = note._replace(
        text=note.text if change.text is None else _checked(change.text),
        pinned=note.pinned if change.pinned is None else change.pinned,
    )
    if changed == note:
        return note
    changed = changed._replace(changed_by=caller.name, changed_at=now)
    if not await store.change_note(tx, caller.account_id, changed, note.version):
        raise _changed_meanwhile()
    await _record(tx, caller, now, "note.changed", changed)
    return changed._replace(version=note.version + 1)


async def delete_note(tx: Tx, clock: Clock, caller: Caller, note_id: str, version: int | None = None) -> Note:
    """Delete a note and return it. Raises `NotFound`, and `Conflict` if somebody changed it since `version`."""
    note = await _note(tx, caller, note_id, version)
    if not await store.delete_note(tx, caller.account_id, note_id, note.version):
        raise _changed_meanwhile()
    await _record(tx, caller, clock.now(), "note.deleted", note)
    return note


async def tags(tx: ReadTx, caller: Caller, kind: Kind, reference: str) -> list[str]:
    """Return the tags of a thing. Raises `NotFound`."""
    on = await subject(tx, caller.account_id, kind, reference)
    return list((await store.tags(tx, caller.account_id, kind, [on.id]))[on.id].values())


async def change_tags(
    tx: Tx, clock: Clock, caller: Caller, kind: Kind, reference: str, *, add: Sequence[str], remove: Sequence[str]
) -> list[str]:
    """Put tags on a thing and take others off; return those that it has then. A tag is made by its first use.

    Tags in another case are the same; the first spelling counts. Putting on a tag twice, or taking off one that isn't
    there, changes nothing. Raises `NotFound`, `Invalid` for a tag that is empty, too long or in both lists, and
    `Conflict` for too many tags.
    """
    on = await subject(tx, caller.account_id, kind, reference)
    wanted, unwanted = _keys("add", add), _keys("remove", remove)
    for key in wanted.keys() & unwanted.keys():
        raise bad_field("remove", f"{wanted[key]!r} can't be put on and taken off at once.")
    present = (await store.tags(tx, caller.account_id, kind, [on.id]))[on.id]
    added = {key: name for key, name in wanted.items() if key not in present}
    removed = {key: present[key] for key in unwanted if key in present}
    if len(present) + len(added) - len(removed) > MAX_TAGS and added:
        raise Conflict(f"It can have {MAX_TAGS} tags at most; take one off first.", code="too_many_tags")
    if not added and not removed:
        return list(present.values())
    for key, name in added.items():
        added[key] = await store.spelling(tx, caller.account_id, key) or name
    now = clock.now()
    await store.remove_tags(tx, caller.account_id, on, removed)
    await store.add_tags(tx, caller.account_id, on, added, now)
    detail = {"kind": kind, "added": sorted(added.values()), "removed": sorted(removed.values())}
    await audit.record(tx, caller.account_id, now, caller.user_id, "tags.changed", on.id, detail)
    return list((await store.tags(tx, caller.account_id, kind, [on.id]))[on.id].values())


async def tag_counts(tx: ReadTx, caller: Caller) -> list[TagCount]:
    """Return the account's tags that are in use, with on how many things, by kind."""
    return await store.counts(tx, caller.account_id)


async def _note(tx: ReadTx, caller: Caller, note_id: str, version: int | None) -> Note:
    note = await store.note(tx, caller.account_id, note_id)
    if note is None:
        raise NotFound("There is no such note.", code="note_not_found")
    if version not in (None, note.version):
        raise _changed_meanwhile()
    return note


def _changed_meanwhile() -> Conflict:
    return Conflict("Somebody has changed this note meanwhile; read it again.", code="changed_meanwhile")


def _checked(text: str) -> str:
    text = text.strip()
    if not text:
        raise bad_field("text", "must not be empty.")
    if len(text) > MAX_TEXT:
        raise bad_field("text", f"has more than {MAX_TEXT} characters.")
    return text


def _keys(field: str, said: Sequence[str]) -> dict[str, str]:
    """Return tags by their keys."""
    found: dict[str, str] = {}
    for place, name in enumerate(said):
        name = " ".join(name.split())
        if not name:
            raise bad_field(f"{field}[{place}]", "must not be empty.")
        if len(name) > MAX_TAG:
            raise bad_field(f"{field}[{place}]", f"has more than {MAX_TAG} characters.")
        found.setdefault(names.key(name), name)
    return found


async def _record(tx: Tx, caller: Caller, at: Instant, action: str, note: Note) -> None:
    detail = {"kind": note.subject.kind, "note": note.id, "pinned": note.pinned}
    await audit.record(tx, caller.account_id, at, caller.user_id, action, note.subject.id, detail)
