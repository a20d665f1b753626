"""Requests as values: what to send, how to read the answer, and whether it may be sent again. Nothing is sent here."""

from __future__ import annotations

import datetime as dt
import re
from collections.abc import Callable, Iterable, Mapping
from dataclasses import dataclass, field, replace
from enum import Enum
from typing import Generic, TypeAlias, TypeVar
from urllib.parse import quote

import msgspec

T = TypeVar("T")
V = TypeVar("V")

RESMARK = "/public/api"
MANAGE = "/api/v1"
MAX_KEY = 255
"""Longest idempotency key, in characters."""

Query: TypeAlias = Mapping[str, object]
"""Query parameters; see `query_text` for how each kind of value is written. None values are left out."""

_ONCE = re.compile(rf"POST {MANAGE}/(account/key|keys|webhooks|webhooks/[^/]+/secret)")
"""Routes that change something and whose answers hold a secret: the server never keeps them, and ignores a key."""
_SIGN_IN = re.compile(rf"POST {RESMARK}/(authenticate|login)")
"""Routes that give a token out, and change nothing."""

_encoder = msgspec.json.Encoder(decimal_format="number")


class Repeat(Enum):
    """The effect of sending a request once more."""

    FREE = "free"
    """No effect: it reads."""
    KEYED = "keyed"
    """No effect: it writes, and has an idempotency key."""
    ONCE = "once"
    """Perhaps a second effect, because the server keeps no answer to it. It is sent again only if the server certainly
    didn't process it.
    """


@dataclass(frozen=True, slots=True)
class Request(Generic[T]):
    """One call of the API. `decode` makes the result of the body of a good answer; it raises `ValueError`."""

    method: str
    path: str
    decode: Callable[[bytes], T] = field(repr=False)
    query: Mapping[str, str] = field(default_factory=dict)
    body: bytes | None = field(default=None, repr=False)
    repeat: Repeat = Repeat.FREE
    idempotency_key: str | None = None
    """The caller's own key; a call that is `KEYED` without one gets a new one."""
    authorized: bool = True
    """Whether it carries a token."""
    known: bytes | None = field(default=None, repr=False)
    """The body of the answer, if it is known without sending the request; then the request isn't sent."""

    def next_page(self, found: int) -> Request[T] | None:
        """Return the request for the page after this one, which had `found` results; None if it was the last."""
        if not found or found < int(self.query["limit"]):
            return None
        return replace(self, query={**self.query, "page": str(int(self.query["page"]) + 1)})


def get(path: str, decode: Callable[[bytes], T], query: Query | None = None) -> Request[T]:
    """Return a request that reads."""
    return Request("GET", path, decode, query=written(query or {}))


def listing(path: str, decode: Callable[[bytes], list[V]], query: Query) -> Request[list[V]]:
    """Return a request for a page of a list.

    A filter that is an empty list fits nothing: the page is known to be empty, and the request isn't sent. (It would be
    sent as `ids=`, which the server ignores, because forms send that.)
    """
    nothing = [name for name, value in query.items() if value == []]
    request = get(path, decode, {name: value for name, value in query.items() if name not in nothing})
    return replace(request, known=_NO_RESULTS) if nothing else request


_NO_RESULTS = b'{"data": []}'


def write(
    method: str,
    path: str,
    decode: Callable[[bytes], T],
    *,
    key: str | None = None,
    body: object = None,
    query: Query | None = None,
    authorized: bool = True,
) -> Request[T]:
    """Return a request that writes. If the server supports it, repeated sending has only one effect.

    `body` None is no body. Raises `ValueError` for a key that can't be one.
    """
    return Request(
        method,
        path,
        decode,
        query=written(query or {}),
        body=None if body is None else encode(body),
        repeat=_repeat(f"{method} {path}"),
        idempotency_key=None if key is None else check_key(key),
        authorized=authorized,
    )


def _repeat(route: str) -> Repeat:
    if _SIGN_IN.fullmatch(route):
        return Repeat.FREE
    return Repeat.ONCE if _ONCE.fullmatch(route) else Repeat.KEYED


