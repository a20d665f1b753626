"""What leaves the system of a reseller's order, by every door, for a supplier that may not see the customer's contact.

An order is filled with words that are nowhere else, in every field that anybody may write anything into. What the
supplier gets has none of those that its view doesn't list; the same search finds them all where it may see everything.
"""

from __future__ import annotations

import ast
import html
import io
import re
import zipfile
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, get_type_hints

import httpx
import msgspec
import pytest
from structlog.testing import capture_logs

import seatwright
from seatwright.auth.model import ALL_PERMISSIONS
from seatwright.cart.model import Item, Line
from seatwright.catalog.model import Question
from seatwright.core.ids import new_hex24
from seatwright.customers.identity import customer_id
from seatwright.http.context import Services
from seatwright.orders import view
from seatwright.orders.model import Order, OrderBody, Payment, Resale, Voiding
from seatwright.orders.view import OrderView, view_of
from tests.desk import RAFTING, Desk
from tests.frontdesk.table import TABLE as PAGES
from tests.frontdesk.visitor import visitor
from tests.notifications.office import Office, open_office, open_reseller
from tests.pdf import text_of
from tests.security.table import OPEN, TABLE, Route

SEEN_FIELDS = {"title": "Drseen", "firstName": "Annseen", "lastName": "Leeseen", "organization": "Clubseen"}
SEEN_ANSWERS = {"Allergien": "Nussseen", "Schuhgröße": "43seen"}
HIDDEN_FIELDS = {
    "email": "mailhidden@lee.example",
    "phone": "8015550199",
    "gender": "Genderhidden",
    "birthDate": "1931-02-17",
    "streetAddress": "Streethidden",
    "city": "Cityhidden",
    "state": "Statehidden",
    "postalCode": "Posthidden",
    "country": "Countryhidden",
}
HIDDEN_ANSWERS = {
    "Telefon": "telefonhidden",
    "Handy": "handyhidden",
    "Teléfono móvil": "telefonohidden",
    "Adresse": "adressehidden",
    "Dirección": ["direccionhidden", "direccionzweihidden"],
    "Courriel": "courrielhidden",
    "Commentaires": "commentairehidden",
    "Notizen": "notizhidden",
    "allergien (Kind)": "kindhidden",
}
SEEN_GUEST = {"firstName": "Gusseen", "lastName": "Orrseen", "answers": {"ALLERGIEN": "Eierseen"}}
HIDDEN_GUEST = {"Telefon": "gasttelefonhidden", "Notizen": ["gastnotizhidden"]}
GUESTS = (
    {**SEEN_GUEST, "answers": SEEN_GUEST["answers"] | HIDDEN_GUEST},
    {"lastName": "guestmailhidden@lee.example"},
)
"""The first participants of an order: what the supplier sees of them, and what it doesn't."""
MEMO, BILLING, REFERENCE = "Memohidden", "Billinghidden", "Referencehidden"
SEEN = frozenset((*SEEN_FIELDS.values(), *SEEN_ANSWERS.values(), "Gusseen", "Orrseen", "Eierseen"))
HIDDEN = frozenset(
    (
        *HIDDEN_FIELDS.values(),
        *(word for answer in HIDDEN_ANSWERS.values() for word in ([answer] if isinstance(answer, str) else answer)),
        *(label for label in HIDDEN_ANSWERS if label != "Telefon"),
        *(MEMO, BILLING, REFERENCE),
        *("gasttelefonhidden", "gastnotizhidden", "guestmailhidden"),
    )
)
CUSTOMER = {**SEEN_FIELDS, **SEEN_ANSWERS, **HIDDEN_FIELDS, **HIDDEN_ANSWERS, "language": "de"}
PLACED = {"billing": {"memo": MEMO, "nested": {"phone": BILLING}}, "referenceId": REFERENCE}

NUMBERS = ("/desk/changes",)
"""Pages that are only numbers, without an end."""
QUERIES = ("", "?format=csv", "?format=xlsx")
DATED = {
    "GET /api/v1/orders/changes": "modifiedSince=2026-07-01T00:00:00Z",
    "GET /public/api/report/order/transactionDate": "from=2026-07-01&to=2026-07-31",
    "GET /api/v1/reports/transactions": "from=2026-07-01&to=2026-07-31",
}


