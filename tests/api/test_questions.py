"""Custom questions: what is sent must answer them, what is required must be there, each participant has their own.

The law goes through every kind of question, sent in every place, with values of every sort: an answer is stored in the
type of its question or refused by its label, and an order is made if and only if everything that is required is there.
"""

from __future__ import annotations

import csv
import io
from typing import Any

import httpx
import pytest

from seatwright.catalog.model import Question
from seatwright.core.ids import new_hex24
from seatwright.http.context import Services
from tests.desk import Desk, open_desk

CHOICES = ("Beginner", "Expert")
REFUSED = object()
CASES: dict[str, list[tuple[Any, Any]]] = {
    "text": [("no nuts", "no nuts"), (7, "7"), (True, REFUSED), (["a"], REFUSED)],
    "number": [
        (68, 68),
        (68.5, 68.5),
        ("68", 68),
        (" 68.5 ", 68.5),
        ("-3", -3),
        ("heavy", REFUSED),
        ("1_000", REFUSED),
        ("٦٨", REFUSED),
        ("NaN", REFUSED),
        ("1e99", REFUSED),
        (True, REFUSED),
        ([68], REFUSED),
    ],
    "boolean": [
        (True, True),
        (False, False),
        ("true", True),
        ("No", False),
        (1, True),
        (0, False),
        ("maybe", REFUSED),
        (2, REFUSED),
        ([True], REFUSED),
    ],
    "date": [("2026-07-14", "2026-07-14"), ("14.7.2026", REFUSED), ("2026-02-30", REFUSED), (20260714, REFUSED)],
    "choice": [("Expert", "Expert"), (" expert ", "Expert"), ("godlike", REFUSED), (1, REFUSED), (["Expert"], REFUSED)],
}
NOTHING = [None, "", "   "]


def question(kind: str = "text", **changes: Any) -> Question:
    """A question with the label "Level of skill"."""
    choices = CHOICES if kind == "choice" else ()
    head = {"id": new_hex24(), "code": "level", "name": "Level of skill"}
    return Question(**(head | {"kind": kind, "choices": choices} | changes))


async def lines(desk: Desk, cart: str) -> list[dict[str, Any]]:
    """Return a cart's participants and units."""
    shown = await desk.data("GET", f"/cart/{cart}")
    return [line for item in shown["items"] for line in (*item["participantList"], *item["unitList"])]


@pytest.mark.parametrize("kind", CASES)
async def test_an_answer_has_its_questions_type(desk: Desk, rafting: str, kind: str) -> None:
    await desk.shop.add("question", question(kind))
    cart = await desk.cart((rafting, {"Adult": 1}))
    kept: dict[str, Any] = {}
    for sent, stored in CASES[kind]:
        body = {"firstName": "Ann", "LEVEL OF SKILL": sent}
        if stored is REFUSED:
            refused = await desk.refused(400, "PUT", f"/cart/{cart}/customer", json=body)
            assert refused["errorMessage"].startswith("LEVEL OF SKILL: ")
        else:
            await desk.data("PUT", f"/cart/{cart}/customer", json=body)
            kept = {"firstName": "Ann", "LEVEL OF SKILL": stored}
        shown = (await desk.data("GET", f"/cart/{cart}"))["customer"]
        assert repr(shown) == repr(kept), sent
    order = await desk.data("POST", "/order", json={"id": cart})
    assert repr(order["customer"]) == repr(kept)


@pytest.mark.parametrize("kind", CASES)
async def test_an_answer_of_a_participant_has_its_questions_type(desk: Desk, rafting: str, kind: str) -> None:
    await desk.shop.add("question", question(kind, per="participant", required=True))
    cart = await desk.cart((rafting, {"Adult": 1}))
    (line,) = await lines(desk, cart)
    kept: dict[str, Any] = {}
    for sent, stored in CASES[kind]:
        body = {"participants": [{"id": line["id"], "firstName": "Ann", "answers": {"level of skill": sent}}]}
        if stored is REFUSED:
            refused = await desk.refused(400, "PUT", f"/cart/{cart}/customer", json=body)
            assert refused["errorMessage"].startswith("participants[0].answers.level of skill: ")
        else:
            await desk.data("PUT", f"/cart/{cart}/customer", json=body)
            kept = {"level of skill": stored}
        (shown,) = await lines(desk, cart)
        assert repr(shown["answers"]) == repr(kept), sent
    order = await desk.data("POST", "/order", json={"id": cart})
    (line,) = order["items"][0]["participantList"]
    assert (line["firstName"], line["lastName"], repr(line["answers"])) == ("Ann", None, repr(kept))
    assert (await desk.data("GET", f"/order/{order['id']}"))["items"] == order["items"]


