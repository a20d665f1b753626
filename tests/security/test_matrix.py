"""Every route x every kind of token x every permission x own and other accounts' things."""

from __future__ import annotations

from pathlib import Path
from typing import TypeAlias

import httpx
import pytest
from litestar import Litestar, get

from seatwright.app.assembly import create_app
from seatwright.auth.model import ALL_PERMISSIONS, PERMISSIONS, ROLES, Caller
from seatwright.auth.roles import IMPLIED, ROLE_PERMISSIONS, expanded, implying
from seatwright.http.context import Services
from seatwright.orders import store as orders
from seatwright.orders.model import Order
from seatwright.storage.engine import ReadTx
from tests.conftest import settings_for
from tests.security.cells import bad_tokens, code_of, of_desk, owned, routes_of, send, things_of
from tests.security.table import ANYONE, EMPTY_FOR_STRANGERS, OPEN, ROLES_WITH, TABLE, Route, may
from tests.security.world import Side, dump, open_side, unknown_id

Things: TypeAlias = dict[str, dict[str, str]]
"""The things of each route, by its name."""

ADD_IT = "add it to tests/security/table.py: the permissions that it needs, and whose things its address names"


@pytest.fixture
async def canyon(client: httpx.AsyncClient, services: Services) -> Side:
    """The account that asks."""
    return await open_side(client, services, "canyon")


@pytest.fixture
async def mesa(client: httpx.AsyncClient, services: Services) -> Side:
    """The account whose things are none of its business."""
    return await open_side(client, services, "mesa")


@get("/new")
async def new_route() -> None:
    """A route that somebody has just added."""


OWN_TOKEN = {"GET /metrics"}
"""Routes with a token of their own, from the settings; `tests/api/test_metrics.py` tries them."""


def unlisted(app: Litestar) -> str:
    """Say what is to be done about routes that the table doesn't know, or that there aren't any more.

    Those of the desk, which take a cookie, are in `tests.frontdesk.table`.
    """
    there, listed = routes_of(app) - of_desk(app) - OWN_TOKEN, [route.name for route in TABLE]
    assert len(listed) == len(set(listed)), "tests/security/table.py has a route twice"
    added = [f"{name} is not in the matrix; {ADD_IT}." for name in sorted(there - set(listed))]
    return "\n".join(added + [f"{name} is gone; take it out of the table." for name in sorted(set(listed) - there)])


def test_the_table_knows_every_route(tmp_path: Path) -> None:
    app = create_app(settings_for(tmp_path), None)
    assert unlisted(app) == "", unlisted(app)
    other = create_app(settings_for(tmp_path), None, {"/": [new_route]})
    assert f"GET /new is not in the matrix; {ADD_IT}." in unlisted(other)
    assert "GET /public/api/order is gone" in unlisted(other)


def test_the_table_is_the_documentation(tmp_path: Path) -> None:
    """docs/api.md names the same permissions."""
    document = (Path(__file__).parents[2] / "docs" / "api.md").read_text(encoding="utf-8")
    for route in TABLE:
        words = "nothing" if route.needs == OPEN else ", ".join(f"`{name}`" for name in route.needs) or "any user"
        assert f"| {route.method} | `{route.path}` | {words} |" in document, route.name


async def test_no_bad_token_opens_anything(
    client: httpx.AsyncClient, services: Services, canyon: Side, mesa: Side
) -> None:
    things = {route.name: await canyon.things(things_of(route)) for route in TABLE}
    bad = await bad_tokens(canyon, services, mesa)
    before, wrong = await dump(services), []
    for route in TABLE:
        if route.needs == OPEN:
            continue
        for name, header, code in bad:
            answer = await send(client, route, things[route.name], header)
            if (answer.status_code, code_of(answer)) != (401, code) or answer.json()["data"] is not None:
                wrong.append(f"{route.name}, {name}: {answer.status_code} {answer.text}")
            assert answer.headers["www-authenticate"] == "Bearer"
    assert wrong == []
    assert await dump(services) == before


async def open_without(client: httpx.AsyncClient, side: Side, things: Things) -> list[str]:
    """Return what a user can do who lacks one of the permissions that it needs."""
    without: dict[str, dict[str, str]] = {
        name: (await side.user_with(ALL_PERMISSIONS - implying(name)))[1] for name in PERMISSIONS
    }
    wrong = []
    for route in TABLE:
        for missing in route.needs if route.needs != OPEN else ():
            answer = await send(client, route, things[route.name], without[missing]["Authorization"])
            if answer.status_code != 403 or missing not in answer.json()["errorMessage"]:
                wrong.append(f"{route.name} without {missing}: {answer.status_code} {answer.text}")
    return wrong


async def test_each_permission_is_needed_and_enough(
    client: httpx.AsyncClient, services: Services, canyon: Side
) -> None:
    things = {route.name: await canyon.things(things_of(route)) for route in TABLE}
    only = {needs: (await canyon.user_with(frozenset(needs) - {"open"}))[1] for needs in {r.needs for r in TABLE}}
    before = await dump(services)
    assert await open_without(client, canyon, things) == []
    after = await dump(services)
    assert {name for name in after if after[name] != before[name]} == {"app_user", "audit_event"}, "the test's users"
    wrong = []
    for route in sorted(TABLE, key=lambda route: route.path.endswith("/key")):  # the key is reset in the end
        header = None if route.needs == OPEN else only[route.needs]["Authorization"]
        answer = await send(client, route, things[route.name], header)
        if answer.status_code not in (200, 303):  # a page's form leads back to the page
            wrong.append(f"{route.name} with {route.needs}: {answer.status_code} {answer.text}")
    assert wrong == []
    assert await dump(services) != after, "what was refused would have changed something"


