"""Requests made of lines of the table, and the tokens that must not open anything."""

from __future__ import annotations

import re
from typing import Any, NamedTuple

import httpx
import jwt
import msgspec
from litestar import Litestar
from litestar.routes import HTTPRoute

from seatwright.auth import tokens
from seatwright.auth.model import PERMISSIONS
from seatwright.auth.secrets import Keyring
from seatwright.auth.tokens import Claims
from seatwright.core.clock import SECOND_MS
from seatwright.http.context import Services
from tests.security.table import Route
from tests.security.world import Side, sign_in

_THING = re.compile(r"<(\w+)>")
NOT_OWNED = frozenset(
    {"fresh", "stranger", "username", "apikey", "password", "proof", "reference_version", "reference_file"}
)
"""Things that aren't anybody's, so that there is no other account's."""


class Bad(NamedTuple):
    """An Authorization header, and the code of its 401."""

    name: str
    header: str | None
    code: str


def routes_of(app: Litestar) -> set[str]:
    """Return every method and path that the application answers."""
    return {
        f"{method} {route.path_format}"
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods
        if method != "OPTIONS"
    }


def of_desk(app: Litestar) -> set[str]:
    """Return those of them that are pages of the desk, which take a cookie (`tests.frontdesk.table`)."""
    return {name for name in routes_of(app) if name.endswith(" /") or " /desk" in name}


def things_of(route: Route) -> set[str]:
    """Return the names of the things that a route's address and body name."""
    return {*route.ids, *_THING.findall(msgspec.json.encode(route.body).decode())}


def owned(route: Route) -> list[str]:
    """Return those of them that are an account's."""
    return sorted(things_of(route) - NOT_OWNED)


async def send(client: httpx.AsyncClient, route: Route, things: dict[str, str], header: str | None) -> httpx.Response:
    """Send the request of a route about some things."""
    path = route.path
    for name in route.ids:
        path = re.sub(r"\{\w+\}", things[name], path, count=1)
    body = msgspec.json.decode(_THING.sub(lambda m: things[m[1]], msgspec.json.encode(route.body).decode()))
    headers = {} if header is None else {"Authorization": header}
    return await client.request(route.method, path + route.query, json=body, headers=headers)


def code_of(answer: httpx.Response) -> Any:
    """Return an answer's `errorCode`, or None."""
    try:
        return answer.json().get("errorCode")
    except (ValueError, AttributeError):
        return None


async def bad_tokens(side: Side, services: Services, stranger: Side) -> list[Bad]:
    """Return every kind of token that is none, or none any more, for a user who may do everything."""
    keyring, now = services.keyring, services.clock.now()
    claims = Claims(user_id=side.user_id, account_id=side.account_id, generation=1)
    good = tokens.issue(keyring, claims, now=now, lifetime_s=3600)
    payload = jwt.decode(good, options={"verify_signature": False})
    head, body, signature = good.split(".")
    other_key = Keyring.from_secret("x" * 32)

    def issued(by: Keyring = keyring, at: int = now, **changed: Any) -> str:
        return tokens.issue(by, msgspec.structs.replace(claims, **changed), now=at, lifetime_s=60)

    def bearer(token: str) -> str:
        return f"Bearer {token}"

    reset = (await side.token())["Authorization"]
    side.apikey = (await side.data("POST", "/api/v1/account/key"))["apikey"]
    key_id, key = await side.own_key(frozenset(PERMISSIONS))
    revoked = (await side.token(key))["Authorization"]
    await side.data("DELETE", f"/api/v1/keys/{key_id}")
    _, other = await side.own_key(frozenset(PERMISSIONS))
    their_key, _ = await stranger.own_key(frozenset(PERMISSIONS))
    gone, left = await side.user_with(frozenset(PERMISSIONS))
    renewed, before = await side.user_with(frozenset(PERMISSIONS))
    await side.data("PATCH", f"/api/v1/users/{gone}", {"active": False})
    await side.data("PATCH", f"/api/v1/users/{renewed}", {"password": "another horse battery"})
    revived, dead = await side.user_with(frozenset(PERMISSIONS))
    for active in (False, True):
        await side.data("PATCH", f"/api/v1/users/{revived}", {"active": active})
    assert (await sign_in(services, side.account_id, revived)) != dead
    return [
        Bad("none", None, "token_missing"),
        Bad("empty", "", "token_missing"),
        Bad("no token after Bearer", "Bearer ", "token_missing"),
        Bad("basic", "Basic ZGFuYTpob3JzZQ==", "token_missing"),
        Bad("the API key itself", bearer(side.apikey), "invalid_token"),
        Bad("an integration's key itself", bearer(other), "invalid_token"),
        Bad("for an integration's key that is revoked", revoked, "token_withdrawn"),
        Bad("for another account's key", bearer(issued(key_id=their_key)), "token_withdrawn"),
        Bad("for a key that there isn't", bearer(issued(key_id="0" * 24)), "token_withdrawn"),
        Bad("garbage", "Bearer a.b.c", "invalid_token"),
        Bad("huge", bearer("a" * 5_000), "invalid_token"),
        Bad("another server's signature", bearer(issued(by=other_key)), "invalid_token"),
        Bad("signature turned round", bearer(f"{head}.{body}.{signature[::-1]}"), "invalid_token"),
        Bad("no signature", bearer(f"{head}.{body}."), "invalid_token"),
        Bad("alg none", bearer(jwt.encode(payload, None, algorithm="none")), "invalid_token"),
        Bad("other algorithm", bearer(jwt.encode(payload, keyring.token_key * 2, algorithm="HS512")), "invalid_token"),
        Bad("signed with the key for hashes", bearer(jwt.encode(payload, keyring.api_key_key)), "invalid_token"),
        Bad("expired", bearer(issued(at=now - 60 * SECOND_MS)), "token_expired"),
        Bad("for the key before", reset, "token_withdrawn"),
        Bad("user deactivated", left["Authorization"], "token_withdrawn"),
        Bad("password changed", before["Authorization"], "token_withdrawn"),
        Bad("deactivated and back", dead["Authorization"], "token_withdrawn"),
        Bad("of nobody", bearer(issued(user_id="0" * 24)), "token_withdrawn"),
        Bad("another account's user", bearer(issued(user_id=stranger.user_id)), "token_withdrawn"),
        Bad("user in another account", bearer(issued(account_id=stranger.account_id)), "token_withdrawn"),
        Bad("a generation to come", bearer(issued(generation=2)), "token_withdrawn"),
        Bad("a key to come", bearer(issued(key_generation=9)), "token_withdrawn"),
    ]
