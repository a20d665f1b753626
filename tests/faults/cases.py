"""Every use case that writes, each as something to do in the world."""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from dataclasses import dataclass, replace
from typing import Any

from seatwright.auth import links
from seatwright.auth import service as auth
from seatwright.auth.model import ALL_PERMISSIONS
from seatwright.cart.service import ItemRequest
from seatwright.core.errors import Unavailable
from seatwright.customers import refusals
from seatwright.notifications import deliveries
from seatwright.notifications.deliveries import Delivery, Status
from seatwright.notifications.mail import message as mail
from seatwright.orders.checkout import Checkout, check_out
from seatwright.orders.placement import OrderDetails
from seatwright.selfservice import mailing
from seatwright.selfservice import service as pages
from seatwright.selfservice.online import WHOLE
from seatwright.storage.engine import Tx
from seatwright.worker.loops import Loops
from tests.conftest import START
from tests.desk import Desk
from tests.faults.world import Answer, World

Act = Callable[[World, str | None], Awaitable[Answer]]


@dataclass(frozen=True)
class Case:
    """A use case: `act` is given an Idempotency-Key or None.

    `minutes` have gone by since the world's beginning, and `prepare` has been done. `keyed` False: it takes no key.
    `natural`: done twice without a key it still has one effect and one answer. `ordered` False: it is several
    transactions, in any order. `route` is the request that it sends, method and path.
    """

    name: str
    act: Act
    minutes: int = 0
    prepare: Callable[[World], Awaitable[Any]] | None = None
    keyed: bool = True
    natural: bool = False
    ordered: bool = True
    status: int = 200
    route: str = ""


def _http(
    name: str,
    method: str,
    path: str,
    body: Any = None,
    *,
    seller: bool = False,
    **more: Any,
) -> Case:
    async def act(world: World, key: str | None) -> Answer:
        return await world.send(method, path, body, key=key, seller=seller)

    address = path if path.startswith("/api/") else f"/public/api{path}"
    return Case(name, act, route=f"{method} {address.partition('?')[0]}", **more)


def _inner(name: str, use_case: Callable[[World], Awaitable[Any]], **more: Any) -> Case:
    async def act(world: World, key: str | None) -> Answer:
        try:
            return Answer(200, repr(await use_case(world)).encode())
        except Unavailable as error:
            return Answer(error.status, b"")

    return Case(name, act, keyed=False, **more)


async def _new_account(world: World) -> str:
    async def use_case(tx: Tx) -> str:
        now = world.clock.now()
        fields = {"code": "new", "name": "New", "email": "new@new.example", "currency": "EUR", "time_zone": "UTC"}
        account, key = await auth.create_account(tx, world.services.keyring, now, **fields)
        await auth.create_user(
            tx,
            now,
            auth.SYSTEM,
            account.id,
            auth.NewUser(email="new@new.example", name="Admin", permissions=ALL_PERMISSIONS),
        )
        return key

    return await world.services.database.write(use_case)


async def _give_up_mail(world: World) -> None:
    """Write a mail that was given up."""
    await _write_mail(world, "dead")


async def _send_mail(world: World) -> None:
    """Write a mail that was sent."""
    await _write_mail(world, "sent")


async def _write_mail(world: World, status: Status) -> None:
    written = Delivery(
        account_id=world.desk.shop.account_id,
        id=f"{1:024x}",
        channel="mail",
        kind="confirmation",
        target="ann@lee.example",
        order_id=None,
        content=mail.encode(mail.MailContent(subject="Hello", text="Hello", html="Hello")),
        status=status,
        due_at=START,
        created_at=START,
    )
    await world.services.database.write(lambda tx: deliveries.insert(tx, [written]))
    world.names["letter"] = written.id


def _visit(world: World) -> pages.Visit:
    now, keyring = world.clock.now(), world.services.keyring
    link = links.link_to(world.desk.shop.account_id, world.names["done"], now, None)
    return pages.Visit(link, links.sign(keyring, link), now)


