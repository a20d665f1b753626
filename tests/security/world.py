"""Accounts that must not see each other, each with one of everything, and its own word in every text."""

from __future__ import annotations

import itertools
from collections.abc import Awaitable, Callable
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from functools import cache
from typing import Any

import httpx
from argon2 import PasswordHasher

from seatwright.auth import service as auth
from seatwright.auth import tokens
from seatwright.auth.handles import read_handle
from seatwright.auth.model import ALL_PERMISSIONS, PERMISSIONS
from seatwright.auth.sessions import NewSession, open_session
from seatwright.auth.tokens import Claims
from seatwright.core.ids import new_hex24
from seatwright.http.context import Services, session_context
from seatwright.notifications import deliveries
from seatwright.notifications.deliveries import Delivery, Status
from seatwright.notifications.mail import message as mail
from seatwright.resellers import service as resellers
from seatwright.storage.engine import ReadTx
from tests.security.table import NEW_ENTRIES

PASSWORD = "correct horse battery"
_numbers = itertools.count(1)


def word(code: str) -> str:
    """Return the word that stands in every text of an account, and nowhere else."""
    return f"secretof{code}"


def catalog(code: str, day: str = "2026-07-14") -> dict[str, Any]:
    """Return a catalog file with one entry of each kind and two departures, the account's word in codes and names."""
    own = word(code)

    def entry(kind: str, /, **more: Any) -> dict[str, Any]:
        return {"code": f"{kind}-{own}", "name": f"{kind.title()} {own}", **more}

    location, pickup = f"location-{own}", f"pickup-{own}"
    return {
        "locations": [entry("location", address=f"1 {own} St")],
        "zones": [entry("zone", locations=[location])],
        "pickups": [entry("pickup", price=10, locations=[location], details=[f"07:30 {own}"])],
        "tags": [entry("tag")],
        "policies": [entry("policy", text=own, fees=[{"percent": 50}])],
        "charges": [entry("charge", kind="tax", percent=7.5)],
        "questions": [entry("question")],
        "discounts": [entry("discount", percent=10)],
        "pools": [entry("pool", units=500)],
        "products": [
            entry(
                "product",
                number=4101,
                tiers={"Adult": {"price": 99}},
                locations=[location],
                pickups=[pickup],
                tags=[f"tag-{own}"],
                policy=f"policy-{own}",
                overview=own,
            ),
            {
                "code": f"rental-{own}",
                "name": f"Rental {own}",
                "number": 4201,
                "quantityType": "unit",
                "tiers": {"All": {"price": 60}},
                "pool": f"pool-{own}",
                "durationMin": 240,
                "active": True,
            },
            {
                "code": f"charter-{own}",
                "name": f"Charter {own}",
                "number": 4301,
                "tiers": {"All": {"price": 900}},
                "approvalMin": 60,
            },
        ],
        "departures": [
            {"product": f"charter-{own}", "start": f"{day}T09:00", "durationMin": 240, "capacity": 5_000},
            {"product": f"product-{own}", "start": f"{day}T09:00", "durationMin": 240, "capacity": 5_000},
            {"product": f"rental-{own}", "start": f"{day}T09:00", "capacity": 5_000},
        ],
    }


