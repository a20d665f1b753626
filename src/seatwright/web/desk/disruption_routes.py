"""All guests of a departure at once: cancel it, move everybody, or write to them; first what it comes to."""

from __future__ import annotations

import asyncio
import hashlib
from collections.abc import Mapping
from typing import NamedTuple

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from seatwright.auth.model import Permission
from seatwright.cart.selection import kind_of
from seatwright.catalog.model import Product
from seatwright.core.errors import Conflict, Invalid, NotFound, SeatwrightError
from seatwright.core.ids import new_hex24
from seatwright.customers import refusals
from seatwright.customers.consent import address_of
from seatwright.disruptions import service as disruptions
from seatwright.disruptions.model import JobKind, JobRequest, Progress, check_words
from seatwright.http.context import ApiRequest, booking, messenger, services
from seatwright.inventory import store as inventory
from seatwright.inventory.model import Departure
from seatwright.messages import preview
from seatwright.messages.letters import Letter
from seatwright.notifications.mail.message import MailContent
from seatwright.orders import service as orders
from seatwright.orders.view import OrderView, view_of
from seatwright.storage.engine import ReadTx, Tx
from seatwright.web.desk.disruption_view import disruption, head_of
from seatwright.web.desk.frame import Notice, check_mendable, go, refused, screen
from seatwright.web.desk.once import once
from seatwright.web.desk.targets import Leaving, Targets, TierChoice, read_targets, tier_choices, tiers_of
from seatwright.web.desk.texts import texts_of
from seatwright.web.desk.visit import FORM, PAGE, Form, Visit, form, query, read, write

NEEDS: Mapping[JobKind, Permission] = {"cancel": "orders.cancel", "move": "orders.write", "message": "orders.write"}
"""What each needs; cancelling also needs the right to waive fees."""
_TEMPLATES: Mapping[JobKind, str] = {
    "cancel": "departure_cancel.html",
    "move": "departure_move.html",
    "message": "departure_message.html",
}


class _Planned(NamedTuple):
    """A departure, and what would be done: `progress` is None until it is known what is wanted."""

    departure: Departure
    product: Product
    targets: Targets | None
    progress: Progress | None
    orders: Mapping[str, OrderView]
    refusing: set[str]
    letter: Letter | None
    error: SeatwrightError | None


@get("/departures/{departure_id:str}/cancel", **PAGE)
async def get_cancel_all(request: ApiRequest, departure_id: FromPath[str]) -> Response[str]:
    """Show what cancelling a departure comes to, order by order. Nothing happens yet."""
    return await _show(request, "cancel", departure_id, query(request))


@post("/departures/{departure_id:str}/cancel", **FORM)
async def post_cancel_all(request: ApiRequest, departure_id: FromPath[str]) -> Response[str]:
    """Close a departure and cancel all of its orders without a fee, if it is what was shown."""
    return await _do(request, "cancel", departure_id)


@get("/departures/{departure_id:str}/move", **PAGE)
async def get_move_all(request: ApiRequest, departure_id: FromPath[str]) -> Response[str]:
    """Choose the departure to which all guests go, and see what that comes to."""
    return await _show(request, "move", departure_id, query(request))


@post("/departures/{departure_id:str}/move", **FORM)
async def post_move_all(request: ApiRequest, departure_id: FromPath[str]) -> Response[str]:
    """Show what moving all guests comes to, or do it if it is what was shown."""
    return await _do(request, "move", departure_id)


@get("/departures/{departure_id:str}/message", **PAGE)
async def get_message(request: ApiRequest, departure_id: FromPath[str]) -> Response[str]:
    """Write to all guests of a departure: who gets it, and who doesn't."""
    return await _show(request, "message", departure_id, query(request))


@post("/departures/{departure_id:str}/message", **FORM)
async def post_message(request: ApiRequest, departure_id: FromPath[str]) -> Response[str]:
    """Show the mail, or send it if it is what was shown."""
    return await _do(request, "message", departure_id)


@get("/departures/{departure_id:str}/jobs/{job_id:str}", **PAGE)
async def get_job(request: ApiRequest, departure_id: FromPath[str], job_id: FromPath[str]) -> Response[str]:
    """Show how far cancelling, moving or writing has come."""

    async def use_case(tx: ReadTx, visit: Visit) -> _Planned:
        found = await disruptions.progress(tx, booking(request), visit.caller, job_id)
        if found.request.departure_id != departure_id:
            raise NotFound("There is no such job.", code="job_not_found")
        departure, product = await _departure(tx, request, visit, departure_id)
        orders_, refusing = await _people(tx, visit, found)
        return _Planned(departure, product, None, found, orders_, refusing, None, None)

    visit, found = await read(request, "orders.read", use_case)
    assert found.progress is not None, "a job has come somewhere"
    texts = texts_of(visit.account)
    return screen(
        request,
        visit,
        "departure_job.html",
        here="calendar",
        head=head_of(found.departure, found.product, texts),
        it=disruption(found.progress, found.orders, found.refusing, texts),
    )


