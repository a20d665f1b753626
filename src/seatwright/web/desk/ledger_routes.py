"""The ledger of an order on a page of its own, for people who keep the books and see no guests."""

from __future__ import annotations

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from seatwright.http.context import ApiRequest
from seatwright.orders.books import Books, books
from seatwright.storage.engine import ReadTx
from seatwright.web.desk.frame import screen
from seatwright.web.desk.ledger_view import ledger_card
from seatwright.web.desk.texts import texts_of
from seatwright.web.desk.visit import PAGE, Visit, read


@get("/orders/{reference:str}/ledger", **PAGE)
async def get_ledger(request: ApiRequest, reference: FromPath[str]) -> Response[str]:
    """Show everything that was booked for an order."""

    async def use_case(tx: ReadTx, visit: Visit) -> Books:
        return await books(tx, visit.caller, reference)

    visit, found = await read(request, "transactions.read", use_case)
    return screen(
        request,
        visit,
        "ledger.html",
        here="orders",
        confirmation=found.order.confirmation,
        ledger=ledger_card(found, texts_of(visit.account)),
    )


ROUTES: list[HTTPRouteHandler] = [get_ledger]
