"""`/api/v1/check-ins`: check-ins that come in together, from a device that was without the server.

The answer says of the guests only whether they are there, so a guide's program may use it.
"""

from __future__ import annotations

from datetime import datetime
from typing import Annotated

import msgspec
from litestar import Response, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import JSONBody

from seatwright.api.shapes.words import in_words
from seatwright.auth.model import Caller
from seatwright.cart.model import MarkKind
from seatwright.core.names import text_of
from seatwright.core.times import from_datetime, iso_utc
from seatwright.http import endpoint
from seatwright.http.context import ApiRequest, services
from seatwright.http.wire import Envelope, Wire, Word
from seatwright.orders.checkin_batch import MAX_CHECK_INS, CheckIn, CheckInResult, Outcome, merge
from seatwright.storage.engine import Tx


class CheckInOfGuestIn(Wire):
    """A check-in as it was made on a device: an id of its own, which makes it count once, and when it was made.

    `mark` is `in` for a guest who has turned up and `out` to take that back, `missing` for one who did not come and
    `came` to take that back.
    """

    id: Annotated[str, msgspec.Meta(min_length=8, max_length=64)]
    at: Annotated[datetime, msgspec.Meta(tz=True)]
    order_id: Word
    departure_id: Word
    guest_id: Word
    mark: MarkKind = "in"


class CheckInsIn(Wire):
    """Check-ins, in any order."""

    check_ins: Annotated[list[CheckInOfGuestIn], msgspec.Meta(min_length=1, max_length=MAX_CHECK_INS)]


class CheckInOut(Wire, kw_only=True):
    """What became of a check-in. `overtaken`: somebody else noted something else later, which counts. `refused`: why is
    in `errorCode` and `errorMessage`. The dates are those of the guest now, null if it was refused."""

    id: str
    guest_id: str
    outcome: Outcome
    checked_in_date: str | None
    no_show_date: str | None
    error_code: str | None
    error_message: str | None


@post("/check-ins", status_code=200, summary="Check guests in late", tags=["Orders"])
async def post_check_ins(request: ApiRequest, data: JSONBody[CheckInsIn]) -> Response[Envelope[list[CheckInOut]]]:
    """Note who has turned up or did not come, as it was noted on a device, up to a day later. Of each guest the latest
    check-in counts, by the time at which it was made; sent again, one changes nothing. One that can't be noted is said
    to be refused, and the others are noted.
    """
    check_ins = [
        CheckIn(
            id=each.id,
            at=from_datetime(each.at),
            order=text_of(each.order_id),
            departure=text_of(each.departure_id),
            guest=text_of(each.guest_id),
            kind=each.mark,
        )
        for each in data.check_ins
    ]

    async def run(tx: Tx, caller: Caller) -> list[CheckInResult]:
        return await merge(tx, services(request).clock, caller, check_ins)

    return await endpoint.write(request, "checkin.write", run, lambda found: [*map(_out, found)], heavy=True)


def _out(result: CheckInResult) -> CheckInOut:
    guest, error = result.guest, result.error
    return CheckInOut(
        id=result.check_in.id,
        guest_id=result.check_in.guest,
        outcome=result.outcome,
        checked_in_date=iso_utc(guest.checked_in_at) if guest and guest.checked_in_at is not None else None,
        no_show_date=iso_utc(guest.no_show_at) if guest and guest.no_show_at is not None else None,
        error_code=error.code if error else None,
        error_message=in_words(error) if error else None,
    )


ROUTES: list[HTTPRouteHandler] = [post_check_ins]
