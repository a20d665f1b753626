"""A cache of the last rendered values, up to a number of bytes."""

from __future__ import annotations

import threading
from collections import OrderedDict
from collections.abc import Hashable
from typing import Generic, TypeVar

K = TypeVar("K", bound=Hashable)
V = TypeVar("V")

MAX_BYTES = 16 * 1024 * 1024
"""How many bytes of each kind a process keeps."""


class ByteBoundedCache(Generic[K, V]):
    """Values by key; the oldest ones are removed first. Safe to use from several threads."""

    def __init__(self, max_bytes: int = MAX_BYTES) -> None:
        self._values: OrderedDict[K, tuple[V, int]] = OrderedDict()
        self._bytes = 0
        self._max_bytes = max_bytes
        self._lock = threading.Lock()

    def get(self, key: K) -> V | None:
        """Return the value of a key. The caller decides whether it is still valid."""
        found = self._values.get(key)
        return None if found is None else found[0]

    def put(self, key: K, value: V, size: int) -> None:
        """Store a value of `size` bytes, replacing the key's last one."""
        with self._lock:
            _, before = self._values.pop(key, (None, 0))
            self._bytes += size - before
            self._values[key] = (value, size)
            while self._bytes > self._max_bytes:
                _, (_, oldest) = self._values.popitem(last=False)
                self._bytes -= oldest
