"""The README's first order runs as it stands there, against a demo server."""

from __future__ import annotations

import re
import subprocess
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