@pytest.mark.parametrize("per", ["order", "participant"])
@pytest.mark.parametrize("kind", CASES)
async def test_an_order_without_a_required_answer_is_refused_by_the_questions_name(
    desk: Desk, rafting: str, kayak: str, kind: str, per: str
) -> None:
    """Asked of rafters alone: a kayak tour is ordered without, the cart of both isn't, and keeps its seats."""
    await desk.shop.add("question", question(kind, per=per, required=True, products=("rafting",)))
    await desk.order((kayak, {"All": 1}))
    cart = await desk.cart((rafting, {"Adult": 2}), (kayak, {"All": 1}))
    rafters = (await lines(desk, cart))[:2]
    for nothing in NOTHING:
        answers = {"Level of skill": nothing}
        sent: dict[str, Any] = {"firstName": "Ann"}
        if per == "order":
            sent |= answers
        else:
            sent["participants"] = [{"id": line["id"], "answers": answers} for line in rafters]
        await desk.data("PUT", f"/cart/{cart}/customer", json=sent)
        refused = await desk.refused(400, "POST", "/order", json={"id": cart})
        field = "Level of skill" if per == "order" else f"participants[{rafters[0]['id']}].answers.Level of skill"
        assert refused["errorCode"] == "answer_missing"
        assert refused["errorMessage"].startswith(f"{field}: ")
        assert per == "order" or rafters[1]["id"] in refused["errorMessage"]
    assert await desk.free(4101, rafting) == 10

    good = next(sent for sent, stored in CASES[kind] if stored is not REFUSED)
    if per == "order":
        body: dict[str, Any] = {"level OF skill ": good}
    else:
        body = {"participants": [{"id": line["id"], "answers": {"level OF skill ": good}} for line in rafters]}
    await desk.data("PUT", f"/cart/{cart}/customer", json=body)
    await desk.data("POST", "/order", json={"id": cart})


async def test_a_client_that_knows_no_participants_answers_for_all_of_them_with_the_customer(
    desk: Desk, rafting: str
) -> None:
    await desk.shop.add("question", question("number", per="participant", required=True))
    cart = await desk.cart((rafting, {"Adult": 2}))
    await desk.data("PUT", f"/cart/{cart}/customer", json={"firstName": "Ann", "Level of skill": "3"})
    order = await desk.data("POST", "/order", json={"id": cart})
    assert order["customer"]["Level of skill"] == 3
    assert [line["answers"] for line in order["items"][0]["participantList"]] == [{}, {}]
    manifest = await desk.data("GET", f"/api/v1/departures/{rafting}/manifest")
    assert [guest["answers"] for guest in manifest["guests"]] == [{"Level of skill": 3}] * 2


async def test_what_no_question_asks_stays_as_it_was_sent(desk: Desk, rafting: str) -> None:
    """So clients of before go on, whatever they send; also under the name of the list of participants."""
    await desk.shop.add("question", question())
    sent = {"Boots": 42, "utm": ["a", 1, True], "participants": "2", "Crew": False}
    cart = await desk.cart((rafting, {"Adult": 1}))
    shown = await desk.data("PUT", f"/cart/{cart}/customer", json=sent)
    assert shown["customer"] == sent
    assert (await desk.data("POST", "/order", json={"id": cart}))["customer"] == sent