def question(name: str, *, sees: bool) -> tuple[str, Question]:
    """Return a question of a catalog, which participants answer, or the customer for all of them."""
    code = new_hex24()
    return "question", Question(id=code, code=code, name=name, per="participant", supplier_sees=sees)


@dataclass(eq=False)
class Doors:
    """Every way by which an order leaves the system, for one account, and what came out of each."""

    desk: Desk
    office: Office
    things: Mapping[str, str]
    out: dict[str, str] = field(default_factory=dict)

    async def ask(self, method: str, path: str, **request: Any) -> Any:
        """Send a request, keep all of its answer, and return its data if it succeeded."""
        answer = await self.desk.call(method, path, **request)
        assert answer.status_code in (200, 404, 409), (path, answer.text)
        kind = answer.headers.get("content-type", "")
        door, text = f"{method} {path}", in_file(answer.content) if "spreadsheet" in kind else answer.text
        self.out[door] = self.out.get(door, "") + text
        return answer.json()["data"] if "json" in kind else None

    async def get_everything(self) -> None:
        """Ask every GET route of the table, in each form that it has."""
        for route in (each for each in TABLE if each.method == "GET" and each.needs != OPEN):
            for path in self.paths(route):
                reports = "report" in path or path.endswith(("/manifest", "/v1/orders"))
                for form in QUERIES if reports else QUERIES[:1]:
                    parts = filter(None, (form.removeprefix("?"), DATED.get(route.name, "")))
                    await self.ask("GET", f"{path}?{'&'.join(parts)}")

    async def get_pages(self) -> None:
        """Ask for every page of the desk, as somebody who may do everything there."""
        account_id = self.desk.shop.account_id
        who = await visitor(self.desk.client, self.desk.services, account_id, ALL_PERMISSIONS)
        for page in (
            each for each in PAGES if each.method == "GET" and each.needs != OPEN and each.path not in NUMBERS
        ):
            for reference in (self.things["order_id"], self.things["other_id"]):
                things = {**self.things, "reference": reference, "day": "2026-07-14"}
                path = re.sub(r"\{(\w+)\}", lambda found, things=things: things[found[1]], page.path)  # type: ignore[misc]
                answer = await who.get(path.removeprefix("/desk"))
                assert answer.status_code in (200, 303, 403, 404), (path, answer.text)
                on_paper = answer.headers.get("content-type") == "application/pdf"
                text = "".join(text_of(answer.content)) if on_paper else html.unescape(answer.text)
                self.out[page.name] = self.out.get(page.name, "") + text

    def paths(self, route: Route) -> Iterator[str]:
        """Yield the addresses of a route, under `/api` or relative to the Resmark base path."""
        path = route.path.removeprefix("/public/api")
        names = re.findall(r"\{(\w+)\}", path)
        if any(name not in self.things for name in names):
            assert set(names) <= {"code"}, f"{route.name}: say here which thing it names"
            return
        for order in (self.things["order_id"], self.things["other_id"]):
            things = {**self.things, "order_id": order, "subject_id": order}
            yield re.sub(r"\{(\w+)\}", lambda found, things=things: things[found[1]], path)  # type: ignore[misc]

    async def get_messages(self) -> None:
        """Make all mails and calls of webhooks, and read those of the account."""
        await self.office.tell()
        for message in await self.ask("GET", "/api/v1/messages?limit=1000"):
            await self.ask("GET", f"/api/v1/messages/{message['id']}")
        await self.ask("GET", f"/api/v1/webhooks/{self.things['webhook_id']}/deliveries?limit=1000")

    def found(self, words: frozenset[str]) -> dict[str, list[str]]:
        """Return which of these words came out, and by which doors."""
        found = {word: [door for door, text in self.out.items() if word in text] for word in words}
        return {word: doors for word, doors in found.items() if doors}


def in_file(content: bytes) -> str:
    """Return all texts of a spreadsheet."""
    with zipfile.ZipFile(io.BytesIO(content)) as file:
        return "".join(file.read(name).decode() for name in file.namelist())


