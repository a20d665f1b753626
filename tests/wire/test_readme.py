"""The README's first order runs as it stands there, against a demo server."""

from __future__ import annotations

import json
import re
import subprocess
import sys
import time
from pathlib import Path

import pytest

from seatwright.core.config import Settings
from tests.api.test_serve import seatwright
from tests.days import moving
from tests.server import Server

README = Path(__file__).parents[2] / "README.md"


def example(name: str) -> str:
    """Return the shell block that is marked with this name."""
    found = re.search(rf"<!-- example: {name} -->\n```bash\n(.*?)```", README.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def path_with_today(today: str, folder: Path) -> str:
    """Return a `PATH` on which a `date` is found first for which it is `today`."""
    program = folder / "date"
    program.write_text(f'#!/bin/bash\n[ "$1" = -d ] || set -- -d "{today}" "$@"\nexec /bin/date "$@"\n')
    program.chmod(0o755)
    return f"{folder}:/usr/local/bin:/usr/bin:/bin"


@pytest.mark.parametrize("today", ["2026-01-31", "2026-10-31", "2028-02-29", "2026-12-31"])
def test_the_month_that_the_readme_asks_for_is_the_next(today: str, tmp_path: Path) -> None:
    found = re.search(r"^MONTH=(.*)$", example("first order"), re.MULTILINE)
    assert found is not None
    said = subprocess.run(
        ["bash", "-c", f"echo {found[1]}"],
        env={"PATH": path_with_today(today, tmp_path)},
        capture_output=True,
        text=True,
        check=True,
    )
    year, month = int(today[:4]), int(today[5:7])
    assert said.stdout.strip() == f"{year + month // 12}-{month % 12 + 1:02d}"


def test_the_first_order_of_the_readme(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    path = path_with_today(f"@{time.time():.0f}", tmp_path_factory.mktemp("programs"))
    server = Server(settings, "--demo")
    try:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", example("first order")],
            env={"PATH": path, "DEMO": str(settings.data / "demo.json")},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    finally:
        server.stop()
    assert (done.returncode, done.stderr) == (0, "")
    *_, one_cancelled, all_cancelled = done.stdout.strip().splitlines()
    assert '"seatsReturned":1' in one_cancelled
    assert '"status":"cancelled"' in all_cancelled
    assert "All" in seatwright(settings, "doctor").stdout


def test_what_a_demo_server_prints_signs_in_and_has_no_key(settings: Settings) -> None:
    """Its output goes to a journal that more people read than may have the key."""
    server = Server(settings, "--demo")
    file = settings.data / "demo.json"
    try:
        printed = server.printed()
        commands = printed.split("in another terminal:\n")[1].split("  curl ")[0]
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", f'{commands}\ncurl -sf -H "Authorization: Bearer $TOKEN" $API/product'],
            env={"PATH": "/usr/local/bin:/usr/bin:/bin"},
            capture_output=True,
            text=True,
            check=False,
            timeout=60,
        )
    finally:
        printed = server.stop()
    assert (done.returncode, done.stderr) == (0, "")
    assert '"productCode":"rafting-half-day"' in done.stdout
    content = json.loads(file.read_text())
    assert f"its key and password are in {file}." in printed
    for key in (content["apikey"], content["password"], content["reseller"]["apikey"]):
        assert key not in printed


CATALOG = """
products:
  - {code: walk, name: Canyon walk, number: 4110, durationMin: 60, tiers: {All: {price: 25}}}
schedules:
  - {product: walk, from: 2027-05-01, to: 2027-05-31, times: ["09:00"], capacity: 12}
"""


def test_the_commands_of_the_readme_set_up_an_outfitter(tmp_path: Path) -> None:
    """On a new machine, without a database: all but the last command, which serves."""
    (tmp_path / "catalog.yaml").write_text(CATALOG)
    *commands, serve = example("own outfitter").strip().splitlines()
    assert serve.startswith("seatwright serve ")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(commands)],
        env={
            **moving.moved(),
            "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
            "SEATWRIGHT_DATA": str(tmp_path / "data"),
        },
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    said = [line for line in done.stderr.splitlines() if not line.startswith("Made a new secret: ")]
    assert done.returncode == 0, done.stderr
    assert said == [f"Database: {tmp_path / 'data' / 'seatwright.db'}"] * 3
    assert "apikey" in done.stdout
    assert "departures: 31 created" in done.stdout
