"""Moving guests of an order to another departure: first what it comes to, then exactly that."""

from __future__ import annotations

from typing import NamedTuple

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from seatwright.core.errors import Conflict, Invalid, SeatwrightError
from seatwright.customers.fields import full_name
from seatwright.http.context import ApiRequest, booking
from seatwright.orders.moving import check_supplier, move, quote_move
from seatwright.storage.engine import ReadTx, Tx
from seatwright.web.desk.frame import Notice, check_mendable, go, refused, screen
from seatwright.web.desk.move_view import MoveCost, MovePage, leaving_of, move_cost, move_of, move_page, proof_of
from seatwright.web.desk.order_routes import OrderFound, read_order
from seatwright.web.desk.targets import Targets, read_targets
from seatwright.web.desk.texts import texts_of
from seatwright.web.desk.visit import FORM, PAGE, Form, Visit, form, query, read, write

_TO_CHOOSE = frozenset(("unknown_tier", "pickup_not_offered", "answer_missing_there"))
"""Errors that only say what is to be chosen next."""


class _Found(NamedTuple):
    """An order, the departures to which its guests can go, and what is wrong with what was chosen, if anything."""

    order: OrderFound
    targets: Targets
    cost: MoveCost | None
    error: SeatwrightError | None


@get("/orders/{reference:str}/move", **PAGE)
async def get_move(request: ApiRequest, reference: FromPath[str]) -> Response[str]:
    """Show who can move, and where to. Nothing happens yet."""
    return await _show(request, reference, query(request))


@post("/orders/{reference:str}/move", **FORM)
async def post_move(request: ApiRequest, reference: FromPath[str]) -> Response[str]:
    """Move the ticked guests if that is what was shown; otherwise show what it comes to."""
    sent = await form(request)
    if sent.text("do") != "move":
        return await _show(request, reference, sent)

    async def use_case(tx: Tx, visit: Visit) -> None:
        parts, caller = booking(request), visit.caller
        found = await read_order(tx, request, visit, reference)
        targets = await _targets(tx, request, visit, found, sent)
        wanted = move_of(sent, found.order, found.catalog, targets.product)
        _check_chosen(sent)
        quote = await quote_move(tx, parts, caller, wanted)
        if proof_of(wanted, quote) != sent.text("proof"):
            raise Conflict("This is not what was shown.", code="not_as_shown")
        await move(tx, parts, caller, wanted, difference=quote.plan.difference)

    try:
        await write(request, "orders.write", use_case)
    except SeatwrightError as error:
        check_mendable(error, 403, 404)
        return await _show(request, reference, sent, notice=refused(error), status=error.status)
    return go(request, f"/orders/{reference}", done="moved")


async def _show(
    request: ApiRequest, reference: str, sent: Form, *, notice: Notice | None = None, status: int = 200
) -> Response[str]:
    async def use_case(tx: ReadTx, visit: Visit) -> _Found:
        found = await read_order(tx, request, visit, reference)
        check_supplier(found.order, visit.caller)
        targets = await _targets(tx, request, visit, found, sent)
        if not (sent.text("to") and sent.all("guest")):
            return _Found(found, targets, None, None)
        try:
            return _Found(found, targets, await _cost(tx, request, visit, found, sent, targets), None)
        except SeatwrightError as error:
            check_mendable(error, 403)
            return _Found(found, targets, None, error)

    visit, found = await read(request, "orders.write", use_case)
    if notice is None and found.error is not None:
        notice, status = refused(found.error), found.error.status
        if found.error.code in _TO_CHOOSE:
            notice, status = notice._replace(kind="wait"), 200
    if notice is None and sent.text("do") == "show" and found.cost is None:
        notice = Notice("wait", _next_step(sent))
    return screen(
        request, visit, "move.html", here="orders", notice=notice, status=status, page=_page(visit, found, sent)
    )


def _page(visit: Visit, found: _Found, sent: Form) -> MovePage:
    order, catalog = found.order.order, found.order.catalog
    title = full_name(order.body.customer) or f"Order {order.confirmation}"
    return move_page(order, catalog, sent, found.targets, found.cost, texts_of(visit.account), title=title)


def _next_step(sent: Form) -> str:
    return "Choose the departure to which they go." if sent.all("guest") else "Tick the guests who are to move."


async def _targets(tx: ReadTx, request: ApiRequest, visit: Visit, found: OrderFound, sent: Form) -> Targets:
    leaving = leaving_of(found.order, sent.all("guest"))
    return await read_targets(tx, request, visit, sent, leaving, texts_of(visit.account))


async def _cost(
    tx: ReadTx, request: ApiRequest, visit: Visit, found: OrderFound, sent: Form, targets: Targets
) -> MoveCost | None:
    """Return what the move comes to that was chosen; None if the departure is none of the day's."""
    if targets.departure is None:
        return None
    wanted = move_of(sent, found.order, found.catalog, targets.product)
    quote = await quote_move(tx, booking(request), visit.caller, wanted)
    return move_cost(found.order, found.catalog, wanted, quote, texts_of(visit.account))


def _check_chosen(sent: Form) -> None:
    if not (sent.text("to") and sent.all("guest")):
        raise Invalid(_next_step(sent), code="nobody_to_move")


ROUTES: list[HTTPRouteHandler] = [get_move, post_move]
