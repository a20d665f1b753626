"""Finding products: each filter, all of them together, pages, and what a search term means."""

from __future__ import annotations

from typing import Any

import pytest

from seatwright.catalog import store
from seatwright.catalog.model import KINDS, Catalog, Product, Tag, Tier
from seatwright.catalog.products import ProductFilter, look_up, select
from seatwright.core.errors import NotFound


def one(number: int, name: str, **more: Any) -> Product:
    return Product(
        id=f"{number:024x}",
        code=more.pop("code", f"p{number}"),
        name=name,
        number=number,
        tiers=(Tier(code="All", name="All", price=100),),
        **more,
    )


def catalog() -> Catalog:
    products = [
        one(30, "Half-day rafting", tags=("river", "family"), modified_at=300),
        one(20, "Full-day rafting", tags=("river",), modified_at=200),
        one(10, "Kayak tour", tags=("lake",), modified_at=100, code="kayak"),
        one(40, "Kayak tour at night", modified_at=400),
        one(50, "Old rafting", tags=("river",), active=False, modified_at=500),
        one(60, "20", modified_at=600),
    ]
    tags = [Tag(id=f"{i:024x}", code=code, name=code) for i, code in enumerate(("river", "family", "lake"))]
    return store.build(
        {
            **{kind: {} for kind in KINDS},
            "product": {product.code: product for product in products},
            "tag": {tag.code: tag for tag in tags},
        },
        account_id="a",
        version=1,
        currency="USD",
        time_zone="UTC",
        policy_code=None,
    )


ANY = ProductFilter()


def numbers(chosen: ProductFilter = ANY, *, limit: int = 50, page: int = 0) -> list[int]:
    return [product.number for product in select(catalog(), chosen, limit=limit, page=page)]


def test_active_products_are_listed_by_number() -> None:
    assert numbers() == [10, 20, 30, 40, 60]


@pytest.mark.parametrize(
    ("chosen", "expected"),
    [
        (ProductFilter(ids=[f"{20:024x}", f"{50:024x}", "x"]), [20]),
        (ProductFilter(tags=[f"{0:024x}"]), [20, 30]),
        (ProductFilter(tags=[f"{1:024x}", "lake"]), [10, 30]),
        (ProductFilter(tags=["x"]), []),
        (ProductFilter(numbers=[10, 50, 99]), [10]),
        (ProductFilter(name="RAFT"), [20, 30]),
        (ProductFilter(name=" Kayak tour "), [10, 40]),
        (ProductFilter(name="boat"), []),
        (ProductFilter(modified_since=300), [30, 40, 60]),
        (ProductFilter(modified_since=301), [40, 60]),
        (ProductFilter(name="raft", tags=["river"], numbers=[30, 20], modified_since=250), [30]),
    ],
)
def test_a_product_must_fit_every_filter(chosen: ProductFilter, expected: list[int]) -> None:
    assert numbers(chosen) == expected


def test_pages_follow_each_other() -> None:
    assert [numbers(limit=2, page=page) for page in range(4)] == [[10, 20], [30, 40], [60], []]


@pytest.mark.parametrize(
    ("term", "number"),
    [
        (f"{30:024x}", 30),
        (f"{30:024X}", 30),
        ("30", 30),
        (" 30 ", 30),
        ("020", 20),
        ("20", 20),
        ("KAYAK", 10),
        ("p20", 20),
        ("kayak tour", 10),
        ("Kayak tour at night", 40),
        ("night", 40),
        ("half", 30),
    ],
)
def test_a_term_is_an_id_a_number_a_code_a_name_or_a_part_of_one(term: str, number: int) -> None:
    assert look_up(catalog(), term).number == number


@pytest.mark.parametrize("term", ["", " ", "99", "boat", f"{50:024x}", "50", "Old rafting", "9" * 5_000, "२०"])
def test_what_is_unknown_or_inactive_is_not_found(term: str) -> None:
    with pytest.raises(NotFound) as error:
        look_up(catalog(), term)
    assert error.value.code == "product_not_found"


def test_a_part_of_several_names_names_them() -> None:
    with pytest.raises(NotFound, match=r"Full-day rafting \(20\), Half-day rafting \(30\)") as error:
        look_up(catalog(), "rafting")
    assert error.value.code == "product_ambiguous"
