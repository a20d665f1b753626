"""Who the command line is to the use cases: whoever runs the server may do everything in every account."""

from __future__ import annotations

from seatwright.auth.model import ALL_PERMISSIONS, Account, Caller
from seatwright.auth.service import SYSTEM


def operator(account: Account) -> Caller:
    """Return the operator of the server as a caller of an account; `system` in its audit log."""
    return Caller(
        account_id=account.id, user_id=SYSTEM, name="seatwright", email=account.email, permissions=ALL_PERMISSIONS
    )
