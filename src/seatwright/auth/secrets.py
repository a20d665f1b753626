"""Keys of the server, all derived from one secret, and the keyed hash under which API keys are kept."""

from __future__ import annotations

import hashlib
import hmac
import os
import re
import secrets
import shlex
from dataclasses import dataclass
from pathlib import Path

from seatwright.core.config import MIN_SECRET
from seatwright.core.errors import Unavailable
from seatwright.core.files import OTHERS

_OWN_KEY = re.compile(r"swk_([0-9a-f]{24})_[0-9a-f]{40}", re.ASCII)
SECRET_FILE = "secret.key"  # noqa: S105 - a file name


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """The derived keys. It has no repr, so that none of them gets into a log or a traceback."""

    token_key: bytes
    api_key_key: bytes
    request_key: bytes
    link_key: bytes
    webhook_key: bytes
    session_key: bytes
    factor_key: bytes

    @classmethod
    def from_secret(cls, secret: str) -> Keyring:
        """Derive all keys from `secret`; the same secret always gives the same keys."""
        return cls(
            token_key=_derive(secret, "token signatures"),
            api_key_key=_derive(secret, "api key hashes"),
            request_key=_derive(secret, "request fingerprints"),
            link_key=_derive(secret, "customer links"),
            webhook_key=_derive(secret, "webhook secrets"),
            session_key=_derive(secret, "desk sessions"),
            factor_key=_derive(secret, "second factors"),
        )

    @classmethod
    def open(cls, secret: str, data: Path) -> Keyring:
        """Use `secret`, or if it is empty the one that is stored in the data directory.

        Raises `Unavailable`, with the command that repairs it, if there is none, or tokens could be forged with it.
        """
        return cls.from_secret(secret or kept_secret(data))

    def hash_api_key(self, key: str) -> str:
        """Return the stored hash of an API key: keys are random, so a keyed hash is as safe as a slow one."""
        return hmac.new(self.api_key_key, key.strip().lower().encode(), hashlib.sha256).hexdigest()

    def hash_request(self, fingerprint: str) -> str:
        """Return the stored hash of a request's fingerprint. A request may contain a password, and a reader of the
        database could quickly guess it from a plain hash.
        """
        return hmac.new(self.request_key, fingerprint.encode(), hashlib.sha256).hexdigest()


def new_own_key(key_id: str) -> str:
    """Return a fresh key for an integration. It begins with `swk_` and its id, so that anybody who finds one knows what
    it is, and which key to revoke. The rest is 160 random bits.
    """
    return f"swk_{key_id}_{secrets.token_hex(20)}"


def own_key_id(key: str) -> str | None:
    """Return the id in a key that has the form of an integration's; None for the account's key and any other text."""
    match = _OWN_KEY.fullmatch(key.strip().lower())
    return match[1] if match else None


def same_hash(left: str, right: str) -> bool:
    """Compare two hashes in constant time."""
    return hmac.compare_digest(left.encode(), right.encode())


def _derive(secret: str, label: str) -> bytes:
    return hmac.new(secret.encode(), b"seatwright 1 " + label.encode(), hashlib.sha256).digest()


def secret_in(content: bytes) -> str | None:
    """Return the secret that is the `content` of a file, or None if it is empty, too short or not plain text (a file
    of zeros, say, as a crash of the machine may leave one)."""
    text = content.decode("latin-1").strip()
    return text if len(text) >= MIN_SECRET and text.isascii() and text.isprintable() else None


def kept_secret(data: Path) -> str:
    """Return the secret that is stored in a data directory.

    Raises `Unavailable`, with the command that repairs it, if there is none, or tokens could be forged with it.
    """
    path = data / SECRET_FILE
    try:
        with path.open("rb") as file:
            mode, content = os.fstat(file.fileno()).st_mode, file.read()
    except FileNotFoundError as error:
        raise Unavailable(
            f"There is no secret {path.absolute()}: --data or SEATWRIGHT_DATA names the directory that it is in, and "
            "`seatwright migrate` makes one where there never was any.",
            code="no_secret",
        ) from error
    except OSError as error:
        raise Unavailable(f"{path} can't be read: {error.strerror}.", code="secret_unreadable") from error
    named = shlex.quote(str(path))
    if mode & OTHERS:
        raise Unavailable(
            f"Other users of this machine can read or change {path}, and sign tokens with it: run `chmod 600 {named}`.",
            code="secret_open",
        )
    secret = secret_in(content)
    if secret is None:
        raise Unavailable(
            f"{path} is empty, or has fewer than {MIN_SECRET} characters, so that anybody could sign tokens: put the "
            f"right one back; or run `rm {named}` and `seatwright migrate`, and for each account `seatwright keys "
            "reset`.",
            code="secret_unsound",
        )
    return secret


def make_secret(data: Path) -> bool:
    """Make the secret of a data directory, unless it has one; return whether it was made.

    Written to a file of its own and linked into place: of several workers that start at once one wins, and
    none can read a file that is only half there. Raises `Unavailable` if it can't be written.
    """
    path = data / SECRET_FILE
    try:
        return not os.path.lexists(path) and _written(path)
    except OSError as error:
        raise Unavailable(f"{path} can't be written: {error.strerror}.", code="secret_unwritable") from error


def _written(path: Path) -> bool:
    path.parent.mkdir(parents=True, exist_ok=True, mode=0o700)
    draft = path.with_name(f".{SECRET_FILE}.{os.getpid()}.{secrets.token_hex(4)}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "w") as file:
            file.write(secrets.token_hex(32) + "\n")
            file.flush()
            os.fsync(file.fileno())
        return _link(draft, path)
    finally:
        draft.unlink()


def _link(draft: Path, path: Path) -> bool:
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return False  # another process was first; its secret counts
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
    return True
