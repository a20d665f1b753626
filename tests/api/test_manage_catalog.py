"""Management of the catalog and of departures under `/api/v1`."""

from __future__ import annotations

from typing import Any

import httpx
import pytest

from seatwright.auth.model import ALL_PERMISSIONS
from seatwright.auth.roles import implying
from seatwright.http.context import Services
from seatwright.setup.document import PLURALS
from tests.conftest import NewAccount, TestAccount
from tests.outfitter import CATALOG, Operator

TIERS = {"Adult": {"price": 99.00}}
FORMS: dict[str, dict[str, Any]] = {
    "location": {"code": "x", "name": "X", "city": "Moab"},
    "zone": {"code": "x", "name": "X", "locations": ["put-in"]},
    "pickup": {"code": "x", "name": "X", "price": 10.5, "locations": ["put-in"], "details": ["07:30", "08:00"]},
    "tag": {"code": "x", "name": "X"},
    "policy": {"code": "x", "name": "X", "fees": [{"percent": 50, "window": 24}, {"amount": 5}]},
    "charge": {"code": "x", "name": "X", "kind": "tax", "percent": 7.5, "products": ["raft"]},
    "question": {"code": "x", "name": "X?", "kind": "choice", "choices": ["A", "B"]},
    "discount": {"code": "X", "name": "X", "amount": 5, "per": "order", "startsAt": "2026-07-01"},
    "pool": {"code": "x", "name": "X", "units": 3},
    "product": {"code": "x", "name": "X", "number": 7, "tiers": TIERS, "durationMin": 60, "locations": ["put-in"]},
}


class Manager:
    """A client that manages an account."""

    def __init__(self, client: httpx.AsyncClient, headers: dict[str, str]) -> None:
        self._client, self._headers = client, headers

    async def __call__(self, method: str, path: str, body: Any = None, status: int = 200, **query: Any) -> Any:
        """Return the answer's data, or of a failure the whole body."""
        answer = await self._client.request(
            method, f"/api/v1/{path}", json=body, params=query or None, headers=self._headers
        )
        assert answer.status_code == status, answer.text
        return answer.json()["data"] if status == 200 else answer.json()


@pytest.fixture
async def operator(services: Services, account: TestAccount) -> Operator:
    made = Operator.of(services, account.id)
    await made.load(CATALOG)
    return made


@pytest.fixture
def manage(client: httpx.AsyncClient, operator: Operator, auth_headers: dict[str, str]) -> Manager:
    return Manager(client, auth_headers)


@pytest.mark.parametrize("kind", list(PLURALS))
async def test_an_entry_lives_from_post_to_delete(manage: Manager, operator: Operator, kind: str) -> None:
    plural, form = PLURALS[kind], FORMS[kind]
    code, version = form["code"], await operator.version()
    made = await manage("POST", plural, form)
    assert len(made["id"]) == 24
    assert {key: made[key] for key in form if key not in ("fees", "tiers", "startsAt")} == {
        key: value for key, value in form.items() if key not in ("fees", "tiers", "startsAt")
    }
    assert await manage("GET", f"{plural}/{code}") == made
    assert made in await manage("GET", plural)
    assert (await manage("POST", plural, form, 409))["errorCode"] == "code_taken"
    created = await operator.version()
    assert created > version

    # What is answered can be sent back, and then nothing has changed.
    assert await manage("PUT", f"{plural}/{code}", made) == made
    assert await operator.version() == created
    changed = await manage("PUT", f"{plural}/{code}", {**form, "name": "Y"})
    assert (changed["id"], changed["name"]) == (made["id"], "Y")
    assert await operator.version() > created
    message = (await manage("PUT", f"{plural}/{code}", {**form, "code": "z"}, 400))["errorMessage"]
    assert message.startswith("code: an entry keeps its code")

    assert await manage("DELETE", f"{plural}/{code}") == changed
    for method in ("GET", "DELETE"):
        assert (await manage(method, f"{plural}/{code}", status=404))["errorCode"] == f"{kind}_not_found"
    await manage("PUT", f"{plural}/{code}", form, 404)
    assert [action for action in await operator.audited() if action.startswith(f"{kind}.")][-3:] == [
        f"{kind}.created",
        f"{kind}.changed",
        f"{kind}.deleted",
    ]


async def test_entries_are_listed_in_pages(manage: Manager) -> None:
    assert [product["code"] for product in await manage("GET", "products", limit=2)] == ["bike", "raft"]
    assert [product["code"] for product in await manage("GET", "products", limit=2, page=1)] == ["voucher"]
    await manage("GET", "products", status=400, limit=0)


