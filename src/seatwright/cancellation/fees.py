"""The fees of a cancellation, line by line, in integer minor units.

The level of the cancellation (order, item, participant, unit) makes no difference: it only says which participants and
units are cancelled, and each of them is one line here. To waive fees (`applyCancellationFee: false`), this is not
called.

Our decisions, where the wire reference is silent:
- No line ever costs more to cancel than it cost to book.
- A percentage per order is of what is cancelled together, rounded once, and taken each time.
- A flat fee per order is taken once per order and policy, ever, even if it was cut to what little was
  cancelled then. While nothing could be taken (free lines), it counts as not taken. Where lines of a policy
  chose different ones, the narrowest window's is taken, for all of them. Versions of a policy (same id) are one.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from operator import itemgetter
from typing import TypeAlias

import msgspec

from seatwright.catalog.fee_windows import choose, width
from seatwright.catalog.policy import Fee, Kind, Policy
from seatwright.core.clock import Instant
from seatwright.core.fee_reason import NO_FEE, NO_POLICY, FeeReason
from seatwright.core.money import allocate, share


class CancelledLine(msgspec.Struct, frozen=True):
    """One participant or unit that is being cancelled.

    `total` is what it costs in minor units, taxes and fees included, not negative. `start_at` is None for a
    dateless product; `zone_name` is the departure's IANA zone.
    """

    line_id: str
    kind: Kind
    total: int
    policy: Policy | None
    start_at: Instant | None
    zone_name: str

    def __post_init__(self) -> None:
        """Refuse a negative total: its share of a fee would be charged to others."""
        assert self.total >= 0, f"line {self.line_id} has a total of {self.total}"


class LineFee(msgspec.Struct, frozen=True):
    """The `fee` on one line, in minor units (0 to the line's total), and its reason."""

    line_id: str
    fee: int
    reason: FeeReason


class FeeResult(msgspec.Struct, frozen=True):
    """The fees of one cancellation: a line for each cancelled one, in the same order.

    `charged_order_policies` are the ids of the policies whose flat fee per order was taken now; the caller
    keeps them with the order and passes them as `already_charged` the next time.
    """

    lines: tuple[LineFee, ...]
    charged_order_policies: tuple[str, ...]

    @property
    def fee(self) -> int:
        """The sum of all lines' fees, in minor units."""
        return sum(line.fee for line in self.lines)


# A cancelled line after its position in the request; a fee's window width and position in its policy.
_Place: TypeAlias = tuple[int, CancelledLine]
_Rank: TypeAlias = tuple[tuple[bool, int], int]


def cancellation_fees(
    cancelled: Sequence[CancelledLine],
    now: Instant,
    *,
    already_charged: Collection[str] = (),
) -> FeeResult:
    """Return the fees for cancelling these lines together at `now`.

    `already_charged` holds the ids of policies whose flat fee per order this order has paid before.
    Raises `Invalid` for an unknown zone, where the zone is needed.
    """
    results: dict[int, LineFee] = {}
    together: dict[tuple[str, Fee], list[_Place]] = {}
    once: dict[str, list[_Place]] = {}
    flat: dict[str, list[tuple[_Rank, Fee]]] = {}
    for position, line in enumerate(cancelled):
        policy = line.policy
        fee = None if policy is None else choose(policy, line.kind, line.start_at, line.zone_name, now)
        if policy is None or fee is None:
            results[position] = LineFee(line.line_id, 0, NO_POLICY if policy is None else NO_FEE)
        elif fee.per != "order":
            results[position] = _by_itself(line, fee)
        elif fee.calc == "percent":
            together.setdefault((policy.id, fee), []).append((position, line))
        else:
            once.setdefault(policy.id, []).append((position, line))
            rank = (width(fee, line.start_at, line.zone_name), policy.fees.index(fee))
            flat.setdefault(policy.id, []).append((rank, fee))
    for (_, fee), places in together.items():
        amount = share(_cost(places), fee.amount)
        results.update(_spread(places, amount, fee.reason()))
    charged = []
    for policy_id, places in once.items():
        # Departures of one order can be in different windows of a policy; it is one fee all the same.
        _, fee = min(flat[policy_id], key=itemgetter(0))
        if policy_id in already_charged:
            results.update(_spread(places, 0, fee.reason("charged")))
            continue
        cost = _cost(places)
        taken = min(fee.amount, cost)
        results.update(_spread(places, taken, _capped(fee, cost)))
        if taken:
            charged.append(policy_id)
    return FeeResult(tuple(results[position] for position in range(len(cancelled))), tuple(charged))


def _by_itself(line: CancelledLine, fee: Fee) -> LineFee:
    if fee.calc == "percent":
        return LineFee(line.line_id, share(line.total, fee.amount), fee.reason())
    return LineFee(line.line_id, min(fee.amount, line.total), _capped(fee, line.total))


def _cost(places: list[_Place]) -> int:
    return sum(line.total for _, line in places)


def _spread(places: list[_Place], amount: int, reason: FeeReason) -> dict[int, LineFee]:
    # No part exceeds its line's total: `amount` is at most their sum, and `allocate` only raises what it
    # had rounded down.
    parts = allocate(amount, [line.total for _, line in places])
    return {position: LineFee(line.line_id, part, reason) for (position, line), part in zip(places, parts, strict=True)}


def _capped(fee: Fee, cost: int) -> FeeReason:
    return fee.reason("limited" if fee.amount > cost else None)
