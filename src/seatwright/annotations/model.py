"""What a note and a tag are."""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from seatwright.core.clock import Instant

Kind: TypeAlias = Literal["order", "customer", "departure"]

MAX_TEXT = 2_000
"""Longest note, in characters."""
MAX_NOTES = 200
"""Maximum number of notes on one thing."""
MAX_TAG = 50
"""Longest tag, in characters."""
MAX_TAGS = 20
"""Maximum number of tags on one thing."""


class Subject(NamedTuple):
    """What a note or a tag is on: its kind and id. A customer's id is `customers.identity.customer_id`."""

    kind: Kind
    id: str


class Note(NamedTuple):
    """A note. `author` is the name of the user who wrote it; `changed_by` and `changed_at` are of the last change.

    `version` grows with every change.
    """

    id: str
    subject: Subject
    text: str
    pinned: bool
    author: str
    created_at: Instant
    changed_by: str | None
    changed_at: Instant | None
    version: int


class TagCount(NamedTuple):
    """A tag that is in use, on how many things of a kind."""

    kind: Kind
    name: str
    many: int
