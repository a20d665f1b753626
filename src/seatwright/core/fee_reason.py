"""The reason for a cancellation fee. `english` says it on the wire, `seatwright.wording` in a customer's language."""

from __future__ import annotations

from decimal import Decimal
from typing import Literal, TypeAlias

import msgspec

from seatwright.core.money import to_wire

Less: TypeAlias = Literal["limited", "charged"]
"""Why less than the policy's fee was taken: it was limited to the price, or had been charged already."""


class FeeReason(msgspec.Struct, frozen=True, omit_defaults=True):
    """The reason for the fee on one participant or unit.

    There is no policy (`none`), none of its fees applies (`free`), it was `waived` or `edited` by hand, the supplier
    has `not_accepted` the order yet or has `moved` the departure since it was sold, or it is a `fee` of the policy.
    Such a fee is described by the other fields, as `catalog.policy.Fee` has them: `amount` is ppm for `percent` and
    minor units for `flat`.
    """

    kind: Literal["none", "free", "waived", "edited", "not_accepted", "moved", "fee"]
    calc: Literal["percent", "flat"] = "percent"
    amount: int = 0
    per: Literal["person", "unit", "order"] = "person"
    window: int | None = None
    window_unit: Literal["hours", "days", "years"] = "hours"
    less: Less | None = None


NO_POLICY = FeeReason("none")
NO_FEE = FeeReason("free")
WAIVED = FeeReason("waived")
EDITED = FeeReason("edited")
NOT_ACCEPTED = FeeReason("not_accepted")
MOVED = FeeReason("moved")

_PHRASES = {
    "none": "no cancellation policy",
    "free": "no fee applies",
    "waived": "waived",
    "edited": "set by hand",
    "not_accepted": "not accepted yet",
    "moved": "moved by the supplier",
}
_LESS = {None: "", "limited": ", limited to the price", "charged": ", already charged"}


def english(reason: FeeReason, currency: str) -> str:
    """Return the phrase for a reason, as API clients get it; `currency` (ISO 4217) is that of flat amounts."""
    if reason.kind != "fee":
        return _PHRASES[reason.kind]
    by_line = reason.calc == "percent" and reason.per != "order"
    if reason.calc == "flat":
        what = f"{to_wire(reason.amount, currency)} per {reason.per}"
    else:
        percent = f"{Decimal(reason.amount).scaleb(-4).normalize():f} %"
        what = percent if by_line else f"{percent} per order"
    if reason.window is not None:
        unit = reason.window_unit if reason.window > 1 else reason.window_unit.removesuffix("s")
        what += f"{'' if by_line else ','} under {reason.window} {unit} before the start"
    return what + _LESS[reason.less]
