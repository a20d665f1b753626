"""The Resmark product endpoints, as the wire reference's "Products" has them."""

from __future__ import annotations

import copy
from typing import Any

import httpx
import pytest

from seatwright.core.clock import HOUR_MS, MINUTE_MS, ManualClock
from seatwright.http.context import Services
from seatwright.resellers import service as resellers
from tests.conftest import NewAccount, TestAccount
from tests.outfitter import CATALOG, Operator

PRODUCT = "/public/api/product"

RICH: dict[str, Any] = {
    **copy.deepcopy(CATALOG),
    "locations": [
        {"code": "put-in", "name": "Put-in", "address": "Mile 14", "city": "Moab", "state": "UT", "country": "US"},
        {"code": "lodge", "name": "Lodge"},
    ],
    "zones": [{"code": "hotels", "name": "Hotels", "locations": ["lodge"]}],
    "pickups": [{"code": "shuttle", "name": "Shuttle", "price": 10, "zones": ["hotels"], "details": ["07:30"]}],
    "tags": [{"code": "river", "name": "River"}, {"code": "land", "name": "Land"}],
}
RICH["products"][0] |= {
    "marketingPrice": "from 59",
    "overview": "Four hours.",
    "highlights": "<b>Rapids</b>",
    "shortDescription": "Rapids.",
    "ageRestrictions": {"minAge": 6},
    "classTypes": ["Rafting"],
    "images": [{"small": "https://images.canyon.example/s.jpg"}],
    "videos": [{"url": "https://videos.canyon.example/v.mp4"}],
    "tags": ["river"],
    "pickups": ["shuttle"],
}


@pytest.fixture
async def operator(services: Services, account: TestAccount) -> Operator:
    made = Operator.of(services, account.id)
    await made.load(RICH)
    return made


@pytest.fixture
def get(client: httpx.AsyncClient, operator: Operator, auth_headers: dict[str, str]) -> Any:
    """`await get(path, status=200, **query)` returns the data, or of a failure the whole body."""

    async def ask(path: str, status: int = 200, headers: dict[str, str] | None = None, **query: Any) -> Any:
        answer = await client.get(PRODUCT + path, params=query, headers=headers or auth_headers)
        assert answer.status_code == status, answer.text
        body = answer.json()
        if status != 200:
            assert body["data"] is None
            return body
        assert body["errorMessage"] is None
        return body["data"]

    return ask


async def test_a_product_has_every_field_of_the_reference(get: Any) -> None:
    raft, bike, voucher = await get("")
    added = ("tiers", "party", "cancellationPolicy", "cutoffMin", "approvalMin")  # see test_offers
    assert {key: raft[key] for key in raft if key not in ("id", "location", "tags", "modifiedDate", *added)} == {
        "productCode": "raft",
        "name": "Half-day rafting",
        "productNumber": 4101,
        "price": "from 59",
        "quantityLabel": "Guest",
        "quantityType": "participant",
        "dateless": False,
        "overview": "Four hours.",
        "highlights": "<b>Rapids</b>",
        "shortDescription": "Rapids.",
        "ageRestrictions": {"minAge": 6, "maxAge": None},
        "class": "groupActivity",
        "classTypes": ["Rafting"],
        "images": [
            {
                "small": "https://images.canyon.example/s.jpg",
                "large": "https://images.canyon.example/s.jpg",
                "caption": "",
            }
        ],
        "videos": [{"url": "https://videos.canyon.example/v.mp4"}],
        "dateSettings": {"startTime": "09:00", "duration": 240},
        "questions": [],
    }
    assert len(raft["id"]) == 24
    (place,) = raft["location"]
    assert {**place, "id": ""} == {
        "id": "",
        "name": "Put-in",
        "address": "Mile 14",
        "city": "Moab",
        "state": "UT",
        "country": "US",
    }
    assert [tag["name"] for tag in raft["tags"]] == ["River"]
    assert raft["modifiedDate"] == "2026-07-01T16:00:00.000Z"
    assert set(bike) == set(voucher) == set(raft)
    assert (bike["quantityType"], bike["quantityLabel"], bike["price"]) == ("unit", "Unit", "60.00")
    assert (bike["ageRestrictions"], bike["location"], bike["images"], bike["videos"]) == (None, [], [], [])
    assert bike["dateSettings"] == {"startTime": "", "duration": 240}
    assert voucher["dateless"] is True