async def _do(request: ApiRequest, kind: JobKind, departure_id: str) -> Response[str]:
    sent = await form(request)
    if sent.text("do") != "start":
        return await _show(request, kind, departure_id, sent)
    wanted = _request(kind, departure_id, sent)

    async def use_case(tx: Tx, visit: Visit) -> str:
        visit.caller.require(NEEDS[kind])
        await _departure(tx, request, visit, departure_id)
        if kind == "move" and not wanted.to:
            raise Invalid("Choose the departure to which they go.", code="missing_field")
        check_words(wanted)
        if kind == "message" and sent.text("words") != _words_proof(wanted):
            raise Conflict("This is not what was shown.", code="not_as_shown")
        started: list[str] = []

        async def start(tx: Tx, visit: Visit) -> None:
            job = (await disruptions.start(tx, booking(request), visit.caller, wanted, proof=sent.text("proof"))).job
            assert job is not None, "a job that was started"
            started.append(f"/jobs/{job.id}")

        await once(tx, request, visit, sent, start)
        return f"/departures/{departure_id}{''.join(started)}"

    try:
        _, path = await write(request, NEEDS[kind], use_case, heavy=True)
    except SeatwrightError as error:
        check_mendable(error, 403)
        if error.code == "departure_not_found" and error.field is None:
            raise
        again = Conflict(error.message, code="not_as_shown") if error.code == "amounts_changed" else error
        return await _show(request, kind, departure_id, sent, notice=refused(again), status=error.status)
    return go(request, path)


async def _show(
    request: ApiRequest,
    kind: JobKind,
    departure_id: str,
    sent: Form,
    *,
    notice: Notice | None = None,
    status: int = 200,
) -> Response[str]:
    visit, found = await read(
        request, NEEDS[kind], lambda tx, visit: _plan(tx, request, visit, kind, departure_id, sent)
    )
    if notice is None and found.error is not None:
        notice, status = refused(found.error), found.error.status
    if notice is None and kind == "move" and sent.has("do") and found.progress is None:
        notice = Notice("wait", "Choose the departure to which they go.")
    mail: MailContent | None = None
    if found.letter is not None:  # rendering takes a while, which other requests don't wait for
        mail = await asyncio.to_thread(preview.rendered, messenger(services(request)), found.letter)
    texts, progress = texts_of(visit.account), found.progress
    return screen(
        request,
        visit,
        _TEMPLATES[kind],
        here="calendar",
        notice=notice,
        status=status,
        head=head_of(found.departure, found.product, texts),
        it=None if progress is None else disruption(progress, found.orders, found.refusing, texts),
        targets=found.targets,
        tiers=_tiers(found, sent),
        sent=sent,
        mail=mail,
        recipient="" if found.letter is None else str(found.letter.recipient.address),
        words=_words_proof(_request(kind, departure_id, sent)),
        once=new_hex24(),
    )


async def _plan(
    tx: ReadTx, request: ApiRequest, visit: Visit, kind: JobKind, departure_id: str, sent: Form
) -> _Planned:
    departure, product = await _departure(tx, request, visit, departure_id)
    wanted, targets = _request(kind, departure_id, sent), None
    found = _Planned(departure, product, None, None, {}, set(), None, None)
    if kind == "move":
        leaving = Leaving([departure_id], [kind_of(product)], departure.start_at, departure.time_zone)
        targets = await read_targets(tx, request, visit, sent, leaving, texts_of(visit.account))
        found = found._replace(targets=targets)
        if targets.departure is None:
            return found
    progress = await disruptions.dry_run(tx, booking(request), visit.caller, wanted)
    people, refusing = await _people(tx, visit, progress)
    found = found._replace(progress=progress, orders=people, refusing=refusing)
    first = next((outcome for outcome in progress.outcomes if not outcome.reason), None)
    if kind != "message" or not sent.has("do") or first is None:
        return found
    try:
        check_words(wanted)
    except Invalid as error:
        return found._replace(error=error)
    order, detail = await disruptions.words_of(tx, visit.caller, wanted, first.order_id)
    return found._replace(letter=await preview.letter_of(tx, messenger(services(request)), order, detail))


def _tiers(found: _Planned, sent: Form) -> list[TierChoice]:
    """Return the price tiers of the departure's guests that the other product lacks."""
    if found.targets is None:
        return []
    items = (order.body.item(found.departure.id) for order in found.orders.values())
    own = [(line.tier, found.product) for item in items if item is not None for line in item.live]
    return tier_choices(own, found.targets.product, sent)


async def _people(tx: ReadTx, visit: Visit, progress: Progress) -> tuple[Mapping[str, OrderView], set[str]]:
    """Return the orders as the account sees them, by id, and which addresses refuse advertising."""
    ids = [outcome.order_id for outcome in progress.outcomes]
    found = [view_of(order, visit.account.id) for order in await orders.with_ids(tx, visit.caller, ids)]
    addresses = {address_of(order.body.customer) for order in found} - {""}
    return {order.id: order for order in found}, await refusals.refusing(tx, visit.account.id, addresses)


async def _departure(tx: ReadTx, request: ApiRequest, visit: Visit, departure_id: str) -> tuple[Departure, Product]:
    departure = await inventory.find(tx, visit.account.id, departure_id, visit.now)
    if departure is None:
        raise NotFound("There is no such departure.", code="departure_not_found")
    catalog = await services(request).catalogs.load(tx, visit.account.id)
    return departure, catalog.products_by_id[departure.product_id]


def _request(kind: JobKind, departure_id: str, sent: Form) -> JobRequest:
    return JobRequest(
        kind=kind,
        departure_id=departure_id,
        reason=sent.text("reason") if kind != "message" else "",
        text=sent.text("text").replace("\r\n", "\n"),
        subject=sent.text("subject") if kind == "message" else "",
        to=sent.text("to") if kind == "move" else "",
        tiers=tiers_of(sent) if kind == "move" else {},
        without_pickup=kind == "move" and sent.has("without"),
    )


def _words_proof(wanted: JobRequest) -> str:
    """Return a text that stands for the words of a message."""
    return hashlib.blake2b(repr((wanted.subject, wanted.text)).encode(), digest_size=16).hexdigest()


ROUTES: list[HTTPRouteHandler] = [
    get_cancel_all,
    post_cancel_all,
    get_move_all,
    post_move_all,
    get_message,
    post_message,
    get_job,
]
