"""What may come of confirming, extending, sweeping up and wanting the seats of a hold around its end.

One departure with two seats. Cart A holds one until T. Each operation has an instant of its own:
    confirm   A becomes an order
    extend    one more participant for A, which starts its hold anew
    sweep     holds that are over are given back
    rival     another cart wants both seats
`outcomes()` says what may happen if they are done at once: what could come of doing them one after the other, in some
order. It knows nothing of Seatwright but its rules: a hold is good while now < T; what is over is free to all, and is
taken anew by whoever confirms or extends, if it is still there; a closed departure can be confirmed, not booked. What
a clock that is ahead has given back is gone, also for a clock that is behind: that one looks again, and is later.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence
from functools import cache
from itertools import permutations, product
from typing import NamedTuple

OPERATIONS = ("confirm", "extend", "sweep", "rival")
OFFSETS = (-1, 0, 1)
SEATS = 2

Said = tuple[str, ...]
"""What each operation was answered, in the order of `OPERATIONS`."""


class State(NamedTuple):
    """A's seats, how long they are held (None: sold), whether they have been given back, and the rival's seats."""

    seats: int = 1
    held_until: int | None = 0
    given_back: bool = False
    rival: int = 0


class Outcome(NamedTuple):
    """Answers, and what is left: A's seats and whether they are sold, and the rival's seats."""

    said: Said
    seats: int
    sold: bool
    rival: int


FAR = 1_000_000


def step(state: State, operation: str, now: int, *, closes: int) -> tuple[State, str] | None:
    """Do one operation at `now` (milliseconds from T); return the state after it, and its answer.

    None if it can't be done at this instant, because a clock that was ahead has decided otherwise.
    """
    seats, until, given_back, rival = state
    over = given_back or (until is not None and until <= now)
    free = SEATS - rival - (0 if over else seats)
    if operation == "sweep":
        return state._replace(given_back=over), "swept"
    if operation == "rival":
        if now >= closes:
            return state, "not_bookable"
        return (state._replace(given_back=over, rival=2), "ok") if free >= 2 else (state, "sold_out")
    if until is None:
        return state, "ok" if operation == "confirm" else "cart_ordered"
    if given_back and until > now:
        return (state, "sold_out") if operation == "extend" and free < 1 else None
    if operation == "confirm" and not over:
        return state._replace(held_until=None), "ok"
    if now >= closes:
        return state, "not_bookable"
    more = (operation == "extend") + (seats if over else 0)
    if free < more:
        return state, "sold_out"
    return State(seats + (operation == "extend"), None if operation == "confirm" else FAR, False, rival), "ok"


def in_order(plan: Iterable[tuple[str, int]], *, closes: int) -> Outcome | None:
    """Return what comes of operations, each with its instant, one after the other; None if that can't be."""
    state, said = State(), dict.fromkeys(OPERATIONS, "")
    for operation, now in plan:
        done = step(state, operation, now, closes=closes)
        if done is None:
            return None
        state, said[operation] = done
    return Outcome(tuple(said.values()), state.seats, state.held_until is None, state.rival)


@cache
def outcomes(offsets: tuple[int, ...], *, closes: int) -> frozenset[Outcome]:
    """Return all that may come of the operations at once, each at its instant, or at T+1 if it had to try again."""
    found = set()
    for instants in product(*({offset, 1} for offset in offsets)):
        at = dict(zip(OPERATIONS, instants, strict=True))
        for order in permutations(OPERATIONS):
            found.add(in_order([(operation, at[operation]) for operation in order], closes=closes))
    return frozenset(outcome for outcome in found if outcome is not None)


def sequences() -> list[list[tuple[str, int]]]:
    """Return every order of the operations with every course of time that doesn't go back: 360 of them."""
    rising: Sequence[tuple[int, ...]] = [
        instants for instants in product(OFFSETS, repeat=len(OPERATIONS)) if list(instants) == sorted(instants)
    ]
    return [list(zip(order, instants, strict=True)) for order in permutations(OPERATIONS) for instants in rising]
