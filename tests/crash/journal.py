"""What a client was told, on its own disk before it asks for anything else; and what all clients know together."""

from __future__ import annotations

import json
from collections.abc import Iterator
from dataclasses import dataclass, field
from datetime import datetime
from pathlib import Path
from typing import Any

from seatwright.core.times import from_datetime
from tests.crash.wire import Answer


@dataclass
class Request:
    """One request, as it is sent however often it has to be."""

    method: str
    path: str
    body: Any
    key: str


class Journal:
    """An append-only file of one client: what it asks, then what it was answered, each line flushed at once."""

    def __init__(self, path: Path) -> None:
        self._file = open(path, "a", encoding="utf-8")  # noqa: SIM115 - closed by close()

    def asks(self, request: Request) -> None:
        """Write down a request before it is sent."""
        self._write({"ask": [request.method, request.path, request.body, request.key]})

    def learns(self, key: str, told: dict[str, Any]) -> None:
        """Write down what the answer to a request says."""
        self._write({"ack": key, **told})

    def _write(self, line: dict[str, Any]) -> None:
        self._file.write(json.dumps(line, separators=(",", ":")) + "\n")
        self._file.flush()

    def close(self) -> None:
        """Close the file."""
        self._file.close()


def lines_of(path: Path) -> Iterator[dict[str, Any]]:
    """Return the lines of a journal; one that its writer was killed in the middle of is left out."""
    if path.exists():
        with open(path, encoding="utf-8") as file:
            for line in file:
                if line.endswith("\n"):
                    yield json.loads(line)


@dataclass
class Known:
    """Carts and orders as their client was last told.

    A cart: status, and per departure its seats and when they are free again. An order: status, total, paid (cents)
    and its lines by id, each with departure, status, total, cancellation fee.
    """

    carts: dict[str, dict[str, Any]] = field(default_factory=dict)
    orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    open_carts: dict[str, dict[str, Any]] = field(default_factory=dict)
    live_orders: dict[str, dict[str, Any]] = field(default_factory=dict)
    acknowledged: int = 0

    def take(self, told: dict[str, Any]) -> None:
        """Take in what an answer said. Of two answers about one order, the one that knows of more is the later."""
        self.acknowledged += 1
        for cart_id, cart in told.get("carts", {}).items():
            before = self.carts.get(cart_id)
            if before is None or _rank(cart) >= _rank(before):
                self.carts[cart_id] = cart
                _list(self.open_carts, cart_id, cart, cart["status"] == "open")
        for order_id, order in told.get("orders", {}).items():
            known = self.orders.get(order_id)
            if known is None or _progress(order) >= _progress(known):
                self.orders[order_id] = order
                _list(self.live_orders, order_id, order, order["status"] != "cancelled")


def _list(chosen: dict[str, dict[str, Any]], key: str, value: dict[str, Any], belongs: bool) -> None:
    if belongs:
        chosen[key] = value
    else:
        chosen.pop(key, None)


def _rank(cart: dict[str, Any]) -> int:
    return ("open", "ordered", "deleted").index(cart["status"])


def _progress(order: dict[str, Any]) -> int:
    """Lines are only added and only cancelled, so this grows with every change of an order."""
    return sum(1 + (line[1] == "cancelled") for line in order["lines"].values())


def told_by(request: Request, answer: Answer) -> dict[str, Any]:
    """Return what an answer says about carts and orders, small enough to be written down a million times."""
    told: dict[str, Any] = {"status": answer.status}
    if answer.status != 200:
        return told
    data = json.loads(answer.body)["data"]
    if "/order" in request.path:
        told["orders"] = {data["id"]: _order(data)}
        if request.method == "POST":
            told["carts"] = {request.body["id"]: {"status": "ordered", "items": {}}}
        return told
    gone = request.method == "DELETE" and request.path.count("/") == 4
    items = {item["id"]: [_seats(item), _instant(item["holdExpiresDate"])] for item in data["items"]}
    told["carts"] = {data["id"]: {"status": "deleted" if gone else "open", "items": {} if gone else items}}
    return told


def _order(data: Any) -> dict[str, Any]:
    lines = {
        line["id"]: [item["id"], line["status"], _cents(line["total"]), _cents(line["cancellationFee"])]
        for item in data["items"]
        for line in item["participantList"] + item["unitList"]
    }
    return {
        "status": data["status"],
        "total": _cents(data["total"]),
        "paid": _cents(data["amountPaid"]),
        "lines": lines,
    }


def _seats(item: Any) -> int:
    return len(item["participantList"]) + len(item["unitList"])


def _cents(amount: float) -> int:
    return round(amount * 100)


def _instant(text: str) -> int:
    return from_datetime(datetime.fromisoformat(text))