@dataclass
class Resold:
    """Two orders of a reseller, one of them pending, and the doors of both sides."""

    supplier: Doors
    reseller: Doors
    order: dict[str, Any]
    pending: dict[str, Any]


@pytest.fixture
async def resold(
    request: pytest.FixtureRequest, desk: Desk, rafting: str, kayak: str, client: httpx.AsyncClient, services: Services
) -> Resold:
    """The orders, on terms by which the supplier sees of the customer as much as the fixture's parameter says."""
    office = await open_office(desk, services)
    reseller = await open_reseller(office, client, services, customerAccess=request.param)
    await desk.shop.add_all([question("Allergien", sees=True), question("Telefon", sees=True)])
    await reseller.shop.add_all([question("telefon", sees=False), question("Schuhgröße", sees=True)])
    hooks = {}
    for each in (desk, reseller):
        url = f"https://{each.shop.account_id}.example/"
        hooks[each.shop.account_id] = (await each.data("POST", "/api/v1/webhooks", json={"url": url}))["id"]
    order = await office.order((rafting, {"Adult": 3}), by=reseller, customer=CUSTOMER, guests=GUESTS, **PLACED)
    pending = await office.order((kayak, {"All": 2}), (rafting, {"Child": 1}), by=reseller, customer=CUSTOMER, **PLACED)
    assert pending["status"] == "pending"
    empty = await desk.shop.departure("rafting", "2026-07-20 09:00", capacity=1)
    job = await desk.data("POST", f"/api/v1/departures/{empty}/jobs", json={"kind": "cancel", "orders": 0})

    def doors(side: Desk) -> Doors:
        things = {
            "order_id": order["id"],
            "other_id": str(pending["confirmation"]),
            "subject_id": order["id"],
            "search_term": str(RAFTING),
            "cart_id": order["id"],
            "departure_id": rafting,
            "user_id": "dana@tripdesk.example",
            "agency_id": reseller.shop.account_id,
            "webhook_id": hooks[side.shop.account_id],
            "message_id": "0" * 24,
            "job_id": job["id"],
            "resource_id": "0" * 24,
            "customer_id": customer_id(CUSTOMER) or "",
        }
        return Doors(side, office, things)

    return Resold(doors(desk), doors(reseller), order, pending)


async def through_every_door(resold: Resold) -> None:
    """Read everything on both sides, do what a supplier does with such orders, and read everything again."""
    supplier, order, pending = resold.supplier, resold.order, resold.pending
    raft = order["items"][0]
    await supplier.get_everything()
    first, second, _ = (line["id"] for line in raft["participantList"])
    whole = f"/order/{order['id']}"
    await supplier.ask("POST", f"/api/v1/orders/{pending['id']}/accept")
    await supplier.ask("POST", f"/api/v1/orders/{order['id']}/check-in", json={"ids": [first]})
    await supplier.ask("DELETE", f"{whole}/item/{raft['id']}/participant/{second}")
    await supplier.ask("PUT", f"/api/v1/orders/{order['id']}/lines/{second}/cancellation-fee", json={"amount": 1})
    await supplier.ask("DELETE", f"/order/{pending['id']}")
    for doors in (supplier, resold.reseller):
        await doors.get_messages()
        await doors.get_everything()
        await doors.get_pages()


@pytest.mark.parametrize("resold", ["limited"], indirect=True)
async def test_a_limited_supplier_sees_nothing_beyond_its_view_by_any_door(resold: Resold) -> None:
    with capture_logs() as logged:
        await through_every_door(resold)
    supplier, reseller = resold.supplier, resold.reseller
    assert supplier.found(HIDDEN) == {}
    assert set(supplier.found(SEEN)) == SEEN
    assert len([line for line in logged if line["event"] == "request"]) > 200
    assert [word for word in HIDDEN | SEEN if word in str(logged)] == []
    assert set(reseller.found(HIDDEN | SEEN)) == HIDDEN | SEEN
    mails = [door for door in supplier.found(SEEN)["Annseen"] if "/api/v1/messages/" in door]
    assert len(mails) >= 5, "it is written to about both orders"


