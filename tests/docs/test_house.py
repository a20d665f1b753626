"""The picture of the house and the list of its rooms are those of the sources."""

from __future__ import annotations

import re

import pytest

from tests.docs.house import PACKAGE, PICTURE, ROOT, House, draw, read_house

DRAW_IT = "run `python -m tests.docs.house`, look at docs/house.svg and check it in"


@pytest.fixture(scope="module")
def house() -> House:
    """The house as the sources have it."""
    return read_house()


def test_the_picture_is_of_the_house_as_it_is(house: House) -> None:
    assert PICTURE.read_text(encoding="utf-8") == draw(house), DRAW_IT


def test_control_an_import_more_or_a_room_less_is_another_picture(house: House) -> None:
    drawn = draw(house)
    assert draw(house._replace(imports=house.imports | {("core", "cli")})) != drawn
    assert draw(house._replace(floors=house.floors[1:], imports=set())) != drawn


def test_every_package_and_module_has_a_room(house: House) -> None:
    there = {path.stem for path in (ROOT / "src" / PACKAGE).iterdir() if path.suffix in ("", ".py")}
    assert there - {"__init__", "__pycache__"} == {room.partition(".")[0] for room in house.rooms}


def test_the_architecture_page_says_what_each_room_holds_in_their_order(house: House) -> None:
    page = (ROOT / "docs" / "architecture.md").read_text(encoding="utf-8")
    assert re.findall(r"^\| `([\w.]+)` \| \S.* \|$", page, re.MULTILINE) == house.rooms
