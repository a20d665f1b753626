"""Why a fee is taken, in the customer's language.

`cancellation.fees` gives its reasons as English phrases, which are kept with what was cancelled. They are read back
here; the test puts every kind of fee through both. What is not understood is shown as it is.
"""

from __future__ import annotations

import re
from decimal import Decimal

from seatwright.api.pages.formats import Formats
from seatwright.cancellation.fees import NO_FEE, NO_POLICY
from seatwright.cancellation.service import NOT_ACCEPTED, WAIVED
from seatwright.catalog.policy import Fee
from seatwright.core.money import from_wire

_REASON = re.compile(
    r"(?:(?P<percent>[\d.]+) %(?: per order)?|(?P<amount>[\d.]+) per (?P<per>person|unit|order))"
    r"(?:,? under (?P<window>\d+) (?P<unit>hour|day|year)s? before the start)?"
    r"(?P<more>, limited to the price|, already charged)?"
)


def phrase(fee: Fee, currency: str, formats: Formats) -> str:
    """Return what a fee of a policy comes to, and when it is taken."""
    if fee.calc == "percent":
        what = formats.words.percent.format(percent=formats.percent(fee.amount))
    else:
        words = formats.words
        of = {"person": words.per_person, "unit": words.per_unit, "order": words.per_order}[fee.per]
        what = of.format(amount=formats.money(fee.amount, currency))
    if fee.window is None:
        return what
    window = formats.duration(fee.window, fee.window_unit.removesuffix("s"))
    return f"{what}, {formats.words.within.format(window=window)}"


def translate(reason: str, currency: str, formats: Formats) -> str:
    """Return a reason that was given for the fee on one participant or unit."""
    words = formats.words
    if reason in (NO_FEE, NO_POLICY, WAIVED):
        return words.no_fee
    if reason == NOT_ACCEPTED:
        return words.not_accepted_yet
    found = _REASON.fullmatch(reason)
    if found is None:
        return reason
    said = phrase(_fee(found, currency), currency, formats)
    if found["more"] is None:
        return said
    return f"{said}, {words.limited if 'limited' in found['more'] else words.charged_before}"


def _fee(found: re.Match[str], currency: str) -> Fee:
    flat = found["percent"] is None
    amount = from_wire(found["amount"], currency, field="amount") if flat else int(Decimal(found["percent"]) * 10_000)
    units = {"hour": "hours", "day": "days", "year": "years", None: "hours"}
    return Fee(
        calc="flat" if flat else "percent",
        amount=amount,
        per=found["per"] if flat else "person",  # type: ignore[arg-type]
        window=int(found["window"]) if found["window"] else None,
        window_unit=units[found["unit"]],  # type: ignore[arg-type]
    )
