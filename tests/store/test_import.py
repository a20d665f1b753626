"""Catalog files, on both databases: wholly or not at all, and nothing the second time."""

from __future__ import annotations

import copy
import re
from pathlib import Path
from typing import Any

import pytest
import typer
from typer.testing import CliRunner

from seatwright.cli.importing import import_command
from seatwright.core.clock import DAY_MS, ManualClock
from seatwright.core.config import Settings
from seatwright.core.errors import Conflict, Invalid
from seatwright.core.times import iso_utc
from seatwright.http.context import Services
from seatwright.setup.document import Form
from seatwright.setup.importing import Counts, ImportReport, import_document, parse_document
from seatwright.storage.engine import Probe
from tests.conftest import NewAccount, TestAccount
from tests.outfitter import CATALOG, Operator

DOCUMENTATION = Path(__file__).parents[2] / "docs" / "catalog.md"


@pytest.fixture
def operator(services: Services, account: TestAccount) -> Operator:
    return Operator.of(services, account.id)


async def everything(operator: Operator) -> list[Any]:
    """Return all that an import could touch."""
    tables = (
        "SELECT name, email, currency, time_zone, policy_code, catalog_version FROM account WHERE id = $1",
        "SELECT kind, id, code, body, modified_at FROM catalog_entry WHERE account_id = $1 ORDER BY kind, code",
        "SELECT * FROM departure WHERE account_id = $1 ORDER BY product_id, start_at, id",
        "SELECT * FROM pool_start WHERE account_id = $1 ORDER BY pool_id, start_at",
        "SELECT action, subject_id FROM audit_event WHERE account_id = $1 ORDER BY at, id",
    )
    return [[tuple(row) for row in await operator.rows(sql)] for sql in tables]


def with_departures(**changes: Any) -> dict[str, Any]:
    return {
        **copy.deepcopy(CATALOG),
        "departures": [
            {"product": "raft", "start": "2026-07-14T09:00", "capacity": 30, "prices": {"Adult": 119}, **changes},
            {"product": "voucher", "capacity": 100},
        ],
        "schedules": [
            {"product": "raft", "from": "2026-07-13", "to": "2026-07-15", "capacity": 24},
            {"product": "bike", "from": "2026-07-13", "to": "2026-07-14", "times": ["09:00"]},
        ],
    }


async def test_a_second_import_changes_nothing_and_says_so(operator: Operator, clock: ManualClock) -> None:
    first = await operator.load(with_departures())
    assert first.counts == {
        "locations": Counts(created=1),
        "pools": Counts(created=1),
        "products": Counts(created=3),
        "departures": Counts(created=6),
    }
    assert first.changed
    assert first.lines()[-1] == "departures: 6 created, 0 changed, 0 unchanged"
    before = await everything(operator)
    clock.advance(DAY_MS)
    second = await operator.load(with_departures())
    assert second.counts == {
        "locations": Counts(unchanged=1),
        "pools": Counts(unchanged=1),
        "products": Counts(unchanged=3),
        "departures": Counts(unchanged=6),
    }
    assert not second.changed
    assert second.lines()[-1] == "Nothing has changed."
    assert await everything(operator) == before


async def test_a_single_departure_counts_before_a_recurring_one(operator: Operator) -> None:
    await operator.load(with_departures())
    rafts = [row for row in await operator.departures() if row["capacity"] in (24, 30)]
    assert [(row["local_date"], row["capacity"], row["prices"]) for row in rafts] == [
        ("2026-07-13", 24, None),
        ("2026-07-14", 30, '{"Adult":11900}'),
        ("2026-07-15", 24, None),
    ]


async def test_changes_are_counted_and_ids_stay(operator: Operator, clock: ManualClock) -> None:
    await operator.load(with_departures())
    entries = {
        row["code"]: (row["id"], row["modified_at"])
        for row in await operator.rows("SELECT code, id, modified_at FROM catalog_entry WHERE account_id = $1")
    }
    version = await operator.version()
    clock.advance(DAY_MS)
    document = with_departures(capacity=31)
    document["products"][0]["name"] = "Morning rafting"
    document["tags"] = [{"code": "river", "name": "River"}]
    document["schedules"][0]["closed"] = True
    report = await operator.load(document)
    assert report.counts["products"] == Counts(changed=1, unchanged=2)
    assert report.counts["tags"] == Counts(created=1)
    assert report.counts["departures"] == Counts(changed=3, unchanged=3)
    after = {
        row["code"]: (row["id"], row["modified_at"])
        for row in await operator.rows("SELECT code, id, modified_at FROM catalog_entry WHERE account_id = $1")
    }
    assert {code for code in entries if after[code] != entries[code]} == {"raft"}
    assert after["raft"] == (entries["raft"][0], clock.now())
    assert await operator.version() > version
    catalog = await operator.database.read(lambda tx: operator.catalogs.load(tx, operator.account_id))
    assert iso_utc(catalog.products["raft"].modified_at) == iso_utc(clock.now())
    assert catalog.products["bike"].modified_at == clock.now() - DAY_MS


