"""Fetches the packages of `packages.toml` with npm, checks them, and copies what the desk uses into the program.

Run by `make vendor`. npm takes a package from wherever it is configured to; what counts is the package's SHA-512. The
hashes of the copies are written to `SHA256SUMS` beside them, and a test compares the committed files with it.
"""

from __future__ import annotations

import base64
import hashlib
import re
import subprocess
import sys
import tarfile
import tempfile
import tomllib
from pathlib import Path
from typing import Any

HERE = Path(__file__).parent
SUMS = "SHA256SUMS"
_PARTS = re.compile(r"<(?:path|circle|rect|line|polyline|polygon|ellipse)\b[^>]*/>")


def main() -> None:
    """Copy everything that `packages.toml` names. Exits with a message if a package isn't the one that is pinned."""
    packages = tomllib.loads((HERE / "packages.toml").read_text(encoding="utf-8"))["package"]
    copies: dict[Path, dict[str, bytes]] = {}
    with tempfile.TemporaryDirectory() as name:
        for package in packages:
            folder = copies.setdefault(HERE.parent / package["target"], {})
            with tarfile.open(_fetched(package, Path(name))) as archive:
                folder |= {copy: _member(archive, member) for member, copy in package["files"].items()}
                if "licence" in package:
                    folder[package["licence"]] = (HERE / "licences" / package["licence"]).read_bytes()
                if "icons" in package:
                    folder["icons.svg"] = _sprite(archive, package["icons"])
    for target, files in copies.items():
        _replace(target, files)


def _replace(target: Path, files: dict[str, bytes]) -> None:
    """Make these the only files of a folder, but for Python's."""
    target.mkdir(exist_ok=True)
    for old in target.iterdir():
        if old.is_file() and old.suffix != ".py":
            old.unlink()
    for name, content in files.items():
        (target / name).write_bytes(content)
    sums = "".join(f"{hashlib.sha256(files[name]).hexdigest()}  {name}\n" for name in sorted(files))
    (target / SUMS).write_text(sums, encoding="ascii")


def _fetched(package: dict[str, Any], folder: Path) -> Path:
    """Return the file of a package that npm has fetched, if it is the pinned one."""
    wanted = f"{package['name']}@{package['version']}"
    packed = subprocess.run(
        ["npm", "pack", wanted, "--silent", "--ignore-scripts", "--pack-destination", str(folder)],
        check=True,
        capture_output=True,
        text=True,
    )
    path = folder / packed.stdout.strip().splitlines()[-1]
    found = base64.b64encode(hashlib.sha512(path.read_bytes()).digest()).decode()
    if found != package["sha512"]:
        sys.exit(f"{wanted} has the SHA-512 {found}, not the one in packages.toml: nothing was copied.")
    return path


def _member(archive: tarfile.TarFile, name: str) -> bytes:
    file = archive.extractfile(f"package/{name}")
    if file is None:
        sys.exit(f"{name} isn't a file of the package.")
    return file.read()


def _sprite(archive: tarfile.TarFile, icons: list[str]) -> bytes:
    """Return one SVG with a symbol for each icon; its strokes are drawn as the page's style sheet says."""
    symbols = []
    for icon in icons:
        parts = _PARTS.findall(_member(archive, f"icons/{icon}.svg").decode())
        symbols.append(f'<symbol id="{icon}" viewBox="0 0 24 24">{"".join(parts)}</symbol>')
    return f'<svg xmlns="http://www.w3.org/2000/svg">{"".join(symbols)}</svg>\n'.encode()


if __name__ == "__main__":
    main()
