"""Promises about an account's people, and about what they write for each other."""

from __future__ import annotations

from seatwright.auth.roles import ROLE_PERMISSIONS, implying
from seatwright.invariants.model import Check

_OWNER = "owners.write"
_OWNING = sorted(implying(_OWNER) | {role for role, given in ROLE_PERMISSIONS.items() if _OWNER in given})
"""Roles and permissions with which one owns the account."""
_OWNS = " OR ".join(f"' ' || COALESCE(u.role, u.permissions) || ' ' LIKE '% {word} %'" for word in _OWNING)

PEOPLE_CHECKS: tuple[Check, ...] = (
    Check(
        "account_owner",
        "Every account that has users has an active owner among them.",
        f"""
        SELECT a.id AS account_id, a.code FROM account a
        WHERE EXISTS (SELECT 1 FROM app_user u WHERE u.account_id = a.id)
            AND NOT EXISTS (SELECT 1 FROM app_user u WHERE u.account_id = a.id AND u.active AND ({_OWNS}))
        """,  # noqa: S608 - constants
    ),
    Check(
        "annotation_subject",
        # A customer may be known to no order at present: the only one was given to somebody else. The next order with
        # the same address has these notes again.
        "Notes and tags are on orders that the account sees, on departures of its own, or on customers.",
        """
        SELECT x.account_id, x.what, x.kind, x.subject_id FROM (
            SELECT account_id, 'note' AS what, kind, subject_id FROM note
            UNION SELECT account_id, 'tag' AS what, kind, subject_id FROM subject_tag
        ) x
        LEFT JOIN order_view v ON x.kind = 'order' AND v.account_id = x.account_id AND v.order_id = x.subject_id
        LEFT JOIN departure d ON x.kind = 'departure' AND d.account_id = x.account_id AND d.id = x.subject_id
        WHERE v.order_id IS NULL AND d.id IS NULL AND (x.kind <> 'customer' OR LENGTH(x.subject_id) <> 24)
        """,
    ),
)
