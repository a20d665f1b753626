"""Every page of the desk x nobody, each permission, other accounts' things, and forms of other sites."""

from __future__ import annotations

import re
from pathlib import Path

import httpx
import msgspec

from seatwright.app.assembly import create_app
from seatwright.auth import resets
from seatwright.auth import service as auth
from seatwright.auth.invitations import NewInvitation
from seatwright.auth.model import ALL_PERMISSIONS
from seatwright.auth.roles import implying
from seatwright.auth.service import NewUser
from seatwright.core.ids import new_hex24
from seatwright.customers.identity import customer_id
from seatwright.http.context import Services, messenger
from seatwright.messages import staff
from seatwright.notifications import deliveries
from seatwright.notifications.mail import message as mail
from seatwright.web.desk.assets import assets
from tests.conftest import settings_for
from tests.desk import Desk, open_desk
from tests.frontdesk.mails import a_mail
from tests.frontdesk.table import OPEN, TABLE, Page
from tests.frontdesk.visitor import Visitor, visitor
from tests.security.cells import of_desk
from tests.security.world import dump

KINDS = {
    "order",
    "cart",
    "departure",
    "user",
    "invitation_id",
    "message_id",
    "job",
    "customer_id",
    "resource",
    "webhook_id",
}
"""Things that belong to an account."""


async def arrivals_of(desk: Desk) -> dict[str, str]:
    """Return an invitation and a link to a new password, of a user who may do nothing."""
    parts, account_id = desk.services, desk.shop.account_id
    owner = msgspec.structs.replace(desk.shop.caller, account_id=account_id)
    now, fresh = parts.clock.now(), new_hex24()
    new = NewUser(email=f"{fresh}@canyon.example", name="Al")
    user = await parts.database.write(lambda tx: auth.create_user(tx, now, auth.SYSTEM, account_id, new))
    asked = NewInvitation(f"new{fresh}@canyon.example", "guide")
    invitation = await parts.database.write(lambda tx: staff.invite(tx, messenger(parts), now, owner, asked))
    await parts.database.write(lambda tx: resets.ask(tx, now, user.email))
    await staff.answer_resets(messenger(parts))
    mails = await parts.database.read(lambda tx: deliveries.page(tx, account_id, limit=2, page=0))
    links = {each.kind: re.search(r"/desk/\w+/(\S+)", mail.decode(each.content).text) for each in mails}
    found = {kind: match[1] for kind, match in links.items() if match}
    return {
        "user": user.id,
        "invitation_id": invitation.id,
        "invitation": found["invitation"],
        "reset": found["password_reset"],
        "fresh": f"more{fresh}@canyon.example",
    }


async def things_of(desk: Desk) -> dict[str, str]:
    """Return one of everything that an address may name."""
    departure = await desk.shop.departure("rafting", "2026-07-14 09:00", capacity=12)
    order = await desk.order((departure, {"Adult": 1}))
    body = {"amount": 1, "method": "cash", "allowOverpayment": True}
    paid = await desk.data("POST", f"/api/v1/orders/{order['id']}/payments", json=body)
    arrivals = await arrivals_of(desk)
    off = await desk.shop.departure("rafting", "2026-07-13 09:00", capacity=12)
    job = await desk.data("POST", f"/api/v1/departures/{off}/jobs", json={"kind": "cancel", "orders": 0})
    guide = await desk.data("POST", "/api/v1/resources", json={"kind": "guide", "name": "Sam Roe"})
    cart, email = await desk.cart((departure, {"Adult": 1})), f"ann@{desk.shop.account_id}.example"
    await desk.data("PUT", f"/cart/{cart}/customer", json={"email": email})
    await desk.data("POST", "/order", json={"id": cart})
    return {
        **arrivals,
        "resource": guide["id"],
        "version": assets().hash,
        "style": "desk.css",
        "day": "2026-07-14",
        "departure": departure,
        "off": off,
        "job": job["id"],
        "order": order["id"],
        "guest": order["items"][0]["participantList"][0]["id"],
        "payment": paid["payments"][-1]["id"],
        "cart": await desk.cart((departure, {"Adult": 1})),
        "customer_id": customer_id({"email": email}) or "",
        "webhook_id": (await desk.data("POST", "/api/v1/webhooks", json={"url": "https://x.example/"}))["id"],
        "message_id": (await a_mail(desk, "dead")).id,
    }


