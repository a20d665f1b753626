"""Random things to sell, with every sort of charge, discount, pickup, policy and price tier, and ways to buy them."""

from __future__ import annotations

import random
from typing import Literal, NamedTuple

import msgspec

from seatwright.catalog.model import Catalog, Charge, Discount, Location, Pickup, Product, Tier
from seatwright.catalog.policy import Fee, Policy, check_policy
from tests.shop import that_count

PPMS = (0, 1, 50_000, 75_000, 190_000, 333_333, 500_000, 1_000_000)
CODE = "TWENTY"


class Pick(NamedTuple):
    """What is added to a cart in one go: so many of a product's tier, in one of its places or with a pickup."""

    product: str
    tier: str
    count: int
    place: str | None


class Goods(NamedTuple):
    """The entries of a catalog, each kind in an order in which later ones refer to earlier ones."""

    locations: list[Location]
    pickups: list[Pickup]
    policies: list[Policy]
    charges: list[Charge]
    discount: Discount
    products: list[Product]

    def entries(self) -> list[tuple[str, Location | Pickup | Policy | Charge | Discount | Product]]:
        """Return all entries with the names of their kinds."""
        return [
            *(("location", each) for each in self.locations),
            *(("pickup", each) for each in self.pickups),
            *(("policy", each) for each in self.policies),
            *(("charge", each) for each in self.charges),
            ("discount", self.discount),
            *(("product", each) for each in self.products),
        ]

    def catalog(self) -> Catalog:
        """Return a catalog of it, without a database."""
        return Catalog(
            account_id="account",
            version=1,
            currency="USD",
            time_zone="UTC",
            policy_code=None,
            products={each.code: each for each in self.products},
            charges={each.code: each for each in sorted(self.charges, key=lambda charge: charge.code)},
            policies={each.code: each for each in self.policies},
            locations={each.code: each for each in self.locations},
            zones={},
            pickups={each.code: each for each in self.pickups},
            tags={},
            questions={},
            discounts={self.discount.code: self.discount},
            pools={},
            products_by_id={each.id: each for each in self.products},
        )


class Chance:
    """Makes goods and picks; the edges (nothing, one, much, odd shares, gratis) are met often."""

    def __init__(self, seed: int) -> None:
        self.random = random.Random(seed)

    def amount(self) -> int:
        """Return an amount in minor units."""
        return self.random.choice((0, 1, 2, 99, 250, 1190, 5000, 10_000, self.random.randint(0, 20_000)))

    def goods(self) -> Goods:
        """Return two products, an activity that has two pickups and two places, and something with neither."""
        locations = [Location(id=f"{n:024x}", code=f"l{n}", name=f"Place {n}") for n in range(4)]
        pickups = [
            Pickup(id=f"{8 + n:024x}", code=f"k{n}", name=f"Pickup {n}", price=self.amount(), locations=(f"l{2 + n}",))
            for n in range(2)
        ]
        policies = [self.policy(code) for code in ("one", "other")]
        kind: Literal["participant", "unit"] = self.random.choice(("participant", "unit"))
        products = [
            self._product(0, locations=("l0", "l1"), pickups=("k0", "k1")),
            msgspec.structs.replace(self._product(1), quantity_type=kind),
        ]
        return Goods(locations, pickups, policies, self.charges(), self.discount(), products)

    def _product(self, number: int, locations: tuple[str, ...] = (), pickups: tuple[str, ...] = ()) -> Product:
        tiers = [Tier(code=name, name=name, price=self.amount()) for name in ("Adult", "Child")]
        return Product(
            id=f"{16 + number:024x}",
            code=f"p{number}",
            name=f"Product {number}",
            number=4000 + number,
            tiers=(*tiers, Tier(code="Free", name="Free", price=0)),
            locations=locations,
            pickups=pickups,
            policy=self.random.choice(("one", "other", None)),
        )

    def _only(self) -> tuple[str, ...] | None:
        return self.random.choice((None, None, ("p0",), ("p1",)))

    def charges(self) -> list[Charge]:
        """Return up to five charges, at least one of them per order."""
        first = msgspec.structs.replace(self._charge(0), per="order", compound=False)
        return [first, *(self._charge(n) for n in range(1, self.random.randint(1, 5)))]

    def _charge(self, number: int) -> Charge:
        chance = self.random
        percent = chance.random() < 0.6
        per: Literal["participant", "order"] = chance.choice(("participant", "order"))
        kind: Literal["tax", "fee", "service_fee"] = chance.choice(("tax", "tax", "fee", "service_fee"))
        return Charge(
            id=f"{32 + number:024x}",
            code=f"c{number}",
            name=f"Charge {number}",
            kind=kind,
            calc="percent" if percent else "flat",
            amount=chance.choice(PPMS) if percent else self.amount(),
            per=per,
            included=chance.random() < 0.4,
            compound=kind == "tax" and percent and per == "participant" and chance.random() < 0.3,
            products=self._only(),
        )

    def discount(self) -> Discount:
        """Return a discount, half of the time off the order."""
        percent = self.random.random() < 0.5
        return Discount(
            id=f"{48:024x}",
            code=CODE,
            name="Twenty",
            calc="percent" if percent else "flat",
            amount=self.random.choice(PPMS) if percent else self.amount(),
            per=self.random.choice(("participant", "order")),
            products=self._only(),
            max_uses=self.random.choice((None, 1)),
        )

    def policy(self, code: str) -> Policy:
        """Return a policy with up to four fees."""
        fees = []
        for _ in range(self.random.randint(0, 4)):
            percent = self.random.random() < 0.5
            window, unit = self.random.choice(((None, "hours"), (24, "hours"), (72, "hours"), (3, "days")))
            fee = {"calc": "percent" if percent else "flat", "per": self.random.choice(("person", "unit", "order"))}
            amount = self.random.choice(PPMS) if percent else self.amount()
            fees.append(msgspec.convert({**fee, "amount": amount, "window": window, "window_unit": unit}, Fee))
        number = 64 if code == "one" else 65
        return check_policy(Policy(id=f"{number:024x}", code=code, name=code, fees=that_count(fees)))

    def picks(self) -> list[Pick]:
        """Return what is bought, in no particular order."""
        chance = self.random
        return [
            Pick(
                product := chance.choice(("p0", "p0", "p1")),
                chance.choice(("Adult", "Adult", "Child", "Free")),
                chance.choice((1, 1, 1, 2, 3)),
                chance.choice((None, None, "l0", "l1", "l2", "l3")) if product == "p0" else None,
            )
            for _ in range(chance.randint(2, 6))
        ]

    def split(self, picks: list[Pick]) -> list[list[Pick]]:
        """Return the same picks in several groups, in any order."""
        groups: list[list[Pick]] = [[] for _ in range(self.random.randint(2, 4))]
        for pick in picks:
            self.random.choice(groups).append(pick)
        self.random.shuffle(groups)
        return [group for group in groups if group]
