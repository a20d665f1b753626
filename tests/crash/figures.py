"""Prints what a run measured, to the terminal itself: it is seen whether or not the test passes."""

from __future__ import annotations

import os
import sys

import pytest


def show(capsys: pytest.CaptureFixture[str], what: str, **figures: int | float | str) -> None:
    """Print one line such as `model on sqlite: steps 5,100, divergences 0`; append it to the file `FIGURES` names."""
    parts = [f"{name.replace('_', ' ')} {_text(value)}" for name, value in figures.items()]
    line = f"{what}: {', '.join(parts)}\n"
    with capsys.disabled():
        sys.stderr.write(f"\n{line}")  # a pytest-xdist worker's standard output goes nowhere
        sys.stderr.flush()
    if path := os.environ.get("FIGURES"):
        with open(path, "a") as file:
            file.write(line)


def _text(value: int | float | str) -> str:
    if isinstance(value, float):
        return f"{value:,.1f}"
    return f"{value:,}" if isinstance(value, int) else value