def encode(body: object) -> bytes:
    """Return JSON. A `Decimal` becomes a number with its decimals as they are."""
    return _encoder.encode(body)


def given(**fields: object) -> dict[str, object]:
    """Return the fields that aren't None, named as on the wire (`reference_id` is `referenceId`)."""
    return {camel(name): value for name, value in fields.items() if value is not None}


def several(values: Iterable[V] | None) -> list[V] | None:
    """Return a list of `values`, which may be empty; None stays None.

    Raises `ValueError` for a single text, which would be read as a list of its letters, and for an empty entry.
    """
    if values is None:
        return None
    if isinstance(values, str | bytes):
        raise ValueError(f"{values!r} is one text and not a list of them")
    entries = list(values)
    if any(entry is None or not str(entry).strip() for entry in entries):
        raise ValueError(f"{entries!r}: an entry is empty")
    return entries


def camel(name: str) -> str:
    """Return `referenceId` for `reference_id`, and `from` for `from_`."""
    first, *others = name.rstrip("_").split("_")
    return first + "".join(part.capitalize() for part in others)


def path(base: str, *segments: str | int) -> str:
    """Return a path of `segments`, each escaped.

    Raises `ValueError` for an empty one, `.` and `..`, which would lead to another address.
    """
    parts = [str(segment) for segment in segments]
    for part in parts:
        if part in ("", ".", ".."):
            raise ValueError(f"{part!r} is not an id")
    return "/".join([base, *(quote(part, safe="") for part in parts)])


def check_key(key: str) -> str:
    """Return an idempotency key that can be one: 1 to 255 printable ASCII characters. Raises `ValueError`."""
    if not 1 <= len(key) <= MAX_KEY or not key.isascii() or not key.isprintable():
        raise ValueError(f"an idempotency key has 1 to {MAX_KEY} printable ASCII characters")
    return key


def written(query: Query) -> dict[str, str]:
    """Return query parameters as text, without those that are None.

    Raises `ValueError` as `query_text` does, and for an empty value, because the server would ignore it.
    """
    texts = {name: query_text(value) for name, value in query.items() if value is not None}
    for name, text in texts.items():
        if not text.strip():
            raise ValueError(f"{name} is empty; None leaves it out")
    return {camel(name): text for name, text in texts.items()}


def query_text(value: object) -> str:
    """Return a query parameter as text: lists with commas, days as YYYY-MM-DD, times in UTC.

    Raises `ValueError` for a time without a zone, and for a list's entry with a comma in it.
    """
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, dt.datetime):
        if value.tzinfo is None:
            raise ValueError("a time needs a zone; say datetime.now(timezone.utc)")
        return value.astimezone(dt.UTC).isoformat().replace("+00:00", "Z")
    if isinstance(value, dt.date):
        return value.isoformat()
    if isinstance(value, Iterable) and not isinstance(value, str):
        parts = [str(part) for part in several(value) or ()]
        if any("," in part for part in parts):
            raise ValueError(f"{value!r}: an entry has a comma in it")
        return ",".join(parts)
    return str(value)


def day(value: dt.date | str | None) -> dt.date | str | None:
    """Return a day, or a text for the server to read. Raises `ValueError` for a time: its day depends on a zone."""
    if isinstance(value, dt.datetime):
        raise ValueError(f"{value!r} is a time and not a day; say which day with .date()")
    return value


TOKEN = re.compile(rb"[A-Za-z0-9._~+/=-]{1,10000}")
"""The characters of a bearer token (RFC 6750)."""


def token_text(body: bytes) -> str:
    """Return the bearer token that an answer consists of. Raises `ValueError` for other answers."""
    stripped = body.strip()
    if not TOKEN.fullmatch(stripped):
        raise ValueError("it is not a token")
    return stripped.decode()


def raw(body: bytes) -> bytes:
    """Return an answer's body as it is."""
    return body
