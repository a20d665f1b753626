"""Notes about departures for the person who makes them, as sentences with the departures. Pure."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Literal, NamedTuple

from seatwright.catalog.model import Catalog
from seatwright.setup.changes import DeparturePlan
from seatwright.setup.planning import Rules, wall_of
from seatwright.setup.specs import Spec
from seatwright.setup.store import DepartureRow

MAX_SUBJECTS = 100
"""Maximum number of departures that one note names; `count` counts all."""

Kind = Literal[
    "zone_followed",
    "zone_waiting",
    "zone_blocked",
    "clock_skipped",
    "clock_left_out",
    "uncovered",
    "uncovered_taken",
    "deleted",
    "closed",
]


class Subject(NamedTuple):
    """A departure that a note is about: its local time, and how many seats are taken. Without an id it was not made."""

    id: str | None
    product: str
    start: str | None
    time_zone: str
    taken: int


@dataclass(frozen=True, slots=True)
class Note:
    """What happened to some departures, or has to be decided about them; `text` is a sentence for a person."""

    kind: Kind
    text: str
    count: int
    departures: tuple[Subject, ...]

    def lines(self) -> Iterator[str]:
        """Return the note for a person, a line for each departure."""
        yield self.text
        for subject in self.departures:
            taken = f", {subject.taken} held or sold" if subject.taken else ""
            yield f"  {subject.product} {subject.start} ({subject.time_zone}){taken}"
        if self.count > len(self.departures):
            yield f"  ... and {self.count - len(self.departures)} more"


def notes(
    catalog: Catalog, planned: DeparturePlan, specs: Sequence[Spec], left_out: Sequence[Spec], rules: Rules
) -> list[Note]:
    """Return the notes about requested departures, and about those that were not requested."""
    gone = {each.id for each in planned.gone}
    closed = {old.id for old, new in planned.changes if new.closed and not old.closed}
    pruned = [each for each in planned.uncovered if each.id in closed]
    rest = [each for each in planned.uncovered if each.id not in gone and each.id not in closed]
    unsold, taken = [each for each in rest if not each.taken], [each for each in rest if each.taken]
    waiting = (
        "{} left in the old time zone, because seats are held or sold: import with moveSold to move them."
        if rules.follow
        else "{} left in the old time zone: import the catalog again, or change them, to move them."
    )
    stored: list[tuple[Kind, str, Sequence[DepartureRow]]] = [
        (
            "zone_followed",
            "{} moved to the same time on the wall in the corrected time zone.",
            [new for _, new in planned.followed],
        ),
        ("zone_waiting", waiting, planned.waiting),
        (
            "zone_blocked",
            "{} left in the old time zone, because another departure has the moment that they would move to.",
            planned.blocked,
        ),
        ("deleted", "{} deleted, which nothing in the file covers.", planned.gone),
        ("closed", "{} closed, which nothing in the file covers: cancelled orders refer to them.", pruned),
        (
            "uncovered",
            "{} on sale that nothing in the file covers, with no seat held or sold: import with prune to delete them.",
            unsold,
        ),
        (
            "uncovered_taken",
            "{} on sale that nothing in the file covers, with seats held or sold: close, move or cancel them.",
            taken,
        ),
    ]
    asked: list[tuple[Kind, str, Sequence[Spec]]] = [
        (
            "clock_skipped",
            "{} at a time that the clock skips on that day: each starts later by as much.",
            [spec for spec in specs if spec.skipped],
        ),
        (
            "clock_left_out",
            "{} left out: the clock skips their time on that day, and another one has the time that it would be.",
            left_out,
        ),
    ]
    found = [_note(kind, text, [_stored(catalog, each) for each in some]) for kind, text, some in stored if some]
    return found + [_note(kind, text, [_asked(spec) for spec in some]) for kind, text, some in asked if some]


def _note(kind: Kind, text: str, subjects: list[Subject]) -> Note:
    subjects.sort(key=lambda subject: (subject.product, subject.start or ""))
    count = len(subjects)
    number = f"{count} departure" if count == 1 else f"{count} departures"
    return Note(kind, text.format(number), count, tuple(subjects[:MAX_SUBJECTS]))


def _stored(catalog: Catalog, stored: DepartureRow) -> Subject:
    product = catalog.products_by_id[stored.product_id].code
    return Subject(stored.id, product, _text(wall_of(stored)), stored.time_zone, stored.taken)


def _asked(spec: Spec) -> Subject:
    return Subject(None, spec.product.code, _text(spec.wall), spec.time_zone, 0)


def _text(wall: datetime | None) -> str | None:
    return None if wall is None else wall.isoformat(timespec="minutes")
