"""Puts the API together."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Sequence
from contextlib import AbstractAsyncContextManager
from functools import cache
from typing import TypeAlias

from litestar import Litestar, Response, Router, get
from litestar.config.cors import CORSConfig
from litestar.datastructures import State
from litestar.handlers import HTTPRouteHandler

from seatwright.api.resmark.calendar_json import CalendarJsonCache
from seatwright.api.resmark.order_json import OrderJsonCache
from seatwright.app.routes import MANAGE, OPTIONS, RESMARK, ROUTES, Routes
from seatwright.auth.limits import Turns
from seatwright.core.config import Settings
from seatwright.http.access import AccessMiddleware
from seatwright.http.application import Application
from seatwright.http.checks import check_request
from seatwright.http.context import ApiRequest, BareRequest, Services
from seatwright.http.errors import HANDLERS
from seatwright.http.openapi import describe, in_yaml
from seatwright.http.parameters import set_parameters
from seatwright.http.security import OPEN
from seatwright.http.static import Static
from seatwright.web.failures import with_pages

Lifespan: TypeAlias = Callable[[Litestar], AbstractAsyncContextManager[None]]

CORS_MAX_AGE_S = 600


def create_app(
    settings: Settings, services: Services | None, routes: Routes = ROUTES, *, lifespan: Sequence[Lifespan] = ()
) -> Litestar:
    """Return the application.

    With `services` None, a `lifespan` opens the services and sets `app.state.services`.
    """
    app = Application(
        route_handlers=[*_routers(routes), *_description_routes(routes)],
        lifespan=list(lifespan),
        request_class=BareRequest,
        before_request=check_request,
        exception_handlers=with_pages(HANDLERS),
        cors_config=_cors(settings.cors_origins),
        request_max_body_size=settings.max_body_bytes,
        openapi_config=None,
        logging_config=None,
        debug=False,
    )
    set_parameters(app, strict=MANAGE, lenient=RESMARK)
    return with_state(app, settings, services)


def with_state(app: Litestar, settings: Settings, services: Services | None) -> Litestar:
    """Give an application the state of a new one, and return it: these services, and empty caches."""
    handler = app.asgi_handler
    routed = handler.app if isinstance(handler, AccessMiddleware) else handler
    app.asgi_handler = AccessMiddleware(routed, Turns(settings.requests_per_second))
    app.state = State(
        {
            "services": services,
            "order_json": OrderJsonCache(),
            "calendar_json": CalendarJsonCache(),
            "change_feed": None,
        }
    )
    return app


def _routers(routes: Routes) -> list[Router]:
    return [Router(path, route_handlers=handlers, opt=OPTIONS.get(path, {})) for path, handlers in routes.items()]


def _cors(origins: tuple[str, ...]) -> CORSConfig | None:
    if not origins:
        return None
    return CORSConfig(
        allow_origins=list(origins),
        allow_methods=["GET", "POST", "PUT", "PATCH", "DELETE", "OPTIONS", "HEAD"],
        allow_headers=["Authorization", "Content-Type", "Idempotency-Key", "X-Request-Id"],
        expose_headers=["X-Request-Id", "Idempotent-Replayed", "Retry-After", "Content-Disposition"],
        max_age=CORS_MAX_AGE_S,
    )


def _description_routes(routes: Routes) -> list[HTTPRouteHandler]:
    """The description is made on first use, by the framework, from the same handlers."""

    @cache
    def described() -> bytes:
        return describe(_routers(routes))

    @cache
    def as_json() -> Static:
        return Static.of(described(), "application/json")

    @cache
    def as_yaml() -> Static:
        return Static.of(in_yaml(described()), "application/yaml")

    @get("/openapi.json", include_in_schema=False, sync_to_thread=False, **OPEN)
    def openapi(request: ApiRequest) -> Response[bytes]:
        return as_json().answer(request)

    @get("/openapi.yaml", include_in_schema=False, **OPEN)
    async def openapi_yaml(request: ApiRequest) -> Response[bytes]:
        return (await asyncio.to_thread(as_yaml)).answer(request)

    return [openapi, openapi_yaml]
