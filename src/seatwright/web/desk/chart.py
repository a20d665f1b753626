"""Charts as SVG: places and heights, computed here, because the pages have no inline styles. Pure.

A chart says in one sentence what it shows; the table beside it has every number.
"""

from __future__ import annotations

from collections.abc import Sequence
from typing import NamedTuple

WIDTH, HEIGHT = 1000, 240
"""The drawing's own units; the page stretches them."""
GAP = 0.2
"""The part of a column's place that is left free."""
_NICE = (1, 2, 2.5, 5, 10)


class Bar(NamedTuple):
    """A column: its rectangle, what it is about, and its amount as text. `below` is a class for one below zero."""

    x: float
    y: float
    width: float
    height: float
    text: str
    below: bool


class Line(NamedTuple):
    """A line of the grid, at a height, with its amount in minor units."""

    y: float
    amount: int


class Chart(NamedTuple):
    """Columns with a grid. `zero` is the height of nothing; `first` and `last` are what the outer columns are about."""

    bars: list[Bar]
    lines: list[Line]
    zero: float
    first: str
    last: str


def columns(amounts: Sequence[tuple[str, int, str]]) -> Chart | None:
    """Return a chart of amounts in minor units, each with what it is about and itself as text, in order.

    None if there is nothing to draw.
    """
    values = [amount for _, amount, _ in amounts]
    if not any(values):
        return None
    step = _step(max(*values, 0) - min(*values, 0))
    low = min(*values, 0) // step * step
    high = -(-max(*values, 0) // step) * step

    def height(amount: int) -> float:
        return round(HEIGHT * (high - amount) / (high - low), 2)

    place = WIDTH / len(amounts)
    zero = height(0)
    bars = [
        Bar(
            x=round(number * place + place * GAP / 2, 2),
            y=min(height(amount), zero),
            width=round(place * (1 - GAP), 2),
            height=round(abs(height(amount) - zero), 2),
            text=f"{about}: {text}",
            below=amount < 0,
        )
        for number, (about, amount, text) in enumerate(amounts)
    ]
    lines = [Line(height(amount), amount) for amount in range(low, high + 1, step)]
    return Chart(bars, lines, zero, amounts[0][0], amounts[-1][0])


def _step(reach: int) -> int:
    """Return the distance of two lines of the grid, a round number, so that there are three to five of them."""
    rough = max(reach / 4, 1)
    power = 10 ** (len(str(int(rough))) - 1)
    return max(1, int(next(nice * power for nice in _NICE if nice * power >= rough)))
