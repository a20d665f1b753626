"""The objects that every request handler uses."""

from __future__ import annotations

import asyncio
from codecs import BOM_UTF8
from dataclasses import dataclass, field
from typing import Any, TypeAlias, cast

from litestar import Request
from litestar.connection import ASGIConnection
from litestar.datastructures import State

from seatwright.auth.admission import Admission
from seatwright.auth.keys import KeyUses
from seatwright.auth.limits import Limits
from seatwright.auth.networks import UNKNOWN, Networks
from seatwright.auth.networks import networks as networks_of
from seatwright.auth.secrets import Keyring
from seatwright.auth.sessions import SessionContext
from seatwright.auth.tokens import Claims
from seatwright.cart.context import BookingContext
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import SECOND_MS, Clock
from seatwright.core.config import Settings
from seatwright.http.change_feed import ChangeFeed
from seatwright.http.report_queue import ReportQueue
from seatwright.messages.context import Messenger
from seatwright.storage.engine import Database

ApiRequest: TypeAlias = Request[Any, Any, State]


class BareRequest(Request[Any, Any, State]):
    """A request whose body has no byte order mark before its JSON, as some programs write it."""

    async def body(self) -> bytes:
        """Return the body without the mark."""
        return (await super().body()).removeprefix(BOM_UTF8)


@dataclass(frozen=True, slots=True)
class Services:
    """The long-lived objects of one process, made by the composition root."""

    database: Database
    clock: Clock
    settings: Settings
    catalogs: CatalogCache
    keyring: Keyring
    limits: Limits = field(default_factory=Limits)
    admission: Admission = field(default_factory=Admission)
    report_queue: ReportQueue = field(default_factory=ReportQueue)
    key_uses: KeyUses = field(default_factory=KeyUses)
    refresh_turn: asyncio.Semaphore = field(default_factory=lambda: asyncio.Semaphore(1))
    """Open pages that fetch themselves again do so one after the other, so that a booking waits for one of them."""


def services(connection: ASGIConnection[Any, Any, Any, Any]) -> Services:
    """Return the services of the application that a request came to."""
    return cast("Services", connection.app.state.services)


def claims(connection: ASGIConnection[Any, Any, Any, Any]) -> Claims:
    """Return the claims that `http.security.require_token` has verified for this request."""
    return cast("Claims", connection.scope["auth"])


def change_feed(connection: ASGIConnection[Any, Any, Any, Any]) -> ChangeFeed:
    """Return what tells this process of changes, made on first use."""
    state = connection.app.state
    if state.change_feed is None:
        state.change_feed = ChangeFeed(services(connection).database)
    return cast("ChangeFeed", state.change_feed)


def networks(connection: ASGIConnection[Any, Any, Any, Any]) -> Networks:
    """Return the networks by which limits are counted (from the proxy's header, if the proxy is trusted)."""
    return networks_of(connection.client.host) if connection.client else UNKNOWN


async def await_turn_of_address(connection: ASGIConnection[Any, Any, Any, Any], what: str) -> None:
    """Count a request without a token by its networks, and let it wait for its turn. Raises `TooMany`."""
    parts = services(connection)
    rate, patience_s = parts.settings.requests_per_second, parts.settings.request_wait_seconds
    await parts.limits.request_from(what, networks(connection), parts.clock.now(), rate, patience_s)


def messenger(parts: Services) -> Messenger:
    """Return what use cases that send mail need of the application's services."""
    return Messenger(parts.database, parts.clock, parts.settings, parts.catalogs, parts.keyring)


def session_context(parts: Services) -> SessionContext:
    """Return what use cases of the desk's sessions need of the application's services."""
    settings = parts.settings
    return SessionContext(
        keyring=parts.keyring,
        idle_ms=settings.session_idle_seconds * SECOND_MS,
        lifetime_ms=settings.session_seconds * SECOND_MS,
    )


def booking(connection: ASGIConnection[Any, Any, Any, Any]) -> BookingContext:
    """Return what booking use cases need of the application's services."""
    parts = services(connection)
    settings = parts.settings
    return BookingContext(
        clock=parts.clock,
        catalogs=parts.catalogs,
        hold_ms=settings.hold_seconds * SECOND_MS,
        hold_max_ms=settings.hold_max_seconds * SECOND_MS,
        reseller_hold_percent=settings.reseller_hold_percent,
        address=networks(connection)[0],
        holds_per_user=settings.holds_per_user,
        holds_per_address=settings.holds_per_address,
        fee_after_move=settings.fee_after_move,
    )
