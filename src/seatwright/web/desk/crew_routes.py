"""Crew and equipment: what there is, and what of it is on a departure."""

from __future__ import annotations

from typing import NamedTuple

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from seatwright.assignments import resources, service, store
from seatwright.assignments.model import CREW, KINDS, MAX_RESOURCES, Kind, Resource
from seatwright.assignments.resources import NewResource, ResourceChange
from seatwright.assignments.service import Assignment, InConflict
from seatwright.auth import service as accounts
from seatwright.auth.model import User
from seatwright.core.errors import SeatwrightError
from seatwright.core.field_errors import bad_field
from seatwright.http.context import ApiRequest, services
from seatwright.storage.engine import ReadTx, Tx
from seatwright.web.desk.crew_view import KIND_NAMES, PLURALS, about
from seatwright.web.desk.departure_routes import Choice, again
from seatwright.web.desk.frame import Notice, check_mendable, go, refused, screen
from seatwright.web.desk.visit import FORM, PAGE, Form, Visit, form, query, read, write

MAX_USERS = 500
"""Users among whom one chooses who a guide is."""
_DONE = {
    "added": Notice("good", "Added."),
    "changed": Notice("good", "Saved."),
    "retired": Notice("good", "Retired: nobody is asked about it any more. Departures keep it until you take it off."),
    "back": Notice("good", "In use again."),
}
"""What was done, by the word that the address has after it."""


class _Found(NamedTuple):
    resources: list[Resource]
    users: list[User]


@post("/departures/{departure_id:str}/assignments", **FORM)
async def post_assignments(request: ApiRequest, departure_id: FromPath[str]) -> Response[str]:
    """Put what is ticked on a departure, or take one off it (`off`). What is in conflict there is asked about first."""
    sent = await form(request)
    off, chosen = sent.text("off"), sent.all("resource")

    async def use_case(tx: Tx, visit: Visit) -> None:
        clock = services(request).clock
        if off:
            await service.unassign(tx, clock, visit.caller, departure_id, off)
        else:
            wanted = Assignment(departure_id, chosen, anyway=sent.has("anyway"))
            await service.assign(tx, clock, visit.caller, wanted)

    try:
        await write(request, "departures.write", use_case)
    except InConflict as error:
        return await again(request, departure_id, error, Choice(chosen, error.conflicts))
    except SeatwrightError as error:
        return await again(request, departure_id, error, Choice(chosen))
    return go(request, f"/departures/{departure_id}", done="off" if off else "assigned")


@get("/crew", **PAGE)
async def get_crew(request: ApiRequest) -> Response[str]:
    """Show the account's guides, drivers, boats and vehicles."""
    return await _show(request, notice=_DONE.get(query(request).text("done")))


@post("/crew", **FORM)
async def post_crew(request: ApiRequest) -> Response[str]:
    """Add a guide, driver, boat or vehicle."""
    sent = await form(request)

    async def use_case(tx: Tx, visit: Visit) -> None:
        new = NewResource(
            _kind(sent), sent.text("name"), _number(sent, "places"), _number(sent, "turnaround"), sent.text("user")
        )
        await resources.add(tx, services(request).clock, visit.caller, new)

    try:
        await write(request, "departures.write", use_case)
    except SeatwrightError as error:
        check_mendable(error, 403, 404)
        return await _show(request, notice=refused(error), status=error.status, typed=sent)
    return go(request, "/crew", done="added")


@get("/crew/{resource_id:str}", **PAGE)
async def get_resource(request: ApiRequest, resource_id: FromPath[str]) -> Response[str]:
    """Show the form in which one is changed."""
    return await _show_one(request, resource_id, notice=_DONE.get(query(request).text("done")))


@post("/crew/{resource_id:str}", **FORM)
async def post_resource(request: ApiRequest, resource_id: FromPath[str]) -> Response[str]:
    """Change one, retire it, or take it into use again."""
    sent = await form(request)
    do = sent.text("do", "changed")

    async def use_case(tx: Tx, visit: Visit) -> None:
        if do in ("retired", "back"):
            change = ResourceChange(retired=do == "retired")
        else:
            places = _number(sent, "places") if sent.has("places") else None
            user = sent.text("user") if sent.has("user") else None
            turnaround, version = _number(sent, "turnaround"), _number(sent, "version")
            change = ResourceChange(sent.text("name"), places, turnaround, user, version=version or None)
        await resources.change(tx, services(request).clock, visit.caller, resource_id, change)

    try:
        await write(request, "departures.write", use_case)
    except SeatwrightError as error:
        check_mendable(error, 403, 404)
        return await _show_one(request, resource_id, notice=refused(error), status=error.status, typed=sent)
    return go(request, f"/crew/{resource_id}", done=do if do in _DONE else "changed")


async def _show(
    request: ApiRequest, *, notice: Notice | None = None, status: int = 200, typed: Form | None = None
) -> Response[str]:
    async def use_case(tx: ReadTx, visit: Visit) -> _Found:
        found = await store.resources(tx, visit.account.id, kind=None, retired=True, limit=2 * MAX_RESOURCES)
        return _Found(found, await _users(tx, visit))

    visit, found = await read(request, "departures.read", use_case)
    groups = [(PLURALS[kind], [each for each in found.resources if each.kind == kind]) for kind in KINDS]
    return screen(
        request,
        visit,
        "crew.html",
        here="crew",
        notice=notice,
        status=status,
        groups=[(name, rows) for name, rows in groups if rows],
        kinds=KIND_NAMES,
        about=about,
        users=found.users,
        user_names={user.id: user.name for user in found.users},
        typed=typed or Form({}),
    )


async def _show_one(
    request: ApiRequest,
    resource_id: str,
    *,
    notice: Notice | None = None,
    status: int = 200,
    typed: Form | None = None,
) -> Response[str]:
    async def use_case(tx: ReadTx, visit: Visit) -> tuple[Resource, list[User]]:
        return await resources.read(tx, visit.account.id, resource_id), await _users(tx, visit)

    visit, (resource, users) = await read(request, "departures.write", use_case)
    shown = {
        "name": resource.name,
        "places": str(resource.places or ""),
        "turnaround": str(resource.turnaround_min or ""),
        "user": resource.user_id or "",
    }
    return screen(
        request,
        visit,
        "resource.html",
        here="crew",
        notice=notice,
        status=status,
        resource=resource,
        kind=KIND_NAMES[resource.kind],
        crew=resource.kind in CREW,
        users=users,
        shown={name: typed.text(name, value) if typed else value for name, value in shown.items()},
    )


async def _users(tx: ReadTx, visit: Visit) -> list[User]:
    """Return the users of the account who are active, for whoever may say who a guide is."""
    if not visit.may("departures.write"):
        return []
    found = await accounts.list_users(tx, visit.account.id, limit=MAX_USERS, page=0)
    return sorted((user for user in found if user.active), key=lambda user: user.name.casefold())


def _kind(sent: Form) -> Kind:
    for kind in KINDS:
        if kind == sent.text("kind"):
            return kind
    raise bad_field("kind", "choose whether it is a guide, a driver, a boat or a vehicle.")


def _number(sent: Form, name: str) -> int:
    """Return a whole number that was typed; 0 for nothing."""
    text = sent.text(name)
    if not text:
        return 0
    if not (text.isascii() and text.isdigit() and len(text) <= 9):
        raise bad_field(name, f"{text[:20]!r} is not a whole number.")
    return int(text)


ROUTES: list[HTTPRouteHandler] = [post_assignments, get_crew, post_crew, get_resource, post_resource]
