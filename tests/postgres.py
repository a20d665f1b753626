"""A real, private PostgreSQL server for tests, benchmarks and a quick try.

In code:        with PostgresServer() as server: url = server.create_database("example")
In a terminal:  python -m tests.postgres run -- COMMAND...    (COMMAND finds SEATWRIGHT_DATABASE_URL set)

It lives in a temporary directory, listens on a free port of 127.0.0.1 only and asks for a random password, so
no other user of the machine gets in. It goes away with the process that started it, even if that is killed.
PostgreSQL 15 or newer; the environment variable POSTGRES_BIN names the programs' folder if the newest that is
installed is not the one wanted. Tests never skip for want of a server: PostgresError says what to install.
"""

import argparse
import fcntl
import os
import pwd
import random
import re
import secrets
import shutil
import signal
import socket
import subprocess
import sys
import tempfile
import time
from pathlib import Path
from typing import Any, ClassVar, Self

READY_TIMEOUT_SECONDS = 60.0
STOP_TIMEOUT_SECONDS = 20.0
# Below Linux's range for outgoing connections (32768 up): while a killed server is down, no client's socket
# takes its port, and no client that keeps trying connects to itself.
PORTS = range(20000, 32000)
NAME = re.compile(r"[a-z_][a-z0-9_]{0,62}")
# Runs beside the server until its standard input ends, which only the process that started it holds open.
WATCHER = 'read -r _; "$1" stop --silent -D "$2/data" -m immediate -t 30; rm -rf "$2"'
# Nothing of the caller's PGHOST, PGDATABASE, PGSERVICE ... may lead the programs elsewhere.
ENVIRONMENT = {"PATH": os.environ.get("PATH", os.defpath), "LC_ALL": "C"}


class PostgresError(RuntimeError):
    """PostgreSQL was not found, did not start, or refused a statement; the message says why."""


