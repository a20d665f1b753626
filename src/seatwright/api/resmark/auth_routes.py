"""Resmark's `/authenticate` and `/login`: credentials in, the bare token out."""

from __future__ import annotations

from litestar import MediaType, Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from seatwright.api import wire
from seatwright.api.context import ApiRequest, services
from seatwright.api.security import OPEN
from seatwright.auth import service


class Credentials(wire.Wire):
    """An account's API key, and the name of any of its users."""

    username: wire.Text
    apikey: wire.Text


class Login(wire.Wire):
    """A user's name and password."""

    username: wire.Text
    password: wire.Text


@post(
    "/authenticate",
    status_code=200,
    media_type=MediaType.TEXT,
    summary="Get a token for an API key",
    tags=["Authentication"],
    **OPEN,
)
async def authenticate(request: ApiRequest, data: JSONBody[Credentials]) -> Response[str]:
    """Answer the bearer token as bare text, without quotes or envelope (wire reference, "Authentication")."""
    parts = services(request)
    now, lifetime_s = parts.clock.now(), parts.settings.token_seconds
    username, apikey = wire.text(data.username), wire.text(data.apikey)
    token = await parts.database.read(
        lambda tx: service.authenticate(tx, parts.keyring, now, lifetime_s, username, apikey)
    )
    return Response(token, media_type=MediaType.TEXT)


@post(
    "/login",
    status_code=200,
    media_type=MediaType.TEXT,
    summary="Get a token for a password",
    tags=["Authentication"],
    **OPEN,
)
async def login(request: ApiRequest, data: JSONBody[Login]) -> Response[str]:
    """Answer the bearer token of a user as bare text."""
    parts = services(request)
    token = await service.login(
        parts.database,
        parts.keyring,
        parts.clock.now(),
        parts.settings.token_seconds,
        wire.text(data.username),
        str(data.password),
    )
    return Response(token, media_type=MediaType.TEXT)


ROUTES: list[HTTPRouteHandler] = [authenticate, login]
