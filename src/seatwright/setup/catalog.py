"""Use cases of the catalog: read, create, replace and delete entries of any kind.

A change is checked against the whole catalog as it would be afterwards, and written with its audit event in one
transaction. The catalog is read (from the cache) before anything is written and never again in the same transaction:
data that a rolled back transaction has seen must not stay in the cache.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from typing import NamedTuple

from seatwright.catalog import store
from seatwright.catalog.model import AnyEntry, Catalog
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import Instant
from seatwright.core.errors import Conflict, NotFound
from seatwright.core.field_errors import at, bad_field
from seatwright.setup import upkeep
from seatwright.setup.convert import Terms, to_entry
from seatwright.setup.document import PLURALS, AnyForm
from seatwright.setup.editor import Change, Editor
from seatwright.setup.validate import EntryAtPath, check, check_unused, entries_of, is_same
from seatwright.storage import audit
from seatwright.storage.engine import ReadTx, Tx


class EntryView(NamedTuple):
    """An entry and the data for showing it."""

    kind: str
    entry: AnyEntry
    currency: str


class FormAtPath(NamedTuple):
    """The form of an entry, and its path in the request or file ("" for the whole of it)."""

    kind: str
    form: AnyForm
    path: str


@dataclass(slots=True)
class CatalogPlan:
    """The result of a number of forms: the entries afterwards, the changes, and how many entries stay as they are."""

    entries: dict[str, dict[str, AnyEntry]]
    changes: list[Change] = field(default_factory=list)
    unchanged: dict[str, int] = field(default_factory=dict)


async def page(
    tx: ReadTx, catalogs: CatalogCache, account_id: str, kind: str, *, limit: int, page: int
) -> list[EntryView]:
    """Return a page of the entries of a kind, by code; `page` counts from 0."""
    catalog = await catalogs.load(tx, account_id)
    entries = _of_kind(catalog, kind)
    codes = sorted(entries)[limit * page : limit * (page + 1)]
    return [EntryView(kind, entries[code], catalog.currency) for code in codes]


async def get(tx: ReadTx, catalogs: CatalogCache, account_id: str, kind: str, code: str) -> EntryView:
    """Return one entry. Raises `NotFound`."""
    catalog = await catalogs.load(tx, account_id)
    return EntryView(kind, _existing(catalog, kind, code), catalog.currency)


async def create(tx: Tx, editor: Editor, kind: str, form: AnyForm) -> EntryView:
    """Make an entry. Raises `Invalid` naming the field, and `Conflict` if there is one with its code."""
    catalog = await _locked(tx, editor)
    if form.code in _of_kind(catalog, kind):
        raise Conflict(f"code: there is a {kind} {form.code} already; replace it with PUT.", code="code_taken")
    plan = plan_changes(catalog, terms_of(catalog, editor.clock.now()), [FormAtPath(kind, form, "")])
    await apply(tx, editor, plan.changes)
    return EntryView(kind, plan.entries[kind][form.code], catalog.currency)


async def replace(tx: Tx, editor: Editor, kind: str, code: str, form: AnyForm) -> EntryView:
    """Replace the entry with `code`, keeping its id. A key that is left out gets its default.

    Raises `NotFound`, `Invalid` naming the field, and `Conflict` for changes that the departures don't allow.
    """
    catalog = await _locked(tx, editor)
    _existing(catalog, kind, code)
    if form.code != code:
        raise bad_field("code", f"an entry keeps its code; this one's is {code}.", code="code_changed")
    plan = plan_changes(catalog, terms_of(catalog, editor.clock.now()), [FormAtPath(kind, form, "")])
    await apply(tx, editor, plan.changes)
    return EntryView(kind, plan.entries[kind][code], catalog.currency)


async def delete(tx: Tx, editor: Editor, kind: str, code: str) -> EntryView:
    """Delete an entry and return it. Raises `NotFound`, and `Conflict` naming what refers to it."""
    catalog = await _locked(tx, editor)
    entry = _existing(catalog, kind, code)
    check_unused(entries_of(catalog), kind, code, catalog.policy_code)
    await apply(tx, editor, [Change(kind, entry, None)])
    return EntryView(kind, entry, catalog.currency)


def terms_of(catalog: Catalog, now: Instant) -> Terms:
    """Return the terms for reading forms of this catalog."""
    return Terms(currency=catalog.currency, time_zone=catalog.time_zone, now=now)


def plan_changes(catalog: Catalog, terms: Terms, wanted: Sequence[FormAtPath]) -> CatalogPlan:
    """Return the changes that `wanted` would make. Nothing is written.

    Raises `Invalid`, naming the field with its path, for the first wrong form.
    """
    plan = CatalogPlan(entries_of(catalog))
    changed: list[EntryAtPath] = []
    seen: dict[tuple[str, str], str] = {}
    for kind, form, path in wanted:
        before = seen.setdefault((kind, form.code), path)
        if before != path:
            raise bad_field(at(path, "code"), f"{form.code} is the code of {before} already.", code="not_unique")
        old = plan.entries[kind].get(form.code)
        new = to_entry(kind, form, terms, path=path, old=old)
        if old is not None and is_same(old, new):
            plan.unchanged[kind] = plan.unchanged.get(kind, 0) + 1
            continue
        plan.entries[kind][form.code] = new
        plan.changes.append(Change(kind, old, new))
        changed.append(EntryAtPath(kind, new, path))
    check(plan.entries, changed)
    return plan


async def apply(tx: Tx, editor: Editor, changes: Sequence[Change]) -> None:
    """Write changes that have been checked, with their consequences and audit events.

    Without changes, nothing is written. Raises `Conflict` as `upkeep.follow` does.
    """
    if not changes:
        return
    now = editor.clock.now()
    events = []
    for kind, old, new in changes:
        entry = new or old
        assert entry is not None
        if new is None:
            await store.delete(tx, editor.account_id, kind, entry.id)
        else:
            await store.save(tx, editor.account_id, kind, new, now)
        verb = "deleted" if new is None else "created" if old is None else "changed"
        events.append(
            audit.event(editor.account_id, now, editor.actor, f"{kind}.{verb}", entry.id, {"code": entry.code})
        )
    await upkeep.follow(tx, editor.account_id, now, changes)
    await audit.record_all(tx, events)
    await store.touch(tx, editor.account_id)


async def _locked(tx: Tx, editor: Editor) -> Catalog:
    await store.lock(tx, editor.account_id)
    return await editor.catalogs.load(tx, editor.account_id)


def _of_kind(catalog: Catalog, kind: str) -> dict[str, AnyEntry]:
    found: dict[str, AnyEntry] = getattr(catalog, PLURALS[kind])
    return found


def _existing(catalog: Catalog, kind: str, code: str) -> AnyEntry:
    entry = _of_kind(catalog, kind).get(code)
    if entry is None:
        raise NotFound(f"There is no {kind} with the code {code[:80]!r}.", code=f"{kind}_not_found")
    return entry
