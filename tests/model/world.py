"""The outfitter that the model describes, as a real one: catalog, departures, two accounts, and the API in front."""

from __future__ import annotations

import json
from dataclasses import dataclass, field, replace
from typing import Any

from seatwright.app.assembly import create_app
from seatwright.auth import service as auth
from seatwright.auth.limits import Limits
from seatwright.auth.model import ALL_PERMISSIONS
from seatwright.auth.secrets import Keyring
from seatwright.catalog.model import Charge, Discount, Location, Pickup, PickupDetail, Pool, Product, Tier
from seatwright.catalog.policy import Fee, Policy
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import ManualClock
from seatwright.core.config import Settings
from seatwright.core.ids import new_hex24
from seatwright.http.context import Services
from seatwright.inventory import store as inventory
from seatwright.resellers import service as resellers
from seatwright.resellers.model import Rate, Terms
from seatwright.storage.engine import Database, ReadTx, Tx
from tests.conftest import SECRET, START
from tests.crash.wire import Answer, InProcess
from tests.model.model import Departure, Model
from tests.shop import ZONE, Shop, caller, denver

API = "/public/api"
FLAT20_ENDS = denver("2026-07-03 12:00")

DEPARTURES = {
    "R1": Departure("rafting", 9, denver("2026-07-05 09:00"), denver("2026-07-05 09:00")),
    "R2": Departure("rafting", 5, denver("2026-07-02 11:00"), denver("2026-07-02 11:00"), prices={"Adult": 10500}),
    "K1": Departure("kayak", 3, denver("2026-07-03 09:00"), denver("2026-07-03 08:00")),
    "K2": Departure("kayak", 4, denver("2026-07-09 09:00"), denver("2026-07-09 09:00")),
    "B1": Departure("bike", 5, denver("2026-07-04 09:00"), denver("2026-07-04 09:00"), slots=range(18, 34)),
    "B2": Departure("bike", 3, denver("2026-07-04 09:30"), denver("2026-07-04 09:30"), slots=range(19, 26)),
    "B3": Departure("bike", 5, denver("2026-07-04 16:30"), denver("2026-07-04 16:30"), slots=range(33, 40)),
}
"""By name; `slots` are half hours of the day on which all bikes go out."""
ENDS = {"B1": "2026-07-04 17:00", "B2": "2026-07-04 13:00", "B3": "2026-07-04 20:00"}

TERMS = Terms(rate=Rate(amount=150_000))

CHANGING = (
    "hold, cart, orders, order_view, order_term, order_reference, order_line, ledger_entry, audit_event, discount_use, "
    "idempotency"
)


@dataclass
class Login:
    """An account as a client knows it, and the token it uses at present."""

    account_id: str
    username: str
    key: str
    first_key_hash: str
    token: str = ""
    token_from: int = 0


@dataclass
class World:
    """The running system: `ask()` sends it a request, `seats()` and the rest look behind its API."""

    database: Database
    clock: ManualClock
    settings: Settings
    keyring: Keyring = field(default_factory=lambda: Keyring.from_secret(SECRET))
    ids: dict[str, str] = field(default_factory=dict)
    logins: dict[str, Login] = field(default_factory=dict)

    def __post_init__(self) -> None:
        """Put the API in front. One client sends far more here than a user may."""
        settings = replace(self.settings, requests_per_second=0, holds_per_user=0, holds_per_address=0)
        self._services = Services(
            database=self.database,
            clock=self.clock,
            settings=settings,
            catalogs=CatalogCache(),
            keyring=self.keyring,
        )
        self._app = create_app(settings, self._services)
        self._send = InProcess(self._app)

    async def build(self) -> None:
        """Write accounts, catalog and departures into an empty database."""
        for code in ("canyon", "voyager"):
            await self._account(code)
        canyon = self.logins["canyon"].account_id
        booking = self._booking()
        shop = Shop(self.database, booking, canyon, caller(canyon))
        for kind, entry in _catalog():
            await shop.add(kind, entry)
        for name, d in DEPARTURES.items():
            self.ids[name] = await shop.departure(
                d.product,
                _text(d.start),
                capacity=d.capacity,
                end=ENDS.get(name),
                prices=d.prices or None,
                closes_at=d.closes if d.closes < d.start else None,
                pool="bikes" if d.slots else None,
            )
        voyager = self.logins["voyager"].account_id
        await self.database.write(lambda tx: resellers.connect(tx, START, "test", canyon, voyager, TERMS))
        shuttle = shop.entries["shuttle"]
        assert isinstance(shuttle, Pickup)
        self.ids["detail"] = shuttle.details[0].id

    async def _account(self, code: str) -> None:
        email = f"dana@{code}.example"
        fields = {"name": code.title(), "email": email, "currency": "USD", "time_zone": ZONE}
        made, key = await self.database.write(
            lambda tx: auth.create_account(tx, self.keyring, START, code=code, **fields)
        )
        user = auth.NewUser(email=email, name="Dana Reyes", permissions=ALL_PERMISSIONS)
        await self.database.write(lambda tx: auth.create_user(tx, START, auth.SYSTEM, made.id, user))
        self.logins[code] = Login(made.id, email, key, self.keyring.hash_api_key(key))

    def _booking(self) -> Any:
        return _Booking(self.clock)

    async def reset(self) -> Model:
        """Make everything as it was after `build()`, and return a model of it."""

        async def run(tx: Tx) -> None:
            for table in CHANGING.split(", "):
                await tx.execute(f"DELETE FROM {table}")
            await tx.execute("UPDATE departure SET taken = 0")
            await tx.execute("UPDATE pool_start SET taken = 0")
            await tx.execute("UPDATE connection SET active = TRUE")
            await tx.execute("UPDATE account_counter SET orders = 0, last_created_at = 0")
            for login in self.logins.values():
                await tx.execute(
                    "UPDATE account SET key_hash = $2, key_generation = 1 WHERE id = $1",
                    login.account_id,
                    login.first_key_hash,
                )

        await self.database.write(run)
        self.clock.set(START)
        self._app.state.services = replace(self._services, limits=Limits())
        return Model(dict(sorted(DEPARTURES.items(), key=lambda d: self.ids[d[0]])), FLAT20_ENDS, START)

    async def ask(self, token: str, method: str, path: str, body: Any = None, key: str | None = None) -> Answer:
        """Send a request to the API."""
        headers = {"content-type": "application/json"}
        if token:
            headers["authorization"] = f"Bearer {token}"
        if key is not None:
            headers["idempotency-key"] = key
        return await self._send(method, path, headers, b"" if body is None else json.dumps(body).encode())

    async def seats(self) -> dict[str, int]:
        """Return the free seats of every departure, as availability counts them."""
        account_id, now = self.logins["canyon"].account_id, self.clock.now()

        async def run(tx: ReadTx) -> dict[str, int]:
            found = {name: await inventory.find(tx, account_id, self.ids[name], now) for name in DEPARTURES}
            return {name: departure.free for name, departure in found.items() if departure}

        return await self.database.read(run)

    async def orders(self) -> dict[str, tuple[str, int, int, int]]:
        """Return status, total, paid and seats of every order, from its rows."""

        async def run(tx: ReadTx) -> dict[str, tuple[str, int, int, int]]:
            rows = await tx.rows(
                """
                SELECT o.id, o.status, o.total, o.paid, CAST(COALESCE(SUM(l.seats), 0) AS BIGINT) AS seats
                FROM orders o LEFT JOIN order_line l ON l.account_id = o.account_id AND l.order_id = o.id
                AND l.status = 'confirmed' GROUP BY o.id, o.status, o.total, o.paid
                """
            )
            return {row["id"]: (row["status"], row["total"], row["paid"], row["seats"]) for row in rows}

        return await self.database.read(run)


