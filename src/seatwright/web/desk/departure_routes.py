"""A departure: its guests, check-in by a tap, by a number or by a scanner that types, and its sales."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from seatwright.annotations import service as own_notes
from seatwright.annotations.model import Note, TagCount
from seatwright.assignments import service as assignments
from seatwright.assignments.model import Conflict
from seatwright.assignments.service import Options
from seatwright.catalog.model import Catalog
from seatwright.core.clock import Instant
from seatwright.core.errors import Forbidden, NotFound, SeatwrightError
from seatwright.disruptions import service as disruptions
from seatwright.disruptions.model import Progress
from seatwright.http.context import ApiRequest, booking, services
from seatwright.inventory import store as inventory
from seatwright.inventory.model import Departure
from seatwright.orders import service as orders
from seatwright.orders.checkin import Guests, check_in, note_no_show
from seatwright.reports import manifest, manifest_print
from seatwright.reports.manifest import Found
from seatwright.reports.manifest_pdf import PDF, manifest_pdf
from seatwright.reports.manifest_print import PrintFound, print_of
from seatwright.setup import schedule
from seatwright.setup.departure_form import DepartureChange
from seatwright.setup.editor import Editor
from seatwright.storage.engine import ReadTx, Tx
from seatwright.web.desk.crew_view import crew_card
from seatwright.web.desk.disruption_view import disruption
from seatwright.web.desk.frame import HEADERS, WITH_CAMERA, Notice, check_mendable, go, refused, screen
from seatwright.web.desk.manifest_view import departure_page, elsewhere, since_when
from seatwright.web.desk.notes_view import notes_card
from seatwright.web.desk.texts import texts_of
from seatwright.web.desk.visit import FORM, PAGE, Visit, admit, form, query, read, write

_DONE = {
    "in": Notice("good", "Checked in."),
    "out": Notice("good", "The check-in was taken back."),
    "missing": Notice("good", "Noted as a no-show: the seat and what is owed stay."),
    "came": Notice("good", "Not a no-show any more."),
    "closed": Notice("good", "Sales are closed."),
    "opened": Notice("good", "On sale again."),
    "edited": Notice("good", "Saved."),
    "assigned": Notice("good", "Assigned."),
    "off": Notice("good", "Taken off."),
}


_FILE = {
    **HEADERS,
    "Content-Security-Policy": "frame-ancestors 'none'",
    "Content-Disposition": 'inline; filename="manifest.pdf"',
}
"""Headers of a PDF file. The pages' policy would keep a browser's own viewer from showing it."""


class Choice(NamedTuple):
    """What was chosen in the form of the crew, and the conflicts about which it has to be asked."""

    resource_ids: Sequence[str] = ()
    conflicts: Sequence[Conflict] = ()


class _Read(NamedTuple):
    departure: Departure
    found: Found
    catalog: Catalog
    jobs: list[Progress]
    crew: Options | None
    notes: tuple[list[Note], list[str], list[TagCount]] | None


@get("/departures/{departure_id:str}", **PAGE)
async def get_departure(request: ApiRequest, departure_id: FromPath[str]) -> Response[str]:
    """Show who is on a departure."""
    asked = query(request)
    notice = _DONE.get(asked.text("done"))
    if asked.has("party"):
        notice = Notice("good", f"{asked.text('party')} checked in.")
    return await _show(request, departure_id, notice=notice)


@get("/departures/{departure_id:str}/manifest", **PAGE)
async def get_manifest(request: ApiRequest, departure_id: FromPath[str]) -> Response[bytes]:
    """Answer who is on a departure as a PDF file, for paper."""
    parts = services(request)

    async def use_case(tx: ReadTx, visit: Visit) -> PrintFound:
        return await manifest_print.read(tx, parts.catalogs, visit.caller, departure_id)

    visit = await admit(request, "manifests.read")
    async with parts.report_queue.turn(visit.account.id):
        visit, seen = await read(request, "manifests.read", use_case)
        shown = print_of(seen, visit.caller.permissions, visit.now)
        content = await parts.report_queue.shape(lambda: manifest_pdf(shown))
    return Response(content, media_type=PDF, headers=_FILE)


@post("/departures/{departure_id:str}/check-in", **FORM)
async def post_guests(request: ApiRequest, departure_id: FromPath[str]) -> Response[str]:
    """Note of one guest, or of a whole party, that they are there or did not come, or take that back."""
    sent = await form(request)
    done = sent.text("do", "in")
    guests = Guests(sent.text("order"), departure_id, sent.all("guest") or None, noted=done in ("in", "missing"))
    note = check_in if done in ("in", "out") else note_no_show

    async def use_case(tx: Tx, visit: Visit) -> None:
        await note(tx, services(request).clock, visit.caller, guests)

    try:
        await write(request, "checkin.write", use_case)
    except SeatwrightError as error:
        return await again(request, departure_id, error)
    return go(request, f"/departures/{departure_id}", done=done)


@post("/departures/{departure_id:str}/scan", **FORM)
async def post_scan(request: ApiRequest, departure_id: FromPath[str]) -> Response[str]:
    """Check in the party of an order whose code was scanned, or whose number was typed. Twice says so."""
    sent = await form(request)
    code = sent.text("code")

    async def use_case(tx: Tx, visit: Visit) -> tuple[str, str, Instant | None]:
        """Return the order's number, the zone of the place, and since when its guests were there before."""
        visit.caller.require("manifests.read")
        found = (await orders.read(tx, visit.caller, code)).body
        item = found.item(departure_id)
        if item is None:
            raise NotFound(elsewhere(found.items, texts_of(visit.account)), code="on_another_departure")
        there = since_when(item)
        order = await check_in(tx, services(request).clock, visit.caller, Guests(code, departure_id))
        return str(order.confirmation), item.time_zone, there

    try:
        visit, (number, zone, there) = await write(request, "checkin.write", use_case)
    except SeatwrightError as error:
        return await again(request, departure_id, error)
    if there is not None:
        since = texts_of(visit.account).clock(there, zone)
        text = f"{code} was scanned before: this party has been checked in since {since}."
        return await _show(request, departure_id, notice=Notice("wait", text))
    return go(request, f"/departures/{departure_id}", party=number)


