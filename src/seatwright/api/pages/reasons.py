"""Why a fee is taken, in the customer's language."""

from __future__ import annotations

from seatwright.api.pages.formats import Formats
from seatwright.core.fee_reason import FeeReason


def translate(reason: FeeReason, currency: str, formats: Formats) -> str:
    """Return why a fee is what it is; of a fee of a policy, what it comes to, and when it is taken."""
    words = formats.words
    if reason.kind != "fee":
        return words.not_accepted_yet if reason.kind == "not_accepted" else words.no_fee
    if reason.calc == "percent":
        said = [words.percent.format(percent=formats.percent(reason.amount))]
    else:
        of = {"person": words.per_person, "unit": words.per_unit, "order": words.per_order}[reason.per]
        said = [of.format(amount=formats.money(reason.amount, currency))]
    if reason.window is not None:
        window = formats.duration(reason.window, reason.window_unit.removesuffix("s"))
        said.append(words.within.format(window=window))
    if reason.less is not None:
        said.append(words.limited if reason.less == "limited" else words.charged_before)
    return ", ".join(said)