async def test_pickup_details_keep_their_ids(
    manage: Manager, client: httpx.AsyncClient, auth_headers: dict[str, str]
) -> None:
    await manage("POST", "pickups", FORMS["pickup"])
    await manage("PUT", "products/raft", {**CATALOG["products"][0], "pickups": ["x"]})

    async def details() -> dict[str, str]:
        (pickup,) = (await client.get("/public/api/product/raft/pickup", headers=auth_headers)).json()["data"]
        return {detail["name"]: detail["id"] for detail in pickup["pickupDetails"]}

    before = await details()
    await manage("PUT", "pickups/x", {**FORMS["pickup"], "details": ["08:00", "08:30"]})
    after = await details()
    assert list(after) == ["08:00", "08:30"]
    assert after["08:00"] == before["08:00"]


@pytest.mark.parametrize(
    ("plural", "form", "message"),
    [
        ("products", {**FORMS["product"], "number": 4101}, "number: the product raft has the same already."),
        ("products", {**FORMS["product"], "locations": ["y"]}, "locations[0]: there is no location with the code 'y'."),
        (
            "products",
            {**FORMS["product"], "tiers": {"A": {"price": 1.005}}},
            "tiers.A.price: '1.005' has more decimals",
        ),
        (
            "products",
            {**FORMS["product"], "tiers": {"A": {"price": []}}},
            "tiers.A.price: expected a number, got a list.",
        ),
        ("products", {**FORMS["product"], "tiers": {"A": {}}}, "tiers.A.price: is missing."),
        ("products", {**FORMS["product"], "name": ""}, "name: expected text of at least 1 characters"),
        ("products", {"code": "x", "name": "X", "tiers": TIERS}, "number: is missing."),
        ("pools", {**FORMS["pool"], "units": -1}, "units: expected a whole number of at least 0."),
        ("pools", [], "The body: expected an object, got a list."),
        (
            "charges",
            {**FORMS["charge"], "percent": 200},
            "percent: '200' is not a percentage from 0 to 100 with at most four decimals.",
        ),
        ("locations", {**FORMS["location"], "timeZone": "x"}, "timeZone: 'x' is not an IANA time zone"),
    ],
)
async def test_a_form_that_cannot_be_names_the_field(
    manage: Manager, operator: Operator, plural: str, form: Any, message: str
) -> None:
    version = await operator.version()
    body = await manage("POST", plural, form, 400)
    assert body["errorMessage"].startswith(message)
    assert await operator.version() == version


async def test_an_unknown_key_is_refused(manage: Manager) -> None:
    body = await manage("POST", "tags", {**FORMS["tag"], "colour": "red"}, 400)
    assert "colour" in body["errorMessage"]


async def test_an_entry_that_something_refers_to_can_not_be_deleted(manage: Manager) -> None:
    await manage("POST", "policies", FORMS["policy"])
    await manage("POST", "charges", FORMS["charge"])
    await manage("PATCH", "account", {"policyCode": "x"})
    for path, user in (
        ("locations/put-in", "product raft"),
        ("pools/bikes", "product bike"),
        ("products/raft", "charge x"),
        ("policies/x", "the account, whose policy it is"),
    ):
        body = await manage("DELETE", path, status=409)
        assert body["errorCode"] == "in_use"
        assert user in body["errorMessage"]
    await manage("PATCH", "account", {"policyCode": ""})
    await manage("DELETE", "policies/x")
    await manage("DELETE", "charges/x")
    await manage("DELETE", "products/raft")
    await manage("DELETE", "locations/put-in")


async def test_departures_hold_on_to_their_product(manage: Manager, operator: Operator) -> None:
    await manage("POST", "products/bike/departures", {"start": "2026-07-14T09:00"})
    bike = CATALOG["products"][1]
    body = await manage("DELETE", "products/bike", status=409)
    assert body["errorCode"] == "product_has_departures"
    for change, field in (
        ({"pool": None}, "pool"),
        ({"pool": None, "quantityType": "participant"}, "quantityType"),
        ({"pool": None, "dateless": True}, "dateless"),
    ):
        body = await manage("PUT", "products/bike", {**bike, **change}, 409)
        assert body["errorMessage"].startswith(f"{field}: can't change")
    await manage("PUT", "products/bike", {**bike, "active": False, "tiers": {"Adult": {"price": 5}}})
    await manage("PUT", "products/raft", {**CATALOG["products"][0], "quantityType": "unit"})


async def test_a_pool_that_is_deleted_takes_its_half_hours_along(manage: Manager, operator: Operator) -> None:
    await manage("POST", "pools", FORMS["pool"])
    await manage("DELETE", "pools/x")
    assert (await manage("PUT", "pools/bikes", {"code": "bikes", "name": "Bikes", "units": 4}))["units"] == 4


