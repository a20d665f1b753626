"""`/api/v1/orders`: an order with the payments that the desk took, and its later payments, refunds and mistakes."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Annotated, TypeAlias

import msgspec
from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody, PathParameter

from seatwright.api.manage.ledger_wire import LedgerOut, ledger_out
from seatwright.api.manage.payment_wire import (
    PaymentIn,
    PaymentsOut,
    RecordedPaymentIn,
    RefundIn,
    VoidIn,
    payments_out,
)
from seatwright.api.shapes.order_request import OrderRequest
from seatwright.api.shapes.order_wire import OrderOut, order_out
from seatwright.auth.model import Caller, Permission
from seatwright.core.names import text_of, text_or_none
from seatwright.http import endpoint
from seatwright.http.context import ApiRequest, booking, claims, services
from seatwright.http.wire import Envelope, Word
from seatwright.orders import payments
from seatwright.orders import service as orders
from seatwright.orders.books import Books, books
from seatwright.orders.model import Order
from seatwright.orders.new_payment import GIVE_BACK, RECORD, NewPayment
from seatwright.orders.payments import WrongPayment
from seatwright.storage.engine import ReadTx, Tx

_TAGS = ["Payments"]
MAX_AT_ONCE = 20
"""Maximum number of payments with which an order can be placed."""
OrderId: TypeAlias = Annotated[str, PathParameter(description="Order ID (session ID) or confirmation number.")]


class BookingIn(OrderRequest, kw_only=True):
    """A cart to be turned into an order, with what has been paid for it so far. Without payments it is paid later."""

    cart_id: Annotated[Word, msgspec.Meta(examples=["0c0f3a52-8a42-4c38-93a1-3d3a4a2f6f10"])]
    payments: Annotated[
        list[PaymentIn],
        msgspec.Meta(max_length=MAX_AT_ONCE, examples=[[{"amount": 50.0, "method": "cash", "deposit": True}]]),
    ] = msgspec.field(default_factory=list)
    allow_overpayment: bool = False


@post("/orders", status_code=200, summary="Place an order with its payments", tags=["Orders"])
async def post_order(request: ApiRequest, data: JSONBody[BookingIn]) -> Response[Envelope[OrderOut]]:
    """Turn a cart into an order, or add it to one, that is paid as `payments` says: all of it, a part, or nothing yet.

    Repeating it answers with the same order.
    """
    details = data.details(text_of(data.cart_id))._replace(
        payments=tuple(each.new(f"payments[{number}]") for number, each in enumerate(data.payments)),
        allow_overpayment=data.allow_overpayment,
    )

    async def run(tx: Tx, caller: Caller) -> Order:
        return await orders.place(tx, booking(request), caller, details)

    viewer = claims(request).account_id
    return await endpoint.write(request, "orders.write", run, lambda order: order_out(order, viewer))


@get("/orders/{order_id:str}/ledger", summary="Read an order's ledger", tags=_TAGS)
async def get_ledger(request: ApiRequest, order_id: OrderId) -> Response[Envelope[LedgerOut]]:
    """Answer everything that was booked for an order, transaction by transaction, oldest first."""

    async def run(tx: ReadTx, caller: Caller) -> Books:
        return await books(tx, caller, order_id)

    return await endpoint.read(request, "transactions.read", run, ledger_out)


@get("/orders/{order_id:str}/payments", summary="Read an order's payments", tags=_TAGS)
async def get_payments(request: ApiRequest, order_id: OrderId) -> Response[Envelope[PaymentsOut]]:
    """Answer what is owed and paid, and every payment and refund with who recorded it."""
    viewer = claims(request).account_id

    async def run(tx: ReadTx, caller: Caller) -> Order:
        return await orders.read(tx, caller, order_id)

    return await endpoint.read(request, "orders.read", run, lambda order: payments_out(order, viewer))


@post("/orders/{order_id:str}/payments", status_code=200, summary="Record a payment", tags=_TAGS)
async def post_payment(
    request: ApiRequest, order_id: OrderId, data: JSONBody[RecordedPaymentIn]
) -> Response[Envelope[PaymentsOut]]:
    """Record money that was paid for an order, all that is owed or a part."""

    async def run(tx: Tx, caller: Caller) -> Order:
        return await payments.record_payment(
            tx, services(request).clock, caller, order_id, data.new(), allow_overpayment=data.allow_overpayment
        )

    return await _write(request, RECORD, run)


@post("/orders/{order_id:str}/refunds", status_code=200, summary="Record a refund", tags=_TAGS)
async def post_refund(
    request: ApiRequest, order_id: OrderId, data: JSONBody[RefundIn]
) -> Response[Envelope[PaymentsOut]]:
    """Record money that was given back for an order."""
    new = NewPayment(data.amount, data.method, text_or_none(data.memo))

    async def run(tx: Tx, caller: Caller) -> Order:
        return await payments.record_refund(
            tx, services(request).clock, caller, order_id, new, allow_balance=data.allow_balance
        )

    return await _write(request, GIVE_BACK, run)


@post(
    "/orders/{order_id:str}/payments/{payment_id:str}/void",
    status_code=200,
    summary="Void a payment or refund",
    tags=_TAGS,
)
async def void_payment(
    request: ApiRequest,
    order_id: OrderId,
    payment_id: Annotated[str, PathParameter(description="The payment's or refund's id.")],
    data: JSONBody[VoidIn],
) -> Response[Envelope[PaymentsOut]]:
    """Declare a payment or refund wrong: it counts no more, and stays in the order. One that came along with an order
    also needs `account.write`."""
    wrong = WrongPayment(order_id, payment_id, text_of(data.reason))

    async def run(tx: Tx, caller: Caller) -> Order:
        return await payments.void_payment(tx, services(request).clock, caller, wrong)

    return await _write(request, GIVE_BACK, run)


async def _write(
    request: ApiRequest, permission: Permission, run: Callable[[Tx, Caller], Awaitable[Order]]
) -> Response[Envelope[PaymentsOut]]:
    viewer = claims(request).account_id
    return await endpoint.write(request, permission, run, lambda order: payments_out(order, viewer))


ROUTES: list[HTTPRouteHandler] = [post_order, get_ledger, get_payments, post_payment, post_refund, void_payment]
