"""Parameters of every route's address: misspelt, repeated, bracketed, in another case, empty, and unknown ones."""

from __future__ import annotations

from collections.abc import Iterator
from typing import Any, NamedTuple

import httpx
import pytest
from litestar import Litestar
from litestar.routes import HTTPRoute

from seatwright.app.routes import MANAGE, RESMARK
from seatwright.http.context import Services
from seatwright.http.parameters import LISTS, MAX_PAIRS, MAX_UNKNOWN, Parameters
from tests.desk import Desk
from tests.security.cells import send, things_of
from tests.security.table import TABLE, Route
from tests.security.world import Side, open_side

VALUES = {
    "limit": "7",
    "page": "0",
    "sortOrder": "desc",
    "format": "json",
    "by": "day",
    "applyCancellationFee": "false",
}
"""Good values of parameters that have few."""

OWN_QUERIES = {"GET /public/api/login"}
"""Routes that read their queries themselves: a link of another program's, which names a person's fields."""


@pytest.fixture
async def side(client: httpx.AsyncClient, services: Services) -> Side:
    """An account with one of everything."""
    return await open_side(client, services, "canyon")


def parameters_of(app: Litestar) -> dict[str, Parameters]:
    """Return the parameters of every route of the two APIs, by method and path."""
    return {
        f"{method} {route.path_format}": handler.opt["parameters"]
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method, (handler, _) in route.route_handler_map.items()
        if "parameters" in handler.opt
    }


def misspellings(name: str) -> Iterator[str]:
    """Return names that somebody may type for a parameter's."""
    if len(name) > 3:
        middle = len(name) // 2
        yield name[:middle] + name[middle + 1 :]
        yield name[:middle] + name[middle - 1] + name[middle:]
        yield name[:middle] + "q" + name[middle + 1 :]
        yield name[: middle - 1] + name[middle] + name[middle - 1] + name[middle + 1 :]
        yield f"{name}[x]"
    if name in LISTS:
        yield name.removesuffix("s")


def test_every_list_is_known_as_one(api: Litestar, client: httpx.AsyncClient) -> None:
    """What the description calls comma-separated is what may be repeated."""
    found = set()
    for route in api.routes:
        for handler, model in route.route_handler_map.values() if isinstance(route, HTTPRoute) else ():
            for parameter in model.expected_query_params:
                field = handler.parsed_fn_signature.parameters[parameter.field_name]
                text = getattr(field.kwarg_definition, "description", "") or ""
                if text.startswith("Comma-separated"):
                    found.add(parameter.field_alias)
    assert found == LISTS


def test_every_route_of_the_two_apis_has_its_parameters(api: Litestar) -> None:
    found = parameters_of(api)
    wanted = {route.name for route in TABLE if route.path.startswith((f"{RESMARK}/", f"{MANAGE}/"))}
    assert set(found) >= wanted - OWN_QUERIES
    assert {name for each in found.values() for name in each.names} >= {*LISTS, "from", "limit", "supplierId"}
    assert {each.strict for name, each in found.items() if f" {MANAGE}/" in name} == {True}
    assert {each.strict for name, each in found.items() if f" {RESMARK}/" in name} == {False}


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_every_route_refuses_or_reports_a_misspelt_parameter(
    client: httpx.AsyncClient, api: Litestar, side: Side
) -> None:
    found = parameters_of(api)
    for route in sorted(TABLE, key=lambda route: route.path.endswith("/key")):
        if route.name not in found:
            continue
        parameters, known = found[route.name], await side.things(things_of(route))
        await refuses(client, route, known, side.headers["Authorization"], parameters)
        await reads(client, route, known, side.headers["Authorization"], parameters)
        path = f"{route.query}&" if route.query else "?"
        answer = await send(client, route._replace(query=f"{path}zzqx=1&_=2"), known, side.headers["Authorization"])
        if parameters.strict:
            assert (answer.status_code, answer.json()["errorCode"]) == (400, "unknown_parameter"), route.name
            assert answer.json()["errorMessage"].startswith("zzqx: ")
        else:
            assert answer.status_code == 200, (route.name, answer.text)
            if answer.headers["content-type"].startswith("application/json"):
                warnings = answer.json()["warnings"]
                assert [warning.partition(":")[0] for warning in warnings] == ["zzqx", "_"]
        again = await side.things(things_of(route))
        blank = "&".join(f"{name}=" for name in parameters.names if f"{name}=" not in route.query)
        answer = await send(client, route._replace(query=path + blank), again, side.headers["Authorization"])
        assert answer.status_code == 200, (route.name, answer.text)
        if answer.headers["content-type"].startswith("application/json"):
            assert "warnings" not in answer.json()


