"""The two clients. They do what `Core` says, one blocking and one with asyncio, and decide nothing themselves."""

from __future__ import annotations

import asyncio
import random
import threading
import time
from collections.abc import AsyncIterator, Awaitable, Callable, Iterator
from types import TracebackType
from typing import Any, Generic, ParamSpec, Self, TypeAlias, TypeVar

import httpx

from seatwright_client.account import AccountCalls, Audit, Connections, Invitations, Keys, Users
from seatwright_client.agencies import Agencies
from seatwright_client.answers import enveloped
from seatwright_client.assignments import Assignments, Resources
from seatwright_client.carts import Carts
from seatwright_client.catalog import CatalogCalls, Departures
from seatwright_client.checkins import CheckIns
from seatwright_client.core import Core, Pause, Renew, Send, Step, Steps
from seatwright_client.credentials import Credentials, Token
from seatwright_client.editing import Editing
from seatwright_client.errors import ConnectionFailed, SeatwrightError
from seatwright_client.finding import Finding
from seatwright_client.mailing import Refusals
from seatwright_client.messages import Messages
from seatwright_client.notes import Notes, Tags
from seatwright_client.operations import Awaiting, Blocking, Caller, Mode
from seatwright_client.orders import Orders
from seatwright_client.payments import Payments
from seatwright_client.products import Products
from seatwright_client.reports import Reports
from seatwright_client.request import Query, Request, get, raw, write
from seatwright_client.retries import RetryPolicy
from seatwright_client.tokens import Tokens
from seatwright_client.webhooks import Webhooks

P = ParamSpec("P")
T = TypeVar("T")

Sent: TypeAlias = httpx.Response | httpx.HTTPError | SeatwrightError
"""The outcome of sending a request."""

TIMEOUT_S = 30.0


class _Client(Generic[Mode]):
    """The parts of the API, which both clients have."""

    def __init__(self, caller: Caller, core: Core) -> None:
        self._core = core
        self.tokens: Tokens[Mode] = Tokens(caller)
        self.products: Products[Mode] = Products(caller)
        self.carts: Carts[Mode] = Carts(caller)
        self.orders: Orders[Mode] = Orders(caller)
        self.payments: Payments[Mode] = Payments(caller)
        self.editing: Editing[Mode] = Editing(caller)
        self.check_ins: CheckIns[Mode] = CheckIns(caller)
        self.find: Finding[Mode] = Finding(caller)
        self.notes: Notes[Mode] = Notes(caller)
        self.tags: Tags[Mode] = Tags(caller)
        self.account: AccountCalls[Mode] = AccountCalls(caller)
        self.users: Users[Mode] = Users(caller)
        self.invitations: Invitations[Mode] = Invitations(caller)
        self.keys: Keys[Mode] = Keys(caller)
        self.connections: Connections[Mode] = Connections(caller)
        self.agencies: Agencies[Mode] = Agencies(caller)
        self.audit: Audit[Mode] = Audit(caller)
        self.catalog: CatalogCalls[Mode] = CatalogCalls(caller)
        self.departures: Departures[Mode] = Departures(caller)
        self.resources: Resources[Mode] = Resources(caller)
        self.assignments: Assignments[Mode] = Assignments(caller)
        self.reports: Reports[Mode] = Reports(caller)
        self.refusals: Refusals[Mode] = Refusals(caller)
        self.messages: Messages[Mode] = Messages(caller)
        self.webhooks: Webhooks[Mode] = Webhooks(caller)

    def __repr__(self) -> str:
        """Return the server's address and the user, without any secret."""
        return f"{type(self).__name__}({self._core!r})"


