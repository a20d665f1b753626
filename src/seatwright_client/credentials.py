"""Who calls: the credentials, and the token that is fetched for them. Neither is ever shown."""

from __future__ import annotations

import base64
from dataclasses import dataclass, field

import msgspec

from seatwright_client.request import RESMARK, TOKEN, Request, token_text, write

EARLY_S = 60.0
"""A token is renewed this long before it expires, or a tenth of its lifetime before, whichever is less."""


@dataclass(frozen=True, slots=True)
class Credentials:
    """Either a user's name with an API key or the user's password, or a token from elsewhere.

    Key and token are often read from a file or a variable, with a line break: spaces around them are removed.
    """

    username: str = ""
    apikey: str | None = field(default=None, repr=False)
    password: str | None = field(default=None, repr=False)
    token: str | None = field(default=None, repr=False)

    def __post_init__(self) -> None:
        """Raises `ValueError` unless there is exactly one of the three, and for a malformed token; the error never
        contains the values.
        """
        for name in ("apikey", "token"):
            value = getattr(self, name)
            if value is not None:
                object.__setattr__(self, name, value.strip())
        if sum(part is not None for part in (self.apikey, self.password, self.token)) != 1:
            raise ValueError("say username and apikey, or username and password, or token")
        if self.token is None and not self.username:
            raise ValueError("apikey and password need a username")
        if self.apikey == "" or self.password == "":
            raise ValueError("apikey or password is empty")
        if self.token is not None and not TOKEN.fullmatch(self.token.encode(errors="replace")):
            raise ValueError("token: it has something in it that no token has, such as a space in the middle")

    def sign_in(self) -> Request[str] | None:
        """Return the request for a new token; None if there is nothing to get one with."""
        if self.apikey is not None:
            return authenticate(self.username, self.apikey)
        return None if self.password is None else login(self.username, self.password)


def authenticate(username: str, apikey: str) -> Request[str]:
    """Return the request for a token for an API key."""
    body = {"username": username, "apikey": apikey}
    return write("POST", f"{RESMARK}/authenticate", token_text, body=body, authorized=False)


def login(username: str, password: str) -> Request[str]:
    """Return the request for a token for a user's password."""
    body = {"username": username, "password": password}
    return write("POST", f"{RESMARK}/login", token_text, body=body, authorized=False)


class Token:
    """A bearer token, and when to renew it by the client's own clock."""

    __slots__ = ("text", "until_s")

    def __init__(self, text: str, received_s: float) -> None:
        """`received_s` is the time on a monotonic clock: the server's clock and this one needn't agree."""
        self.text = text
        life_s = _lifetime_s(text)
        self.until_s = None if life_s is None else received_s + life_s - min(EARLY_S, life_s / 10)
        """None: it says nothing about its lifetime, and is used until the server refuses it."""

    def good(self, now_s: float) -> bool:
        """Tell whether it can be used without renewing it."""
        return self.until_s is None or now_s < self.until_s


class _Times(msgspec.Struct):
    iat: float
    exp: float


def _lifetime_s(token: str) -> float | None:
    """Return for how many seconds a JWT is good, from its own times; its signature is the server's business."""
    try:
        _, payload, _ = token.split(".")
        times = msgspec.json.decode(base64.urlsafe_b64decode(payload + "=" * (-len(payload) % 4)), type=_Times)
    except ValueError:
        return None
    return max(0.0, times.exp - times.iat)