@dataclass
class Side:
    """One account, its user who may do everything, and a way to make each of its things by name."""

    client: httpx.AsyncClient
    services: Services
    code: str
    account_id: str
    user_id: str
    apikey: str
    headers: dict[str, str]
    fixed: dict[str, str] = field(default_factory=dict)

    @property
    def username(self) -> str:
        """The user's e-mail."""
        return f"dana@{word(self.code)}.example"

    async def data(self, method: str, path: str, body: Any = None) -> Any:
        """Send a request that has to succeed, and return its data."""
        answer = await self.client.request(method, path, headers=self.headers, json=body)
        assert answer.status_code == 200, (method, path, answer.text)
        return answer.json()["data"]

    async def token(self, apikey: str = "", username: str = "") -> dict[str, str]:
        """Get a token for the account's API key, or another, and the name of its user, or another."""
        credentials = {"username": username or self.username, "apikey": apikey or self.apikey}
        answer = await self.client.post("/public/api/authenticate", json=credentials)
        assert answer.status_code == 200, answer.text
        return {"Authorization": f"Bearer {answer.text}"}

    async def user_with(self, permissions: frozenset[str]) -> tuple[str, dict[str, str]]:
        """Make a user with these permissions; return its id and the headers of one who logged in."""
        email = f"user{next(_numbers)}@{word(self.code)}.example"
        made = {"email": email, "name": word(self.code), "permissions": sorted(permissions)}
        user = await self.data("POST", "/api/v1/users", made)
        return user["id"], await sign_in(self.services, self.account_id, user["id"])

    async def user_with_role(self, role: str) -> dict[str, str]:
        """Make a user with a role; return the headers of one who logged in."""
        email = f"user{next(_numbers)}@{word(self.code)}.example"
        user = await self.data("POST", "/api/v1/users", {"email": email, "name": word(self.code), "role": role})
        return await sign_in(self.services, self.account_id, user["id"])

    async def order(self, supplier: str = "") -> dict[str, Any]:
        """Order a seat, a rental, and one more seat that is cancelled; the account's word is in every text."""
        own = word(self.code)
        cart = await self.cart(supplier)
        placed = {"id": cart, "referenceId": f"{own}-{next(_numbers)}", "billing": {"memo": own}}
        order: dict[str, Any] = await self.data("POST", "/public/api/order", placed)
        item = next(item for item in order["items"] if item["participantList"])
        gone = item["participantList"][1]["id"]
        line = f"/public/api/order/{order['id']}/item/{item['id']}/participant/{gone}"
        order = await self.data("DELETE", line)
        return order | {"gone": gone}

    async def cart(self, supplier: str = "") -> str:
        """Make a cart with two seats and a rental, and a customer."""
        own, seller = word(self.code), f"?supplierId={supplier}" if supplier else ""
        cart = await self.data("POST", f"/public/api/cart{seller}")
        path = f"/public/api/cart/{cart['id']}"
        for kind, count in (("departure", 2), ("rental", 1)):
            tier = "Adult" if kind == "departure" else "All"
            body = {"itemId": self.fixed[kind], "participants": {tier: count}}
            await self.data("POST", f"{path}/item", body)
        customer = {"firstName": own, "lastName": own, "email": f"ann@{own}.example", "phone": "+1 435 555 0199"}
        await self.data("PUT", f"{path}/customer", customer)
        return str(cart["id"])

    async def thing(self, name: str) -> str:
        """Return the id of a thing of this account: one that stays, or one made for the occasion."""
        if name in self.fixed:
            return self.fixed[name]
        make: dict[str, Callable[[], Awaitable[str]]] = {
            "cart": self.cart,
            "stranger": self._stranger,
            "pending": self._pending,
            "link": self._link,
            "message": self._message,
            "sent_message": self._sent_message,
            "refusal": self._refusal,
            "clerk": self._clerk,
            "invitation": self._invitation,
            "key": self._key,
            "webhook": self._webhook,
            "old_webhook": self._new_webhook,
            "call": self._call,
            "unsold": self._unsold,
            "job": self._job,
            "note": self._note,
            "resource": self._resource,
            "customer": self._customer,
        }
        if name in make:
            return await make[name]()
        if name == "fresh":
            return f"fresh{next(_numbers)}"
        if name.startswith("spare_"):
            return await self._spare(name.removeprefix("spare_"))
        raise AssertionError(f"tests/security/world.py can't make a thing called {name!r} yet")

    async def things(self, names: set[str]) -> dict[str, str]:
        """Return several things; those of an order belong to one order."""
        found: dict[str, str] = {}
        if names & {"order", "participant", "unit", "cancelled", "payment", "proof"}:
            order = await self.order()
            by_kind = {bool(item["unitList"]): item for item in order["items"]}
            found = {
                "order": order["id"],
                "participant": by_kind[False]["participantList"][0]["id"],
                "unit": by_kind[True]["unitList"][0]["id"],
                "cancelled": order["gone"],
                "payment": await self._payment(order["id"]) if "payment" in names else "",
            }
            quote = f"/api/v1/orders/{order['id']}/cancellation-quote?lineIds={found['participant']}"
            found["proof"] = (await self.data("GET", quote))["proof"] if "proof" in names else ""
        if names & {"desk_clerk", "session"}:
            found |= await self._signed_in_clerk()
        return found | {name: await self.thing(name) for name in sorted(names - set(found))}

    async def _payment(self, order_id: str) -> str:
        """Record a payment of an order."""
        body = {"amount": 1, "method": "cash", "memo": word(self.code), "allowOverpayment": True}
        money = await self.data("POST", f"/api/v1/orders/{order_id}/payments", body)
        return str(money["payments"][-1]["id"])

    async def _note(self) -> str:
        """Write a note on an order, and put a tag on it."""
        order = await self.order()
        own = word(self.code)
        await self.data("POST", f"/api/v1/orders/{order['id']}/tags", {"add": [own]})
        return str((await self.data("POST", f"/api/v1/orders/{order['id']}/notes", {"text": own}))["id"])

    async def _resource(self) -> str:
        """Add a guide, and put the guide on a departure."""
        guide = {"kind": "guide", "name": f"{word(self.code)} {next(_numbers)}"}
        added = str((await self.data("POST", "/api/v1/resources", guide))["id"])
        path = f"/api/v1/departures/{self.fixed['departure']}/assignments"
        await self.data("POST", path, {"resourceIds": [added], "anyway": True})
        return added

    async def _customer(self) -> str:
        """Return the id of the customer of the account's orders."""
        await self.order()
        found = await self.data("GET", f"/api/v1/customers?q=ann%40{word(self.code)}.example")
        return str(found["customers"][0]["id"])

    async def _clerk(self) -> str:
        """Return a user who may do nothing."""
        return (await self.user_with(frozenset()))[0]

    async def _signed_in_clerk(self) -> dict[str, str]:
        """Return a user who may do nothing, and a session of the user's."""
        user_id = await self._clerk()
        new = NewSession(self.account_id, user_id, 1, word(self.code))
        parts, now = self.services, self.services.clock.now()
        cookie = await parts.database.write(lambda tx: open_session(tx, session_context(parts), now, new))
        handle = read_handle(cookie)
        assert handle is not None
        return {"desk_clerk": user_id, "session": handle.id}

    async def _invitation(self) -> str:
        """Invite somebody."""
        body = {"email": f"user{next(_numbers)}@{word(self.code)}.example", "permissions": []}
        return str((await self.data("POST", "/api/v1/invitations", body))["id"])

    async def _new_webhook(self) -> str:
        url = f"https://{word(self.code)}.example/{next(_numbers)}"
        return str((await self.data("POST", "/api/v1/webhooks", {"url": url}))["id"])

    async def _webhook(self) -> str:
        """Return the webhook that stays; an account can't have many."""
        if "webhook" not in self.fixed:
            self.fixed["webhook"] = await self._new_webhook()
        return self.fixed["webhook"]

    async def _unsold(self) -> str:
        """Make a departure on which nobody has seats."""
        start = (datetime(2027, 1, 1, tzinfo=UTC) + timedelta(minutes=next(_numbers))).isoformat()[:16]  # any of many
        body = {"start": start, "durationMin": 60, "capacity": 5}
        path = f"/api/v1/products/{self.fixed['product']}/departures"
        return str((await self.data("POST", path, body))["id"])

    async def _job(self) -> str:
        """Cancel a departure on which nobody has seats."""
        path = f"/api/v1/departures/{await self._unsold()}/jobs"
        return str((await self.data("POST", path, {"kind": "cancel", "orders": 0}))["id"])

    async def _call(self) -> str:
        """Make a call of that webhook that was given up."""
        path = f"/api/v1/webhooks/{await self._webhook()}"
        call = await self.data("POST", f"{path}/test")
        for active in (False, True):
            await self.data("PATCH", path, {"active": active})
        return str(call["id"])

    async def _spare(self, kind: str) -> str:
        code, plural = f"spare{next(_numbers)}", {"policy": "policies"}.get(kind, f"{kind}s")
        body = {"code": code, "name": f"{code} {word(self.code)}", **NEW_ENTRIES[kind]}
        if kind == "product":
            body["number"] = 5000 + next(_numbers)
        await self.data("POST", f"/api/v1/{plural}", body)
        return code

    async def _pending(self) -> str:
        """Make an order that has to be accepted."""
        cart = await self.data("POST", "/public/api/cart")
        item = {"itemId": self.fixed["charter"], "participants": {"All": 1}}
        await self.data("POST", f"/public/api/cart/{cart['id']}/item", item)
        order = await self.data("POST", "/public/api/order", {"id": cart["id"]})
        assert order["status"] == "pending"
        return str(order["id"])

    async def _link(self) -> str:
        """Make an order, and return the token of its customer's link."""
        order = await self.order()
        return str((await self.data("GET", f"/api/v1/orders/{order['id']}/customer-link"))["token"])

    async def _sent_message(self) -> str:
        return await self._message("sent")

    async def _message(self, status: Status = "dead") -> str:
        """Make a mail that was given up, or sent."""
        own, now = word(self.code), self.services.clock.now()
        content = mail.MailContent(subject=own, text=own, html=own, to_name=own)
        made = Delivery(
            account_id=self.account_id,
            id=new_hex24(),
            channel="mail",
            kind="confirmation",
            target=f"ann@{own}.example",
            order_id=None,
            content=mail.encode(content),
            status=status,
            due_at=now,
            created_at=now,
        )
        await self.services.database.write(lambda tx: deliveries.insert(tx, [made]))
        return made.id

    async def _refusal(self) -> str:
        """Let somebody refuse mail."""
        email = f"no{next(_numbers)}@{word(self.code)}.example"
        return str((await self.data("POST", "/api/v1/mailing-refusals", {"email": email}))["id"])

    async def own_key(self, permissions: frozenset[str], **more: str) -> tuple[str, str]:
        """Make a key of an integration's own; return its id and the key."""
        body = {"name": f"{word(self.code)} {next(_numbers)}", "permissions": sorted(permissions), **more}
        made = await self.data("POST", "/api/v1/keys", body)
        return made["id"], made["apikey"]

    async def _key(self) -> str:
        return (await self.own_key(frozenset()))[0]

    async def _stranger(self) -> str:
        """Make an account that nobody is connected to."""
        return (await make_account(self.services, f"stranger{next(_numbers)}"))[0]


