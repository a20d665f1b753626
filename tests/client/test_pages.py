"""Iterators: all pages, each when it is needed, up to the first that isn't full."""

from __future__ import annotations

import datetime as dt
from collections.abc import Callable
from typing import Any

import httpx
import pytest

from seatwright_client import NotFound, Unavailable
from tests.client.rig import NO_RETRIES, Kind, Rig, good, refusal


def tags(*codes: str) -> httpx.Response:
    """A page of the catalog's tags."""
    return good([{"code": code} for code in codes])


def asked(rig: Rig) -> list[tuple[str, str]]:
    """Which pages were asked for: size and number."""
    return [(request.url.params["limit"], request.url.params["page"]) for request in rig.sent]


def codes(found: list[dict[str, Any]]) -> list[str]:
    return [entry["code"] for entry in found]


@pytest.mark.parametrize(
    ("answers", "pages"),
    [
        ([tags()], 1),
        ([tags("a")], 1),
        ([tags("a", "b"), tags()], 2),
        ([tags("a", "b"), tags("c")], 2),
        ([tags("a", "b"), tags("c", "d"), tags()], 3),
    ],
)
def test_the_first_page_that_is_not_full_is_the_last(kind: Kind, answers: list[httpx.Response], pages: int) -> None:
    rig = Rig(kind, *answers)
    found = rig.run(lambda client: client.catalog.iterate("tags", limit=2))
    assert codes(found) == list("abcd")[: len(found)]
    assert (asked(rig), rig.left) == ([("2", str(number)) for number in range(pages)], 0)


def test_pages_have_200_results_and_begin_anywhere(kind: Kind) -> None:
    rig = Rig(kind, tags(), tags(), tags("x"))
    rig.run(lambda client: client.catalog.iterate("tags"))
    rig.run(lambda client: client.catalog.iterate("tags", page=7))
    assert codes(rig.run(lambda client: client.catalog.list("tags", limit=1, page=3))) == ["x"]
    assert asked(rig) == [("200", "0"), ("200", "7"), ("1", "3")]


def test_the_mailing_list_comes_in_as_few_pages_as_it_can(kind: Kind) -> None:
    rig = Rig(kind, good([{"email": "ann@lee.example"}]))
    assert len(rig.run(lambda client: client.reports.iterate_mailing_list())) == 1
    assert asked(rig) == [("10000", "0")]


def test_a_page_is_fetched_when_it_is_needed() -> None:
    rig = Rig("sync", tags("a", "b"), tags("c"))
    found = rig.client.catalog.iterate("tags", limit=2)
    assert rig.sent == []
    assert [next(found)["code"], next(found)["code"]] == ["a", "b"]
    assert len(rig.sent) == 1
    assert next(found)["code"] == "c"
    assert len(rig.sent) == 2


async def test_a_page_is_awaited_when_it_is_needed() -> None:
    rig = Rig("async", tags("a", "b"), tags("c"))
    found = rig.client.catalog.iterate("tags", limit=2)
    assert rig.sent == []
    async for entry in found:
        if entry["code"] == "b":
            break
    assert len(rig.sent) == 1


def test_every_page_is_retried_and_filtered_alike(kind: Kind) -> None:
    rig = Rig(kind, good([]), retries=NO_RETRIES)
    day = dt.date(2026, 7, 1)
    rig.run(lambda client: client.orders.iterate(ids=["a", "b"], from_created_date=day, limit=1))
    assert dict(rig.sent[0].url.params) == {"ids": "a,b", "fromCreatedDate": "2026-07-01", "limit": "1", "page": "0"}
    rig = Rig(kind, tags("a"), refusal(503, "unavailable"), tags("b"), tags())
    assert codes(rig.run(lambda client: client.catalog.iterate("tags", limit=1))) == ["a", "b"]
    rig = Rig(kind, tags("a"), refusal(503, "unavailable"), retries=NO_RETRIES)
    with pytest.raises(Unavailable):
        rig.run(lambda client: client.catalog.iterate("tags", limit=1))


