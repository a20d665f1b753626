"""Mail addresses, and the mail server of the settings."""

from __future__ import annotations

import re
from dataclasses import dataclass, field
from email.header import Header
from email.utils import parseaddr
from typing import Literal, NamedTuple, TypeAlias
from urllib.parse import unquote, urlsplit

from seatwright.core.domains import ascii_domain

Security: TypeAlias = Literal["starttls", "tls", "none"]

MAX_ADDRESS = 254
MAX_LOCAL = 64
MAX_NAME = 100
"""Longest name beside an address that is sent, in characters."""

MAX_LINE = 76
"""Longest line of a header that has encoded words, in characters (RFC 2047, section 2)."""

_PHRASE = re.compile(r"[A-Za-z0-9'!*+/ -]*")
_UNSTRUCTURED = re.compile(r"[ -~]*")
"""Text that needs no encoding beside an address and in a header of plain text."""
_PLAIN_LENGTH = MAX_LINE - len("Reply-To: ")
_ENCODED_WORD = "=?"
"""How an encoded word begins."""

_ADDRESS = re.compile(r"[^@\s]+@[^@\s]+")
_LOCAL = re.compile(r"[\w!#$%&'*+/=?^`{|}~-]+(\.[\w!#$%&'*+/=?^`{|}~-]+)*")
_LABEL = re.compile(r"[a-z0-9]([a-z0-9-]{0,61}[a-z0-9])?")
_SECURITY: dict[str, tuple[Security, int]] = {
    "smtp": ("starttls", 587),
    "smtps": ("tls", 465),
    "smtp+plain": ("none", 25),
}


class Mailbox(NamedTuple):
    """A mail address that can be written to, its domain in ASCII, and the name beside it."""

    name: str
    local: str
    domain: str

    @property
    def address(self) -> str:
        """The address without the name."""
        return f"{self.local}@{self.domain}"

    @property
    def header(self) -> str:
        """The mailbox in the form of a header on the wire, folded. It is one mailbox for any name."""
        name = header_text(self.name, MAX_NAME, phrase=True)
        if not name:
            return self.address
        space = " " if len(name) + len(self.address) < _PLAIN_LENGTH else "\r\n "
        return f"{name}{space}<{self.address}>"


@dataclass(frozen=True, slots=True)
class MailServer:
    """The server that takes outgoing mail. Without TLS (`none`) there is never a password."""

    host: str
    port: int
    security: Security
    user: str = ""
    password: str = field(default="", repr=False)


def one_line(text: str, limit: int) -> str:
    """Return `text` without control characters and with single spaces, cut to `limit` characters.

    After this, any text of a customer fits into a header and into a line.
    """
    line = " ".join("".join(c if c.isprintable() else " " for c in text).split())
    return line if len(line) <= limit else line[: limit - 1].rstrip() + "…"


def is_address(text: str) -> bool:
    """Return whether a text has the form of one mail address, as accepted from clients. This is looser than
    `mailbox`.
    """
    return len(text) <= MAX_ADDRESS and _ADDRESS.fullmatch(text) is not None


def header_text(text: str, limit: int, *, phrase: bool = False) -> str:
    """Return `one_line` of a text in the form of a header on the wire: unchanged, or in encoded words (RFC 2047),
    folded.

    A `phrase` is a name beside an address: commas, quotes and addresses in it are inside of encoded words. A text that
    itself looks like an encoded word is broken with a space, so that decoding it, even twice, never produces a line
    break. (Python's own headers decode their input, and write the line break into the mail.)
    """
    line = one_line(text, limit).replace(_ENCODED_WORD, "= ?")
    if len(line) <= _PLAIN_LENGTH and (_PHRASE if phrase else _UNSTRUCTURED).fullmatch(line):
        return line
    return Header(line, "utf-8", maxlinelen=MAX_LINE, header_name="Reply-To").encode(linesep="\r\n")


def mailbox(text: str, name: str = "") -> Mailbox | None:
    """Return the mailbox of an address, or None if nothing can be sent there.

    Stricter than `is_address`: a plain local part, which may be beyond ASCII but must not be something that mail
    programs take for an encoded word, and a domain name with at least two labels, or `localhost` (RFC 5321 without
    quoted local parts and without address literals).
    """
    local, at, domain = text.strip().rpartition("@")
    if not at or len(local) > MAX_LOCAL or not _LOCAL.fullmatch(local) or _ENCODED_WORD in local:
        return None
    host = ascii_domain(domain)
    if host is None:
        return None
    labels = host.split(".")
    if not all(_LABEL.fullmatch(label) for label in labels) or (len(labels) < 2 and host != "localhost"):
        return None
    if len(local.encode()) + 1 + len(host) > MAX_ADDRESS:
        return None
    return Mailbox(one_line(name, MAX_NAME), local, host)


def parse_mailbox(text: str) -> Mailbox | None:
    """Return the mailbox of `address` or `Name <address>`; None if it is neither."""
    name, address = parseaddr(text)
    return mailbox(address, name)


def parse_server(text: str) -> MailServer:
    """Return the server that an address names: `smtp://` with STARTTLS, `smtps://` with TLS, `smtp+plain://` without.

    User and password are written as in any URL, percent-encoded. Raises `ValueError`, which says what is wrong and
    never contains the password.
    """
    try:
        parts = urlsplit(text)
        port = parts.port
    except ValueError:
        raise ValueError("is not an address such as smtp://user:password@mail.example:587.") from None
    if parts.scheme not in _SECURITY or not parts.hostname:
        raise ValueError("must be like smtp://user:password@host:587, smtps://…:465 or smtp+plain://localhost:25.")
    host = ascii_domain(parts.hostname)
    if host is None:
        raise ValueError("has a host that can't be a domain's name.")
    if parts.path.strip("/") or parts.query or parts.fragment:
        raise ValueError("has something behind the port; write special characters of the password as %2F and so on.")
    security, usual = _SECURITY[parts.scheme]
    user, password = unquote(parts.username or ""), unquote(parts.password or "")
    if security == "none" and (user or password):
        raise ValueError("smtp+plain:// has no TLS, and takes no password for that reason.")
    if bool(user) != bool(password):
        raise ValueError("needs both a user and a password, or neither.")
    return MailServer(host, port or usual, security, user, password)