@cache
def _password_hash() -> str:
    """Hash the password once; it takes long."""
    return PasswordHasher().hash(PASSWORD)


async def sign_in(services: Services, account_id: str, user_id: str) -> dict[str, str]:
    """Return the headers of a user who has just logged in (the password hash takes too long to do it for all)."""
    now, lifetime_s = services.clock.now(), services.settings.token_seconds

    async def run(tx: ReadTx) -> str:
        row = await tx.row("SELECT generation FROM app_user WHERE account_id = $1 AND id = $2", account_id, user_id)
        assert row is not None
        claims = Claims(user_id=user_id, account_id=account_id, generation=row["generation"])
        return tokens.issue(services.keyring, claims, now=now, lifetime_s=lifetime_s)

    return {"Authorization": f"Bearer {await services.database.read(run)}"}


async def make_account(services: Services, code: str, password_hash: str | None = None) -> tuple[str, str, str]:
    """Make an account and its user; return their ids and the API key."""
    now, own = services.clock.now(), word(code)
    fields = {"code": code, "name": own, "currency": "USD", "time_zone": "America/Denver"}
    account, key = await services.database.write(
        lambda tx: auth.create_account(tx, services.keyring, now, email=f"desk@{own}.example", **fields)
    )
    new = auth.NewUser(email=f"dana@{own}.example", name=own, password_hash=password_hash, permissions=ALL_PERMISSIONS)
    user = await services.database.write(lambda tx: auth.create_user(tx, now, auth.SYSTEM, account.id, new))
    return account.id, user.id, key