def test_the_table_of_roles_is_what_roles_are() -> None:
    assert ROLES_WITH.keys() == set(PERMISSIONS)
    for role in ROLES:
        assert ROLE_PERMISSIONS[role] == {name for name in PERMISSIONS if role in ROLES_WITH[name]}, role
        assert expanded(ROLE_PERMISSIONS[role]) == ROLE_PERMISSIONS[role], "a role is all that its words imply"


def test_what_was_one_permission_still_is() -> None:
    """What each permission opened before they were split, it opens now; a permission for new things is in none."""
    before = {
        "orders.read": {"GET /api/v1/departures/{departure_id}/manifest", "GET /api/v1/reports/transactions"},
        "settings": {"POST /api/v1/import", "GET /api/v1/audit/{subject_id}", "POST /api/v1/account/key"},
        "orders.write": {"POST /api/v1/orders/{order_id}/check-in"},
    }
    for name, routes in before.items():
        opened = {route.name for route in TABLE if set(route.needs) <= expanded([name])}
        assert routes <= opened
    assert not [name for name in IMPLIED["settings"] if name.startswith("payments")]


async def test_every_role_on_every_route(client: httpx.AsyncClient, services: Services, canyon: Side) -> None:
    """A role that lacks what a route needs gets a 403 and changes nothing; one that has it isn't refused."""
    things = {route.name: await canyon.things(things_of(route)) for route in TABLE}
    headers = {role: await canyon.user_with_role(role) for role in ROLES}
    before, wrong = await dump(services), []
    for allowed in (False, True):
        for route in sorted(TABLE, key=lambda route: route.path.endswith("/key")):
            for role in ROLES:
                if may(role, route) != allowed or route.needs == OPEN:
                    continue
                answer = await send(client, route, things[route.name], headers[role]["Authorization"])
                if (answer.status_code != 403) != allowed:
                    wrong.append(f"{route.name} as {role}: {answer.status_code} {answer.text}")
        if not allowed:
            assert await dump(services) == before
    assert wrong == []


def _cases(
    route: Route, mine: dict[str, str], more: dict[str, str], theirs: dict[str, str]
) -> list[tuple[str, dict[str, str], dict[str, str]]]:
    """Return what is swapped, the request's things, and the same with an id that doesn't exist."""
    cases = []
    for name in owned(route):
        unknown = mine | {name: unknown_id(mine[name])}
        cases.append((f"their {name}", mine | {name: theirs[name]}, unknown))
        if name in ("participant", "unit", "cancelled"):
            cases.append((f"another order's {name}", mine | {name: more[name]}, unknown))
    if len(owned(route)) > 1:
        both = {name: unknown_id(value) for name, value in mine.items()}
        cases.append(("all theirs", mine | {name: theirs[name] for name in owned(route)}, both))
    return cases


async def seen_of_others(
    client: httpx.AsyncClient, canyon: Side, sets: list[tuple[Route, list[dict[str, str]]]]
) -> list[str]:
    """Return what another account's id is answered with, where that isn't what an id is that nothing has."""
    wrong = []
    for route, (mine, more, theirs) in sets:
        for case, things, unknown in _cases(route, mine, more, theirs):
            answer = await send(client, route, things, canyon.headers["Authorization"])
            nothing = await send(client, route, unknown, canyon.headers["Authorization"])
            if route.name in EMPTY_FOR_STRANGERS:
                good = answer.status_code == 200 and answer.json()["data"] == []
            else:
                good = answer.status_code == 404 and answer.json()["data"] is None
            if not good or (answer.status_code, code_of(answer)) != (nothing.status_code, code_of(nothing)):
                wrong.append(f"{route.name}, {case}: {answer.status_code} {answer.text}, unknown: {nothing.text}")
    return wrong


async def of_others(canyon: Side, mesa: Side) -> list[tuple[Route, list[dict[str, str]]]]:
    """Return each route that names somebody's things, with two sets of own ones and one of the other account's."""
    routes = [route for route in TABLE if route.needs != OPEN and owned(route)]
    assert len(routes) > 50
    return [(route, [await side.things(things_of(route)) for side in (canyon, canyon, mesa)]) for route in routes]


async def test_other_accounts_things_do_not_exist(
    client: httpx.AsyncClient, services: Services, canyon: Side, mesa: Side
) -> None:
    sets = await of_others(canyon, mesa)
    before = await dump(services)
    assert await seen_of_others(client, canyon, sets) == []
    assert await dump(services) == before


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_control_the_matrix_notices_every_guard_that_is_gone(
    client: httpx.AsyncClient, canyon: Side, mesa: Side, monkeypatch: pytest.MonkeyPatch
) -> None:
    """Negative controls: with a guard removed, the same checks find every route that it guarded."""
    things = {route.name: await canyon.things(things_of(route)) for route in TABLE}
    sets = await of_others(canyon, mesa)
    find_order = orders.find

    async def find_anybodys(tx: ReadTx, viewer_id: str, reference: str, *, lock: bool = False) -> Order | None:
        found = await find_order(tx, viewer_id, reference, lock=lock)
        return found or await find_order(tx, mesa.account_id, reference, lock=lock)

    with monkeypatch.context() as patch:
        patch.setattr(orders, "find", find_anybodys)
        wrong = await seen_of_others(client, canyon, sets)
    assert len({line.partition(",")[0] for line in wrong}) >= 3, wrong
    with monkeypatch.context() as patch:
        patch.setattr(Caller, "require", lambda caller, permission: None)
        wrong = await open_without(client, canyon, things)
    guarded = {route.name for route in TABLE if route.needs not in (OPEN, ANYONE)}
    assert {line.partition(" without")[0] for line in wrong} == guarded
