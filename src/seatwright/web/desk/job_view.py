"""Work that goes on in the background, as texts. Pure."""

from __future__ import annotations

from collections.abc import Mapping
from typing import NamedTuple

from seatwright.disruptions.model import JobKind, OrderOutcome, Progress
from seatwright.inventory.model import Departure
from seatwright.web.desk.texts import Texts

TITLES: Mapping[JobKind, str] = {
    "cancel": "Cancel a departure",
    "move": "Move to another departure",
    "message": "Message to all guests",
}
"""What a job does."""
MAX_FAILURES = 5
"""Orders that stay as they are that a job in the list names at most; its own page has all."""


class JobRow(NamedTuple):
    """A job: on which departure, how far it has come, and the orders that stay as they are. `path` is its page, and
    `again` the page on which the rest can be done, "" if nothing is left."""

    title: str
    product: str
    when: str
    why: str
    since: str
    until: str
    running: bool
    orders: int
    handled: int
    guests: int
    failures: list[OrderOutcome]
    more_failures: int
    path: str
    again: str


def job_row(progress: Progress, departure: Departure | None, product: str, texts: Texts) -> JobRow:
    """Return a job. Its departure is None if it has been deleted since."""
    job, request = progress.job, progress.request
    assert job is not None, "a plan is not in the list"
    failures, place = progress.failures, f"/departures/{request.departure_id}"
    when = "" if departure is None else texts.trip(departure.start_at, departure.end_at, departure.time_zone)
    over = job.status == "done"
    return JobRow(
        title=TITLES[request.kind],
        product=product or "A departure that is gone",
        when=when,
        why=request.reason or request.subject,
        since=texts.moment(job.created_at),
        until="" if job.finished_at is None else texts.moment(job.finished_at),
        running=not over,
        orders=progress.orders,
        handled=progress.done + len(failures),
        guests=progress.guests,
        failures=failures[:MAX_FAILURES],
        more_failures=max(0, len(failures) - MAX_FAILURES),
        path=f"{place}/jobs/{job.id}" if departure is not None else "",
        again=f"{place}/{request.kind}" if over and failures and departure is not None else "",
    )
