"""A small outfitter in the process of a test, for generated requests: an application, and ids that exist in it."""

from __future__ import annotations

from collections.abc import AsyncIterator, Collection, Iterator
from contextlib import asynccontextmanager, contextmanager
from dataclasses import replace
from typing import Any

import msgspec
import schemathesis
from litestar import Litestar
from schemathesis import Case
from schemathesis.config import SchemathesisConfig
from schemathesis.core.parameters import ParameterLocation
from schemathesis.python.asgi import shutdown_lifespans
from schemathesis.schemas import BaseSchema

from seatwright.app.assembly import create_app
from seatwright.auth import service as auth
from seatwright.auth.model import ALL_PERMISSIONS
from seatwright.auth.secrets import Keyring
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import ManualClock
from seatwright.core.config import Settings
from seatwright.http.context import Services
from seatwright.invariants.checks import Finding, check
from seatwright.resellers import service as resellers
from seatwright.storage.engine import Database, Tx
from seatwright.storage.open import open_database
from tests.conftest import SECRET, START
from tests.shop import Shop, open_shop

API = "/public/api"
SEATS = 1_000_000
"""So many that nothing is ever sold out: what a request gets doesn't depend on the requests before."""
ID_LENGTHS = (24, 36)
AS_DRAWN = 6
"""One request of so many is sent as it was drawn. Into the others, ids are put that exist."""