async def test_products_are_filtered_and_paged(get: Any, operator: Operator, clock: ManualClock) -> None:
    raft, bike, voucher = await get("")
    tag = raft["tags"][0]["id"]

    async def numbers(**query: Any) -> list[int]:
        return [product["productNumber"] for product in await get("", **query)]

    assert await numbers(limit=2) == [4101, 4201]
    assert await numbers(limit=2, page=1) == [4301]
    assert await numbers(ids=f"{bike['id']}, {voucher['id']},x") == [4201, 4301]
    assert await numbers(tagIds=tag) == [4101]
    assert await numbers(tagIds="x") == []
    assert await numbers(productNumbers="4301,4101,1") == [4101, 4301]
    assert await numbers(productName="HALF") == [4101]
    assert await numbers(productName="Mountain bike", productNumbers="4101") == []
    assert await numbers(ids="", tagIds="", productName="", productNumbers="", lastModified="") == [4101, 4201, 4301]

    clock.advance(20 * HOUR_MS)  # 12:00 UTC on the next day
    changed = {**RICH["products"][1], "name": "Trail bike"}
    await operator.load({"products": [changed]})
    assert await numbers(lastModified="2026-07-02") == [4201]
    assert await numbers(lastModified="2026-07-01") == [4101, 4201, 4301]
    assert await numbers(lastModified="2026-07-02T12:00:00.000Z") == [4201]
    assert await numbers(lastModified="2026-07-02T06:00:00-06:00") == [4201]
    assert await numbers(lastModified="2026-07-02T12:00:00.001Z") == []
    assert await numbers(lastModified="2026-07-02T14:00:00+02:00") == [4201]
    assert await numbers(lastModified="2026-07-03") == []

    await operator.load({"products": [{**changed, "active": False}]})
    assert await numbers() == [4101, 4301]
    await get("/4201", 404)
    await get("/4201/item", 404)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"limit": 0}, "limit"),
        ({"limit": 1001}, "limit"),
        ({"limit": "x"}, "limit"),
        ({"page": -1}, "page"),
        ({"productNumbers": "1,x"}, "productNumbers"),
        ({"lastModified": "yesterday"}, "lastModified"),
        ({"lastModified": "2026-13-01"}, "lastModified"),
        ({"lastModified": "2026-07-01T25:00"}, "lastModified"),
    ],
)
async def test_a_filter_that_cannot_be_is_named(get: Any, query: dict[str, Any], field: str) -> None:
    assert (await get("", 400, **query))["errorMessage"].startswith(f"{field}: ")


@pytest.mark.parametrize("term", ["4101", "raft", "Half-day rafting", "half-day RAFTING", "half"])
async def test_a_product_is_found_by_number_code_or_name(get: Any, term: str) -> None:
    assert (await get(f"/{term}"))["productNumber"] == 4101
    assert (await get(f"/{(await get('/4101'))['id']}"))["productNumber"] == 4101


async def test_an_unknown_product_is_not_found(get: Any) -> None:
    for term in ("boat", "9999", "0" * 24, "%20", "a%2Fb"):
        for more in ("", "/item", "/pickup"):
            await get(f"/{term}{more}", 404)
    body = await get("/t", 404)
    assert (body["errorCode"], "Mountain bike (4201)" in body["errorMessage"]) == ("product_ambiguous", True)


async def test_dates_have_times_seats_and_prices(get: Any, operator: Operator) -> None:
    first = (await operator.create("raft", start="2026-07-14T09:00", capacity=12)).departure
    second = (await operator.create("raft", start="2026-07-14T14:00", capacity=5, prices={"Adult": 119})).departure
    third = (await operator.create("raft", start="2026-07-15T09:00", capacity=1)).departure
    await operator.take(first.id, 2)
    await operator.take(third.id, 1)
    assert await get("/4101/item", **{"from": "2026-07-14", "to": "2026-07-15"}) == {
        "items": [
            {
                "date": "2026-07-14",
                "timesAvailable": [
                    {
                        "activityId": first.id,
                        "startTime": "2026-07-14T09:00:00.000Z",
                        "endTime": "2026-07-14T13:00:00.000Z",
                        "tiersAvailable": {"*": 10},
                        "price": {"Adult": 99.0, "Child": 59.0},
                    },
                    {
                        "activityId": second.id,
                        "startTime": "2026-07-14T14:00:00.000Z",
                        "endTime": "2026-07-14T18:00:00.000Z",
                        "tiersAvailable": {"*": 5},
                        "price": {"Adult": 119.0, "Child": 59.0},
                    },
                ],
            },
            {
                "date": "2026-07-15",
                "timesAvailable": [
                    {
                        "activityId": third.id,
                        "startTime": "2026-07-15T09:00:00.000Z",
                        "endTime": "2026-07-15T13:00:00.000Z",
                        "tiersAvailable": {"*": 0},
                        "price": {"Adult": 99.0, "Child": 59.0},
                    }
                ],
            },
        ]
    }