@dataclass(frozen=True)
class _Booking:
    """Enough of a `BookingContext` for the shop to write its entries."""

    clock: ManualClock


def _text(at: int) -> str:
    """The wall clock of Denver, as `Shop.departure` wants it; July only."""
    midnight = denver("2026-07-01 00:00")
    day, minutes = divmod((at - midnight) // 60_000, 1440)
    return f"2026-07-{day + 1:02d} {minutes // 60:02d}:{minutes % 60:02d}"


def _catalog() -> list[tuple[str, Any]]:
    person_fees = (
        Fee(calc="percent", amount=500_000, per="person", window=24),
        Fee(calc="percent", amount=250_000, per="person", window=72),
        Fee(calc="flat", amount=500, per="person"),
        Fee(calc="flat", amount=300, per="unit"),
    )
    order_fees = (
        Fee(calc="flat", amount=2000, per="order"),
        Fee(calc="percent", amount=500_000, per="order", window=1, window_unit="days"),
    )
    by_kind: list[tuple[str, type, list[dict[str, Any]]]] = [
        ("location", Location, [{"code": "hotel"}]),
        (
            "pickup",
            Pickup,
            [
                {
                    "code": "shuttle",
                    "price": 1000,
                    "locations": ("hotel",),
                    "details": (PickupDetail(id=new_hex24(), name="07:30"),),
                }
            ],
        ),
        ("policy", Policy, [{"code": "tiered", "fees": person_fees}, {"code": "whole", "fees": order_fees}]),
        ("pool", Pool, [{"code": "bikes", "units": 4}]),
        (
            "charge",
            Charge,
            [
                {"code": "tax", "kind": "tax", "calc": "percent", "amount": 75_000},
                {"code": "river", "kind": "fee", "calc": "percent", "amount": 50_000, "products": ("rafting",)},
                {"code": "booking", "kind": "service_fee", "calc": "flat", "amount": 301, "per": "order"}
                | {"products": ("kayak",)},
                {"code": "cleaning", "kind": "fee", "calc": "flat", "amount": 99, "products": ("bike",)},
            ],
        ),
        (
            "discount",
            Discount,
            [
                {"code": "EARLY10", "calc": "percent", "amount": 100_000},
                {"code": "FLAT20", "calc": "flat", "amount": 2000, "per": "order", "products": ("rafting",)}
                | {"max_uses": 1, "ends_at": FLAT20_ENDS},
            ],
        ),
        (
            "product",
            Product,
            [
                {"code": "rafting", "number": 1, "policy": "tiered", "pickups": ("shuttle",)}
                | {"tiers": (_tier("Adult", 9900), _tier("Child", 5950), _tier("Raft", 30050, seats=4))},
                {"code": "kayak", "number": 2, "policy": "whole", "tiers": (_tier("All", 7005),)},
                {"code": "bike", "number": 3, "policy": "tiered", "quantity_type": "unit", "pool": "bikes"}
                | {"approval_min": 240}
                | {"tiers": (_tier("All", 6000),)},
            ],
        ),
    ]
    return [
        (kind, cls(id=new_hex24(), name=fields["code"], **fields)) for kind, cls, rows in by_kind for fields in rows
    ]


def _tier(code: str, price: int, seats: int = 1) -> Tier:
    return Tier(code=code, name=code, price=price, seats=seats)
