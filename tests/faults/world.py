"""A small world with everything that a write may meet, which can be put back to its beginning again and again.

Ids and other random numbers come from dice that are reset too: what is done twice from the same beginning gives the
same rows and the same answers, to the byte.
"""

from __future__ import annotations

import hashlib
import secrets
import sqlite3
import uuid
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager, suppress
from dataclasses import dataclass, field, replace
from typing import Any, NamedTuple

import httpx
import pytest

from seatwright.app.assembly import create_app
from seatwright.auth import handles
from seatwright.auth import service as auth
from seatwright.auth.handles import Handle, read_handle
from seatwright.auth.model import ALL_PERMISSIONS
from seatwright.auth.secrets import Keyring
from seatwright.auth.sessions import NewSession, open_session
from seatwright.catalog.model import Discount, Product, Tier
from seatwright.catalog.store import CatalogCache
from seatwright.core import ids, sealing
from seatwright.core.clock import DAY_MS, MINUTE_MS, ManualClock
from seatwright.core.config import Settings
from seatwright.core.errors import Unavailable
from seatwright.core.ids import new_hex24
from seatwright.http.context import Services, session_context
from seatwright.invariants.checks import Finding, check
from seatwright.notifications.webhooks import signing as webhooks_signing
from seatwright.resellers import service as resellers
from seatwright.resellers.model import Rate, Terms
from seatwright.storage import idempotency
from seatwright.storage.engine import Tx
from seatwright.storage.open import open_database
from tests.conftest import SECRET, START
from tests.desk import Desk, another_user, open_desk
from tests.faults.caretaker import Caretaker, Dump, open_caretaker


class Dice:
    """All randomness of the program, and the counter in audit ids, repeatable."""

    def __init__(self, patch: pytest.MonkeyPatch) -> None:
        self.thrown = 0
        self._seed = 0
        patch.setattr(secrets, "token_hex", lambda n=32: self._bytes(n).hex())
        for module in (webhooks_signing, sealing, handles):  # asyncpg signs in with `secrets.token_bytes`
            patch.setattr(module, "random_bytes", self._bytes)
        patch.setattr(secrets, "randbelow", lambda n: int.from_bytes(self._bytes(8)) % n)
        patch.setattr(uuid, "uuid4", lambda: uuid.UUID(bytes=self._bytes(16), version=4))
        patch.setattr(ids, "_counter", self)

    def reset(self, seed: int, thrown: int = 0) -> None:
        """Go on as after so many throws from the beginning."""
        self._seed, self.thrown = seed, thrown

    def __next__(self) -> int:
        self.thrown += 1
        return self.thrown

    def _bytes(self, count: int) -> bytes:
        return hashlib.shake_128(f"{self._seed} {next(self)}".encode()).digest(count)


class Answer(NamedTuple):
    """What came back: HTTP status, body, and whether it was a stored answer."""

    status: int
    body: bytes
    replayed: bool = False


@dataclass
class World:
    """Two connected accounts with carts and orders of every kind; `names` has their ids."""

    services: Services
    client: httpx.AsyncClient
    caretaker: Caretaker
    dice: Dice
    desk: Desk
    seller: Desk
    names: dict[str, str]
    beginning: Dump = field(default_factory=dict)
    _healthy: set[str] = field(default_factory=set)

    @property
    def clock(self) -> ManualClock:
        """The clock of everything."""
        assert isinstance(self.services.clock, ManualClock)
        return self.services.clock

    async def reset(self, minutes: int = 0) -> None:
        """Put everything back to the beginning, `minutes` of which have gone by."""
        self.services.database.probe = None
        await self.caretaker.restore(self.beginning)
        self.services.catalogs._kept.clear()  # dice give a version out again that was another catalog's
        self.dice.reset(1)
        self.clock.set(START + minutes * MINUTE_MS)

    async def send(
        self, method: str, path: str, body: Any = None, *, key: str | None = None, seller: bool = False
    ) -> Answer:
        """Send a request; `{name}` in it is an id."""
        headers = {} if key is None else {"Idempotency-Key": key}
        named = _named(body, self.names)
        sent = {} if named is None else {"json": named}
        desk = self.seller if seller else self.desk
        answer = await desk.call(method, path.format(**self.names), headers=headers, **sent)
        if answer.status_code == 503:
            assert answer.headers["retry-after"] == "1"
            assert answer.json()["data"] is None
        return Answer(answer.status_code, answer.content, "idempotent-replayed" in answer.headers)

    async def assert_healthy(self, dump: Dump) -> None:
        """Check all invariants of the present state, unless this very state has been found healthy before."""
        print_ = repr(dump)
        if print_ not in self._healthy:
            assert await self._check() == []
            self._healthy.add(print_)

    async def _check(self) -> list[Finding]:
        """Check, past as many connections as the pool may hold: any may have been shot, and not have noticed yet."""
        for _ in range(self.services.settings.pool_size):
            with suppress(Unavailable):
                return await check(self.services.database, 0)
        return await check(self.services.database, 0)


