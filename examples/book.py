"""Books the first departure with enough seats left, and can be run again with the same reference without booking twice.

    RESERVATIONS_URL=https://book.canyon.example RESERVATIONS_USERNAME=me@ota.example RESERVATIONS_APIKEY=... \\
        python examples/book.py 4101 --adults 2 --reference OTA-7781
"""

from __future__ import annotations

import argparse
import asyncio
import os
from datetime import UTC, date, datetime, timedelta

from seatwright_client import AsyncSeatwrightClient, BookableTime, Order, SoldOut

DAYS_AHEAD = 60


async def find(client: AsyncSeatwrightClient, product: str, guests: int, first: date) -> list[BookableTime]:
    """Return the departures with enough seats left, the earliest first."""
    days = await client.products.items(product, from_date=first, to_date=first + timedelta(days=DAYS_AHEAD))
    return [slot for day in days for slot in day.times_available if slot.left >= guests]


async def book(client: AsyncSeatwrightClient, product: str, adults: int, reference: str, first: date) -> Order:
    """Book, or return the order that this reference has already."""
    known = await client.orders.list(reference_id=reference)
    if known:
        return known[0]
    for slot in await find(client, product, adults, first):
        cart = await client.carts.create()
        try:
            await client.carts.add_item(cart.id, slot.activity_id, {"Adult": adults})
        except SoldOut:
            await client.carts.delete(cart.id)
            continue  # somebody was quicker; the next one may do
        await client.carts.set_customer(cart.id, first_name="Ann", last_name="Lee", email="ann@lee.example")
        # The key makes a repetition of this very call safe; the reference that of the whole script.
        return await client.orders.create(cart.id, reference_id=reference, idempotency_key=f"order-{reference}")
    raise SystemExit(f"Nothing has {adults} seats left within {DAYS_AHEAD} days.")


async def main() -> None:
    """Read the arguments, book, and print what came of it."""
    arguments = argparse.ArgumentParser(description="Books the first departure with enough seats left.")
    arguments.add_argument("product", help="id, number, code or name")
    arguments.add_argument("--adults", type=int, default=1)
    arguments.add_argument("--reference", required=True, help="the order's number in your own system")
    arguments.add_argument("--from", dest="first", type=date.fromisoformat, default=datetime.now(UTC).date())
    given = arguments.parse_args()
    url, username = os.environ["RESERVATIONS_URL"], os.environ["RESERVATIONS_USERNAME"]
    async with AsyncSeatwrightClient(url, username=username, apikey=os.environ["RESERVATIONS_APIKEY"]) as client:
        order = await book(client, given.product, given.adults, given.reference, given.first)
    item = order.items[0]
    print(
        f"{order.confirmation}: {item.product_name}, {item.date.start:%Y-%m-%d %H:%M}, {order.total} {order.currency}"
    )


if __name__ == "__main__":
    asyncio.run(main())
