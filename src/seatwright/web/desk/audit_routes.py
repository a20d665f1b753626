"""The audit log: who did what, by person, action and day."""

from __future__ import annotations

import re
from collections.abc import Mapping, Sequence
from typing import Any, NamedTuple
from urllib.parse import urlencode

import msgspec
from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from seatwright.auth import key_store, service
from seatwright.auth import store as accounts
from seatwright.auth.model import User
from seatwright.core.errors import Invalid
from seatwright.core.ids import is_hex24
from seatwright.core.moments import days_between
from seatwright.http.context import ApiRequest
from seatwright.storage import audit
from seatwright.storage.audit import Filter
from seatwright.storage.engine import ReadTx, Row
from seatwright.web.desk.frame import Notice, refused, screen
from seatwright.web.desk.texts import Texts, texts_of
from seatwright.web.desk.visit import PAGE, Form, Visit, query, read

PAGE_SIZE = 50
MAX_USERS = 200
"""Users to choose from at most."""
_AMOUNTS = frozenset({"total", "fee", "refund", "amount", "paid"})
"""What an event has in minor units."""
_ID = re.compile(r"[0-9a-f]{24}|[0-9a-f]{8}(-[0-9a-f]{4}){3}-[0-9a-f]{12}")
_SYSTEM = {"system": "Seatwright", "customer": "The customer"}


class Line(NamedTuple):
    """An event as it is shown. `order` is the id of the order that it is about, if it is about one."""

    day: str
    clock: str
    who: str
    what: str
    order: str
    detail: str


class Found(NamedTuple):
    """What was read: a page of events with the names of who did it, and whom one may choose."""

    rows: Sequence[Row]
    names: Mapping[str, str]
    users: Sequence[User]


@get("/audit", **PAGE)
async def get_audit(request: ApiRequest) -> Response[str]:
    """Show what was done, newest first."""
    asked = query(request)
    notice: Notice | None = None
    problem: Invalid | None = None

    async def use_case(tx: ReadTx, visit: Visit) -> Found:
        nonlocal problem
        account_id = visit.account.id
        people = await service.list_users(tx, account_id, limit=MAX_USERS, page=0)
        try:
            chosen = _filter(asked, visit.account.time_zone)
        except Invalid as error:
            problem = error
            return Found((), {}, people)
        rows = await audit.listing(tx, account_id, chosen, limit=PAGE_SIZE + 1)
        actors = sorted({row["actor"] for row in rows})
        names = {user.id: user.name for user in await accounts.users_with_ids(tx, account_id, actors)}
        return Found(rows, await key_store.names(tx, account_id, actors) | names | _SYSTEM, people)

    visit, found = await read(request, "audit.read", use_case)
    if problem is not None:
        notice = refused(problem)
    rows = found.rows[:PAGE_SIZE]
    fields = {name: asked.text(name) for name in ("actor", "action", "from", "to")}
    older = {name: value for name, value in fields.items() if value}
    return screen(
        request,
        visit,
        "audit.html",
        here="audit",
        notice=notice,
        status=200 if problem is None else problem.status,
        lines=[_line(row, found.names, texts_of(visit.account)) for row in rows],
        users=sorted(found.users, key=lambda user: user.name.casefold()),
        asked=fields,
        older=urlencode(older | {"before": rows[-1]["id"]}) if len(found.rows) > PAGE_SIZE else "",
        first_page=not asked.text("before"),
    )


def _filter(asked: Form, zone: str) -> Filter:
    first, end = days_between(asked.text("from") or None, asked.text("to") or None, zone)
    before = asked.text("before")
    return Filter(
        actor=asked.text("actor") or None,
        action=asked.text("action").lower().replace(" ", "_") or None,
        first=first,
        end=end,
        before=before if is_hex24(before) else None,
    )


def _line(row: Row, names: Mapping[str, str], texts: Texts) -> Line:
    action: str = row["action"]
    moment = texts.moment(row["at"])
    day, _, clock = moment.rpartition(", ")
    return Line(
        day=day,
        clock=clock,
        who=names.get(row["actor"], row["actor"]),
        what=action.replace("_", " ").replace(".", ": ", 1).capitalize(),
        order=row["subject_id"] if action.startswith("order.") else "",
        detail=_detail(msgspec.json.decode(row["detail"]), texts),
    )


def _detail(detail: Any, texts: Texts) -> str:
    """Return what the event has besides, in a few words: what people read, and no ids of parts of a thing."""
    if not isinstance(detail, dict):
        return ""
    currency = str(detail.get("currency") or texts.currency)
    parts = []
    for name, value in detail.items():
        words = name.replace("_", " ")
        if name in _AMOUNTS and isinstance(value, int):
            parts.append(f"{words} {texts.money(value, currency)}")
        elif value is True:
            parts.append(words)
        elif text := _value(value):
            parts.append(f"{words}: {text}")
    return "; ".join(part for part in parts if not part.startswith("currency: "))[:300]


def _value(value: Any) -> str:
    if isinstance(value, list):
        return ", ".join(filter(None, map(_value, value)))
    if isinstance(value, dict):
        return ", ".join(f"{name} {text}" for name, each in value.items() if (text := _value(each)))
    if value is None or isinstance(value, bool) or (isinstance(value, str) and _ID.fullmatch(value)):
        return ""
    return str(value)


ROUTES: list[HTTPRouteHandler] = [get_audit]
