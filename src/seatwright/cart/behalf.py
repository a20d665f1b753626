"""Orders that a supplier makes in a reseller's name: a travel agent calls, and the supplier's desk books for the
agent.
"""

from __future__ import annotations

from functools import partial
from typing import NamedTuple

import msgspec

from seatwright.auth import store as accounts
from seatwright.cart import pricing
from seatwright.cart.model import Cart, Item, Line, OrderAgent
from seatwright.cart.resale import require_sold
from seatwright.catalog.model import Catalog
from seatwright.core.errors import NotFound
from seatwright.inventory.offer import for_reseller
from seatwright.resellers.model import Connection, Terms
from seatwright.resellers.service import agents, require_consent
from seatwright.storage.engine import ReadTx


class Behalf(NamedTuple):
    """The reseller in whose name a supplier orders: its account, and its agent by user id, e-mail or alternative id."""

    reseller_id: str
    agent: str | None = None


async def on_behalf(tx: ReadTx, cart: Cart, behalf: Behalf) -> tuple[Cart, Terms]:
    """Return a supplier's cart as one in a reseller's name, and the terms between them; not yet priced.

    Raises `NotFound` without a connection or for an agent that the reseller doesn't have, and `Forbidden` if the
    reseller doesn't let the supplier order in its name.
    """
    connection = await require_consent(tx, cart.account_id, behalf.reseller_id)
    agent = None if behalf.agent is None else await _agent(tx, connection, behalf.agent)
    body = msgspec.structs.replace(cart.body, reseller_id=behalf.reseller_id, agent=agent)
    return msgspec.structs.replace(cart, body=body), connection.terms


async def _agent(tx: ReadTx, connection: Connection, name: str) -> OrderAgent:
    named = await agents(tx, connection.supplier_id, name)
    ids = (agent.user_id for agent in named if agent.account_id == connection.reseller_id)
    found = await accounts.user(tx, connection.reseller_id, next(ids, name))
    if found is None or not found.active:
        raise NotFound(
            "the reseller has no such user.",
            code="agent_not_found",
            about="agent",
        )
    return OrderAgent(id=found.id, name=found.name, email=found.email)


def at_resellers_prices(cart: Cart, catalog: Catalog, terms: Terms) -> Cart:
    """Return a cart that was filled at the supplier's own prices with the prices of a reseller's price category.

    Raises `Conflict` for a product that the reseller may not sell.
    """
    require_sold(cart.body.items, terms)
    offered = for_reseller(catalog, terms)

    def priced(item: Item, line: Line) -> Line:
        product = offered.products_by_id.get(item.product_id)
        tier = product.tier(line.tier) if product else None
        return msgspec.structs.replace(line, price=tier.price) if tier is not None and tier.fixed else line

    items = [item.map_lines(partial(priced, item)) for item in cart.body.items]
    body = msgspec.structs.replace(cart.body, items=pricing.settle(items))
    return msgspec.structs.replace(cart, body=body)
