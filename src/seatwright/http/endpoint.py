"""From a verified token to an answer: one transaction, committed before the answer is sent.

An Idempotency-Key makes a write repeatable: its answer is stored in the transaction of its effect, and sent
again, byte for byte, for the same request with the same key.
"""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Sequence
from typing import Any, TypeVar

from litestar import Response
from litestar.types import Message, Receive, Scope, Send

from seatwright.auth.model import Caller, Permission
from seatwright.auth.tokens import Claims
from seatwright.core.clock import SECOND_MS, Instant
from seatwright.core.errors import Forbidden, KeyReused, SeatwrightError, TooMany, Unauthorized
from seatwright.http import wire
from seatwright.http.context import ApiRequest, Services, claims, services
from seatwright.http.errors import error_bytes
from seatwright.storage import idempotency
from seatwright.storage.engine import ReadTx, Tx
from seatwright.storage.idempotency import StoredAnswer

T = TypeVar("T")

KEY_HEADER = "idempotency-key"
REPLAYED_HEADER = "Idempotent-Replayed"
_REPLAYED = (REPLAYED_HEADER.lower().encode(), b"true")

_NOT_STORED = (Unauthorized, Forbidden, KeyReused, TooMany)
"""Refusals that don't depend on the request's content: it has not been tried."""


async def read(
    request: ApiRequest,
    permission: Permission | None,
    use_case: Callable[[ReadTx, Caller], Awaitable[T]],
    render: Callable[[T], Any],
) -> Response[Any]:
    """Answer with the result of a read-only use case.

    `permission` None allows any user of the account. Raises `Unauthorized`, `Forbidden`, and the errors of the use
    case.
    """
    parts, verified = services(request), claims(request)

    async def run(tx: ReadTx) -> T:
        return await parts.admission.run(tx, verified, permission, use_case)

    return _answer(200, wire.enveloped(render(await parts.database.read(run))))


async def write(
    request: ApiRequest,
    permission: Permission | None,
    use_case: Callable[[Tx, Caller], Awaitable[T]],
    render: Callable[[T], Any],
    *,
    replayable: bool = True,
    heavy: bool = False,
    one_trip: bool = False,
) -> Response[Any]:
    """Run a use case that writes, and answer with its result after the commit.

    The use case may run more than once (see `storage.engine`). `replayable` False ignores an Idempotency-Key:
    for answers that must not be stored; `heavy` and `one_trip` as in `Database.write`. Raises as `read` does, and
    `KeyReused`.
    """
    parts, verified = services(request), claims(request)
    key = request.headers.get(KEY_HEADER) if replayable else None
    if key is not None:
        return await _write_once(request, permission, use_case, render, idempotency.check_key(key), heavy)

    async def run(tx: Tx) -> T:
        return await parts.admission.run(tx, verified, permission, use_case)

    return _answer(200, wire.enveloped(render(await parts.database.write(run, heavy=heavy, one_trip=one_trip))))


async def _write_once(
    request: ApiRequest,
    permission: Permission | None,
    use_case: Callable[[Tx, Caller], Awaitable[T]],
    render: Callable[[T], Any],
    key: str,
    heavy: bool,
) -> Response[Any]:
    parts, verified = services(request), claims(request)
    query = request.scope["query_string"].decode("latin-1")
    plain = idempotency.fingerprint(request.method, request.scope["path"], query, await request.body())
    fingerprint = parts.keyring.hash_request(plain)

    async def once(tx: Tx, who: Caller) -> tuple[StoredAnswer, bool]:
        kept = await _claim(tx, parts, who.account_id, key, fingerprint)
        if kept is not None:
            return kept, True
        answer = StoredAnswer(200, wire.enveloped(render(await use_case(tx, who))))
        await idempotency.store(tx, who.account_id, key, answer)
        return answer, False

    async def run(tx: Tx) -> tuple[StoredAnswer, bool]:
        return await parts.admission.run(tx, verified, permission, once)

    try:
        answer, replayed = await parts.database.write(run, heavy=heavy)
    except _NOT_STORED:
        raise
    except SeatwrightError as error:
        if error.status >= 500:
            raise
        refusal = StoredAnswer(error.status, error_bytes(request, error))
        answer, replayed = await _keep_refusal(parts, verified, key, fingerprint, refusal)
    return _answer(answer.status, answer.body, replayed=replayed)


async def _keep_refusal(
    parts: Services, verified: Claims, key: str, fingerprint: str, refusal: StoredAnswer
) -> tuple[StoredAnswer, bool]:
    """Store a refusal, whose transaction was rolled back, unless a competing request has stored its answer
    meanwhile.
    """

    async def run(tx: Tx) -> tuple[StoredAnswer, bool]:
        kept = await _claim(tx, parts, verified.account_id, key, fingerprint)
        if kept is not None:
            return kept, True
        await idempotency.store(tx, verified.account_id, key, refusal)
        return refusal, False

    return await parts.database.write(run)


async def _claim(tx: Tx, parts: Services, account_id: str, key: str, fingerprint: str) -> StoredAnswer | None:
    now: Instant = parts.clock.now()
    expired = now - parts.settings.idempotency_seconds * SECOND_MS
    return await idempotency.claim(tx, account_id, key, fingerprint, now, expired_before=expired)


async def admit(request: ApiRequest, permission: Permission) -> Caller:
    """Check a permission before work that is done outside of the transaction; return the caller."""
    parts, verified = services(request), claims(request)

    async def caller(tx: ReadTx, who: Caller) -> Caller:
        return who

    return await parts.database.read(lambda tx: parts.admission.run(tx, verified, permission, caller))


class _Prepared(Response[Any]):
    """An answer whose bytes are ready. The framework's own class would compute again what is known here."""

    def __init__(
        self, status: int, body: bytes, headers: Sequence[tuple[bytes, bytes]], kind: bytes = b"application/json"
    ) -> None:
        self.status_code = status
        self.content = body
        self._start: Message = {
            "type": "http.response.start",
            "status": status,
            "headers": [(b"content-type", kind), (b"content-length", b"%d" % len(body)), *headers],
        }

    def to_asgi_response(self, *_: Any, **__: Any) -> Any:
        """Return the answer as an application."""
        return self._send

    async def _send(self, _scope: Scope, _receive: Receive, send: Send) -> None:
        await send(self._start)
        await send({"type": "http.response.body", "body": self.content, "more_body": False})


def _answer(status: int, body: bytes, *, replayed: bool = False) -> Response[Any]:
    return _Prepared(status, body, [_REPLAYED] if replayed else [])


def prepared(
    body: bytes, headers: Sequence[tuple[bytes, bytes]] = (), kind: bytes = b"application/json"
) -> Response[Any]:
    """Answer 200 with ready bytes of the media type `kind`."""
    return _Prepared(200, body, headers, kind)