async def test_a_departure_keeps_what_the_file_leaves_out(operator: Operator) -> None:
    await operator.load(with_departures())
    (raft,) = [row for row in await operator.departures() if row["capacity"] == 30]
    await operator.change(raft["id"], closed=True, durationMin=300, cutoffMin=15)
    assert not (await operator.load(with_departures())).changed
    report = await operator.load(with_departures(closed=False, durationMin=240, cutoffMin=60, prices={}))
    assert report.counts["departures"] == Counts(changed=1, unchanged=5)
    changed = {**raft, "prices": None}
    assert changed in await operator.departures()


async def test_seats_that_are_taken_stand_in_the_way(operator: Operator) -> None:
    await operator.load(with_departures())
    (raft,) = [row for row in await operator.departures() if row["capacity"] == 30]
    await operator.take(raft["id"], 10)
    before = await everything(operator)
    document = with_departures(capacity=9)
    document["products"][0]["name"] = "Morning rafting"
    with pytest.raises(Conflict, match="capacity: can't be 9, because 10 are taken"):
        await operator.load(document)
    assert await everything(operator) == before


@pytest.mark.parametrize(
    ("part", "entry", "message"),
    [
        ("departures", {"product": "boat"}, "departures[2].product: there is no product with the code 'boat'."),
        ("departures", {"start": "2026-07-14T09:00"}, "departures[2].product: is missing."),
        (
            "departures",
            {"product": "raft", "start": "2026-07-14T09:00"},
            "departures[2].start: raft has this departure in",
        ),
        ("departures", {"product": "raft", "start": "2026-08-14T09:00"}, "departures[2].capacity: is missing"),
        ("departures", {"product": "raft", "start": "x"}, "departures[2].start: 'x' is not a date or time"),
        (
            "departures",
            {"product": "voucher"},
            "departures[2].start: voucher has this departure in departures[1] already",
        ),
        ("departures", {"product": "raft", "seats": 5}, "departures[2].seats: is not a key that is known here."),
        ("schedules", {"product": "boat"}, "schedules[2].product: there is no product with the code 'boat'."),
        ("schedules", {"product": "voucher"}, "schedules[2]: voucher is dateless"),
        (
            "schedules",
            {"product": "raft", "from": "2026-07-13"},
            "schedules[2]: raft has a departure at the same time as one of",
        ),
        ("schedules", {"product": "raft", "times": ["12"]}, "schedules[2].times[0]: '12' is not a time"),
        (
            "products",
            {"code": "x", "name": "X", "number": 4101, "tiers": {"A": {"price": 1}}},
            "products[3].number: the product raft has the same already.",
        ),
        (
            "products",
            {"code": "x", "name": "X", "number": 1, "tiers": {"A": {"price": 1.001}}},
            "products[3].tiers.A.price: '1.001'",
        ),
    ],
)
async def test_one_mistake_and_nothing_is_imported(
    operator: Operator, part: str, entry: dict[str, Any], message: str
) -> None:
    before = await everything(operator)
    document = with_departures()
    document[part].append(entry)
    with pytest.raises(Invalid) as error:
        await operator.load(document)
    assert error.value.message.startswith(message)
    assert await everything(operator) == before


async def test_account_settings_are_a_part_of_it(operator: Operator) -> None:
    settings = {"name": "Canyon Country", "currency": "EUR", "timeZone": "Europe/Vienna", "policy": "none"}
    document = {"account": settings, "policies": [{"code": "none", "name": "No fees"}], **with_departures()}
    report = await operator.load(document)
    assert report.counts["account"] == Counts(changed=1)
    row = (await everything(operator))[0][0]
    assert row[:5] == ("Canyon Country", "dana@canyon.example", "EUR", "Europe/Vienna", "none")
    # The file's own zone counts for its departures, and its policy for its products.
    assert {row["time_zone"] for row in await operator.departures()} == {"Europe/Vienna"}
    catalog = await operator.database.read(lambda tx: operator.catalogs.load(tx, operator.account_id))
    policy = catalog.policy_of(catalog.products["raft"])
    assert policy is not None
    assert policy.name == "No fees"
    assert (await operator.load(document)).counts["account"] == Counts(unchanged=1)
    assert (await operator.load({"account": {"policy": ""}})).counts["account"] == Counts(changed=1)