def _named(body: Any, names: dict[str, str]) -> Any:
    if isinstance(body, str):
        return body.format(**names)
    if isinstance(body, dict):
        return {_named(key, names): _named(value, names) for key, value in body.items()}
    return [_named(value, names) for value in body] if isinstance(body, list) else body


class Lost(ConnectionResetError):
    """The connection to PostgreSQL breaks."""


def lost(engine: str) -> Exception:
    """Return what each engine's library raises when the database is gone in the middle of something."""
    if engine == "postgres":
        return Lost("injected")
    error = sqlite3.OperationalError("injected: disk I/O error")
    error.sqlite_errorcode = sqlite3.SQLITE_IOERR
    return error


class Events:
    """A probe that notes every event and how often the dice were thrown until then, and fails at the one it is told."""

    def __init__(self, world: World, fail_at: int | None = None) -> None:
        self._world = world
        self._fail_at = fail_at
        self.seen: list[tuple[str, str]] = []
        self.thrown: list[int] = []

    def before(self, sql: str) -> None:
        self._note("before", sql)

    def after(self, sql: str) -> None:
        self._note("after", sql)

    def _note(self, when: str, sql: str) -> None:
        self.seen.append((when, " ".join(sql.split())))
        self.thrown.append(self._world.dice.thrown)
        if len(self.seen) - 1 == self._fail_at:
            raise lost(self._world.services.database.engine)


@asynccontextmanager
async def open_world(settings: Settings) -> AsyncIterator[World]:
    """Make the world in an empty database."""
    settings = replace(settings, requests_per_second=0)
    database = await open_database(settings)
    services = Services(
        database=database,
        clock=ManualClock(START),
        settings=settings,
        catalogs=CatalogCache(),
        keyring=Keyring.from_secret(SECRET),
    )
    transport = httpx.ASGITransport(app=create_app(settings, services))  # type: ignore[arg-type]
    with pytest.MonkeyPatch.context() as patch:
        dice = Dice(patch)
        caretaker = await open_caretaker(settings)
        async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as client:
            desk, seller = await _accounts(client, services)
            world = World(services, client, caretaker, dice, desk, seller, await _furnish(desk, seller))
            world.beginning = await caretaker.dump()
            yield world
        await caretaker.close()
        await database.close()


