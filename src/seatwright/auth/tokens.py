"""Bearer tokens: JWTs signed with HS256, valid until they expire or are withdrawn (see `Claims`)."""

from __future__ import annotations

from functools import lru_cache
from typing import Any

import jwt
import msgspec

from seatwright.auth.secrets import Keyring
from seatwright.core.clock import SECOND_MS, Instant
from seatwright.core.errors import Unauthorized

ALGORITHM = "HS256"
MAX_TOKEN = 2_000
"""Longest token that is read, in characters; ours have about 300."""

_TIMES_ARE_OURS: Any = {
    # The library would compare with the system's clock.
    "verify_exp": False,
    "verify_iat": False,
    "verify_nbf": False,
    "require": ["sub", "acc", "gen", "iat", "exp"],
}


class Claims(msgspec.Struct, frozen=True, kw_only=True):
    """The content of a verified token: a user of an account, at one generation of that user's tokens.

    A token that was given for the account's API key carries the key's generation too, and ends when the key is
    reset. One for a key of an integration's own names that key in `key_id`, and ends when it is revoked. Both are None
    in one that was given for a password, which ends with the password.
    """

    user_id: str
    account_id: str
    generation: int
    key_generation: int | None = None
    key_id: str | None = None

    @property
    def caller_id(self) -> str:
        """The id under which requests are counted: that of the integration's own key, or else the user's."""
        return self.key_id or self.user_id


class _Payload(msgspec.Struct):
    """The JSON in a token."""

    sub: str
    acc: str
    gen: int
    exp: int
    key: int | None = None
    api: str | None = None


def issue(keyring: Keyring, claims: Claims, *, now: Instant, lifetime_s: int) -> str:
    """Return a signed token for `claims` that expires `lifetime_s` seconds after `now`."""
    issued_s = now // SECOND_MS
    payload: dict[str, str | int] = {
        "sub": claims.user_id,
        "acc": claims.account_id,
        "gen": claims.generation,
        "iat": issued_s,
        "exp": issued_s + lifetime_s,
    }
    if claims.key_generation is not None:
        payload["key"] = claims.key_generation
    if claims.key_id is not None:
        payload["api"] = claims.key_id
    return jwt.encode(payload, keyring.token_key, algorithm=ALGORITHM)


def verify(keyring: Keyring, token: str, *, now: Instant) -> Claims:
    """Return the claims of a token with a valid signature and expiry. Doesn't use the database.

    Raises `Unauthorized`, with the code `token_expired` or `invalid_token`.
    """
    if len(token) > MAX_TOKEN:
        raise _invalid()
    claims, expires_s = _signed(keyring.token_key, token)
    if now >= expires_s * SECOND_MS:
        raise Unauthorized("The token has expired; get a new one from /authenticate.", code="token_expired")
    return claims


@lru_cache(maxsize=4096)
def _signed(key: bytes, token: str) -> tuple[Claims, int]:
    """Return the content of a token with a valid signature, and when it expires (seconds). It is cached, because it
    never changes.

    Whether the token is still valid (its expiry, the user, the generations) is checked each time.
    """
    try:
        payload = jwt.decode(token, key, algorithms=[ALGORITHM], options=_TIMES_ARE_OURS)
    except (jwt.InvalidTokenError, UnicodeError):
        raise _invalid() from None
    try:
        said = msgspec.convert(payload, _Payload)
    except msgspec.ValidationError:
        raise _invalid() from None
    claims = Claims(
        user_id=said.sub, account_id=said.acc, generation=said.gen, key_generation=said.key, key_id=said.api
    )
    return claims, said.exp


def _invalid() -> Unauthorized:
    return Unauthorized("The bearer token is not valid; get a new one from /authenticate.", code="invalid_token")
