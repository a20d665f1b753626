"""Management of the catalog: five routes for each kind of entry, all made the same way."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from typing import Annotated, Any

from litestar import Response, Router, delete, get, post, put
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter

from seatwright.api.manage.editor import editor
from seatwright.auth.model import Caller
from seatwright.http.context import ApiRequest, services
from seatwright.http.endpoint import read, write
from seatwright.http.wire import DEFAULT_LIMIT, Envelope, Limit, Page
from seatwright.setup import catalog as service
from seatwright.setup.catalog import EntryView
from seatwright.setup.document import FORMS, PLURALS, AnyForm
from seatwright.setup.export import to_form
from seatwright.storage.engine import ReadTx, Tx

_CODE = Annotated[str, PathParameter(description="The entry's code.")]


def _form(shown: EntryView) -> AnyForm:
    return to_form(shown.kind, shown.entry, shown.currency)


def _typed(handler: Callable[..., Any], answer: Any, **parameters: Any) -> Callable[..., Any]:
    """Give a handler the types of one kind, by which its requests are read and described."""
    handler.__annotations__ = {"request": ApiRequest, **parameters, "return": Response[Envelope[answer]]}
    return handler


def _routes(kind: str, form: type[AnyForm]) -> Sequence[HTTPRouteHandler]:
    plural, a = PLURALS[kind], f"{'an' if kind[0] in 'aeiou' else 'a'} {kind}"

    async def list_entries(request, limit=DEFAULT_LIMIT, page=0):  # type: ignore[no-untyped-def]
        async def run(tx: ReadTx, who: Caller) -> list[EntryView]:
            return await service.page(tx, services(request).catalogs, who.account_id, kind, limit=limit, page=page)

        return await read(request, None, run, lambda found: [_form(shown) for shown in found])

    async def read_entry(request, code):  # type: ignore[no-untyped-def]
        async def run(tx: ReadTx, who: Caller) -> EntryView:
            return await service.get(tx, services(request).catalogs, who.account_id, kind, code)

        return await read(request, None, run, _form)

    async def create_entry(request, data):  # type: ignore[no-untyped-def]
        async def run(tx: Tx, who: Caller) -> EntryView:
            return await service.create(tx, editor(request, who), kind, data)

        return await write(request, "catalog.write", run, _form, heavy=True)

    async def replace_entry(request, code, data):  # type: ignore[no-untyped-def]
        async def run(tx: Tx, who: Caller) -> EntryView:
            return await service.replace(tx, editor(request, who), kind, code, data)

        return await write(request, "catalog.write", run, _form, heavy=True)

    async def delete_entry(request, code):  # type: ignore[no-untyped-def]
        async def run(tx: Tx, who: Caller) -> EntryView:
            return await service.delete(tx, editor(request, who), kind, code)

        return await write(request, "catalog.write", run, _form, heavy=True)

    body: Any = JSONBody[form]  # type: ignore[misc, valid-type]
    of_kind, single = f"/{plural}", f"/{plural}/{{code:str}}"
    return [
        get(of_kind, summary=f"List {plural}", description=f"List {plural} by code.", operation_id=f"list_{plural}")(
            _typed(list_entries, list[form], limit=Limit, page=Page)  # type: ignore[valid-type]
        ),
        get(single, summary=f"Read {a}", description=f"Read {a}.", operation_id=f"read_{kind}")(
            _typed(read_entry, form, code=_CODE)
        ),
        post(
            of_kind,
            status_code=200,
            summary=f"Make {a}",
            description=f"Make {a}. A code that is taken is a 409.",
            operation_id=f"create_{kind}",
        )(_typed(create_entry, form, data=body)),
        put(
            single,
            summary=f"Replace {a}",
            description=f"Put {a} in place of the one with this code. What is left out gets its default.",
            operation_id=f"replace_{kind}",
        )(_typed(replace_entry, form, code=_CODE, data=body)),
        delete(
            single,
            status_code=200,
            summary=f"Delete {a}",
            description=f"Delete {a} that nothing refers to; otherwise it is a 409 that names what does.",
            operation_id=f"delete_{kind}",
        )(_typed(delete_entry, form, code=_CODE)),
    ]


ROUTES: list[Router] = [
    Router("/", route_handlers=_routes(kind, form), tags=["Catalog"]) for kind, form in FORMS.items()
]