LISTS: list[Callable[[Any], Any]] = [
    lambda client: client.orders.iterate(ids=[]),
    lambda client: client.orders.list(confirmation_ids=iter(())),
    lambda client: client.orders.list(ids=["o1"], confirmation_ids=(), limit=1),
    lambda client: client.carts.iterate(ids=set()),
    lambda client: client.products.list(ids=[]),
    lambda client: client.products.iterate(tag_ids=[], limit=0),
    lambda client: client.products.list(product_numbers=[]),
    lambda client: client.reports.orders(order_ids=[]),
    lambda client: client.reports.iterate_transactions(confirmation_ids=[], from_date="2026-07-01"),
    lambda client: client.reports.orders(product_numbers=[]),
]


@pytest.mark.parametrize("call", LISTS)
def test_an_empty_list_is_nothing_and_not_everything(kind: Kind, call: Callable[[Any], Any]) -> None:
    """Whoever cancels what is left of a list that has become empty must not cancel the whole book."""
    rig = Rig(kind)
    assert rig.run(call) == []
    assert (rig.sent, rig.sign_ins) == ([], [])


def test_none_is_no_filter_and_an_iterator_is_a_list(kind: Kind) -> None:
    rig = Rig(kind, good([]), good([]))
    rig.run(lambda client: client.orders.list(ids=None))
    rig.run(lambda client: client.orders.list(ids=iter(("a", "b")), confirmation_ids=[100042]))
    assert "ids" not in rig.sent[0].url.params
    assert (rig.sent[1].url.params["ids"], rig.sent[1].url.params["confirmationIds"]) == ("a,b", "100042")


EMPTY: list[Callable[[Any], Any]] = [
    lambda client: client.orders.iterate(ids=["o1", ""]),
    lambda client: client.orders.iterate(ids=[None]),
    lambda client: client.carts.list(ids=[" "]),
    lambda client: client.orders.iterate(ids=""),
    lambda client: client.orders.iterate(ids="o1"),
    lambda client: client.orders.check_in("o1", ids="l1"),
    lambda client: client.webhooks.create("https://x.example", events="order.created"),
    lambda client: client.orders.iterate(reference_id=""),
    lambda client: client.products.list(product_name=" "),
    lambda client: client.messages.iterate(order_id=""),
    lambda client: client.reports.file("orders", query={"orderIds": [], "from": "2026-07-01"}),
    lambda client: client.request("GET", "/public/api/order", bytes, query={"ids": []}),
]


@pytest.mark.parametrize("call", EMPTY)
def test_what_is_empty_or_one_text_is_no_list_and_no_filter(call: Callable[[Any], Any]) -> None:
    rig = Rig("sync")
    with pytest.raises(ValueError, match=r"is empty|is one text"):
        call(rig.client)
    assert rig.sent == []


def test_wrong_arguments_are_said_where_they_are_made() -> None:
    client = Rig("sync").client
    noon = dt.datetime(2026, 7, 1, 12)  # noqa: DTZ001 - what somebody may pass
    wrongs: list[Callable[[], Any]] = [
        lambda: client.orders.iterate(from_created_date=noon),
        lambda: client.products.list(last_modified=noon),
        lambda: client.orders.list(ids=["a,b"]),
        lambda: client.orders.read(""),
        lambda: client.carts.delete(".."),
        lambda: client.request("GET", "api/v1/account", dict),
    ]
    for wrong in wrongs:
        with pytest.raises(ValueError, match=r"day|zone|comma|not an id|begins with"):
            wrong()


def test_ids_and_texts_are_escaped(kind: Kind) -> None:
    rig = Rig(kind, refusal(404), refusal(404), good([]))
    with pytest.raises(NotFound):
        rig.run(lambda client: client.products.read("raft & kayak/one?"))
    with pytest.raises(NotFound):
        rig.run(lambda client: client.products.read("söß"))
    noon = dt.datetime(2026, 7, 1, 12, tzinfo=dt.timezone(dt.timedelta(hours=2)))
    rig.run(lambda client: client.products.list(product_name="a&b=c", last_modified=noon))
    assert rig.sent[0].url.raw_path == b"/public/api/product/raft%20%26%20kayak%2Fone%3F"
    assert rig.sent[1].url.raw_path == b"/public/api/product/s%C3%B6%C3%9F"
    assert rig.sent[2].url.params["productName"] == "a&b=c"
    assert rig.sent[2].url.params["lastModified"] == "2026-07-01T10:00:00Z"
