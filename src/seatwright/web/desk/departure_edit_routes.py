"""A departure's capacity and sales, and the notes and tags on it."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import NamedTuple

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from seatwright.annotations import service as own_notes
from seatwright.core.errors import SeatwrightError
from seatwright.core.field_errors import bad_field
from seatwright.http.context import ApiRequest, services
from seatwright.setup import schedule
from seatwright.setup.departure_form import DepartureChange
from seatwright.setup.editor import Editor
from seatwright.setup.schedule import DepartureView
from seatwright.storage.engine import ReadTx, Tx
from seatwright.web.desk.departure_routes import again
from seatwright.web.desk.edit_routes import change_notes
from seatwright.web.desk.frame import Notice, check_mendable, go, refused, screen
from seatwright.web.desk.texts import Texts, texts_of
from seatwright.web.desk.visit import FORM, PAGE, Form, Visit, form, read, write

_MOST = 1_000_000
"""A capacity above this is a mistake."""


class EditPage(NamedTuple):
    """The form: what is in its fields, what was in them when it was first shown (`was`), and in sentences what somebody
    else has `changed` since then. `wrong` is the field that was refused."""

    id: str
    product: str
    when: str
    version: int
    capacity: str
    closed: bool
    reason: str
    taken: int
    seats: int
    was: list[tuple[str, str]]
    changed: list[str]
    wrong: str


@get("/departures/{departure_id:str}/edit", **PAGE)
async def get_edit(request: ApiRequest, departure_id: FromPath[str]) -> Response[str]:
    """Show the form in which a departure's capacity and sales are changed."""
    return await _form(request, departure_id)


@post("/departures/{departure_id:str}/edit", **FORM)
async def post_edit(request: ApiRequest, departure_id: FromPath[str]) -> Response[str]:
    """Change them. If somebody else has changed the departure meanwhile, show what; what was typed stays."""
    sent = await form(request)

    async def use_case(tx: Tx, visit: Visit) -> None:
        parts = services(request)
        editor = Editor(parts.catalogs, parts.clock, visit.account.id, visit.caller.user_id)
        closed = sent.text("sales") == "closed"
        change = DepartureChange(
            capacity=_whole(sent, "capacity"),
            closed=closed,
            closed_for=sent.text("reason") if closed else None,
            version=_whole(sent, "version"),
        )
        await schedule.change(tx, editor, departure_id, change)

    try:
        await write(request, "departures.write", use_case, heavy=True)
    except SeatwrightError as error:
        check_mendable(error, 403, 404)
        return await _form(request, departure_id, sent=sent, error=error)
    return go(request, f"/departures/{departure_id}", done="edited")


@post("/departures/{departure_id:str}/notes", **FORM)
async def post_notes(request: ApiRequest, departure_id: FromPath[str]) -> Response[str]:
    """Write a note on a departure, delete one, or pin or unpin it."""
    sent = await form(request)

    async def use_case(tx: Tx, visit: Visit) -> None:
        await change_notes(tx, services(request).clock, visit.caller, "departure", departure_id, sent)

    return await _done(request, departure_id, use_case, text=sent.text("text"))


@post("/departures/{departure_id:str}/tags", **FORM)
async def post_tags(request: ApiRequest, departure_id: FromPath[str]) -> Response[str]:
    """Put a tag on a departure, or take one off."""
    sent = await form(request)
    add, remove = (list(filter(None, sent.all(name))) for name in ("add", "remove"))

    async def use_case(tx: Tx, visit: Visit) -> None:
        clock = services(request).clock
        await own_notes.change_tags(tx, clock, visit.caller, "departure", departure_id, add=add, remove=remove)

    return await _done(request, departure_id, use_case)


async def _done(
    request: ApiRequest, departure_id: str, use_case: Callable[[Tx, Visit], Awaitable[None]], *, text: str = ""
) -> Response[str]:
    try:
        await write(request, "orders.write", use_case)
    except SeatwrightError as error:
        return await again(request, departure_id, error, text=text)
    return go(request, f"/departures/{departure_id}")


async def _form(
    request: ApiRequest, departure_id: str, *, sent: Form | None = None, error: SeatwrightError | None = None
) -> Response[str]:
    async def use_case(tx: ReadTx, visit: Visit) -> DepartureView:
        return await schedule.get(tx, services(request).catalogs, visit.now, visit.account.id, departure_id)

    visit, found = await read(request, "departures.write", use_case)
    notice: Notice | None = refused(error) if error else None
    return screen(
        request,
        visit,
        "departure_edit.html",
        here="calendar",
        notice=notice,
        status=error.status if error else 200,
        edit=_page(found, sent, error, texts_of(visit.account)),
    )


def _page(found: DepartureView, sent: Form | None, error: SeatwrightError | None, texts: Texts) -> EditPage:
    departure, product, _ = found
    present = {
        "capacity": str(departure.capacity),
        "sales": "closed" if departure.closed else "open",
        "reason": (departure.closed and departure.closed_for) or "",
    }
    typed = {name: sent.text(name) if sent else value for name, value in present.items()}
    unit = product.quantity_type == "unit"
    return EditPage(
        id=departure.id,
        product=product.name,
        when=texts.trip(departure.start_at, departure.end_at, departure.time_zone),
        version=departure.version,
        capacity=typed["capacity"],
        closed=typed["sales"] == "closed",
        reason=typed["reason"],
        taken=departure.taken,
        seats=departure.capacity,
        was=list(present.items()),
        changed=_changed(sent.named("was."), present, unit=unit) if sent else [],
        wrong=(error.field if error else None) or "",
    )


def _changed(was: dict[str, str], present: dict[str, str], *, unit: bool) -> list[str]:
    """Return in sentences what is otherwise than when the form was first shown."""
    what = "units" if unit else "seats"
    said = {
        "capacity": f"The capacity was {was.get('capacity')} {what}, and is {present['capacity']} now.",
        "sales": "Sales were closed meanwhile." if present["sales"] == "closed" else "Sales were opened meanwhile.",
        "reason": f"The reason is now: {present['reason']}" if present["reason"] else "The reason was taken away.",
    }
    return [said[name] for name, value in present.items() if name in was and was[name] != value]


def _whole(sent: Form, name: str) -> int:
    text = sent.text(name)
    if not (text.isascii() and text.isdigit() and int(text[:12]) <= _MOST):
        raise bad_field(name, f"{text[:20]!r} is not a number of seats." if text else "say how many.")
    return int(text)


ROUTES: list[HTTPRouteHandler] = [get_edit, post_edit, post_notes, post_tags]
