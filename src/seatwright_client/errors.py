"""Everything that a call can raise.

```
SeatwrightError
├── ConnectionFailed          no answer: refused, broken off, no such host; or the client is closed
├── Timeout                   no answer in time
├── DecodeError               an answer, but not Seatwright's: a proxy's page, a wrong base URL
└── ApiError                  Seatwright says no: status, code, message, field, request_id
    ├── BadRequest            400
    ├── Unauthorized          401
    ├── Forbidden             403
    ├── NotFound              404
    ├── Conflict              409
    │   └── SoldOut           409, code `sold_out`
    ├── KeyReused             422, the idempotency key was used for another request
    ├── RateLimited           429, retry_after
    └── ServerError           500 and above
        └── Unavailable       502, 503, 504, retry_after
```

Wrong arguments that can't be sent at all (an empty id, a key with a line break) are a `ValueError`.
"""

from __future__ import annotations


class SeatwrightError(Exception):
    """Base of all failures of a call.

    Attributes:
        message: a sentence for a person.
        idempotency_key: the key that the call was sent with; None for a read. The same call with this key is the same
            request: it has one effect however often it is sent.
        outcome_unknown: true if the call wrote, and the server may have done it although nobody said so. Repeating it
            with `idempotency_key` finds out.
    """

    def __init__(self, message: str = "", *, idempotency_key: str | None = None, outcome_unknown: bool = False) -> None:
        super().__init__(message)
        self.message = message
        self.idempotency_key = idempotency_key
        self.outcome_unknown = outcome_unknown


class ConnectionFailed(SeatwrightError):
    """There was no answer: no such host, refused, or the connection broke."""


class Timeout(SeatwrightError):
    """There was no answer in time."""


class DecodeError(SeatwrightError):
    """There was an answer, but it isn't Seatwright's: a page of a proxy, a redirect, a wrong base URL.

    `status` is its HTTP status and `beginning` the first 200 characters of its body, for a log.
    """

    def __init__(self, message: str = "", *, status: int = 0, beginning: str = "") -> None:
        super().__init__(message)
        self.status = status
        self.beginning = beginning


class ApiError(SeatwrightError):
    """Seatwright refused.

    Attributes:
        status: HTTP status.
        code: `errorCode`, a stable word; empty where a proxy answered in Seatwright's place.
        message: `errorMessage`, a sentence for a person.
        field: the input that is to blame, where the message names one.
        request_id: what to quote to the operator; it is in the server's log.
    """

    def __init__(
        self,
        message: str = "",
        *,
        status: int = 0,
        code: str = "",
        field: str | None = None,
        request_id: str | None = None,
    ) -> None:
        super().__init__(message)
        self.status = status
        self.code = code
        self.field = field
        self.request_id = request_id

    def __str__(self) -> str:
        """Return status, code, sentence and request id, as a traceback shows them."""
        named = f" [request {self.request_id}]" if self.request_id else ""
        return f"{self.status} {self.code or 'without a code'}: {self.message}{named}"


class BadRequest(ApiError):
    """The request is malformed or breaks a rule (400); `field` names the input."""


class Unauthorized(ApiError):
    """Wrong credentials (401), or a token that doesn't count and can't be renewed."""


class Forbidden(ApiError):
    """The user lacks a permission (403)."""


class NotFound(ApiError):
    """There is no such thing for this account (404)."""


class Conflict(ApiError):
    """The present state of things forbids it (409)."""


class SoldOut(Conflict):
    """There are not enough seats or units left (409, `sold_out`)."""


class KeyReused(ApiError):
    """The idempotency key was used for another request (422)."""


class RateLimited(ApiError):
    """Too many requests (429). `retry_after`: seconds until the server takes the next; None if it didn't say."""

    retry_after: float | None = None


class ServerError(ApiError):
    """A bug of the server (500); quote `request_id` to its operator."""


class Unavailable(ServerError):
    """The server can't take it now (502, 503, 504). `retry_after`: seconds to wait; None if it didn't say."""

    retry_after: float | None = None
