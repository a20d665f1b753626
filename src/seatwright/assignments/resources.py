"""Adds, changes and retires guides, drivers, boats and vehicles. One that is retired keeps its history."""

from __future__ import annotations

from typing import Any, NamedTuple

from seatwright.assignments import store
from seatwright.assignments.model import (
    CREW,
    EQUIPMENT,
    MAX_NAME,
    MAX_PLACES,
    MAX_RESOURCES,
    MAX_TURNAROUND_MIN,
    Kind,
    Resource,
)
from seatwright.auth import store as accounts
from seatwright.auth.model import Caller
from seatwright.auth.service import lock_account
from seatwright.core.clock import Clock
from seatwright.core.errors import Conflict, NotFound
from seatwright.core.field_errors import bad_field
from seatwright.core.ids import is_hex24, new_hex24_at
from seatwright.storage import audit
from seatwright.storage.engine import ReadTx, Tx


class NewResource(NamedTuple):
    """A resource that is to be added. The fields are those of `Resource`."""

    kind: Kind
    name: str
    places: int | None = None
    turnaround_min: int = 0
    user_id: str | None = None


class ResourceChange(NamedTuple):
    """A change of a resource; None leaves a field as it is.

    No places (0) and no user (an empty text) take away what was said. `version` is the one that was shown: another is
    refused.
    """

    name: str | None = None
    places: int | None = None
    turnaround_min: int | None = None
    user_id: str | None = None
    retired: bool | None = None
    version: int | None = None


async def read(tx: ReadTx, account_id: str, resource_id: str) -> Resource:
    """Return a resource. Raises `NotFound`."""
    return _known((await store.resources_with_ids(tx, account_id, [resource_id])).get(resource_id))


async def add(tx: Tx, clock: Clock, caller: Caller, new: NewResource) -> Resource:
    """Add a resource. Raises `Invalid` naming the field, and `Conflict` for a name or user that one in use has, or for
    too many."""
    await lock_account(tx, caller.account_id)
    if await store.in_use(tx, caller.account_id) >= MAX_RESOURCES:
        raise Conflict(f"There are {MAX_RESOURCES} already; retire one first.", code="too_many_resources")
    now = clock.now()
    added = Resource(
        id=new_hex24_at(now),
        kind=new.kind,
        name=new.name.strip(),
        places=new.places or None,
        turnaround_min=new.turnaround_min,
        user_id=new.user_id or None,
    )
    await _check(tx, caller.account_id, added)
    await store.insert(tx, caller.account_id, added)
    await audit.record(tx, caller.account_id, now, caller.user_id, "resource.added", added.id, {"kind": added.kind})
    return added


async def change(tx: Tx, clock: Clock, caller: Caller, resource_id: str, change: ResourceChange) -> Resource:
    """Change a resource, retire it or take it into use again; departures that it is on keep it.

    Raises `NotFound`, what `add` raises, and `Conflict` if somebody changed it since `version`.
    """
    account_id, now = caller.account_id, clock.now()
    await lock_account(tx, account_id)
    old = _known((await store.lock(tx, account_id, [resource_id])).get(resource_id))
    if change.version not in (None, old.version):
        raise Conflict("Somebody has changed this meanwhile; read it again.", code="changed_meanwhile")
    retired_at = old.retired_at
    if change.retired is not None and change.retired != (old.retired_at is not None):
        retired_at = now if change.retired else None
    new = old._replace(
        name=old.name if change.name is None else change.name.strip(),
        places=old.places if change.places is None else change.places or None,
        turnaround_min=old.turnaround_min if change.turnaround_min is None else change.turnaround_min,
        user_id=old.user_id if change.user_id is None else change.user_id or None,
        retired_at=retired_at,
    )
    if new == old:
        return old
    new = new._replace(version=old.version + 1)
    await _check(tx, account_id, new)
    await store.update(tx, account_id, new)
    await audit.record(tx, account_id, now, caller.user_id, "resource.changed", new.id, _differences(old, new))
    return new


async def _check(tx: ReadTx, account_id: str, resource: Resource) -> None:
    if not resource.name:
        raise bad_field("name", "must not be empty.")
    if len(resource.name) > MAX_NAME:
        raise bad_field("name", f"has more than {MAX_NAME} characters.")
    if resource.places is not None:
        if resource.kind not in EQUIPMENT:
            raise bad_field("places", f"a {resource.kind} has no places; leave it out.")
        if not 0 < resource.places <= MAX_PLACES:
            raise bad_field("places", f"must be from 1 to {MAX_PLACES}, or 0 for not said.")
    if not 0 <= resource.turnaround_min <= MAX_TURNAROUND_MIN:
        raise bad_field("turnaroundMin", f"must be from 0 to {MAX_TURNAROUND_MIN} minutes.")
    if resource.user_id is not None:
        await _check_user(tx, account_id, resource, resource.user_id)
    if resource.retired_at is None and await store.namesake(tx, account_id, resource.name) not in (None, resource.id):
        raise Conflict(
            f"name: {resource.name!r} is there already; choose another name, so that it is clear which one is meant.",
            code="resource_name_taken",
            field="name",
        )


async def _check_user(tx: ReadTx, account_id: str, resource: Resource, user_id: str) -> None:
    if resource.kind not in CREW:
        raise bad_field("userId", f"a {resource.kind} can't be a user; leave it out.")
    if not is_hex24(user_id) or await accounts.user(tx, account_id, user_id) is None:
        raise bad_field("userId", "is no user of this account.")
    if resource.retired_at is None and await store.of_user(tx, account_id, user_id) not in (None, resource.id):
        raise Conflict(
            "userId: another guide or driver is this user already; each user can be one of them.",
            code="user_taken",
            field="userId",
        )


def _differences(old: Resource, new: Resource) -> dict[str, Any]:
    """Return what changed, as before and after. A name may be a person's, so the log says only that it changed."""
    before, after = old._asdict(), new._asdict()
    changed = {name: [before[name], after[name]] for name in after if before[name] != after[name] and name != "version"}
    if "name" in changed:
        changed["name"] = []
    return changed


def _known(found: Resource | None) -> Resource:
    if found is None:
        raise NotFound("There is no such guide, driver, boat or vehicle.", code="resource_not_found")
    return found
