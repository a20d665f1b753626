"""Cancels any chosen participants and units of an order at once, for exactly the amounts that were shown before.

First a breakdown shows for each of them its cost, its fee, and the rule by which it is taken. Its `proof` stands for
these amounts. With it the same lines are cancelled; if any amount has changed in between (a window has ended, somebody
has paid, a part is cancelled already), nothing is.
"""

from __future__ import annotations

import base64
import hashlib
from collections.abc import Collection, Mapping, Sequence
from decimal import Decimal
from types import MappingProxyType
from typing import NamedTuple, TypeAlias

from seatwright.auth.model import Caller
from seatwright.cancellation.fees import FeeResult, LineFee
from seatwright.cancellation.service import (
    Chosen,
    Outcome,
    Quote,
    amounts_in_words,
    cancel_chosen,
    fees_of,
    quote_chosen,
    require_fee_right,
)
from seatwright.cart.context import BookingContext
from seatwright.cart.model import Item, Line
from seatwright.core.clock import Instant
from seatwright.core.errors import Conflict, Invalid, NotFound
from seatwright.core.fee_reason import EDITED, WAIVED, FeeReason
from seatwright.core.field_errors import at as below
from seatwright.core.field_errors import bad_field
from seatwright.core.money import from_wire, to_wire
from seatwright.orders.model import Order
from seatwright.orders.store import lock_order
from seatwright.orders.view import is_limited
from seatwright.storage.engine import Tx

MAX_REASON = 500
"""Longest reason of a cancellation, in characters."""
Amount: TypeAlias = str | int | float | Decimal


class LineCost(NamedTuple):
    """What cancelling one participant or unit costs, and by which rule; amounts in minor units."""

    item: Item
    line: Line
    fee: int
    reason: FeeReason

    @property
    def cost(self) -> int:
        """What it costs to book."""
        return self.line.total

    @property
    def credit(self) -> int:
        """By how much the order's total falls: the cost less the fee."""
        return self.line.total - self.fee

    @property
    def policy(self) -> str | None:
        """The name of the policy under which it was sold."""
        policy = self.item.arranged(self.line).policy
        return policy.name if policy else None


class Breakdown(NamedTuple):
    """What cancelling these lines of an order with these fees comes to; `quote` has the sums. Amounts in minor
    units.
    """

    order: Order
    chosen: Chosen
    result: FeeResult
    quote: Quote
    lines: tuple[LineCost, ...]

    @property
    def cost(self) -> int:
        """What all of them cost to book."""
        return sum(line.cost for line in self.lines)

    @property
    def credit(self) -> int:
        """By how much the order's total falls."""
        return sum(line.credit for line in self.lines)

    @property
    def total_after(self) -> int:
        """The order's total afterwards."""
        return self.order.total - self.credit

    @property
    def balance_after(self) -> int:
        """What is owed afterwards; below zero, what is to be given back."""
        return self.total_after - self.order.paid

    @property
    def proof(self) -> str:
        """A text of 22 characters that changes with any amount of the breakdown."""
        currency = self.order.body.currency
        costs = " ".join(str(line.cost) for line in self.lines)
        text = f"{self.order.id} {amounts_in_words(self.quote, currency)} {costs}"
        return base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()[:16]).decode().rstrip("=")


class AmountsChanged(Conflict):
    """The amounts of a cancellation differ from those that were shown; `breakdown` has the present ones."""

    def __init__(self, breakdown: Breakdown) -> None:
        currency = breakdown.order.body.currency
        super().__init__(
            f"The amounts have changed since they were shown: the fee is {to_wire(breakdown.quote.fee, currency)}, and "
            f"{to_wire(breakdown.quote.refund, currency)} {currency} would be given back.",
            code="amounts_changed",
        )
        self.breakdown = breakdown


class LinesToCancel(NamedTuple):
    """Participants and units of an order, by id, and the `proof` of the amounts that were shown for them.

    `fees` are fees that differ from the policies', as people write them ("12.50"), by the ids of their lines. `waive`
    takes no fee at all. `reason` is for the audit log.
    """

    order: str
    line_ids: Sequence[str]
    proof: str
    fees: Mapping[str, Amount] = MappingProxyType({})
    waive: bool = False
    reason: str = ""


