"""The README's first order runs as it stands there, against a demo server."""

from __future__ import annotations

import re
import subprocess
import sys
from pathlib import Path

from seatwright.core.config import Settings
from tests.api.test_serve import seatwright
from tests.server import Server

README = Path(__file__).parents[2] / "README.md"


def example(name: str) -> str:
    """Return the shell block that is marked with this name."""
    found = re.search(rf"<!-- example: {name} -->\n```bash\n(.*?)```", README.read_text(), re.DOTALL)
    assert found is not None
    return found[1]


def test_the_first_order_of_the_readme(settings: Settings) -> None:
    server = Server(settings, "--demo")
    try:
        done = subprocess.run(
            ["bash", "-euo", "pipefail", "-c", example("first order")],
            env={"PATH": "/usr/local/bin:/usr/bin:/bin", "DEMO": str(settings.data / "demo.json")},
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


CATALOG = """
products:
  - {code: walk, name: Canyon walk, number: 4110, durationMin: 60, tiers: {All: {price: 25}}}
schedules:
  - {product: walk, from: 2027-05-01, to: 2027-05-31, times: ["09:00"], capacity: 12}
"""


def test_an_outfitter_of_ones_own(tmp_path: Path) -> None:
    """On a new machine, without a database: all but the last command, which serves."""
    (tmp_path / "catalog.yaml").write_text(CATALOG)
    *commands, serve = example("own outfitter").strip().splitlines()
    assert serve.startswith("seatwright serve ")
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", "\n".join(commands)],
        env={"PATH": f"{Path(sys.executable).parent}:/usr/bin:/bin", "SEATWRIGHT_DATA": str(tmp_path / "data")},
        cwd=tmp_path,
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )
    assert (done.returncode, done.stderr) == (0, "")
    assert "apikey" in done.stdout
    assert "departures: 31 created" in done.stdout
