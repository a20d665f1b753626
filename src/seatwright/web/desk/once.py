"""Something that is done once for each time that a page is shown, however often its form is sent."""

from __future__ import annotations

from collections.abc import Awaitable, Callable

from seatwright.core.clock import SECOND_MS
from seatwright.http.context import ApiRequest, services
from seatwright.storage import idempotency
from seatwright.storage.engine import Tx
from seatwright.storage.idempotency import StoredAnswer
from seatwright.web.desk.visit import Form, Visit

ONCE = "once"
"""The field of a form with a random text, a new one for each page."""


async def once(
    tx: Tx, request: ApiRequest, visit: Visit, sent: Form, use_case: Callable[[Tx, Visit], Awaitable[object]]
) -> None:
    """Run a use case unless the same form has run it before; that is remembered in the same transaction."""
    parts, account_id = services(request), visit.account.id
    key = f"desk-{sent.text(ONCE)[:64]}"
    before = visit.now - parts.settings.idempotency_seconds * SECOND_MS
    fingerprint = idempotency.fingerprint("POST", request.scope["path"], "", b"")
    if await idempotency.claim(tx, account_id, key, fingerprint, visit.now, expired_before=before) is None:
        await use_case(tx, visit)
        await idempotency.store(tx, account_id, key, StoredAnswer(303, b""))
