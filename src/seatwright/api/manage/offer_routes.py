"""`/api/v1/offers`: all that a seller has to know of what it sells, its own products or a supplier's."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler
from litestar.params import PathParameter, QueryParameter

from seatwright.api.shapes.product_parts import (
    APPROVAL,
    CUTOFF,
    AgesOut,
    LocationOut,
    PartyOut,
    PickupServiceOut,
    PolicyOut,
    QuestionOut,
    TierOut,
    ages_out,
    location_out,
    pickups_out,
    policy_out,
    question_out,
    tiers_out,
)
from seatwright.auth.model import Caller
from seatwright.catalog.model import Catalog, Product
from seatwright.catalog.products import ProductFilter, look_up, select
from seatwright.catalog.questions import questions_of
from seatwright.core.times import iso_utc
from seatwright.http import endpoint
from seatwright.http.context import ApiRequest, services
from seatwright.http.wire import DEFAULT_LIMIT, Envelope, Limit, Page, Wire
from seatwright.inventory.offer import offered_catalog
from seatwright.storage.engine import ReadTx

_TAGS = ["Products"]
SupplierId = Annotated[
    str | None,
    QueryParameter(name="supplierId", description="What of this supplier's a reseller may sell, at its own prices."),
]


class OfferOut(Wire, kw_only=True):
    """A product as its seller has to know it. Departures with their seats and prices are at `/product/{id}/item`."""

    id: Annotated[str, msgspec.Meta(examples=["60be6c0876dc590010d74f01"])]
    product_code: str
    product_number: Annotated[int, msgspec.Meta(examples=[4101])]
    name: str
    short_description: str
    supplier_id: str
    currency: Annotated[str, msgspec.Meta(examples=["USD"])]
    time_zone: Annotated[str, msgspec.Meta(examples=["America/Denver"])]
    quantity_type: Literal["participant", "unit"]
    dateless: bool
    duration_min: int
    locations: list[LocationOut]
    ages: AgesOut | None
    tiers: list[TierOut]
    party: PartyOut
    questions: list[QuestionOut]
    cancellation_policy: PolicyOut | None
    cutoff_min: Annotated[int, msgspec.Meta(description=CUTOFF)]
    approval_min: Annotated[int | None, msgspec.Meta(description=APPROVAL)]
    pickups: list[PickupServiceOut]
    modified_date: str


@get("/offers", summary="List what can be sold", tags=_TAGS)
async def list_offers(
    request: ApiRequest, limit: Limit = DEFAULT_LIMIT, page: Page = 0, supplier_id: SupplierId = None
) -> Response[Envelope[list[OfferOut]]]:
    """List active products by number, each with tiers, ages, questions, policy, cut-off, pickups and party sizes."""

    async def run(tx: ReadTx, caller: Caller) -> list[tuple[Catalog, Product]]:
        catalog = await offered_catalog(tx, services(request).catalogs, caller.account_id, supplier_id)
        return [(catalog, product) for product in select(catalog, ProductFilter(), limit=limit, page=page)]

    return await endpoint.read(request, None, run, lambda found: [_offer_out(*each) for each in found])


@get("/offers/{search_term:str}", summary="Read what can be sold", tags=_TAGS)
async def read_offer(
    request: ApiRequest,
    search_term: Annotated[str, PathParameter(description="Product id, number, code or name.")],
    supplier_id: SupplierId = None,
) -> Response[Envelope[OfferOut]]:
    """Read one of them."""

    async def run(tx: ReadTx, caller: Caller) -> tuple[Catalog, Product]:
        catalog = await offered_catalog(tx, services(request).catalogs, caller.account_id, supplier_id)
        return catalog, look_up(catalog, search_term)

    return await endpoint.read(request, None, run, lambda found: _offer_out(*found))


def _offer_out(catalog: Catalog, product: Product) -> OfferOut:
    return OfferOut(
        id=product.id,
        product_code=product.code,
        product_number=product.number,
        name=product.name,
        short_description=product.short_description,
        supplier_id=catalog.account_id,
        currency=catalog.currency,
        time_zone=catalog.zone_of(product),
        quantity_type=product.quantity_type,
        dateless=product.dateless,
        duration_min=product.duration_min,
        locations=[location_out(catalog.locations[code]) for code in product.locations],
        ages=ages_out(product),
        tiers=tiers_out(catalog, product),
        party=PartyOut(),
        questions=[question_out(question) for question in questions_of(catalog, product)],
        cancellation_policy=policy_out(catalog, product),
        cutoff_min=product.cutoff_min,
        approval_min=product.approval_min,
        pickups=pickups_out(catalog, product),
        modified_date=iso_utc(product.modified_at),
    )


ROUTES: list[HTTPRouteHandler] = [list_offers, read_offer]
