"""Hands one mail to the mail server (RFC 5321), and returns the outcome."""

from __future__ import annotations

import asyncio
import ssl
from contextlib import suppress

from aiosmtplib import (
    SMTP,
    SMTPDataError,
    SMTPException,
    SMTPRecipientRefused,
    SMTPResponseException,
    SMTPTimeoutError,
)

from seatwright.core.mail import Mailbox, MailServer
from seatwright.notifications.deliveries import Outcome

CONNECT_S = 20.0
"""How long the server may take for its greeting, and for each command except the last."""
DATA_S = 180.0
"""How long it may take to accept the mail: if we stopped too early, the server might accept it all the same, and the
mail would be sent twice.
"""
WHOLE_S = 240.0
"""How long the whole attempt may take, well below `deliveries.LEASE_MS`."""
OURS = frozenset((530, 534, 535, 538))
"""Refusals that are about our credentials or TLS, not about the mail: the operator can correct them."""


async def submit(
    server: MailServer, mail: bytes, sender: Mailbox, recipient: Mailbox, *, context: ssl.SSLContext | None
) -> Outcome:
    """Send `mail` to one recipient. `context` has the trusted certificates; None for a server without TLS.

    Only a 5xx about the recipient or the mail itself is `final`; everything else may pass.
    """
    client = SMTP(
        hostname=server.host,
        port=server.port,
        timeout=CONNECT_S,
        use_tls=server.security == "tls",
        start_tls=server.security == "starttls",
        tls_context=context,
        local_hostname=sender.domain,
    )
    try:
        async with asyncio.timeout(WHOLE_S):
            return await _conversation(client, server, mail, sender, recipient)
    except TimeoutError:
        return Outcome(False, None, "the mail server took too long")
    finally:
        client.close()


async def _conversation(client: SMTP, server: MailServer, mail: bytes, sender: Mailbox, recipient: Mailbox) -> Outcome:
    options = [] if recipient.local.isascii() else ["SMTPUTF8"]
    try:
        await client.connect()
        if server.user:
            await client.login(server.user, server.password)
        if options:
            await client.ehlo()
        if options and not client.supports_extension("SMTPUTF8"):
            return Outcome(False, None, "the mail server takes no addresses beyond ASCII (SMTPUTF8)", final=True)
        await client.mail(sender.address, options=options, encoding="utf-8" if options else "ascii")
        await client.rcpt(recipient.address, encoding="utf-8" if options else "ascii")
        code, _ = await client.data(mail, timeout=DATA_S)
    except SMTPResponseException as error:
        theirs = isinstance(error, SMTPRecipientRefused | SMTPDataError) and error.code not in OURS
        return Outcome(False, error.code, error.message, final=theirs and 500 <= error.code < 600)
    except SMTPTimeoutError:
        return Outcome(False, None, "the mail server took too long")
    except (SMTPException, ssl.SSLError, OSError, ValueError) as error:
        return Outcome(False, None, f"{type(error).__name__}: {error}")
    with suppress(SMTPException, OSError):
        await client.quit(timeout=1.0)
    return Outcome(True, code)
