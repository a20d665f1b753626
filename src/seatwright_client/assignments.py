"""Guides, drivers, boats and vehicles, and what of them is on a departure."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable
from typing import Literal, TypeAlias

from seatwright_client import operations
from seatwright_client.answers import Shape, enveloped
from seatwright_client.operations import Mode, operation, pages
from seatwright_client.request import MANAGE, Request, get, given, path, several, write

ResourceKind: TypeAlias = Literal["guide", "driver", "boat", "vehicle"]


class Resource(Shape, frozen=True, kw_only=True):
    """A guide, driver, boat or vehicle. `places` are for guests; None: not said. `user_id` is the user who it is.

    `version` grows with every change.
    """

    id: str
    kind: str
    name: str
    places: int | None = None
    turnaround_min: int
    user_id: str | None = None
    retired: bool
    retired_date: dt.datetime | None = None
    version: int


class AssignedResource(Shape, frozen=True, kw_only=True):
    """A guide, driver, boat or vehicle that is on a departure."""

    id: str
    kind: str
    name: str
    places: int | None = None
    retired: bool


class AssignmentConflict(Shape, frozen=True, kw_only=True):
    """A conflict, with a sentence for people. `kind` is `overlap`, `retired` or `too_few_places`.

    `resource_id` is also on `departure_id`, or is retired; or all boats, or all vehicles (`equipment`), have so many
    `places` for so many `guests`.
    """

    kind: str
    text: str
    resource_id: str | None = None
    departure_id: str | None = None
    equipment: str | None = None
    places: int | None = None
    guests: int | None = None


class Roster(Shape, frozen=True, kw_only=True):
    """Who and what is on a departure, and the conflicts in that."""

    departure_id: str
    assigned: tuple[AssignedResource, ...]
    conflicts: tuple[AssignmentConflict, ...]


_Resources: TypeAlias = list[Resource]

_resource = enveloped(Resource)
_roster = enveloped(Roster)


class Resources(operations.Resource[Mode]):
    """`client.resources`: the account's guides, drivers, boats and vehicles."""

    @operation
    def list(
        self, *, kind: ResourceKind | None = None, retired: bool | None = None, limit: int = 50, page: int = 0
    ) -> Request[_Resources]:
        """List them by name; with `retired` those that are retired, too, as the last ones."""
        query = {"kind": kind, "retired": retired, "limit": limit, "page": page}
        return get(path(MANAGE, "resources"), enveloped(_Resources), query)

    iterate = pages(list)

    @operation
    def read(self, resource_id: str) -> Request[Resource]:
        """Return one, also if it is retired."""
        return get(path(MANAGE, "resources", resource_id), _resource)

    @operation
    def add(
        self,
        kind: ResourceKind,
        name: str,
        *,
        places: int | None = None,
        turnaround_min: int | None = None,
        user_id: str | None = None,
        idempotency_key: str | None = None,
    ) -> Request[Resource]:
        """Add one. `turnaround_min` are the minutes that it needs between two departures.

        `Conflict` if one that isn't retired has the name, or is the user.
        """
        body = given(kind=kind, name=name, places=places, turnaround_min=turnaround_min, user_id=user_id)
        return write("POST", path(MANAGE, "resources"), _resource, key=idempotency_key, body=body)

    @operation
    def change(
        self,
        resource_id: str,
        *,
        name: str | None = None,
        places: int | None = None,
        turnaround_min: int | None = None,
        user_id: str | None = None,
        retired: bool | None = None,
        version: int | None = None,
        idempotency_key: str | None = None,
    ) -> Request[Resource]:
        """Change one, retire it, or take it into use again. 0 places and an empty `user_id` take away what was said.

        With the `version` that was shown, `Conflict` is raised if somebody has changed it since.
        """
        body = given(
            name=name,
            places=places,
            turnaround_min=turnaround_min,
            user_id=user_id,
            retired=retired,
            version=version,
        )
        return write("PATCH", path(MANAGE, "resources", resource_id), _resource, key=idempotency_key, body=body)


class Assignments(operations.Resource[Mode]):
    """`client.assignments`: who and what is on departures."""

    @operation
    def read(self, departure_id: str) -> Request[Roster]:
        """Return who and what is on a departure, and the conflicts in that."""
        return get(path(MANAGE, "departures", departure_id, "assignments"), _roster)

    @operation
    def assign(
        self,
        departure_id: str,
        resource_ids: Iterable[str],
        *,
        anyway: bool | None = None,
        idempotency_key: str | None = None,
    ) -> Request[Roster]:
        """Put guides, drivers, boats and vehicles on a departure.

        `Conflict` for one that is elsewhere at that time or retired, unless it is to be done `anyway`.
        """
        where = path(MANAGE, "departures", departure_id, "assignments")
        body = given(resource_ids=several(resource_ids), anyway=anyway)
        return write("POST", where, _roster, key=idempotency_key, body=body)

    @operation
    def unassign(self, departure_id: str, resource_id: str, *, idempotency_key: str | None = None) -> Request[Roster]:
        """Take one off a departure."""
        where = path(MANAGE, "departures", departure_id, "assignments", resource_id)
        return write("DELETE", where, _roster, key=idempotency_key)
