"""SQL for invitations."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec

from seatwright.auth.model import Role
from seatwright.auth.roles import read_words, write_words
from seatwright.core.clock import Instant
from seatwright.core.languages import Language
from seatwright.storage.engine import ReadTx, Row, Tx


class Invitation(msgspec.Struct, frozen=True, kw_only=True):
    """An invitation to become a user, by mail. `email` is in lower case, `language` that of the mail.

    It waits until it is accepted, revoked or over; `invited_by` is the id of a user or key.
    """

    account_id: str
    id: str
    email: str
    role: Role | None
    permissions: frozenset[str]
    language: Language
    invited_by: str
    created_at: Instant
    expires_at: Instant
    accepted_at: Instant | None = None
    revoked_at: Instant | None = None

    def waits(self, now: Instant) -> bool:
        """Tell whether it can be accepted."""
        return self.accepted_at is None and self.revoked_at is None and now < self.expires_at


_COLUMNS = """account_id, id, email, role, permissions, language, invited_by, created_at, expires_at, accepted_at,
    revoked_at"""


async def insert(tx: Tx, new: Invitation, secret_hash: str) -> None:
    """Write a new invitation."""
    await tx.execute(
        """
        INSERT INTO invitation (account_id, id, email, role, permissions, language, invited_by, created_at, expires_at,
            secret_hash)
        VALUES ($1, $2, $3, $4, $5, $6, $7, $8, $9, $10)
        """,
        new.account_id,
        new.id,
        new.email,
        new.role,
        write_words(new.permissions),
        new.language,
        new.invited_by,
        new.created_at,
        new.expires_at,
        secret_hash,
    )


async def page(tx: ReadTx, account_id: str, *, limit: int, offset: int) -> list[Invitation]:
    """Return invitations of an account, the newest first, those that are over too."""
    rows = await tx.rows(
        f"""
        SELECT {_COLUMNS} FROM invitation WHERE account_id = $1 ORDER BY created_at DESC, id DESC LIMIT $2 OFFSET $3
        """,  # noqa: S608 - constant columns
        account_id,
        limit,
        offset,
    )
    return [_invitation(row) for row in rows]


async def find(tx: ReadTx, account_id: str, invitation_id: str) -> tuple[Invitation, str] | None:
    """Return an invitation and the hash of its secret."""
    row = await tx.row(
        f"SELECT {_COLUMNS}, secret_hash FROM invitation WHERE account_id = $1 AND id = $2",  # noqa: S608 - constants
        account_id,
        invitation_id,
    )
    return (_invitation(row), row["secret_hash"]) if row else None


async def waiting(tx: ReadTx, account_id: str, now: Instant) -> list[Invitation]:
    """Return the invitations that can be accepted."""
    rows = await tx.rows(
        f"""
        SELECT {_COLUMNS} FROM invitation
        WHERE account_id = $1 AND accepted_at IS NULL AND revoked_at IS NULL AND expires_at > $2
        """,  # noqa: S608 - constant columns
        account_id,
        now,
    )
    return [_invitation(row) for row in rows]


async def accept(tx: Tx, account_id: str, invitation_id: str, now: Instant) -> bool:
    """Store that an invitation was accepted; return False if it was accepted or revoked already."""
    return bool(
        await tx.execute(
            """
            UPDATE invitation SET accepted_at = $3
            WHERE account_id = $1 AND id = $2 AND accepted_at IS NULL AND revoked_at IS NULL
            """,
            account_id,
            invitation_id,
            now,
        )
    )


async def revoke(tx: Tx, account_id: str, ids: Sequence[str], now: Instant) -> None:
    """Store that invitations are revoked."""
    await tx.execute(
        """
        UPDATE invitation SET revoked_at = $3
        WHERE account_id = $1 AND id = ANY($2) AND accepted_at IS NULL AND revoked_at IS NULL
        """,
        account_id,
        list(ids),
        now,
    )


async def revoke_by(tx: Tx, account_id: str, user_id: str, now: Instant) -> None:
    """Revoke all invitations that a user has made and that wait, because the user is deactivated."""
    await tx.execute(
        """
        UPDATE invitation SET revoked_at = $3
        WHERE account_id = $1 AND invited_by = $2 AND accepted_at IS NULL AND revoked_at IS NULL
        """,
        account_id,
        user_id,
        now,
    )


def _invitation(row: Row) -> Invitation:
    return Invitation(
        account_id=row["account_id"],
        id=row["id"],
        email=row["email"],
        role=row["role"],
        permissions=read_words(row["permissions"]),
        language=row["language"],
        invited_by=row["invited_by"],
        created_at=row["created_at"],
        expires_at=row["expires_at"],
        accepted_at=row["accepted_at"],
        revoked_at=row["revoked_at"],
    )