async def _show_customer(world: World) -> None:
    """Show on the customer's page what cancelling comes to."""
    parts, visit = world.services, _visit(world)
    booking = replace(world.desk.shop.booking, catalogs=parts.catalogs)
    shown = await parts.database.read(lambda tx: pages.offer(tx, booking, parts.keyring, visit, WHOLE))
    world.names["proof"] = shown.proof


async def _cancel_as_customer(world: World) -> str:
    """Cancel there what was shown."""
    parts, visit, proof = world.services, _visit(world), world.names["proof"]
    booking = replace(world.desk.shop.booking, catalogs=parts.catalogs)
    done = await parts.database.write(lambda tx: pages.cancel_as_shown(tx, booking, parts.keyring, visit, WHOLE, proof))
    return done.answer


async def _consent(world: World, consents: bool) -> None:
    """Let the customer of a cart and of the order that it is added to be Ann, who says whether she wants mail."""
    ann = {"email": "ann@lee.example", "marketingConsent": consents}
    answer = await world.send("PUT", "/cart/{limited}/customer", ann)
    assert answer.status == 200, answer


async def _refuse(world: World) -> None:
    """Write a refusal, and nothing beside it: the case throws the same dice for its entry in the audit log."""
    account, address = world.desk.shop.account_id, "ann@lee.example"
    world.names["refusal"] = refusals.id_of(address)
    await world.services.database.write(
        lambda tx: tx.execute(
            "INSERT INTO mailing_refusal (account_id, id, email, refused_at) VALUES ($1, $2, $3, $4)",
            account,
            world.names["refusal"],
            address,
            START,
        )
    )


async def _consented(world: World) -> None:
    """Place an order whose customer wants mail."""
    await _consent(world, True)
    answer = await world.send("POST", "/order", {"id": "{limited}"})
    assert answer.status == 200, answer


async def _refuse_as_customer(world: World) -> None:
    """Refuse it on the page of that order."""
    parts, now, keyring = world.services, world.clock.now(), world.services.keyring
    link = links.link_to(world.desk.shop.account_id, world.names["limited"], now, None)
    visit = pages.Visit(link, links.sign(keyring, link), now)
    await parts.database.write(lambda tx: mailing.refuse(tx, parts.catalogs, visit))


async def _check_out(world: World, desk: Desk, departure: str, counts: dict[str, int]) -> str:
    """Hold, name the customer, and confirm, in one transaction; return the order's id."""
    booking = replace(world.desk.shop.booking, catalogs=world.services.catalogs)
    checkout = Checkout(
        items=[ItemRequest(world.names[departure], counts)],
        customer={"firstName": "Ann", "email": "ann@lee.example"},
        supplier_id=world.desk.shop.account_id,
        discount_code="FIVE",
        details=OrderDetails(cart_id="", reference_id="R-9"),
    )

    async def run(tx: Tx) -> str:
        return (await check_out(tx, booking, desk.shop.caller, checkout)).id

    return await world.services.database.write(run)


async def _start_job(world: World) -> None:
    """Begin to cancel a departure with two orders."""
    await world.desk.order((world.names["rafting"], {"Adult": 1}), disableConfirmationEmail=False)
    answer = await world.send("POST", "/api/v1/departures/{rafting}/jobs", {"kind": "cancel", "orders": 2})
    assert answer.status == 200, answer


def _loops(world: World) -> Loops:
    return Loops(world.services.database, world.clock, world.services.settings)


CASH = {"amount": 20, "method": "cash"}
CHOSEN = {"lineIds": ["{person}", "{unit}"], "proof": "{chosenProof}", "fees": {"{unit}": 1}, "reason": "Ill"}
CHANGED = {"lineIds": ["{person}"], "proof": "{chosenProof}"}
ADULTS = {"itemId": "{rafting}", "participants": {"Adult": 2, "Child": 1}}
PRODUCT = {
    "code": "swim",
    "name": "Swim",
    "number": 4900,
    "tiers": {"All": {"price": 20}},
    "durationMin": 60,
    "locations": ["putin"],
}
DOCUMENT = {
    "locations": [{"code": "pier", "name": "Pier"}, {"code": "putin", "name": "Put-in"}],
    "products": [{**PRODUCT, "locations": ["pier"]}],
    "departures": [{"product": "swim", "start": "2026-07-20T09:00", "capacity": 3}],
    "schedules": [
        {"product": "swim", "from": "2026-08-01", "to": "2026-08-03", "times": ["09:00", "11:00"], "capacity": 5}
    ],
}
LATE = 31
"""Minutes after which every hold of the world's beginning is over."""

