"""Answers as values: the content of a good one, and the error of a bad one."""

from __future__ import annotations

import re
from collections.abc import Callable
from decimal import Decimal
from email.utils import parsedate_to_datetime
from functools import cache
from typing import Any, Generic, TypeVar, cast

import httpx
import msgspec

from seatwright_client.errors import (
    ApiError,
    BadRequest,
    Conflict,
    ConnectionFailed,
    DecodeError,
    Forbidden,
    KeyReused,
    NotFound,
    RateLimited,
    SeatwrightError,
    ServerError,
    SoldOut,
    Timeout,
    Unauthorized,
    Unavailable,
)
from seatwright_client.request import Request

T = TypeVar("T")

UNSENDABLE = (httpx.LocalProtocolError, SeatwrightError)
"""Requests that can't be sent as they are, or by a client that is closed: nothing was sent, nor would be next time."""
NOT_SENT = (httpx.ConnectError, httpx.ConnectTimeout, httpx.PoolTimeout, *UNSENDABLE)
"""Failures before the first byte of a request was sent."""

_BY_CODE: dict[tuple[int, str], type[ApiError]] = {
    (409, "sold_out"): SoldOut,
    (422, "idempotency_key_reused"): KeyReused,
}
_BY_STATUS: dict[int, type[ApiError]] = {
    400: BadRequest,
    401: Unauthorized,
    403: Forbidden,
    404: NotFound,
    409: Conflict,
    429: RateLimited,
    502: Unavailable,
    503: Unavailable,
    504: Unavailable,
}
_FIELD = re.compile(r"([^\s:]{1,80}): ")


class Shape(msgspec.Struct, frozen=True, kw_only=True, rename="camel"):
    """Base of everything that is read. Fields that this version doesn't know are ignored."""


class _Envelope(Shape, Generic[T], frozen=True, kw_only=True):
    data: T


class _Refusal(Shape, frozen=True, kw_only=True):
    error_message: str
    error_code: str = ""


def enveloped(kind: type[T]) -> Callable[[bytes], T]:
    """Return a function that reads `data` of a good answer as `kind`. Numbers become `Decimal` as they are written."""

    def decode(body: bytes) -> T:
        data: T = _decoder(cast("Any", kind)).decode(body).data
        return data

    return decode


@cache
def _decoder(kind: Any) -> msgspec.json.Decoder[_Envelope[Any]]:
    """Made once for each type, when the first such answer comes."""
    return msgspec.json.Decoder(_Envelope[kind], float_hook=Decimal)


def entry(body: bytes) -> dict[str, Any]:
    """Read `data` that is an object of any shape."""
    return enveloped(dict[str, Any])(body)


def read(request: Request[T], response: httpx.Response) -> T:
    """Return the result of a good answer. Raises `DecodeError`."""
    try:
        return request.decode(response.content)
    except ValueError as error:  # msgspec's errors are ValueErrors
        raise _not_ours(response, str(error)) from None


def failure(outcome: httpx.Response | httpx.HTTPError | SeatwrightError) -> SeatwrightError | None:
    """Return the error of an outcome; None for an answer with a good status."""
    if isinstance(outcome, SeatwrightError):
        return outcome
    if isinstance(outcome, httpx.Response):
        return None if outcome.is_success else _refusal(outcome)
    if isinstance(outcome, httpx.LocalProtocolError):  # its text has the header in it, and that may be the token's
        return ConnectionFailed("The request can't be sent: a header has something in it that HTTP doesn't allow.")
    if isinstance(outcome, httpx.DecodingError):
        return DecodeError(f"The answer's Content-Encoding is broken: {outcome}.")
    kind = Timeout if isinstance(outcome, httpx.TimeoutException) else ConnectionFailed
    return kind(f"{type(outcome).__name__}: {outcome}".removesuffix(": "))


def _refusal(response: httpx.Response) -> SeatwrightError:
    status = response.status_code
    try:
        said = msgspec.json.decode(response.content, type=_Refusal)
    except msgspec.DecodeError:
        # A proxy may say that the server is away or busy. It can't know whether an order exists, so its 404 isn't one.
        if status < 500 and status != 429:
            return _not_ours(response, "it has no errorMessage")
        said = _Refusal(error_message=f"{response.reason_phrase or 'No reason given'}, says something in between.")
    kind = _BY_CODE.get((status, said.error_code)) or _BY_STATUS.get(status)
    error = (kind or (ServerError if status >= 500 else ApiError))(
        said.error_message,
        status=status,
        code=said.error_code,
        field=_field(said.error_message) if status < 500 else None,
        request_id=response.headers.get("x-request-id"),
    )
    if isinstance(error, RateLimited | Unavailable):
        error.retry_after = retry_after(response)
    return error


def _field(message: str) -> str | None:
    """Return the field that a message begins with, as in "referenceId: has more than 500 characters."."""
    found = _FIELD.match(message)
    return found[1] if found else None


def _not_ours(response: httpx.Response, why: str) -> DecodeError:
    where = f", a redirect to {response.headers['location']}," if "location" in response.headers else ""
    return DecodeError(
        f"The answer{where} with status {response.status_code} is not Seatwright's ({why}). Is the base URL right?",
        status=response.status_code,
        beginning=response.text[:200],
    )


def retry_after(response: httpx.Response) -> float | None:
    """Return the seconds that a Retry-After header asks for; a time counts from the answer's own Date."""
    value = response.headers.get("retry-after", "").strip()
    if value.isascii() and value.isdigit():
        return float(value)
    try:
        until, now = parsedate_to_datetime(value), parsedate_to_datetime(response.headers.get("date", ""))
        return max(0.0, (until - now).total_seconds())
    except (ValueError, TypeError):
        return None