@pytest.mark.parametrize(
    ("participants", "field"),
    [
        ([{"id": "0" * 24}], "participants[0].id"),
        ([{}], "participants[0].id"),
        ([{"id": 7}], "participants[0].id"),
        (["x", {"id": "0" * 24}], "participants[0]"),
        ([{"id": "ID", "firstname": "Ann"}], "participants[0].firstname"),
        ([{"id": "ID", "firstName": True}], "participants[0].firstName"),
        ([{"id": "ID", "lastName": "x" * 2_001}], "participants[0].lastName"),
        ([{"id": "ID", "answers": ["x"]}], "participants[0].answers"),
        ([{"id": "ID", "answers": {"Level of skill": {"a": 1}}}], "participants[0].answers.Level of skill"),
        ([{"id": "ID", "answers": {"How did you hear?": "x"}}], "participants[0].answers.How did you hear?"),
        (
            [{"id": "ID", "answers": {"Level of skill": "a", "level of skill": "b"}}],
            "participants[0].answers.level of skill",
        ),
        ([{"id": "ID"}, {"id": "ID"}], "participants[1].id"),
    ],
)
async def test_what_is_wrong_with_a_participant_is_named_and_changes_nothing(
    desk: Desk, rafting: str, participants: list[Any], field: str
) -> None:
    await desk.shop.add("question", question(per="participant"))
    await desk.shop.add("question", question(code="heard", name="How did you hear?"))
    cart = await desk.cart((rafting, {"Adult": 1}))
    before = await desk.data("GET", f"/cart/{cart}")
    (line,) = await lines(desk, cart)
    sent = [
        {**one, "id": line["id"]} if isinstance(one, dict) and one.get("id") == "ID" else one for one in participants
    ]
    body = {"firstName": "Ann", "participants": sent}
    refused = await desk.refused(400, "PUT", f"/cart/{cart}/customer", json=body)
    assert refused["errorMessage"].startswith(f"{field}: ")
    assert await desk.data("GET", f"/cart/{cart}") == before


async def test_details_stay_with_their_participant_until_others_are_sent(desk: Desk, rafting: str, bike: str) -> None:
    """Those who aren't named keep what they have, through more guests, another customer, and the order; units too."""
    cart = await desk.cart((rafting, {"Adult": 2}), (bike, {"All": 1}))
    ann, bo, bicycle = await lines(desk, cart)
    named = [
        {"id": ann["id"], "firstName": "Ann", "lastName": "Lee", "answers": {"Shoe": 38}},
        {"id": bicycle["id"], "lastName": "Orr"},
    ]
    await desk.data("PUT", f"/cart/{cart}/customer", json={"email": "ann@lee.example", "participants": named})
    await desk.add(cart, rafting, {"Child": 1})
    await desk.data("PUT", f"/cart/{cart}/customer", json={"email": "bo@lee.example"})
    again = [{"id": bo["id"], "firstName": " Bo "}, {"id": ann["id"], "firstName": "Anna"}]
    await desk.data("PUT", f"/cart/{cart}/customer", json={"participants": again})
    order = await desk.data("POST", "/order", json={"id": cart})
    rafters, (rented,) = order["items"][0]["participantList"], order["items"][1]["unitList"]
    found = {line["id"]: (line["firstName"], line["lastName"], line["answers"]) for line in (*rafters, rented)}
    assert found[ann["id"]] == ("Anna", None, {})
    assert found[bo["id"]] == ("Bo", None, {})
    assert found[bicycle["id"]] == (None, "Orr", {})
    assert len(found) == 4


async def test_guests_who_are_added_bring_their_own_answers(desk: Desk, rafting: str) -> None:
    """What the cart's customer answers is theirs where the order's answered otherwise; the order's stays."""
    await desk.shop.add("question", question(per="participant", required=True))
    await desk.shop.add("question", question(code="diet", name="Diet", required=True))
    cart = await desk.cart((rafting, {"Adult": 1}))
    await desk.data("PUT", f"/cart/{cart}/customer", json={"Diet": "no nuts", "Level of skill": "high"})
    order = await desk.data("POST", "/order", json={"id": cart})

    cart = await desk.cart((rafting, {"Adult": 2}))
    refused = await desk.refused(400, "POST", "/order", json={"id": cart, "orderId": order["id"]})
    assert "Level of skill" in refused["errorMessage"]
    assert "Diet" not in refused["errorMessage"]
    first, _ = await lines(desk, cart)
    sent = {
        "Diet": "vegan",
        "Level of skill": "low",
        "participants": [{"id": first["id"], "answers": {"level of skill": "none"}}],
    }
    await desk.data("PUT", f"/cart/{cart}/customer", json=sent)
    order = await desk.data("POST", "/order", json={"id": cart, "orderId": order["id"]})
    assert order["customer"] == {"Diet": "no nuts", "Level of skill": "high"}
    assert [line["answers"] for line in order["items"][0]["participantList"]] == [
        {},
        {"level of skill": "none", "Diet": "vegan"},
        {"Diet": "vegan", "Level of skill": "low"},
    ]
    manifest = await desk.data("GET", f"/api/v1/departures/{rafting}/manifest")
    answers = [{label.lower(): answer for label, answer in guest["answers"].items()} for guest in manifest["guests"]]
    assert sorted(answers, key=str) == sorted(
        [
            {"diet": "no nuts", "level of skill": "high"},
            {"diet": "vegan", "level of skill": "none"},
            {"diet": "vegan", "level of skill": "low"},
        ],
        key=str,
    )


