"""docs/client.md: its examples run as they stand there, type-check, and its tables are complete."""

from __future__ import annotations

import re
import subprocess
import sys
import time
from pathlib import Path
from typing import Any

import pytest

import seatwright_client
from seatwright.core.config import Settings
from seatwright_client import RetryPolicy, SeatwrightClient, SeatwrightError
from seatwright_client.operations import Resource

DOCUMENT = Path(__file__).parents[2] / "docs" / "client.md"
SRC = Path(__file__).parents[2] / "src"


def example(name: str) -> str:
    """Return the block that is marked with this name."""
    found = re.search(rf"<!-- example: {name} -->\n```python\n(.*?)```", DOCUMENT.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def rows(heading: str) -> dict[str, list[str]]:
    """Return the names in code style in the rows of a table, by the first."""
    part = DOCUMENT.read_text().partition(f"## {heading}\n")[2].partition("\n## ")[0]
    cells = [line.split(" | ") for line in part.splitlines() if line.startswith("| `")]
    return {re.findall(r"`([^`]+)`", first)[0]: re.findall(r"`([^`]+)`", second) for first, second, *_ in cells}


def test_the_quick_starts_run(demo: dict[str, Any], server_settings: Settings, tmp_path: Path) -> None:
    (tmp_path / "var").mkdir()
    (tmp_path / "var" / "demo").symlink_to(server_settings.data)
    said = []
    for name in ("quick start", "async", "typed entries"):
        program = example(name).replace("datetime.now(UTC)", f"datetime.fromtimestamp({int(time.time())}, UTC)")
        done = subprocess.run(
            [sys.executable, "-W", "error", "-c", program],
            cwd=tmp_path,
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
        assert (done.returncode, done.stderr) == (0, "")
        said.append(done.stdout)
    number = re.search(r"Order (\d+): \d+\.\d\d USD, starts 2\d{3}-", said[0])
    assert number is not None
    assert re.search(r"Refund \d+\.\d\d, fee \d+\.\d\d\n", said[0])
    assert f"{number[1]} cancelled" in said[0]
    assert said[1].startswith("Half-day rafting and Guided kayak tour\n")
    assert re.fullmatch(r"Half-day rafting \d+\.?\d*\n", said[2])
    assert f"{number[1]} Lee" in said[1]


def test_types_reach_whoever_uses_it(tmp_path: Path) -> None:
    """The package has its types with it (`py.typed`), and they say what each client's methods return."""
    checks = """
from collections.abc import AsyncIterator, Coroutine, Iterator
from decimal import Decimal
from typing import Any, assert_type
from seatwright_client import AsyncSeatwrightClient, CancelledOrder, Order, SeatwrightClient

def blocking(client: SeatwrightClient) -> None:
    assert_type(client.orders.read(1), Order)
    assert_type(client.orders.read(1).items[0].lines[0].total, Decimal)
    assert_type(client.orders.cancel("o", apply_cancellation_fee=False), CancelledOrder)
    assert_type(client.orders.iterate(ids=["a"]), Iterator[Order])
    assert_type(client.request("GET", "/x", list[int]), list[int])
    client.orders.read()  # type: ignore[call-arg]
    client.orders.iterate(idz=["a"])  # type: ignore[call-arg]

async def awaiting(client: AsyncSeatwrightClient) -> None:
    reading: Coroutine[Any, Any, Order] = client.orders.read(1)
    assert_type(await reading, Order)
    client.orders.read(1)  # type: ignore[unused-coroutine]
    assert_type(await client.orders.list(), list[Order])
    assert_type(client.orders.iterate(), AsyncIterator[Order])
"""
    assert (SRC / "seatwright_client" / "py.typed").exists()
    files = {"quick_start.py": example("quick start"), "asynchronous.py": example("async"), "checks.py": checks}
    for name, text in files.items():
        (tmp_path / name).write_text(text)
    done = subprocess.run(
        [sys.executable, "-m", "mypy", "--strict", "--follow-imports=silent", "--cache-dir", ".mypy_cache", *files],
        cwd=tmp_path,
        env={"MYPYPATH": str(SRC), "PATH": ""},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.stdout == f"Success: no issues found in {len(files)} source files\n", done.stdout + done.stderr


def test_every_method_is_in_the_table() -> None:
    listed = rows("What there is")
    client = SeatwrightClient("https://x.example", token="t")
    for name, part in vars(client).items():
        if isinstance(part, Resource):
            methods = {each for each in dir(part) if not each.startswith("_")}
            assert methods == {each for each in listed[f"client.{name}"] if re.fullmatch(r"[a-z_]+", each)}, name
    client.close()


def test_every_error_is_in_the_table() -> None:
    public = [getattr(seatwright_client, name) for name in seatwright_client.__all__]
    errors = {each.__name__ for each in public if isinstance(each, type) and issubclass(each, SeatwrightError)}
    assert set(rows("Errors")) == errors


@pytest.mark.parametrize("name", ["attempts", "total_s", "base_s", "cap_s"])
def test_the_defaults_are_as_said(name: str) -> None:
    said = re.search(rf"^\| `{name}` \| ([\d.]+) \|", DOCUMENT.read_text(), re.MULTILINE)
    assert said is not None
    assert float(said[1]) == getattr(RetryPolicy(), name)
