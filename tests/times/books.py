"""One order at a time in memory, behind the real use cases, and random things to sell.

`orders.service` and `cancellation.service` run as they are; only what they read from and write to the database is here.
"""

from __future__ import annotations

import random
from collections.abc import Awaitable, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, TypeVar, cast

import msgspec
import pytest

from seatwright.auth.model import PERMISSIONS, Caller
from seatwright.cart import pricing
from seatwright.cart import store as cart_store
from seatwright.cart.context import BookingContext
from seatwright.cart.model import Arrangement, Cart, CartBody, Item, PickupChoice, Place
from seatwright.cart.selection import kind_of, new_lines
from seatwright.catalog.model import Catalog, Charge, Discount, Product, Tier
from seatwright.catalog.policy import Fee, Policy, check_policy
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import DAY_MS, HOUR_MS, ManualClock
from seatwright.core.ids import new_hex24
from seatwright.inventory import seats
from seatwright.orders import addition, store
from seatwright.orders import service as orders
from seatwright.orders.ledger import Entry
from seatwright.orders.model import Order
from seatwright.storage.engine import Tx
from tests.conftest import START
from tests.shop import that_count
from tests.times.catalogs import catalog

T = TypeVar("T")
ZONES = ("America/Denver", "Australia/Lord_Howe", "Asia/Tokyo")
PPMS = (0, 1, 50_000, 75_000, 190_000, 333_333, 500_000, 999_999, 1_000_000)


def run(use_case: Awaitable[T]) -> T:
    """Run a use case that waits for nothing."""
    try:
        cast(Any, use_case).send(None)
    except StopIteration as done:
        return cast(T, done.value)
    raise AssertionError("it waits for something")


@dataclass
class Books:
    """The order, its ledger, and the cart that is about to be ordered."""

    clock: ManualClock = field(default_factory=lambda: ManualClock(START))
    order: Order | None = None
    transactions: list[list[Entry]] = field(default_factory=list)
    opened: cart_store.OpenCart | None = None
    released: int = 0

    def __post_init__(self) -> None:
        """Nobody in particular, who may do everything."""
        self.tx = cast(Tx, None)
        self.booking = BookingContext(clock=self.clock, catalogs=CatalogCache(), hold_ms=HOUR_MS)
        self.caller = Caller(
            account_id="account", user_id="user", name="", email="", permissions=frozenset(PERMISSIONS)
        )

    def clear(self) -> None:
        """Begin with another order."""
        self.order, self.opened, self.released = None, None, 0
        self.transactions.clear()
        self.clock.set(START)

    def install(self, patch: pytest.MonkeyPatch) -> None:
        """Take the database's place."""

        async def nothing(*_: Any, **__: Any) -> None:
            return None

        patch.setattr(cart_store, "open_with", self._open_with)
        patch.setattr(cart_store, "mark_ordered", nothing)
        patch.setattr(addition, "sell_holds", nothing)
        patch.setattr(orders, "convert", self._convert)
        patch.setattr(store, "find", self._find)
        patch.setattr(store, "update", self._update)
        patch.setattr(seats, "release", self._release)

    async def _open_with(self, *_: Any) -> cart_store.OpenCart | None:
        return self.opened

    async def _find(self, *_: Any, **__: Any) -> Order | None:
        return self.order

    async def _convert(self, tx: Tx, cart: Cart, order: Order, change: store.Change, **_: Any) -> Order:
        return await self._update(tx, order, order, change)

    async def _update(self, tx: Tx, before: Order, order: Order, change: store.Change) -> Order:
        self.order = store.applied(order, change)
        self.transactions += change.transactions
        return self.order

    async def _release(self, tx: Tx, account_id: str, counts: dict[str, int]) -> None:
        self.released += sum(counts.values())


# --- Random things to sell ---------------------------------------------------------------------------


