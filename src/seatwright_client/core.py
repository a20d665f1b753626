"""The whole course of a call, without input or output: tokens, attempts, waiting, reading the answer.

`Core.exchange` is a generator. It yields the next step (`Send`, `Pause`, `Renew`) and receives its outcome; the two
clients do these things, one by blocking and one by awaiting, and decide nothing.
"""

from __future__ import annotations

import copy
import logging
import uuid
from collections.abc import Callable, Generator, Mapping
from dataclasses import dataclass, field
from importlib.metadata import PackageNotFoundError, version
from typing import Any, TypeAlias, TypeVar

import httpx

from seatwright_client import answers
from seatwright_client.credentials import Credentials, Token
from seatwright_client.errors import SeatwrightError, Unauthorized
from seatwright_client.request import RESMARK, Repeat, Request
from seatwright_client.retries import Attempts, RetryPolicy

T = TypeVar("T")

log = logging.getLogger("seatwright_client")


@dataclass(frozen=True, slots=True)
class Send:
    """Send this; the outcome is the response, or httpx's error. The fields are what httpx calls them."""

    method: str
    url: str
    params: Mapping[str, str] | None
    headers: Mapping[str, str] = field(repr=False)
    content: bytes | None = field(repr=False)


@dataclass(frozen=True, slots=True)
class Pause:
    """Wait so many seconds."""

    seconds: float


@dataclass(frozen=True, slots=True)
class Renew:
    """Do `Core.renew` with this, one caller at a time; the outcome is what it returns."""

    refused: Token | None
    """A token that the server doesn't take any more."""
    started_s: float
    """When the call began that needs a token."""
    sign_ins: int
    """How many there had been before it waited for its turn."""


Step: TypeAlias = Send | Pause | Renew
Steps: TypeAlias = Generator[Step, Any, T]


class Core:
    """What both clients share. Safe to use from several threads."""

    def __init__(
        self,
        base_url: str,
        credentials: Credentials,
        retries: RetryPolicy,
        clock: Callable[[], float],
        rng: Callable[[], float],
    ) -> None:
        """`clock` is monotonic, in seconds."""
        self.base_url = _base(base_url)
        self._credentials = credentials
        self._retries = retries
        self._clock = clock
        self._rng = rng
        self._token = None if credentials.token is None else Token(credentials.token, clock())
        self._sign_ins = 0
        self._failure: SeatwrightError | None = None
        """Why the last of them failed, if it did."""

    def __repr__(self) -> str:
        """Return where it calls and as whom, without any secret."""
        return f"base_url={self.base_url!r}, username={self._credentials.username!r}"

    def kept_token(self, refused: Token | None = None) -> Token | None:
        """Return the token at hand if it is good and not the one that was refused."""
        token = self._token
        if token is None or token is refused:
            return None
        return token if token.good(self._clock()) or not self._renewable else None

    def renew(self, step: Renew) -> Steps[Token | SeatwrightError]:
        """Return a token for a call whose turn it is, or the error.

        A sign-in that failed while the call waited counts for the waiting call too: otherwise the waiting calls would
        try again one after the other.
        """
        token = self.kept_token(step.refused)
        if token is not None:
            return token
        if self._failure is not None and self._sign_ins != step.sign_ins:
            return copy.copy(self._failure)
        request = self._credentials.sign_in()
        assert request is not None, "a token that was given is never renewed"
        self._failure = None  # one that is broken off (a task may be cancelled) says nothing to those that wait
        try:
            text = yield from self.exchange(request, step.started_s)
        except SeatwrightError as error:
            self._failure = copy.copy(error)  # without its traceback, and all that hangs on it
            self._sign_ins += 1
            return error
        token = self._token = Token(text, self._clock())
        self._sign_ins += 1
        return token

    def exchange(self, request: Request[T], started_s: float | None = None) -> Steps[T]:
        """Make one call to its end. Returns its result; raises a `SeatwrightError`.

        `started_s`: when the call began that this one is made for, which has its time to itself with it.
        """
        if request.known is not None:
            return request.decode(request.known)
        key = (request.idempotency_key or str(uuid.uuid4())) if request.repeat is Repeat.KEYED else None
        started_s = self._clock() if started_s is None else started_s
        attempts = Attempts(self._retries, request.repeat, started_s, self._rng)
        refused: Token | None = None
        while True:
            token = None
            if request.authorized:
                token = self.kept_token(refused) or (yield Renew(refused, started_s, self._sign_ins))
                if isinstance(token, SeatwrightError):
                    token.idempotency_key = key
                    raise attempts.judged(token)
            outcome = yield self._send(request, token, key)
            error = answers.failure(outcome)
            if error is None:
                try:
                    return answers.read(request, outcome)
                except SeatwrightError as unreadable:
                    error = unreadable
            if isinstance(error, Unauthorized) and token is not None and refused is None and self._renewable:
                refused = token
                continue
            error.idempotency_key = key
            if isinstance(outcome, answers.UNSENDABLE):
                raise attempts.judged(error)
            wait_s = attempts.wait_s(error, sent=not isinstance(outcome, answers.NOT_SENT), now_s=self._clock())
            if wait_s is None:
                raise error
            log.info("%s %s again in %.2f s: %s", request.method, request.path, wait_s, error)
            yield Pause(wait_s)

    @property
    def _renewable(self) -> bool:
        return self._credentials.token is None

    def _send(self, request: Request[Any], token: Token | None, key: str | None) -> Send:
        headers = {"User-Agent": USER_AGENT}
        if token is not None:
            headers["Authorization"] = f"Bearer {token.text}"
        if request.body is not None:
            headers["Content-Type"] = "application/json"
        if key is not None:
            headers["Idempotency-Key"] = key
        return Send(request.method, self.base_url + request.path, request.query or None, headers, request.body)


def _base(url: str) -> str:
    """Return a base URL without the API's own path, which integrations write too. Raises `ValueError` for none."""
    try:
        parsed = httpx.URL(url)
    except httpx.InvalidURL as error:
        raise ValueError(f"base_url: {error}") from None
    if parsed.scheme not in ("http", "https") or not parsed.host:
        raise ValueError(f"base_url: must be like https://book.canyon.example, not {url!r}")
    if parsed.userinfo or parsed.query or parsed.fragment:
        raise ValueError("base_url: must have no user name, query or fragment in it")
    return url.rstrip("/").removesuffix(RESMARK).rstrip("/")


def _version() -> str:
    try:
        return version("seatwright-client")
    except PackageNotFoundError:  # run from a source tree
        return "dev"


USER_AGENT = f"seatwright-client/{_version()}"
