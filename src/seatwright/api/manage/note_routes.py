"""Notes and tags: four routes for each kind of thing that they can be on, all made the same way, and the notes' own."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from litestar import Response, Router, delete, get, patch, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath, JSONBody, PathParameter, QueryParameter

from seatwright.annotations import service
from seatwright.annotations.model import Kind, Note, TagCount
from seatwright.annotations.service import NoteChange
from seatwright.api.manage.note_wire import (
    AccountNoteOut,
    NoteChangeIn,
    NoteIn,
    TagChangeIn,
    TagCountOut,
    note_out,
    tag_count_out,
)
from seatwright.auth.model import Caller, Permission
from seatwright.core.names import text_of
from seatwright.http.context import ApiRequest, services
from seatwright.http.endpoint import read, write
from seatwright.http.wire import Envelope
from seatwright.storage.engine import ReadTx, Tx

_TAGS = ["Notes and tags"]
_SUBJECTS: tuple[tuple[Kind, Permission], ...] = (
    ("order", "orders.read"),
    ("customer", "orders.read"),
    ("departure", "departures.read"),
)
"""What notes and tags can be on, and what one must be allowed to do to read them."""


def _typed(handler: Callable[..., Any], kind: Kind, answer: Any, **parameters: Any) -> Callable[..., Any]:
    """Give a handler its types, by which its requests are read and described."""
    reference = Annotated[str, PathParameter(name=f"{kind}_id", description=f"The {kind}'s id.")]
    handler.__annotations__ = {
        "request": ApiRequest,
        "reference": reference,
        **parameters,
        "return": Response[Envelope[answer]],
    }
    return handler


def _routes(kind: Kind, permission: Permission) -> Sequence[HTTPRouteHandler]:
    async def list_notes(request, reference):  # type: ignore[no-untyped-def]
        async def run(tx: ReadTx, caller: Caller) -> list[Note]:
            return await service.notes(tx, caller, kind, reference)

        return await read(request, permission, run, lambda found: [note_out(each) for each in found])

    async def add_note(request, reference, data):  # type: ignore[no-untyped-def]
        async def run(tx: Tx, caller: Caller) -> Note:
            clock = services(request).clock
            return await service.add_note(tx, clock, caller, kind, reference, data.text, pinned=data.pinned)

        return await write(request, "orders.write", run, note_out)

    async def list_tags(request, reference):  # type: ignore[no-untyped-def]
        async def run(tx: ReadTx, caller: Caller) -> list[str]:
            return await service.tags(tx, caller, kind, reference)

        return await read(request, permission, run, list)

    async def change_tags(request, reference, data):  # type: ignore[no-untyped-def]
        add, remove = ([text_of(each) for each in some] for some in (data.add, data.remove))

        async def run(tx: Tx, caller: Caller) -> list[str]:
            clock = services(request).clock
            return await service.change_tags(tx, clock, caller, kind, reference, add=add, remove=remove)

        return await write(request, "orders.write", run, list)

    base, an = f"/{kind}s/{{{kind}_id:str}}", f"{'an' if kind == 'order' else 'a'} {kind}"
    return [
        get(
            f"{base}/notes",
            summary=f"Notes on {an}",
            description=f"The account's own notes on {an}: those that are pinned first, then the newest.",
            operation_id=f"list_{kind}_notes",
        )(_typed(list_notes, kind, list[AccountNoteOut])),
        post(
            f"{base}/notes",
            status_code=200,
            summary=f"Write a note on {an}",
            description=f"Write a note on {an}, which only the account's own people see.",
            operation_id=f"add_{kind}_note",
        )(_typed(add_note, kind, AccountNoteOut, data=JSONBody[NoteIn])),
        get(
            f"{base}/tags",
            summary=f"Tags on {an}",
            description=f"The account's own tags on {an}.",
            operation_id=f"list_{kind}_tags",
        )(_typed(list_tags, kind, list[str])),
        post(
            f"{base}/tags",
            status_code=200,
            summary=f"Change the tags on {an}",
            description=f"Put tags on {an} and take tags off it, and answer those that it has then.",
            operation_id=f"change_{kind}_tags",
        )(_typed(change_tags, kind, list[str], data=JSONBody[TagChangeIn])),
    ]


@patch("/notes/{note_id:str}", summary="Change a note")
async def change_note(
    request: ApiRequest, note_id: FromPath[str], data: JSONBody[NoteChangeIn]
) -> Response[Envelope[AccountNoteOut]]:
    """Change a note's text, or pin or unpin it."""

    async def run(tx: Tx, caller: Caller) -> Note:
        change = NoteChange(data.text, data.pinned, data.version)
        return await service.change_note(tx, services(request).clock, caller, note_id, change)

    return await write(request, "orders.write", run, note_out)


@delete("/notes/{note_id:str}", status_code=200, summary="Delete a note")
async def delete_note(
    request: ApiRequest,
    note_id: FromPath[str],
    version: Annotated[int | None, QueryParameter(ge=1, le=2**53, description="The version that was shown.")] = None,
) -> Response[Envelope[AccountNoteOut]]:
    """Delete a note, and answer it as it was."""

    async def run(tx: Tx, caller: Caller) -> Note:
        return await service.delete_note(tx, services(request).clock, caller, note_id, version)

    return await write(request, "orders.write", run, note_out)


@get("/tag-counts", summary="Tags in use")
async def count_tags(request: ApiRequest) -> Response[Envelope[list[TagCountOut]]]:
    """List the tags that are on orders, customers and departures, those used most first, 1,000 at most."""

    async def run(tx: ReadTx, caller: Caller) -> list[TagCount]:
        return await service.tag_counts(tx, caller)

    return await read(request, "orders.read", run, lambda found: [tag_count_out(each) for each in found])


ROUTES: list[Router] = [Router("/", route_handlers=[*_routes(*each)], tags=_TAGS) for each in _SUBJECTS] + [
    Router("/", route_handlers=[change_note, delete_note, count_tags], tags=_TAGS)
]
