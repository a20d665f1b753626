"""Promises about crew and equipment, and about the departures that they are on."""

from __future__ import annotations

from seatwright.invariants.model import Check

CREW_CHECKS: tuple[Check, ...] = (
    Check(
        "assignment_of_nothing",
        "Who or what is assigned to a departure exists, the departure too, and the assignment has its times.",
        """
        SELECT a.account_id, a.departure_id, a.resource_id, a.start_at, a.end_at FROM assignment a
        LEFT JOIN departure d ON d.account_id = a.account_id AND d.id = a.departure_id
        LEFT JOIN resource r ON r.account_id = a.account_id AND r.id = a.resource_id
        WHERE r.id IS NULL OR d.id IS NULL OR d.start_at IS NULL OR d.end_at IS NULL
            OR d.start_at <> a.start_at OR d.end_at <> a.end_at
        """,
    ),
    Check(
        "resource_kind",
        "Boats and vehicles have places, guides and drivers are users of their own account, and never the other way.",
        """
        SELECT r.account_id, r.id, r.kind FROM resource r
        LEFT JOIN app_user u ON u.account_id = r.account_id AND u.id = r.user_id
        WHERE r.kind NOT IN ('guide', 'driver', 'boat', 'vehicle') OR r.turnaround_min < 0
            OR (r.places IS NOT NULL AND (r.kind IN ('guide', 'driver') OR r.places <= 0))
            OR (r.user_id IS NOT NULL AND (r.kind NOT IN ('guide', 'driver') OR u.id IS NULL))
        """,
    ),
)
