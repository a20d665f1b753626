"""Notes and tags of the account's own, on orders, customers and departures."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Literal, TypeAlias

from seatwright_client.answers import Shape, enveloped
from seatwright_client.operations import Mode, Resource, operation
from seatwright_client.request import MANAGE, Request, get, given, path, several, write

About: TypeAlias = Literal["orders", "customers", "departures"]
"""What a note or tag is on."""


class Note(Shape, frozen=True, kw_only=True):
    """A note: who wrote it when, and who changed it last. `version` grows with every change."""

    id: str
    subject: str
    subject_id: str
    text: str
    pinned: bool
    author: str
    created_date: dt.datetime
    changed_by: str | None = None
    changed_date: dt.datetime | None = None
    version: int


class TagCount(Shape, frozen=True, kw_only=True):
    """A tag in use, and on how many orders, customers or departures (`subject`) it is."""

    subject: str
    name: str
    count: int


_NoteList: TypeAlias = list[Note]
_Names: TypeAlias = list[str]
_Counts: TypeAlias = list[TagCount]

_note = enveloped(Note)
_names = enveloped(_Names)


class Notes(Resource[Mode]):
    """`client.notes`. `id` is an order's id or confirmation number, a customer's id, or a departure's."""

    @operation
    def list(self, about: About, id: str) -> Request[_NoteList]:
        """List the notes on a thing, those that are pinned first, then the newest."""
        return get(path(MANAGE, about, id, "notes"), enveloped(_NoteList))

    @operation
    def add(
        self, about: About, id: str, text: str, *, pinned: bool = False, idempotency_key: str | None = None
    ) -> Request[Note]:
        """Write a note on a thing."""
        body = {"text": text, "pinned": pinned}
        return write("POST", path(MANAGE, about, id, "notes"), _note, key=idempotency_key, body=body)

    @operation
    def change(
        self,
        note_id: str,
        *,
        text: str | None = None,
        pinned: bool | None = None,
        version: int | None = None,
        idempotency_key: str | None = None,
    ) -> Request[Note]:
        """Change a note. With the `version` that was shown, `Conflict` is raised if somebody has changed it since."""
        body = given(text=text, pinned=pinned, version=version)
        return write("PATCH", path(MANAGE, "notes", note_id), _note, key=idempotency_key, body=body)

    @operation
    def delete(self, note_id: str, *, version: int | None = None, idempotency_key: str | None = None) -> Request[Note]:
        """Delete a note, and return it as it was."""
        query = {"version": version}
        return write("DELETE", path(MANAGE, "notes", note_id), _note, key=idempotency_key, query=query)


class Tags(Resource[Mode]):
    """`client.tags`: the account's own tags on its orders, customers and departures."""

    @operation
    def list(self, about: About, id: str) -> Request[_Names]:
        """List the tags on a thing."""
        return get(path(MANAGE, about, id, "tags"), _names)

    @operation
    def change(
        self,
        about: About,
        id: str,
        *,
        add: Iterable[str] = (),
        remove: Iterable[str] = (),
        idempotency_key: str | None = None,
    ) -> Request[_Names]:
        """Put tags on a thing and take tags off it; return those that it has then."""
        body = {"add": several(add), "remove": several(remove)}
        return write("POST", path(MANAGE, about, id, "tags"), _names, key=idempotency_key, body=body)

    @operation
    def counts(self) -> Request[_Counts]:
        """List the tags in use, those used most first."""
        return get(path(MANAGE, "tag-counts"), enveloped(_Counts))
