"""An order's page, and what is done on it."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple, TypeAlias

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from seatwright.annotations import service as own_notes
from seatwright.annotations.model import Note, TagCount
from seatwright.auth import store as accounts
from seatwright.cancellation import approval
from seatwright.catalog.model import Catalog
from seatwright.core.errors import Forbidden, SeatwrightError
from seatwright.core.ids import new_hex24
from seatwright.http.context import ApiRequest, services
from seatwright.orders import service as orders
from seatwright.orders.books import Books, books
from seatwright.orders.checkin import Guests, check_in
from seatwright.orders.view import OrderView, view_of
from seatwright.storage import audit
from seatwright.storage.engine import ReadTx, Row, Tx
from seatwright.web.desk.frame import Notice, check_mendable, go, refused, screen
from seatwright.web.desk.history_view import history
from seatwright.web.desk.ledger_view import ledger_card
from seatwright.web.desk.notes_view import notes_card
from seatwright.web.desk.order_view import order_page
from seatwright.web.desk.texts import texts_of
from seatwright.web.desk.visit import FORM, PAGE, Form, Visit, form, query, read, write

DONE = {
    "booked": "Booked.",
    "edited": "Saved.",
    "confirmed": "The confirmation is on its way to the customer.",
    "accepted": "Accepted: the customer is told.",
    "declined": "Declined: seats and money went back, and the customer is told.",
    "in": "Checked in.",
    "out": "The check-in was taken back.",
    "paid": "The payment is recorded.",
    "refunded": "The refund is recorded.",
    "voided": "Voided: it counts no more.",
    "cancelled": "Cancelled: the seats are free again.",
    "moved": "Moved: these guests are on the other departure now.",
    "gone": "These guests were cancelled already, so nothing was done.",
}
"""What was done, by the word that the address has after it."""


class OrderFound(NamedTuple):
    """What was read for an order's page."""

    order: OrderView
    catalog: Catalog
    events: Sequence[Row]
    people: Mapping[str, str]
    notes: Sequence[Note]
    tags: Sequence[str]
    counts: Sequence[TagCount]
    books: Books | None


async def read_order(tx: ReadTx, request: ApiRequest, visit: Visit, reference: str) -> OrderFound:
    """Read an order with all that its page shows. Raises `NotFound`."""
    order = view_of(await orders.read(tx, visit.caller, reference), visit.account.id)
    catalog = await services(request).catalogs.load(tx, order.account_id)
    events = await audit.history(tx, order.account_id, order.id)
    actors = sorted({event["actor"] for event in events})
    people = {user.id: user.name for user in await accounts.users_with_ids(tx, visit.account.id, actors)}
    notes = await own_notes.notes(tx, visit.caller, "order", order.id)
    tags = await own_notes.tags(tx, visit.caller, "order", order.id)
    counts = await own_notes.tag_counts(tx, visit.caller)
    kept = await books(tx, visit.caller, order.id) if visit.may("transactions.read") else None
    return OrderFound(order, catalog, events, people, notes, tags, counts, kept)


Typed: TypeAlias = tuple[str, Mapping[str, str]]
"""The key of a form, and what was typed into it."""


def show_order(
    request: ApiRequest,
    visit: Visit,
    found: OrderFound,
    *,
    notice: Notice | None = None,
    status: int = 200,
    typed: Typed | None = None,
) -> Response[str]:
    """Return an order's page. A form that was refused keeps what was `typed`."""
    texts = texts_of(visit.account)
    return screen(
        request,
        visit,
        "order.html",
        here="orders",
        notice=notice,
        status=status,
        order=order_page(found.order, found.catalog, visit.now, texts),
        history=history(found.events, found.people, texts),
        kept=typed,
        ledger=ledger_card(found.books, texts) if found.books else None,
        notes=notes_card(found.notes, found.tags, found.counts, texts),
        once=new_hex24(),
    )


@get("/orders/{reference:str}", **PAGE)
async def get_order(request: ApiRequest, reference: FromPath[str]) -> Response[str]:
    """Show an order, by its id or confirmation number."""
    visit, found = await read(request, "orders.read", lambda tx, visit: read_order(tx, request, visit, reference))
    done = DONE.get(query(request).text("done"))
    return show_order(request, visit, found, notice=Notice("good", done) if done else None)


@post("/orders/{reference:str}/answer", **FORM)
async def post_answer(request: ApiRequest, reference: FromPath[str]) -> Response[str]:
    """Accept a pending order, or decline it with a reason."""
    sent = await form(request)
    try:
        done = await answer(request, reference, sent)
    except SeatwrightError as error:
        return await again(request, reference, error)
    return go(request, f"/orders/{reference}", done=done)


async def answer(request: ApiRequest, reference: str, sent: Form) -> str:
    """Accept a pending order or decline it, as the form says, and return the word of `DONE` for that."""
    accepted = sent.has("accept")

    async def use_case(tx: Tx, visit: Visit) -> None:
        clock = services(request).clock
        if accepted:
            await approval.accept(tx, clock, visit.caller, reference)
        else:
            await approval.decline(tx, clock, visit.caller, reference, sent.text("reason")[: approval.MAX_REASON])

    await write(request, "orders.write", use_case)
    return "accepted" if accepted else "declined"


@post("/orders/{reference:str}/check-in", **FORM)
async def post_check_in(request: ApiRequest, reference: FromPath[str]) -> Response[str]:
    """Check the guests in that are ticked, or take their check-in back."""
    sent = await form(request)
    present = not sent.has("out")
    guests = Guests(reference, line_ids=sent.all("guest") or None, noted=present)

    async def use_case(tx: Tx, visit: Visit) -> None:
        await check_in(tx, services(request).clock, visit.caller, guests)

    try:
        await write(request, "checkin.write", use_case)
    except SeatwrightError as error:
        return await again(request, reference, error)
    return go(request, f"/orders/{reference}", done="in" if present else "out")


async def again(
    request: ApiRequest, reference: str, error: SeatwrightError, *, typed: Typed | None = None
) -> Response[str]:
    """Return an order's page as it is now, with what was wrong above it. Raises `error` if it is nothing that somebody
    at the desk can mend on that page."""
    check_mendable(error, 404)
    try:
        visit, found = await read(request, "orders.read", lambda tx, visit: read_order(tx, request, visit, reference))
    except Forbidden:
        raise error from None
    return show_order(request, visit, found, notice=refused(error), status=error.status, typed=typed)


ROUTES: list[HTTPRouteHandler] = [get_order, post_answer, post_check_in]
