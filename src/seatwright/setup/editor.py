"""The user who sets up an account."""

from __future__ import annotations

from dataclasses import dataclass
from typing import NamedTuple

from seatwright.catalog.model import AnyEntry
from seatwright.catalog.store import CatalogCache
from seatwright.core.clock import Clock


@dataclass(frozen=True, slots=True)
class Editor:
    """The user who changes an account's catalog and departures: `actor` is a user's id, or `auth.service.SYSTEM`."""

    catalogs: CatalogCache
    clock: Clock
    account_id: str
    actor: str


class Change(NamedTuple):
    """One entry before and after: `old` is None for a new one, `new` for a deleted one."""

    kind: str
    old: AnyEntry | None
    new: AnyEntry | None
