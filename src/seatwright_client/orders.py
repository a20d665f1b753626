"""Orders: reading, placing, cancelling on four levels, and the desk's work with them."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal, TypeAlias

import msgspec

from seatwright_client.answers import Shape, enveloped
from seatwright_client.carts import Item
from seatwright_client.operations import Mode, Resource, operation, pages
from seatwright_client.request import MANAGE, RESMARK, Query, Request, day, get, given, listing, path, several, write

_ORDER = f"{RESMARK}/order"
_MANAGED = f"{MANAGE}/orders"

OrderRef: TypeAlias = str | int
"""An order's id or its confirmation number."""


class Payment(Shape, frozen=True, kw_only=True):
    """Money that was paid, by whom it was taken, and the memo that came with it."""

    id: str
    type: str
    amount: Decimal
    memo: str | None = None
    date: dt.datetime


class Answer(Shape, frozen=True, kw_only=True):
    """The supplier's last answer to a pending order: `accepted`, `declined`, or `expired` if there was none in time."""

    outcome: str
    date: dt.datetime
    reason: str = ""


class OrderAgent(Shape, frozen=True, kw_only=True):
    """The reseller's user in whose name the supplier ordered."""

    id: str
    name: str
    email: str


class Order(Shape, frozen=True, kw_only=True):
    """An order as the caller's account sees it.

    `status` is `confirmed`, `pending` or `cancelled`. `total` is the amount owed for the remaining lines plus
    cancellation fees; a `balance` below zero is money to give back. For a reseller's order, `commission` is the amount
    that the reseller earns or keeps, and `net_amount` the supplier's part of the total. `customer` has the wire's names
    (`firstName`).
    """

    id: str
    confirmation: int
    entity_id: str
    status: str
    reference_id: str | None = None
    supplier_id: str | None = None
    reseller_id: str | None = None
    created_date: dt.datetime
    modified_date: dt.datetime
    created_by: str
    created_by_email: str
    customer: dict[str, Any]
    items: tuple[Item, ...]
    price: Decimal
    discount: Decimal
    fees: Decimal
    tax: Decimal
    cancellation_fees: Decimal = Decimal(0)
    total: Decimal
    amount_paid: Decimal
    balance: Decimal
    currency: str
    discount_codes: tuple[str, ...] = ()
    payments: tuple[Payment, ...] = ()
    billing: dict[str, Any] = msgspec.field(default_factory=dict)
    channel: str | None = None
    pending_until: dt.datetime | None = None
    answer: Answer | None = None
    agent: OrderAgent | None = None
    resale_type: str | None = None
    commission: Decimal | None = None
    net_amount: Decimal | None = None
    disable_notification: bool = True
    disable_pending_order_notification: bool = True
    disable_pending_order_notification_response: bool = True
    disable_confirmation_email: bool = True


class LineFee(Shape, frozen=True, kw_only=True):
    """What cancelling one participant or unit cost, and why."""

    participant_id: str
    fee: Decimal
    reason: str


class Cancellation(Shape, frozen=True, kw_only=True):
    """What a cancellation did, or would do; all empty where everything had been cancelled before."""

    refund: Decimal
    fee: Decimal
    seats_returned: int
    cancelled: tuple[str, ...]
    policy: tuple[LineFee, ...]


class LineCost(Shape, frozen=True, kw_only=True):
    """What cancelling one participant or unit costs: `fee` by the rule in `reason`, of the policy with this name.
    `credit` is the cost less the fee.
    """

    id: str
    item_id: str
    tier: str
    cost: Decimal
    fee: Decimal
    credit: Decimal
    policy: str | None = None
    reason: str


class CancellationQuote(Cancellation, frozen=True, kw_only=True):
    """What cancelling now would do, line by line.

    `credit` is by how much the order's total falls, and `refund` what of it is given back, which is never more than
    what was paid. `total_after` and `balance_after` are the order's then. `proof` cancels for exactly these amounts; it
    is empty if there is nothing to cancel.
    """

    lines: tuple[LineCost, ...]
    cost: Decimal
    credit: Decimal
    total_after: Decimal
    balance_after: Decimal
    currency: str
    proof: str


class CancelledOrder(Order, frozen=True, kw_only=True):
    """The whole order after a cancellation, with the cancellation's result."""

    cancellation: Cancellation


class CustomerLink(Shape, frozen=True, kw_only=True):
    """A link that shows an order to everybody who has it, and lets them cancel it within its policy if `can_cancel`.

    `url` is None if the server doesn't know its own address; the page is at `/my/{token}` of the server.
    """

    url: str | None = None
    token: str
    expires_date: dt.datetime
    can_cancel: bool

    def __repr__(self) -> str:
        """Return it without the token, which is enough for cancelling."""
        return f"CustomerLink(expires_date={self.expires_date!r}, can_cancel={self.can_cancel!r})"


