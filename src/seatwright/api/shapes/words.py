"""What the JSON APIs say of errors: their own name for what is to blame, and what to do about it there.

The domain's errors name what they are about in the domain's words, and no route.
"""

from __future__ import annotations

from collections.abc import Mapping

from seatwright.core.errors import SeatwrightError

FIELDS: Mapping[str, str] = {
    "account": "resellerId",
    "agent": "agentId",
    "cart": "id",
    "counts": "participants",
    "departure": "itemId",
    "discount": "code",
    "guests": "ids",
    "lines": "lineIds",
    "location": "locationId",
    "order": "orderId",
    "pickup_detail": "pickupDetailId",
    "reseller": "resellerEntityId",
    "supplier": "supplierId",
    "tiers": "tiers",
}
"""Fields of requests by what the domain calls it (`SeatwrightError.about`)."""

ADVICE: Mapping[tuple[str, str | None], str] = {
    ("agent_not_found", "agent"): "; GET /agency/{{userId}} lists agents",
    ("amounts_changed", None): "; details has the present amounts, whose proof cancels",
    ("answer_missing", None): "; send the answer with PUT …/cart/{{id}}/customer",
    ("cart_empty", "cart"): "; add a date and time with POST …/cart/{{id}}/item first",
    ("connection_exists", "account"): "; PATCH it",
    ("item_not_found", "departure"): "; GET …/product/{{searchTerm}}/item lists them as activityId",
    ("more_than_credit", None): "; send allowBalance if the customer is to owe the rest again",
    ("more_than_owed", None): "; send allowOverpayment if more was really paid",
    ("not_a_participant_item", None): ": cancel with …/item/{item}/{kind}/{{id}}",
    ("not_a_unit_item", None): ": cancel with …/item/{item}/{kind}/{{id}}",
    (
        "supplier_orders_not_allowed",
        "reseller",
    ): "; it may allow that with PUT /api/v1/connections/{{supplierId}}/supplier-orders",
    ("unknown_location", "location"): "; GET …/pickup lists them",
    ("unknown_pickup_detail", "pickup_detail"): "; GET …/pickup lists them, with their places",
}
"""How the sentence of an error goes on, by its code and what it is about."""


def in_words(error: SeatwrightError) -> str:
    """Return the sentence that a client reads."""
    message, advice = error.message, ADVICE.get((error.code, error.about))
    if advice is not None:
        message = f"{message.removesuffix('.')}{advice.format_map(error.values)}."
    if error.about is None:
        return message
    name, *inner = error.about.split(".", 1)
    return f"{'.'.join((FIELDS[name], *inner))}: {message}"
