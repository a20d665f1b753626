"""What the desk takes for an order, gives back, and corrects."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from seatwright.auth.model import Permission
from seatwright.core.errors import SeatwrightError
from seatwright.http.context import ApiRequest, services
from seatwright.orders import payments
from seatwright.orders.model import Order
from seatwright.orders.new_payment import GIVE_BACK, RECORD, NewPayment
from seatwright.orders.payments import WrongPayment
from seatwright.storage.engine import Tx
from seatwright.web.desk.booking_form import way
from seatwright.web.desk.frame import go
from seatwright.web.desk.order_routes import again
from seatwright.web.desk.visit import FORM, Form, Visit, form, write


@post("/orders/{reference:str}/payments", **FORM)
async def post_payment(request: ApiRequest, reference: FromPath[str]) -> Response[str]:
    """Record a payment."""
    sent = await form(request)

    async def use_case(tx: Tx, visit: Visit) -> Order:
        clock, new = services(request).clock, _new(sent)
        return await payments.record_payment(
            tx, clock, visit.caller, reference, new, allow_overpayment=sent.has("more")
        )

    return await _done(request, reference, sent, RECORD, use_case, "paid")


@post("/orders/{reference:str}/refunds", **FORM)
async def post_refund(request: ApiRequest, reference: FromPath[str]) -> Response[str]:
    """Record money that was given back."""
    sent = await form(request)

    async def use_case(tx: Tx, visit: Visit) -> Order:
        clock, new = services(request).clock, _new(sent)
        return await payments.record_refund(tx, clock, visit.caller, reference, new, allow_balance=sent.has("more"))

    return await _done(request, reference, sent, GIVE_BACK, use_case, "refunded")


@post("/orders/{reference:str}/payments/{payment_id:str}/void", **FORM)
async def post_void(request: ApiRequest, reference: FromPath[str], payment_id: FromPath[str]) -> Response[str]:
    """Declare a payment or refund wrong."""
    sent = await form(request)

    async def use_case(tx: Tx, visit: Visit) -> Order:
        wrong = WrongPayment(reference, payment_id, sent.text("reason"))
        return await payments.void_payment(tx, services(request).clock, visit.caller, wrong)

    return await _done(request, reference, sent, GIVE_BACK, use_case, "voided")


def _new(sent: Form) -> NewPayment:
    return NewPayment(
        amount=sent.text("amount"),
        method=way(sent.text("method")),
        memo=sent.text("memo") or None,
        deposit=sent.has("deposit"),
    )


async def _done(
    request: ApiRequest,
    reference: str,
    sent: Form,
    permission: Permission,
    use_case: Callable[[Tx, Visit], Awaitable[Order]],
    done: str,
) -> Response[str]:
    """Do it and lead back to the order; if it is refused, show the order again with what was typed."""
    try:
        await write(request, permission, use_case)
    except SeatwrightError as error:
        return await again(request, reference, error, typed=(done, sent.named("")))
    return go(request, f"/orders/{reference}", done=done)


ROUTES: list[HTTPRouteHandler] = [post_payment, post_refund, post_void]
