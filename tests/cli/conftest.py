"""Empty databases to run commands on."""

from __future__ import annotations

from tests.backup.conftest import new_place

__all__ = ["new_place"]
