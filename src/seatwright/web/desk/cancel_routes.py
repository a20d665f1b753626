"""Cancelling chosen guests of an order: first what it comes to, then for exactly these amounts."""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from seatwright.cancellation.breakdown import (
    Breakdown,
    LinesToCancel,
    breakdown_of,
    cancel_lines,
    choose_lines,
    with_fees,
)
from seatwright.core.errors import SeatwrightError
from seatwright.core.money import to_wire
from seatwright.customers.fields import full_name
from seatwright.http.context import ApiRequest, booking, services
from seatwright.orders import payments
from seatwright.orders.new_payment import GIVE_BACK, NewPayment
from seatwright.storage.engine import ReadTx, Tx
from seatwright.web.desk.booking_form import LATER, way
from seatwright.web.desk.cancel_view import cancel_page
from seatwright.web.desk.frame import Notice, check_mendable, go, refused, screen
from seatwright.web.desk.order_routes import OrderFound, read_order
from seatwright.web.desk.texts import texts_of
from seatwright.web.desk.visit import FORM, PAGE, Form, Visit, form, query, read, write


class _Priced(NamedTuple):
    """An order, and what cancelling comes to: by the policies, and with the fees that are shown."""

    found: OrderFound
    policies: Breakdown
    shown: Breakdown


@get("/orders/{reference:str}/cancel", **PAGE)
async def get_cancel(request: ApiRequest, reference: FromPath[str]) -> Response[str]:
    """Show what cancelling the ticked guests comes to. Nothing happens yet."""
    return await _show(request, reference, query(request))


@post("/orders/{reference:str}/cancel", **FORM)
async def post_cancel(request: ApiRequest, reference: FromPath[str]) -> Response[str]:
    """Cancel the guests for the amounts that were shown, and record what was given back; or show it with other fees."""
    sent = await form(request)
    if sent.text("do") != "cancel":
        return await _show(request, reference, sent)
    wanted = LinesToCancel(
        order=reference,
        line_ids=sent.all("guest"),
        proof=sent.text("proof"),
        fees=sent.named("fee."),
        waive=sent.has("waive"),
        reason=sent.text("reason"),
    )

    async def use_case(tx: Tx, visit: Visit) -> None:
        outcome = await cancel_lines(tx, booking(request), visit.caller, wanted)
        method = sent.text("how", LATER)
        if outcome.refund and method != LATER:
            amount = to_wire(outcome.refund, outcome.order.body.currency)
            given = NewPayment(amount, way(method))
            await payments.record_refund(tx, services(request).clock, visit.caller, reference, given)

    try:
        await write(request, "orders.cancel", use_case)
    except SeatwrightError as error:
        if error.code == "already_cancelled":
            return go(request, f"/orders/{reference}", done="gone")
        check_mendable(error, 403, 404)
        return await _show(request, reference, sent, notice=refused(error), status=error.status)
    return go(request, f"/orders/{reference}", done="cancelled")


async def _show(
    request: ApiRequest,
    reference: str,
    sent: Form,
    *,
    notice: Notice | None = None,
    status: int = 200,
    valid: bool = True,
) -> Response[str]:
    """Return the page, with the fees that were typed in the place of the policies'. If they are not `valid` they are
    in their fields all the same, to be mended, and the sums are those of the policies."""
    waive = sent.text("do") == "waive" or (sent.has("waive") and sent.text("do") != "policy")
    typed = {} if waive or sent.text("do") in ("policy", "") else _typed(sent)

    async def use_case(tx: ReadTx, visit: Visit) -> _Priced:
        found = await read_order(tx, request, visit, reference)
        policies = _breakdown(request, visit, found, sent.all("guest"))
        return _Priced(found, policies, with_fees(policies, typed if valid else {}, waive=waive))

    try:
        visit, priced = await read(request, "orders.cancel", use_case)
    except SeatwrightError as error:
        if error.status != 400 or not typed or not valid:
            raise
        return await _show(request, reference, sent, notice=notice or refused(error), status=400, valid=False)
    order, texts = priced.found.order, texts_of(visit.account)
    title = full_name(order.body.customer) or f"Order {order.confirmation}"
    return screen(
        request,
        visit,
        "cancel.html",
        here="orders",
        notice=notice,
        status=status,
        page=cancel_page(order, priced.found.catalog, priced.policies, priced.shown, visit.now, texts, title=title),
        typed=typed,
        waive=waive,
        reason=sent.text("reason"),
        how=sent.text("how", LATER),
        may_refund=visit.may(GIVE_BACK),
    )


def _typed(sent: Form) -> dict[str, str]:
    """Return the fees that somebody has typed, by line id: those that differ from what the policies' were then."""
    before = sent.named("policy.")
    return {line_id: text for line_id, text in sent.named("fee.").items() if text != before.get(line_id)}


def _breakdown(request: ApiRequest, visit: Visit, found: OrderFound, line_ids: Sequence[str]) -> Breakdown:
    chosen = choose_lines(found.order, line_ids) if line_ids else []
    return breakdown_of(found.order, chosen, visit.now, fee_after_move=booking(request).fee_after_move)


ROUTES: list[HTTPRouteHandler] = [get_cancel, post_cancel]
