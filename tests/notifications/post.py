"""A real SMTP server (aiosmtpd) on this machine, which can be down, slow, refuse, and die in the middle."""

from __future__ import annotations

import asyncio
import datetime
import email
import ipaddress
import socket
import ssl
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from dataclasses import dataclass, field
from email import policy
from email.message import EmailMessage
from pathlib import Path
from typing import Any

from aiosmtpd.smtp import SMTP, AuthResult, Envelope, Session
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec
from cryptography.x509.oid import NameOID

HOST = "127.0.0.1"


@dataclass
class PostOffice:
    """What a server does and what it has taken. Each list of answers is used up from the front; then it takes all."""

    recipient_answers: list[str] = field(default_factory=list)
    data_answers: list[str] = field(default_factory=list)
    dies: list[str] = field(default_factory=list)
    """`before` drops the connection instead of asking for the mail, `after` when it has the mail."""
    slow: dict[str, asyncio.Event] = field(default_factory=dict)
    """Recipients whose mail is only taken once the event is set."""
    taken: list[tuple[str, bytes]] = field(default_factory=list)
    """Recipient and mail, of every mail that the server said yes to."""
    seen: list[bytes] = field(default_factory=list)
    """Every mail that came to its end, whatever was answered."""
    logins: list[tuple[bytes, bytes]] = field(default_factory=list)
    _changed: asyncio.Condition = field(default_factory=asyncio.Condition)

    async def handle_RCPT(  # noqa: N802 - aiosmtpd's name
        self, server: SMTP, session: Session, envelope: Envelope, address: str, options: list[str]
    ) -> str:
        """Take a recipient, or not."""
        if self.recipient_answers:
            return self.recipient_answers.pop(0)
        envelope.rcpt_tos.append(address)
        return "250 OK"

    async def handle_DATA(self, server: SMTP, session: Session, envelope: Envelope) -> str:  # noqa: N802
        """Take a mail, or not."""
        content = envelope.content
        assert isinstance(content, bytes)
        recipient = envelope.rcpt_tos[0]
        self.seen.append(content)
        if recipient in self.slow:
            await self.slow[recipient].wait()
        if self.dies and self.dies.pop(0) == "after":
            assert server.transport is not None
            server.transport.abort()
            return "250 never heard"
        if self.data_answers:
            return self.data_answers.pop(0)
        async with self._changed:
            self.taken.append((recipient, content))
            self._changed.notify_all()
        return "250 2.0.0 taken"

    def authenticate(self, server: SMTP, session: Session, envelope: Envelope, mechanism: str, data: Any) -> AuthResult:
        """Let somebody in."""
        self.logins.append((data.login, data.password))
        good = data.password == b"s3cret/word"
        return AuthResult(success=good, handled=good)

    async def until(self, count: int) -> None:
        """Wait until so many mails were taken."""
        async with asyncio.timeout(60), self._changed:
            await self._changed.wait_for(lambda: len(self.taken) >= count)

    def mails(self) -> list[EmailMessage]:
        """The mails that were taken. (No property: aiosmtpd reads all of those at every connection.)"""
        return [parsed(content) for _, content in self.taken]


class _Dying(SMTP):
    """Drops the connection instead of asking for the mail, where it should."""

    async def smtp_DATA(self, arg: str) -> None:  # noqa: N802 - aiosmtpd's name
        office = self.event_handler
        assert isinstance(office, PostOffice)
        if office.dies[:1] == ["before"]:
            office.dies.pop(0)
            assert self.transport is not None
            self.transport.abort()
            return
        await super().smtp_DATA(arg)


def parsed(content: bytes) -> EmailMessage:
    """Read a mail."""
    mail = email.message_from_bytes(content, policy=policy.default)
    assert isinstance(mail, EmailMessage)
    return mail


@asynccontextmanager
async def open_post(
    office: PostOffice,
    held: socket.socket | None = None,
    *,
    implicit: ssl.SSLContext | None = None,
    **options: Any,
) -> AsyncIterator[int]:
    """Run a server until the block ends, on a port that is `held` if need be; its port."""
    loop = asyncio.get_running_loop()
    protocols: list[SMTP] = []

    def make() -> SMTP:
        protocols.append(_Dying(office, hostname="mx.test", enable_SMTPUTF8=True, loop=loop, **options))
        return protocols[-1]

    factory: Callable[[], SMTP] = make
    if held is not None:
        server = await loop.create_server(factory, sock=held, ssl=implicit)
    else:
        server = await loop.create_server(factory, HOST, 0, ssl=implicit)
    try:
        yield server.sockets[0].getsockname()[1]
    finally:
        server.close()
        for protocol in protocols:
            if protocol.transport is not None:
                protocol.transport.abort()
        await server.wait_closed()


def certificate(directory: Path) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate for `HOST`; return the server's context, and that of a client which trusts it."""
    key = ec.generate_private_key(ec.SECP256R1())
    name = x509.Name([x509.NameAttribute(NameOID.COMMON_NAME, "mx.test")])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.IPAddress(ipaddress.ip_address(HOST))]), critical=False)
        .add_extension(x509.BasicConstraints(ca=True, path_length=0), critical=True)
        .sign(key, hashes.SHA256())
    )
    cert_file, key_file = directory / "cert.pem", directory / "key.pem"
    cert_file.write_bytes(made.public_bytes(serialization.Encoding.PEM))
    key_file.write_bytes(
        key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, serialization.NoEncryption())
    )
    server = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    server.load_cert_chain(cert_file, key_file)
    return server, ssl.create_default_context(cafile=str(cert_file))
