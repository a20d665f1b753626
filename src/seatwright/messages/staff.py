"""Mails to an account's users: an invitation, and the link to a new password.

Their links give access to the account, so these mails can't be read afterwards by any route (`notifications.service`).
"""

from __future__ import annotations

from typing import Any

import structlog

from seatwright.auth import invitations, resets
from seatwright.auth.invitation_store import Invitation
from seatwright.auth.invitations import NewInvitation
from seatwright.auth.model import Account, Caller
from seatwright.auth.resets import ResetLink
from seatwright.core.clock import DAY_MS, HOUR_MS, Instant
from seatwright.core.errors import Conflict
from seatwright.core.ids import new_hex24_at
from seatwright.core.languages import Language
from seatwright.core.mail import one_line
from seatwright.messages.context import Messenger
from seatwright.notifications import deliveries
from seatwright.notifications.deliveries import Delivery
from seatwright.notifications.mail import message as mail
from seatwright.notifications.mail.rendering import Look, StaffMailKind, render
from seatwright.storage.engine import Tx
from seatwright.wording.wording import wording

log = structlog.get_logger("seatwright.messages")

DESK = "/desk"
"""The path of the desk's pages on this server."""


async def invite(tx: Tx, parts: Messenger, now: Instant, caller: Caller, new: NewInvitation) -> Invitation:
    """Invite somebody by mail, and return the invitation. Raises what `invitations.invite` raises, and `Conflict` if
    this server doesn't know the address that the link needs.
    """
    if _has_no_address(parts):
        raise Conflict(
            "Nobody can be invited, because this server doesn't know its own address: set SEATWRIGHT_PUBLIC_URL.",
            code="no_public_url",
        )
    invited = await invitations.invite(tx, parts.keyring, now, caller, new)
    invitation, account = invited.invitation, invited.account
    words = wording(invitation.language)
    facts = {
        "heading": words.say("invitation.heading", account=account.name),
        "intro": words.say("invitation.intro", inviter=caller.name, account=account.name),
        "button": words.say("invitation.button"),
        "note": words.say("invitation.note", span=words.duration(invitations.LIFETIME_MS // DAY_MS, "day")),
        "link": f"{parts.settings.public_url}{DESK}/invitation/{invited.handle}",
        "recipient": {"name": "", "address": invitation.email},
    }
    letter = _delivery(parts, now, "invitation", account, invitation.language, facts)
    await deliveries.insert(tx, [letter])
    return invitation


async def answer_resets(parts: Messenger) -> int:
    """Mail the links that people have asked for; return how many requests that were.

    Without the server's address (`SEATWRIGHT_PUBLIC_URL`) there is no link to mail, which is logged.
    """

    async def run(tx: Tx) -> tuple[int, int]:
        now = parts.clock.now()
        requests, links = await resets.take(tx, parts.keyring, now)
        if not _has_no_address(parts):
            await deliveries.insert(tx, [_reset_mail(parts, now, link) for link in links])
        return requests, len(links)

    requests, links = await parts.database.write(run)
    if links and _has_no_address(parts):
        log.warning("a new password can't be mailed: set SEATWRIGHT_PUBLIC_URL", links=links)
    return requests


def _has_no_address(parts: Messenger) -> bool:
    """Tell whether a mail would be sent whose link leads nowhere. In the sandbox a link may lack the server's name."""
    return not parts.settings.public_url and parts.settings.smtp is not None


def _reset_mail(parts: Messenger, now: Instant, link: ResetLink) -> Delivery:
    words = wording(link.account.language)
    facts = {
        "heading": words.say("password_reset.heading"),
        "intro": words.say("password_reset.intro", account=link.account.name),
        "button": words.say("password_reset.button"),
        "note": words.say("password_reset.note", span=words.duration(resets.LIFETIME_MS // HOUR_MS, "hour")),
        "link": f"{parts.settings.public_url}{DESK}/reset/{link.handle}",
        "recipient": {"name": link.user.name, "address": link.user.email},
    }
    return _delivery(parts, now, "password_reset", link.account, link.account.language, facts)


def _delivery(
    parts: Messenger, now: Instant, kind: StaffMailKind, account: Account, language: Language, facts: dict[str, Any]
) -> Delivery:
    look = Look(parts.settings.templates, account.code, language)
    rendered = render(look, kind, facts | {"account": {"name": account.name, "code": account.code}})
    content = mail.MailContent(
        subject=rendered.subject,
        text=rendered.text,
        html=rendered.html,
        language=language,
        from_name=one_line(account.name, 100),
        reply_to=account.email,
        to_name=facts["recipient"]["name"],
        id_domain=parts.settings.mail_from.domain if parts.settings.mail_from else "",
    )
    sandbox = parts.settings.smtp is None
    return Delivery(
        account_id=account.id,
        id=new_hex24_at(now),
        channel="mail",
        kind=kind,
        target=facts["recipient"]["address"],
        order_id=None,
        content=mail.encode(content),
        status="sandbox" if sandbox else "due",
        due_at=now,
        created_at=now,
        finished_at=now if sandbox else None,
    )