class PostgresServer:
    """One server with its own data. `start()` or a `with` block makes it; `close()` removes it, data and all.

    `durable=False` turns fsync off: much faster, and still safe against kill(), because the operating system
    keeps what a killed process wrote. Turn it on to measure. `settings` are added to postgresql.conf and win.
    """

    def __init__(self, *, durable: bool = False, settings: dict[str, str] | None = None) -> None:
        self.settings = {
            "listen_addresses": "127.0.0.1",
            "unix_socket_directories": "",
            "max_connections": "200",
            "fsync": "on" if durable else "off",
            "full_page_writes": "on" if durable else "off",
            "wal_level": "minimal",
            "max_wal_senders": "0",
            # Far from UTC on purpose: SQL that leans on the server's zone gives a wrong answer, and is found.
            "timezone": "America/Denver",
            **(settings or {}),
        }
        self.port = 0
        self._password = secrets.token_urlsafe(18)
        self._binaries = Path()
        self._directory: Path | None = None
        self._process: subprocess.Popen[bytes] | None = None
        self._watcher: subprocess.Popen[bytes] | None = None

    def __enter__(self) -> Self:
        try:
            self.start()
        except BaseException:
            self.close()
            raise
        return self

    def __exit__(self, *_: object) -> None:
        self.close()

    @property
    def directory(self) -> Path:
        """The server's own folder: `data/` and `server.log`."""
        if self._directory is None:
            raise PostgresError("This PostgreSQL server has not been started, or has been closed.")
        return self._directory

    @property
    def running(self) -> bool:
        """Whether the server's main process is alive."""
        return self._process is not None and self._process.poll() is None

    def start(self) -> None:
        """Start, on the data and port of before if it ran already; return once connections are taken."""
        if self.running:
            return
        if self._directory is None:
            self._initialise()
        self._process = self._popen("postgres", "-D", str(self.directory / "data"), "-p", str(self.port))
        deadline = time.monotonic() + READY_TIMEOUT_SECONDS
        while not self._is_ready(self._process.pid):
            if self._process.poll() is not None or time.monotonic() > deadline:
                self.kill()
                raise PostgresError(f"PostgreSQL did not start; the end of its log:\n{self.log()[-3000:]}")
            time.sleep(0.01)

    def stop(self) -> None:
        """Shut down in order, cutting open connections, and keep the data for the next start()."""
        for request in (signal.SIGINT, signal.SIGQUIT):  # PostgreSQL's "fast", then "immediate" shutdown
            if self._process is None or not self.running:
                return
            self._process.send_signal(request)
            try:
                self._process.wait(STOP_TIMEOUT_SECONDS)
            except subprocess.TimeoutExpired:
                continue
        self.kill()

    def kill(self) -> None:
        """SIGKILL every process of the server, as in a crash; start() then recovers from its log."""
        if self._process is None or not self.running:
            return
        self._process.send_signal(signal.SIGSTOP)  # so that it starts no child that the list below misses
        children = _children(self._process.pid)
        for pid in (self._process.pid, *children):
            os.kill(pid, signal.SIGKILL)
        self._process.wait()
        deadline = time.monotonic() + STOP_TIMEOUT_SECONDS
        while any(_is_alive(pid) for pid in children) and time.monotonic() < deadline:
            time.sleep(0.005)

    def restart(self) -> None:
        """stop(), then start()."""
        self.stop()
        self.start()

    def close(self) -> None:
        """Stop the server and remove all it has. Calling it twice is fine."""
        self.stop()
        if self._directory is not None:
            shutil.rmtree(self._directory, ignore_errors=True)
            self._directory = None
        if self._watcher is not None:
            self._watcher.communicate()  # closes its standard input and waits
            self._watcher = None

    def url(self, dbname: str = "postgres") -> str:
        """Return a database's URL for the superuser `postgres`, password included."""
        return f"postgresql://postgres:{self._password}@127.0.0.1:{self.port}/{_checked(dbname)}"

    def create_database(self, name: str, *, template: str = "template0", icu: str = "") -> str:
        """Create a database as a copy of `template`, which nobody may be connected to, and return its URL.

        With `icu`, such as `en-US`, it orders texts as that locale does, and so do copies of it; else by their bytes.
        """
        # Copying the files is 1.2 to 2 times as fast here as the default, which writes each page to the log.
        locale = f" LOCALE_PROVIDER icu ICU_LOCALE '{icu}'" if icu else ""
        self.execute(f'CREATE DATABASE "{_checked(name)}" TEMPLATE "{_checked(template)}" STRATEGY FILE_COPY{locale}')
        return self.url(name)

    def drop_database(self, name: str) -> None:
        """Drop a database if it exists, cutting its connections."""
        self.execute(f'DROP DATABASE IF EXISTS "{_checked(name)}" WITH (FORCE)')

    def execute(self, sql: str, dbname: str = "postgres") -> str:
        """Run a statement as superuser and return its rows, unaligned. Safe inside a running event loop."""
        server = {"PGHOST": "127.0.0.1", "PGPORT": str(self.port), "PGDATABASE": _checked(dbname)}
        user = {"PGUSER": "postgres", "PGPASSWORD": self._password}
        command = [str(self._binaries / "psql"), "-XAtq", "-v", "ON_ERROR_STOP=1", "-c", sql]
        answer = subprocess.run(command, env=ENVIRONMENT | server | user, capture_output=True, text=True, check=False)
        if answer.returncode != 0:
            raise PostgresError(f"PostgreSQL refused {sql!r}: {answer.stderr.strip()}")
        return answer.stdout.removesuffix("\n")

    def log(self) -> str:
        """Return the server's log so far."""
        return (self.directory / "server.log").read_text(errors="replace")

    def _initialise(self) -> None:
        self._binaries = find_binaries()
        self.port = _free_port()
        self._directory = Path(tempfile.mkdtemp(prefix="seatwright-pg-"))
        if account := _account():
            os.chown(self._directory, account.pw_uid, account.pw_gid)
        pg_ctl = str(self._binaries / "pg_ctl")
        self._watcher = self._popen("/bin/sh", "-c", WATCHER, "sh", pg_ctl, str(self._directory), stdin=subprocess.PIPE)
        self._fill()

    def _fill(self) -> None:
        """Make the data directory."""
        password_file = self.directory / "password"
        password_file.write_text(self._password)
        if account := _account():
            os.chown(password_file, account.pw_uid, account.pw_gid)
        access = ["--username=postgres", "--auth=scram-sha-256", f"--pwfile={password_file}"]
        # The C locale sorts text by its bytes, as SQLite does, so both databases answer in the same order.
        text = ["--encoding=UTF8", "--locale=C"]
        if self._popen("initdb", "--no-sync", *access, *text, str(self.directory / "data")).wait() != 0:
            raise PostgresError(f"initdb failed:\n{self.log()[-3000:]}")
        password_file.unlink()
        with open(self.directory / "data" / "postgresql.conf", "a") as file:
            file.writelines(f"{key} = '{value}'\n" for key, value in self.settings.items())

    def _popen(self, program: str, *arguments: str, stdin: int = subprocess.DEVNULL) -> subprocess.Popen[bytes]:
        """Start a program as an ordinary user, as PostgreSQL insists, out of reach of a terminal's Ctrl-C."""
        account = _account()
        who: dict[str, Any] = {"user": account.pw_uid, "group": account.pw_gid, "extra_groups": []} if account else {}
        command = [str(self._binaries / program), *arguments]  # an absolute path stays as it is
        with open(self.directory / "server.log", "ab") as log:
            return subprocess.Popen(
                command,
                stdin=stdin,
                stdout=log,
                stderr=log,
                cwd="/",
                env=ENVIRONMENT,
                start_new_session=True,
                **who,
            )

    def _is_ready(self, pid: int) -> bool:
        try:
            lines = (self.directory / "data" / "postmaster.pid").read_text().splitlines()
        except FileNotFoundError:
            return False
        return len(lines) >= 8 and lines[0] == str(pid) and lines[7].strip() in ("ready", "standby")