async def refuses(
    client: httpx.AsyncClient, route: Route, things: dict[str, str], header: str, parameters: Parameters
) -> None:
    """Each misspelt name is a 400 that says what was meant; so is one parameter with two values that has one."""
    for name in parameters.names:
        for wrong in set(misspellings(name)) - set(parameters.names):
            answer = await send(client, route._replace(query=f"?{wrong}=1"), things, header)
            told = answer.json()
            assert (answer.status_code, told["errorCode"]) == (400, "unknown_parameter"), (route.name, wrong)
            assert told["errorMessage"].startswith(f"{wrong}: ")
            assert name in told["errorMessage"].partition("did you mean")[2]
        if name not in LISTS:
            answer = await send(client, route._replace(query=f"?{name}=1&{name.upper()}[]=2"), things, header)
            assert (answer.status_code, answer.json()["errorCode"]) == (400, "repeated_parameter"), (route.name, name)
            assert answer.json()["errorMessage"].startswith(f"{name}: ")


async def reads(
    client: httpx.AsyncClient, route: Route, things: dict[str, str], header: str, parameters: Parameters
) -> None:
    """However a parameter is written, it is that parameter: the answer is the same, good or bad."""
    if route.method != "GET":
        return
    for name in parameters.names:
        others = "&".join(part for part in route.query.lstrip("?").split("&") if part and not part.startswith(name))
        value = VALUES.get(name, "2026-07-14" if "rom" in name or name.startswith(("to", "last")) else "11")
        plain, ways = f"{name}={value}", [f"{name.upper()}={value}", f"{name}[]={value}", f"{name}%5B0%5D={value}"]
        if name in LISTS:
            plain = f"{name}=11,12"
            ways = [f"{name}=11&{name}=12", f"{name}[]=11&{name}[]=12", f"{name}[0]=11&{name}[1]=12"]
            ways += [f"{name.lower()}=11,12", f"{name}=11&{name.upper()}=12&{name}="]
        expected = await send(client, route._replace(query=f"?{plain}&{others}"), things, header)
        for way in ways:
            answer = await send(client, route._replace(query=f"?{way}&{others}"), things, header)
            assert (answer.status_code, answer.content) == (expected.status_code, expected.content), (route.name, way)


class Written(NamedTuple):
    """A way to ask for the first and the third of three orders."""

    query: str
    by: str = "id"


