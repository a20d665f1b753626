"""The redirect by which another program leads a person to the desk, and the new booking that it fills in."""

from __future__ import annotations

import re
from urllib.parse import parse_qs, urlsplit

import pytest

from tests.desk import Desk
from tests.frontdesk.test_booking import hold, order_at
from tests.frontdesk.visitor import Visitor, text_of

ANN = (
    "&personEmail=ann%40lee.example&personTitle=Ms&personFirstName=Ann&personMiddleName=May&personLastName=O%27Lee"
    "&personPhoneNumber=%2B14355550148&personNickName=Annie&personGender=FEMALE&personOrganization=Lee%20%26%20Co"
    "&personBirthDate=1990-02-03&personStreetAddress=1+Main+St&personCountry=USA&personPostalCode=84532&personCity=Moab"
)


@pytest.mark.parametrize(
    ("path", "leads"),
    [("OrderNew", "/desk/new"), ("PickupReport", "/desk/pickups"), ("Dashboard", "/desk/today"), ("", "/desk/today")],
)
async def test_each_path_leads_to_its_page_and_the_token_is_gone(desk: Desk, path: str, leads: str) -> None:
    token = desk.headers["Authorization"].removeprefix("Bearer ")
    answer = await desk.client.get(f"/public/api/login?token={token}&path={path}")
    assert answer.status_code == 303
    assert answer.headers["location"] == leads
    assert "set-cookie" not in answer.headers
    assert answer.headers["referrer-policy"] == "no-referrer"
    assert "no-store" in answer.headers["cache-control"]
    landed = await desk.client.get(leads)
    assert urlsplit(landed.headers["location"]).path == "/desk/sign-in", "the token alone opened the desk"


@pytest.mark.parametrize("path", ["https://evil.example", "//evil.example", "/desk/../x", "\r\nX-A: b", "%00"])
async def test_no_other_site_can_be_reached_by_it(desk: Desk, path: str) -> None:
    answer = await desk.client.get("/public/api/login", params={"token": "x", "path": path})
    assert answer.headers["location"] == "/desk/today"


