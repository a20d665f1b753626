"""What others notice of a flood: `python -m tests.security.flood`, about five minutes on an idle machine.

One server, one calm client at an even pace, and attackers in a process of their own that send as fast as they are
answered. Rounds with and without them alternate; printed are the medians of the rounds' p50 and p99. Attackers run
at a lower priority: here they share the machine's cores with the server, and it is the server that is measured.
"""

from __future__ import annotations

import asyncio
import json
import os
import statistics
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import NamedTuple

import httpx

from seatwright.core.config import SETTINGS
from tests.conftest import _migrate, settings_for
from tests.security.live import Login, open_account
from tests.security.world import catalog, word
from tests.server import Server

ROUNDS, ROUND_S, PACE_S = 2, 15.0, 0.02
CONNECTIONS = 64


LIMIT = next(setting.default for setting in SETTINGS if setting.name == "SEATWRIGHT_REQUESTS_PER_SECOND")


class Attack(NamedTuple):
    """What attackers send, each over and over on its connection."""

    name: str
    path: str
    body: bytes
    signed: bool = True


WRONG = json.dumps({"username": "dana@mesa.example", "password": "wrong horse battery"}).encode()
NESTED = b'{"tags": [' + b'{"code": "a", "name": "b"},' * 30_000 + b"[]]}"
ATTACKS = [
    Attack("one user's requests", "/public/api/order", b""),
    Attack("no token", "/public/api/order", b"", signed=False),
    Attack("wrong passwords", "/public/api/login", WRONG, signed=False),
    Attack("bodies of 0.8 MB", "/api/v1/import", NESTED),
]


def request(attack: Attack, token: str) -> bytes:
    """Return the bytes of an attacker's request."""
    method = "POST" if attack.body else "GET"
    lines = [f"{method} {attack.path} HTTP/1.1", "Host: x", f"Content-Length: {len(attack.body)}"]
    lines += [f"Authorization: Bearer {token}"] if attack.signed else []
    return "\r\n".join([*lines, "", ""]).encode() + attack.body


async def attack(port: int, data: bytes, seconds: float) -> int:
    """Send a request over and over on each of the connections; return how many were answered."""
    count, end = 0, time.monotonic() + seconds

    async def one() -> None:
        nonlocal count
        while time.monotonic() < end:
            try:
                reader, writer = await asyncio.open_connection("127.0.0.1", port)
                while time.monotonic() < end:
                    writer.write(data)
                    head = await reader.readuntil(b"\r\n\r\n")
                    length = int(head.lower().partition(b"content-length: ")[2].partition(b"\r\n")[0])
                    await reader.readexactly(length)
                    count += 1
            except (OSError, asyncio.IncompleteReadError):
                await asyncio.sleep(0.01)

    await asyncio.gather(*(one() for _ in range(CONNECTIONS)))
    return count


async def calm(server: Server, login: Login, departure: str) -> list[float]:
    """Read and hold at an even pace for one round; return the seconds that each request took."""
    took: list[float] = []
    end = time.monotonic() + ROUND_S
    async with httpx.AsyncClient(base_url=server.url, headers=login.headers, timeout=60) as client:
        cart = (await client.post("/public/api/cart")).json()["data"]["id"]
        add = {"itemId": departure, "participants": {"Adult": 1}}
        following = time.monotonic()
        while (began := time.monotonic()) < end:
            if len(took) % 4:
                answer = await client.get("/public/api/product/4101/item?from=2030-07&to=2030-07")
            else:
                answer = await client.post(f"/public/api/cart/{cart}/item", json=add)
                await client.delete(f"/public/api/cart/{cart}/item/{departure}")
            assert answer.status_code == 200, answer.text
            took.append(time.monotonic() - began)
            following = max(following + PACE_S, time.monotonic())
            await asyncio.sleep(following - time.monotonic())
    return took


def settle(server: Server) -> None:
    """Wait until what an attack left behind is done."""
    for _ in range(5):
        httpx.get(f"{server.url}/readyz", timeout=60)


def measure(server: Server, flooder: Login, other: Login, departure: str, kind: Attack) -> None:
    """Alternate rounds, and print."""
    token = flooder.headers["Authorization"].split()[1]
    command = [sys.executable, "-m", "tests.security.flood", str(server.port), kind.name, token]
    quiet, flooded, answered = [], [], 0
    for _ in range(ROUNDS):
        settle(server)
        quiet.append(asyncio.run(calm(server, other, departure)))
        with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as attackers:
            assert attackers.stdout is not None
            attackers.stdout.readline()
            flooded.append(asyncio.run(calm(server, other, departure)))
            answered += int(attackers.stdout.readline())

    def figure(rounds: list[list[float]], percent: int) -> float:
        return statistics.median(statistics.quantiles(took, n=100)[percent - 1] for took in rounds) * 1000

    before, after = [[figure(rounds, percent) for percent in (50, 99)] for rounds in (quiet, flooded)]
    print(
        f"{kind.name:20} {answered / ROUNDS / (ROUND_S + 1):7.0f} a second   p50 {before[0]:5.1f} -> {after[0]:5.1f} ms"
        f"   p99 {before[1]:5.1f} -> {after[1]:5.1f} ms   x {after[1] / before[1]:.1f}",
        flush=True,
    )


def main() -> None:
    """Measure every attack."""
    with tempfile.TemporaryDirectory() as directory:
        settings = settings_for(Path(directory))
        _migrate(settings)
        server = Server(settings, *sys.argv[1:], SEATWRIGHT_REQUESTS_PER_SECOND=LIMIT)
        try:
            flooder, other = [open_account(settings, server, code) for code in ("canyon", "mesa")]
            document = catalog("mesa", "2030-07-14")
            imported = httpx.post(f"{server.url}/api/v1/import", json=document, headers=other.headers)
            assert imported.status_code == 200, imported.text
            path = f"/api/v1/products/product-{word('mesa')}/departures?from=2030-07-14"
            departure = httpx.get(server.url + path, headers=other.headers).json()["data"][0]["id"]
            for kind in ATTACKS:
                measure(server, flooder, other, departure, kind)
        finally:
            server.stop()


if __name__ == "__main__":
    if len(sys.argv) == 4 and sys.argv[1].isdigit():
        os.nice(10)
        kind = next(each for each in ATTACKS if each.name == sys.argv[2])
        print("begun", flush=True)
        print(asyncio.run(attack(int(sys.argv[1]), request(kind, sys.argv[3]), ROUND_S + 1)))
    else:
        main()
