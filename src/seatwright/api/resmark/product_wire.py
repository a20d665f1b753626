"""Products and their dates as Resmark clients read them (wire reference, "Products").

Clients read `images[0].small`, `location[0].id`, `videos[0].url` and `dateSettings.startTime` without looking, so
every key is always there. A product without a place or picture has an empty list: there is nothing to show.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, NamedTuple

import msgspec

from seatwright.catalog.model import Catalog, Location, Pickup, Product, Question, QuestionKind
from seatwright.catalog.questions import questions_of
from seatwright.core.money import to_wire
from seatwright.core.times import iso_utc
from seatwright.http.wire import Wire

_ID = "60be6c0876dc590010d74f01"


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


class ImageOut(Wire):
    """A picture; `large` is the small one where there is no other."""

    small: str
    large: str
    caption: str


class VideoOut(Wire):
    """A film."""

    url: str


class DateSettingsOut(Wire):
    """The usual start on the wall clock (HH:MM, or empty) and the duration in minutes."""

    start_time: str
    duration: int


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


class ProductOut(Wire, kw_only=True):
    """A product. `price` is the marketing price, a text; dates have the prices that count."""

    id: Annotated[str, msgspec.Meta(examples=[_ID])]
    product_code: str
    name: Annotated[str, msgspec.Meta(examples=["Half-day rafting"])]
    product_number: Annotated[int, msgspec.Meta(examples=[4101])]
    price: Annotated[str, msgspec.Meta(examples=["99.00"])]
    quantity_label: Annotated[str, msgspec.Meta(examples=["Guest"])]
    quantity_type: Literal["participant", "unit"]
    dateless: bool
    overview: str
    highlights: Annotated[str, msgspec.Meta(description="HTML.")]
    short_description: str
    age_restrictions: AgesOut | None
    class_: str = msgspec.field(name="class")
    class_types: list[str]
    location: list[LocationOut]
    images: list[ImageOut]
    videos: list[VideoOut]
    date_settings: DateSettingsOut
    tags: list[NamedOut]
    questions: list[QuestionOut]
    modified_date: str


class TimeOut(Wire):
    """One departure. `activityId` is what a cart calls `itemId`; times are the wall clock of its place."""

    activity_id: Annotated[str, msgspec.Meta(examples=["6650aa1f0c1d2e3f40516273"])]
    start_time: Annotated[str | None, msgspec.Meta(examples=["2026-07-14T09:00:00.000Z"])]
    end_time: str | None
    tiers_available: Annotated[
        dict[str, int], msgspec.Meta(description="Seats or units left, for all tiers together.", examples=[{"*": 12}])
    ]
    price: Annotated[dict[str, Decimal], msgspec.Meta(description="Price by tier.", examples=[{"Adult": 99.00}])]


class DayOut(Wire):
    """The departures of one local day; of a dateless product, its only one, under no date."""

    date: Annotated[str | None, msgspec.Meta(examples=["2026-07-14"])]
    times_available: list[TimeOut]


class ItemsOut(Wire):
    """A product's dates, in order."""

    items: list[DayOut]


class PickupServiceOut(Wire):
    """A pickup service: where it stops, how it is met there, and what it costs each participant."""

    id: str
    name: str
    price: Decimal
    locations: list[NamedOut]
    pickup_details: list[NamedOut]


class Found(NamedTuple):
    """A product in its catalog."""

    catalog: Catalog
    product: Product


def _question_out(question: Question) -> QuestionOut:
    return QuestionOut(
        id=question.id,
        name=question.name,
        kind=question.kind,
        choices=list(question.choices),
        required=question.required,
        per=question.per,
        supplier_sees=question.supplier_sees,
    )


def product_out(found: Found) -> ProductOut:
    """Show a product."""
    catalog, product = found
    ages = product.age_restrictions
    first_price = f"{to_wire(product.tiers[0].price, catalog.currency)}"
    return ProductOut(
        id=product.id,
        product_code=product.code,
        name=product.name,
        product_number=product.number,
        price=product.marketing_price or first_price,
        quantity_label=product.quantity_label,
        quantity_type=product.quantity_type,
        dateless=product.dateless,
        overview=product.overview,
        highlights=product.highlights,
        short_description=product.short_description,
        age_restrictions=AgesOut(min_age=ages.min_age, max_age=ages.max_age) if ages else None,
        class_=product.class_,
        class_types=list(product.class_types),
        location=[_location_out(catalog.locations[code]) for code in product.locations],
        images=[ImageOut(small=i.small, large=i.large or i.small, caption=i.caption) for i in product.images],
        videos=[VideoOut(url=video.url) for video in product.videos],
        date_settings=DateSettingsOut(start_time=product.start_time, duration=product.duration_min),
        tags=[NamedOut(id=catalog.tags[code].id, name=catalog.tags[code].name) for code in product.tags],
        questions=[_question_out(question) for question in questions_of(catalog, product)],
        modified_date=iso_utc(product.modified_at),
    )


def _location_out(location: Location) -> LocationOut:
    return LocationOut(
        id=location.id,
        name=location.name,
        address=location.address,
        city=location.city,
        state=location.state,
        country=location.country,
    )


def pickups_out(found: Found) -> list[PickupServiceOut]:
    """Show how guests of a product are picked up."""
    return [_pickup_out(found.catalog, found.catalog.pickups[code]) for code in found.product.pickups]


def _pickup_out(catalog: Catalog, pickup: Pickup) -> PickupServiceOut:
    return PickupServiceOut(
        id=pickup.id,
        name=pickup.name,
        price=to_wire(pickup.price, catalog.currency),
        locations=[NamedOut(id=place.id, name=place.name) for place in catalog.pickup_locations(pickup)],
        pickup_details=[NamedOut(id=detail.id, name=detail.name) for detail in pickup.details],
    )
