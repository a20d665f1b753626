"""Departures as people write them: one by one, or many by weekday and time of day.

A key that is left out has a default for a new departure, and stays as it is for an existing one.
"""

from __future__ import annotations

from typing import Annotated, Literal, TypeAlias

import msgspec
from msgspec import Meta

from seatwright.setup.document import MAX_MINUTES, MAX_SEATS, Amount, Code, Form

MAX_DEPARTURES = 10_000
"""Departures that one recurrence makes at most."""

MAX_CLOSED_FOR = 500
"""Longest reason why sales are closed, in characters."""

Weekday: TypeAlias = Literal["mon", "tue", "wed", "thu", "fri", "sat", "sun"]
WEEKDAYS: tuple[Weekday, ...] = ("mon", "tue", "wed", "thu", "fri", "sat", "sun")

Capacity: TypeAlias = Annotated[
    int, Meta(ge=0, le=MAX_SEATS, description="Seats, or units; the pool's units if it is left out.", examples=[24])
]
Prices: TypeAlias = Annotated[
    dict[str, Amount],
    Meta(
        max_length=50, description="Prices by tier where they differ from the product's.", examples=[{"Adult": 119.00}]
    ),
]
Duration: TypeAlias = Annotated[
    int, Meta(ge=1, le=MAX_MINUTES, description="Minutes; the product's if it is left out.", examples=[240])
]
Cutoff: TypeAlias = Annotated[
    int,
    Meta(ge=0, le=MAX_MINUTES, description="Minutes before the start when booking ends; else the product's."),
]
Start: TypeAlias = Annotated[
    str,
    Meta(
        max_length=40,
        description="On the wall clock of the product's place, or with an offset. None for a dateless product.",
        examples=["2026-07-14T09:00"],
    ),
]
SameLocalTime: TypeAlias = Annotated[
    bool,
    Meta(
        description="Two departures of the product at this time on the wall are meant, as where the clock repeats it."
    ),
]
Day: TypeAlias = Annotated[str, Meta(max_length=10, examples=["2026-07-14"])]
ClockTime: TypeAlias = Annotated[str, Meta(max_length=5, examples=["09:00"])]


class DepartureTerms(Form, kw_only=True):
    """What departures have, however they are made."""

    duration_min: Duration | None = None
    capacity: Capacity | None = None
    prices: Prices | None = None
    cutoff_min: Cutoff | None = None
    closed: bool | None = None


class NewDeparture(DepartureTerms, kw_only=True):
    """One departure of a product. A dateless product has a single one, without a start."""

    start: Start | None = None
    same_local_time: SameLocalTime = False


class Recurrence(DepartureTerms, kw_only=True):
    """A departure on each of the weekdays from one day to another, both included, at each of the times.

    `from` is today and `to` a year later if they are left out; `times` is the product's start time.
    """

    from_: Day | None = msgspec.field(default=None, name="from")
    to: Day | None = None
    weekdays: Annotated[list[Weekday], Meta(min_length=1, max_length=7)] = msgspec.field(
        default_factory=lambda: list(WEEKDAYS)
    )
    times: Annotated[list[ClockTime], Meta(max_length=100)] = msgspec.field(default_factory=list)


class DepartureForm(NewDeparture, kw_only=True):
    """A departure in a catalog file."""

    product: Code


class ScheduleForm(Recurrence, kw_only=True):
    """A recurrence in a catalog file. Where one of `departures` has the same start, that one counts."""

    product: Code


class DepartureChange(Form, kw_only=True):
    """What to change of a departure; what is left out or null stays. Empty `prices` removes all overrides.

    `closedFor` says why sales are closed, to the account's own people; an empty text takes that away, and so does
    opening them again. With the `version` that was shown, a newer one is a 409.
    """

    start: Start | None = None
    same_local_time: SameLocalTime = False
    duration_min: Duration | None = None
    capacity: Annotated[int, Meta(ge=0, le=MAX_SEATS)] | None = None
    prices: Prices | None = None
    cutoff_min: Cutoff | None = None
    closed: bool | None = None
    closed_for: Annotated[str, Meta(max_length=MAX_CLOSED_FOR, examples=["The river is too high."])] | None = None
    version: Annotated[int, Meta(ge=1, le=2**53)] | None = None