@pytest.mark.parametrize(
    "written",
    [
        Written("ids={0},{2}"),
        Written("ids[]={0}&ids[]={2}"),
        Written("ids%5B%5D={0}&ids%5B%5D={2}"),
        Written("ids[0]={0}&ids[1]={2}"),
        Written("ids={0}&ids={2}"),
        Written("IDS={0}&Ids={2}"),
        Written("confirmationIds={0}&confirmationIds={2}", "confirmation"),
        Written("confirmation_ids[]={0},{2}", "confirmation"),
        Written("confirmationids={0}&confirmationIds[]={2}&confirmationIds=", "confirmation"),
    ],
)
async def test_a_list_of_orders_is_never_all_orders(desk: Desk, rafting: str, written: Written) -> None:
    orders = [await desk.order((rafting, {"Adult": 1})) for _ in range(3)]
    query = written.query.format(*(order[written.by] for order in orders))
    assert [order["id"] for order in await desk.data("GET", f"/order?{query}")] == [orders[0]["id"], orders[2]["id"]]


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_names_that_are_nearly_a_filter(client: httpx.AsyncClient, side: Side) -> None:
    async def asked(path: str) -> tuple[int, Any]:
        answer = await client.get(f"{RESMARK}{path}", headers=side.headers)
        return answer.status_code, answer.json()

    for path, meant in [
        ("/order?id=x", "ids"),
        ("/order?confirmation=100001", "confirmationIds"),
        ("/order?confirmationNumbers=100001", "confirmationIds"),
        ("/order?reference=x", "referenceId"),
        ("/order?from=2026-07-01", "fromCreatedDate or fromModifiedDate"),
        ("/order?ids[in]=x", "ids"),
        ("/order?ids.0=x", "ids"),
        ("/product?product=4101", "productName or productNumbers"),
        ("/product?tags=x", "tagIds"),
        ("/product/4101/item?form=2026-07", "from"),
        ("/product/4101/item?toDate=2026-07", "to"),
    ]:
        status, told = await asked(path)
        assert (status, told["errorCode"]) == (400, "unknown_parameter"), path
        assert f"did you mean {meant}?" in told["errorMessage"]
    for path in (
        "/order?pageSize=10&lang=en&_=1&utm_source=x&callback=f&debug",
        "/product?token=x&apikey=y&sort=name&&=&v=1.2",
        "/product?%FFzz=1&zz%C3%A4=%FF&\\u0000=1&%22%0A=1&productName=%FF",
    ):
        status, told = await asked(path)
        assert status == 200
        assert len(told["warnings"]) >= 4
        assert isinstance(told["data"], list)
    assert (await asked("/order?" + "&".join(f"ids[]={i}" for i in range(900))))[0] == 200
    many = "&".join(f"ids={i}" for i in range(MAX_PAIRS + 1))
    assert (await asked(f"/order?{many}"))[1]["errorCode"] == "too_many_values"
    noise = "&".join(f"zz{i}q=1" for i in range(MAX_UNKNOWN + 2))
    assert (await asked(f"/order?{noise}"))[1]["errorCode"] == "unknown_parameter"
    for name in ("ids[", "ids]", "[ids]", "ids[[]]", "[]ids"):
        assert (await asked(f"/order?{name}=x"))[0] == 400
    refused = await client.get(f"{MANAGE}/users?%FFzz=1", headers=side.headers)
    assert (refused.status_code, refused.json()["errorCode"]) == (400, "unknown_parameter")
    head = await client.head(f"{RESMARK}/order?zzqx=1", headers=side.headers)
    assert (head.status_code, head.content) == (200, b"")
    report = f"{RESMARK}/report/accrual/transactionDate?format=csv&zzqx=1"
    assert (await client.get(report, headers=side.headers)).status_code == 200, "a file has no place for warnings"


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_a_write_with_a_misspelt_parameter_has_no_effect(desk: Desk, rafting: str) -> None:
    order = await desk.order((rafting, {"Adult": 2}))
    path = f"{RESMARK}/order/{order['id']}"
    answer = await desk.client.delete(f"{path}?applyCancelationFee=false", headers=desk.headers)
    assert (answer.status_code, answer.json()["errorCode"]) == (400, "unknown_parameter")
    assert (await desk.data("GET", f"/order/{order['id']}"))["status"] == "confirmed"
    key = {"Idempotency-Key": "one"}
    for replayed in (False, True):
        answer = await desk.client.delete(f"{path}?zzqx=1", headers=desk.headers | key)
        assert answer.status_code == 200
        assert len(answer.json()["warnings"]) == 1
        assert ("idempotent-replayed" in answer.headers) == replayed


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
async def test_an_empty_id_is_not_the_list(client: httpx.AsyncClient, api: Litestar, side: Side) -> None:
    """Nor anything else that answers: for each route whose address ends with an id."""
    checked = 0
    for route in TABLE:
        if not route.path.endswith("}") or not route.path.startswith((RESMARK, MANAGE)):
            continue
        things = await side.things(things_of(route))
        for empty in ("", "/", "%2F", "%20"):
            emptied = things | {route.ids[-1]: empty}
            answer = await send(client, route, emptied, side.headers["Authorization"])
            nothing = answer.status_code == 200 and answer.json()["data"] == []
            assert nothing or answer.status_code in (400, 404, 405), (route.name, empty, answer.text)
            checked += 1
    assert checked > 100
    for path in ("/public/api/order", "/api/v1/webhooks", "/public/api/cart"):
        assert (await client.get(path, headers=side.headers)).status_code == 200
        refused = await client.get(f"{path}/", headers=side.headers)
        assert (refused.status_code, refused.json()["errorCode"]) == (404, "no_id")
    assert (await client.post("/public/api/cart/", headers=side.headers)).status_code == 200
