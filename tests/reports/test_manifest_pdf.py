"""The manifest on paper: black and white, on the country's paper, with every letter or a word about it."""

from __future__ import annotations

import time
from typing import Any

import pypdfium2
import pytest

from seatwright.auth import service as auth
from seatwright.auth.roles import ROLE_PERMISSIONS
from seatwright.reports.manifest_pdf import HINT, manifest_pdf
from seatwright.reports.manifest_print import GuestLine, ManifestPrint, PartyLine, StopLine
from seatwright.wording.regions import paper_of
from tests.desk import Desk, another_user, desk, rafting
from tests.pdf import colours_of, text_of

__all__ = ["desk", "rafting"]

EMPTY = ManifestPrint("Canyon", "Rafting", "Tuesday", "2 guests", [], [], [], "Printed today", "A4")


def printed(shown: ManifestPrint, *names: str) -> ManifestPrint:
    """Return a manifest with guests of these names."""
    guests = [GuestLine(name, "Adult", "Weight: 68", "", number % 2 == 1) for number, name in enumerate(names)]
    return shown._replace(stops=[StopLine("Bridge Hotel", [PartyLine("Lee", "100123 · $40 to pay", guests)])])


def test_it_is_black_on_white_with_a_box_for_each_guest() -> None:
    content = manifest_pdf(printed(EMPTY, "Ann Lee", "Bo Lee"))
    (text,) = text_of(content)
    for said in (
        "Rafting",
        "Tuesday",
        "Bridge Hotel",
        "100123 · $40 to pay",
        "Ann Lee",
        "Weight: 68",
        "1 of 1",
        "☐",
        "☑",
    ):
        assert said in text, said
    assert colours_of(content) == {(0, 0, 0)}
    assert manifest_pdf(printed(EMPTY, "Ann Lee", "Bo Lee")) == content, "the same manifest is the same file"


def test_every_page_is_numbered_and_says_which_pickup_it_is() -> None:
    content = manifest_pdf(printed(EMPTY, *(f"Guest {number}" for number in range(120))))
    pages = text_of(content)
    assert len(pages) >= 3
    for number, page in enumerate(pages, 1):
        assert f"{number} of {len(pages)}" in page
        assert "Bridge Hotel" in page
    assert sum(page.count("Guest ") for page in pages) == 120


def test_letters_of_many_scripts_are_there_and_others_are_said_to_be_missing() -> None:
    names = ("Đorđe Šarčević", "Grażyna Łęcka", "Ελένη", "Наталья", "王小明", "さくら", "김민준", "Þóra Æsudóttir")
    (text,) = text_of(manifest_pdf(printed(EMPTY, *names)))
    assert [name for name in names if name not in text] == []
    assert HINT not in text.replace("\r\n", " ")
    assert "drawn by the program that opens this file" in text
    (text,) = text_of(manifest_pdf(printed(EMPTY, "दिव्या", "שרה", "Ann")))
    assert "▯ stands for a letter" in text
    assert "Ann" in text


@pytest.mark.parametrize("name", ["<b>Ann</b> & <img src='http://x.example/'/>", "A" * 200, "&nbsp;<font>"])
def test_names_are_text_whatever_is_in_them(name: str) -> None:
    (text,) = text_of(manifest_pdf(printed(EMPTY, name)))
    assert "".join(name.split())[:60] in "".join(text.split())


def test_the_longest_guest_fits_a_page() -> None:
    party = PartyLine("W" * 200, "1" * 400, [GuestLine("W" * 200, "W" * 200, "M" * 1500, "in", True)] * 3)
    content = manifest_pdf(EMPTY._replace(stops=[StopLine("M" * 200, [party] * 3)], notes=["M" * 1000] * 3))
    assert len(text_of(content)) >= 2


@pytest.mark.parametrize(
    ("zone", "paper"),
    [
        ("America/Denver", "Letter"),
        ("America/Toronto", "Letter"),
        ("Europe/Zagreb", "A4"),
        ("Asia/Shanghai", "A4"),
        ("UTC", "A4"),
    ],
)
def test_the_paper_is_that_of_the_country(zone: str, paper: Any) -> None:
    assert paper_of(zone) == paper
    size = pypdfium2.PdfDocument(manifest_pdf(EMPTY._replace(paper=paper)))[0].get_size()
    assert tuple(map(round, size)) == {"A4": (595, 842), "Letter": (612, 792)}[paper]


async def pdf(desk: Desk, departure: str) -> str:
    """Return what the file of the API says."""
    answer = await desk.call("GET", f"/api/v1/departures/{departure}/manifest?format=pdf")
    assert answer.status_code == 200, answer.text
    assert answer.headers["content-type"] == "application/pdf"
    assert f'filename="manifest-{departure}.pdf"' in answer.headers["content-disposition"]
    return "\n".join(text_of(answer.content))


async def test_the_api_answers_it_as_its_reader_may_see_it(desk: Desk, rafting: str) -> None:
    cart = await desk.cart((rafting, {"Adult": 2}))
    customer = {"firstName": "Đorđe", "lastName": "Lee", "phone": "+1 435 555 0148", "email": "a@lee.example"}
    await desk.data("PUT", f"/cart/{cart}/customer", json=customer)
    order = await desk.data("POST", "/api/v1/orders", json={"cartId": cart, "payments": []})
    first = order["items"][0]["participantList"][0]["id"]
    await desk.data("POST", f"/api/v1/orders/{order['id']}/check-in", json={"ids": [first]})
    await desk.data("POST", f"/api/v1/departures/{rafting}/notes", json={"text": "Bring the blue raft."})
    text = await pdf(desk, rafting)
    for said in (
        "Đorđe Lee",
        str(order["confirmation"]),
        "+1 435 555 0148",
        "to pay",
        "Note: Bring the blue raft.",
        "1 checked in",
    ):
        assert said in text, said
    assert "July 14, 2026" in text
    assert "9:00" in text
    assert "in, 10:00" in text, "on the clock of the departure's place"
    new = auth.NewUser(email="gus@canyon.example", name="Gus", permissions=ROLE_PERMISSIONS["guide"])
    guide = await another_user(desk.client, desk.services, desk.shop, new)
    seen = await pdf(guide, rafting)
    assert "Đorđe Lee" in seen
    assert "to pay" not in seen
    assert (await desk.call("GET", "/api/v1/departures/nothing/manifest?format=pdf")).status_code == 404
    assert (await desk.call("GET", "/api/v1/reports/sales?format=pdf")).status_code == 400


async def test_crew_and_equipment_are_named(desk: Desk, rafting: str) -> None:
    raft = await desk.data("POST", "/api/v1/resources", json={"kind": "boat", "name": "Blue raft"})
    path = f"/api/v1/departures/{rafting}/assignments"
    await desk.data("POST", path, json={"resourceIds": [raft["id"]]})
    assert "Crew and equipment: Blue raft (boat)" in await pdf(desk, rafting)
    assert "Nobody is on this departure yet." in await pdf(desk, rafting)


def test_five_hundred_guests_are_printed_in_a_few_seconds() -> None:
    began = time.perf_counter()
    manifest_pdf(printed(EMPTY, *(f"Đorđe {number}" for number in range(500))))
    assert time.perf_counter() - began < 20, "on a machine with much else to do"
