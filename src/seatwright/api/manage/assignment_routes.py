"""Guides, drivers, boats and vehicles, and what of them is on a departure."""

from __future__ import annotations

from typing import Annotated

from litestar import Response, Router, delete, get, patch, post
from litestar.params import JSONBody, PathParameter, QueryParameter

from seatwright.api.manage.assignment_wire import (
    AssignmentIn,
    ResourceChangeIn,
    ResourceIn,
    ResourceOut,
    RosterOut,
    conflicts_out,
    new_resource,
    resource_change,
    resource_ids,
    resource_out,
    roster_out,
)
from seatwright.assignments import resources, service, store
from seatwright.assignments.model import Kind, Resource, Roster
from seatwright.assignments.service import Assignment, InConflict
from seatwright.auth.model import Caller
from seatwright.http.context import ApiRequest, services
from seatwright.http.endpoint import read, write
from seatwright.http.wire import DEFAULT_LIMIT, Envelope, Limit, Page
from seatwright.storage.engine import ReadTx, Tx

_Id = Annotated[str, PathParameter(description="The id of the guide, driver, boat or vehicle.")]
_Departure = Annotated[str, PathParameter(description="The departure's id.")]


@get("/resources", summary="List crew and equipment")
async def list_resources(
    request: ApiRequest,
    kind: Annotated[Kind | None, QueryParameter(description="Only this kind.")] = None,
    retired: Annotated[bool, QueryParameter(description="Those that are retired, too.")] = False,
    limit: Limit = DEFAULT_LIMIT,
    page: Page = 0,
) -> Response[Envelope[list[ResourceOut]]]:
    """List the guides, drivers, boats and vehicles by name, those that are retired last."""

    async def run(tx: ReadTx, who: Caller) -> list[Resource]:
        return await store.resources(tx, who.account_id, kind=kind, retired=retired, limit=limit, page=page)

    return await read(request, "departures.read", run, lambda found: [resource_out(each) for each in found])


@post("/resources", status_code=200, summary="Add a guide, driver, boat or vehicle")
async def add_resource(request: ApiRequest, data: JSONBody[ResourceIn]) -> Response[Envelope[ResourceOut]]:
    """Add a guide, driver, boat or vehicle. Names are used once among those that aren't retired."""

    async def run(tx: Tx, who: Caller) -> Resource:
        return await resources.add(tx, services(request).clock, who, new_resource(data))

    return await write(request, "departures.write", run, resource_out)


@get("/resources/{resource_id:str}", summary="Read a guide, driver, boat or vehicle")
async def read_resource(request: ApiRequest, resource_id: _Id) -> Response[Envelope[ResourceOut]]:
    """Read one, also if it is retired."""

    async def run(tx: ReadTx, who: Caller) -> Resource:
        return await resources.read(tx, who.account_id, resource_id)

    return await read(request, "departures.read", run, resource_out)


@patch("/resources/{resource_id:str}", summary="Change a guide, driver, boat or vehicle")
async def change_resource(
    request: ApiRequest, resource_id: _Id, data: JSONBody[ResourceChangeIn]
) -> Response[Envelope[ResourceOut]]:
    """Change one, retire it, or take it into use again. It stays on the departures that it is on."""

    async def run(tx: Tx, who: Caller) -> Resource:
        return await resources.change(tx, services(request).clock, who, resource_id, resource_change(data))

    return await write(request, "departures.write", run, resource_out)


@get("/departures/{departure_id:str}/assignments", summary="Who and what is on a departure")
async def read_roster(request: ApiRequest, departure_id: _Departure) -> Response[Envelope[RosterOut]]:
    """Read which guides, drivers, boats and vehicles are on a departure, and what of that is in conflict."""

    async def run(tx: ReadTx, who: Caller) -> Roster:
        return await service.read(tx, who.account_id, departure_id)

    return await read(request, "departures.read", run, roster_out)


@post("/departures/{departure_id:str}/assignments", status_code=200, summary="Assign crew and equipment")
async def assign(
    request: ApiRequest, departure_id: _Departure, data: JSONBody[AssignmentIn]
) -> Response[Envelope[RosterOut]]:
    """Put guides, drivers, boats and vehicles on a departure; those that are on it stay.

    What is on another departure at that time, or retired, is a 409 whose `details` are the conflicts, and nothing
    changes. With `anyway` it is done all the same, and the conflicts are in the answer.
    """

    async def run(tx: Tx, who: Caller) -> Roster:
        wanted = Assignment(departure_id, resource_ids(data), anyway=data.anyway)
        try:
            return await service.assign(tx, services(request).clock, who, wanted)
        except InConflict as refusal:
            refusal.details = conflicts_out(refusal.conflicts)
            raise

    return await write(request, "departures.write", run, roster_out)


@delete("/departures/{departure_id:str}/assignments/{resource_id:str}", status_code=200, summary="Take off a departure")
async def unassign(request: ApiRequest, departure_id: _Departure, resource_id: _Id) -> Response[Envelope[RosterOut]]:
    """Take a guide, driver, boat or vehicle off a departure. One that isn't on it is no error."""

    async def run(tx: Tx, who: Caller) -> Roster:
        return await service.unassign(tx, services(request).clock, who, departure_id, resource_id)

    return await write(request, "departures.write", run, roster_out)


ROUTES: list[Router] = [
    Router(
        "/",
        route_handlers=[
            list_resources,
            add_resource,
            read_resource,
            change_resource,
            read_roster,
            assign,
            unassign,
        ],
        tags=["Crew and equipment"],
    )
]