async def test_products_show_the_questions_that_they_ask(desk: Desk) -> None:
    await desk.shop.add("question", question("choice", required=True, per="participant", products=("rafting",)))
    await desk.shop.add("question", question("date", code="born", name="Born"))
    raft, kayak = [await desk.data("GET", f"/product/{number}") for number in (4101, 4102)]
    assert [each["name"] for each in kayak["questions"]] == ["Born"]
    level = next(each for each in raft["questions"] if each["name"] == "Level of skill")
    assert {name: value for name, value in level.items() if name != "id"} == {
        "name": "Level of skill",
        "kind": "choice",
        "choices": list(CHOICES),
        "required": True,
        "per": "participant",
        "supplierSees": False,
    }


async def test_the_manifest_has_each_guests_own_name_and_answers(desk: Desk, rafting: str) -> None:
    await desk.shop.add("question", question("number", per="participant"))
    cart = await desk.cart((rafting, {"Adult": 2}))
    ann, _ = await lines(desk, cart)
    body = {
        "firstName": "Cy",
        "lastName": "Orr",
        "participants": [{"id": ann["id"], "firstName": "Ann", "lastName": "Lee", "answers": {"Level of skill": 3}}],
    }
    await desk.data("PUT", f"/cart/{cart}/customer", json=body)
    await desk.data("POST", "/order", json={"id": cart})
    guests = (await desk.data("GET", f"/api/v1/departures/{rafting}/manifest"))["guests"]
    assert [(guest["lastName"], guest["firstName"], guest["answers"]) for guest in guests] == [
        ("Lee", "Ann", {"Level of skill": 3}),
        ("Orr", "Cy", {}),
    ]
    answer = await desk.call("GET", f"/api/v1/departures/{rafting}/manifest?format=csv")
    rows = list(csv.DictReader(io.StringIO(answer.text.lstrip("\ufeff"))))
    assert [(row["Last name"], row["Level of skill"]) for row in rows] == [("Lee", "3"), ("Orr", "")]


async def test_a_reseller_answers_the_suppliers_questions(
    desk: Desk, rafting: str, client: httpx.AsyncClient, services: Services
) -> None:
    reseller = await open_desk(client, services, "tripdesk")
    await desk.data("POST", "/api/v1/connections", json={"resellerId": reseller.shop.account_id})
    await desk.shop.add("question", question("choice", per="participant", required=True))
    cart = await reseller.cart((rafting, {"Adult": 1}), supplier=desk.shop.account_id)
    await reseller.refused(400, "POST", "/order", json={"id": cart})
    (line,) = await lines(reseller, cart)
    wrong, right = ({"participants": [{"id": line["id"], "answers": {"Level of skill": v}}]} for v in ("?", "expert"))
    await reseller.refused(400, "PUT", f"/cart/{cart}/customer", json=wrong)
    await reseller.data("PUT", f"/cart/{cart}/customer", json=right)
    order = await reseller.data("POST", "/order", json={"id": cart})
    assert order["items"][0]["participantList"][0]["answers"] == {"Level of skill": "Expert"}


