"""Data for the flat rows of orders that are not in the orders: accounts, catalogs and users as they are now.

A reader sees of the other side of a resold order only what it may see anyway: the business, and the user who made the
order.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from seatwright.auth import key_store
from seatwright.auth import store as auth_store
from seatwright.auth.model import Account, User
from seatwright.cart.model import Place
from seatwright.catalog.model import Catalog, Location, Zone
from seatwright.catalog.store import CatalogCache
from seatwright.core.ids import is_hex24
from seatwright.orders.model import Order
from seatwright.reports.transactions import Found
from seatwright.storage.engine import ReadTx


class Person(NamedTuple):
    """A person who did something; "" and None mean unknown, or hidden from the reader."""

    name: str = ""
    email: str = ""
    alternative_id: str | None = None


class Facts(NamedTuple):
    """The data read for an account, `viewer`: the accounts of its orders, suppliers' catalogs by account, its own users
    and names of its own keys. Places are by id.
    """

    viewer: Account
    accounts: Mapping[str, Account]
    catalogs: Mapping[str, Catalog]
    places: Mapping[str, Location]
    users: Mapping[str, User]
    keys: Mapping[str, str]

    def made_by_supplier(self, order: Order, creator_id: str) -> bool:
        """Tell whether the supplier made an order itself, also in a reseller's name."""
        return (creator_id in self.users) == (self.viewer.id == order.account_id)

    def agent(self, order: Order, creator_id: str) -> Person | None:
        """Return the reseller's user who sold an order, or in whose name the supplier sold it; None if there is
        none.
        """
        agent = order.body.agent
        if agent is not None:
            user = self.users.get(agent.id)
            return Person(agent.name, agent.email, user.alternative_id if user else None)
        return None if self.made_by_supplier(order, creator_id) else self.creator(order, creator_id)

    def creator(self, order: Order, user_id: str) -> Person:
        """Return the person who made an order, according to the order."""
        user = self.users.get(user_id)
        return Person(order.body.created_by, order.body.created_by_email, user.alternative_id if user else None)

    def actor(self, order: Order, user_id: str, creator_id: str) -> Person:
        """Return who did something: the user who made the order, or one of the viewer's users or keys; else their
        business.

        A change without a user was made by `system` (a deadline) or by the `customer`.
        """
        if user_id == creator_id:
            return self.creator(order, user_id)
        user = self.users.get(user_id)
        if user is not None:
            return Person(user.name, user.email, user.alternative_id)
        if user_id in self.keys:
            return Person(self.keys[user_id])
        if not is_hex24(user_id):
            return Person(user_id)
        other = order.owner_id if order.account_id == self.viewer.id else order.account_id
        return Person(self.accounts[other].name if other != self.viewer.id else "")

    def place(self, place: Place | None) -> Location | None:
        """Return a place of an item as the catalog has it now, None if it is gone."""
        return self.places.get(place.id) if place else None

    def zone(self, order: Order, place: Location | None) -> Zone | None:
        """Return the zone of a supplier's place, the first by code if there are several."""
        zones = self.catalogs[order.account_id].zones if place else {}
        return next((zone for _, zone in sorted(zones.items()) if place and place.code in zone.locations), None)


async def facts_of(tx: ReadTx, cache: CatalogCache, viewer: Account, found: Found) -> Facts:
    """Read the data for the rows of these transactions."""
    suppliers = sorted({row["account_id"] for row in found.orders})
    ids = sorted({*suppliers, *(row["owner_id"] for row in found.orders)})
    actors = sorted({row["actor"] for row in found.events})
    accounts = await auth_store.accounts_with_ids(tx, ids)
    users = await auth_store.users_with_ids(tx, viewer.id, actors)
    keys = await key_store.names(tx, viewer.id, actors)
    catalogs = {supplier: await cache.load(tx, supplier) for supplier in suppliers}
    return Facts(
        viewer=viewer,
        accounts={account.id: account for account in accounts},
        catalogs=catalogs,
        places={place.id: place for catalog in catalogs.values() for place in catalog.locations.values()},
        users={user.id: user for user in users},
        keys=keys,
    )