class Replica(PostgresServer):
    """A streaming replica that takes reads, of a running server with the settings `REPLICATED`."""

    REPLICATED: ClassVar = {"wal_level": "replica", "max_wal_senders": "4"}

    def __init__(self, primary: PostgresServer) -> None:
        super().__init__()
        self._primary = primary
        self._password = primary._password

    def _fill(self) -> None:
        """Copy the primary's data directory, to follow it from there on."""
        where = ["--dbname", self._primary.url(), "--pgdata", str(self.directory / "data")]
        how = ["--write-recovery-conf", "--checkpoint=fast", "--no-sync"]
        if self._popen("pg_basebackup", *where, *how).wait() != 0:
            raise PostgresError(f"pg_basebackup failed:\n{self.log()[-3000:]}")


def find_binaries() -> Path:
    """Return the folder of `postgres` and `initdb`; as root on Debian, install them if there are none."""
    found = _installed_binaries()
    if found is None and os.geteuid() == 0 and shutil.which("apt-get"):
        lock = os.open("/var/lib/dpkg", os.O_RDONLY)
        try:
            fcntl.flock(lock, fcntl.LOCK_EX)  # several pytest workers may come here at once
            if _installed_binaries() is None:
                for command in (["update"], ["install", "--yes", "--no-install-recommends", "postgresql"]):
                    quiet = ["env", "DEBIAN_FRONTEND=noninteractive", "apt-get", "-qq", *command]
                    subprocess.run(quiet, stdin=subprocess.DEVNULL, check=True)
        finally:
            os.close(lock)
        found = _installed_binaries()
    if found is None:
        raise PostgresError(
            "PostgreSQL's server programs are needed, and were not found. Install your system's package "
            "(Debian: apt-get install postgresql), or set POSTGRES_BIN to the folder that holds initdb."
        )
    return found


def _installed_binaries() -> Path | None:
    if chosen := os.environ.get("POSTGRES_BIN"):
        return Path(chosen)
    versions = [path for path in Path("/usr/lib/postgresql").glob("*/bin") if path.parent.name.isdigit()]
    candidates = sorted(versions, key=lambda path: int(path.parent.name), reverse=True)
    if shutil.which("pg_config"):
        answer = subprocess.run(["pg_config", "--bindir"], capture_output=True, text=True, check=False)
        candidates.append(Path(answer.stdout.strip()))
    if initdb := shutil.which("initdb"):
        candidates.append(Path(initdb).resolve().parent)
    return next((path for path in candidates if (path / "initdb").exists() and (path / "postgres").exists()), None)


def _account() -> pwd.struct_passwd | None:
    """The account to run the server as if this process is root; None if it is not, and can run it itself."""
    if os.geteuid() != 0:
        return None
    accounts = {entry.pw_name: entry for entry in pwd.getpwall()}
    return accounts.get("postgres") or accounts["nobody"]


def _checked(name: str) -> str:
    if not NAME.fullmatch(name):
        raise ValueError(f"{name!r} is not a plain database name: lower-case letters, digits and _, at most 63")
    return name


def _free_port() -> int:
    for port in random.SystemRandom().sample(PORTS, 200):
        with socket.socket() as probe:
            if probe.connect_ex(("127.0.0.1", port)) != 0:
                return port
    raise PostgresError(f"Found no free port on 127.0.0.1 from {PORTS.start} to {PORTS.stop - 1}.")


def _stat(pid: int) -> list[str]:
    """Fields of /proc/PID/stat from the state on (proc(5)); empty if it is gone or there is no /proc."""
    try:
        return Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()
    except OSError:
        return []


def _children(parent: int) -> list[int]:
    pids = [int(path.name) for path in Path("/proc").glob("[0-9]*")]
    return [pid for pid in pids if _stat(pid)[1:2] == [str(parent)]]


def _is_alive(pid: int) -> bool:
    return _stat(pid)[:1] not in ([], ["Z"], ["X"])


def run(command: list[str], *, durable: bool = True) -> int:
    """Run a command with SEATWRIGHT_DATABASE_URL naming an empty database; return what `$?` would be."""
    with PostgresServer(durable=durable) as server:
        url = server.create_database("seatwright")
        child = subprocess.Popen(command, env={**os.environ, "SEATWRIGHT_DATABASE_URL": url})
        signal.signal(signal.SIGTERM, lambda *_: child.terminate())
        signal.signal(signal.SIGINT, lambda *_: None)  # a terminal sends it to the command too, which decides
        code = child.wait()
        return code if code >= 0 else 128 - code


def main() -> int:
    """The command line."""
    parser = argparse.ArgumentParser(prog="python -m tests.postgres", description="A throw-away PostgreSQL server.")
    verbs = parser.add_subparsers(required=True)
    verb = verbs.add_parser("run", help="run COMMAND with SEATWRIGHT_DATABASE_URL naming a new, empty database")
    verb.add_argument("--no-fsync", action="store_true", help="faster; not for measuring")
    verb.add_argument("command", nargs="+", metavar="COMMAND")
    arguments = parser.parse_args()
    return run(arguments.command, durable=not arguments.no_fsync)


if __name__ == "__main__":
    sys.exit(main())
