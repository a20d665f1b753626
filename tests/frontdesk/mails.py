"""Mails of an account, as if somebody had sent them."""

from __future__ import annotations

from typing import Any

from seatwright.core.ids import new_hex24_at
from seatwright.notifications import deliveries
from seatwright.notifications.deliveries import Attempt, Delivery, Status
from seatwright.notifications.mail import message as mail
from tests.desk import Desk


async def a_mail(desk: Desk, status: Status, **more: Any) -> Delivery:
    """Write a mail of `desk`'s account that something came of; `more` are fields of it, and `subject` and `text`."""
    now = desk.services.clock.now()
    subject, text = more.pop("subject", "Your booking"), more.pop("text", "See you at the put-in")
    log = (Attempt(at=now, code=550, error="5.1.1 unknown", duration_ms=3),) if status == "dead" else ()
    fields: dict[str, Any] = {
        "account_id": desk.shop.account_id,
        "id": new_hex24_at(now),
        "channel": "mail",
        "kind": "confirmation",
        "target": "ann@lee.example",
        "order_id": None,
        "content": mail.encode(mail.MailContent(subject=subject, text=text, html=f"<p>{text}</p>")),
        "status": status,
        "due_at": now,
        "log": log,
        "created_at": now,
        "finished_at": None if status == "due" else now,
    }
    made = Delivery(**fields | more)
    await desk.services.database.write(lambda tx: deliveries.insert(tx, [made]))
    return made
