"""Products and their dates as Resmark clients read them (wire reference, "Products").

Clients read `images[0].small`, `location[0].id`, `videos[0].url` and `dateSettings.startTime` without looking, so
every key is always there. A product without a place or picture has an empty list: there is nothing to show.
"""

from __future__ import annotations

from decimal import Decimal
from typing import Annotated, Literal, NamedTuple

import msgspec

from seatwright.api.shapes.product_parts import (
    APPROVAL,
    CUTOFF,
    AgesOut,
    LocationOut,
    NamedOut,
    PartyOut,
    PolicyOut,
    QuestionOut,
    TierOut,
    ages_out,
    location_out,
    policy_out,
    question_out,
    tiers_out,
)
from seatwright.catalog.model import Catalog, Product
from seatwright.catalog.questions import questions_of
from seatwright.core.money import to_wire
from seatwright.core.times import iso_utc
from seatwright.http.wire import Wire

_ID = "60be6c0876dc590010d74f01"


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
    tiers: list[TierOut]
    party: PartyOut
    cancellation_policy: PolicyOut | None
    cutoff_min: Annotated[int, msgspec.Meta(description=CUTOFF)]
    approval_min: Annotated[int | None, msgspec.Meta(description=APPROVAL)]
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


class Found(NamedTuple):
    """A product in its catalog."""

    catalog: Catalog
    product: Product


def product_out(found: Found) -> ProductOut:
    """Show a product."""
    catalog, product = found
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
        age_restrictions=ages_out(product),
        class_=product.class_,
        class_types=list(product.class_types),
        location=[location_out(catalog.locations[code]) for code in product.locations],
        images=[ImageOut(small=i.small, large=i.large or i.small, caption=i.caption) for i in product.images],
        videos=[VideoOut(url=video.url) for video in product.videos],
        date_settings=DateSettingsOut(start_time=product.start_time, duration=product.duration_min),
        tags=[NamedOut(id=catalog.tags[code].id, name=catalog.tags[code].name) for code in product.tags],
        questions=[question_out(question) for question in questions_of(catalog, product)],
        tiers=tiers_out(catalog, product),
        party=PartyOut(),
        cancellation_policy=policy_out(catalog, product),
        cutoff_min=product.cutoff_min,
        approval_min=product.approval_min,
        modified_date=iso_utc(product.modified_at),
    )