@post("/departures/{departure_id:str}/sales", **FORM)
async def post_sales(request: ApiRequest, departure_id: FromPath[str]) -> Response[str]:
    """Close a departure's sales, or open them again. Who has seats keeps them."""
    sent = await form(request)
    closed = sent.has("close")

    async def use_case(tx: Tx, visit: Visit) -> None:
        parts = services(request)
        editor = Editor(parts.catalogs, parts.clock, visit.account.id, visit.caller.user_id)
        await schedule.change(tx, editor, departure_id, DepartureChange(closed=closed))

    try:
        await write(request, "departures.write", use_case, heavy=True)
    except SeatwrightError as error:
        return await again(request, departure_id, error)
    return go(request, f"/departures/{departure_id}", done="closed" if closed else "opened")


async def _show(
    request: ApiRequest,
    departure_id: str,
    *,
    notice: Notice | None = None,
    status: int = 200,
    choice: Choice = Choice(),  # noqa: B008 - a constant
    text: str = "",
) -> Response[str]:
    async def use_case(tx: ReadTx, visit: Visit) -> _Read:
        departure = await inventory.find(tx, visit.account.id, departure_id, visit.now)
        if departure is None:
            raise NotFound("There is no such departure.", code="departure_not_found")
        catalog = await services(request).catalogs.load(tx, visit.account.id)
        found = await manifest.read(tx, visit.account.id, departure_id)
        jobs, crew, notes = [], None, None
        if visit.may("orders.read"):
            jobs = await disruptions.jobs_of(tx, booking(request), visit.caller, departure_id)
        if visit.may("departures.read"):
            notes = (
                await own_notes.notes(tx, visit.caller, "departure", departure_id),
                await own_notes.tags(tx, visit.caller, "departure", departure_id),
                await own_notes.tag_counts(tx, visit.caller),
            )
            if departure.start_at is not None:
                crew = await assignments.options(tx, visit.account.id, departure_id)
        return _Read(departure, found, catalog, jobs, crew, notes)

    visit, seen = await read(request, "manifests.read", use_case)
    texts = texts_of(visit.account)
    shown = manifest.manifest_of(seen.found, visit.caller.permissions)
    return screen(
        request,
        visit,
        "departure.html",
        here="calendar",
        notice=notice,
        status=status,
        headers=WITH_CAMERA,
        departure=departure_page(seen.departure, shown, seen.catalog, texts),
        jobs=[disruption(job, {}, (), texts) for job in seen.jobs],
        crew=seen.crew and crew_card(seen.crew, choice.resource_ids, choice.conflicts, seen.catalog, texts),
        notes=seen.notes and notes_card(*seen.notes, texts),
        note_text=text,
    )


async def again(
    request: ApiRequest,
    departure_id: str,
    error: SeatwrightError,
    choice: Choice = Choice(),  # noqa: B008 - a constant
    *,
    text: str = "",
) -> Response[str]:
    """Return the departure's page as it is now, with what was wrong above it; what was chosen or typed is kept."""
    check_mendable(error)
    if error.code == "departure_not_found":
        raise error
    try:
        return await _show(request, departure_id, notice=refused(error), status=error.status, choice=choice, text=text)
    except Forbidden:
        raise error from None


ROUTES: list[HTTPRouteHandler] = [get_departure, get_manifest, post_guests, post_scan, post_sales]