async def test_seats_of_a_hold_that_is_over_are_free_at_once(get: Any, operator: Operator, clock: ManualClock) -> None:
    bike = (await operator.create("bike", start="2026-07-14T09:00")).departure
    await operator.take(bike.id, 5)
    query = {"from": "2026-07", "to": "2026-07"}

    async def free() -> int:
        (day,) = (await get("/bike/item", **query))["items"]
        return int(day["timesAvailable"][0]["tiersAvailable"]["*"])

    assert await free() == 0
    clock.advance(30 * MINUTE_MS)
    assert await free() == 5


async def test_a_calendar_has_the_days_or_months_that_were_asked_for(get: Any, operator: Operator) -> None:
    await operator.create_many("raft", first="2026-07-01", last="2027-07-02", capacity=12)

    async def days(**query: str) -> tuple[str, str, int]:
        found = [day["date"] for day in (await get("/raft/item", **query))["items"]]
        return found[0], found[-1], len(found)

    # The clock stands at 10:00 in Denver: today's departure at 09:00 is over.
    assert await days() == ("2026-07-02", "2026-08-01", 31)
    assert await days(**{"from": "2026-08-01"}) == ("2026-08-01", "2026-09-01", 32)
    assert await days(**{"from": "2026-09"}) == ("2026-09-01", "2026-09-30", 30)
    assert await days(**{"from": "2026-09", "to": "2026-10"}) == ("2026-09-01", "2026-10-31", 61)
    assert await days(**{"from": "2026-09-15", "to": "2026-10"}) == ("2026-09-15", "2026-10-31", 47)
    assert await days(to="2026-07-03") == ("2026-07-02", "2026-07-03", 2)
    assert await days(**{"from": "2026-07-02", "to": "2027-07-02"}) == ("2026-07-02", "2027-07-02", 366)


@pytest.mark.parametrize(
    ("query", "field"),
    [
        ({"from": "2026-07-01", "to": "2027-07-02"}, "to"),
        ({"from": "2026-07-02", "to": "2026-07-01"}, "to"),
        ({"to": "2026-06-30"}, "to"),
        ({"from": "2026-7"}, "from"),
        ({"from": "2026-02-30"}, "from"),
        ({"from": "2026-13"}, "from"),
        ({"from": "soon", "to": "2026-07-01"}, "from"),
        ({"from": "2026-07-01", "to": "x"}, "to"),
    ],
)
async def test_dates_that_cannot_be_are_named(get: Any, query: dict[str, str], field: str) -> None:
    assert (await get("/raft/item", 400, **query))["errorMessage"].startswith(f"{field}: ")


async def test_what_is_closed_cut_off_or_over_is_not_listed(get: Any, operator: Operator, clock: ManualClock) -> None:
    made = (await operator.create("raft", start="2026-07-01T13:00", capacity=12)).departure
    closed = (await operator.create("raft", start="2026-07-01T15:00", capacity=12, closed=True)).departure
    query = {"from": "2026-07-01", "to": "2026-07-01"}

    async def listed() -> list[str]:
        items = (await get("/raft/item", **query))["items"]
        return [time["activityId"] for day in items for time in day["timesAvailable"]]

    assert await listed() == [made.id]
    await operator.change(closed.id, closed=False)
    assert await listed() == [made.id, closed.id]
    assert made.closes_at is not None
    clock.set(made.closes_at - 1)
    assert await listed() == [made.id, closed.id]
    clock.set(made.closes_at)
    assert await listed() == [closed.id]
    clock.advance(2 * HOUR_MS)
    assert await listed() == []


