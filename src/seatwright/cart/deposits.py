"""What of a cart or an order is to be paid in advance. Pure.

Our decisions: a percentage is of what the guests cost with taxes and fees, rounded once for each product; an amount per
order is taken once for each product, and where its guests were sold under different ones, the highest; no deposit is
more than what its guests cost. Guests who are cancelled need none.
"""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable

from seatwright.cart.model import Item
from seatwright.catalog.model import Deposit
from seatwright.core.money import share


def deposit_of(items: Iterable[Item]) -> int:
    """Return the deposit on these items' participants and units that are not cancelled, in minor units."""
    percent: dict[tuple[str, Deposit], int] = defaultdict(int)
    once: dict[str, list[tuple[int, int]]] = defaultdict(list)
    each = 0
    for item in items:
        for line in item.live:
            deposit = item.arranged(line).deposit
            if deposit is None:
                continue
            if deposit.calc == "percent":
                percent[item.product_id, deposit] += line.total
            elif deposit.per == "participant":
                each += min(deposit.amount, line.total)
            else:
                once[item.product_id].append((deposit.amount, line.total))
    return (
        each
        + sum(share(cost, deposit.amount) for (_, deposit), cost in percent.items())
        + sum(min(max(amount for amount, _ in lines), sum(cost for _, cost in lines)) for lines in once.values())
    )
