"""Orders as accounts see them, rendered once for each of their versions.

The JSON of an order depends only on its version and on the account that sees it. The version is read with every
request, so no outdated JSON is used.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from seatwright.api.shapes.order_wire import order_out
from seatwright.auth.model import Caller
from seatwright.http import wire
from seatwright.http.byte_bounded_cache import ByteBoundedCache
from seatwright.orders import service as orders
from seatwright.orders.listing import ListedOrder
from seatwright.orders.model import Order
from seatwright.orders.store import OrderRow
from seatwright.storage.engine import ReadTx


class OrderJsonCache:
    """A cache of recently shown orders. Safe to use from several threads."""

    def __init__(self) -> None:
        self._kept: ByteBoundedCache[tuple[str, str], tuple[int, msgspec.Raw]] = ByteBoundedCache()

    def one(self, stored: OrderRow, viewer_id: str) -> msgspec.Raw:
        """Return an order as `viewer_id` sees it, in JSON."""
        return self._get(viewer_id, stored.id, stored.version) or self._show(stored.order(), viewer_id)

    async def several(self, tx: ReadTx, caller: Caller, page: Sequence[ListedOrder]) -> list[msgspec.Raw]:
        """Return the orders of a page as the caller's account sees them, in JSON; loads those that aren't cached."""
        viewer_id = caller.account_id
        shown = {listed.id: self._get(viewer_id, listed.id, listed.version) for listed in page}
        missing = [listed.number for listed in page if shown[listed.id] is None]
        for order in await orders.load(tx, caller, missing):
            shown[order.id] = self._show(order, viewer_id)
        return [found for listed in page if (found := shown[listed.id]) is not None]

    def _get(self, viewer_id: str, order_id: str, version: int) -> msgspec.Raw | None:
        kept = self._kept.get((viewer_id, order_id))
        return kept[1] if kept is not None and kept[0] == version else None

    def _show(self, order: Order, viewer_id: str) -> msgspec.Raw:
        shown = msgspec.Raw(wire.encode(order_out(order, viewer_id)))
        self._kept.put((viewer_id, order.id), (order.version, shown), len(shown))
        return shown
