"""Amounts added and amounts taken back, decided by the ledger's `kind` and never by an entry's sign."""

from __future__ import annotations

from seatwright.orders.ledger import TAKEN_BACK

_TAKEN_BACK = ", ".join(f"'{kind}'" for kind in sorted(TAKEN_BACK))

SUMS = f"""SUM(CASE WHEN kind IN ({_TAKEN_BACK}) THEN 0 ELSE amount END) AS added,
        SUM(CASE WHEN kind IN ({_TAKEN_BACK}) THEN amount ELSE 0 END) AS taken_back"""
"""SQL for both sums over rows of `ledger_entry`, debits above zero."""
SUMS_OF_SUMS = "SUM(s.added) AS added, SUM(s.taken_back) AS taken_back"
"""The same over rows `s` that have such sums."""
