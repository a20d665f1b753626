"""A client as existing integrations are written: it reads what they read, sends what they send, and knows no more.

Its only input is a base URL with a username and an API key. Nothing of Seatwright is imported.
"""

from __future__ import annotations

from dataclasses import dataclass
from datetime import date, timedelta
from typing import Any

import httpx


class Refused(Exception):
    """What the service said, as a client shows it."""

    def __init__(self, status: int, message: str) -> None:
        super().__init__(f"{status}: {message}")
        self.status = status
        self.message = message


@dataclass
class Card:
    """What a shop window shows of a product."""

    id: str
    number: int
    name: str
    price: str
    picture: str
    place: str
    film: str
    start: str
    youngest: int | None
    label: str
    by_unit: bool


@dataclass
class Slot:
    """A time that can be booked: `hour` as it is shown, cut out of the start."""

    id: str
    day: str
    hour: str
    free: int
    price: dict[str, float]


class Integration:
    """A signed-in client."""

    def __init__(self, base_url: str, username: str, apikey: str) -> None:
        """Sign in; the answer is the token itself. Raises `Refused`."""
        self._http = httpx.Client(timeout=30)
        self._base = base_url
        answer = self._http.post(f"{base_url}/authenticate", json={"username": username, "apikey": apikey})
        if answer.status_code != 200:
            raise Refused(answer.status_code, answer.json()["errorMessage"])
        self._headers = {"Authorization": f"Bearer {answer.text}", "Content-Type": "application/json; charset=utf-8"}

    def close(self) -> None:
        """Hang up."""
        self._http.close()

    def call(self, method: str, path: str, body: Any = None, **query: Any) -> Any:
        """Return the data of an answer. Both the status and `errorMessage` tell of a failure."""
        sent = {} if body is None else {"json": body}
        answer = self._http.request(method, f"{self._base}/{path}", params=query, headers=self._headers, **sent)
        envelope = answer.json()
        if answer.status_code >= 400 or envelope["errorMessage"]:
            assert answer.status_code >= 400
            assert envelope["errorMessage"]
            raise Refused(answer.status_code, envelope["errorMessage"])
        return envelope["data"]

    def cards(self, **query: Any) -> list[Card]:
        """Read all products, page by page, without looking whether the first picture, place or film is there."""
        found: list[Card] = []
        page = 0
        while products := self.call("GET", "product", limit="2", page=str(page), **query):
            found += [_card(product) for product in products]
            page += 1
        return found

    def product(self, term: str | int, **query: Any) -> Card:
        """Read one product by its id, number or name."""
        return _card(self.call("GET", f"product/{term}", **query))

    def slots(self, term: str | int, first: str, last: str, **query: Any) -> list[Slot]:
        """Read a product's times between two months or days."""
        query = {"from": first, "to": last, **query}
        return [
            Slot(
                id=time["activityId"],
                day=day["date"],
                hour=time["startTime"][11:13],
                free=time["tiersAvailable"]["*"],
                price=time["price"],
            )
            for day in self.call("GET", f"product/{term}/item", **query)["items"]
            for time in day["timesAvailable"]
        ]

    def free(self, term: str | int, slot: Slot, **query: Any) -> int:
        """Return how many seats or units a time has left now."""
        return next(one.free for one in self.slots(term, slot.day, slot.day, **query) if one.id == slot.id)

    def cart(self, **query: Any) -> str:
        """Make a cart, and return its id."""
        return str(self.call("POST", "cart", {}, **query)["id"])

    def add(self, cart: str, slot: Slot, people: dict[str, Any], place: str = "", how: str = "") -> float:
        """Add a time to a cart, and return what it comes to."""
        body = {"itemId": slot.id, "participants": people, "locationId": place, "pickupDetailId": how}
        return float(self.call("POST", f"cart/{cart}/item", body)["items"][0]["total"])

    def order(self, cart: str, reference: str | None = None, order: Any = None) -> dict[str, Any]:
        """Turn a cart into an order, or add it to one; return the order."""
        body = {"id": cart, "orderId": order, "billing": {}, "referenceId": reference, "disableNotification": None}
        placed: dict[str, Any] = self.call("POST", "order", body)
        return placed


def _card(product: dict[str, Any]) -> Card:
    ages = product["ageRestrictions"]
    return Card(
        id=product["id"],
        number=product["productNumber"],
        name=product["name"],
        price=product["price"],
        picture=product["images"][0]["small"],
        place=product["location"][0]["id"],
        film=product["videos"][0]["url"],
        start=product["dateSettings"]["startTime"],
        youngest=ages["minAge"] if ages else None,
        label=product["quantityLabel"],
        by_unit=product["quantityType"] == "unit",
    )


def months_ahead(count: int) -> str:
    """Return a month as `YYYY-MM`."""
    month = date.today().replace(day=1)  # noqa: DTZ011 - a client's own calendar
    for _ in range(count):
        month = (month + timedelta(days=31)).replace(day=1)
    return month.isoformat()[:7]