async def test_departures_are_made_listed_and_changed(manage: Manager, operator: Operator) -> None:
    made = await manage(
        "POST", "products/raft/departures", {"start": "2026-07-14T09:00", "capacity": 24, "prices": {"Adult": "119.00"}}
    )
    assert {**made, "id": ""} == {
        "id": "",
        "product": "raft",
        "start": "2026-07-14T09:00",
        "timeZone": "America/Denver",
        "startDate": "2026-07-14T15:00:00.000Z",
        "endDate": "2026-07-14T19:00:00.000Z",
        "durationMin": 240,
        "capacity": 24,
        "taken": 0,
        "free": 24,
        "closed": False,
        "closedFor": None,
        "cutoffMin": 60,
        "prices": {"Adult": 119.0},
        "version": 1,
    }
    await operator.take(made["id"], 10)
    assert (await manage("GET", f"departures/{made['id']}"))["free"] == 14
    body = await manage("PATCH", f"departures/{made['id']}", {"capacity": 9}, 409)
    assert (body["errorCode"], "10 are taken" in body["errorMessage"]) == ("below_taken", True)
    changed = await manage("PATCH", f"departures/{made['id']}", {"capacity": 10, "closed": True, "prices": {}})
    assert (changed["capacity"], changed["free"], changed["closed"], changed["prices"]) == (10, 0, True, {})
    assert await manage("PATCH", f"departures/{made['id']}", {"closed": None}) == changed

    recurring = {"from": "2026-07-13", "to": "2026-07-19", "weekdays": ["mon", "tue"], "capacity": 24}
    assert await manage("POST", "products/raft/departures/recurring", recurring) == {
        "created": 1,
        "existing": 1,
        "notes": [],
    }
    listed = await manage("GET", "products/raft/departures", **{"from": "2026-07", "to": "2026-07"})
    assert [one["start"] for one in listed] == ["2026-07-13T09:00", "2026-07-14T09:00"]
    assert listed[1] == changed
    assert await manage("GET", "products/raft/departures", limit=1, page=1) == [changed]
    assert await manage("GET", "products/raft/departures", **{"from": "2026-08-01"}) == []


async def test_a_dateless_products_departure_is_made_once(manage: Manager) -> None:
    made = await manage("POST", "products/voucher/departures", {"capacity": 100})
    assert (made["start"], made["startDate"], made["durationMin"], made["cutoffMin"]) == (None, None, None, None)
    assert await manage("POST", "products/voucher/departures", {"capacity": 5}) == made
    assert await manage("GET", "products/voucher/departures") == [made]


@pytest.mark.parametrize(
    ("method", "path", "body", "status"),
    [
        ("GET", "products/boat/departures", None, 404),
        ("GET", "products/raft/departures?from=x", None, 400),
        ("GET", "products/raft/departures?from=2026-07-01&to=2027-07-02", None, 400),
        ("POST", "products/boat/departures", {"start": "2026-07-14T09:00", "capacity": 1}, 404),
        ("POST", "products/raft/departures", {"start": "2026-07-14T09:00"}, 400),
        ("POST", "products/raft/departures", {"start": 5, "capacity": 1}, 400),
        ("POST", "products/raft/departures", {"capacity": 1, "taken": 5}, 400),
        ("POST", "products/raft/departures/recurring", {"capacity": 1, "weekdays": ["x"]}, 400),
        ("POST", "products/raft/departures/recurring", {"capacity": 1, "to": "2099-01-01"}, 400),
        ("POST", "products/boat/departures/recurring", {"capacity": 1}, 404),
        ("GET", "departures/x", None, 404),
        ("PATCH", "departures/x", {"closed": True}, 404),
        ("PATCH", "departures/x", {"capacity": "many"}, 400),
        ("DELETE", "departures/x", None, 404),
        ("POST", "import", {"products": [{}]}, 400),
        ("POST", "import", {"produce": []}, 400),
        ("POST", "import", [], 400),
    ],
)
async def test_a_malformed_request_is_refused_with_its_status(
    manage: Manager, method: str, path: str, body: Any, status: int
) -> None:
    assert (await manage(method, path, body, status))["data"] is None


async def test_a_catalog_is_imported_as_json(manage: Manager, operator: Operator) -> None:
    document = {
        **CATALOG,
        "tags": [{"code": "river", "name": "River"}],
        "schedules": [{"product": "raft", "from": "2026-07-01", "to": "2026-07-10", "capacity": 24}],
    }
    assert await manage("POST", "import", document) == {
        "changed": True,
        "check": False,
        "notes": [],
        "counts": {
            "locations": {"created": 0, "changed": 0, "unchanged": 1, "deleted": 0},
            "tags": {"created": 1, "changed": 0, "unchanged": 0, "deleted": 0},
            "pools": {"created": 0, "changed": 0, "unchanged": 1, "deleted": 0},
            "products": {"created": 0, "changed": 0, "unchanged": 3, "deleted": 0},
            "departures": {"created": 10, "changed": 0, "unchanged": 0, "deleted": 0},
        },
    }
    again = await manage("POST", "import", document)
    assert again["changed"] is False
    body = await manage("POST", "import", {**document, "schedules": [{"product": "boat"}]}, 400)
    assert body["errorMessage"].startswith("schedules[0].product: there is no product")
    assert await manage("POST", "import", {}) == {
        "changed": False,
        "check": False,
        "notes": [],
        "counts": {},
    }


