"""Identifiers in the two shapes that clients know.

Accounts, products, locations, inventory items and participants have 24 hex digits; carts and
orders are UUIDs (wire reference, "Common").
"""

from __future__ import annotations

import itertools
import re
import secrets
import uuid

_counter = itertools.count()
_HEX24 = re.compile(r"[0-9a-f]{24}")
_UUID = re.compile(r"[0-9a-f]{8}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{4}-[0-9a-f]{12}")


def new_hex24() -> str:
    """Return a fresh random id of 24 lower-case hex digits."""
    return secrets.token_hex(12)


def new_hex24_at(at: int) -> str:
    """Return a fresh id that grows with the instant `at` (milliseconds UTC) and, within a millisecond, with the order
    in which this process makes them."""
    return f"{at:012x}{next(_counter) & 0xFFFFFF:06x}{secrets.token_hex(3)}"


def id_from(at: int) -> str:
    """Return what the ids of an instant begin with: no id of `new_hex24_at` is less that isn't older."""
    return f"{max(at, 0):012x}"


def new_uuid() -> str:
    """Return a fresh random (version 4) UUID as 36 lower-case characters."""
    return str(uuid.uuid4())


def is_hex24(text: str) -> bool:
    """Tell whether `text` has the shape of `new_hex24`."""
    return _HEX24.fullmatch(text) is not None