class Maker:
    """Makes catalogs and carts out of chance, so that the edges (nothing, one, much, odd shares) are met often."""

    def __init__(self, chance: random.Random) -> None:
        self.chance = chance

    def amount(self) -> int:
        """Return an amount in minor units."""
        return self.chance.choice((0, 1, 2, 99, self.chance.randint(0, 500), self.chance.randint(0, 10**7), 10**9))

    def catalog(self, currency: str) -> Catalog:
        """Return one to three products with charges, a discount and policies."""
        chance = self.chance
        products = [self._product(f"p{n}") for n in range(chance.randint(1, 3))]
        entries = [self._charge(f"c{n}") for n in range(chance.randint(0, 4))]
        policies = [self._policy("standard"), self._policy("other")]
        return catalog(*products, *entries, *policies, self._discount(), currency=currency)

    def _product(self, code: str) -> Product:
        tiers = tuple(Tier(code=name, name=name, price=self.amount()) for name in ("Adult", "Child"))
        kind: Literal["participant", "unit"] = self.chance.choice(("participant", "participant", "unit"))
        policy = self.chance.choice(("standard", "standard", "other", None))
        return Product(id=code, code=code, name=code, number=1, tiers=tiers, quantity_type=kind, policy=policy)

    def _only(self) -> tuple[str, ...] | None:
        return self.chance.choice((None, None, ("p0",), ("p1", "p2")))

    def _charge(self, code: str) -> Charge:
        chance = self.chance
        percent = chance.random() < 0.6
        return Charge(
            id=code,
            code=code,
            name=code,
            kind=chance.choice(("tax", "fee", "service_fee")),
            calc="percent" if percent else "flat",
            amount=chance.choice(PPMS) if percent else self.amount(),
            per=chance.choice(("participant", "order")),
            included=chance.random() < 0.3,
            products=self._only(),
        )

    def _discount(self) -> Discount:
        percent = self.chance.random() < 0.5
        return Discount(
            id="d",
            code="EARLY",
            name="Early",
            calc="percent" if percent else "flat",
            amount=self.chance.choice(PPMS) if percent else self.amount(),
            per=self.chance.choice(("participant", "order")),
            products=self._only(),
        )

    def _policy(self, code: str) -> Policy:
        fees = []
        for _ in range(self.chance.randint(0, 4)):
            percent = self.chance.random() < 0.5
            window, unit = self.chance.choice(
                ((None, "hours"), (24, "hours"), (72, "hours"), (3, "days"), (1, "years"))
            )
            fee = {"calc": "percent" if percent else "flat", "per": self.chance.choice(("person", "unit", "order"))}
            amount = self.chance.choice(PPMS) if percent else self.amount()
            fees.append(msgspec.convert({**fee, "amount": amount, "window": window, "window_unit": unit}, Fee))
        return check_policy(Policy(id=code, code=code, name=code, fees=that_count(fees)))

    def cart(self, sold: Catalog) -> Cart:
        """Return an open cart with some of the products, priced with or without the discount."""
        chance = self.chance
        chosen = chance.sample(sorted(sold.products), chance.randint(1, len(sold.products)))
        items = [self._item(sold, sold.products[code]) for code in chosen]
        discount = sold.discounts["EARLY"] if chance.random() < 0.5 else None
        body = CartBody(
            created_by="",
            created_by_email="",
            items=pricing.price(items, sold, discount),
            discount_code=discount.code if discount else None,
        )
        return Cart(
            account_id="account",
            id=new_hex24(),
            owner_id="account",
            status="open",
            version=1,
            body=body,
            order_id=None,
            order_request=None,
            created_at=START,
            modified_at=START,
        )

    def _item(self, sold: Catalog, product: Product) -> Item:
        counts = [(tier, self.chance.randint(0, 4)) for tier in product.tiers]
        counts[0] = (product.tiers[0], max(1, counts[0][1]))
        start_at = START + self.chance.choice((HOUR_MS, 2 * DAY_MS, 30 * DAY_MS, 400 * DAY_MS))
        place = Place(id="hotel", name="Hotel")
        pickup = PickupChoice(id="shuttle", name="Shuttle", location=place, price=self.amount())
        return Item(
            id=product.id,
            product_id=product.id,
            product_code=product.code,
            product_name=product.name,
            product_number=product.number,
            kind=kind_of(product),
            start_at=start_at,
            end_at=start_at + HOUR_MS,
            time_zone=self.chance.choice(ZONES),
            arrangements=(
                Arrangement(policy=sold.policy_of(product), pickup=pickup if self.chance.random() < 0.2 else None),
            ),
            lines=new_lines(product, {}, counts),
            expires_at=START + 500 * DAY_MS,
        )


def live(order: Order) -> Sequence[tuple[Item, str]]:
    """Return what can still be cancelled by itself: each item with the id of one of its participants or units."""
    return [(item, line.id) for item in order.body.items for line in item.live]