@pytest.mark.parametrize(
    ("said", "message"),
    [
        ({"currency": "usd"}, "account.currency: 'usd' is not an ISO 4217 code"),
        ({"timeZone": "Moab"}, "account.timeZone: 'Moab' is not an IANA time zone"),
        ({"policy": "x"}, "account.policy: there is no policy with the code 'x'."),
        ({"email": "x"}, "account.email: 'x' is not an e-mail address."),
        ({"name": ""}, "account.name: must have 1 to 200 characters."),
        ({"key": "x"}, "account.key: is not a key that is known here."),
    ],
)
async def test_account_settings_that_cannot_be_are_refused_by_name(
    operator: Operator, said: dict[str, Any], message: str
) -> None:
    before = await everything(operator)
    with pytest.raises(Invalid) as error:
        await operator.load({"account": said, **CATALOG})
    assert error.value.message.startswith(message)
    assert await everything(operator) == before


async def test_the_currency_stays_once_there_are_carts(operator: Operator) -> None:
    await operator.load(with_departures())
    (raft,) = [row for row in await operator.departures() if row["capacity"] == 30]
    await operator.take(raft["id"], 1)
    with pytest.raises(Conflict, match="currency: stays USD"):
        await operator.load({"account": {"currency": "EUR"}})


async def test_accounts_do_not_see_each_other(operator: Operator, services: Services, new_account: NewAccount) -> None:
    other = Operator.of(services, (await new_account("other")).id)
    await operator.load(with_departures())
    before = await everything(operator)
    assert (await other.load(with_departures())).counts["products"] == Counts(created=3)
    assert await everything(operator) == before


class _Broken(Exception):
    pass


async def test_a_failure_at_any_statement_leaves_nothing(operator: Operator) -> None:
    """Stops the import just before each of its statements in turn."""
    before = await everything(operator)
    statements = 0

    class StopAt(Probe):
        def __init__(self, number: int) -> None:
            self.left = number

        def before(self, sql: str) -> None:
            self.left -= 1
            if self.left < 0:
                raise _Broken

        def after(self, sql: str) -> None:
            pass

    while True:
        operator.database.probe = StopAt(statements)
        try:
            await operator.load(with_departures())
        except _Broken:
            statements += 1
            operator.database.probe = None
            assert await everything(operator) == before
        else:
            break
        finally:
            operator.database.probe = None
    assert statements > 10
    assert not (await operator.load(with_departures())).changed


def document_in_the_docs() -> bytes:
    (example,) = re.findall(r"```yaml\n(.*?)```", DOCUMENTATION.read_text(encoding="utf-8"), re.DOTALL)
    return str(example).encode()


async def test_the_example_in_the_docs_can_be_imported(operator: Operator) -> None:
    form = parse_document(document_in_the_docs())

    async def load() -> ImportReport:
        return await operator.database.write(lambda tx: import_document(tx, operator.editor, form))

    report = await load()
    assert report.counts["products"] == Counts(created=3)
    # Mondays, Wednesdays, Fridays and Saturdays of July at two times; bikes daily at three; and a voucher.
    assert report.counts["departures"] == Counts(created=2 * (4 + 5 + 5 + 4) + 3 * 31 + 1)
    assert not (await load()).changed


def test_the_docs_have_every_key() -> None:
    text = DOCUMENTATION.read_text(encoding="utf-8")

    def forms(of: type) -> set[type]:
        return {sub for each in of.__subclasses__() for sub in (each, *forms(each))}

    documented = set(re.findall(r"`([A-Za-z]+)`", text)) | set(re.findall(r"^### (\w+)$", text, re.MULTILINE))
    for form in forms(Form):
        missing = set(form.__struct_encode_fields__) - documented
        assert not missing, f"{form.__name__}: docs/catalog.md says nothing about {sorted(missing)}"


def test_the_command_imports_a_file(
    settings: Settings, account: TestAccount, tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SEATWRIGHT_DATA", str(settings.data))
    monkeypatch.setenv("SEATWRIGHT_DATABASE_URL", settings.database_url)
    app = typer.Typer()
    app.command()(import_command)
    file = tmp_path / "catalog.yaml"

    def run(*arguments: str) -> tuple[int, str]:
        result = CliRunner().invoke(app, [str(file), *arguments])
        return result.exit_code, re.sub(r"\s+", " ", re.sub(r"^Database: .*\n", "", result.output))

    assert run() == (1, f"seatwright: {file}: can't be read: No such file or directory. ")
    file.write_bytes(document_in_the_docs())
    code, output = run()
    assert code == 0
    assert "products: 3 created, 0 changed, 0 unchanged" in output
    assert run("--account", "canyon")[1].endswith("Nothing has changed. ")
    assert run("--account", "x") == (1, "seatwright: There is no account with the code 'x'. ")
    file.write_text("products:\n  - {code: x}\n")
    assert run() == (1, f"seatwright: {file}: products[0].name: is missing. ")
    file.write_text("schedules: [{product: boat}]")
    code, output = run()
    assert (code, "schedules[0].product: there is no product with the code 'boat'." in output) == (1, True)