@pytest.mark.parametrize("resold", ["all"], indirect=True)
async def test_a_supplier_with_full_access_sees_everything(resold: Resold) -> None:
    """The control: the same search finds every word, by as many doors."""
    await through_every_door(resold)
    found = resold.supplier.found(HIDDEN | SEEN)
    assert set(found) == HIDDEN | SEEN
    everywhere = {door.split("?")[0].split("/")[-1] for doors in found.values() for door in doors}
    assert everywhere >= {"manifest", "order", "pending", "transactions", "transactionDate", "deliveries", "accept"}
    assert any("format=xlsx" in door for door in found["handyhidden"])
    assert any("format=csv" in door for door in found["handyhidden"])
    assert any("/api/v1/messages/" in door for door in found[REFERENCE])


@pytest.mark.parametrize("resold", ["all"], indirect=True)
async def test_notes_and_tags_leave_the_account_by_no_door(resold: Resold) -> None:
    """Neither the other party nor anybody who gets a mail or a webhook's call sees them, on all terms."""
    sides = {resold.supplier: ("Supplierprivate", "Suppliertag"), resold.reseller: ("Resellerprivate", "Resellertag")}
    for doors, (note, tag) in sides.items():
        for order in (resold.order, resold.pending):
            path = f"/api/v1/orders/{order['id']}"
            await doors.desk.data("POST", f"{path}/notes", json={"text": note, "pinned": True})
            await doors.desk.data("POST", f"{path}/tags", json={"add": [tag]})
        customer = f"/api/v1/customers/{doors.things['customer_id']}"
        await doors.desk.data("POST", f"{customer}/notes", json={"text": note})
        await doors.desk.data("POST", f"{customer}/tags", json={"add": [tag]})
    await through_every_door(resold)
    own_desk = re.compile(r"GET /desk/(orders|customers|departures)(/[^/]+)?")
    shown = {"notes", "tags", "tag-counts", "orders", "audit", "export"}
    for doors, own in sides.items():
        found = doors.found({word for words in sides.values() for word in words})
        assert set(found) == set(own)
        places = {part for places in found.values() for door in places for part in door.split("?")[0].split("/")}
        assert places & {"messages", "deliveries", "my", "webhook", "manifest", "order"} == set()
        for place in (door.split("?")[0] for places in found.values() for door in places):
            desk = own_desk.fullmatch(place)
            assert place.split("/")[-1] in shown or "/audit/" in place or desk, place


@pytest.mark.parametrize("resold", ["limited"], indirect=True)
async def test_a_limited_supplier_sees_exactly_the_fields_of_its_view(resold: Resold) -> None:
    seen = await resold.supplier.ask("GET", f"/order/{resold.order['id']}")
    assert seen["customer"] == {**SEEN_FIELDS, **SEEN_ANSWERS, "language": "de"}
    assert (seen["billing"], seen["referenceId"]) == ({}, None)
    assert [payment["memo"] for payment in seen["payments"]] == [None]
    (gus, other, nobody) = seen["items"][0]["participantList"]
    assert {name: gus[name] for name in SEEN_GUEST} == SEEN_GUEST
    for guest in (other, nobody):
        assert (guest["firstName"], guest["lastName"], guest["answers"]) == (None, None, {})
    hidden = {"customer", "billing", "referenceId", "payments", "entityId", "supplierId", "resellerId", "items"}
    assert {name: seen[name] for name in seen.keys() - hidden} == {
        name: resold.order[name] for name in resold.order.keys() - hidden
    }
    guests = (
        await resold.supplier.ask("GET", f"/api/v1/departures/{resold.supplier.things['departure_id']}/manifest")
    )["guests"]
    assert [guest["customer"] for guest in guests] == [SEEN_FIELDS] * 4
    (gus,) = (guest for guest in guests if guest["firstName"] == "Gusseen")
    assert gus["answers"] == {"ALLERGIEN": "Eierseen", "Schuhgröße": "43seen"}
    assert [guest["answers"] for guest in guests if guest != gus] == [SEEN_ANSWERS] * 3


