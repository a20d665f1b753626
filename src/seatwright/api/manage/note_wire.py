"""Notes and tags on the wire."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from seatwright.annotations.model import MAX_TAGS, MAX_TEXT, Note, TagCount
from seatwright.core.times import iso_utc
from seatwright.http.wire import Whole, Wire, Word

_TEXT = msgspec.Meta(max_length=2 * MAX_TEXT, examples=["Comes with a wheelchair; call before."])
_TAGS = msgspec.Meta(max_length=MAX_TAGS, examples=[["VIP"]])


class NoteIn(Wire, kw_only=True):
    """A new note."""

    text: Annotated[str, _TEXT]
    pinned: Annotated[bool, msgspec.Meta(description="Whether it stands above the others.")] = False


class NoteChangeIn(Wire, kw_only=True):
    """What to change of a note; what is left out stays. With the `version` that was shown, a newer one is a 409."""

    text: Annotated[str, _TEXT] | None = None
    pinned: bool | None = None
    version: Whole | None = None


class TagChangeIn(Wire, kw_only=True):
    """Tags to put on, and tags to take off."""

    add: Annotated[list[Word], _TAGS] = msgspec.field(default_factory=list)
    remove: Annotated[list[Word], msgspec.Meta(max_length=MAX_TAGS, examples=[["regular"]])] = msgspec.field(
        default_factory=list
    )


class AccountNoteOut(Wire, kw_only=True):
    """A note of the account's own. `changedBy` and `changedDate` are null as long as it is as it was written."""

    id: str
    subject: Literal["order", "customer", "departure"]
    subject_id: str
    text: str
    pinned: bool
    author: str
    created_date: str
    changed_by: str | None
    changed_date: str | None
    version: int


class TagCountOut(Wire, kw_only=True):
    """A tag in use, and on how many orders, customers or departures it is."""

    subject: Literal["order", "customer", "departure"]
    name: str
    count: int


def note_out(note: Note) -> AccountNoteOut:
    """Show a note."""
    return AccountNoteOut(
        id=note.id,
        subject=note.subject.kind,
        subject_id=note.subject.id,
        text=note.text,
        pinned=note.pinned,
        author=note.author,
        created_date=iso_utc(note.created_at),
        changed_by=note.changed_by,
        changed_date=None if note.changed_at is None else iso_utc(note.changed_at),
        version=note.version,
    )


def tag_count_out(found: TagCount) -> TagCountOut:
    """Show a tag that is in use."""
    return TagCountOut(subject=found.kind, name=found.name, count=found.many)
