"""Cancellation policies as an account stores them: what a customer agrees to, and the fees for cancelling.

The fields of policies and fees are the original's (wire reference, "Cancellation policies"); the bounds are our own.
`seatwright.catalog.fee_windows` decides which fee counts, `seatwright.cancellation.fees` how much it is.
"""

from __future__ import annotations

from functools import partial
from typing import Literal, TypeAlias

import msgspec

from seatwright.core.fee_reason import FeeReason, Less
from seatwright.core.field_errors import bad_field
from seatwright.core.money import MAX_MINOR, PPM

_bad = partial(bad_field, code="invalid_policy")

Kind: TypeAlias = Literal["participant", "unit"]
"""The smallest things that can be cancelled: a person on an activity, or a rental unit."""
MEANT_FOR: dict[str, tuple[Kind, ...]] = {
    "person": ("participant",),
    "unit": ("unit",),
    "order": ("participant", "unit"),
}
"""For whom a fee is, by what it is per."""
MAX_FEES = 50
MAX_WINDOW = {"hours": 87_600, "days": 3_650, "years": 10}
"""The longest window by unit, ten years each, so that dates computed from it stay in range."""


class Fee(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """One fee of a policy, and when it applies.

    `amount` is ppm of the cancelled price for `percent`, minor units for `flat`. A fee `per` person is for participants
    alone, per unit for units alone, per order for both. It applies when less than `window` (in `window_unit`) is left
    until the start, and after it; always if `window` is None.
    """

    calc: Literal["percent", "flat"]
    amount: int
    per: Literal["person", "unit", "order"]
    window: int | None = None
    window_unit: Literal["hours", "days", "years"] = "hours"

    @property
    def begins(self) -> tuple[int, str] | None:
        """When it begins to count, as it is written; None for always."""
        return None if self.window is None else (self.window, self.window_unit)

    def reason(self, less: Less | None = None) -> FeeReason:
        """Return the reason that is given for this fee, and why less than it was taken, if so."""
        return FeeReason(
            "fee",
            calc=self.calc,
            amount=self.amount,
            per=self.per,
            window=self.window,
            window_unit=self.window_unit,
            less=less,
        )


class Policy(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True, omit_defaults=True):
    """A cancellation policy. `text` is what the customer agrees to; if not `online`, they have to call."""

    id: str
    code: str
    name: str
    text: str = ""
    online: bool = True
    fees: tuple[Fee, ...] = ()


def check_policy(policy: Policy) -> Policy:
    """Return `policy` if all of its fees make sense; raise `Invalid` naming the field, as `fees[0].amount`.

    Of two fees for the same guests with the same window only the first would count (`fee_windows.choose`), which nobody
    means; policies that were stored before this was refused keep meaning that.

    Types are checked when the policy is decoded; this checks what types can't express.
    """
    if len(policy.fees) > MAX_FEES:
        raise _bad("fees", f"a policy has at most {MAX_FEES} fees, not {len(policy.fees)}.")
    for position, fee in enumerate(policy.fees):
        check_fee(fee, field=f"fees[{position}]")
        earlier = {
            kind for other in policy.fees[:position] if other.begins == fee.begins for kind in MEANT_FOR[other.per]
        }
        if earlier.issuperset(MEANT_FOR[fee.per]):
            window = "no window" if fee.window is None else f"the same window, {fee.window} {fee.window_unit}"
            raise _bad(
                f"fees[{position}]",
                f"has {window}, as an earlier fee has for the same guests or units, so it would never count. Take one "
                "of them out.",
            )
    return policy


def check_fee(fee: Fee, *, field: str) -> Fee:
    """Return `fee` if its amount and window are in bounds; else raise `Invalid`, as `check_policy` does."""
    largest = PPM if fee.calc == "percent" else MAX_MINOR
    if not 0 <= fee.amount <= largest:
        raise _bad(f"{field}.amount", f"must be from 0 to {largest}, not {fee.amount}.")
    longest = MAX_WINDOW[fee.window_unit]
    if fee.window is not None and not 1 <= fee.window <= longest:
        raise _bad(
            f"{field}.window",
            f"must be from 1 to {longest} {fee.window_unit}, not {fee.window}; leave it out for always.",
        )
    return fee