@pytest.mark.parametrize("resold", ["limited"], indirect=True)
async def test_what_the_supplier_sees_of_an_order_is_the_resellers_to_change(resold: Resold) -> None:
    """It is as the catalogs were when the reseller ordered or added last: the supplier alone opens nothing."""
    supplier, reseller = resold.supplier, resold.reseller
    await supplier.desk.shop.add_all([question("Handy", sees=True), question("Notizen", sees=True)])
    await reseller.desk.shop.add_all([question("Notizen", sees=False)])
    await reseller.desk.data(
        "PUT", f"/api/v1/connections/{supplier.desk.shop.account_id}/supplier-orders", json={"allowed": True}
    )
    whole, rafting = f"/order/{resold.order['id']}", supplier.things["departure_id"]

    async def answers() -> dict[str, Any]:
        customer = (await supplier.ask("GET", whole))["customer"]
        return {name: value for name, value in customer.items() if name not in view.CUSTOMER}

    assert await answers() == SEEN_ANSWERS
    cart = (await supplier.desk.data("POST", f"/cart?orderId={resold.order['id']}"))["id"]
    await supplier.desk.add(cart, rafting, {"Child": 1})
    await supplier.desk.data("POST", "/order", json={"id": cart})
    assert await answers() == SEEN_ANSWERS, "the supplier added"
    cart = await reseller.desk.cart((rafting, {"Child": 1}), supplier=supplier.desk.shop.account_id)
    await reseller.desk.data("POST", "/order", json={"id": cart, "orderId": resold.order["id"]})
    assert await answers() == {**SEEN_ANSWERS, "Handy": "handyhidden"}, "the reseller did, and knew of the question"


async def test_a_limited_supplier_sees_what_was_paid_but_not_by_whom_nor_why(
    desk: Desk, rafting: str, client: httpx.AsyncClient, services: Services
) -> None:
    """At a net rate the reseller records the payments: with its staff's names, memos and reasons."""
    office = await open_office(desk, services)
    reseller = await open_reseller(office, client, services, type="net", rate={"percent": 80}, customerAccess="limited")
    cart = await reseller.cart((rafting, {"Adult": 1}), supplier=desk.shop.account_id)
    paid = [{"amount": 5, "method": "cash", "memo": "Memohidden"}, {"amount": 6, "method": "card", "memo": "Annhidden"}]
    order = await reseller.data("POST", "/api/v1/orders", json={"cartId": cart, "payments": paid})
    path = f"/api/v1/orders/{order['id']}/payments"
    (_, card) = (await reseller.data("GET", path))["payments"]
    await reseller.data("POST", f"{path}/{card['id']}/void", json={"reason": "Reasonhidden"})
    await reseller.data("POST", f"{path[:-8]}refunds", json={**paid[0], "amount": 1, "allowBalance": True})
    words, seen = ("Memohidden", "Annhidden", "Reasonhidden"), await desk.call("GET", path)
    for address in (
        f"/order/{order['id']}",
        f"/api/v1/audit/{order['id']}",
        "/api/v1/reports/transactions?from=2026-07-01",
    ):
        answer = await desk.call("GET", address)
        assert answer.status_code == 200
        assert [word for word in words if word in answer.text] == [], address
    assert [word for word in (*words, "Dana") if word in seen.text] == []
    shown = seen.json()["data"]
    assert [(each["amount"], each["recordedBy"]) for each in shown["payments"]] == [(5, None), (6, None), (-1, None)]
    assert shown["payments"][1]["voided"] == {"date": "2026-07-01T16:00:00.000Z", "by": None, "reason": ""}
    whole = await reseller.call("GET", path)
    assert [word for word in (*words, "Dana") if word not in whole.text] == []


WITHHELD: dict[type[msgspec.Struct], set[str]] = {
    OrderBody: {"reference_id", "billing"},
    Payment: {"memo", "by"},
    Voiding: {"by", "reason"},
    Item: set(),
    Line: {"marks"},
}
"""What a limited supplier doesn't see, of each struct of which it sees some."""
FILTERED: dict[type[msgspec.Struct], set[str]] = {
    OrderBody: {"customer", "items", "payments"},
    Payment: {"voided"},
    Item: {"lines"},
    Line: {"first_name", "last_name", "answers"},
}
"""What it sees a part of."""


