"""The dependency audit of CI, against sources of this machine's own: it finds what there is to find."""

from __future__ import annotations

import hashlib
import importlib.util
import io
import json
import threading
import zipfile
from collections.abc import Iterator
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from types import ModuleType
from typing import Any

import pytest

AUDIT = Path(__file__).parents[2] / ".ci" / "audit.py"
NAME, VERSION = "seatwright-test-package", "1.0.0"
FILE = f"seatwright_test_package-{VERSION}-py3-none-any.whl"


def wheel() -> bytes:
    """Return a package that does nothing."""
    packed, about = io.BytesIO(), f"seatwright_test_package-{VERSION}.dist-info"
    with zipfile.ZipFile(packed, "w") as archive:
        archive.writestr(f"{about}/METADATA", f"Metadata-Version: 2.1\nName: {NAME}\nVersion: {VERSION}\n")
        archive.writestr(f"{about}/WHEEL", "Wheel-Version: 1.0\nRoot-Is-Purelib: true\nTag: py3-none-any\n")
        archive.writestr(f"{about}/RECORD", "")
    return packed.getvalue()


class Source(BaseHTTPRequestHandler):
    """A package index, and a vulnerability database with OSV's interface."""

    wheel = wheel()
    yanked = False
    vulnerable = False

    def do_GET(self) -> None:
        """Answer as an index does."""
        if self.path.endswith(".whl"):
            self._answer(self.wheel, "application/zip")
        elif self.path == f"/simple/{NAME}/":
            mark = ' data-yanked="leaks seats"' if self.yanked else ""
            self._answer(f'<a href="/{FILE}"{mark}>{FILE}</a>'.encode(), "text/html")
        else:
            self.send_error(404)

    def do_POST(self) -> None:
        """Answer as OSV does."""
        asked = json.loads(self.rfile.read(int(self.headers["content-length"])))
        affected = {
            "package": {"name": NAME, "ecosystem": "PyPI"},
            "ranges": [{"type": "ECOSYSTEM", "events": [{"introduced": "0"}, {"fixed": "1.0.1"}]}],
        }
        found: dict[str, Any] = {"id": "TEST-2026-1", "summary": "Leaks seats.", "details": "", "affected": [affected]}
        known = self.vulnerable and asked["package"]["name"] == NAME
        self._answer(json.dumps({"vulns": [found]} if known else {}).encode(), "application/json")

    def _answer(self, body: bytes, kind: str) -> None:
        self.send_response(200)
        self.send_header("Content-Type", kind)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, format: str, *args: Any) -> None:
        """Say nothing."""


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> Iterator[ThreadingHTTPServer]:
    """Both sources on a port of this machine, and pip and pip-audit told to ask there."""
    with ThreadingHTTPServer(("127.0.0.1", 0), Source) as server:
        threading.Thread(target=server.serve_forever, daemon=True).start()
        url = f"http://127.0.0.1:{server.server_port}"
        for name in ("PIP_FIND_LINKS", "PIP_EXTRA_INDEX_URL"):
            monkeypatch.delenv(name, raising=False)
        monkeypatch.setenv("PIP_CONFIG_FILE", "/dev/null")
        monkeypatch.setenv("PIP_INDEX_URL", f"{url}/simple/")
        monkeypatch.setenv("PIP_NO_CACHE_DIR", "1")
        monkeypatch.setenv("PIP_RETRIES", "0")
        monkeypatch.setenv("AUDIT_OSV_URL", f"{url}/v1/query")
        monkeypatch.setenv("XDG_CACHE_HOME", str(tmp_path))
        yield server
        server.shutdown()


@pytest.fixture
def audit(monkeypatch: pytest.MonkeyPatch) -> ModuleType:
    """The script, which asks OSV alone."""
    spec = importlib.util.spec_from_file_location("audit", AUDIT)
    assert spec is not None
    assert spec.loader is not None
    module = importlib.util.module_from_spec(spec)
    spec.loader.exec_module(module)
    monkeypatch.setattr(module, "SERVICES", ("osv",))
    return module


@pytest.fixture
def lockfile(tmp_path: Path) -> str:
    """A lock file with one package."""
    path = tmp_path / "lock.txt"
    path.write_text(f"{NAME}=={VERSION} --hash=sha256:{hashlib.sha256(Source.wheel).hexdigest()}\n")
    return str(path)


@pytest.mark.usefixtures("source")
@pytest.mark.parametrize(("vulnerable", "yanked"), [(False, False), (True, False), (False, True)])
def test_what_is_known_of_a_package_is_found(
    audit: ModuleType,
    lockfile: str,
    vulnerable: bool,
    yanked: bool,
    monkeypatch: pytest.MonkeyPatch,
    capsys: pytest.CaptureFixture[str],
) -> None:
    monkeypatch.setattr(Source, "vulnerable", vulnerable)
    monkeypatch.setattr(Source, "yanked", yanked)
    assert audit.main(lockfile) == int(vulnerable or yanked)
    printed = capsys.readouterr().out
    assert f"audit: 1 packages of {lockfile} looked up at osv, {int(vulnerable)} findings\n" in printed
    assert f"audit: 1 packages of {lockfile} asked for at the package index, {int(yanked)} withdrawn\n" in printed
    assert (f"audit: {NAME} {VERSION}: TEST-2026-1, fixed in 1.0.1\n" in printed) == vulnerable
    assert (f"audit: {NAME} {VERSION}: withdrawn (yanked) by its maintainers\n" in printed) == yanked


def test_what_can_not_be_asked_is_said(
    audit: ModuleType, source: ThreadingHTTPServer, lockfile: str, capsys: pytest.CaptureFixture[str]
) -> None:
    source.shutdown()
    source.server_close()
    assert audit.main(lockfile) == 0
    printed = capsys.readouterr().out
    assert printed.count("SKIPPED") == 2
    assert "nothing was looked up there" in printed


@pytest.mark.usefixtures("source")
def test_a_package_that_is_not_the_locked_one_is_a_failure(audit: ModuleType, lockfile: str) -> None:
    path = Path(lockfile)
    path.write_text(path.read_text().replace("sha256:", "sha256:0000")[:-5] + "\n")
    with pytest.raises(SystemExit) as failed:
        audit.main(lockfile)
    assert "audit: pip failed" in str(failed.value)
