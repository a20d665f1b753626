"""Check-ins that a page kept while the server was away, sent together by the desk's script."""

from __future__ import annotations

from collections.abc import Mapping
from functools import partial

import msgspec
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler

from seatwright.cart.model import MarkKind
from seatwright.core.clock import Instant
from seatwright.core.errors import Invalid, SeatwrightError, TooMany, Unavailable
from seatwright.http.context import ApiRequest, services
from seatwright.orders.checkin_batch import MAX_CHECK_INS, CheckIn, CheckInResult, merge
from seatwright.storage.engine import Tx
from seatwright.web.desk.frame import HEADERS
from seatwright.web.desk.texts import Texts, texts_of
from seatwright.web.desk.visit import FORM, Visit, admit, form, write
from seatwright.web.desk.words import sentence

_REFUSALS: Mapping[str, str] = {
    "order_not_found": "has no order here any more.",
    "line_not_found": "isn’t on that departure any more.",
    "not_checkable": "is cancelled, or not accepted yet.",
    "check_in_too_old": "was noted more than a day ago; that doesn’t count any more.",
    "check_in_ahead": "was noted on a device whose clock is wrong; that doesn’t count.",
}
"""Why a check-in was refused, of a guest, by the error's code."""


class KeptCheckIn(msgspec.Struct, forbid_unknown_fields=True):
    """A check-in as the script keeps it. `at` is in milliseconds UTC, by the server's clock as the page knows it."""

    id: str
    at: Instant
    order: str
    departure: str
    guest: str
    mark: MarkKind


class Remark(msgspec.Struct):
    """What somebody has to know of a check-in that doesn't count: of which guest it was, and why, as a sentence whose
    subject the page puts before it, or else `who`."""

    id: str
    guest: str
    who: str
    text: str


class Taken(msgspec.Struct):
    """The ids of the check-ins that the page needn't keep any more, and what is to be said about them."""

    taken: list[str]
    remarks: list[Remark]


@post("/check-ins", **FORM)
async def post_check_ins(request: ApiRequest) -> Response[bytes]:
    """Note check-ins that were kept; each order is a transaction of its own.

    If the server can't go on in the middle, it answers what it has taken, and the page sends the rest again.
    """
    sent = await form(request)
    kept = _read(sent.exact("kept"))
    by_order: dict[str, list[CheckIn]] = {}
    for each in kept:
        by_order.setdefault(each.order, []).append(CheckIn(*msgspec.structs.astuple(each)))
    texts = texts_of((await admit(request, "checkin.write")).account)
    taken = Taken([], [])
    for reference in sorted(by_order):
        try:
            _, results = await write(request, "checkin.write", partial(_merge, request, by_order[reference]))
        except (TooMany, Unavailable):
            if taken.taken:
                break
            raise
        taken.taken += [result.check_in.id for result in results]
        taken.remarks += [_remark(result, texts) for result in results if result.outcome != "noted"]
    return Response(msgspec.json.encode(taken), media_type="application/json", headers=dict(HEADERS))


async def _merge(request: ApiRequest, check_ins: list[CheckIn], tx: Tx, visit: Visit) -> list[CheckInResult]:
    return await merge(tx, services(request).clock, visit.caller, check_ins)


def _read(text: str) -> list[KeptCheckIn]:
    try:
        kept = msgspec.json.decode(text, type=list[KeptCheckIn])
    except msgspec.MsgspecError as error:
        raise Invalid(f"kept: {error}.", code="malformed_form", field="kept") from None
    if len(kept) > MAX_CHECK_INS:
        raise Invalid(f"kept: there are more than {MAX_CHECK_INS}.", code="malformed_form", field="kept")
    return kept


def _remark(result: CheckInResult, texts: Texts) -> Remark:
    who = "A guest" if result.confirmation is None else f"A guest of order {result.confirmation}"
    text = _refusal(result.error) if result.error is not None else _overtaken(result, texts)
    return Remark(result.check_in.id, result.check_in.guest, who, text)


def _refusal(error: SeatwrightError) -> str:
    return _REFUSALS.get(error.code, f"could not be noted: {sentence(error)}")


def _overtaken(result: CheckInResult, texts: Texts) -> str:
    guest = result.guest
    assert guest is not None, "what was noted has a guest"
    if guest.checked_in_at is not None:
        return f"has been there since {texts.clock(guest.checked_in_at)}: somebody noted that later."
    if guest.no_show_at is not None:
        return f"is a no-show since {texts.clock(guest.no_show_at)}: somebody noted that later."
    return "isn’t there after all: somebody took that back later."


ROUTES: list[HTTPRouteHandler] = [post_check_ins]