async def _accounts(client: httpx.AsyncClient, services: Services) -> tuple[Desk, Desk]:
    """Make the supplier with its catalog, and a reseller that is connected to it."""
    desk = await open_desk(client, services)
    now, supplier = services.clock.now(), desk.shop.account_id
    once = Discount(id=new_hex24(), code="FIVE", name="First five", calc="flat", amount=500, max_uses=5)
    await desk.shop.add("discount", once)
    boats = (Tier(code="All", name="All", price=89_000),)
    charter = Product(id=new_hex24(), code="charter", name="Charter", number=4301, tiers=boats, approval_min=60)
    await desk.shop.add("product", charter)
    terms = Terms(kind="net", rate=Rate(amount=800_000), channel="Desks")

    async def connect(tx: Tx) -> str:
        account, _ = await auth.create_account(
            tx,
            services.keyring,
            now,
            code="hikes",
            name="Hikes",
            email="sam@hikes.example",
            currency="USD",
            time_zone="America/Denver",
        )
        await resellers.connect(tx, now, auth.SYSTEM, supplier, account.id, terms)
        # Somebody listens, so that every change of an order is told.
        await tx.execute(
            """
            INSERT INTO webhook (account_id, id, url, events, secret, active, created_at)
            VALUES ($1, $2, $3, $4, '', TRUE, $5)
            """,
            supplier,
            new_hex24(),
            "https://desk.example/hook",
            "order.created",
            now,
        )
        return account.id

    reseller_id = await services.database.write(connect)
    shop = replace(desk.shop, account_id=reseller_id)
    seller = await another_user(
        client, services, shop, auth.NewUser(email="sam@hikes.example", name="Sam Ortega", permissions=ALL_PERMISSIONS)
    )
    return desk, seller


async def _crew(desk: Desk, *departures: str) -> dict[str, str]:
    """Add a boat, and a guide who is on departures."""
    raft, guide = [
        (await desk.data("POST", "/api/v1/resources", json=body))["id"]
        for body in ({"kind": "boat", "name": "Big raft", "places": 8}, {"kind": "guide", "name": "Sam Roe"})
    ]
    for each in departures:
        await desk.data("POST", f"/api/v1/departures/{each}/assignments", json={"resourceIds": [guide]})
    return {"raft": raft, "guide": guide}


