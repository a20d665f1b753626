"""Catalog files: account settings, all kinds of entries, and departures, imported all or nothing.

A file is checked as a whole before anything is written. Entries are found by code and departures by product and
start, so that a second import of the same file changes nothing: ids stay, and the catalog's version with them.
What a file doesn't mention is left alone.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Annotated, NamedTuple

import msgspec
from msgspec import Meta

from seatwright.auth import service as auth
from seatwright.auth.model import Account
from seatwright.auth.service import AccountChange
from seatwright.catalog import service as catalog_service
from seatwright.catalog import store as catalog_store
from seatwright.catalog.convert import Terms, at, bad, zone
from seatwright.catalog.document import FORMS, MAX_LIST, PLURALS, CatalogForm, Form, Line
from seatwright.catalog.model import Catalog, Product
from seatwright.catalog.reading import parse_yaml, read_form
from seatwright.catalog.service import Plan, Wanted
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import Clock, Instant
from seatwright.core.errors import Invalid
from seatwright.core.money import check_currency
from seatwright.inventory import changes, schedule, upkeep
from seatwright.inventory.changes import OnMove, Planned, Planner
from seatwright.inventory.departure_form import DepartureForm, ScheduleForm
from seatwright.inventory.specs import Spec, spec_of, specs_of
from seatwright.storage.engine import Tx

MAX_DEPARTURES = 50_000
"""Departures in one file at most, recurring ones counted one by one."""


class AccountForm(Form, kw_only=True):
    """Settings of the account; what is left out stays. An empty `policy` removes the account's policy."""

    name: Line | None = None
    email: Annotated[str, Meta(max_length=254)] | None = None
    currency: Annotated[str, Meta(max_length=3, examples=["USD"])] | None = None
    time_zone: Annotated[Line, Meta(examples=["America/Denver"])] | None = None
    policy: Annotated[str | None, Meta(description="Code of the policy of products that have none.")] = None


class ImportForm(CatalogForm, kw_only=True):
    """A catalog file. All parts may be left out."""

    account: AccountForm | None = None
    departures: Annotated[list[DepartureForm], Meta(max_length=MAX_DEPARTURES)] = msgspec.field(default_factory=list)
    schedules: Annotated[list[ScheduleForm], Meta(max_length=MAX_LIST)] = msgspec.field(default_factory=list)


class Counts(NamedTuple):
    """How many were new, were changed, and were that way already."""

    created: int = 0
    changed: int = 0
    unchanged: int = 0


class ImportReport(NamedTuple):
    """What an import did, by part of the file: `account`, `products`, `departures` and so on."""

    counts: Mapping[str, Counts]

    @property
    def changed(self) -> bool:
        """Tell whether anything is not as it was before."""
        return any(counts.created or counts.changed for counts in self.counts.values())

    def lines(self) -> list[str]:
        """Return the report for a person, a line for each part."""
        lines = [
            f"{part}: {counts.created} created, {counts.changed} changed, {counts.unchanged} unchanged"
            for part, counts in self.counts.items()
        ]
        return lines if self.changed else [*lines, "Nothing has changed."]


def parse_document(data: bytes) -> ImportForm:
    """Return what a YAML or JSON file says. Raises `Invalid` naming the line or field, and `TooLarge` over 10 MB."""
    raw = parse_yaml(data)
    if raw is None:
        raise Invalid("The file is empty.", code="malformed_file")
    return read_form(raw, ImportForm)


async def import_document(
    tx: Tx,
    cache: CatalogCache,
    clock: Clock,
    account_id: str,
    actor: str,
    document: ImportForm,
    *,
    on_move: OnMove,
) -> ImportReport:
    """Bring an account to what `document` says; `on_move` follows departures that get another time.

    Raises `Invalid`, naming the field with its path (`products[2].tiers.Adult.price`), and `Conflict` for what
    departures, orders or seats taken don't allow; nothing has changed then.
    """
    await catalog_store.lock(tx, account_id)
    before = await cache.load(tx, account_id)
    account = await auth.account(tx, account_id)
    now = clock.now()
    settings = document.account or AccountForm()
    wanted_account = _account_change(account, settings)
    terms = Terms(
        currency=settings.currency or before.currency, time_zone=settings.time_zone or before.time_zone, now=now
    )
    plan = catalog_service.plan_changes(before, terms, _wanted(document))
    if settings.policy and settings.policy not in plan.entries["policy"]:
        raise bad("account.policy", f"there is no policy with the code {settings.policy!r}.", code="unknown_policy")
    after = _catalog_after(before, plan, terms, settings)
    planned = await schedule.plan(tx, account_id, after, _specs(after, terms, document))

    if wanted_account is not None:
        await _change_account(tx, now, actor, account_id, wanted_account)
    await catalog_service.apply(tx, upkeep.editor(cache, clock, account_id, actor), plan.changes)
    planner = Planner(catalogs=cache, clock=clock, account_id=account_id, actor=actor, on_move=on_move)
    await changes.apply(tx, planner, after, planned)
    return _report(document, wanted_account is not None, plan, planned)


