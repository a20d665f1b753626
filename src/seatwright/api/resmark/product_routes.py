"""`/public/api/product`: products, their dates and pickups (wire reference, "Products").

With `supplierId` a reseller reads the products of a supplier that it is connected to.
"""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import Response, Router, get
from litestar.params import PathParameter, QueryParameter

from seatwright.api.resmark.calendar_json import CalendarJsonCache
from seatwright.api.resmark.product_wire import (
    Found,
    ItemsOut,
    ProductOut,
    product_out,
)
from seatwright.api.shapes.csv import csv_numbers, csv_values
from seatwright.api.shapes.days import calendar_days
from seatwright.api.shapes.product_parts import PickupServiceOut, pickups_out
from seatwright.auth.model import Caller
from seatwright.catalog.products import ProductFilter, look_up, select
from seatwright.core.moments import parse_moment
from seatwright.http import endpoint
from seatwright.http.context import ApiRequest, services
from seatwright.http.wire import DEFAULT_LIMIT, Envelope, Limit, Page
from seatwright.inventory.offer import offered_catalog
from seatwright.storage.engine import ReadTx

SearchTerm = Annotated[
    str,
    PathParameter(description="Product id, product number, or name; part of a name if it fits one product alone."),
]
SupplierId = Annotated[
    str | None,
    QueryParameter(name="supplierId", description="Reads the products of this supplier, for its resellers."),
]
_DAY = "`YYYY-MM-DD` or `YYYY-MM`, on the calendar of the product's place."


@get("", summary="List products")
async def list_products(
    request: ApiRequest,
    limit: Limit = DEFAULT_LIMIT,
    page: Page = 0,
    ids: Annotated[str | None, QueryParameter(description="Comma-separated product ids.")] = None,
    tag_ids: Annotated[
        str | None, QueryParameter(name="tagIds", description="Comma-separated tag ids; one of them is enough.")
    ] = None,
    last_modified: Annotated[
        str | None,
        QueryParameter(
            name="lastModified", description="Modified at or after this: `YYYY-MM-DD` or an ISO 8601 time, UTC."
        ),
    ] = None,
    product_numbers: Annotated[
        str | None, QueryParameter(name="productNumbers", description="Comma-separated product numbers.")
    ] = None,
    product_name: Annotated[
        str | None, QueryParameter(name="productName", description="Full or partial name, in any case.")
    ] = None,
    supplier_id: SupplierId = None,
) -> Response[Envelope[list[ProductOut]]]:
    """List active products in the order of their numbers, filtered by everything that is given."""
    chosen = ProductFilter(
        ids=csv_values("ids", ids),
        tags=csv_values("tagIds", tag_ids),
        numbers=csv_numbers("productNumbers", product_numbers),
        name=(product_name or "").strip() or None,
        modified_since=parse_moment(last_modified, "UTC", field="lastModified") if last_modified else None,
    )

    async def run(tx: ReadTx, caller: Caller) -> list[Found]:
        catalog = await offered_catalog(tx, services(request).catalogs, caller.account_id, supplier_id)
        return [Found(catalog, product) for product in select(catalog, chosen, limit=limit, page=page)]

    return await endpoint.read(request, None, run, lambda found: [product_out(each) for each in found])


@get("/{search_term:str}", summary="Read a product")
async def read_product(
    request: ApiRequest, search_term: SearchTerm, supplier_id: SupplierId = None
) -> Response[Envelope[ProductOut]]:
    """Read a product by id, product number or name."""

    async def run(tx: ReadTx, caller: Caller) -> Found:
        catalog = await offered_catalog(tx, services(request).catalogs, caller.account_id, supplier_id)
        return Found(catalog, look_up(catalog, search_term))

    return await endpoint.read(request, None, run, product_out)


@get("/{search_term:str}/item", summary="List the dates and times of a product")
async def list_items(
    request: ApiRequest,
    search_term: SearchTerm,
    from_: Annotated[
        str | None, QueryParameter(name="from", description=f"First day, today by default: {_DAY}")
    ] = None,
    to: Annotated[
        str | None,
        QueryParameter(name="to", description=f"Last day: {_DAY} By default 31 days later, or the end of a month."),
    ] = None,
    supplier_id: SupplierId = None,
) -> Response[Envelope[ItemsOut]]:
    """List what can be booked, by local day. What is sold out is listed with 0; closed and past times are not."""
    now = services(request).clock.now()

    shown: CalendarJsonCache = request.app.state.calendar_json

    async def run(tx: ReadTx, caller: Caller) -> msgspec.Raw:
        catalog = await offered_catalog(tx, services(request).catalogs, caller.account_id, supplier_id)
        product = look_up(catalog, search_term)
        first, last = calendar_days(from_, to, now, catalog.zone_of(product))
        return await shown.show(tx, catalog, product, first, last, now)

    return await endpoint.read(request, None, run, lambda items: items)


@get("/{search_term:str}/pickup", summary="List the pickups of a product")
async def list_pickups(
    request: ApiRequest, search_term: SearchTerm, supplier_id: SupplierId = None
) -> Response[Envelope[list[PickupServiceOut]]]:
    """List how and where guests of a product can be picked up."""

    async def run(tx: ReadTx, caller: Caller) -> Found:
        catalog = await offered_catalog(tx, services(request).catalogs, caller.account_id, supplier_id)
        return Found(catalog, look_up(catalog, search_term))

    return await endpoint.read(request, None, run, lambda found: pickups_out(*found))


ROUTES = [Router("/product", route_handlers=[list_products, read_product, list_items, list_pickups], tags=["Products"])]