class Playground:
    """The application, its described `schema`, `headers` of a user who may do everything, and what exists."""

    def __init__(self, settings: Settings, config: SchemathesisConfig) -> None:
        """Take settings of a migrated, empty database."""
        self._settings = replace(settings, requests_per_second=0, holds_per_user=0, holds_per_address=0)
        self._app = create_app(self._settings, None, lifespan=[self._lifespan])
        self._ids: dict[str, str] = {}
        self._turn = 0
        self._cart = ""
        self._order: dict[str, Any] = {}
        self.findings: list[Finding] = []
        self._config = config
        self.schema: BaseSchema = schemathesis.openapi.from_asgi("/openapi.json", self._app, config=config)
        who = {name: self._ids[name] for name in ("username", "apikey")}
        self.headers = {"Authorization": f"Bearer {self._call('POST', '/authenticate', body=who).text}"}

    def part(self, *tags: str, without: Collection[str] = (), config: SchemathesisConfig | None = None) -> BaseSchema:
        """Return the schema of the operations with these tags, but for those whose ids are in `without`."""
        paths: dict[str, Any] = {}
        for path, item in self.schema.raw_schema["paths"].items():
            for method, operation in item.items():
                if {*tags} & {*operation["tags"]} and operation["operationId"] not in without:
                    paths.setdefault(path, {})[method] = operation
        return self.schema_of({**self.schema.raw_schema, "paths": paths}, config)

    def schema_of(self, document: dict[str, Any], config: SchemathesisConfig | None = None) -> BaseSchema:
        """Return the schema of the application as another document describes it."""
        schema = schemathesis.openapi.from_dict(document, config=config or self._config)
        schema.app = self._app
        return schema

    @asynccontextmanager
    async def _lifespan(self, app: Litestar) -> AsyncIterator[None]:
        clock, keyring = ManualClock(START), Keyring.from_secret(SECRET)
        database = await open_database(self._settings)
        await self._build(database, clock)
        app.state.services = Services(
            database=database, clock=clock, settings=self._settings, catalogs=CatalogCache(), keyring=keyring
        )
        yield
        self.findings = await check(database, clock.now())
        await database.close()

    async def _build(self, database: Database, clock: ManualClock) -> None:
        shop = await open_shop(database, clock)
        other: Shop = await open_shop(database, clock, code="tripdesk")
        await shop.add("pool", msgspec.structs.replace(shop.entries["bikes"], units=SEATS))
        rafting = await shop.departure("rafting", "2026-07-14 09:00", capacity=SEATS)
        bike = await shop.departure("bike", "2026-07-14 09:00", capacity=SEATS, pool="bikes")
        kayak = await shop.departure("kayak", "2026-07-14 09:00", capacity=SEATS)

        async def run(tx: Tx) -> str:
            await resellers.connect(tx, START, "test", shop.account_id, other.account_id)
            new = auth.NewUser(email="spare@canyon.example", name="Spare", permissions=ALL_PERMISSIONS)
            return (await auth.create_user(tx, START, auth.SYSTEM, shop.account_id, new)).id

        spare = await database.write(run)
        self._ids = {"rafting": rafting, "bike": bike, "kayak": kayak, "user": spare, "reseller": other.account_id}
        self._ids |= {"username": shop.username, "apikey": shop.apikey}

    def _call(self, method: str, path: str, *, body: Any = None, **path_parameters: str) -> schemathesis.Response:
        """Send a request of our own."""
        operation = self.schema[f"{API}{path}"][method]
        case = operation.Case(path_parameters=path_parameters, body=body, media_type="application/json")
        return case.call(headers=getattr(self, "headers", {}))

    def _data(self, method: str, path: str, *, body: Any = None, **path_parameters: str) -> Any:
        answer = self._call(method, path, body=body, **path_parameters)
        assert answer.status_code == 200, answer.text
        return answer.json()["data"]

    def _open_cart(self) -> str:
        """Return a cart with a rafting trip in it, a new one every few times."""
        if not self._cart or self._turn % 7 == 0:
            self._cart = str(self._data("POST", "/cart", body={})["id"])
            more = {"itemId": self._ids["rafting"], "participants": {"Adult": 2}}
            self._data("POST", "/cart/{cartId}/item", body=more, cartId=self._cart)
        return self._cart

    def _sold(self) -> dict[str, Any]:
        """Return an order of rafting trips, a new one every few times."""
        if not self._order or self._turn % 7 == 0:
            cart, self._cart = self._open_cart(), ""
            self._order = self._data("POST", "/order", body={"id": cart})
        return self._order

    def fill(self, case: Case) -> None:
        """Put ids that exist into a drawn request, wherever it is meant to be good."""
        self._turn += 1
        if self._turn % AS_DRAWN == 0:
            return
        if case.headers:
            case.headers.pop("Idempotency-Key", None)
        if case.query and case.query.get("supplierId") and not _is_wrong(case, ParameterLocation.QUERY):
            case.query.pop("supplierId")
        if case.path_parameters and not _is_wrong(case, ParameterLocation.PATH):
            case.path_parameters = {**case.path_parameters, **self._path(case)}
        if isinstance(case.body, dict) and not _is_wrong(case, ParameterLocation.BODY):
            case.body = {**case.body, **self._body(case)}

    def begin(self, turn: int = 0) -> None:
        """Begin a scenario, or a step of it: the same requests get the same kinds of answers each time."""
        self._turn, self._cart, self._order = turn, "", {}

    def choose(self, case: Case) -> None:
        """Put into a step of a scenario what no answer before gave: ids where they were made up, whom to book for."""
        self.begin(self._turn + 1)
        if case.headers:
            case.headers.pop("Idempotency-Key", None)
        if case.query:
            case.query.pop("supplierId", None)
        if case.path_parameters and any(len(str(value)) not in ID_LENGTHS for value in case.path_parameters.values()):
            case.path_parameters = {**case.path_parameters, **self._path(case)}
        if isinstance(case.body, dict):
            given = {name: case.body[name] for name in ("id", "itemId") if len(str(case.body.get(name))) in ID_LENGTHS}
            case.body = {**case.body, **self._body(case), **given}

    def _path(self, case: Case) -> dict[str, str]:
        """Return path parameters that lead somewhere."""
        path, names, turn = case.operation.path, case.path_parameters or {}, self._turn
        known = {"searchTerm": "4101", "departureId": self._ids["kayak"], "userId": self._ids["user"]}
        known |= {"resellerId": self._ids["reseller"], "itemId": self._ids["rafting"], "code": _code(path)}
        if "orderId" in names or "subjectId" in names:
            order = self._sold()
            people = order["items"][0]["participantList"]
            known |= {"orderId": str(order["confirmation"] if turn % 2 else order["id"]), "subjectId": order["id"]}
            known |= dict.fromkeys(("participantId", "unitId", "lineId"), people[turn % len(people)]["id"])
        if "cartId" in names:
            known["cartId"] = self._open_cart()
            if case.operation.label == f"DELETE {API}/cart/{{cartId}}":
                self._cart = ""
        return {name: known[name] for name in names if name in known}

    def _body(self, case: Case) -> dict[str, Any]:
        """Return fields of a body that lead somewhere."""
        turn = self._turn
        match case.operation.label.removeprefix(f"POST {API}"):
            case "/cart/{cartId}/item":
                bike = {"itemId": self._ids["bike"], "units": {"All": "1"}, "participants": None}
                counts: dict[str, Any] = {"All": 1, "Adult": "2", "Child": 0} if turn % 2 else {"Senior": turn % 3 + 1}
                rafting = {"itemId": self._ids["rafting"], "participants": counts, "locationId": ""}
                return bike if turn % 11 == 0 else rafting | ({} if turn % 3 else {"pickupDetailId": None})
            case "/cart/{cartId}/discount":
                return {"code": "EARLY10"} if turn % 2 else {}
            case "/order":
                order_id = [None, "", self._sold()["confirmation"], self._sold()["id"]][turn % 4]
                cart = self._open_cart()
                self._cart = "" if turn % 3 else cart
                return {"id": cart, "orderId": order_id}
            case "/authenticate":
                return {name: self._ids[name] for name in ("username", "apikey")}
        return {}


def _is_wrong(case: Case, location: ParameterLocation) -> bool:
    """Tell whether a part of a request is meant to be refused."""
    return case.meta is not None and case.meta.is_negative_at(location)


def _code(path: str) -> str:
    """Return the code of an entry that exists, of the kind that a management path is about."""
    codes = {"locations": "hotel", "pickups": "shuttle", "policies": "tiered", "charges": "tax", "pools": "bikes"}
    kind = path.removeprefix("/api/v1/").partition("/")[0]
    return {**codes, "discounts": "EARLY10", "products": "kayak"}.get(kind, "nothing")


@contextmanager
def opened(settings: Settings, config: SchemathesisConfig) -> Iterator[Playground]:
    """A playground whose books must balance in the end."""
    playground = Playground(settings, config)
    yield playground
    shutdown_lifespans()
    assert playground.findings == [], playground.findings