@pytest.mark.parametrize(
    ("struct", "listed"),
    [
        (OrderBody, view.ORDER_BODY),
        (Payment, view.PAYMENT),
        (Voiding, view.VOIDING),
        (Item, view.ITEM),
        (Line, view.LINE),
    ],
)
def test_every_field_of_an_order_is_shown_or_withheld_on_purpose(
    struct: type[msgspec.Struct], listed: tuple[str, ...]
) -> None:
    """A new field is hidden from limited suppliers until somebody decides, here and in `orders/view.py`."""
    assert set(listed) | WITHHELD[struct] | FILTERED.get(struct, set()) == set(struct.__struct_fields__)
    assert not set(listed) & (WITHHELD[struct] | FILTERED.get(struct, set()))


def an_order(customer: dict[str, Any], *labels: str) -> Order:
    """Return an order of a reseller's whose supplier is limited."""
    line = Line(id="l", kind="participant", tier="Adult", seats=1, price=100, first_name="Bo")
    item = Item(
        id="d",
        product_id="p",
        product_code="raft",
        product_name="Raft",
        product_number=1,
        kind="participant",
        start_at=1,
        end_at=2,
        time_zone="UTC",
        lines=(line,),
        expires_at=3,
    )
    body = OrderBody(
        created_by="Dana",
        created_by_email="dana@tripdesk.example",
        currency="USD",
        customer=customer,
        items=(item,),
        payments=(Payment(id="x", amount=100, at=1, memo="called 555"),),
        reference_id="555",
        billing={"memo": "called 555"},
        resale=Resale(hides_contact=True),
        supplier_sees=labels,
    )
    return Order(
        account_id="supplier",
        id="o",
        confirmation=1,
        owner_id="reseller",
        status="confirmed",
        version=1,
        body=body,
        total=100,
        paid=100,
        created_at=1,
        modified_at=1,
    )


def test_a_name_that_is_an_address_is_none_and_labels_are_found_in_every_spelling() -> None:
    customer = {"firstName": "ann@lee.example", "lastName": "Lee", "ALLERGIEN ": "nuts", "Allergie": "hidden"}
    shown = view_of(an_order(customer, "allergien"), "supplier").body.customer
    assert shown == {"lastName": "Lee", "ALLERGIEN ": "nuts"}


@pytest.mark.parametrize("viewer", ["reseller", "supplier"])
def test_everybody_else_sees_the_order_itself(viewer: str) -> None:
    """Also a supplier that sold the order itself, or sells for others on full terms."""
    order = an_order({"email": "ann@lee.example"})
    if viewer == "supplier":
        order = msgspec.structs.replace(order, body=msgspec.structs.replace(order.body, resale=Resale()))
    seen = view_of(order, viewer)
    assert isinstance(seen, OrderView)
    assert seen.body is order.body
    assert {name: getattr(seen, name) for name in Order.__struct_fields__} == msgspec.structs.asdict(order)
    assert get_type_hints(OrderView).keys() - get_type_hints(Order).keys() == {"viewer_id"}