async def test_a_dateless_product_has_one_entry_without_a_date(get: Any, operator: Operator) -> None:
    assert await get("/voucher/item") == {"items": []}
    made = (await operator.create("voucher", capacity=100)).departure
    for query in ({}, {"from": "2027-01", "to": "2027-02"}):
        assert await get("/voucher/item", **query) == {
            "items": [
                {
                    "date": None,
                    "timesAvailable": [
                        {
                            "activityId": made.id,
                            "startTime": None,
                            "endTime": None,
                            "tiersAvailable": {"*": 100},
                            "price": {"All": 100.0},
                        }
                    ],
                }
            ]
        }


async def test_rentals_that_overlap_share_their_pool(get: Any, operator: Operator) -> None:
    whole = (await operator.create("bike", start="2026-07-14T08:00", durationMin=540)).departure
    await operator.create("bike", start="2026-07-14T13:00")
    await operator.create("bike", start="2026-07-14T17:00")
    await operator.take(whole.id, 2)
    (day,) = (await get("/bike/item", **{"from": "2026-07-14", "to": "2026-07-14"}))["items"]
    assert [time["tiersAvailable"]["*"] for time in day["timesAvailable"]] == [3, 3, 5]


async def test_the_date_is_the_places_own(get: Any, operator: Operator) -> None:
    place = {**RICH["locations"][0], "timeZone": "Pacific/Auckland"}
    await operator.load({"locations": [place]})
    await operator.create("raft", start="2026-07-14T09:00", capacity=12)
    (day,) = (await get("/raft/item", **{"from": "2026-07-14", "to": "2026-07-14"}))["items"]
    assert (day["date"], day["timesAvailable"][0]["startTime"]) == ("2026-07-14", "2026-07-14T09:00:00.000Z")
    # 16:00 UTC on 1 July is 04:00 on the 2nd in Auckland, where the list begins.
    await operator.create("raft", start="2026-07-01T23:00", capacity=12, cutoffMin=0)
    await operator.create("raft", start="2026-07-02T09:00", capacity=12, cutoffMin=0)
    assert [day["date"] for day in (await get("/raft/item"))["items"]] == ["2026-07-02", "2026-07-14"]


async def test_pickups_have_places_and_details(get: Any) -> None:
    (pickup,) = await get("/raft/pickup")
    assert (pickup["name"], pickup["price"]) == ("Shuttle", 10.0)
    assert [place["name"] for place in pickup["locations"]] == ["Lodge"]
    assert [detail["name"] for detail in pickup["pickupDetails"]] == ["07:30"]
    assert all(len(one["id"]) == 24 for one in (pickup, *pickup["locations"], *pickup["pickupDetails"]))
    assert await get("/bike/pickup") == []


async def test_a_reseller_reads_the_products_of_a_connected_supplier(
    get: Any, services: Services, account: TestAccount, new_account: NewAccount, operator: Operator
) -> None:
    reseller = await new_account("tripdesk")
    await operator.create("raft", start="2026-07-14T09:00", capacity=12)
    query = {"supplierId": account.id, "headers": reseller.headers}
    for path in ("", "/raft", "/raft/item", "/raft/pickup"):
        assert (await get(path, 404, **query))["errorCode"] == "supplier_not_found"
    now = services.clock.now()
    await services.database.write(lambda tx: resellers.connect(tx, now, "system", account.id, reseller.id))
    assert len(await get("", **query)) == 3
    assert (await get("/raft", **query))["productNumber"] == 4101
    assert len((await get("/raft/item", **query))["items"]) == 1
    assert len(await get("/raft/pickup", **query)) == 1
    assert await get("", headers=reseller.headers) == []
    await get("/raft", 404, headers=reseller.headers)
    # One's own id is oneself; a supplier does not see its resellers' products.
    assert len(await get("", supplierId=account.id)) == 3
    await get("", 404, supplierId=reseller.id)
    await get("", 404, supplierId="x")
    await services.database.write(lambda tx: resellers.change(tx, now, "system", account.id, reseller.id, active=False))
    await get("", 404, **query)


async def test_a_token_is_needed(client: httpx.AsyncClient) -> None:
    for path in ("", "/raft", "/raft/item", "/raft/pickup"):
        assert (await client.get(PRODUCT + path)).status_code == 401
