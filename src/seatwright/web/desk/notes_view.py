"""Notes and tags as the desk shows them. Pure."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from seatwright.annotations.model import Note, TagCount
from seatwright.web.desk.texts import Texts


class NoteView(NamedTuple):
    """A note: its text, and who wrote and changed it when."""

    id: str
    text: str
    pinned: bool
    who: str


class NotesCard(NamedTuple):
    """The notes and tags on a thing, and the tags that are in use."""

    notes: list[NoteView]
    tags: list[str]
    known: list[str]


def notes_card(notes: Sequence[Note], tags: Sequence[str], counts: Sequence[TagCount], texts: Texts) -> NotesCard:
    """Return the card with notes and tags."""
    return NotesCard(
        notes=[NoteView(note.id, note.text, note.pinned, _who(note, texts)) for note in notes],
        tags=list(tags),
        known=list(dict.fromkeys(each.name for each in counts if each.name not in tags)),
    )


def _who(note: Note, texts: Texts) -> str:
    said = f"{note.author}, {texts.moment(note.created_at)}"
    if note.changed_by is None or note.changed_at is None:
        return said
    return f"{said}; changed by {note.changed_by}, {texts.moment(note.changed_at)}"
