"""A line of a list, as pages and mails show it."""

from __future__ import annotations

from typing import NamedTuple


class Row(NamedTuple):
    """A line of a list: its label, its amount, and whether it is a sum."""

    label: str
    value: str
    sum: bool = False