async def test_answers_are_those_of_the_questions_at_the_time_of_the_order(desk: Desk, rafting: str) -> None:
    """Whether the customer, the item or the question came first."""
    sent = {"Level of skill": "68", "Note": "   "}
    early, late = await desk.cart(), await desk.cart((rafting, {"Adult": 1}))
    for cart in (early, late):
        await desk.data("PUT", f"/cart/{cart}/customer", json=sent)
    wrong = await desk.cart((rafting, {"Adult": 1}))
    await desk.data("PUT", f"/cart/{wrong}/customer", json={"Level of skill": "heavy"})
    await desk.add(early, rafting, {"Adult": 1})
    await desk.shop.add("question", question("number", required=True))
    for cart in (early, late):
        order = await desk.data("POST", "/order", json={"id": cart})
        assert order["customer"] == {"Level of skill": 68, "Note": "   "}
    refused = await desk.refused(400, "POST", "/order", json={"id": wrong})
    assert refused["errorMessage"].startswith("Level of skill: 'heavy' is not a number")
    await desk.shop.add("question", question(code="note", name="Note", required=True))
    cart = await desk.cart((rafting, {"Adult": 1}))
    await desk.data("PUT", f"/cart/{cart}/customer", json={"Level of skill": 1, "Note": "", "note": "ok"})
    assert (await desk.data("POST", "/order", json={"id": cart}))["customer"]["note"] == "ok"


async def test_a_question_of_another_product_asks_nothing(desk: Desk, rafting: str, kayak: str) -> None:
    await desk.shop.add("question", question("number", products=("rafting",)))
    cart = await desk.cart((kayak, {"All": 1}))
    (line,) = await lines(desk, cart)
    answers = {"Level of skill": "about 70"}
    await desk.data(
        "PUT", f"/cart/{cart}/customer", json=answers | {"participants": [{"id": line["id"], "answers": answers}]}
    )
    order = await desk.data("POST", "/order", json={"id": cart})
    assert order["customer"] == answers
    assert order["items"][0]["participantList"][0]["answers"] == answers


async def test_an_addition_to_an_order_without_a_customer_answers_for_its_guests_alone(
    desk: Desk, rafting: str
) -> None:
    await desk.shop.add("question", question(per="participant"))
    await desk.shop.add("question", question(code="diet", name="Diet"))
    order = await desk.order((rafting, {"Adult": 2}))
    cart = (await desk.data("POST", f"/cart?orderId={order['id']}"))["id"]
    await desk.add(cart, rafting, {"Adult": 1})
    sent = {"firstName": "Al", "Level of skill": "low", "Diet": "vegan", "utm": "x"}
    await desk.data("PUT", f"/cart/{cart}/customer", json=sent)
    order = await desk.data("POST", "/order", json={"id": cart})
    assert order["customer"] == {"firstName": "Al", "Diet": "vegan", "utm": "x"}
    manifest = await desk.data("GET", f"/api/v1/departures/{rafting}/manifest")
    assert sum("Level of skill" in guest["answers"] for guest in manifest["guests"]) == 1


async def test_what_nobody_asks_is_not_copied_to_every_guest_who_is_added(desk: Desk, rafting: str) -> None:
    order = await desk.order((rafting, {"Adult": 1}))
    cart = await desk.cart((rafting, {"Adult": 5}))
    sent = {f"Label {number}": "x" * 1_000 for number in range(90)}
    await desk.data("PUT", f"/cart/{cart}/customer", json=sent)
    order = await desk.data("POST", "/order", json={"id": cart, "orderId": order["id"]})
    assert order["customer"] == sent
    assert all(line["answers"] == {} for line in order["items"][0]["participantList"])
    more = await desk.cart((rafting, {"Adult": 1}))
    await desk.data("PUT", f"/cart/{more}/customer", json={f"More {number}": "x" for number in range(90)})
    refused = await desk.refused(409, "POST", "/order", json={"id": more, "orderId": order["id"]})
    assert refused["errorCode"] == "order_full"


async def test_an_empty_list_of_participants_says_nothing(desk: Desk, rafting: str) -> None:
    cart = await desk.cart((rafting, {"Adult": 1}))
    shown = await desk.data("PUT", f"/cart/{cart}/customer", json={"firstName": "Ann", "participants": []})
    assert shown["customer"] == {"firstName": "Ann"}
