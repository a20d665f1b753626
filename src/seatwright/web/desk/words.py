"""The desk's words for what is wrong, where the domain's sentence names its own things or a program's."""

from __future__ import annotations

from collections.abc import Mapping

from seatwright.core.errors import SeatwrightError

SENTENCES: Mapping[str, str] = {
    "no_participants": "Say how many: at least one.",
    "sold_out": "There are not enough seats left on this departure any more. Choose another one, or fewer guests; what "
    "you typed is still here.",
    "not_bookable": "This departure can’t be booked any more: it is closed, past its cut-off or under way.",
    "item_not_found departure": "There is no such departure any more.",
    "item_not_found": "This order has nobody on this departure.",
    "order_not_found": "There is no order with this number or code.",
    "discount_not_found": "There is no such discount code.",
    "amounts_changed": "The amounts have changed since they were shown. These are the present ones; cancel again if "
    "they are right.",
    "not_as_shown": "This is what it comes to now, and not what was shown before. Look at it, and confirm it again.",
    "pickup_not_offered": "The other product doesn’t pick everybody up where they are picked up now. Choose a pickup "
    "for all who move, or none.",
    "unknown_tier": "Not every price tier is sold there. Choose which one those guests get instead.",
    "answer_missing_there": "The other product asks what has no answer yet. Answer it below. What it asks once for "
    "a whole order can’t be answered here: book anew, or choose another departure.",
    "other_kind": "A rental doesn’t become an activity, or the other way round: cancel, and book anew.",
    "more_than_owed": "That is more than what is still owed. Tick the box if more was really paid.",
    "more_than_credit": "That is more than what is to be given back. Tick the box if the customer is to owe it again.",
    "wrong_password": "That isn’t your present password.",
    "assignment_conflict": "Nothing was assigned yet: look at what is in conflict, and assign anyway if it is meant.",
    "form_not_ours": "This page is from another sign-in. It is up to date now; do it again.",
}
"""Sentences by an error's code, or by the code and what the error is about."""


def sentence(error: SeatwrightError) -> str:
    """Return what somebody at the desk is told of an error."""
    for key in (f"{error.code} {error.about}", error.code):
        if key in SENTENCES:
            return SENTENCES[key]
    text = error.message.removeprefix(f"{error.field}: ") if error.field else error.message
    return text[:1].upper() + text[1:]
