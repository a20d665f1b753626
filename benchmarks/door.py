"""What the door costs: the library between the server and our own code (docs/decisions/0001-the-doors-machinery.md).

    python -m benchmarks.door [--rounds 31] [--beside package.module:create_app]

The same requests go to the application, to the application once more (so it shows how far apart two equal things lie
here), and straight to the checks and handlers that any library would have to call. What lies between the first and the
last is all that another library could save. `--beside` adds a candidate: a function that makes an ASGI application of
(settings, services), as `app.assembly.create_app` does. All run in this process, on one SQLite file; processor
time is counted, in rounds that take turns.
"""

from __future__ import annotations

import argparse
import asyncio
import gc
import importlib
import os
import subprocess
import sys
import time
from collections.abc import Awaitable, Callable, Mapping
from statistics import median, quantiles
from typing import Any

import msgspec
import uvloop
from litestar.routes import HTTPRoute

from benchmarks.calls import API, CUSTOMER, TWO_TIERS
from benchmarks.servers import Ground, Place
from seatwright.app.assembly import create_app
from seatwright.auth import tokens
from seatwright.auth.limits import Turns
from seatwright.auth.secrets import Keyring
from seatwright.catalog.store import CatalogCache
from seatwright.core import logs
from seatwright.core.clock import SystemClock
from seatwright.core.config import Settings
from seatwright.http.access import AccessMiddleware
from seatwright.http.checks import check_request
from seatwright.http.context import Services
from seatwright.storage.open import open_database

READS, ORDERS, CLIENTS = 300, 3, 16
"""In one round: reads of an order; orders that each of so many clients makes at the same time."""

App = Callable[[Any, Any, Any], Awaitable[None]]
MakeApp = Callable[[Settings, Services], App]

LOADED = (
    "import sys, seatwright.app.assembly as a, seatwright.core.config as c; app = a.create_app(c.load_settings(), None)"
)
BELOW = "import sys, importlib, uvicorn; [importlib.import_module(name) for name in {names!r}]"
DESCRIBED = (
    "; import asyncio, httpx; client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url='http://server')"
    "; asyncio.run(client.get('/openapi.json'))"
)
MEMORY = "; print(*[line.split()[1] for line in open('/proc/self/smaps_rollup') if line.startswith('Rss:')])"
NAMES = "; print(*[name for name in sys.modules if name.startswith('seatwright')])"


class _Request:
    """As much of a request as our own code looks at."""

    def __init__(self, app: Any, scope: Any, body: bytes) -> None:
        self.app, self.scope, self.method, self._body = app, scope, scope["method"], body
        self.headers = {name.decode(): value.decode() for name, value in scope["headers"]}
        self.route_handler, self.client = scope["route_handler"], None

    async def body(self) -> bytes:
        return self._body


class _Straight:
    """Our checks and handlers, found in a dictionary and called with what they take."""

    def __init__(self, settings: Settings, services: Services) -> None:
        self._app = create_app(settings, services)
        self._found: dict[tuple[str, str], tuple[str, Any, Any]] = {}
        for route in self._app.routes:
            for method, (handler, _) in route.route_handler_map.items() if isinstance(route, HTTPRoute) else ():
                data = handler.parsed_fn_signature.parameters.get("data")
                decode = msgspec.json.Decoder(data.annotation, strict=False).decode if data else None
                self._found[method, route.path_format] = route.path_format, handler, decode

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        parts, given = scope["path"].split("/"), {}
        if len(parts) > 4:  # /public/api/order/ID, /public/api/cart/ID/item
            name = f"{parts[3]}_id"
            given[name], parts[4] = parts[4], f"{{{name}}}"
        scope["path_template"], handler, decode = self._found[scope["method"], "/".join(parts)]
        scope["route_handler"] = handler
        body = (await receive())["body"]
        request: Any = _Request(self._app, scope, body)
        if await check_request(request) is None and decode:
            given["data"] = decode(body)
        answer = await handler.fn(request, **given)
        await answer.to_asgi_response()(scope, receive, send)


def _straight(settings: Settings, services: Services) -> App:
    return AccessMiddleware(_Straight(settings, services), Turns(settings.requests_per_second))


class Visitor:
    """A client that calls applications in this process."""

    def __init__(self, token: str, departure: str) -> None:
        self._headers = [
            (b"host", b"127.0.0.1"),
            (b"user-agent", b"benchmarks"),
            (b"accept", b"*/*"),
            (b"authorization", f"Bearer {token}".encode()),
        ]
        self._item = {"itemId": departure, "participants": TWO_TIERS}

    async def call(self, app: App, method: str, path: str, body: object = None) -> bytes:
        """Return the body of a good answer."""
        content = b"" if body is None else msgspec.json.encode(body)
        length = [(b"content-type", b"application/json"), (b"content-length", b"%d" % len(content))]
        path, _, query = path.partition("?")
        scope = {
            "type": "http",
            "asgi": {"version": "3.0"},
            "http_version": "1.1",
            "method": method,
            "path": f"{API}{path}",
            "raw_path": f"{API}{path}".encode(),
            "query_string": query.encode(),
            "root_path": "",
            "headers": self._headers + (length if content else []),
            "client": None,
            "server": ("127.0.0.1", 80),
            "scheme": "http",
            "state": {},
        }
        answer: list[Any] = []

        async def receive() -> Mapping[str, Any]:
            return {"type": "http.request", "body": content, "more_body": False}

        async def send(message: Any) -> None:
            answer.append(message)

        await app(scope, receive, send)
        found: bytes = answer[1]["body"]
        if answer[0]["status"] != 200:
            raise RuntimeError(found.decode())
        return found

    async def order(self, app: App) -> str:
        """Make an order, in four requests, and return its id."""
        cart: str = msgspec.json.decode(await self.call(app, "POST", "/cart", {}))["data"]["id"]
        await self.call(app, "POST", f"/cart/{cart}/item", self._item)
        await self.call(app, "PUT", f"/cart/{cart}/customer", CUSTOMER)
        await self.call(app, "POST", "/order", {"id": cart, "billing": {"memo": "payment received"}})
        return cart

    async def orders(self, app: App) -> None:
        """Make orders as several clients at the same time."""
        await asyncio.gather(*(self.order(app) for _ in range(CLIENTS)))


