"""The work of a template, counted in steps. The count is the same on every machine, busy or not."""

from __future__ import annotations

import math
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from itertools import chain
from typing import TypeVar

from jinja2.utils import Namespace

T = TypeVar("T")

MAX_WORK = 1_000_000
"""Steps that rendering a part may take: less than a second of computing. The built-in templates take 4,000 for an order
of one date, and 400,000 for one of a hundred."""
LETTERS = 8
"""How many characters of a text are as much work as one step of a template."""
MAX_LENGTH = 2_000_000
"""Longest text, in characters, that a template may make."""

_left: ContextVar[float] = ContextVar("_left", default=math.inf)


class TooMuch(Exception):
    """A template did more than it may."""


class TooLong(Exception):
    """A template made a text that is longer than allowed."""


@contextmanager
def metered(work: float) -> Iterator[None]:
    """Limit the work of rendering inside this context to `work`; `math.inf` means no limit."""
    reset = _left.set(work)
    try:
        yield
    finally:
        _left.reset(reset)


def charge(work: float) -> None:
    """Subtract some work from the rest. Raises `TooMuch` if there is none left."""
    left = _left.get() - work
    _left.set(left)
    if left < 0:
        raise TooMuch


def weigh(value: T) -> T:
    """Charge for reading a whole value with everything in it, and return the value."""
    if _left.get() == math.inf:
        return value
    if isinstance(value, str):
        check_length(len(value))
        charge(1 + len(value) // LETTERS)
    elif isinstance(value, list | tuple):
        charge(1)
        for inner in value:
            weigh(inner)
    elif isinstance(value, dict):
        charge(1)
        for inner in chain(value, value.values()):
            weigh(inner)
    elif isinstance(value, Namespace):
        weigh(value._Namespace__attrs)
    else:
        charge(1)
    return value


def check_length(length: int) -> None:
    """Raise `TooLong` for a text that is longer than `MAX_LENGTH`."""
    if length > MAX_LENGTH:
        raise TooLong
