"""The OpenAPI links of carts and orders, by the ids in answers: from a date and time to a cancellation."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any

_DATA = "$response.body#/data"
_CART = {"cartId": f"{_DATA}/id"}
_ORDER = {"orderId": f"{_DATA}/id"}
_ITEM = {"itemId": f"{_DATA}/items/0/id"}
_PARTICIPANT = {"participantId": f"{_DATA}/items/0/participantList/0/id"}
_UNIT = {"unitId": f"{_DATA}/items/0/unitList/0/id"}

_FROM_PRODUCT = {name: {"searchTerm": f"{_DATA}/id"} for name in ("readProduct", "listItems", "listPickups")}
_FROM_CART = dict.fromkeys(("readCart", "deleteCart", "addItem", "setCustomer", "applyDiscount"), _CART)
_FROM_FULL_CART = {**_FROM_CART, "removeItem": _CART | _ITEM, "removeDiscount": _CART}
_FROM_ORDER = {
    "readOrder": _ORDER,
    "cancelOrder": _ORDER,
    "cancelItem": _ORDER | _ITEM,
    "cancelParticipant": _ORDER | _ITEM | _PARTICIPANT,
    "cancelUnit": _ORDER | _ITEM | _UNIT,
}
_PARAMETERS: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "readProduct": _FROM_PRODUCT,
    "createCart": _FROM_CART,
    "addItem": _FROM_FULL_CART,
    "setCustomer": _FROM_FULL_CART,
    "applyDiscount": _FROM_FULL_CART,
    "placeOrder": _FROM_ORDER,
    "readOrder": _FROM_ORDER,
    "cancelItem": _FROM_ORDER,
    "cancelParticipant": _FROM_ORDER,
    "cancelUnit": _FROM_ORDER,
}
_BODIES: Mapping[str, Mapping[str, Mapping[str, str]]] = {
    "listItems": {"addItem": {"itemId": f"{_DATA}/items/0/timesAvailable/0/activityId"}},
    "addItem": {"placeOrder": {"id": f"{_DATA}/id"}},
    "setCustomer": {"placeOrder": {"id": f"{_DATA}/id"}},
    "applyDiscount": {"placeOrder": {"id": f"{_DATA}/id"}},
}
"""Bodies that an answer fills in part; the caller fills in the rest."""


def links(operation_id: str) -> dict[str, Any]:
    """Return the links of an operation's good answer, by the operation that each leads to."""
    parameters = _PARAMETERS.get(operation_id, {})
    bodies = _BODIES.get(operation_id, {})
    found: dict[str, Any] = {
        name: {"operationId": name, "parameters": dict(given)} for name, given in parameters.items()
    }
    return found | {name: {"operationId": name, "requestBody": dict(given)} for name, given in bodies.items()}
