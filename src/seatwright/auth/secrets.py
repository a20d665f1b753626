"""Keys of the server, all derived from one secret, and the keyed hash under which API keys are kept."""

from __future__ import annotations

import hashlib
import hmac
import os
import secrets
from dataclasses import dataclass
from pathlib import Path

SECRET_FILE = "secret.key"  # noqa: S105 - a file name


@dataclass(frozen=True, slots=True, repr=False)
class Keyring:
    """The derived keys. It has no repr, so that none of them gets into a log or a traceback."""

    token_key: bytes
    api_key_key: bytes
    request_key: bytes
    link_key: bytes
    webhook_key: bytes

    @classmethod
    def from_secret(cls, secret: str) -> Keyring:
        """Derive all keys from `secret`; the same secret always gives the same keys."""
        return cls(
            token_key=_derive(secret, "token signatures"),
            api_key_key=_derive(secret, "api key hashes"),
            request_key=_derive(secret, "request fingerprints"),
            link_key=_derive(secret, "customer links"),
            webhook_key=_derive(secret, "webhook secrets"),
        )

    @classmethod
    def open(cls, secret: str, data: Path) -> Keyring:
        """Use `secret`, or if it is empty the one kept in the data directory, made on first use."""
        return cls.from_secret(secret or _kept_secret(data))

    def hash_api_key(self, key: str) -> str:
        """Return what is stored of an API key: keys are random, so a keyed hash is as good as a slow one."""
        return hmac.new(self.api_key_key, key.strip().lower().encode(), hashlib.sha256).hexdigest()

    def hash_request(self, fingerprint: str) -> str:
        """Return what is stored of a request's fingerprint. A request may hold a password, and a plain hash of it
        could be guessed at fast by whoever reads the database."""
        return hmac.new(self.request_key, fingerprint.encode(), hashlib.sha256).hexdigest()


def same_hash(left: str, right: str) -> bool:
    """Compare two hashes in a time that tells nothing about them."""
    return hmac.compare_digest(left.encode(), right.encode())


def _derive(secret: str, label: str) -> bytes:
    return hmac.new(secret.encode(), b"seatwright 1 " + label.encode(), hashlib.sha256).digest()


def _kept_secret(data: Path) -> str:
    """Read the secret of a data directory, making it first if there is none.

    Written to a file of its own and linked into place: of several workers that start at once one wins, and
    none can read a file that is only half there.
    """
    path = data / SECRET_FILE
    if not path.exists():
        data.mkdir(parents=True, exist_ok=True)
        draft = data / f".{SECRET_FILE}.{os.getpid()}.{secrets.token_hex(4)}"
        descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
        try:
            with os.fdopen(descriptor, "w") as file:
                file.write(secrets.token_hex(32) + "\n")
                file.flush()
                os.fsync(file.fileno())
            _link(draft, path)
        finally:
            draft.unlink()
    return path.read_text(encoding="ascii").strip()


def _link(draft: Path, path: Path) -> None:
    try:
        path.hardlink_to(draft)
    except FileExistsError:
        return  # another process was first; its secret counts
    directory = os.open(path.parent, os.O_RDONLY)
    try:
        os.fsync(directory)
    finally:
        os.close(directory)