async def test_a_customer_of_another_program_is_booked(desk: Desk, dana: Visitor, rafting: str) -> None:
    answer = await dana.client.get(f"/public/api/login?token=t&path=OrderNew&referenceId=OTA-7{ANN}")
    target = answer.headers["location"].removeprefix("/desk")
    assert "token" not in target
    page = await dana.get(f"{target}&day=2026-07-14")
    assert "For Ann May O&#39;Lee" in page.text or "Ann May O&#39;Lee" in page.text
    link = next(
        found.replace("&amp;", "&")
        for found in re.findall(r'href="/desk(/new\?[^"]*)"', page.text)
        if f"departure={rafting}" in found
    )
    form = await dana.get(link)
    hidden = dict(re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', form.text.partition("<main")[2]))
    hidden = {name: value.replace("&#39;", "'").replace("&amp;", "&") for name, value in hidden.items()}
    cart = await dana.post("/new", hidden | {"count.Adult": "1"})
    path = cart.headers["location"].removeprefix("/desk")
    assert parse_qs(urlsplit(path).query) == {"reference": ["OTA-7"]}
    page = await dana.get(path)
    assert 'name="reference" value="OTA-7"' in page.text
    fields = dict(re.findall(r'name="(\w+)"(?: type="\w+")? value="([^"]*)"', page.text))
    assert (fields["city"], fields["birthDate"]) == ("Moab", "1990-02-03")
    typed = {name: value.replace("&#39;", "'").replace("&amp;", "&") for name, value in fields.items()}
    order = await order_at(desk, await dana.post(path.partition("?")[0], typed | {"do": "book", "method": "later"}))
    assert order["referenceId"] == "OTA-7"
    assert order["customer"] == {
        "email": "ann@lee.example",
        "title": "Ms",
        "firstName": "Ann May",
        "lastName": "O'Lee",
        "phone": "+14355550148",
        "nickName": "Annie",
        "gender": "FEMALE",
        "organization": "Lee & Co",
        "birthDate": "1990-02-03",
        "streetAddress": "1 Main St",
        "country": "USA",
        "postalCode": "84532",
        "city": "Moab",
    }


async def test_what_cannot_be_used_is_said_and_the_rest_is_taken_over(desk: Desk, dana: Visitor, rafting: str) -> None:
    answer = await dana.client.get(
        "/public/api/login?path=OrderNew&personEmail=nobody&personBirthDate=soon&personFirstName=Bo"
    )
    target = answer.headers["location"].removeprefix("/desk")
    said = text_of(await dana.get(target))
    assert "Not taken over: 'nobody' is not an e-mail address." in said.replace("&#39;", "'")
    assert "For Bo" in said
    fields = {name: values[0] for name, values in parse_qs(urlsplit(target).query).items()}
    cart = await dana.post("/new", fields | {"departure": rafting, "count.Adult": "1"})
    assert 'name="firstName" value="Bo"' in (await dana.get(cart.headers["location"].removeprefix("/desk"))).text


async def test_fields_of_a_person_need_the_new_booking(desk: Desk) -> None:
    answer = await desk.client.get(f"/public/api/login?path=PickupReport&referenceId=7{ANN}")
    assert answer.headers["location"] == "/desk/pickups"


async def test_what_is_typed_about_the_payment_goes_along(desk: Desk, dana: Visitor, rafting: str, kayak: str) -> None:
    path = await hold(dana, rafting, Adult=1)
    typed = {"reference": "A 7", "memo": "later by post", "method": "transfer", "lastName": "Lee"}
    extended = await dana.post(path, typed | {"do": "extend"})
    for lead in (extended, await dana.post(path, typed | {"do": "discount", "discount": ""})):
        page = await dana.get(lead.headers["location"].removeprefix("/desk"))
        assert 'name="reference" value="A 7"' in page.text
        assert 'name="memo" value="later by post"' in page.text
        assert '<option value="transfer" selected>' in page.text
        assert 'name="mail" value="1" checked' not in page.text
    more = await dana.post(path, typed | {"do": "more", "mail": "1"})
    chosen = await dana.get(more.headers["location"].removeprefix("/desk") + f"&departure={kayak}")
    hidden = dict(
        re.findall(r'<input type="hidden" name="([^"]*)" value="([^"]*)">', chosen.text.partition("<main")[2])
    )
    (field,) = re.findall(r'name="(count\.\w+)"', chosen.text)
    both = await dana.post("/new", hidden | {field: "1"})
    page = await dana.get(both.headers["location"].removeprefix("/desk"))
    assert 'name="reference" value="A 7"' in page.text
    assert 'name="mail" value="1" checked' in page.text
    assert "Kayak" in text_of(page)
    assert 'name="lastName" value="Lee"' in page.text


async def test_the_desk_keeps_fields_of_a_customer_that_it_does_not_show(
    desk: Desk, dana: Visitor, rafting: str
) -> None:
    cart = await desk.cart((rafting, {"Adult": 1}))
    given = {"firstName": "Ann", "gender": "FEMALE", "Car plate": "MO 1", "language": "de"}
    await desk.data("PUT", f"/cart/{cart}/customer", json=given)
    order = await order_at(desk, await dana.post(f"/new/{cart}", {"firstName": "Anna", "do": "book"}))
    assert order["customer"] == {"firstName": "Anna", "gender": "FEMALE", "Car plate": "MO 1"}


async def test_the_pickups_of_a_day(desk: Desk, dana: Visitor, rafting: str) -> None:
    said = text_of(await dana.get("/pickups?day=2026-07-14"))
    assert "Nobody is picked up on this day" in said
    catalog = await desk.services.database.read(lambda tx: desk.services.catalogs.load(tx, desk.shop.account_id))
    (lodge,) = catalog.pickup_locations(catalog.pickups["shuttle"])
    cart = await desk.data("POST", "/cart")
    await desk.add(cart["id"], rafting, {"Adult": 2, "Child": 1}, locationId=lodge.id)
    await desk.data(
        "PUT", f"/cart/{cart['id']}/customer", json={"firstName": "Ann", "lastName": "Lee", "phone": "5550"}
    )
    order = await desk.data("POST", "/order", json={"id": cart["id"]})
    await desk.order((rafting, {"Adult": 2}))
    said = text_of(await dana.get("/pickups?day=2026-07-14"))
    assert "Red Cliffs Lodge" in said
    assert f"Ann Lee 2 × Adult, 1 × Child {order['confirmation']} · 5550" in said
    assert "2 more guests make their own way" in said
    await desk.data("DELETE", f"/order/{order['id']}")
    assert "2 guests come by their own way" in text_of(await dana.get("/pickups?day=2026-07-14"))