CARTS = [
    _http("create cart", "POST", "/cart"),
    _http("create reseller's cart", "POST", "/cart?supplierId={supplier}", seller=True),
    _http("add item", "POST", "/cart/{empty}/item", ADULTS),
    _http("add item, merged", "POST", "/cart/{filled}/item", ADULTS),
    _http("add item of a pool", "POST", "/cart/{filled}/item", {"itemId": "{bike}", "units": {"All": 1}}),
    _http("add item, own hold over", "POST", "/cart/{filled}/item", ADULTS, minutes=LATE),
    _http("add item to reseller's cart", "POST", "/cart/{resale}/item", ADULTS, seller=True),
    _http(
        "add item, nothing new", "POST", "/cart/{filled}/item", {"itemId": "{rafting}", "participants": {}}, status=400
    ),
    _http(
        "add item, another's hold over",
        "POST",
        "/cart/{empty}/item",
        {"itemId": "{full}", "participants": {"All": 2}},
        minutes=LATE,
    ),
    _http(
        "add item of a pool, others' holds over",
        "POST",
        "/cart/{empty}/item",
        {"itemId": "{bike}", "units": {"All": 3}},
        minutes=LATE,
    ),
    _http(
        "add item, sold out",
        "POST",
        "/cart/{empty}/item",
        {"itemId": "{full}", "participants": {"All": 1}},
        status=409,
    ),
    _http("remove item", "DELETE", "/cart/{mixed}/item/{rafting}"),
    _http("remove item of a pool", "DELETE", "/cart/{mixed}/item/{bike2}"),
    _http("delete cart", "DELETE", "/cart/{mixed}", natural=True),
    _http("set customer", "PUT", "/cart/{filled}/customer", {"firstName": "Ann", "email": "ann@x.example"}),
    _http("apply discount", "POST", "/cart/{filled}/discount", {"code": "EARLY10"}),
    _http("remove discount", "DELETE", "/cart/{mixed}/discount"),
    _http("extend holds", "POST", "/api/v1/carts/{mixed}/extend", minutes=10, natural=True),
    _http("extend holds, all lapsed", "POST", "/api/v1/carts/{mixed}/extend", minutes=LATE),
    _http("extend reseller's holds", "POST", "/api/v1/carts/{resale}/extend", seller=True, minutes=10, natural=True),
]
ORDERS = [
    _http("place order", "POST", "/order", {"id": "{filled}"}, natural=True),
    _http("place order of three", "POST", "/order", {"id": "{mixed}", "referenceId": "OTA-7"}, natural=True),
    _http("place order, limited discount", "POST", "/order", {"id": "{limited}"}, natural=True),
    _http("place reseller's order", "POST", "/order", {"id": "{resale}"}, seller=True, natural=True),
    _http("place order, holds over", "POST", "/order", {"id": "{mixed}"}, minutes=LATE, natural=True),
    _http("place order, empty cart", "POST", "/order", {"id": "{empty}"}, status=400),
    _http("add to order, new item", "POST", "/order", {"id": "{limited}", "orderId": "{done}"}, natural=True),
    _http(
        "add to order, merged",
        "POST",
        "/order",
        {"id": "{mixed}", "orderId": "{done}", "referenceId": "R-2"},
        natural=True,
    ),
    _http(
        "add to order, no mail",
        "POST",
        "/order",
        {"id": "{limited}", "orderId": "{done}"},
        prepare=lambda world: _consent(world, False),
        natural=True,
    ),
    _http(
        "place order with payments",
        "POST",
        "/api/v1/orders",
        {"cartId": "{filled}", "payments": [{"amount": 50, "method": "cash", "deposit": True}]},
        natural=True,
    ),
    _http("add to order, holds over", "POST", "/order", {"id": "{mixed}", "orderId": "{done}"}, minutes=LATE),
]
COMPOSED = [
    _inner("check out", lambda world: _check_out(world, world.desk, "rafting", {"Adult": 2})),
    _inner("check out a rental", lambda world: _check_out(world, world.desk, "bike", {"All": 1})),
    _inner("check out as a reseller", lambda world: _check_out(world, world.seller, "rafting2", {"Adult": 1})),
    _inner(
        "check out where holds are over",
        lambda world: _check_out(world, world.desk, "full", {"All": 2}),
        minutes=LATE,
    ),
]
"""Use cases one after the other in one transaction."""
PAYMENTS = [
    _http("record payment", "POST", "/api/v1/orders/{done}/payments", CASH | {"allowOverpayment": True}),
    _http("record payment of more", "POST", "/api/v1/orders/{done}/payments", CASH, status=409),
    _http("record refund", "POST", "/api/v1/orders/{gone}/refunds", CASH),
    _http("void payment", "POST", "/api/v1/orders/{done}/payments/{payment}/void", {"reason": "x"}, natural=True),
]
CANCELLATIONS = [
    _http("cancel order", "DELETE", "/order/{done}"),
    _http("cancel item", "DELETE", "/order/{done}/item/{bike}"),
    _http("cancel participant", "DELETE", "/order/{done}/item/{rafting}/participant/{person}"),
    _http("cancel unit", "DELETE", "/order/{done}/item/{bike}/unit/{unit}"),
    _http("cancel last participant", "DELETE", "/order/{single}/item/{rafting2}/participant/{lastPerson}"),
    _http("cancel without fee", "DELETE", "/order/{done}", {"applyCancellationFee": False}),
    _http("cancel reseller's order", "DELETE", "/order/{resold}", seller=True),
    _http("cancel chosen lines", "POST", "/api/v1/orders/{done}/cancel", CHOSEN, natural=False),
    _http("cancel chosen lines for other amounts", "POST", "/api/v1/orders/{done}/cancel", CHANGED, status=409),
    _inner("cancel on the customer's page", _cancel_as_customer, prepare=_show_customer),
    _http("cancel again", "DELETE", "/order/{gone}", natural=True),
    _http(
        "change fee", "PUT", "/api/v1/orders/{gone}/lines/{gonePerson}/cancellation-fee", {"amount": 1}, natural=True
    ),
]
ACCOUNTS = [
    _inner("create account", _new_account),
    _http("change account", "PATCH", "/api/v1/account", {"name": "Canyons"}),
    _http("reset key", "POST", "/api/v1/account/key", keyed=False),
    _http("create user", "POST", "/api/v1/users", {"email": "lee@canyon.example", "name": "Lee", "permissions": []}),
    _http("change user", "PATCH", "/api/v1/users/{user}", {"name": "Kim Lee", "active": False}),
    _http("invite", "POST", "/api/v1/invitations", {"email": "lee@canyon.example", "role": "guide"}),
    _http("revoke invitation", "DELETE", "/api/v1/invitations/{invitation}", natural=True),
    _http("remove second factor", "DELETE", "/api/v1/users/{user}/second-factor", natural=True),
    _http("end sessions", "DELETE", "/api/v1/users/{user}/sessions"),
    _http("end session", "DELETE", "/api/v1/users/{user}/sessions/{session}"),
    _http("create key", "POST", "/api/v1/keys", {"name": "Till", "permissions": ["orders.read"]}, keyed=False),
    _http("revoke key", "DELETE", "/api/v1/keys/{key}", natural=True),
    _http("close connection", "PATCH", "/api/v1/connections/{reseller}", {"active": False}),
    _http("change terms", "PATCH", "/api/v1/connections/{reseller}", {"terms": {"rate": {"percent": 5}}}),
    _http("make connection", "POST", "/api/v1/connections", {"resellerId": "{supplier}"}, seller=True),
    _http(
        "allow the supplier to order",
        "PUT",
        "/api/v1/connections/{supplier}/supplier-orders",
        {"allowed": True},
        seller=True,
        natural=True,
    ),
]
HANDLING = [
    _http("place pending order", "POST", "/order", {"id": "{chartered}", "disableNotification": False}, natural=True),
    _http("accept order", "POST", "/api/v1/orders/{pending}/accept", natural=True),
    _http("decline order", "POST", "/api/v1/orders/{pending}/decline", {"reason": "Full"}, natural=True),
    *(
        case
        for path in ("orders/{done}", "customers/{customer}", "departures/{rafting}")
        for case in (
            _http(f"add note to {path}", "POST", f"/api/v1/{path}/notes", {"text": "Wheelchair"}),
            _http(f"tag {path}", "POST", f"/api/v1/{path}/tags", {"add": ["vip", "late"]}, natural=True),
        )
    ),
    _http(
        "edit order",
        "PATCH",
        "/api/v1/orders/{known}",
        {
            "version": 1,
            "customer": {"firstName": "Anna", "email": "anna@lee.example", "marketingConsent": False},
            "guests": [{"id": "{knownPerson}", "firstName": "Gus", "tier": "Child"}],
            "referenceId": "R-9",
            "billing": {"memo": "invoice"},
        },
    ),
    _http("edit order, stale", "PATCH", "/api/v1/orders/{done}", {"version": 9}, status=409),
    _http("quote edit", "POST", "/api/v1/orders/{known}/edit-quote", {"version": 1}, keyed=False, natural=True),
    _http("send confirmation again", "POST", "/api/v1/orders/{known}/confirmation"),
    _http("change note", "PATCH", "/api/v1/notes/{note}", {"text": "Two wheelchairs"}, natural=True),
    _http("delete note", "DELETE", "/api/v1/notes/{note}"),
    _http("add a boat", "POST", "/api/v1/resources", {"kind": "boat", "name": "Long raft", "places": 8}),
    _http("retire a guide", "PATCH", "/api/v1/resources/{guide}", {"name": "Sam", "retired": True}, natural=True),
    _http(
        "assign a boat",
        "POST",
        "/api/v1/departures/{rafting}/assignments",
        {"resourceIds": ["{raft}", "{guide}"]},
        natural=True,
    ),
    _http(
        "assign what is busy",
        "POST",
        "/api/v1/departures/{bike}/assignments",
        {"resourceIds": ["{guide}"]},
        status=409,
    ),
    _http("take a guide off", "DELETE", "/api/v1/departures/{rafting}/assignments/{guide}", natural=True),
    _http("end customer links", "DELETE", "/api/v1/orders/{done}/customer-link"),
    _http("refuse mail", "POST", "/api/v1/mailing-refusals", {"email": "Ann@Lee.example"}, natural=True),
    _http("remove refusal", "DELETE", "/api/v1/mailing-refusals/{refusal}", prepare=_refuse),
    _inner("refuse mail on the customer's page", _refuse_as_customer, prepare=_consented, natural=True),
    _http(
        "move guests",
        "POST",
        "/api/v1/orders/{done}/move",
        {"departureId": "{rafting2}", "ids": ["{person}"], "difference": 0},
    ),
    _http(
        "move guests in a pool, others' holds over",
        "POST",
        "/api/v1/orders/{done}/move",
        {"departureId": "{bike2}", "itemId": "{bike}", "price": "new", "difference": 0},
        minutes=LATE,
    ),
    _http(
        "move a reseller's guests, others' holds over",
        "POST",
        "/api/v1/orders/{resold}/move",
        {"departureId": "{full}", "difference": 0},
        minutes=LATE,
    ),
    _http("cancel a departure", "POST", "/api/v1/departures/{rafting}/jobs", {"kind": "cancel", "orders": 1}),
    _http("no-show", "POST", "/api/v1/orders/{done}/no-show", {"ids": ["{person}"]}, natural=True),
    _http(
        "check in late",
        "POST",
        "/api/v1/check-ins",
        {
            "checkIns": [
                {
                    "id": "of-a-device",
                    "at": "2026-07-01T15:59:00Z",
                    "orderId": "{done}",
                    "departureId": "{rafting}",
                    "guestId": "{person}",
                }
            ]
        },
        natural=True,
    ),
    _http("check in", "POST", "/api/v1/orders/{done}/check-in", {"ids": ["{person}"]}, natural=True),
]
WEBHOOKS = [
    _http("create webhook", "POST", "/api/v1/webhooks", {"url": "https://hooks.example/"}, keyed=False),
    _http("change webhook", "PATCH", "/api/v1/webhooks/{hook}", {"active": False}, natural=True),
    _http("rotate secret", "POST", "/api/v1/webhooks/{hook}/secret", keyed=False),
    _http("delete webhook", "DELETE", "/api/v1/webhooks/{hook}"),
    _http("test webhook", "POST", "/api/v1/webhooks/{hook}/test"),
    _http("retry mail", "POST", "/api/v1/messages/{letter}/retry", prepare=_give_up_mail),
    _http("send a mail once more", "POST", "/api/v1/messages/{letter}/resend", prepare=_send_mail),
    _http("retry call", "POST", "/api/v1/webhooks/{hook}/deliveries/{call}/retry"),
    _http("retry calls", "POST", "/api/v1/webhooks/{hook}/deliveries/retry"),
]
CATALOG = [
    _http("create product", "POST", "/api/v1/products", PRODUCT),
    _http("replace discount", "PUT", "/api/v1/discounts/EARLY10", {"code": "EARLY10", "name": "E", "percent": 5}),
    _http("replace pool", "PUT", "/api/v1/pools/bikes", {"code": "bikes", "name": "Bikes", "units": 9}),
    _http("delete discount", "DELETE", "/api/v1/discounts/EARLY10"),
    _http("import", "POST", "/api/v1/import", DOCUMENT, natural=True),
    _http(
        "create departure",
        "POST",
        "/api/v1/products/rafting/departures",
        {"start": "2026-07-21T09:00", "durationMin": 60, "capacity": 4},
    ),
    _http(
        "create departures",
        "POST",
        "/api/v1/products/bike/departures/recurring",
        {"from": "2026-07-20", "to": "2026-07-21", "times": ["09:00", "10:00"], "durationMin": 120},
    ),
    _http("change departure", "PATCH", "/api/v1/departures/{kayak}", {"capacity": 9, "closed": True}),
    _http("move departure", "PATCH", "/api/v1/departures/{rafting}", {"start": "2026-07-14T13:00"}),
    _http("delete departure", "DELETE", "/api/v1/departures/{spare}"),
    _http("move departure of a pool", "PATCH", "/api/v1/departures/{bike}", {"start": "2026-07-14T16:00"}),
]
LOOPS = [
    _inner("sweep", lambda world: _loops(world).expire_holds(), minutes=LATE, ordered=False, natural=True),
    _inner("expire pending", lambda world: _loops(world).expire_pending(), minutes=61, ordered=False, natural=True),
    _inner(
        "forget messages",
        lambda world: _loops(world).forget_messages(),
        minutes=91 * 24 * 60,
        prepare=_give_up_mail,
        natural=True,
    ),
    _inner(
        "cancel a departure, order by order",
        lambda world: _loops(world).do_departure_jobs(),
        prepare=_start_job,
        ordered=False,
        natural=True,
    ),
    _inner("forget answers", lambda world: _loops(world).forget_answers(), natural=True),
    _inner(
        "forget carts",
        lambda world: _loops(world).forget_carts(),
        minutes=31 * 24 * 60,
        prepare=lambda world: _loops(world).expire_holds(),
        natural=True,
    ),
]

CASES = [*CARTS, *ORDERS, *COMPOSED, *PAYMENTS, *CANCELLATIONS, *HANDLING, *ACCOUNTS, *WEBHOOKS, *CATALOG, *LOOPS]
BY_NAME = {case.name: case for case in CASES}
