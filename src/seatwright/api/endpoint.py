"""From a verified token to an answer: one transaction, committed before the answer goes out.

An Idempotency-Key makes a write repeatable: its answer is stored in the transaction of its effect, and sent
again, byte for byte, for the same request with the same key.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable
from typing import Any, TypeVar

from litestar import Response

from seatwright.api import wire
from seatwright.api.context import ApiRequest, Services, claims, services
from seatwright.api.errors import error_bytes
from seatwright.auth.model import Caller, Permission
from seatwright.auth.service import caller
from seatwright.auth.tokens import Claims
from seatwright.core.clock import SECOND_MS, Instant
from seatwright.core.errors import Forbidden, KeyReused, SeatwrightError, TooMany, Unauthorized
from seatwright.storage import idempotency
from seatwright.storage.engine import ReadTx, Tx
from seatwright.storage.idempotency import StoredAnswer

T = TypeVar("T")

KEY_HEADER = "idempotency-key"
REPLAYED_HEADER = "Idempotent-Replayed"

_NOT_STORED = (Unauthorized, Forbidden, KeyReused, TooMany)
"""Refusals that say nothing about the request itself: it has not been tried."""


async def read(
    request: ApiRequest,
    permission: Permission | None,
    use_case: Callable[[ReadTx, Caller], Awaitable[T]],
    render: Callable[[T], Any],
) -> Response[Any]:
    """Answer with what a read-only use case returns.

    `permission` None is any user of the account. Raises `Unauthorized`, `Forbidden`, and what the use case raises.
    """
    verified = claims(request)

    async def run(tx: ReadTx) -> T:
        return await use_case(tx, await _admitted(tx, verified, permission))

    return _answer(200, wire.enveloped(render(await services(request).database.read(run))))


async def write(
    request: ApiRequest,
    permission: Permission | None,
    use_case: Callable[[Tx, Caller], Awaitable[T]],
    render: Callable[[T], Any],
    *,
    replayable: bool = True,
) -> Response[Any]:
    """Run a use case that writes, and answer with what it returns, after the commit.

    The use case may run more than once (see `storage.engine`). `replayable` False ignores an Idempotency-Key:
    for answers that must not be stored. Raises as `read` does, and `KeyReused`.
    """
    verified = claims(request)
    key = request.headers.get(KEY_HEADER) if replayable else None
    if key is not None:
        return await _write_once(request, permission, use_case, render, idempotency.check_key(key))

    async def run(tx: Tx) -> T:
        return await use_case(tx, await _admitted(tx, verified, permission))

    return _answer(200, wire.enveloped(render(await services(request).database.write(run))))


async def _write_once(
    request: ApiRequest,
    permission: Permission | None,
    use_case: Callable[[Tx, Caller], Awaitable[T]],
    render: Callable[[T], Any],
    key: str,
) -> Response[Any]:
    parts, verified = services(request), claims(request)
    query = request.scope["query_string"].decode("latin-1")
    plain = idempotency.fingerprint(request.method, request.scope["path"], query, await request.body())
    print_ = parts.keyring.hash_request(plain)

    async def run(tx: Tx) -> tuple[StoredAnswer, bool]:
        who = await _admitted(tx, verified, permission)
        kept = await _claim(tx, parts, who.account_id, key, print_)
        if kept is not None:
            return kept, True
        answer = StoredAnswer(200, wire.enveloped(render(await use_case(tx, who))))
        await idempotency.store(tx, who.account_id, key, answer)
        return answer, False

    try:
        answer, replayed = await parts.database.write(run)
    except _NOT_STORED:
        raise
    except SeatwrightError as error:
        if error.status >= 500:
            raise
        refusal = StoredAnswer(error.status, error_bytes(error))
        answer, replayed = await _keep_refusal(parts, verified, key, print_, refusal)
    return _answer(answer.status, answer.body, replayed=replayed)


async def _keep_refusal(
    parts: Services, verified: Claims, key: str, print_: str, refusal: StoredAnswer
) -> tuple[StoredAnswer, bool]:
    """Store a refusal, whose transaction was rolled back, unless a competing request's answer is there by now."""

    async def run(tx: Tx) -> tuple[StoredAnswer, bool]:
        kept = await _claim(tx, parts, verified.account_id, key, print_)
        if kept is not None:
            return kept, True
        await idempotency.store(tx, verified.account_id, key, refusal)
        return refusal, False

    return await parts.database.write(run)


async def _claim(tx: Tx, parts: Services, account_id: str, key: str, print_: str) -> StoredAnswer | None:
    now: Instant = parts.clock.now()
    expired = now - parts.settings.idempotency_seconds * SECOND_MS
    return await idempotency.claim(tx, account_id, key, print_, now, expired_before=expired)


async def admit(request: ApiRequest, permission: Permission) -> None:
    """Check a permission before work that is done ahead of the transaction, which checks it again."""
    verified = claims(request)
    await services(request).database.read(lambda tx: _admitted(tx, verified, permission))


async def _admitted(tx: ReadTx, verified: Claims, permission: Permission | None) -> Caller:
    who = await caller(tx, verified)
    if permission is not None:
        who.require(permission)
    return who


def _answer(status: int, body: bytes, *, replayed: bool = False) -> Response[Any]:
    headers = {REPLAYED_HEADER: "true"} if replayed else None
    return Response(body, status_code=status, media_type="application/json", headers=headers)
