"""What was noted of a guest at the check-in, and whether they are there by it. Pure.

A device may be without the server for hours, so marks come in late, twice, and in any order. A guest therefore keeps
their marks, ordered by the time at which each was made and then by its id, and what counts follows from them: however
they came in, the same marks lead to the same end.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

import msgspec

from seatwright.cart.model import Line, Mark, MarkKind
from seatwright.core.clock import DAY_MS, Instant

OLDEST_MS = DAY_MS
"""How long after it was made a mark may come in, in milliseconds."""
MAX_MARKS = 50
"""Marks that a guest keeps at most; of older ones only the outcome is kept, as of those that are too old to be
overtaken."""

_UNDOES: dict[MarkKind, MarkKind] = {"out": "in", "came": "missing"}


def standing(marks: Iterable[Mark]) -> Mark | None:
    """Return the mark that counts of those of a guest, in their order: the first of the last that say the same.

    It is `in` or `missing`; None says neither.
    """
    found: Mark | None = None
    for mark in marks:
        undone = _UNDOES.get(mark.kind)
        if undone is None:
            found = mark if found is None or found.kind != mark.kind else found
        elif found is not None and found.kind == undone:
            found = None
    return found


def marks_of(line: Line) -> tuple[Mark, ...]:
    """Return a guest's marks; for one who was noted before marks were kept, the mark that says the same."""
    if line.marks:
        return line.marks
    if line.checked_in_at is not None:
        return (Mark(line.checked_in_at, "", "in"),)
    if line.no_show_at is not None:
        return (Mark(line.no_show_at, "", "missing"),)
    return ()


def marked(line: Line, mark: Mark, now: Instant) -> Line:
    """Return a guest with another mark. One that they have already, by its id, changes nothing."""
    marks = marks_of(line)
    if any(each.id == mark.id for each in marks):
        return line
    marks = _bounded(sorted((*marks, mark)), now - OLDEST_MS)
    counts = standing(marks)
    return msgspec.structs.replace(
        line,
        marks=marks,
        checked_in_at=counts.at if counts and counts.kind == "in" else None,
        no_show_at=counts.at if counts and counts.kind == "missing" else None,
    )


def latest(line: Line, kind: MarkKind, now: Instant, mark_id: str) -> Mark:
    """Return a mark that is made now, and so comes after all that the guest has: the clock of a device may be ahead."""
    marks = marks_of(line)
    if not marks or marks[-1].at < now:
        return Mark(now, mark_id, kind)
    return Mark(marks[-1].at, f"{marks[-1].id}~", kind)


def agrees(line: Line) -> bool:
    """Tell whether a guest is there, or missing, since when their marks say so."""
    counts = standing(marks_of(line))
    by_kind = {counts.kind: counts.at} if counts else {}
    return (line.checked_in_at, line.no_show_at) == (by_kind.get("in"), by_kind.get("missing"))


def _bounded(marks: Sequence[Mark], oldest: Instant) -> tuple[Mark, ...]:
    """Return marks in their order, with the one that counts of those that are too old or too many in place of them."""
    kept = [mark for mark in marks if mark.at >= oldest][-(MAX_MARKS - 1) :]
    base = standing(marks[: len(marks) - len(kept)])
    return (*((base,) if base else ()), *kept)
