"""Catalog files: account settings, all kinds of entries, and departures, imported all or nothing.

A file is checked as a whole before anything is written. Entries are found by code and departures by product and local
time, so that a second import of the same file changes nothing: ids stay, and the catalog's version with them. Entries
that a file doesn't mention stay as they are; departures that it doesn't cover any more are listed, and deleted with
`prune`.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import datetime
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from seatwright.auth import service as auth
from seatwright.catalog import store as catalog_store
from seatwright.catalog.model import Catalog, Product
from seatwright.core.clock import Instant
from seatwright.core.errors import Invalid
from seatwright.core.field_errors import at, bad_field
from seatwright.setup import catalog as catalog_service
from seatwright.setup import changes, planning
from seatwright.setup.account import AccountForm, account_change, change_account
from seatwright.setup.catalog import CatalogPlan, FormAtPath
from seatwright.setup.changes import DeparturePlan
from seatwright.setup.convert import Terms
from seatwright.setup.departure_form import DepartureForm, ScheduleForm
from seatwright.setup.document import FORMS, MAX_LIST, PLURALS, CatalogForm
from seatwright.setup.editor import Editor
from seatwright.setup.notes import Note, notes
from seatwright.setup.planning import Rules
from seatwright.setup.reading import parse_yaml, read_form
from seatwright.setup.specs import Season, Spec, spec_of, specs_of
from seatwright.storage.engine import Tx

MAX_DEPARTURES = 50_000
"""Departures in one file at most, recurring ones counted one by one."""


class ImportForm(CatalogForm, kw_only=True):
    """A catalog file. All parts may be left out."""

    account: AccountForm | None = None
    departures: Annotated[list[DepartureForm], Meta(max_length=MAX_DEPARTURES)] = msgspec.field(default_factory=list)
    schedules: Annotated[list[ScheduleForm], Meta(max_length=MAX_LIST)] = msgspec.field(default_factory=list)


class Counts(NamedTuple):
    """How many were new, were changed, stayed as they were, and were deleted."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0
    deleted: int = 0


class Options(NamedTuple):
    """How a file is imported.

    `check`: nothing is written; `prune`: departures from now on that the file doesn't cover are deleted (closed, where
    cancelled orders refer to them) if no seat is held or sold; `move_sold`: departures with such seats follow into a
    corrected time zone, too, with their carts and orders.
    """

    check: bool = False
    prune: bool = False
    move_sold: bool = False


class ImportReport(NamedTuple):
    """The result of an import, by part of the file: `account`, `products`, `departures` and so on.

    With `check` it is the result that the import would have had.
    """

    counts: Mapping[str, Counts]
    notes: Sequence[Note] = ()
    check: bool = False

    @property
    def changed(self) -> bool:
        """Tell whether anything was changed."""
        return any(counts.created or counts.changed or counts.deleted for counts in self.counts.values())

    def lines(self) -> list[str]:
        """Return the report for a person, a line for each part."""
        lines = [
            f"{part}: {counts.created} created, {counts.changed} changed, {counts.unchanged} unchanged"
            + (f", {counts.deleted} deleted" if counts.deleted else "")
            for part, counts in self.counts.items()
        ]
        lines += [line for note in self.notes for line in note.lines()]
        if self.check:
            return [*lines, "This was a check: nothing has been written."]
        return lines if self.changed else [*lines, "Nothing has changed."]


class Preview(Exception):
    """Raised at the end of a check, so that everything is rolled back; `report` is the result."""

    def __init__(self, report: ImportReport) -> None:
        super().__init__("a check of an import is rolled back")
        self.report = report


def parse_document(data: bytes) -> ImportForm:
    """Return the content of a YAML or JSON file. Raises `Invalid` naming the line or field, and `TooLarge` over 10
    MB.
    """
    raw = parse_yaml(data)
    if raw is None:
        raise Invalid("The file is empty.", code="malformed_file")
    return read_form(raw, ImportForm)


