"""The tools and the data from which messages are made."""

from __future__ import annotations

from dataclasses import dataclass, replace

from seatwright.auth.secrets import Keyring
from seatwright.catalog.model import Catalog
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import Clock
from seatwright.core.config import Settings
from seatwright.orders.model import Order
from seatwright.orders.outbox import Event
from seatwright.orders.view import view_of
from seatwright.storage.engine import Database


@dataclass(frozen=True, slots=True)
class Messenger:
    """The tools for making messages."""

    database: Database
    clock: Clock
    settings: Settings
    catalogs: CatalogCache
    keyring: Keyring


@dataclass(frozen=True, slots=True)
class OrderEvent:
    """An event with the present state of its order and of the supplier's catalog."""

    event: Event
    order: Order
    catalog: Catalog

    def for_account(self, account_id: str) -> OrderEvent:
        """Return the event with the order as an account sees it."""
        return replace(self, order=view_of(self.order, account_id))
