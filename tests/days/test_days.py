"""The tests of whole days pass on every day, wherever the client's machine is.

A few days in CI; all of them, and more tests on each, with `make soak-days`.
"""

from __future__ import annotations

import ast
import os
import subprocess
import sys
import time
from datetime import date, datetime
from pathlib import Path

import pytest

from seatwright.core.clock import SystemClock
from tests.days import moving

ROOT = Path(__file__).parents[2]
DAYS = {
    "the last day but one of a month, in the evening": ("2026-11-29T23:30Z", "UTC"),
    "the last day of a month": ("2026-11-30T12:00Z", "America/Denver"),
    "the first of a month, just begun in Denver": ("2026-12-01T07:00:05Z", "America/Denver"),
    "the 31st before a month of 28 days": ("2027-01-31T16:00Z", "America/Denver"),
    "the last of February": ("2027-02-28T16:00Z", "Asia/Kathmandu"),
    "a leap day": ("2028-02-29T16:00Z", "America/Denver"),
    "a leap day, which in Denver begins": ("2028-02-29T07:01Z", "Europe/Berlin"),
    "the day before a leap day": ("2028-02-28T23:59Z", "UTC"),
    "the 31st before a month of 30 days": ("2027-03-31T05:30Z", "Europe/London"),
    "clocks go forward in Denver": ("2027-03-14T08:30Z", "America/Denver"),
    "clocks go back in Denver": ("2027-11-07T07:30Z", "America/Denver"),
    "clocks go forward in Europe": ("2027-03-28T00:30Z", "Europe/Berlin"),
    "clocks go back in Europe": ("2027-10-31T00:30Z", "Europe/Berlin"),
    "the new year has begun in UTC+14": ("2026-12-31T10:30Z", "Pacific/Kiritimati"),
    "New Year's Eve in UTC+14": ("2026-12-31T09:30Z", "Pacific/Kiritimati"),
    "New Year's Eve in UTC-11, when all others have a new year": ("2027-01-01T10:30Z", "Pacific/Pago_Pago"),
    "New Year's Eve in Denver": ("2027-01-01T03:00Z", "America/Denver"),
    "the first day of a year": ("2027-01-01T18:00Z", "America/Denver"),
}
IN_CI = (
    "the last day but one of a month, in the evening",
    "the 31st before a month of 28 days",
    "a leap day",
    "the new year has begun in UTC+14",
    "New Year's Eve in UTC-11, when all others have a new year",
)
SOAK = os.environ.get("DAYS_TESTS", "")
"""Tests for each day, as pytest's arguments."""
TESTS = SOAK or "tests/wire/test_client_script.py -k sqlite"


@pytest.mark.parametrize("day", DAYS if SOAK else IN_CI)
def test_the_tests_pass_on_any_day(day: str) -> None:
    begin, zone = DAYS[day]
    inherited = {name: value for name, value in os.environ.items() if name not in moving.moved()}
    done = subprocess.run(
        [sys.executable, "-m", "pytest", "-p", "no:cacheprovider", *TESTS.split()],
        cwd=ROOT,
        env=inherited | {"TESTS_BEGIN": begin, "TZ": zone},
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stdout


def test_programs_have_the_tests_clock() -> None:
    program = "import datetime, time; print(time.time_ns() // 10**9, int(time.time()), datetime.date.today())"
    said = subprocess.run([sys.executable, "-c", program], capture_output=True, text=True, check=True).stdout.split()
    now = SystemClock().now() // 1000
    assert all(abs(int(each) - now) < 60 for each in said[:2])
    assert abs((date.fromisoformat(said[2]) - date.fromtimestamp(time.time())).days) <= 1  # noqa: DTZ012
    begin = datetime.fromisoformat(os.environ.get("TESTS_BEGIN", moving.USUAL))
    assert 0 <= now - begin.timestamp() < 86_400
    assert abs(moving.machine_ns() / 1e9 - datetime.now().timestamp()) < 60  # noqa: DTZ005


MACHINE_CLOCK = {"datetime.now", "datetime.utcnow", "datetime.today", "time.gmtime", "time.localtime", "time.ctime"}
OURS = {"time.time", "time.time_ns", "date.today"}
"""What the tests move; the program reads it in one place."""
MAY_READ_IT = {
    "src/seatwright/core/clock.py": "the one place",
    "src/seatwright/core/logs.py": "the lines of a log have the time of the machine's other logs",
    "src/seatwright_client/verification.py": "a receiver may name the time, and has the machine's otherwise",
    "tests/days/test_days.py": "the test that compares the two",
    "tests/notifications/post.py": "OpenSSL compares a certificate with the machine's clock",
    "tests/webhooks/test_addresses.py": "OpenSSL compares a certificate with the machine's clock",
}


def test_nothing_else_reads_the_machines_clock() -> None:
    found = {}
    for path in sorted(path for folder in ("src", "tests") for path in (ROOT / folder).rglob("*.py")):
        for node in ast.walk(ast.parse(path.read_text())):
            match node:
                case ast.Call(func=ast.Attribute(value=ast.Name(id=owner), attr=name)):
                    pass
                case ast.Call(func=ast.Attribute(value=ast.Attribute(attr=owner), attr=name)):
                    pass
                case _:
                    continue
            where = str(path.relative_to(ROOT))
            if f"{owner}.{name}" in MACHINE_CLOCK | (OURS if where.startswith("src/") else set()):
                found[where] = node.lineno
    assert found.keys() == MAY_READ_IT.keys(), found
