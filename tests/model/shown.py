"""Carts and orders in one shape, from the model and from the wire, so that they can be compared."""

from __future__ import annotations

from typing import Any

from tests.model.model import Cart, Item, Model, Order

Shown = dict[str, Any]


def cents(amount: float) -> int:
    """Read an amount of the wire."""
    return round(amount * 100)


def model_cart(cart: Cart) -> Shown:
    """Show a cart of the model."""
    items = {name: _model_item(item) | {"expires": item.expires} for name, item in cart.items.items()}
    return {"items": items, "code": cart.code, "total": cart.total}


def wire_cart(data: Any, names: dict[str, str], instant: Any) -> Shown:
    """Show a cart of the wire; `names` are departures by id, `instant` reads a timestamp."""
    items = {
        names[item["id"]]: _wire_item(item) | {"expires": instant(item["holdExpiresDate"])} for item in data["items"]
    }
    return {"items": items, "code": data["discountCode"], "total": cents(data["total"])}


def model_order(order: Order) -> Shown:
    """Show an order of the model."""
    return {
        "items": {name: _model_item(item) for name, item in order.items.items()},
        "status": order.status,
        "total": order.total,
        "paid": order.paid,
        "balance": order.total - order.paid,
        "fees": order.fees,
        "reference": order.reference,
        "commission": order.commission,
        "answer": order.answer,
    }


def wire_order(data: Any, names: dict[str, str]) -> Shown:
    """Show an order of the wire."""
    return {
        "items": {names[item["id"]]: _wire_item(item) for item in data["items"]},
        "status": data["status"],
        "total": cents(data["total"]),
        "paid": cents(data["amountPaid"]),
        "balance": cents(data["balance"]),
        "fees": cents(data["cancellationFees"]),
        "reference": data["referenceId"],
        "commission": cents(data["commission"] or 0),
        "answer": data["answer"] and data["answer"]["outcome"],
    }


def summary(model: Model) -> dict[str, tuple[str, int, int, int]]:
    """Return status, total, paid and seats of every order."""
    return {
        order_id: (order.status, order.total, order.paid, sum(line.seats for line in order.live))
        for order_id, order in model.orders.items()
    }


def _model_item(item: Item) -> Shown:
    lines = [
        ("cancelled" if x.gone else "confirmed", x.tier, x.price, x.discount, x.charges.get("tax", 0), x.total, x.fee)
        for x in item.lines
    ]
    return {"lines": lines, "pickup": item.pickup, "total": sum(x.total for x in item.live)}


def _wire_item(item: Any) -> Shown:
    lines = [
        (x["status"], x["tier"], *(cents(x[name]) for name in ("price", "discount", "tax", "total", "cancellationFee")))
        for x in item["participantList"] + item["unitList"]
    ]
    return {"lines": lines, "pickup": item["pickup"] is not None, "total": cents(item["total"])}
