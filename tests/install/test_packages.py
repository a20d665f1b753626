"""What somebody installs: the wheel of the server and that of its client, each complete, and neither with the other."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
import zipfile
from dataclasses import dataclass
from email.parser import Parser
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
SERVER, CLIENT = ROOT, ROOT / "src" / "seatwright_client"
NOT_INSTALLED = {
    "seatwright_client/pyproject.toml",
    "seatwright_client/README.md",
}
"""What the wheels are made and tested with, and don't contain."""


@dataclass(frozen=True, slots=True)
class Wheel:
    """A wheel that was built."""

    path: Path

    @property
    def files(self) -> set[str]:
        """The files of its package."""
        with zipfile.ZipFile(self.path) as archive:
            return {name for name in archive.namelist() if ".dist-info/" not in name}

    def needed(self) -> set[str]:
        """Return what it needs, extras left aside."""
        with zipfile.ZipFile(self.path) as archive:
            name = next(name for name in archive.namelist() if name.endswith(".dist-info/METADATA"))
            found = Parser().parsestr(archive.read(name).decode()).get_all("Requires-Dist", [])
        return {each for each in found if "extra ==" not in each}


def tracked(folder: Path) -> set[str]:
    """Return the files below a folder that are checked in, or about to be, as paths from `src`."""
    listing = ["git", "ls-files", "--cached", "--others", "--exclude-standard", "--deduplicate", str(folder)]
    lines = subprocess.run(listing, cwd=ROOT, capture_output=True, text=True, check=True).stdout.splitlines()
    found = {line.removeprefix("src/") for line in lines if (ROOT / line).is_file()}
    return {name for name in found - NOT_INSTALLED if not name.endswith("/SHA256SUMS")}


@pytest.fixture(scope="module")
def wheels(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Wheel]:
    """The two wheels, built as `make wheel` does, from a copy: building writes beside the sources."""
    copy, made = tmp_path_factory.mktemp("source"), tmp_path_factory.mktemp("wheels")
    for name in ("pyproject.toml", "README.md", "LICENSE"):
        shutil.copy(ROOT / name, copy)
    shutil.copytree(ROOT / "src", copy / "src", ignore=shutil.ignore_patterns("__pycache__", "*.egg-info", "build"))
    command = [sys.executable, "-m", "pip", "wheel", "-qq", "--no-deps", "--no-build-isolation", "--wheel-dir", made]
    subprocess.run([*command, copy, copy / "src" / "seatwright_client"], check=True, timeout=300)
    return {path.name.split("-")[0]: Wheel(path) for path in made.iterdir()}


def project(folder: Path) -> Any:
    return tomllib.loads((folder / "pyproject.toml").read_text())["project"]


def test_the_servers_wheel_has_every_file_of_the_server_and_none_of_the_client(wheels: dict[str, Wheel]) -> None:
    """Pages, migrations, texts, typefaces: a file that is left out is only missed where somebody installs the wheel."""
    assert wheels["seatwright"].files == tracked(ROOT / "src" / "seatwright")


def test_the_clients_wheel_has_the_client_and_needs_two_packages(wheels: dict[str, Wheel]) -> None:
    assert wheels["seatwright_client"].files == tracked(CLIENT)
    assert wheels["seatwright_client"].needed() == {"httpx", "msgspec"}


def test_server_and_client_come_in_one_version_with_the_same_packages() -> None:
    """So the client's tests run with the versions that are pinned for the server."""
    server, client = project(SERVER), project(CLIENT)
    assert client["version"] == server["version"]
    assert client["requires-python"] == server["requires-python"]
    assert set(client["dependencies"]) <= set(server["dependencies"])


def test_the_installed_wheel_makes_a_database_and_demo_data(wheels: dict[str, Wheel], tmp_path: Path) -> None:
    """Beside the sources' packages, and without the sources."""
    place = tmp_path / "site"
    install = [sys.executable, "-m", "pip", "install", "-qq", "--no-deps", "--target", place, wheels["seatwright"].path]
    subprocess.run(install, check=True, timeout=300)
    program = (
        "import seatwright.cli.main as main, seatwright.cli.demo as demo\n"
        f"assert main.__file__.startswith({str(place)!r}), main.__file__\n"
        "demo.demo_catalog()\n"
        "main.app(['migrate'])\n"
    )
    ran = subprocess.run(
        [sys.executable, "-P", "-c", program],
        cwd=tmp_path,
        env={"PATH": os.environ["PATH"], "PYTHONPATH": str(place), "SEATWRIGHT_DATA": str(tmp_path / "data")},
        capture_output=True,
        text=True,
        check=False,
        timeout=120,
    )
    assert ran.returncode == 0, ran.stderr
    assert ran.stdout.endswith("The schema is up to date.\n")


def test_make_serve_installs_what_runs_and_make_test_the_rest(tmp_path: Path) -> None:
    shutil.copy(ROOT / "Makefile", tmp_path)
    shutil.copytree(ROOT / "requirements", tmp_path / "requirements")
    shutil.copy(ROOT / "pyproject.toml", tmp_path)

    def planned(target: str) -> str:
        command = ["make", "--dry-run", "--no-print-directory", target]
        return subprocess.run(command, cwd=tmp_path, capture_output=True, text=True, check=True).stdout

    serve, test = planned("serve"), planned("test")
    assert "requirements/base.txt" in serve
    assert "requirements/dev.txt" not in serve
    assert "requirements/dev.txt" in test
    for plan in (serve, test):
        assert 'echo "Installing ' in plan
