"""What happened to an order, from its audit events, as sentences. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from seatwright.storage.engine import Row
from seatwright.web.desk.texts import Texts

SAID: Mapping[str, tuple[str, str]] = {
    "order.created": ("check", "Booked"),
    "order.added_to": ("user-plus", "Guests were added"),
    "order.cancelled": ("ban", "Cancelled"),
    "order.partly_cancelled": ("ban", "Partly cancelled"),
    "order.cancellation_fee_changed": ("pencil", "A cancellation fee was changed"),
    "order.accepted": ("check", "Accepted"),
    "order.declined": ("ban", "Declined"),
    "order.expired": ("hourglass", "Not answered in time, and so declined"),
    "order.checked_in": ("user-check", "Checked in"),
    "order.checked_out": ("undo-2", "Check-in taken back"),
    "order.no_show": ("user-x", "Did not come"),
    "order.no_show_undone": ("undo-2", "Came after all"),
    "order.payment_recorded": ("banknote", "Paid"),
    "order.refund_recorded": ("receipt", "Given back"),
    "order.payment_voided": ("undo-2", "A payment was voided"),
    "order.rescheduled": ("clock", "The departure’s times were changed"),
    "order.moved": ("arrow-left-right", "Moved to another departure"),
    "order.edited": ("pencil", "Guests or the customer were edited"),
    "order.details_changed": ("pencil", "The reference or the memo was changed"),
    "order.confirmation_sent": ("mail", "The confirmation was sent again"),
    "order.message_sent": ("message-square", "A message was sent to its guests"),
    "order.links_ended": ("lock", "The customer’s links were ended"),
}
"""The icon and the sentence of each action of an order."""

ALSO: Mapping[str, tuple[str, str]] = {
    "note.added": ("sticky-note", "A note was written"),
    "note.changed": ("sticky-note", "A note was changed"),
    "note.deleted": ("sticky-note", "A note was deleted"),
    "tags.changed": ("tag", "Tags were changed"),
}
"""The same for what the account's people do for themselves."""


class Happening(NamedTuple):
    """Something that happened: a sentence, with an amount if there is one, when, and who did it."""

    icon: str
    text: str
    amount: str
    when: str
    who: str


def history(events: Sequence[Row], people: Mapping[str, str], texts: Texts) -> list[Happening]:
    """Return what happened, the newest first. `people` are names by the ids of users."""
    return [_happening(event, people, texts) for event in reversed(events)]


def _happening(event: Row, people: Mapping[str, str], texts: Texts) -> Happening:
    icon, text = {**SAID, **ALSO}.get(event["action"], ("history", event["action"].replace("_", " ")))
    detail: Any = msgspec.json.decode(event["detail"])
    if not isinstance(detail, dict):
        detail = {}
    lines = detail.get("lines")
    if isinstance(lines, list) and lines and event["action"] not in ("order.accepted", "order.declined"):
        text = f"{text}: {len(lines)} guest" + ("" if len(lines) == 1 else "s")
    if isinstance(detail.get("reason"), str):
        text = f"{text} ({detail['reason']})"
    amount = detail.get("total", detail.get("amount", detail.get("fee")))
    shown = texts.money(amount, str(detail.get("currency") or "")) if isinstance(amount, int) and amount else ""
    return Happening(
        icon=icon,
        text=text,
        amount=f"fee {shown}" if shown and "fee" in detail else shown,
        when=texts.moment(event["at"]),
        who=people.get(event["actor"], ""),
    )
