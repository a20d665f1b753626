"""What is told of a product by every door: price tiers, ages, questions, policy, pickups, and how many may come."""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal

import msgspec

from seatwright.cart.model import MAX_LINES
from seatwright.catalog.model import Catalog, Location, Pickup, Product, Question, QuestionKind
from seatwright.catalog.policy import Fee
from seatwright.core.money import PPM, to_wire
from seatwright.http.wire import Wire

CUTOFF = "How long before the start the product can be booked at the latest, in minutes; 0 is until the start."
APPROVAL = "An order is pending until the supplier accepts it, within so many minutes; null: it needn't be accepted."


class AgesOut(Wire):
    """Ages that may take part, in years; null is no limit."""

    min_age: int | None
    max_age: int | None


class LocationOut(Wire):
    """A place where a product starts."""

    id: str
    name: str
    address: str
    city: str
    state: str
    country: str


class NamedOut(Wire):
    """Something with an id and a name."""

    id: str
    name: str


class QuestionOut(Wire):
    """A custom question that is asked of those who book: its answer is sent under `name`, its label, with the customer
    or, `per` participant, with each participant. `choices` are the answers to a choice; empty otherwise.
    `supplierSees`: a supplier that doesn't see customers' contacts sees the answer all the same."""

    id: str
    name: Annotated[str, msgspec.Meta(examples=["Allergies or diet"])]
    kind: QuestionKind
    choices: list[str]
    required: bool
    per: Literal["order", "participant"]
    supplier_sees: bool


class TierOut(Wire):
    """A price tier: the name that is sent in `participants`, its price, how many seats each of its guests takes, and
    the ages that it is for. Departures may have other prices.
    """

    code: Annotated[str, msgspec.Meta(examples=["Adult"])]
    name: str
    price: Annotated[Decimal, msgspec.Meta(examples=[99.00])]
    seats: int
    min_age: int | None
    max_age: int | None


class PolicyFeeOut(Wire):
    """A fee for cancelling: a `percent` of the price, or an `amount`, `per` person, unit or order. It applies when less
    than `window` is left until the start; always if that is null. Of several the one with the narrowest window counts.
    """

    percent: Decimal | None
    amount: Decimal | None
    per: Literal["person", "unit", "order"]
    window: int | None
    window_unit: Literal["hours", "days", "years"]


class PolicyOut(Wire):
    """What a customer agrees to; whether they can cancel `online` or have to call; and the fees."""

    name: str
    text: str
    online: bool
    fees: list[PolicyFeeOut]


class PartyOut(Wire):
    """How many guests, or units, one booking may have."""

    min: int = 1
    max: int = MAX_LINES


class PickupServiceOut(Wire):
    """A pickup service: where it stops, how it is met there, and what it costs each participant."""

    id: str
    name: str
    price: Decimal
    locations: list[NamedOut]
    pickup_details: list[NamedOut]


def tiers_out(catalog: Catalog, product: Product) -> list[TierOut]:
    """Show the price tiers, at the prices that the reader may sell at."""
    return [
        TierOut(
            code=tier.code,
            name=tier.name,
            price=to_wire(tier.price, catalog.currency),
            seats=tier.seats,
            min_age=tier.min_age,
            max_age=tier.max_age,
        )
        for tier in product.tiers
    ]


def policy_out(catalog: Catalog, product: Product) -> PolicyOut | None:
    """Show the cancellation policy that counts for a product; None: cancelling costs nothing."""
    policy = catalog.policy_of(product)
    if policy is None:
        return None
    fees = [_fee_out(fee, catalog.currency) for fee in policy.fees]
    return PolicyOut(name=policy.name, text=policy.text, online=policy.online, fees=fees)


def _fee_out(fee: Fee, currency: str) -> PolicyFeeOut:
    percent = fee.calc == "percent"
    return PolicyFeeOut(
        percent=Decimal(fee.amount) * 100 / PPM if percent else None,
        amount=None if percent else to_wire(fee.amount, currency),
        per=fee.per,
        window=fee.window,
        window_unit=fee.window_unit,
    )


def ages_out(product: Product) -> AgesOut | None:
    """Show the ages that may take part; None: all."""
    ages = product.age_restrictions
    return AgesOut(min_age=ages.min_age, max_age=ages.max_age) if ages else None


def question_out(question: Question) -> QuestionOut:
    """Show a question."""
    return QuestionOut(
        id=question.id,
        name=question.name,
        kind=question.kind,
        choices=list(question.choices),
        required=question.required,
        per=question.per,
        supplier_sees=question.supplier_sees,
    )


def location_out(location: Location) -> LocationOut:
    """Show a place."""
    return LocationOut(
        id=location.id,
        name=location.name,
        address=location.address,
        city=location.city,
        state=location.state,
        country=location.country,
    )


def pickups_out(catalog: Catalog, product: Product) -> list[PickupServiceOut]:
    """Show how guests of a product are picked up."""
    return [_pickup_out(catalog, catalog.pickups[code]) for code in product.pickups]


def _pickup_out(catalog: Catalog, pickup: Pickup) -> PickupServiceOut:
    return PickupServiceOut(
        id=pickup.id,
        name=pickup.name,
        price=to_wire(pickup.price, catalog.currency),
        locations=[NamedOut(id=place.id, name=place.name) for place in catalog.pickup_locations(pickup)],
        pickup_details=[NamedOut(id=detail.id, name=detail.name) for detail in pickup.details],
    )
