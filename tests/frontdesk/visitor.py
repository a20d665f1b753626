"""Somebody at the desk's pages, with the cookie of a session, without a browser."""

from __future__ import annotations

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import urlencode

import httpx

from seatwright.auth import service as auth
from seatwright.auth import sessions
from seatwright.auth.service import NewUser
from seatwright.auth.sessions import NewSession
from seatwright.core.ids import new_hex24
from seatwright.http.context import Services, session_context
from seatwright.web.desk.visit import COOKIE

PASSWORD = "green-river-2026"


@dataclass
class Visitor:
    """A browser's requests; `cookie` is the session's value, or "" for nobody."""

    client: httpx.AsyncClient
    services: Services
    cookie: str = ""

    @property
    def csrf(self) -> str:
        """The token of this visitor's forms."""
        return sessions.csrf_token(self.services.keyring, self.cookie)

    async def get(self, path: str, **headers: str) -> httpx.Response:
        """Fetch a page, whose path begins after `/desk`."""
        return await self.client.get(f"/desk{path}", headers=self._headers(headers))

    async def post(self, path: str, fields: Any = (), *, csrf: str | None = None, **headers: str) -> httpx.Response:
        """Send a form, with its token unless another one is given."""
        pairs = list(fields.items() if isinstance(fields, dict) else fields)
        body = urlencode([*pairs, ("csrf", self.csrf if csrf is None else csrf)])
        kind = {"content-type": "application/x-www-form-urlencoded"}
        return await self.client.post(f"/desk{path}", content=body, headers=self._headers(kind | headers))

    def _headers(self, more: dict[str, str]) -> dict[str, str]:
        named = {name.replace("_", "-"): value for name, value in more.items()}
        return {"Cookie": f"{COOKIE}={self.cookie}"} | named if self.cookie else named


async def visitor(
    client: httpx.AsyncClient,
    services: Services,
    account_id: str,
    permissions: frozenset[str],
    name: str = "Dana Reyes",
) -> Visitor:
    """Make a user with these permissions, and return somebody who is signed in as that user."""
    now = services.clock.now()
    new = NewUser(email=f"{new_hex24()}@canyon.example", name=name, permissions=permissions)
    user = await services.database.write(lambda tx: auth.create_user(tx, now, auth.SYSTEM, account_id, new))
    return await signed_in(client, services, account_id, user.id)


async def signed_in(client: httpx.AsyncClient, services: Services, account_id: str, user_id: str) -> Visitor:
    """Return somebody who is signed in as a user."""
    now, new = services.clock.now(), NewSession(account_id, user_id, 1, "Firefox")
    context = session_context(services)
    cookie = await services.database.write(lambda tx: sessions.open_session(tx, context, now, new))
    return Visitor(client, services, cookie)


def text_of(page: httpx.Response) -> str:
    """Return what a person reads of a page, in one line."""
    body = page.text.partition("<main")[2]
    return re.sub(r"\s+", " ", re.sub(r"<[^>]*>", " ", body)).strip()


def cookie_of(answer: httpx.Response) -> str:
    """Return the session's cookie that an answer sets; "" if it takes it away, or sets none."""
    found = re.search(rf"{COOKIE}=([^;]*)", answer.headers.get("set-cookie", ""))
    return found[1].strip('"') if found else ""
