"""Editing an order at the desk, notes and tags on it, and its confirmation sent again."""

from __future__ import annotations

import re
from typing import Any

import httpx
import pytest

from seatwright.http.context import Services
from tests.desk import Desk
from tests.frontdesk.visitor import Visitor, text_of, visitor
from tests.notifications.office import open_office, open_reseller

ANN = {"firstName": "Ann", "lastName": "Lee", "email": "ann@lee.example", "phone": "801", "birthDate": "1990-01-02"}


async def booked(desk: Desk, departure: str, customer: dict[str, Any] = ANN) -> dict[str, Any]:
    """Book for two adults."""
    cart = await desk.cart((departure, {"Adult": 2}))
    await desk.data("PUT", f"/cart/{cart}/customer", json=customer)
    placed = await desk.data("POST", "/order", json={"id": cart, "referenceId": "OTA-1"})
    shown: dict[str, Any] = await desk.data("GET", f"/api/v1/orders/{placed['id']}")
    return shown


def fields_of(page: httpx.Response) -> dict[str, str]:
    """Return the fields of the page's edit form as a browser would send them."""
    form = page.text.partition('/edit" class')[2].partition("</form>")[0]
    found = dict(re.findall(r'<input[^>]*? name="([^"]+)" value="([^"]*)"', form))
    for name, options in re.findall(r'<select[^>]*? name="([^"]+)">(.*?)</select>', form, re.DOTALL):
        chosen = re.search(r'<option value="([^"]*)" selected>', options)
        found[name] = chosen[1] if chosen else ""
    return {name: value for name, value in found.items() if name != "csrf"}


async def test_an_order_is_edited_as_it_was_shown(desk: Desk, dana: Visitor, rafting: str) -> None:
    shown = await booked(desk, rafting)
    path = f"/orders/{shown['confirmation']}"
    fields = fields_of(await dana.get(f"{path}/edit"))
    assert (fields["firstName"], fields["reference"], fields["version"]) == ("Ann", "OTA-1", "1")
    assert (await dana.post(f"{path}/edit", fields)).status_code == 303
    assert await desk.data("GET", f"/api/v1/orders/{shown['id']}") == shown, "nothing was typed, so nothing changed"
    guest = shown["items"][0]["participantList"][0]["id"]
    typed = fields | {"firstName": "Anna", "phone": "", f"first.{guest}": "Gus", "memo": "invoice", "reference": ""}
    answer = await dana.post(f"{path}/edit", typed)
    assert answer.headers["location"].endswith(f"{path}?done=edited")
    edited = await desk.data("GET", f"/api/v1/orders/{shown['id']}")
    assert edited["customer"] == {
        name: value for name, value in (ANN | {"firstName": "Anna"}).items() if name != "phone"
    }
    assert edited["items"][0]["participantList"][0]["firstName"] == "Gus"
    assert (edited["billing"], edited["referenceId"], edited["total"]) == ({"memo": "invoice"}, None, shown["total"])
    stale = await dana.post(f"{path}/edit", typed | {"firstName": "Hanna"})
    assert stale.status_code == 409
    assert "somebody has changed this order" in text_of(stale).lower()
    assert 'value="Hanna"' in stale.text, "what was typed is still there"


async def test_a_change_of_the_total_is_shown_first(desk: Desk, dana: Visitor, rafting: str) -> None:
    shown = await booked(desk, rafting)
    path = f"/orders/{shown['confirmation']}"
    guest = shown["items"][0]["participantList"][0]["id"]
    hotel, detail = desk.shop.entries["hotel"].id, desk.shop.entries["shuttle"].details[0].id  # type: ignore[union-attr]
    fields = fields_of(await dana.get(f"{path}/edit"))
    assert fields[f"tier.{guest}"] == "Adult"
    assert fields[f"pickup.{guest}"] == "none"
    typed = fields | {f"tier.{guest}": "Child", f"pickup.{guest}": f"{hotel}|{detail}"}
    asked = await dana.post(f"{path}/edit", typed)
    assert asked.status_code == 409
    assert "falls by $33.75" in text_of(asked)
    assert (await desk.data("GET", f"/api/v1/orders/{shown['id']}"))["version"] == 1
    confirmed = fields_of(asked)
    assert (confirmed["difference"], confirmed[f"tier.{guest}"]) == ("-3375", "Child")
    assert (await dana.post(f"{path}/edit", confirmed)).status_code == 303
    edited = await desk.data("GET", f"/api/v1/orders/{shown['id']}")
    assert edited["total"] == pytest.approx(shown["total"] - 33.75)
    back = fields_of(await dana.get(f"{path}/edit")) | {f"tier.{guest}": "Adult", f"pickup.{guest}": "none"}
    again = fields_of(await dana.post(f"{path}/edit", back))
    assert (await dana.post(f"{path}/edit", again)).status_code == 303
    assert (await desk.data("GET", f"/api/v1/orders/{shown['id']}"))["total"] == shown["total"]
    refused = await dana.post(f"{path}/edit", fields_of(await dana.get(f"{path}/edit")) | {"email": "nonsense"})
    assert refused.status_code == 400
    assert 'value="nonsense"' in refused.text


