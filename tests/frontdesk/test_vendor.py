"""What is taken from other projects is what `vendor/packages.toml` pins, with its licences, and nothing is missing."""

from __future__ import annotations

import hashlib
import re
import tomllib
from pathlib import Path
from typing import Any

import pytest

ROOT = Path(__file__).parents[2]
PACKAGES: list[dict[str, Any]] = tomllib.loads((ROOT / "vendor" / "packages.toml").read_text(encoding="utf-8"))[
    "package"
]
TARGETS = sorted({package["target"] for package in PACKAGES})
DESK = ROOT / "src" / "seatwright" / "web" / "desk"
ICON = re.compile(r'icon\(static, "([a-z0-9-]+)"')


@pytest.mark.parametrize("target", TARGETS)
def test_the_files_are_the_ones_that_were_checked(target: str) -> None:
    folder = ROOT / target
    lines = (folder / "SHA256SUMS").read_text(encoding="ascii").splitlines()
    sums = {name: digest for digest, _, name in (line.partition("  ") for line in lines)}
    files = {each.name for each in folder.iterdir() if each.is_file() and each.suffix != ".py"} - {"SHA256SUMS"}
    assert set(sums) == files
    for name, digest in sums.items():
        assert hashlib.sha256((folder / name).read_bytes()).hexdigest() == digest, name


def test_each_package_is_there_with_its_licence() -> None:
    for package in PACKAGES:
        names = {*package["files"].values(), *([package["licence"]] if "licence" in package else [])}
        assert any("LICENSE" in name for name in names), package["name"]
        assert {name for name in names if not (ROOT / package["target"] / name).is_file()} == set(), package["name"]
        assert re.fullmatch(r"[A-Za-z0-9+/]{86}==", package["sha512"]), package["name"]


def test_each_icon_of_the_pages_is_in_the_sprite() -> None:
    """An icon that is missing would simply not be drawn."""
    sprite = (DESK / "static" / "vendor" / "icons.svg").read_text(encoding="utf-8")
    there = set(re.findall(r'<symbol id="([a-z0-9-]+)"', sprite))
    (lucide,) = (package for package in PACKAGES if "icons" in package)
    assert there == set(lucide["icons"])
    used = {name for page in DESK.rglob("*.html") for name in ICON.findall(page.read_text(encoding="utf-8"))}
    named = re.findall(r'icon="([a-z0-9-]+)"', "".join(each.read_text(encoding="utf-8") for each in DESK.glob("*.py")))
    assert used | set(named) <= there
    assert used, "the expression finds icons"
