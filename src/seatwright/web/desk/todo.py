"""What needs somebody's attention: orders that wait for an answer, and messages that couldn't be sent."""

from __future__ import annotations

from typing import NamedTuple

from seatwright.core.clock import Instant
from seatwright.notifications import service as outgoing
from seatwright.orders import service as orders
from seatwright.storage.engine import ReadTx
from seatwright.web.desk.visit import Visit

MAX_TASKS = 6


class Task(NamedTuple):
    """One thing to do: who or what it is about, the rest of the sentence, and the page on which to do it."""

    icon: str
    about: str
    text: str
    path: str
    action: str
    until: Instant | None = None
    bad: bool = False


async def tasks(tx: ReadTx, visit: Visit) -> list[Task]:
    """Return what the user can do something about, the most urgent first."""
    found: list[Task] = []
    waiting = await orders.waiting(tx, visit.account.id, limit=MAX_TASKS) if visit.may("orders.read") else []
    for order in waiting:
        item = next(item for item in order.body.items if item.pending)
        count = len(item.pending)
        found.append(
            Task(
                icon="hourglass",
                about=f"{item.product_name} for {count}",
                text=f"waits for your answer · {order.confirmation}",
                path=f"/orders/{order.confirmation}",
                action="Answer",
                until=order.answer_by,
            )
        )
    if visit.may("messages.read"):
        dead_mails = await outgoing.page(tx, visit.account.id, limit=MAX_TASKS, page=0, status="dead", order_id=None)
        found.extend(
            Task(
                icon="circle-alert",
                about="A mail",
                text=f"to {dead.target} couldn’t be sent",
                path=f"/messages/{dead.id}",
                action="See the mail",
                bad=True,
            )
            for dead in dead_mails
        )
    return found
