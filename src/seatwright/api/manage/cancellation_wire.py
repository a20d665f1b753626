"""The breakdown of a cancellation on the wire: what each participant and unit costs, and what follows from it."""

from __future__ import annotations

from decimal import Decimal

from seatwright.api.shapes.order_wire import CancellationOut, quote_out
from seatwright.cancellation.breakdown import Breakdown, LineCost
from seatwright.core.fee_reason import english
from seatwright.core.money import to_wire
from seatwright.http.wire import Wire


class LineCostOut(Wire, kw_only=True):
    """What cancelling one participant or unit costs: `fee` by the rule in `reason`, of the policy with this name.
    `credit` is the cost less the fee."""

    id: str
    item_id: str
    tier: str
    cost: Decimal
    fee: Decimal
    credit: Decimal
    policy: str | None
    reason: str


class CancellationQuoteOut(CancellationOut, kw_only=True, rename="camel"):
    """What cancelling now would do, line by line. `credit` is by how much the order's total falls, and `refund` what of
    it is given back, which is never more than what was paid. `totalAfter` and `balanceAfter` are the order's then.
    `proof` cancels for exactly these amounts; it is empty if there is nothing to cancel."""

    lines: list[LineCostOut]
    cost: Decimal
    credit: Decimal
    total_after: Decimal
    balance_after: Decimal
    currency: str
    proof: str


def breakdown_out(breakdown: Breakdown) -> CancellationQuoteOut:
    """Show a breakdown in the order's currency."""
    currency = breakdown.order.body.currency
    quoted = quote_out(breakdown.quote, currency)
    return CancellationQuoteOut(
        refund=quoted.refund,
        fee=quoted.fee,
        seats_returned=quoted.seats_returned,
        cancelled=quoted.cancelled,
        policy=quoted.policy,
        lines=[_line_out(line, currency) for line in breakdown.lines],
        cost=to_wire(breakdown.cost, currency),
        credit=to_wire(breakdown.credit, currency),
        total_after=to_wire(breakdown.total_after, currency),
        balance_after=to_wire(breakdown.balance_after, currency),
        currency=currency,
        proof=breakdown.proof if breakdown.lines else "",
    )


def _line_out(line: LineCost, currency: str) -> LineCostOut:
    return LineCostOut(
        id=line.line.id,
        item_id=line.item.id,
        tier=line.line.tier,
        cost=to_wire(line.cost, currency),
        fee=to_wire(line.fee, currency),
        credit=to_wire(line.credit, currency),
        policy=line.policy,
        reason=english(line.reason, currency),
    )