_order = enveloped(Order)
_cancelled = enveloped(CancelledOrder)
_Orders: TypeAlias = list[Order]


class MovedGuest(Shape, frozen=True, kw_only=True):
    """A guest who moves: the date that they leave, and what they cost before and after."""

    id: str
    item_id: str
    before: Decimal
    after: Decimal


class OrderMove(Shape, frozen=True, kw_only=True):
    """What moving guests to another departure comes to. `order` is None after a mere `check`.

    `difference` is by how much the order's total grows. A `balance` below zero is money to give back. `undone` are
    guests whose check-in, or no-show, is taken back.
    """

    check: bool
    departure_id: str
    product: str
    difference: Decimal
    total: Decimal
    balance: Decimal
    currency: str
    seats: int
    free: int
    guests: tuple[MovedGuest, ...]
    undone: tuple[str, ...]
    order: Order | None = None


class Orders(Resource[Mode]):
    """`client.orders`. An order is named by its id or its confirmation number.

    Methods that change an order return it as it is afterwards. `apply_cancellation_fee` False waives the fee; without
    it the cancellation policy applies. Cancelling something again changes nothing.
    """

    @operation
    def list(
        self,
        *,
        ids: Iterable[str] | None = None,
        confirmation_ids: Iterable[int] | None = None,
        from_created_date: dt.date | str | None = None,
        to_created_date: dt.date | str | None = None,
        from_modified_date: dt.date | str | None = None,
        to_modified_date: dt.date | str | None = None,
        reference_id: str | None = None,
        sort_order: Literal["asc", "desc"] | None = None,
        limit: int = 200,
        page: int = 0,
    ) -> Request[_Orders]:
        """Return a page of orders, filtered by everything that is given; oldest first, or newest with `desc`.

        An empty list of `ids` or `confirmation_ids` has no orders, and nothing is asked; None is no filter.
        Dates are days in UTC; a `to_…` day is included, and needs its `from_…`.
        """
        query = {
            "ids": several(ids),
            "confirmation_ids": several(confirmation_ids),
            "from_created_date": day(from_created_date),
            "to_created_date": day(to_created_date),
            "from_modified_date": day(from_modified_date),
            "to_modified_date": day(to_modified_date),
            "reference_id": reference_id,
            "sort_order": sort_order,
        }
        return listing(_ORDER, enveloped(_Orders), {**query, "limit": limit, "page": page})

    iterate = pages(list)

    @operation
    def read(self, order_id: OrderRef) -> Request[Order]:
        """Return an order with its customer, items, pricing and payments."""
        return get(path(_ORDER, order_id), _order)

    @operation
    def create(
        self,
        cart_id: str,
        *,
        order_id: OrderRef | None = None,
        billing: Mapping[str, Any] | None = None,
        reference_id: str | None = None,
        reseller_entity_id: str | None = None,
        agent_id: str | None = None,
        disable_notification: bool | None = None,
        disable_pending_order_notification: bool | None = None,
        disable_pending_order_notification_response: bool | None = None,
        disable_confirmation_email: bool | None = None,
        idempotency_key: str | None = None,
    ) -> Request[Order]:
        """Turn a cart into an order that an external source has paid; with `order_id`, add it to that order.

        `billing` is a payment memo, such as `{"memo": "payment received"}`; `reference_id` the order's id in your own
        system. A supplier orders in the name of a reseller's account with `reseller_entity_id`, and of its agent with
        `agent_id`. Mails are off unless their flag is False. `SoldOut` if the cart's 30 minutes were over and its seats
        are gone; the cart is kept.
        """
        body = {"id": cart_id} | given(
            order_id=None if order_id is None else str(order_id),
            billing=billing,
            reference_id=reference_id,
            reseller_entity_id=reseller_entity_id,
            agent_id=agent_id,
            disable_notification=disable_notification,
            disable_pending_order_notification=disable_pending_order_notification,
            disable_pending_order_notification_response=disable_pending_order_notification_response,
            disable_confirmation_email=disable_confirmation_email,
        )
        return write("POST", _ORDER, _order, key=idempotency_key, body=body)

    @operation
    def book(
        self,
        cart_id: str,
        *,
        payments: Iterable[Mapping[str, Any]] = (),
        allow_overpayment: bool = False,
        order_id: OrderRef | None = None,
        billing: Mapping[str, Any] | None = None,
        reference_id: str | None = None,
        reseller_entity_id: str | None = None,
        agent_id: str | None = None,
        disable_notification: bool | None = None,
        disable_pending_order_notification: bool | None = None,
        disable_pending_order_notification_response: bool | None = None,
        disable_confirmation_email: bool | None = None,
        idempotency_key: str | None = None,
    ) -> Request[Order]:
        """Turn a cart into an order with the payments that were taken so far; without any it is paid later.

        A payment has an `amount`, a `method` (`cash`, `card`, `transfer`, `other` or `external`), and if wanted a
        `memo` and `deposit`: `{"amount": "50.00", "method": "cash", "deposit": True}`. The other arguments are those of
        `create`.
        """
        body = given(
            cart_id=cart_id,
            payments=[*payments],
            allow_overpayment=allow_overpayment,
            order_id=None if order_id is None else str(order_id),
            billing=billing,
            reference_id=reference_id,
            reseller_entity_id=reseller_entity_id,
            agent_id=agent_id,
            disable_notification=disable_notification,
            disable_pending_order_notification=disable_pending_order_notification,
            disable_pending_order_notification_response=disable_pending_order_notification_response,
            disable_confirmation_email=disable_confirmation_email,
        )
        return write("POST", _MANAGED, _order, key=idempotency_key, body=body)

    @operation
    def cancel(
        self, order_id: OrderRef, *, apply_cancellation_fee: bool | None = None, idempotency_key: str | None = None
    ) -> Request[CancelledOrder]:
        """Cancel everything on an order."""
        query = {"apply_cancellation_fee": apply_cancellation_fee}
        return write("DELETE", path(_ORDER, order_id), _cancelled, key=idempotency_key, query=query)

    @operation
    def cancel_item(
        self,
        order_id: OrderRef,
        item_id: str,
        *,
        apply_cancellation_fee: bool | None = None,
        idempotency_key: str | None = None,
    ) -> Request[CancelledOrder]:
        """Cancel one date and time of an order, and keep the rest."""
        return _cancel(order_id, item_id, key=idempotency_key, fee=apply_cancellation_fee)

    @operation
    def cancel_participant(
        self,
        order_id: OrderRef,
        item_id: str,
        participant_id: str,
        *,
        apply_cancellation_fee: bool | None = None,
        idempotency_key: str | None = None,
    ) -> Request[CancelledOrder]:
        """Cancel one person of an activity."""
        return _cancel(
            order_id, item_id, "participant", participant_id, key=idempotency_key, fee=apply_cancellation_fee
        )

    @operation
    def cancel_unit(
        self,
        order_id: OrderRef,
        item_id: str,
        unit_id: str,
        *,
        apply_cancellation_fee: bool | None = None,
        idempotency_key: str | None = None,
    ) -> Request[CancelledOrder]:
        """Cancel one unit of a rental."""
        return _cancel(order_id, item_id, "unit", unit_id, key=idempotency_key, fee=apply_cancellation_fee)

    @operation
    def set_cancellation_fee(
        self, order_id: OrderRef, line_id: str, amount: Decimal | int | str, *, idempotency_key: str | None = None
    ) -> Request[Order]:
        """Set the fee of a cancelled participant or unit, from 0 to what it cost, in the order's currency."""
        where = path(_MANAGED, order_id, "lines", line_id, "cancellation-fee")
        return write("PUT", where, _order, key=idempotency_key, body={"amount": str(amount)})

    @operation
    def pending(self, *, limit: int = 100, page: int = 0) -> Request[_Orders]:
        """List the orders that wait for the account's answer as their supplier, the most urgent first."""
        return get(path(_MANAGED, "pending"), enveloped(_Orders), {"limit": limit, "page": page})

    @operation
    def cancellation_quote(
        self,
        order_id: OrderRef,
        *,
        item_id: str | None = None,
        line_id: str | None = None,
        line_ids: Iterable[str] | None = None,
    ) -> Request[CancellationQuote]:
        """Return the refund and the fees of cancelling now, by the policies; it changes nothing.

        `item_id` and `line_id` (a participant or unit of the item), or any `line_ids`, narrow it down.
        """
        query: Query = {"item_id": item_id, "line_id": line_id, "line_ids": several(line_ids)}
        return get(path(_MANAGED, order_id, "cancellation-quote"), enveloped(CancellationQuote), query)

    @operation
    def cancel_lines(
        self,
        order_id: OrderRef,
        line_ids: Iterable[str],
        proof: str,
        *,
        fees: Mapping[str, Decimal | int | str] | None = None,
        waive_fees: bool = False,
        reason: str = "",
        idempotency_key: str | None = None,
    ) -> Request[CancelledOrder]:
        """Cancel participants and units at once, for the amounts of the quote with this `proof`.

        `fees` are fees that differ from the policies', by line id; `waive_fees` takes none. `reason` is for the log. A
        `Conflict` with the code `amounts_changed` means that any amount has changed: take a new quote.
        """
        body = given(
            line_ids=several(line_ids),
            proof=proof,
            fees=None if fees is None else {line_id: str(fee) for line_id, fee in fees.items()},
            waive_fees=waive_fees,
            reason=reason,
        )
        return write("POST", path(_MANAGED, order_id, "cancel"), _cancelled, key=idempotency_key, body=body)

    @operation
    def accept(self, order_id: OrderRef, *, idempotency_key: str | None = None) -> Request[Order]:
        """Confirm the pending part of an order, as its supplier."""
        return write("POST", path(_MANAGED, order_id, "accept"), _order, key=idempotency_key)

    @operation
    def decline(self, order_id: OrderRef, *, reason: str = "", idempotency_key: str | None = None) -> Request[Order]:
        """Cancel the pending part of an order, as its supplier: seats are released and money goes back, without a
        fee.
        """
        body = {"reason": reason}
        return write("POST", path(_MANAGED, order_id, "decline"), _order, key=idempotency_key, body=body)

    @operation
    def customer_link(self, order_id: OrderRef) -> Request[CustomerLink]:
        """Return a link to the customer's page of an order, for its seller; each call makes a new one."""
        return get(path(_MANAGED, order_id, "customer-link"), enveloped(CustomerLink))

    @operation
    def end_customer_links(self, order_id: OrderRef, *, idempotency_key: str | None = None) -> Request[Order]:
        """End every link to the customer's page of an order that there is; later ones are good."""
        return write("DELETE", path(_MANAGED, order_id, "customer-link"), _order, key=idempotency_key)

    @operation
    def check_in(
        self,
        order_id: OrderRef,
        *,
        item_id: str | None = None,
        ids: Iterable[str] | None = None,
        present: bool = True,
        idempotency_key: str | None = None,
    ) -> Request[Order]:
        """Note who has turned up: participants or units by id, or all of an item, or of the order.

        `present` False takes it back.
        """
        body = {"present": present} | given(item_id=item_id, ids=several(ids))
        return write("POST", path(_MANAGED, order_id, "check-in"), _order, key=idempotency_key, body=body)

    @operation
    def move(
        self,
        order_id: OrderRef,
        departure_id: str,
        *,
        difference: Decimal | int | str | None = None,
        check: bool | None = None,
        item_id: str | None = None,
        ids: Iterable[str] | None = None,
        price: Literal["kept", "new"] | None = None,
        tiers: Mapping[str, str] | None = None,
        location_id: str | None = None,
        pickup_detail_id: str | None = None,
        without_pickup: bool | None = None,
        answers: Mapping[str, Mapping[str, Any]] | None = None,
        asked_by: Literal["customer", "supplier"] | None = None,
        idempotency_key: str | None = None,
    ) -> Request[OrderMove]:
        """Move guests to another departure: participants or units by id, or all of an item, or of the order.

        Ask with `check` first, which changes nothing, and send the `difference` that it returns. `Conflict` if that has
        changed since; `SoldOut` if there aren't enough seats.
        """
        body = given(
            departure_id=departure_id,
            difference=difference,
            item_id=item_id,
            ids=several(ids),
            price=price,
            tiers=tiers,
            location_id=location_id,
            pickup_detail_id=pickup_detail_id,
            without_pickup=without_pickup,
            answers=answers,
            asked_by=asked_by,
        )
        where, query = path(_MANAGED, order_id, "move"), {"check": check}
        return write("POST", where, enveloped(OrderMove), key=idempotency_key, body=body, query=query)

    @operation
    def no_show(
        self,
        order_id: OrderRef,
        *,
        item_id: str | None = None,
        ids: Iterable[str] | None = None,
        no_show: bool = True,
        idempotency_key: str | None = None,
    ) -> Request[Order]:
        """Note who did not come: participants or units by id, or all who aren't checked in, of an item or the order.

        They keep their seats. `no_show` False takes it back, and so does checking in.
        """
        body = given(no_show=no_show, item_id=item_id, ids=several(ids))
        return write("POST", path(_MANAGED, order_id, "no-show"), _order, key=idempotency_key, body=body)


def _cancel(order_id: OrderRef, *below: str, key: str | None, fee: bool | None) -> Request[CancelledOrder]:
    query: Query = {"apply_cancellation_fee": fee}
    return write("DELETE", path(_ORDER, order_id, "item", *below), _cancelled, key=key, query=query)