def _wanted(document: ImportForm) -> list[Wanted]:
    return [
        Wanted(kind, form, f"{PLURALS[kind]}[{index}]")
        for kind in FORMS
        for index, form in enumerate(getattr(document, PLURALS[kind]))
    ]


def _account_change(account: Account, settings: AccountForm) -> AccountChange | None:
    """Return what is to change about the account, or None. Raises `Invalid` naming the field."""
    if settings.currency is not None:
        try:
            check_currency(settings.currency)
        except Invalid:
            raise bad("account.currency", f"{settings.currency!r} is not an ISO 4217 code such as USD.") from None
    if settings.time_zone is not None:
        zone(settings.time_zone, "account.timeZone")
    change = AccountChange(
        name=_new(settings.name, account.name),
        email=_new(settings.email, account.email),
        currency=_new(settings.currency, account.currency),
        time_zone=_new(settings.time_zone, account.time_zone),
        policy_code=_new(settings.policy, account.policy_code or ""),
    )
    return None if change == AccountChange() else change


def _new(said: str | None, present: str) -> str | None:
    """Return what is said, if it is something else than what is there (but for the spaces around it)."""
    return None if said is None or said.strip() == present else said.strip()


async def _change_account(tx: Tx, now: Instant, actor: str, account_id: str, change: AccountChange) -> None:
    try:
        await auth.change_account(tx, now, actor, account_id, change)
    except Invalid as error:
        raise Invalid(f"account.{error.message}", code=error.code, field=at("account", error.field or "")) from None


def _catalog_after(before: Catalog, plan: Plan, terms: Terms, settings: AccountForm) -> Catalog:
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


def _specs(catalog: Catalog, terms: Terms, document: ImportForm) -> list[Spec]:
    """Return all departures of the file, each once: a single one counts before a recurring one at its time."""
    single: dict[tuple[str, Instant | None], Spec] = {}
    for index, form in enumerate(document.departures):
        path = f"departures[{index}]"
        spec = spec_of(catalog, terms, _product(catalog, form.product, path), form, path=path)
        other = single.setdefault(spec.key, spec)
        if other is not spec:
            raise bad(at(path, "start"), f"{form.product} has this departure in {other.path} already.")
    recurring: dict[tuple[str, Instant | None], Spec] = {}
    for index, schedule_form in enumerate(document.schedules):
        path = f"schedules[{index}]"
        product = _product(catalog, schedule_form.product, path)
        for spec in specs_of(catalog, terms, product, schedule_form, path=path):
            other = recurring.setdefault(spec.key, spec)
            if other is not spec and spec.key not in single:
                raise bad(
                    path,
                    f"{product.code} has a departure at the same time as one of {other.path}; let them not overlap.",
                    code="not_unique",
                )
        if len(recurring) + len(single) > MAX_DEPARTURES:
            raise bad(path, f"the file comes to more than {MAX_DEPARTURES} departures; import it in parts.")
    return list({**recurring, **single}.values())


def _product(catalog: Catalog, code: str, path: str) -> Product:
    product = catalog.products.get(code)
    if product is None:
        raise bad(at(path, "product"), f"there is no product with the code {code[:80]!r}.", code="unknown_product")
    return product


def _report(document: ImportForm, account_changed: bool, plan: Plan, planned: Planned) -> ImportReport:
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
        counts["departures"] = Counts(len(planned.new), len(planned.changes), planned.unchanged)
    return ImportReport(counts)
