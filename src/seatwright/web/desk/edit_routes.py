"""Editing an order at the desk; notes and tags on it; its confirmation sent again."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from seatwright.annotations import service as own_notes
from seatwright.annotations.model import Kind
from seatwright.annotations.service import NoteChange
from seatwright.auth.model import Caller
from seatwright.catalog.model import Catalog
from seatwright.core.clock import Clock
from seatwright.core.errors import NotFound, SeatwrightError
from seatwright.http.context import ApiRequest, booking, services
from seatwright.orders import service as orders
from seatwright.orders.confirmation import send_again
from seatwright.orders.editing import EditQuote, edit_order, quote_edit
from seatwright.orders.view import OrderView, view_of
from seatwright.storage.engine import ReadTx, Tx
from seatwright.web.desk import edit_form
from seatwright.web.desk.frame import Notice, check_mendable, go, refused, screen
from seatwright.web.desk.once import once
from seatwright.web.desk.order_routes import again
from seatwright.web.desk.texts import texts_of
from seatwright.web.desk.visit import FORM, PAGE, Form, Visit, form, read, write


@get("/orders/{reference:str}/edit", **PAGE)
async def get_edit(request: ApiRequest, reference: FromPath[str]) -> Response[str]:
    """Show the form in which an order is edited."""
    return await _form(request, reference)


@post("/orders/{reference:str}/edit", **FORM)
async def post_edit(request: ApiRequest, reference: FromPath[str]) -> Response[str]:
    """Edit an order; if its total changes, ask first."""
    sent = await form(request)

    async def use_case(tx: Tx, visit: Visit) -> EditQuote | None:
        parts, caller = booking(request), visit.caller
        order, catalog = await _order(tx, request, visit, reference)
        edit = edit_form.edit_of(sent, order, catalog)
        quote = await quote_edit(tx, parts, caller, edit)
        if str(quote.difference) != sent.text("difference", "0"):
            return quote
        await edit_order(tx, parts, caller, edit, difference=quote.difference)
        return None

    try:
        _, quote = await write(request, "orders.write", use_case)
    except SeatwrightError as error:
        check_mendable(error, 403, 404)
        return await _form(request, reference, sent=sent, notice=refused(error), status=error.status)
    if quote is not None:
        return await _form(request, reference, sent=sent, quote=quote, status=409)
    return go(request, f"/orders/{reference}", done="edited")


async def _order(tx: ReadTx, request: ApiRequest, visit: Visit, reference: str) -> tuple[OrderView, Catalog]:
    order = view_of(await orders.read(tx, visit.caller, reference), visit.account.id)
    return order, await services(request).catalogs.load(tx, order.account_id)


async def _form(
    request: ApiRequest,
    reference: str,
    *,
    sent: Form | None = None,
    notice: Notice | None = None,
    quote: EditQuote | None = None,
    status: int = 200,
) -> Response[str]:
    visit, (order, catalog) = await read(
        request, "orders.write", lambda tx, visit: _order(tx, request, visit, reference)
    )
    texts = texts_of(visit.account)
    if quote is not None:
        by = texts.money(abs(quote.difference), quote.currency)
        change = f"{'grows' if quote.difference > 0 else 'falls'} by {by} to {texts.money(quote.total, quote.currency)}"
        notice = Notice("wait", f"The total {change}. Save again if that is right.")
        if quote.difference == 0:
            notice = Notice("wait", "The total stays as it is now. Save again.")
    return screen(
        request,
        visit,
        "order_edit.html",
        here="orders",
        notice=notice,
        status=status,
        form=edit_form.edit_form(order, catalog, sent, texts),
        difference=quote.difference if quote else 0,
    )


@post("/orders/{reference:str}/notes", **FORM)
async def post_notes(request: ApiRequest, reference: FromPath[str]) -> Response[str]:
    """Write a note, delete one, or pin or unpin it."""
    sent = await form(request)

    async def use_case(tx: Tx, visit: Visit) -> None:
        await change_notes(tx, services(request).clock, visit.caller, "order", reference, sent)

    return await _done(request, reference, use_case)


async def change_notes(tx: Tx, clock: Clock, caller: Caller, kind: Kind, reference: str, sent: Form) -> None:
    """Do what a button of the notes on a thing says (`do`): add one, delete one, or pin or unpin it."""
    action, _, note_id = sent.text("do", "add").partition(" ")
    if action == "add":
        await own_notes.add_note(tx, clock, caller, kind, reference, sent.text("text"), pinned=sent.has("pinned"))
    elif action == "delete":
        await own_notes.delete_note(tx, clock, caller, note_id)
    elif action in ("pin", "unpin"):
        await own_notes.change_note(tx, clock, caller, note_id, NoteChange(pinned=action == "pin"))
    else:
        raise NotFound("There is no such button.", code="unknown_address")


@post("/orders/{reference:str}/tags", **FORM)
async def post_tags(request: ApiRequest, reference: FromPath[str]) -> Response[str]:
    """Put a tag on an order, or take one off."""
    sent = await form(request)

    async def use_case(tx: Tx, visit: Visit) -> None:
        await change_tags(tx, services(request).clock, visit.caller, "order", reference, sent)

    return await _done(request, reference, use_case)


async def change_tags(tx: Tx, clock: Clock, caller: Caller, kind: Kind, reference: str, sent: Form) -> None:
    """Put the tags on a thing that the form has as `add`, and take those off that it has as `remove`."""
    add, remove = (list(filter(None, sent.all(name))) for name in ("add", "remove"))
    await own_notes.change_tags(tx, clock, caller, kind, reference, add=add, remove=remove)


@post("/orders/{reference:str}/confirmation", **FORM)
async def post_confirmation(request: ApiRequest, reference: FromPath[str]) -> Response[str]:
    """Send the customer the confirmation again: one mail for each time that the page was shown."""
    sent = await form(request)

    async def use_case(tx: Tx, visit: Visit) -> None:
        clock = services(request).clock
        await once(tx, request, visit, sent, lambda tx, visit: send_again(tx, clock, visit.caller, reference))

    return await _done(request, reference, use_case, done="confirmed")


async def _done(
    request: ApiRequest, reference: str, use_case: Callable[[Tx, Visit], Awaitable[None]], *, done: str = ""
) -> Response[str]:
    """Run a use case, and lead back to the order's page, with the word for what was `done` if there is one."""
    try:
        await write(request, "orders.write", use_case)
    except SeatwrightError as error:
        return await again(request, reference, error)
    return go(request, f"/orders/{reference}{f'?done={done}' if done else ''}")


ROUTES: list[HTTPRouteHandler] = [get_edit, post_edit, post_notes, post_tags, post_confirmation]