SENSITIVE = frozenset({"answers", "customer", "billing", "payments", "reference_id", "memo"})
DOORS = ("api", "web", "http", "messages", "reports", "cli", "presentation", "selfservice", "worker")
READERS = {
    "api/manage/manifest_wire.py": {
        "_guest_out",
        "_guest_row",
        "_answers_to",
        "_others",
        "manifest_sheet",
    },  # a `Guest`,
    # which is made of a view
    "api/manage/order_edit_routes.py": {"_edit_of", "_guest_of"},  # what was sent
    "api/manage/order_list_wire.py": {"listed_order_out"},  # makes a view, and what is made of it
    "api/manage/transaction_wire.py": {"transaction_out"},  # `Transaction.order` is a view
    "reports/tables.py": {"_transaction_row"},  # the same
    "selfservice/mailing.py": {"wanted", "refuse"},  # the customer's own page
    "web/desk/booking_view.py": {"cart_page", "_guest"},  # the caller's own cart
    # an `OrderView`; of what a limited supplier doesn't see the form has no fields
    "web/desk/edit_form.py": {"edit_form", "edit_of", "_guest", "_guest_of", "_memo", "_of_guest", "_of_order"},
    "web/desk/departure_view.py": {"party_name"},  # a `Guest`
    "reports/manifest_print.py": {"_party", "_guest"},  # the same
    "reports/manifest_pdf.py": {"_guest", "_texts"},  # what is made of it
    "reports/order_list.py": {"_rows"},  # an `OrderView`
    "web/desk/order_list_view.py": {"listed"},  # the same
    "web/desk/pending_view.py": {"pending_order"},  # the same
    "web/desk/customer_routes.py": {"_show"},  # an `EarlierCustomer`, which is made of a view
    "web/desk/pickup_routes.py": {"_party"},  # a `Guest`
    "web/desk/booking_form.py": {"customer_of"},  # the caller's own cart
    "web/desk/booking_routes.py": {"_cart"},  # the same
    "web/desk/manifest_view.py": {"_party", "_row"},  # a `Guest`
    "web/desk/cancel_routes.py": {"_show"},  # an `OrderView`
    "web/desk/disruption_routes.py": {"_people"},  # makes views
    "web/desk/disruption_view.py": {"_row", "_untold"},  # an `OrderView`
    "web/desk/move_routes.py": {"_page"},  # an `OrderView`
    "web/desk/move_view.py": {"_questions", "proof_of"},  # the same, and what was sent
    "web/desk/drawer_view.py": {"_sums"},  # sums of the ledger
    "web/desk/order_view.py": {"order_page", "_contact", "guest_view", "_payment", "_sub"},  # an `OrderView`
    "web/my/routes.py": {"_wording"},
    "web/my/view.py": {"order_view", "_line"},  # the same
    "api/resmark/cart_wire.py": {"cart_out"},  # the caller's own cart
    "api/shapes/item_wire.py": {"_line_out"},  # of an `OrderView`, or of the caller's own cart
    "api/resmark/order_report_wire.py": {"_of_change"},  # `Transaction.order` is a view
    "api/manage/move_routes.py": {"_request"},  # what was sent
    "api/manage/payment_routes.py": {"post_order", "post_refund"},  # what was sent
    "api/manage/payment_wire.py": {"new", "payments_out", "_payment_out"},  # what was sent; an `OrderView`
    "api/shapes/order_request.py": {"details"},  # what was sent
    "api/shapes/order_wire.py": {"_fields", "_payment_out"},  # an `OrderView`
    "cli/demo_day.py": {"_book"},  # the demo's own customers
    "cli/orders.py": {"_row"},
    "messages/calls.py": {"body"},
    "messages/facts.py": {"facts_of", "customer_facts", "_order", "_guest_answers"},  # `OrderEvent.for_account`
    "messages/mails.py": {"customer_language"},
    "reports/manifest.py": {"guests_on", "name"},
    "reports/drawer.py": {"net"},  # sums of the ledger
    "reports/transactions.py": {"paid"},  # the same
}
"""Who reads such fields, above the orders: each of them is given a view, or isn't about another's order."""


def test_nobody_else_reads_what_the_view_withholds() -> None:
    """A door that reads an order's customer, memo or reference shows up here, so that it is given a view."""
    root = Path(seatwright.__file__).parent
    found: dict[str, set[str]] = {}
    for folder in DOORS:
        for path in sorted((root / folder).rglob("*.py")):
            for function in _functions(ast.parse(path.read_text(encoding="utf-8"))):
                reads = (node for node in ast.walk(function) if isinstance(node, ast.Attribute))
                if any(node.attr in SENSITIVE and not _of_module(node) for node in reads):
                    found.setdefault(str(path.relative_to(root)), set()).add(function.name)
    assert found == READERS


def _functions(tree: ast.AST) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Yield the functions and methods of a module, without those inside of them."""
    for node in ast.iter_child_nodes(tree):
        if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef):
            yield node
        elif isinstance(node, ast.ClassDef):
            yield from _functions(node)


def _of_module(node: ast.Attribute) -> bool:
    """Tell whether it is a name of an imported module, such as `mailing.customer`."""
    return isinstance(node.value, ast.Name) and node.value.id in {"routes", "mailing"}
