"""Answers without an end: each has an event that is set when the server stops, so that it isn't waited for."""

from __future__ import annotations

import asyncio
from typing import Any

_KEY = "ends"


def ends_of(scope: Any) -> asyncio.Event:
    """Return the event of a request's endless answer."""
    event: asyncio.Event = scope["state"].setdefault(_KEY, asyncio.Event())
    return event


def end(scope: Any) -> None:
    """Let a request's answer end, if it is an endless one; others go on until they are done."""
    event = scope.get("state", {}).get(_KEY)
    if event is not None:
        event.set()
