"""The command line and a real server: start, several workers, order of things on SIGTERM."""

import signal
import subprocess
import sys
from collections.abc import Iterator
from importlib.metadata import version

import httpx
import pytest

from seatwright.core.config import Settings
from tests.server import Server, environment

BODY = {"username": "dana@canyon.example", "apikey": "x"}
_DESCRIBED = """
import asyncio, gc, sys, httpx, seatwright.app
app = seatwright.app.create()
client = httpx.AsyncClient(transport=httpx.ASGITransport(app), base_url="http://server")
status = asyncio.run(client.get("/openapi.json")).status_code
print(gc.isenabled(), status, {"pydantic", "polyfactory", "faker"} & sys.modules.keys(), file=sys.stderr)
"""
"""A server that starts and describes itself."""


def seatwright(settings: Settings, *arguments: str, **more: str) -> subprocess.CompletedProcess[str]:
    """Run a command to its end."""
    return subprocess.run(
        [sys.executable, "-m", "seatwright.cli.main", *arguments, "--data", str(settings.data)],
        env=environment(settings, **more),
        capture_output=True,
        text=True,
        check=False,
        timeout=60,
    )


@pytest.fixture(params=["1", "2"])
def server(request: pytest.FixtureRequest, settings: Settings) -> Iterator[Server]:
    started = Server(settings, "--workers", request.param)
    yield started
    started.stop()


def test_commands_make_an_account_that_a_server_knows(server: Server, settings: Settings) -> None:
    arguments = ("--code", "canyon", "--name", "Canyon", "--email", "Dana@canyon.example")
    made = seatwright(settings, "account", "create", *arguments)
    assert made.returncode == 0, made.stderr
    key = made.stdout.split()[-1]
    token = httpx.post(f"{server.url}/public/api/authenticate", json={**BODY, "apikey": key})
    assert token.status_code == 200
    headers = {"Authorization": f"Bearer {token.text}"}
    assert httpx.get(f"{server.url}/api/v1/account", headers=headers).status_code == 200
    again = seatwright(settings, "account", "create", *arguments)
    assert (again.returncode, again.stdout) == (1, "")
    assert again.stderr.endswith("\nseatwright: code: there is an account 'canyon' already.\n")
    reset = seatwright(settings, "keys", "reset", "--account", "canyon")
    assert reset.returncode == 0
    assert httpx.get(f"{server.url}/api/v1/account", headers=headers).status_code == 401
    keys_are_made_listed_and_revoked(server, settings)
    fresh = {**BODY, "apikey": reset.stdout.split()[-1]}
    assert httpx.post(f"{server.url}/public/api/authenticate", json=fresh).status_code == 200


def keys_are_made_listed_and_revoked(server: Server, settings: Settings) -> None:
    """A narrow key from the command line opens what it says, until it is revoked."""
    mine = ("--account", "canyon")
    refused = seatwright(settings, "keys", "create", *mine, "--name", "Books", "--permission", "fly")
    assert (refused.returncode, refused.stdout) == (1, "")
    assert "\nseatwright: permissions: there is no permission 'fly'" in refused.stderr
    narrow = ("--permission", "reports.read", "--permission", "orders.read", "--expires", "2199-12-31")
    made = seatwright(settings, "keys", "create", *mine, "--name", "Books", *narrow)
    assert made.returncode == 0, made.stderr
    _, key_id, _, key = made.stdout.split()
    token = httpx.post(f"{server.url}/public/api/authenticate", json={**BODY, "apikey": key})
    headers = {"Authorization": f"Bearer {token.text}"}
    assert httpx.get(f"{server.url}/api/v1/reports/sales", headers=headers).status_code == 200
    assert httpx.get(f"{server.url}/api/v1/users", headers=headers).status_code == 403
    listed = seatwright(settings, "keys", "list", *mine)
    assert f"{key_id}  good until 2200-01-01T07:00:00.000Z  20" in listed.stdout
    assert "orders.read reports.read  Books" in listed.stdout
    assert key not in listed.stdout
    assert seatwright(settings, "keys", "revoke", key_id, *mine).stdout == "revoked   Books\n"
    assert httpx.get(f"{server.url}/api/v1/reports/sales", headers=headers).status_code == 401
    assert f"{key_id}  revoked " in seatwright(settings, "keys", "list", *mine).stdout


def test_sigterm_ends_a_server_whose_log_is_json(server: Server) -> None:
    httpx.post(f"{server.url}/public/api/authenticate", json=BODY)
    output = server.stop()
    assert server.process.returncode in (0, -signal.SIGTERM, 128 + signal.SIGTERM)
    assert f"Seatwright {version('seatwright')} listens on {server.url}\n" in output
    assert '"route":"/public/api/authenticate"' in output
    assert "Traceback" not in output
    assert "dana" not in output
    with pytest.raises(httpx.TransportError):
        httpx.get(server.url)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_a_server_imports_nothing_that_only_a_library_of_a_library_wants(settings: Settings) -> None:
    """Neither when it starts nor when it describes itself. pydantic comes with the CLI's library, faker with the
    framework (docs/decisions/0001-the-doors-machinery.md)."""
    command = [sys.executable, "-c", _DESCRIBED]
    ran = subprocess.run(command, env=environment(settings), capture_output=True, check=True, text=True)
    assert ran.stderr == "True 200 set()\n"


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
def test_bad_settings_are_one_line_and_exit_code_2(settings: Settings) -> None:
    for name, value in (("SEATWRIGHT_HOLD_SECONDS", "soon"), ("SEATWRIGHT_SECRET", "short")):
        for command in (["migrate"], ["serve"], ["keys", "reset", "--account", "x"]):
            failed = seatwright(settings, *command, **{name: value})
            assert failed.returncode == 2
            assert failed.stderr.startswith(f"seatwright: {name}: ")
            assert failed.stderr.count("\n") == 1


def test_the_doctor_finds_nothing_in_a_new_database(settings: Settings) -> None:
    healthy = seatwright(settings, "doctor")
    assert healthy.returncode == 0, healthy.stderr
    assert healthy.stdout.endswith("checks passed.\n")


def test_migrating_twice_changes_nothing(settings: Settings) -> None:
    for _ in range(2):
        done = seatwright(settings, "migrate")
        assert (done.returncode, done.stdout) == (0, "The schema is up to date.\n")
