"""Wire shapes of departures and imports."""

from __future__ import annotations

from collections.abc import Sequence
from decimal import Decimal
from typing import Annotated

import msgspec

from seatwright.core.clock import MINUTE_MS
from seatwright.core.money import to_wire
from seatwright.core.times import iso_utc, to_local
from seatwright.http.wire import Wire
from seatwright.setup.importing import ImportReport
from seatwright.setup.notes import Kind, Note
from seatwright.setup.schedule import DepartureView, RecurrenceResult


class DepartureOut(Wire):
    """A departure as its operator sees it. `free` leaves out what a rental's pool has not; null times: no date."""

    id: Annotated[str, msgspec.Meta(examples=["6650aa1f0c1d2e3f40516273"])]
    product: str
    start: Annotated[str | None, msgspec.Meta(description="Wall clock.", examples=["2026-07-14T09:00"])]
    time_zone: str
    start_date: Annotated[str | None, msgspec.Meta(description="UTC.", examples=["2026-07-14T15:00:00.000Z"])]
    end_date: str | None
    duration_min: int | None
    capacity: int
    taken: Annotated[int, msgspec.Meta(description="Held and sold.")]
    free: int
    closed: bool
    closed_for: Annotated[str | None, msgspec.Meta(description="Why sales are closed, if it was said.")]
    version: Annotated[int, msgspec.Meta(description="Grows with every change that people make.")]
    cutoff_min: int | None
    prices: Annotated[dict[str, Decimal], msgspec.Meta(description="By tier, where they differ from the product's.")]


class SubjectOut(Wire):
    """A departure that a note is about. `start` is on the wall; `id` is null for one that was not made."""

    id: str | None
    product: str
    start: Annotated[str | None, msgspec.Meta(examples=["2026-07-14T09:00"])]
    time_zone: str
    taken: Annotated[int, msgspec.Meta(description="Held and sold.")]


class NoteOut(Wire):
    """What happened to departures, or is to be decided about them: `count` of them, 100 at most in `departures`."""

    kind: Kind
    text: str
    count: int
    departures: list[SubjectOut]


class MadeOut(Wire):
    """How many departures were made, and how many were there already; notes on some of them."""

    created: int
    existing: int
    notes: list[NoteOut]


class CountsOut(Wire):
    """How many were new, were changed, were that way already, and were deleted."""

    created: int
    changed: int
    unchanged: int
    deleted: int


class ImportOut(Wire):
    """What an import did, by part of the file. `changed` is false if everything was that way already.

    With `check` it is what the import would do, and nothing has been written.
    """

    changed: bool
    check: bool
    counts: Annotated[
        dict[str, CountsOut],
        msgspec.Meta(examples=[{"products": {"created": 1, "changed": 0, "unchanged": 4, "deleted": 0}}]),
    ]
    notes: list[NoteOut]


def departure_out(shown: DepartureView) -> DepartureOut:
    """Show a departure."""
    departure, product, currency = shown
    start, end, closes = departure.start_at, departure.end_at, departure.closes_at
    dated = start is not None and end is not None
    return DepartureOut(
        id=departure.id,
        product=product.code,
        start=None if start is None else to_local(start, departure.time_zone).strftime("%Y-%m-%dT%H:%M"),
        time_zone=departure.time_zone,
        start_date=None if start is None else iso_utc(start),
        end_date=None if end is None else iso_utc(end),
        duration_min=(end - start) // MINUTE_MS if start is not None and end is not None else None,
        capacity=departure.capacity,
        taken=departure.taken,
        free=departure.free,
        closed=departure.closed,
        closed_for=departure.closed_for,
        version=departure.version,
        cutoff_min=(start - closes) // MINUTE_MS if dated and start is not None and closes is not None else None,
        prices={tier: to_wire(price, currency) for tier, price in product.as_spelled(departure.prices).items()},
    )


def made_out(made: RecurrenceResult) -> MadeOut:
    """Show what became of a recurrence."""
    return MadeOut(created=made.created, existing=made.existing, notes=_notes(made.notes))


def import_out(report: ImportReport) -> ImportOut:
    """Show what an import did."""
    counts = {
        part: CountsOut(created=each.created, changed=each.changed, unchanged=each.unchanged, deleted=each.deleted)
        for part, each in report.counts.items()
    }
    return ImportOut(changed=report.changed, check=report.check, counts=counts, notes=_notes(report.notes))


def _notes(notes: Sequence[Note]) -> list[NoteOut]:
    return [
        NoteOut(
            kind=note.kind,
            text=note.text,
            count=note.count,
            departures=[SubjectOut(**subject._asdict()) for subject in note.departures],
        )
        for note in notes
    ]
