"""Cancellation policies as an account stores them: what a customer agrees to, and the fees for cancelling.

The fields of policies and fees are the original's (wire reference, "Cancellation policies"); the bounds are our own.
`seatwright.catalog.fee_windows` decides which fee counts, `seatwright.cancellation.fees` how much it is.
"""

from __future__ import annotations

from functools import partial
from typing import Literal

import msgspec

from seatwright.core.fee_reason import FeeReason, Less
from seatwright.core.field_errors import bad_field
from seatwright.core.money import MAX_MINOR, PPM

_bad = partial(bad_field, code="invalid_policy")

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

    Types are checked when the policy is decoded; this checks what types can't express.
    """
    if len(policy.fees) > MAX_FEES:
        raise _bad("fees", f"a policy has at most {MAX_FEES} fees, not {len(policy.fees)}.")
    for position, fee in enumerate(policy.fees):
        check_fee(fee, field=f"fees[{position}]")
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
