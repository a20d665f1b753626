"""Everything that can go wrong in a way that the caller can do something about.

```
SeatwrightError               the base; never raised itself
├── Invalid                   400 invalid_request: the input is malformed, or breaks a rule
├── Unauthorized              401 unauthorized: no credentials, or credentials that don't count
├── Forbidden                 403 forbidden: the caller is known, but may not do this
├── NotFound                  404 not_found: there is no such thing for this account
├── MethodNotAllowed          405 method_not_allowed: the address exists, the method doesn't
├── Conflict                  409 conflict: the present state of things forbids it
│   └── SoldOut               409 sold_out: there are not enough seats or units left
├── TooLarge                  413 too_large: the request body is larger than the server takes
├── UnsupportedMedia          415 unsupported_media_type: the request body is not JSON
├── KeyReused                 422 idempotency_key_reused: the Idempotency-Key came with another request before
├── TooMany                   429 too_many_requests: the caller is over a limit; retry_after_s
└── Unavailable               503 unavailable: the database can't take it now; nothing was acknowledged
```

Each error has an HTTP `status`, a stable `code` (a word that programs may compare) and a sentence that tells a person
what to do. The codes above are those of the kinds; most errors are raised with a narrower one, such as `Conflict` with
`code_taken`. Whatever is not one of these is a bug, and answers 500.
"""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType


class SeatwrightError(Exception):
    """Base of all expected failures.

    Attributes:
        status: the HTTP status that the API answers with.
        code: a stable word, on the wire as `errorCode`.
        message: a sentence for a person, on the wire as `errorMessage`.
        field: the input field that is to blame, where there is one; the sentence begins with it.
        about: what is to blame, in the domain's words (`departure`, `counts.Adult`). The sentence doesn't
            name it, because each door has its own name for it.
        values: what a door needs to say what can be done there.
        details: what a program needs to go on, in the shape of the door, which sets it; on the wire as `details`.
    """

    status = 500
    code = "internal_error"
    details: object = None

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        field: str | None = None,
        about: str | None = None,
        values: Mapping[str, str] = MappingProxyType({}),
    ) -> None:
        super().__init__(message)
        self.message = message
        self.field = field
        self.about = about
        self.values = values
        if code is not None:
            self.code = code


class Invalid(SeatwrightError):
    """The input is malformed or breaks a rule (400)."""

    status = 400
    code = "invalid_request"


class Unauthorized(SeatwrightError):
    """No credentials, or credentials that don't count (401)."""

    status = 401
    code = "unauthorized"


class Forbidden(SeatwrightError):
    """The caller is known, but may not do this (403)."""

    status = 403
    code = "forbidden"


class NotFound(SeatwrightError):
    """The thing does not exist for this account (404); another account's things don't either."""

    status = 404
    code = "not_found"


class MethodNotAllowed(SeatwrightError):
    """The address exists, the method doesn't (405)."""

    status = 405
    code = "method_not_allowed"


class Conflict(SeatwrightError):
    """The present state of things forbids it (409)."""

    status = 409
    code = "conflict"


class SoldOut(Conflict):
    """There are not enough seats or units left (409)."""

    code = "sold_out"


class TooLarge(SeatwrightError):
    """The request body is larger than the server takes (413)."""

    status = 413
    code = "too_large"


class UnsupportedMedia(SeatwrightError):
    """The request body is not JSON (415)."""

    status = 415
    code = "unsupported_media_type"


class KeyReused(SeatwrightError):
    """An Idempotency-Key came again with another request (422)."""

    status = 422
    code = "idempotency_key_reused"


class TooMany(SeatwrightError):
    """The caller is over a limit (429)."""

    status = 429
    code = "too_many_requests"

    def __init__(self, message: str, *, retry_after_s: int, code: str | None = None) -> None:
        super().__init__(message, code=code)
        self.retry_after_s = retry_after_s


class Unavailable(SeatwrightError):
    """The database can't take it now; nothing was acknowledged, so trying again is safe (503)."""

    status = 503
    code = "unavailable"
    retry_after_s = 1
