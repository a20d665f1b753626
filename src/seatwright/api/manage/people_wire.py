"""Wire shapes of invitations and sessions."""

from __future__ import annotations

from typing import Annotated, Literal

import msgspec

from seatwright.api.manage.account_wire import Permissions, RoleIn
from seatwright.auth.invitation_store import Invitation
from seatwright.auth.model import Role
from seatwright.auth.roles import ROLE_PERMISSIONS, in_order
from seatwright.auth.session_store import Session
from seatwright.core.clock import Instant
from seatwright.core.times import iso_utc
from seatwright.http import wire


class InvitationIn(wire.Wire, kw_only=True):
    """Whom to invite, with a role or with permissions; without `language` the mail is in the account's."""

    email: Annotated[wire.Word, msgspec.Meta(examples=["bo@canyon.example"])]
    role: RoleIn = None
    permissions: Permissions | None = None
    language: Annotated[str, msgspec.Meta(max_length=10, examples=["de"])] | None = None


class InvitationOut(wire.Wire, kw_only=True):
    """An invitation; what is in its link is in the mail alone. `invitedBy` is the id of a user or key."""

    id: str
    email: str
    role: Role | None
    permissions: list[str]
    language: str
    status: Literal["waiting", "accepted", "revoked", "expired"]
    invited_by: str
    created_date: str
    expires_date: str


class SessionOut(wire.Wire, kw_only=True):
    """A browser that a user has signed in with. `lastSeenDate` is exact to a minute."""

    id: str
    browser: Annotated[str, msgspec.Meta(examples=["Firefox on Linux"])]
    created_date: str
    last_seen_date: str


class EndedOut(wire.Wire, kw_only=True):
    """How many sessions were ended."""

    ended: int


class RemovedOut(wire.Wire, kw_only=True):
    """Whether there was anything to remove."""

    removed: bool


def invitation_out(invitation: Invitation, now: Instant) -> InvitationOut:
    """Show an invitation."""
    status: Literal["waiting", "accepted", "revoked", "expired"] = "expired"
    if invitation.waits(now):
        status = "waiting"
    elif invitation.accepted_at is not None:
        status = "accepted"
    elif invitation.revoked_at is not None:
        status = "revoked"
    role = invitation.role
    return InvitationOut(
        id=invitation.id,
        email=invitation.email,
        role=role,
        permissions=in_order(invitation.permissions if role is None else ROLE_PERMISSIONS[role]),
        language=invitation.language,
        status=status,
        invited_by=invitation.invited_by,
        created_date=iso_utc(invitation.created_at),
        expires_date=iso_utc(invitation.expires_at),
    )


def session_out(session: Session) -> SessionOut:
    """Show a session."""
    return SessionOut(
        id=session.id,
        browser=session.agent,
        created_date=iso_utc(session.created_at),
        last_seen_date=iso_utc(session.seen_at),
    )
