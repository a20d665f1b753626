"""`/public/api/tag`: the tags of products by category (wire reference, "Tags, resellers, sign-in by redirect")."""

from __future__ import annotations

from litestar import Response, Router, get

from seatwright.api.resmark.product_routes import SupplierId
from seatwright.api.shapes.product_parts import NamedOut
from seatwright.auth.model import Caller
from seatwright.catalog.tags import TagCategory, categories
from seatwright.http import endpoint
from seatwright.http.context import ApiRequest, services
from seatwright.http.wire import Envelope, Wire
from seatwright.inventory.offer import offered_catalog
from seatwright.storage.engine import ReadTx


class TagCategoryOut(Wire):
    """A category of tags ("Season") with its tags ("Summer"); `tagIds` of `GET /product` takes the ids of both."""

    id: str
    name: str
    tags: list[NamedOut]


@get("", summary="List tags by category")
async def list_tags(request: ApiRequest, supplier_id: SupplierId = None) -> Response[Envelope[list[TagCategoryOut]]]:
    """List all tags by category and name; of a supplier's, those of the products that the caller may sell."""

    async def run(tx: ReadTx, caller: Caller) -> list[TagCategory]:
        catalog = await offered_catalog(tx, services(request).catalogs, caller.account_id, supplier_id)
        return categories(catalog, used=catalog.account_id != caller.account_id)

    return await endpoint.read(request, None, run, lambda found: [_category_out(each) for each in found])


def _category_out(category: TagCategory) -> TagCategoryOut:
    return TagCategoryOut(
        id=category.id, name=category.name, tags=[NamedOut(id=tag.id, name=tag.name) for tag in category.tags]
    )


ROUTES = [Router("/tag", route_handlers=[list_tags], tags=["Products"])]
