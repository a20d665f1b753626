"""Sends mails that are due, for `deliverer.Deliverer` and the channel `mail`."""

from __future__ import annotations

import asyncio
import ssl
from dataclasses import dataclass

from seatwright.core.config import Settings
from seatwright.core.mail import Mailbox, MailServer, mailbox
from seatwright.notifications.deliveries import Delivery, Outcome
from seatwright.notifications.mail import message, smtp


@dataclass(frozen=True, slots=True)
class MailSender:
    """The mail server and the sender's address. `context` is for TLS: the trusted certificate authorities."""

    server: MailServer
    sender: Mailbox
    context: ssl.SSLContext | None = None

    @classmethod
    def of(cls, settings: Settings) -> MailSender | None:
        """Return the sender that the settings name; None in the sandbox."""
        if settings.smtp is None or settings.mail_from is None:
            return None
        context = None if settings.smtp.security == "none" else ssl.create_default_context()
        return cls(settings.smtp, settings.mail_from, context)

    async def __call__(self, delivery: Delivery) -> Outcome:
        """Send one mail, as it was rendered."""
        recipient = mailbox(delivery.target)
        if recipient is None:
            return Outcome(sent=False, error="this is no mail address", final=True)
        # Ten milliseconds of computing, which requests to this process don't wait for.
        content = await asyncio.to_thread(lambda: message.build(delivery, self.sender, recipient).as_bytes())
        return await smtp.submit(self.server, content, self.sender, recipient, context=self.context)