class SeatwrightClient(_Client[Blocking]):
    """A client that blocks. May be shared by threads; use it as a context manager, or `close()` it.

    `base_url` is the server's address, with or without `/public/api`. The credentials are a user's name with the
    account's `apikey` or the user's `password`, or a `token` that is used as it is. A token is fetched with the first
    call, renewed shortly before it expires, and once when the server refuses it.

    `timeout` is in seconds, for each of connecting, sending, and waiting for the next bytes. `http` is a client of
    httpx to send with, for proxies or certificates; its owner closes it. `sleep`, `clock` (monotonic, seconds) and
    `rng` (from 0 up to 1) are for tests. Raises `ValueError` for an address or credentials that can't be used.
    """

    def __init__(
        self,
        base_url: str,
        *,
        username: str = "",
        apikey: str | None = None,
        password: str | None = None,
        token: str | None = None,
        timeout: float | httpx.Timeout = TIMEOUT_S,
        retries: RetryPolicy = RetryPolicy(),  # noqa: B008 - a constant
        http: httpx.Client | None = None,
        sleep: Callable[[float], None] = time.sleep,
        clock: Callable[[], float] = time.monotonic,
        rng: Callable[[], float] = random.random,
    ) -> None:
        core = Core(base_url, Credentials(username, apikey, password, token), retries, clock, rng)
        self._caller = _BlockingCaller(core, http or httpx.Client(), timeout, sleep)
        self._owned = http is None
        super().__init__(self._caller, core)

    def request(
        self,
        method: str,
        path: str,
        answer: type[T],
        *,
        query: Query | None = None,
        body: object = None,
        idempotency_key: str | None = None,
    ) -> T:
        """Call any route, such as `/api/v1/webhooks`; return its `data` as an `answer`, which `bytes` leaves as it is.

        Everything but a GET carries an idempotency key. Raises as all calls do.
        """
        return self._caller.run(_custom(method, path, answer, query, body, idempotency_key))

    def close(self) -> None:
        """Close its connections."""
        if self._owned:
            self._caller.http.close()

    def __enter__(self) -> Self:
        """Return itself."""
        return self

    def __exit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """Close it."""
        self.close()


class AsyncSeatwrightClient(_Client[Awaiting]):
    """A client for asyncio. May be shared by the tasks of one event loop; use it with `async with`, or `aclose()` it.

    Everything is as in `SeatwrightClient`, but calls are awaited and pages iterated with `async for`.
    """

    def __init__(
        self,
        base_url: str,
        *,
        username: str = "",
        apikey: str | None = None,
        password: str | None = None,
        token: str | None = None,
        timeout: float | httpx.Timeout = TIMEOUT_S,
        retries: RetryPolicy = RetryPolicy(),  # noqa: B008 - a constant
        http: httpx.AsyncClient | None = None,
        sleep: Callable[[float], Awaitable[None]] = asyncio.sleep,
        clock: Callable[[], float] = time.monotonic,
        rng: Callable[[], float] = random.random,
    ) -> None:
        core = Core(base_url, Credentials(username, apikey, password, token), retries, clock, rng)
        self._caller = _AwaitingCaller(core, http or httpx.AsyncClient(), timeout, sleep)
        self._owned = http is None
        super().__init__(self._caller, core)

    async def request(
        self,
        method: str,
        path: str,
        answer: type[T],
        *,
        query: Query | None = None,
        body: object = None,
        idempotency_key: str | None = None,
    ) -> T:
        """Call any route, such as `/api/v1/webhooks`; return its `data` as an `answer`, which `bytes` leaves as it is.

        Everything but a GET carries an idempotency key. Raises as all calls do.
        """
        return await self._caller.run(_custom(method, path, answer, query, body, idempotency_key))

    async def aclose(self) -> None:
        """Close its connections."""
        if self._owned:
            await self._caller.http.aclose()

    async def __aenter__(self) -> Self:
        """Return itself."""
        return self

    async def __aexit__(self, *_: type[BaseException] | BaseException | TracebackType | None) -> None:
        """Close it."""
        await self.aclose()


def _custom(method: str, path: str, answer: type[T], query: Query | None, body: object, key: str | None) -> Request[T]:
    """Return the request for a route that the client has no method for."""
    if not path.startswith("/"):
        raise ValueError(f"{path!r}: a path begins with /public/api/ or /api/v1/")
    decode: Callable[[bytes], Any] = raw if answer is bytes else enveloped(answer)
    if method.upper() == "GET":
        return get(path, decode, query)
    return write(method.upper(), path, decode, key=key, body=body, query=query)