async def import_document(
    tx: Tx,
    editor: Editor,
    document: ImportForm,
    options: Options = Options(),  # noqa: B008 - immutable
) -> ImportReport:
    """Make an account as `document` says.

    Raises `Invalid`, naming the field with its path (`products[2].tiers.Adult.price`), and `Conflict` for changes that
    departures, orders or seats taken don't allow; then nothing is changed. For a check, it raises `Preview` with the
    report instead of returning it: everything is tried, and rolled back.
    """
    account_id, now = editor.account_id, editor.clock.now()
    await catalog_store.lock(tx, account_id)
    before = await editor.catalogs.load(tx, account_id)
    account = await auth.account(tx, account_id)
    settings = document.account or AccountForm()
    wanted_account = account_change(account, settings)
    terms = Terms(
        currency=settings.currency or before.currency, time_zone=settings.time_zone or before.time_zone, now=now
    )
    plan = catalog_service.plan_changes(before, terms, _wanted(document))
    if settings.policy and settings.policy not in plan.entries["policy"]:
        raise bad_field(
            "account.policy", f"there is no policy with the code {settings.policy!r}.", code="unknown_policy"
        )
    after = _catalog_after(before, plan, terms, settings)
    season = _season(after, terms, document)
    rules = Rules(move_sold=options.move_sold, covered=season.products, prune=options.prune)
    planned = await planning.plan(tx, account_id, after, season.specs, now, rules)

    if wanted_account is not None:
        await change_account(tx, now, editor.actor, account_id, wanted_account)
    await catalog_service.apply(tx, editor, plan.changes)
    await changes.apply(tx, editor, after, planned)
    counts = _counts(document, wanted_account is not None, plan, planned)
    report = ImportReport(counts, notes(after, planned, season.specs, season.left_out, rules), options.check)
    if options.check:
        raise Preview(report)
    return report


def _wanted(document: ImportForm) -> list[FormAtPath]:
    return [
        FormAtPath(kind, form, f"{PLURALS[kind]}[{index}]")
        for kind in FORMS
        for index, form in enumerate(getattr(document, PLURALS[kind]))
    ]


def _catalog_after(before: Catalog, plan: CatalogPlan, terms: Terms, settings: AccountForm) -> Catalog:
    """Return the catalog as it will be. It is not put into the cache: the transaction may be rolled back."""
    policy = before.policy_code if settings.policy is None else settings.policy or None
    return catalog_store.build(
        plan.entries,
        account_id=before.account_id,
        version=before.version,
        currency=terms.currency,
        time_zone=terms.time_zone,
        policy_code=policy,
    )


def _season(catalog: Catalog, terms: Terms, document: ImportForm) -> Season:
    """Return all departures of the file, each once: a single one has precedence over a recurring one at its time."""
    single: dict[tuple[str, Instant | None], Spec] = {}
    walls: set[tuple[str, datetime | None]] = set()
    for index, form in enumerate(document.departures):
        path = f"departures[{index}]"
        spec = spec_of(catalog, terms, _product(catalog, form.product, path), form, path=path)
        other = single.setdefault(spec.key, spec)
        if other is not spec:
            clock = ", at the time that this one is on the clock of that day" if spec.wall != other.wall else ""
            raise bad_field(at(path, "start"), f"{form.product} has this departure in {other.path} already{clock}.")
        if not spec.same_local_time:
            walls.add((spec.product.id, spec.local))
    products = {spec.product.id for spec in single.values() if not spec.product.dateless}
    recurring: dict[tuple[str, Instant | None], Spec] = {}
    left_out: list[Spec] = []
    for index, schedule_form in enumerate(document.schedules):
        path = f"schedules[{index}]"
        product = _product(catalog, schedule_form.product, path)
        season = specs_of(catalog, terms, product, schedule_form, path=path)
        left_out += season.left_out
        products.add(product.id)
        for spec in season.specs:
            if spec.key in single or (product.id, spec.local) in walls:
                left_out += [spec] if spec.skipped else []
                continue
            other = recurring.setdefault(spec.key, spec)
            if other.wall != spec.wall:
                left_out.append(other if other.skipped else spec)
                recurring[spec.key] = spec if other.skipped else other
            elif other is not spec:
                raise bad_field(
                    path,
                    f"{product.code} has a departure at the same time as one of {other.path}; let them not overlap.",
                    code="not_unique",
                )
        if len(recurring) + len(single) > MAX_DEPARTURES:
            raise bad_field(path, f"the file comes to more than {MAX_DEPARTURES} departures; import it in parts.")
    return Season([*recurring.values(), *single.values()], left_out, frozenset(products))


def _product(catalog: Catalog, code: str, path: str) -> Product:
    product = catalog.products.get(code)
    if product is None:
        raise bad_field(
            at(path, "product"), f"there is no product with the code {code[:80]!r}.", code="unknown_product"
        )
    return product


def _counts(
    document: ImportForm, account_changed: bool, plan: CatalogPlan, planned: DeparturePlan
) -> dict[str, Counts]:
    counts: dict[str, Counts] = {}
    if document.account is not None:
        counts["account"] = Counts(changed=1) if account_changed else Counts(unchanged=1)
    for kind, plural in PLURALS.items():
        if not getattr(document, plural):
            continue
        created = sum(change.kind == kind and change.old is None for change in plan.changes)
        changed = sum(change.kind == kind and change.old is not None for change in plan.changes)
        counts[plural] = Counts(created, changed, plan.unchanged.get(kind, 0))
    if document.departures or document.schedules:
        counts["departures"] = Counts(len(planned.new), len(planned.changes), planned.unchanged, len(planned.gone))
    return counts