async def open_side(client: httpx.AsyncClient, services: Services, code: str) -> Side:
    """Make an account with one of everything."""
    account_id, user_id, key = await make_account(services, code, _password_hash())
    headers = await sign_in(services, account_id, user_id)
    side = Side(client, services, code, account_id, user_id, key, headers)
    await side.data("POST", "/api/v1/import", catalog(code))
    own, now = word(code), services.clock.now()
    reseller = (await make_account(services, f"seller-of-{code}"))[0]
    supplier = (await make_account(services, f"supplier-of-{code}"))[0]
    await services.database.write(lambda tx: resellers.connect(tx, now, "test", account_id, reseller))
    await services.database.write(lambda tx: resellers.connect(tx, now, "test", supplier, account_id))
    user, _ = await side.user_with(frozenset(PERMISSIONS))
    side.fixed = {kind: f"{kind}-{own}" for kind in NEW_ENTRIES} | {
        "username": side.username,
        "reference_version": "0",
        "reference_file": "reference.js",
        "apikey": key,
        "password": PASSWORD,
        "account": account_id,
        "reseller": reseller,
        "supplier": supplier,
        "agent": f"dana@{word(f'seller-of-{code}')}.example",
        "user": user,
    }
    for kind, product in (("departure", "product"), ("rental", "rental"), ("charter", "charter")):
        path = f"/api/v1/products/{product}-{own}/departures?from=2026-07"
        side.fixed[kind] = (await side.data("GET", path))[0]["id"]
    side.fixed["product_id"] = (await side.data("GET", f"/api/v1/products/{side.fixed['product']}"))["id"]
    return side


async def dump(services: Services) -> dict[str, list[str]]:
    """Return every row of every table, as text."""

    async def run(tx: ReadTx) -> dict[str, list[str]]:
        names = (
            "SELECT tablename AS name FROM pg_tables WHERE schemaname = 'public'"
            if tx.engine == "postgres"
            else "SELECT name FROM sqlite_master WHERE type = 'table'"
        )
        tables = sorted(row["name"] for row in await tx.rows(names))
        found: dict[str, list[Any]] = {name: list(await tx.rows(f"SELECT * FROM {name}")) for name in tables}
        return {name: sorted(repr(tuple(row)) for row in rows) for name, rows in found.items()}

    return await services.database.read(run)


def unknown_id(like: str) -> str:
    """Return an id of the same form that nothing has."""
    return new_hex24() if len(like) == 24 else "00000000-0000-4000-8000-000000000000"
