"""The systemd unit of docs/operations.md: systemd reads it, and it takes away what the server doesn't need."""

from __future__ import annotations

import re
import shutil
import subprocess
from pathlib import Path

import pytest

PAGE = Path(__file__).parents[2] / "docs" / "operations.md"
MOST = 25
"""The worst exposure that it may have, in tenths."""


@pytest.mark.skipif(shutil.which("systemd-analyze") is None, reason="systemd is not installed")
def test_the_unit_is_exposed_to_little(tmp_path: Path) -> None:
    found = re.search(r"^```ini\n(\[Unit\]\n.*?)^```", PAGE.read_text(), re.DOTALL | re.MULTILINE)
    assert found is not None
    unit = tmp_path / "seatwright.service"
    unit.write_text(found[1])
    command = ["systemd-analyze", "security", "--offline=true", "--no-pager", f"--threshold={MOST}", str(unit)]
    ran = subprocess.run(command, capture_output=True, text=True, check=False)
    assert ran.returncode == 0, ran.stdout
    assert "Unknown" not in ran.stderr
    assert "Overall exposure level" in ran.stdout
    said = re.search(r"rates this unit at (\d\.\d)", PAGE.read_text())
    assert said is not None
    assert f": {said[1]} OK" in ran.stdout
