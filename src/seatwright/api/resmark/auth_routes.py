"""Resmark's `/authenticate` and `/login`: credentials in, the bare token out."""

from __future__ import annotations

from typing import Annotated

import msgspec
from litestar import MediaType, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from seatwright.auth import service, tokens
from seatwright.auth.line import Origin
from seatwright.core.names import text_of
from seatwright.http import wire
from seatwright.http.context import ApiRequest, await_turn_of_address, networks, services
from seatwright.http.security import OPEN, note_key_use

MAX_BODY = 16_384
"""Largest body that anybody may send without a token, in bytes."""


class Credentials(wire.Wire):
    """An API key, the account's or one of an integration's own, and the name of any of the account's users."""

    username: Annotated[wire.Text, msgspec.Meta(examples=["dana@canyon.example"])]
    apikey: Annotated[wire.Text, msgspec.Meta(examples=["7d1a5b0e-3f3c-4a57-9a30-6d8f5c1e2b44"])]


class Login(wire.Wire):
    """A user's name and password."""

    username: Annotated[wire.Text, msgspec.Meta(examples=["dana@canyon.example"])]
    password: Annotated[wire.Text, msgspec.Meta(examples=["correct horse battery"])]


@post(
    "/authenticate",
    status_code=200,
    media_type=MediaType.TEXT,
    summary="Get a token for an API key",
    tags=["Authentication"],
    request_max_body_size=MAX_BODY,
    **OPEN,
)
async def authenticate(request: ApiRequest, data: JSONBody[Credentials]) -> Response[str]:
    """Answer the bearer token as bare text, without quotes or envelope (wire reference, "Authentication")."""
    parts, here = services(request), networks(request)
    await await_turn_of_address(request, "sign-in")
    now, lifetime_s = parts.clock.now(), parts.settings.token_seconds
    username, apikey = text_of(data.username), text_of(data.apikey)
    with parts.limits.sign_in("apikey", username, here, now):
        token = await parts.database.read(
            lambda tx: service.authenticate(tx, parts.keyring, now, lifetime_s, username, apikey)
        )
        await note_key_use(parts, tokens.verify(parts.keyring, token, now=now))
    return Response(token, media_type=MediaType.TEXT)


@post(
    "/login",
    status_code=200,
    media_type=MediaType.TEXT,
    summary="Get a token for a password",
    tags=["Authentication"],
    request_max_body_size=MAX_BODY,
    **OPEN,
)
async def login(request: ApiRequest, data: JSONBody[Login]) -> Response[str]:
    """Answer the bearer token of a user as bare text."""
    parts, here, username = services(request), networks(request), text_of(data.username)
    await await_turn_of_address(request, "sign-in")
    now = parts.clock.now()
    origin = Origin(here, familiar=parts.limits.familiar(username, here, now))
    with parts.limits.sign_in("password", username, here, now):
        token = await service.login(
            parts.database,
            parts.keyring,
            now,
            parts.settings.token_seconds,
            username,
            str(data.password),
            origin,
        )
    return Response(token, media_type=MediaType.TEXT)


ROUTES: list[HTTPRouteHandler] = [authenticate, login]
