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


def bash(script: str, **environ: str) -> subprocess.CompletedProcess[str]:
    """Run a block as somebody pastes it: into a shell that doesn't stop at errors by itself."""
    return subprocess.run(["bash", "-c", script], env=environ, capture_output=True, text=True, check=False, timeout=60)


def test_the_first_order_of_the_readme(settings: Settings, tmp_path_factory: pytest.TempPathFactory) -> None:
    """It runs twice, each time for an order of its own, and stops at the first refusal with the server's words."""
    folder = tmp_path_factory.mktemp("programs")
    path = path_with_today(f"@{time.time():.0f}", folder)
    demo, wrong = settings.data / "demo.json", folder / "wrong.json"
    script = example("first order")
    server = Server(settings, "--demo")
    try:
        done = [bash(script, PATH=path, DEMO=str(demo)) for _ in range(2)]
        wrong.write_text(json.dumps({**json.loads(demo.read_text()), "apikey": "wrong"}))
        refused = bash(script, PATH=path, DEMO=str(wrong))
    finally:
        server.stop()
    numbers = set()
    for each in done:
        assert (each.returncode, each.stderr) == (0, "")
        *_, one_cancelled, all_cancelled = each.stdout.strip().splitlines()
        assert '"seatsReturned":1' in one_cancelled
        assert '"status":"cancelled"' in all_cancelled
        numbers |= set(re.findall(r'"confirmation":"?(\d+)', each.stdout))
    assert len(numbers) == 2
    assert refused.returncode != 0
    assert refused.stdout == "", "it goes no further"
    assert "errorMessage" in refused.stderr
    assert "/authenticate" in refused.stderr
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


def test_the_commands_of_the_readme_set_up_an_outfitter(tmp_path: Path) -> None:
    """On a new machine, without a database, and then again: all but the last command, which serves."""
    commands, serve, end = example("own outfitter").rpartition("seatwright serve ")
    assert serve
    assert "--host" not in end, "plain HTTP is for this machine"
    environ = {
        **moving.moved(),
        "PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin",
        "SEATWRIGHT_DATA": str(tmp_path / "data"),
    }
    script = f"cd {tmp_path}\n{commands})"
    first, again = bash(script, **environ), bash(script, **environ)
    for each in (first, again):
        said = [line for line in each.stderr.splitlines() if not line.startswith("Made a new secret: ")]
        assert each.returncode == 0, each.stderr
        assert said == [f"Database: {tmp_path / 'data' / 'seatwright.db'}"] * 4
        assert "password  " in each.stdout
    assert "apikey" in first.stdout
    assert "departures: 31 created" in first.stdout
    assert "(canyon) is there already; nothing was changed" in again.stdout
    assert "Nothing has changed." in again.stdout
    lost = bash(script, **{**environ, "SEATWRIGHT_HOLD_SECONDS": "soon"})
    assert (lost.returncode, lost.stdout) == (2, "")
    assert lost.stderr.count("\n") == 1, "it stops at the first error"


def test_every_block_of_the_readme_is_run_here_or_by_make() -> None:
    blocks = re.findall(r"^```(?:bash|sh)\n(.*?)^```", README.read_text(), re.DOTALL | re.MULTILINE)
    tested = {example(name) for name in ("first order", "own outfitter")}
    assert all(block in tested or all(line.startswith("make ") for line in block.splitlines()) for block in blocks)
