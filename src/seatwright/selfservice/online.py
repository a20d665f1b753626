"""What a customer may cancel without calling. Pure.

Our decisions: what has no policy costs nothing and may be cancelled; what has not been accepted yet may be taken
back whatever its policy says; what has begun, and who has been checked in, is for the seller to cancel.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from seatwright.cancellation.service import Target
from seatwright.cart.model import Item, Line
from seatwright.core.clock import Instant
from seatwright.orders.model import Order

WHOLE = "order"
MAX_SINGLE = 100
"""Participants or units of one item that can still be cancelled one by one: a page has to stay readable."""

State: TypeAlias = Literal["open", "closed", "gone"]
"""May be cancelled online; only by the seller; is cancelled already."""


class Choice(NamedTuple):
    """Something that can be cancelled: the order, an item, or one participant or unit of it. `name` is in forms."""

    name: str
    item: Item | None = None
    line: Line | None = None

    def target(self, order: Order) -> Target:
        """Return what is to be cancelled."""
        if self.item is None or self.line is None:
            return Target(order.id, None if self.item is None else self.item.id)
        if self.line.kind == "participant":
            return Target(order.id, self.item.id, participant_id=self.line.id)
        return Target(order.id, self.item.id, unit_id=self.line.id)


def choices(order: Order, now: Instant) -> list[Choice]:
    """Return what may be cancelled online at `now`: the whole first, then each item, after it who is in it.

    What comes to the same as something before it is left out: the only item, the only participant.
    """
    live = [item for item in order.body.items if item.live]
    found = [Choice(WHOLE)] if state(order, Choice(WHOLE), now) == "open" else []
    for item in live:
        if _item_state(item, item.live, now) == "open" and not (found and len(live) == 1):
            found.append(Choice(item.id, item))
        if 1 < len(item.live) <= MAX_SINGLE:
            singles = [Choice(f"{item.id}.{line.id}", item, line) for line in item.live]
            found += [each for each in singles if state(order, each, now) == "open"]
    return found


def find(order: Order, name: str) -> Choice | None:
    """Return what a form calls `name`, whether it may be cancelled or not; None if the order has nothing like it."""
    if name == WHOLE:
        return Choice(WHOLE)
    item_id, _, line_id = name.partition(".")
    item = order.body.item(item_id)
    if item is None or not line_id:
        return None if item is None else Choice(name, item)
    line = next((line for line in item.lines if line.id == line_id), None)
    return None if line is None else Choice(name, item, line)


def state(order: Order, choice: Choice, now: Instant) -> State:
    """Return whether `choice` may be cancelled online at `now`."""
    if choice.item is None:
        parts = [(item, item.live) for item in order.body.items if item.live]
    else:
        lines = choice.item.live if choice.line is None else (choice.line,)
        parts = [(choice.item, tuple(line for line in lines if line.status == "confirmed"))]
    found: set[State] = {_item_state(item, lines, now) for item, lines in parts} - {"gone"}
    return "gone" if not found else "open" if found == {"open"} else "closed"


def _item_state(item: Item, lines: tuple[Line, ...], now: Instant) -> State:
    if not lines:
        return "gone"
    if item.start_at is not None and item.start_at <= now:
        return "closed"
    if any(line.checked_in_at is not None for line in lines):
        return "closed"
    return "closed" if any(_must_call(item, line) for line in lines) else "open"


def _must_call(item: Item, line: Line) -> bool:
    policy = item.arranged(line).policy
    return policy is not None and not policy.online and not line.pending_until
