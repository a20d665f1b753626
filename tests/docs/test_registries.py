"""No file names the host of a package registry: who installs chooses it, and a lock file works with any of them."""

from __future__ import annotations

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
HOSTS = re.compile(
    "|".join(name.replace("_", "") for name in (r"py_pi\.org", r"python_hosted", r"registry\.n_pm", r"n_pmjs\."))
)
FOLDERS = ("src", "docs", "tests", "benchmarks", "examples", "requirements", "vendor", ".ci")


def test_no_file_names_the_host_of_a_registry() -> None:
    files = [path for folder in FOLDERS for path in (ROOT / folder).rglob("*") if path.is_file()]
    files += [path for path in ROOT.iterdir() if path.is_file()]
    assert len(files) > 1_000
    found = [
        str(path.relative_to(ROOT))
        for path in files
        if path.suffix not in (".pyc", ".png", ".woff2", ".ttf") and HOSTS.search(path.read_text("utf-8", "ignore"))
    ]
    assert found == []


def test_such_a_host_is_found() -> None:
    for host in ("https://py" + "pi.org/simple", "files.python" + "hosted.org", "https://registry.n" + "pmjs.org"):
        assert HOSTS.search(host)
