"""Orders that wait for the account's answer, the most urgent first, with the answer to each of them."""

from __future__ import annotations

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from seatwright.core.errors import Forbidden, SeatwrightError
from seatwright.http.context import ApiRequest
from seatwright.orders import service as orders
from seatwright.orders.view import OrderView, view_of
from seatwright.storage.engine import ReadTx
from seatwright.web.desk.frame import Notice, check_mendable, go, refused, screen
from seatwright.web.desk.order_routes import DONE, answer
from seatwright.web.desk.pending_view import pending_order
from seatwright.web.desk.texts import texts_of
from seatwright.web.desk.visit import FORM, MOST_WAITING, PAGE, Visit, form, query, read


@get("/pending", **PAGE)
async def get_pending(request: ApiRequest) -> Response[str]:
    """Show the orders that wait."""
    done = DONE.get(query(request).text("done"))
    return await _show(request, notice=Notice("good", done) if done else None)


@post("/pending/{reference:str}", **FORM)
async def post_pending(request: ApiRequest, reference: FromPath[str]) -> Response[str]:
    """Accept one of them, or decline it with a reason; lead back to the list."""
    sent = await form(request)
    try:
        done = await answer(request, reference, sent)
    except SeatwrightError as error:
        check_mendable(error, 403, 404)
        typed = reference, sent.text("reason")
        try:
            return await _show(request, notice=refused(error), status=error.status, typed=typed)
        except Forbidden:  # who may answer, and not see the list
            raise error from None
    return go(request, "/pending", done=done)


async def _show(
    request: ApiRequest, *, notice: Notice | None = None, status: int = 200, typed: tuple[str, str] = ("", "")
) -> Response[str]:
    """Return the list. The order that `typed` names keeps the reason that was typed for it."""

    async def use_case(tx: ReadTx, visit: Visit) -> list[OrderView]:
        found = await orders.waiting(tx, visit.account.id, limit=MOST_WAITING)
        return [view_of(order, visit.account.id) for order in found]

    visit, found = await read(request, "orders.read", use_case)
    texts = texts_of(visit.account)
    return screen(
        request,
        visit,
        "pending.html",
        here="pending",
        notice=notice,
        status=status,
        orders=[pending_order(order, visit.now, texts) for order in found],
        typed=typed,
    )


ROUTES: list[HTTPRouteHandler] = [get_pending, post_pending]
