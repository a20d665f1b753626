"""Time zones are tzdata's own names, at every door: nothing else that a machine happens to have under `zoneinfo`."""

from __future__ import annotations

from pathlib import Path
from zoneinfo import TZPATH, ZoneInfo

import pytest

from seatwright.auth import service as auth
from seatwright.auth.service import AccountChange
from seatwright.core.clock import Instant
from seatwright.core.errors import Invalid
from seatwright.core.times import check_zone, zone, zone_names
from seatwright.http.context import Services
from tests.conftest import TestAccount
from tests.outfitter import Operator

NONE = [
    "localtime",
    "posixrules",
    "Factory",
    "right/UTC",
    "posix/UTC",
    "america/denver",
    "UTC ",
    "",
    "../UTC",
    "tzdata",
]


def found_on_this_machine() -> set[str]:
    """Return all that `zoneinfo` would take, by the files that are there."""
    files = {(file, root) for root in TZPATH for file in Path(root).rglob("*") if file.is_file()}
    return {str(file.relative_to(root)) for file, root in files if file.read_bytes()[:4] == b"TZif"}


def test_the_names_are_zones_and_no_others_are() -> None:
    assert len(zone_names()) > 500
    assert all(isinstance(zone(name), ZoneInfo) for name in zone_names())
    assert {"America/Denver", "Asia/Kathmandu", "UTC", "Etc/GMT+5", "EST5EDT"} <= zone_names()
    for name in [*NONE, *(found_on_this_machine() - zone_names())]:
        with pytest.raises(Invalid, match="is not an IANA time zone"):
            check_zone(name)


@pytest.mark.parametrize("name", NONE)
async def test_every_door_refuses_names_that_are_no_zones(services: Services, account: TestAccount, name: str) -> None:
    operator, now = Operator.of(services, account.id), services.clock.now()
    fields = {"code": "other", "name": "Other", "email": "a@other.example", "currency": "USD", "time_zone": name}

    async def made(now: Instant) -> None:
        await services.database.write(lambda tx: auth.create_account(tx, services.keyring, now, **fields))

    async def changed(now: Instant) -> None:
        change = AccountChange(time_zone=name)
        await services.database.write(lambda tx: auth.change_account(tx, now, "system", account.id, change))

    for door in (made, changed):
        with pytest.raises(Invalid, match="timeZone"):
            await door(now)
    for document in (
        {"account": {"timeZone": name}},
        {"locations": [{"code": "shop", "name": "Shop", "timeZone": name}]},
    ):
        with pytest.raises(Invalid, match="timeZone"):
            await operator.load(document)
