"""What a customer may cancel without calling. Pure.

Our decisions: a part without a policy costs nothing and may be cancelled; a part that has not been accepted yet may be
withdrawn under any policy; only the seller cancels parts that have begun and guests who are checked in.
"""

from __future__ import annotations

from typing import Literal, NamedTuple, TypeAlias

from seatwright.cancellation.service import Target
from seatwright.cart.model import Item, Line
from seatwright.core.clock import Instant
from seatwright.orders.model import Order

WHOLE = "order"
MAX_SINGLE = 100
"""Maximum number of an item's participants or units that can be cancelled one by one, so that the page stays
readable.
"""

State: TypeAlias = Literal["open", "closed", "gone"]
"""It may be cancelled online; only the seller may cancel it; it is cancelled already."""


class Choice(NamedTuple):
    """Something that can be cancelled: the order, an item, or one participant or unit of it. `name` is its name in
    forms.
    """

    name: str
    item: Item | None = None
    line: Line | None = None

    def target(self, order: Order) -> Target:
        """Return the target of the cancellation."""
        if self.item is None or self.line is None:
            return Target(order.id, None if self.item is None else self.item.id)
        if self.line.kind == "participant":
            return Target(order.id, self.item.id, participant_id=self.line.id)
        return Target(order.id, self.item.id, unit_id=self.line.id)


def choices(order: Order, now: Instant) -> list[Choice]:
    """Return what may be cancelled online at `now`: first the whole order, then each item, followed by its participants
    or units.

    A choice that equals an earlier one is left out: the only item, the only participant.
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
    """Return the choice that a form calls `name`, also if it may not be cancelled; None if the order has no such
    part.
    """
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
    if any(line.checked_in_at is not None or line.no_show_at is not None for line in lines):
        return "closed"
    return "closed" if any(_must_call(item, line) for line in lines) else "open"


def _must_call(item: Item, line: Line) -> bool:
    policy = item.arranged(line).policy
    return policy is not None and not policy.online and not line.pending_until
