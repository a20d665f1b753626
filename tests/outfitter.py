"""An operator at work on a test account: imports, departures, and seats that somebody takes."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any

from seatwright.auth.model import PERMISSIONS, Caller
from seatwright.cart import service as carts
from seatwright.cart.context import BookingContext
from seatwright.cart.service import ItemRequest
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import MINUTE_MS, Clock
from seatwright.http.context import Services
from seatwright.orders import service as orders
from seatwright.orders.model import Order
from seatwright.orders.placement import OrderDetails
from seatwright.setup import schedule
from seatwright.setup.departure_form import DepartureChange, NewDeparture, Recurrence
from seatwright.setup.editor import Editor
from seatwright.setup.importing import ImportForm, ImportReport, Options, Preview, import_document
from seatwright.setup.reading import read_form
from seatwright.setup.schedule import DepartureView, RecurrenceResult
from seatwright.storage.engine import Database, Row, Tx

CATALOG: dict[str, Any] = {
    "locations": [{"code": "put-in", "name": "Put-in"}],
    "pools": [{"code": "bikes", "name": "Bikes", "units": 5}],
    "products": [
        {
            "code": "raft",
            "name": "Half-day rafting",
            "number": 4101,
            "tiers": {"Adult": {"price": 99}, "Child": {"price": 59}},
            "locations": ["put-in"],
            "startTime": "09:00",
            "durationMin": 240,
            "cutoffMin": 60,
        },
        {
            "code": "bike",
            "name": "Mountain bike",
            "number": 4201,
            "quantityType": "unit",
            "tiers": {"All": {"price": 60}},
            "durationMin": 240,
            "pool": "bikes",
        },
        {
            "code": "voucher",
            "name": "Gift voucher",
            "number": 4301,
            "quantityType": "unit",
            "dateless": True,
            "tiers": {"All": {"price": 100}},
        },
    ],
}


@dataclass(frozen=True)
class Operator:
    """Who manages one account. Forms are written as plain values, as in a file."""

    database: Database
    catalogs: CatalogCache
    clock: Clock
    account_id: str

    @classmethod
    def of(cls, services: Services, account_id: str) -> Operator:
        """Return the operator of an account."""
        return cls(services.database, services.catalogs, services.clock, account_id)

    @property
    def editor(self) -> Editor:
        """What use cases that set the account up need."""
        return Editor(catalogs=self.catalogs, clock=self.clock, account_id=self.account_id, actor="system")

    @property
    def booking(self) -> BookingContext:
        """What use cases of carts need."""
        return BookingContext(clock=self.clock, catalogs=self.catalogs, hold_ms=30 * MINUTE_MS)

    @property
    def caller(self) -> Caller:
        """Somebody who may do everything."""
        return Caller(
            account_id=self.account_id,
            user_id="0" * 24,
            name="Dana Reyes",
            email="dana@canyon.example",
            permissions=frozenset(PERMISSIONS),
        )

    async def load(self, document: dict[str, Any], **options: bool) -> ImportReport:
        """Import a document; `options` are those of `Options`."""
        form = read_form(document, ImportForm)

        async def run(tx: Tx) -> ImportReport:
            return await import_document(tx, self.editor, form, Options(**options))

        try:
            return await self.database.write(run)
        except Preview as preview:
            return preview.report

    async def create(self, product: str, **form: Any) -> DepartureView:
        """Make a departure."""
        new = read_form(form, NewDeparture)
        return await self.database.write(lambda tx: schedule.create(tx, self.editor, product, new))

    async def create_many(self, product: str, **form: Any) -> RecurrenceResult:
        """Make departures by weekday and time; `first` and `last` are `from` and `to`."""
        form = {{"first": "from", "last": "to"}.get(key, key): value for key, value in form.items()}
        recurrence = read_form(form, Recurrence)
        return await self.database.write(lambda tx: schedule.create_many(tx, self.editor, product, recurrence))

    async def change(self, departure_id: str, **form: Any) -> DepartureView:
        """Change a departure."""
        changes = read_form(form, DepartureChange)
        return await self.database.write(lambda tx: schedule.change(tx, self.editor, departure_id, changes))

    async def delete(self, departure_id: str) -> DepartureView:
        """Delete a departure."""
        return await self.database.write(lambda tx: schedule.delete(tx, self.editor, departure_id))

    async def shown(self, departure_id: str) -> DepartureView:
        """Return a departure as it is now."""
        now = self.clock.now()
        return await self.database.read(lambda tx: schedule.get(tx, self.catalogs, now, self.account_id, departure_id))

    async def take(self, departure_id: str, count: int) -> str:
        """Hold seats for the first tier in a cart of its own, and return the cart's id."""
        product = (await self.shown(departure_id)).product
        cart_id = (await self.database.write(lambda tx: carts.create(tx, self.booking, self.caller))).cart.id
        asked = ItemRequest(departure_id, {product.tiers[0].code: count})
        await self.database.write(lambda tx: carts.add_item(tx, self.booking, self.caller, cart_id, asked))
        return cart_id

    async def sell(self, departure_id: str, count: int) -> Order:
        """Sell seats for the first tier."""
        cart_id = await self.take(departure_id, count)
        return await self.database.write(lambda tx: orders.place(tx, self.booking, self.caller, OrderDetails(cart_id)))

    async def give_up(self, cart_id: str) -> None:
        """Delete a cart."""
        await self.database.write(lambda tx: carts.delete(tx, self.booking, self.caller, cart_id))

    async def rows(self, sql: str, *args: Any) -> Sequence[Row]:
        """Run a query of which `$1` is the account."""
        return await self.database.read(lambda tx: tx.rows(sql, self.account_id, *args))

    async def departures(self) -> list[dict[str, Any]]:
        """Return all departures as they are stored, by product and start."""
        rows = await self.rows(
            """
            SELECT product_id, start_at, end_at, time_zone, local_date, capacity, taken, closed, closes_at, prices,
                pool_starts, id FROM departure WHERE account_id = $1 ORDER BY product_id, start_at, id
            """
        )
        return [{**dict(row), "closed": bool(row["closed"])} for row in rows]

    async def pool(self) -> dict[int, tuple[int, int]]:
        """Return the units that there are and those taken, by the instants at which the only pool is counted."""
        rows = await self.rows("SELECT start_at, capacity, taken FROM pool_start WHERE account_id = $1")
        return {row["start_at"]: (row["capacity"], row["taken"]) for row in rows}

    async def version(self) -> int:
        """Return the version of the catalog."""
        (row,) = await self.rows("SELECT catalog_version FROM account WHERE id = $1")
        return int(row["catalog_version"])

    async def audited(self) -> list[str]:
        """Return the actions in the audit log, oldest first."""
        rows = await self.rows("SELECT action FROM audit_event WHERE account_id = $1 ORDER BY at, id")
        return [row["action"] for row in rows]
