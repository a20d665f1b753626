"""Cancellation policies as texts. Pure."""

from __future__ import annotations

from typing import NamedTuple

from seatwright.cart.model import Item
from seatwright.catalog.fee_windows import width
from seatwright.catalog.policy import Policy
from seatwright.orders.model import Order
from seatwright.wording.wording import Wording

_PER = {"participant": "person", "unit": "unit"}


class PolicyView(NamedTuple):
    """What an account says about cancelling, and what it costs by its rules."""

    products: str
    text: str
    rules: list[str]


def policy_views(order: Order, words: Wording) -> list[PolicyView]:
    """Return each policy that something of the order was sold under, with what it is for."""
    found: dict[tuple[Policy | None, str], list[Item]] = {}
    for item in order.body.items:
        for arrangement, _ in item.by_arrangement(item.live or item.lines):
            items = found.setdefault((arrangement.policy, item.kind), [])
            if item not in items:
                items.append(item)
    return [
        PolicyView(
            products=", ".join(dict.fromkeys(item.product_name for item in items)),
            text=policy.text.strip() if policy else "",
            rules=_rules(policy, items[0], order.body.currency, words) if policy else [],
        )
        for (policy, _), items in found.items()
    ]


def _rules(policy: Policy, item: Item, currency: str, words: Wording) -> list[str]:
    """Return the fees that an item's participants or units may cost, the one that would count first coming first."""
    fees = [fee for fee in policy.fees if fee.per in ("order", _PER[item.kind])]
    by_width = {width(fee, item.start_at, item.time_zone): fee for fee in reversed(fees)}  # of equals the first counts
    windows = [by_width[key] for key in sorted(by_width) if by_width[key].window is not None and item.start_at]
    always = next((fee for fee in fees if fee.window is None), None)
    if not windows:
        return [words.reason(always.reason(), currency)] if always else []
    last = words.reason(always.reason(), currency) if always else words.say("reason.free")
    return [
        *(words.reason(fee.reason(), currency) for fee in windows),
        words.say("page.otherwise", what=last),
    ]
