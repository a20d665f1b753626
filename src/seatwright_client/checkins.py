"""Check-ins that were made on a device, sent together and late."""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from typing import Any

from seatwright_client.answers import Shape, enveloped
from seatwright_client.operations import Mode, Resource, operation
from seatwright_client.request import MANAGE, Request, given, write


class CheckInResult(Shape, frozen=True, kw_only=True):
    """What became of a check-in: `noted`, `overtaken` by somebody else's later one, or `refused`, with the reason.

    The dates say since when the guest is there, or a no-show.
    """

    id: str
    guest_id: str
    outcome: str
    checked_in_date: dt.datetime | None = None
    no_show_date: dt.datetime | None = None
    error_code: str | None = None
    error_message: str | None = None


class CheckIns(Resource[Mode]):
    """`client.check_ins`."""

    @operation
    def send(
        self, check_ins: Iterable[Mapping[str, Any]], *, idempotency_key: str | None = None
    ) -> Request[list[CheckInResult]]:
        """Send check-ins, in any order: dictionaries with `id` (an own one each), `at` (when it was made), `orderId`,
        `departureId`, `guestId` and `mark` (`in`, `out`, `missing` or `came`).

        Of each guest the latest counts. What can't be noted is `refused` in its result, and the others are noted.
        """
        body = given(check_ins=list(check_ins))
        return write("POST", f"{MANAGE}/check-ins", enveloped(list[CheckInResult]), key=idempotency_key, body=body)