def choose_lines(order: Order, line_ids: Collection[str]) -> Chosen:
    """Return those of these participants and units that are not cancelled yet.

    Raises `Invalid` for none, and `NotFound` for an id that the order doesn't have.
    """
    if not line_ids:
        raise Invalid("say which participants or units.", code="missing_field", about="lines")
    wanted = set(line_ids)
    unknown = wanted - {line.id for item in order.body.items for line in item.lines}
    if unknown:
        raise NotFound(
            f"the order has no participant or unit {min(unknown)[:40]!r}.", code="line_not_found", about="lines"
        )
    chosen = ((item, tuple(line for line in item.live if line.id in wanted)) for item in order.body.items)
    return [(item, lines) for item, lines in chosen if lines]


def breakdown_of(order: Order, chosen: Chosen, now: Instant, *, fee_after_move: bool) -> Breakdown:
    """Return what cancelling these lines at `now` comes to, with the fees of their policies. Changes nothing."""
    return _breakdown(order, chosen, fees_of(order, chosen, now, apply_fee=True, after_move=fee_after_move))


def _breakdown(order: Order, chosen: Chosen, result: FeeResult) -> Breakdown:
    fees = {fee.line_id: fee for fee in result.lines}
    lines = tuple(
        LineCost(item, line, fees[line.id].fee, fees[line.id].reason) for item, some in chosen for line in some
    )
    return Breakdown(order, chosen, result, quote_chosen(order, chosen, result), lines)


def with_fees(shown: Breakdown, fees: Mapping[str, Amount], *, waive: bool = False) -> Breakdown:
    """Return a breakdown with other fees than the policies' (as people write them, by line id), or without any.

    A fee per order counts as taken if any of it is left. Raises `Invalid` for a fee that is below 0, above what its
    line costs, or of a line that isn't in the breakdown.
    """
    if waive:
        free = tuple(LineFee(fee.line_id, 0, WAIVED) for fee in shown.result.lines)
        return _breakdown(shown.order, shown.chosen, FeeResult(free, ()))
    return _breakdown(shown.order, shown.chosen, _edited(shown, fees))


async def cancel_lines(tx: Tx, booking: BookingContext, caller: Caller, wanted: LinesToCancel) -> Outcome:
    """Cancel participants and units for the amounts that were shown, or for other fees.

    Fees that differ from the policies', and waiving them, need the permission `cancellation_fee.edit`, and for a
    reseller also its connection's consent. Raises `NotFound` and `Invalid` as `choose_lines` does, `Invalid` also for a
    fee that is below 0, above what its line costs, or of a line that isn't cancelled, `AmountsChanged`, and `Conflict`
    if all of these lines were cancelled before.
    """
    reason = wanted.reason.strip()
    if len(reason) > MAX_REASON:
        raise bad_field("reason", f"has more than {MAX_REASON} characters.")
    order = await lock_order(tx, caller, wanted.order)
    chosen, now = choose_lines(order, wanted.line_ids), booking.clock.now()
    if not chosen:
        raise Conflict("All of these participants and units are cancelled already.", code="already_cancelled")
    now_shown = breakdown_of(order, chosen, now, fee_after_move=booking.fee_after_move)
    if now_shown.proof != wanted.proof:
        raise AmountsChanged(now_shown)
    edited = with_fees(now_shown, wanted.fees, waive=wanted.waive).result
    if edited != now_shown.result:
        caller.require("cancellation_fee.edit")
        require_fee_right(order, caller)
    if is_limited(order, order.account_id) and caller.account_id == order.owner_id:
        reason = ""  # the supplier reads the log, and mustn't see what a reseller writes about its customer
    return await cancel_chosen(tx, order, chosen, edited, caller.user_id, now, reason=reason)


def _edited(shown: Breakdown, fees: Mapping[str, Amount]) -> FeeResult:
    currency, result = shown.order.body.currency, shown.result
    costs = {line.line.id: line for line in shown.lines}
    new: dict[str, LineFee] = {}
    for line_id, written in fees.items():
        field = below("fees", line_id[:40])
        if line_id not in costs:
            raise bad_field(field, "is not among the participants and units to cancel.", code="line_not_found")
        cost = costs[line_id]
        most = 0 if cost.line.pending_until else cost.cost
        fee = from_wire(written, currency, field=field)
        if not 0 <= fee <= most:
            raise bad_field(field, f"must be from 0 to {to_wire(most, currency)}.", code="invalid_amount")
        if fee != cost.fee:
            new[line_id] = LineFee(line_id, fee, EDITED)
    lines = tuple(new.get(fee.line_id, fee) for fee in result.lines)
    left = {_policy_id(costs[fee.line_id]) for fee in lines if fee.fee}
    return FeeResult(lines, tuple(policy for policy in result.charged_order_policies if policy in left))


def _policy_id(cost: LineCost) -> str | None:
    policy = cost.item.arranged(cost.line).policy
    return policy.id if policy else None