async def test_a_limited_supplier_edits_tiers_only(
    desk: Desk, dana: Visitor, client: httpx.AsyncClient, services: Services, rafting: str
) -> None:
    office = await open_office(desk, services)
    reseller = await open_reseller(office, client, services, customerAccess="limited")
    placed = await office.order((rafting, {"Adult": 1}), by=reseller, customer=ANN, referenceId="Secret-1")
    path = f"/orders/{placed['confirmation']}"
    page = await dana.get(f"{path}/edit")
    assert "ann@lee" not in page.text
    assert "Secret-1" not in page.text
    fields = fields_of(page)
    assert not set(fields) & {"email", "phone", "reference", "memo"}
    guest = placed["items"][0]["participantList"][0]["id"]
    asked = await dana.post(f"{path}/edit", fields | {f"tier.{guest}": "Child"})
    assert (await dana.post(f"{path}/edit", fields_of(asked))).status_code == 303
    now = await reseller.data("GET", f"/order/{placed['id']}")
    assert now["items"][0]["participantList"][0]["tier"] == "Child"
    assert (now["customer"]["email"], now["referenceId"]) == (ANN["email"], "Secret-1")


async def test_notes_and_tags_are_written_on_the_page(
    desk: Desk, dana: Visitor, client: httpx.AsyncClient, services: Services, rafting: str
) -> None:
    shown = await booked(desk, rafting)
    path = f"/orders/{shown['confirmation']}"
    assert "No notes yet" in text_of(await dana.get(path))
    assert (await dana.post(f"{path}/notes", {"text": "Comes <late>", "pinned": "1", "do": "add"})).status_code == 303
    assert (await dana.post(f"{path}/tags", {"add": "VIP"})).status_code == 303
    page = await dana.get(path)
    assert "Comes &lt;late&gt;" in page.text
    assert "Dana" in text_of(page)
    assert "VIP" in text_of(page)
    [note] = await desk.data("GET", f"/api/v1/orders/{shown['id']}/notes")
    reader = await visitor(client, services, desk.shop.account_id, frozenset({"orders.read"}))
    seen = await reader.get(path)
    assert "Comes &lt;late&gt;" in seen.text
    assert "Write note" not in seen.text
    assert (await dana.post(f"{path}/notes", {"do": f"unpin {note['id']}"})).status_code == 303
    assert (await dana.post(f"{path}/notes", {"do": f"delete {note['id']}"})).status_code == 303
    assert (await dana.post(f"{path}/tags", {"remove": "VIP"})).status_code == 303
    assert "No notes yet" in text_of(await dana.get(path))
    assert await desk.data("GET", f"/api/v1/orders/{shown['id']}/tags") == []
    assert (await dana.post(f"{path}/notes", {"text": " ", "do": "add"})).status_code == 400
    assert (await dana.post(f"{path}/notes", {"do": "burn"})).status_code == 404


async def test_the_confirmation_is_sent_once_for_each_page(
    desk: Desk, dana: Visitor, services: Services, rafting: str
) -> None:
    office = await open_office(desk, services)
    shown = await booked(desk, rafting)
    path = f"/orders/{shown['confirmation']}"
    once = re.search(r'name="once" value="(\w+)"', (await dana.get(path)).text)
    assert once is not None
    for _ in range(2):
        answer = await dana.post(f"{path}/confirmation", {"once": once[1]})
        assert answer.headers["location"].endswith("done=confirmed")
    assert len(await office.mails()) == 1
    assert "on its way" in text_of(await dana.get(f"{path}?done=confirmed"))
    nobody = await booked(desk, rafting, {"firstName": "Bo"})
    other = f"/orders/{nobody['confirmation']}"
    assert "Send confirmation again" not in (await dana.get(other)).text
    refused = await dana.post(f"{other}/confirmation", {"once": "x"})
    assert refused.status_code == 409
    assert "no e-mail address" in text_of(refused)