class _BlockingCaller:
    """Does what `Core` says, and blocks."""

    def __init__(
        self, core: Core, http: httpx.Client, timeout: float | httpx.Timeout, sleep: Callable[[float], None]
    ) -> None:
        self.http = http
        self._core = core
        self._timeout = timeout
        self._sleep = sleep
        self._renewing = threading.Lock()

    def call(self, describe: Callable[P, Request[T]]) -> Callable[P, T]:
        def method(*args: P.args, **kwargs: P.kwargs) -> T:
            return self.run(describe(*args, **kwargs))

        return method

    def iterate(self, describe: Callable[P, Request[list[T]]]) -> Callable[P, Iterator[T]]:
        def method(*args: P.args, **kwargs: P.kwargs) -> Iterator[T]:
            return self._pages(describe(*args, **kwargs))

        return method

    def _pages(self, first: Request[list[T]]) -> Iterator[T]:
        request: Request[list[T]] | None = first
        while request is not None:
            found = self.run(request)
            yield from found
            request = request.next_page(len(found))

    def run(self, request: Request[T]) -> T:
        return self._drive(self._core.exchange(request))

    def _drive(self, steps: Steps[T]) -> T:
        outcome: Any = None
        while True:
            try:
                step = steps.send(outcome)
            except StopIteration as end:
                result: T = end.value
                return result
            outcome = self._do(step)

    def _do(self, step: Step) -> Sent | Token | None:
        match step:
            case Send():
                return self._send(step)
            case Renew():
                with self._renewing:
                    return self._drive(self._core.renew(step))
            case Pause():
                self._sleep(step.seconds)
        return None

    def _send(self, step: Send) -> Sent:
        request = self.http.build_request(
            step.method,
            step.url,
            params=step.params,
            headers=step.headers,
            content=step.content,
            timeout=self._timeout,
        )
        try:
            return self.http.send(request, auth=None, follow_redirects=False)
        except httpx.HTTPError as error:
            return error
        except RuntimeError:
            if not self.http.is_closed:
                raise
            return ConnectionFailed("The client is closed.")


class _AwaitingCaller:
    """Does what `Core` says, and awaits."""

    def __init__(
        self,
        core: Core,
        http: httpx.AsyncClient,
        timeout: float | httpx.Timeout,
        sleep: Callable[[float], Awaitable[None]],
    ) -> None:
        self.http = http
        self._core = core
        self._timeout = timeout
        self._sleep = sleep
        self._renewing = asyncio.Lock()

    def call(self, describe: Callable[P, Request[T]]) -> Callable[P, Awaitable[T]]:
        async def method(*args: P.args, **kwargs: P.kwargs) -> T:
            return await self.run(describe(*args, **kwargs))

        return method

    def iterate(self, describe: Callable[P, Request[list[T]]]) -> Callable[P, AsyncIterator[T]]:
        def method(*args: P.args, **kwargs: P.kwargs) -> AsyncIterator[T]:
            return self._pages(describe(*args, **kwargs))

        return method

    async def _pages(self, first: Request[list[T]]) -> AsyncIterator[T]:
        request: Request[list[T]] | None = first
        while request is not None:
            found = await self.run(request)
            for each in found:
                yield each
            request = request.next_page(len(found))

    async def run(self, request: Request[T]) -> T:
        return await self._drive(self._core.exchange(request))

    async def _drive(self, steps: Steps[T]) -> T:
        outcome: Any = None
        while True:
            try:
                step = steps.send(outcome)
            except StopIteration as end:
                result: T = end.value
                return result
            outcome = await self._do(step)

    async def _do(self, step: Step) -> Sent | Token | None:
        match step:
            case Send():
                return await self._send(step)
            case Renew():
                async with self._renewing:
                    return await self._drive(self._core.renew(step))
            case Pause():
                await self._sleep(step.seconds)
        return None

    async def _send(self, step: Send) -> Sent:
        request = self.http.build_request(
            step.method,
            step.url,
            params=step.params,
            headers=step.headers,
            content=step.content,
            timeout=self._timeout,
        )
        try:
            return await self.http.send(request, auth=None, follow_redirects=False)
        except httpx.HTTPError as error:
            return error
        except RuntimeError:
            if not self.http.is_closed:
                raise
            return ConnectionFailed("The client is closed.")