async def _furnish(desk: Desk, seller: Desk) -> dict[str, str]:
    """Make departures, carts and orders, and return their ids by the names that cases give them."""
    supplier = desk.shop.account_id
    day = {
        "rafting": await desk.shop.departure("rafting", "2026-07-14 09:00", capacity=12),
        "rafting2": await desk.shop.departure("rafting", "2026-07-16 09:00", capacity=12),
        "kayak": await desk.shop.departure("kayak", "2026-07-15 09:00", capacity=8),
        "charter": await desk.shop.departure("charter", "2026-07-18 09:00", capacity=3),
        "spare": await desk.shop.departure(
            "bike", "2026-07-19 09:00", end="2026-07-19 11:00", capacity=5, pool="bikes"
        ),
        "full": await desk.shop.departure("kayak", "2026-07-17 09:00", capacity=2),
        "bike": await desk.shop.departure("bike", "2026-07-14 09:00", end="2026-07-14 11:00", capacity=5, pool="bikes"),
        "bike2": await desk.shop.departure(
            "bike", "2026-07-14 10:00", end="2026-07-14 12:00", capacity=5, pool="bikes"
        ),
    }
    carts = {
        "empty": await desk.cart(),
        "filled": await desk.cart((day["rafting"], {"Adult": 2})),
        "pooled": await desk.cart((day["bike"], {"All": 1})),
        "mixed": await desk.cart(
            (day["rafting"], {"Child": 1}), (day["kayak"], {"All": 1}), (day["bike2"], {"All": 1})
        ),
        "limited": await desk.cart((day["kayak"], {"All": 2})),
        "squatter": await desk.cart((day["full"], {"All": 2})),
        "chartered": await desk.cart((day["charter"], {"All": 1}), (day["kayak"], {"All": 1})),
        "resale": await seller.cart((day["kayak"], {"All": 1}), supplier=supplier),
    }
    await desk.data("POST", f"/cart/{carts['mixed']}/discount", json={"code": "EARLY10"})
    await desk.data("POST", f"/cart/{carts['limited']}/discount", json={"code": "FIVE"})
    done = {
        "done": await desk.order((day["rafting"], {"Adult": 2}), (day["bike"], {"All": 2}), referenceId="R-1"),
        "single": await desk.order((day["rafting2"], {"Adult": 1})),
        "gone": await desk.order((day["rafting"], {"Adult": 2})),
        "pending": await desk.order((day["charter"], {"All": 1}), (day["kayak"], {"All": 1})),
        "resold": await seller.order((day["kayak"], {"All": 2}), supplier=supplier),
    }
    await desk.data("DELETE", f"/order/{done['gone']['id']}")
    raft, bikes = done["done"]["items"]
    chosen = f"{raft['participantList'][0]['id']},{bikes['unitList'][0]['id']}"
    shown = await desk.data("GET", f"/api/v1/orders/{done['done']['id']}/cancellation-quote?lineIds={chosen}")
    done["known"] = await _known(desk, day["rafting2"])
    customers = await desk.data("GET", "/api/v1/customers?q=ann")
    note = await desk.data("POST", f"/api/v1/orders/{done['known']['id']}/notes", json={"text": "Wheelchair"})
    crew = await _crew(desk, day["rafting"], day["spare"])
    kim = {"email": "kim@canyon.example", "name": "Kim", "permissions": []}
    user = await desk.data("POST", "/api/v1/users", json=kim)
    key = await desk.data("POST", "/api/v1/keys", json={"name": "Partner", "permissions": []})
    invitation = await desk.data("POST", "/api/v1/invitations", json={"email": "al@x.example", "role": "guide"})
    cookie = await _signed_in(desk, user["id"])
    await _old_answers(desk)
    hook = await desk.data("POST", "/api/v1/webhooks", json={"url": "https://hooks.example/"})
    call = await desk.data("POST", f"/api/v1/webhooks/{hook['id']}/test")
    for active in (False, True):  # which gives up what was due
        await desk.data("PATCH", f"/api/v1/webhooks/{hook['id']}", json={"active": active})
    await desk.data("POST", f"/api/v1/webhooks/{hook['id']}/test")
    return {
        **day,
        **carts,
        **crew,
        **{name: order["id"] for name, order in done.items()},
        "person": done["done"]["items"][0]["participantList"][0]["id"],
        "customer": customers["customers"][0]["id"],
        "note": note["id"],
        "knownPerson": done["known"]["items"][0]["participantList"][0]["id"],
        "unit": done["done"]["items"][1]["unitList"][0]["id"],
        "payment": done["done"]["payments"][0]["id"],
        "chosenProof": shown["proof"],
        "lastPerson": done["single"]["items"][0]["participantList"][0]["id"],
        "gonePerson": done["gone"]["items"][0]["participantList"][0]["id"],
        "supplier": supplier,
        "reseller": seller.shop.account_id,
        "user": user["id"],
        "key": key["id"],
        "invitation": invitation["id"],
        "session": cookie.id,
        "hook": hook["id"],
        "call": call["id"],
    }


async def _known(desk: Desk, departure: str) -> dict[str, Any]:
    """Order for a customer with a name and an address, who gets mail."""
    cart = await desk.cart((departure, {"Adult": 1}))
    ann = {"firstName": "Ann", "lastName": "Lee", "email": "ann@lee.example", "phone": "801 555 0100"}
    await desk.data("PUT", f"/cart/{cart}/customer", json=ann)
    placed: dict[str, Any] = await desk.data("POST", "/order", json={"id": cart, "disableConfirmationEmail": False})
    return placed


async def _signed_in(desk: Desk, user_id: str) -> Handle:
    """Open a session of a user, and return what its cookie has."""
    parts, now = desk.services, desk.services.clock.now()
    new = NewSession(desk.shop.account_id, user_id, 1)
    cookie = await parts.database.write(lambda tx: open_session(tx, session_context(parts), now, new))
    handle = read_handle(cookie)
    assert handle is not None
    return handle


async def _old_answers(desk: Desk) -> None:
    """Store answers that are older than they are kept, and such that are not."""
    now = desk.services.clock.now()

    async def store(tx: Tx) -> None:
        for number in range(4):
            at = now - (number % 2) * 2 * DAY_MS
            await idempotency.claim(tx, desk.shop.account_id, f"old-{number}", "x", at, expired_before=0)
            answer = idempotency.StoredAnswer(200, b"{}")
            await idempotency.store(tx, desk.shop.account_id, f"old-{number}", answer)

    await desk.services.database.write(store)
