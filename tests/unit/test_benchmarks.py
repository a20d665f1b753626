"""The benchmarks are no part of any other test, so a name that they import could be gone without anybody noticing."""

from __future__ import annotations

import importlib
from pathlib import Path

import pytest

PEER = {"peer_setup"}
"""What runs in the peer's own environment."""
MODULES = {path.stem for path in (Path(__file__).parents[2] / "benchmarks").glob("[a-z]*.py")}


@pytest.mark.parametrize("module", sorted(MODULES - PEER))
def test_every_benchmark_finds_what_it_imports(module: str) -> None:
    importlib.import_module(f"benchmarks.{module}")