async def send(who: Visitor, page: Page, things: dict[str, str], *, csrf: str | None = None) -> httpx.Response:
    """Send the request of a route about some things."""
    path = page.path.removeprefix("/desk")
    for name in page.ids:
        path = re.sub(r"\{\w+\}", things[name], path, count=1)
    if page.method == "GET":
        return await who.get(path)
    form = [(name, things.get(value.strip("<>"), value) if value[:1] == "<" else value) for name, value in page.form]
    return await who.post(path, form, csrf=csrf)


def unlisted(there: set[str]) -> set[str]:
    """Return the routes that are in the program and not in the table, or the other way round."""
    return there ^ {page.name for page in TABLE}


def test_the_table_knows_every_page(tmp_path: Path) -> None:
    there = of_desk(create_app(settings_for(tmp_path), None))
    assert unlisted(there) == set()
    assert unlisted({*there, "GET /desk/new-page"}) == {"GET /desk/new-page"}


def test_the_table_is_the_documentation() -> None:
    """docs/desk.md names the same permissions."""
    document = (Path(__file__).parents[2] / "docs" / "desk.md").read_text(encoding="utf-8")
    for page in TABLE:
        words = "nothing" if page.needs == OPEN else ", ".join(f"`{name}`" for name in page.needs) or "any user"
        assert f"| {page.method} | `{page.path}` | {words} |" in document, page.name


async def test_nobody_sees_anything_without_a_session(desk: Desk) -> None:
    things, nobody = await things_of(desk), Visitor(desk.client, desk.services)
    before = await dump(desk.services)
    for page in TABLE:
        answer = await send(nobody, page, things, csrf="x")
        if page.needs == OPEN:
            assert answer.status_code in (200, 303, 401, 403), page.name
            continue
        assert answer.status_code == (303 if page.method == "GET" else 403), page.name
        if page.method == "GET":
            assert answer.headers["location"].startswith("/desk/sign-in"), page.name
    assert await dump(desk.services) == before


async def test_each_permission_is_needed_and_enough(desk: Desk) -> None:
    things = await things_of(desk)
    for page in TABLE:
        if page.needs == OPEN:
            continue
        needed = frozenset(page.needs)
        enough = await visitor(desk.client, desk.services, desk.shop.account_id, needed)
        answer = await send(enough, page, things)
        assert answer.status_code in (200, 303, 400, 409), f"{page.name}: {answer.status_code}"
        assert "/sign-in" not in answer.headers.get("location", ""), page.name
        for missing in page.needs:
            without = await visitor(
                desk.client, desk.services, desk.shop.account_id, ALL_PERMISSIONS - implying(missing)
            )
            answer = await send(without, page, things)
            assert answer.status_code == 403, f"{page.name} without {missing}: {answer.status_code}"


async def test_other_accounts_things_are_not_found(
    desk: Desk, dana: Visitor, client: httpx.AsyncClient, services: Services
) -> None:
    mesa = await open_desk(client, services, "mesa")
    theirs, before = await things_of(mesa), await dump(services)
    for page in (page for page in TABLE if set(page.ids) & KINDS):
        answer = await send(dana, page, theirs)
        assert answer.status_code == 404, f"{page.name}: {answer.status_code}"
    assert await dump(services) == before


async def test_nul_is_refused_in_every_form(desk: Desk, dana: Visitor) -> None:
    """PostgreSQL can't store it; a form hides it behind a percent sign."""
    things = await things_of(desk)
    before = await dump(desk.services)
    for page in (page for page in TABLE if page.method == "POST"):
        for name, _ in page.form or (("reason", ""),):
            form = tuple((each, "a\x00b" if each == name else value) for each, value in page.form) or (
                (name, "a\x00b"),
            )
            answer = await send(dana, page._replace(form=form), things)
            assert answer.status_code == 400, f"{page.name}, {name}: {answer.status_code}"
    assert await dump(desk.services) == before


async def test_a_form_counts_only_with_its_own_token_and_from_our_own_page(desk: Desk, dana: Visitor) -> None:
    things = await things_of(desk)
    other = await visitor(desk.client, desk.services, desk.shop.account_id, ALL_PERMISSIONS)
    before = await dump(desk.services)
    for page in (page for page in TABLE if page.method == "POST"):
        for csrf in ("", "x", other.csrf):
            assert (await send(dana, page, things, csrf=csrf)).status_code == 403, page.name
        path = re.sub(r"\{\w+\}", things[page.ids[0]] if page.ids else "", page.path.removeprefix("/desk"))
        for site in ("cross-site", "same-site"):
            assert (await dana.post(path, list(page.form), sec_fetch_site=site)).status_code == 403, page.name
    assert await dump(desk.services) == before