async def compare(place: Place, makes: Mapping[str, MakeApp], rounds: int) -> None:
    """Measure the applications in turn, and print what each costs."""
    settings = place.settings()
    database = await open_database(settings)
    services = Services(database, SystemClock(), settings, CatalogCache(), Keyring.open(settings.secret, settings.data))
    claims = tokens.Claims(user_id=place.data.user_id, account_id=place.data.account_id, generation=1)
    token = tokens.issue(services.keyring, claims, now=services.clock.now(), lifetime_s=86_400)
    visitor = Visitor(token, place.data.two_tiers[0])
    apps = {name: make(settings, services) for name, make in makes.items()}
    made = [await visitor.order(app) for app in apps.values()]
    answers = {await visitor.call(app, "GET", f"/order/{made[0]}") for app in apps.values()}
    if len(answers) > 1:
        raise RuntimeError("The applications answer differently.")

    async def reads(app: App) -> None:
        for _ in range(READS):
            await visitor.call(app, "GET", f"/order/{made[0]}")

    async def orders(app: App) -> None:
        for _ in range(ORDERS):
            await visitor.orders(app)

    for title, work, count in (("order by id", reads, READS), ("four requests of an order", orders, ORDERS * CLIENTS)):
        _say(title, await _rounds(apps, work, count, rounds))
    await database.close()


async def _rounds(
    apps: Mapping[str, App], work: Callable[[App], Awaitable[None]], count: int, rounds: int
) -> Mapping[str, list[float]]:
    """Return the µs that each took in each round; the first of a round is another one each time."""
    times: dict[str, list[float]] = {name: [] for name in apps}
    names = list(apps)
    for name in names:
        await work(apps[name])
    for number in range(rounds):
        start = number % len(names)
        for name in names[start:] + names[:start]:
            gc.collect()
            began = time.process_time()
            await work(apps[name])
            times[name].append((time.process_time() - began) / count * 1e6)
    return times


def _say(title: str, times: Mapping[str, list[float]]) -> None:
    first = next(iter(times.values()))
    for name, found in times.items():
        low, middle, high = quantiles([one / other for one, other in zip(found, first, strict=True)])
        print(
            f"{title:26} {name:28} least {min(found):7.1f}, median {median(found):7.1f} µs;"
            f" of the application {middle:.2f} ({low:.2f} to {high:.2f})",
            file=sys.stderr,
        )


def _memory(folder: str) -> None:
    """Print what a process holds with the application, and with no more than what lies below the door."""

    def run(program: str) -> str:
        environment = {**os.environ, "SEATWRIGHT_DATA": folder}
        command = [sys.executable, "-c", program]
        return subprocess.run(command, env=environment, capture_output=True, check=True, text=True).stdout

    door = ("seatwright.api", "seatwright.app", "seatwright.http", "seatwright.web")
    names = [name for name in run(LOADED + NAMES).split() if not name.startswith(door)]
    for title, program in (
        ("the application", "import uvicorn; " + LOADED),
        ("after GET /openapi.json", "import uvicorn; " + LOADED + DESCRIBED),
        ("all below the door", BELOW.format(names=names)),
    ):
        print(f"memory: {title:26} {int(run(program + MEMORY).split()[-1]) * 1024 / 1_000_000:.1f} MB", file=sys.stderr)


def _named(text: str) -> MakeApp:
    module, _, name = text.partition(":")
    found: MakeApp = getattr(importlib.import_module(module), name)
    return found


def main() -> None:
    """Measure, and print on standard error: what the application logs on standard output goes nowhere."""
    parser = argparse.ArgumentParser(description=__doc__.split("\n", 1)[0])
    parser.add_argument("--rounds", type=int, default=31)
    parser.add_argument("--beside", action="append", default=[], metavar="MODULE:FUNCTION")
    chosen = parser.parse_args()
    makes: dict[str, MakeApp] = {"the application": create_app, "the application again": create_app}
    makes |= {text: _named(text) for text in chosen.beside} | {"without a library": _straight}
    sys.stdout = open(os.devnull, "w")  # noqa: SIM115 - until the program ends
    logs.configure("json")
    with Ground(("sqlite",)) as ground:
        _memory(str(ground.folder))
        uvloop.run(compare(ground.place("sqlite", departures=2), makes, chosen.rounds))


if __name__ == "__main__":
    main()