async def test_an_import_checks_prunes_and_says_so(manage: Manager, operator: Operator) -> None:
    document = {**CATALOG, "schedules": [{"product": "raft", "from": "2026-07-01", "to": "2026-07-03", "capacity": 24}]}
    await manage("POST", "import", document)
    (sold, *_) = [row for row in await operator.departures() if row["local_date"] == "2026-07-02"]
    await operator.sell(sold["id"], 2)
    document["schedules"][0]["times"] = ["10:30"]  # type: ignore[index]
    shown = await manage("POST", "import", document, check="true", prune="true")
    assert (shown["check"], shown["counts"]["departures"]["deleted"]) == (True, 1)
    assert len(await manage("GET", "products/raft/departures", **{"from": "2026-07-01"})) == 3
    done = await manage("POST", "import", document, prune="true")
    assert done["counts"] == shown["counts"]
    uncovered = {
        "kind": "uncovered_taken",
        "text": done["notes"][1]["text"],
        "count": 1,
        "departures": [
            {"id": sold["id"], "product": "raft", "start": "2026-07-02T09:00", "timeZone": "America/Denver", "taken": 2}
        ],
    }
    assert done["notes"][1] == uncovered
    body = await manage("DELETE", f"departures/{sold['id']}", status=409)
    assert (body["errorCode"], "held or sold: 2." in body["errorMessage"]) == (
        "departure_taken",
        True,
    )
    free = next(each for each in await manage("GET", "products/raft/departures") if each["taken"] == 0)
    assert await manage("DELETE", f"departures/{free['id']}") == free
    await manage("GET", f"departures/{free['id']}", status=404)


async def test_any_user_reads_the_catalog_and_who_may_changes_it(
    client: httpx.AsyncClient, operator: Operator, new_account: NewAccount
) -> None:
    clerk = Manager(client, (await new_account("clerk", permissions=frozenset({"orders.read"}))).headers)
    lacking = [implying(name) for name in ("catalog.write", "departures.write", "departures.read")]
    everything_but = ALL_PERMISSIONS.difference(*lacking)
    other = Manager(client, (await new_account("other", permissions=everything_but)).headers)
    for manager in (clerk, other):
        assert await manager("GET", "products") == []
        await manager("POST", "products", FORMS["product"], 403)
        await manager("PUT", "products/x", FORMS["product"], 403)
        await manager("DELETE", "products/x", status=403)
        await manager("POST", "products/x/departures", {}, 403)
        await manager("POST", "products/x/departures/recurring", {}, 403)
        await manager("PATCH", "departures/x", {}, 403)
        await manager("DELETE", "departures/x", status=403)
        await manager("POST", "import", {}, 403)
    await clerk("GET", "products/x/departures", status=404)
    await other("GET", "products/x/departures", status=403)
    await other("GET", "departures/x", status=403)


async def test_another_accounts_catalog_is_not_found(
    client: httpx.AsyncClient, manage: Manager, operator: Operator, new_account: NewAccount
) -> None:
    made = await manage("POST", "products/raft/departures", {"start": "2026-07-14T09:00", "capacity": 24})
    stranger = Manager(client, (await new_account("stranger")).headers)
    assert await stranger("GET", "products") == []
    for method, path, body in (
        ("GET", "products/raft", None),
        ("DELETE", "products/raft", None),
        ("PUT", "products/raft", CATALOG["products"][0]),
        ("GET", f"departures/{made['id']}", None),
        ("PATCH", f"departures/{made['id']}", {"closed": True}),
        ("GET", "products/raft/departures", None),
    ):
        await stranger(method, path, body, 404)
    assert await manage("GET", f"departures/{made['id']}") == made


async def test_every_body_is_described_with_its_fields(client: httpx.AsyncClient) -> None:
    document = (await client.get("/openapi.json")).json()
    for kind, plural in PLURALS.items():
        for path, method in ((f"/api/v1/{plural}", "post"), (f"/api/v1/{plural}/{{code}}", "put")):
            content = document["paths"][path][method]["requestBody"]["content"]["application/json"]
            schema = document["components"]["schemas"][content["schema"]["$ref"].rpartition("/")[2]]
            assert {"code", "name"} <= set(schema["properties"])
            assert content["example"]["code"], f"{kind} has no example"
