"""The catalog and its departures.

Entries go as they are on the wire (docs/catalog.md of the server): dictionaries with camelCase keys, amounts
`Decimal`, or `int` where they have no decimals.
What was read can be changed and sent back. `entries` has the same with types.
"""

from __future__ import annotations

import datetime as dt
from collections.abc import Iterable, Mapping
from decimal import Decimal
from typing import Any, Literal, TypeAlias

import msgspec

from seatwright_client.answers import Shape, entry, enveloped
from seatwright_client.assignments import AssignedResource, AssignmentConflict
from seatwright_client.entries import CatalogEntry
from seatwright_client.operations import Mode, Resource, operation, pages
from seatwright_client.request import MANAGE, Request, day, get, given, path, several, write

EntryKind: TypeAlias = Literal[
    "locations", "zones", "pickups", "tags", "policies", "charges", "questions", "discounts", "pools", "products"
]
Entry: TypeAlias = dict[str, Any]
_Entries: TypeAlias = list[dict[str, Any]]


class Departure(Shape, frozen=True, kw_only=True):
    """A departure as its operator sees it. `start` is the wall clock of its place; `start_date` the instant."""

    id: str
    product: str
    start: str | None = None
    time_zone: str
    start_date: dt.datetime | None = None
    end_date: dt.datetime | None = None
    duration_min: int | None = None
    capacity: int
    taken: int
    free: int
    closed: bool
    closed_for: str | None = None
    version: int = 1
    cutoff_min: int | None = None
    prices: dict[str, Decimal] = msgspec.field(default_factory=dict)


class DayProduct(Shape, frozen=True, kw_only=True):
    """A departure's product. A rental's `quantity_type` is `unit`."""

    id: str
    code: str
    name: str
    number: int
    quantity_type: str
    quantity_label: str


class DayPool(Shape, frozen=True, kw_only=True):
    """A rental pool: all its units, and those that are free during the whole departure."""

    id: str
    code: str
    name: str
    units: int
    free: int


class ToCollect(Shape, frozen=True, kw_only=True):
    """What orders still owe: how many, and the sum of their balances."""

    orders: int
    owed: Decimal


class DayDeparture(Shape, frozen=True, kw_only=True):
    """A departure with who is on it. `start` and `end` are the wall clock of its place; the `…_date` instants.

    `guests` are the participants or units that aren't cancelled, on `orders` orders; `pending`, `checked_in` and
    `no_shows` of them wait to be accepted, have turned up, and did not come.
    """

    id: str
    product: DayProduct
    day: str
    start: str
    end: str
    time_zone: str
    start_date: dt.datetime
    end_date: dt.datetime
    duration_min: int
    capacity: int
    taken: int
    free: int
    held: int
    sold: int
    guests: int
    pending: int
    checked_in: int
    no_shows: int
    orders: int
    closed: bool
    closed_for: str | None = None
    cancelled_for: str | None = None
    cutoff_min: int | None = None
    cutoff_date: dt.datetime | None = None
    bookable: bool
    pool: DayPool | None = None
    to_collect: ToCollect | None = None
    assigned: tuple[AssignedResource, ...] = ()
    conflicts: tuple[AssignmentConflict, ...] = ()


class DayList(Shape, frozen=True, kw_only=True):
    """The departures of some days by day and start. `to_collect` counts each order once."""

    from_: dt.date = msgspec.field(name="from")
    to: dt.date
    currency: str
    to_collect: ToCollect | None = None
    departures: tuple[DayDeparture, ...]


class FailedOrder(Shape, frozen=True, kw_only=True):
    """An order that a job leaves as it is, and why."""

    order_id: str
    confirmation: int
    reason: str
    code: str = ""


class DepartureJob(Shape, frozen=True, kw_only=True):
    """How far cancelling or moving a whole departure has come, or with `check` what it would do.

    `status` is `planned`, `running` or `done`. `amount` is what is to be given back for all orders together, or by how
    much moves change their totals.
    """

    check: bool
    id: str | None = None
    kind: str
    status: str
    departure_id: str
    to: str | None = None
    reason: str
    text: str = ""
    subject: str = ""
    created_date: dt.datetime | None = None
    finished_date: dt.datetime | None = None
    orders: int
    done: int
    failed: int
    guests: int
    amount: Decimal
    currency: str
    failures: tuple[FailedOrder, ...] = ()
    proof: str | None = None


class NoteSubject(Shape, frozen=True, kw_only=True):
    """A departure that a note is about. `start` is on the wall; `id` is None for one that was not made."""

    id: str | None
    product: str
    start: str | None
    time_zone: str
    taken: int


class ImportNote(Shape, frozen=True, kw_only=True):
    """What happened to departures, or is to be decided about them: `count` of them, 100 at most in `departures`."""

    kind: str
    text: str
    count: int
    departures: tuple[NoteSubject, ...]


class Made(Shape, frozen=True, kw_only=True):
    """How many departures were made, and how many were there already; notes on some of them."""

    created: int
    existing: int
    notes: tuple[ImportNote, ...] = ()


class ImportCounts(Shape, frozen=True, kw_only=True):
    """How many entries of one part of a file were new, were changed, were that way already, and were deleted."""

    created: int
    changed: int
    unchanged: int
    deleted: int = 0


class ImportReport(Shape, frozen=True, kw_only=True):
    """The result of an import, by part of the file. `changed` is False if nothing had to be changed.

    With `check` it is the result that the import would have.
    """

    changed: bool
    check: bool = False
    counts: dict[str, ImportCounts]
    notes: tuple[ImportNote, ...] = ()


_departure = enveloped(Departure)
_Departures: TypeAlias = list[Departure]
_Jobs: TypeAlias = list[DepartureJob]


class CatalogCalls(Resource[Mode]):
    """`client.catalog`: entries of each kind, by their code."""

    @operation
    def list(self, kind: EntryKind, *, limit: int = 200, page: int = 0) -> Request[_Entries]:
        """Return a page of the entries of a kind, by code."""
        return get(path(MANAGE, kind), enveloped(_Entries), {"limit": limit, "page": page})

    iterate = pages(list)

    @operation
    def read(self, kind: EntryKind, code: str) -> Request[Entry]:
        """Return an entry."""
        return get(path(MANAGE, kind, code), entry)

    @operation
    def create(
        self, kind: EntryKind, form: Mapping[str, Any] | CatalogEntry, *, idempotency_key: str | None = None
    ) -> Request[Entry]:
        """Make an entry, of a dictionary or a typed entry. `Conflict` if its code is taken."""
        return write("POST", path(MANAGE, kind), entry, key=idempotency_key, body=form)

    @operation
    def replace(
        self,
        kind: EntryKind,
        code: str,
        form: Mapping[str, Any] | CatalogEntry,
        *,
        idempotency_key: str | None = None,
    ) -> Request[Entry]:
        """Put an entry in place of the one with this code. What is left out gets its default."""
        return write("PUT", path(MANAGE, kind, code), entry, key=idempotency_key, body=form)

    @operation
    def delete(self, kind: EntryKind, code: str, *, idempotency_key: str | None = None) -> Request[Entry]:
        """Delete an entry. `Conflict` if something refers to it."""
        return write("DELETE", path(MANAGE, kind, code), entry, key=idempotency_key)

    @operation
    def import_file(
        self,
        document: Mapping[str, Any],
        *,
        check: bool | None = None,
        prune: bool | None = None,
        move_sold: bool | None = None,
        idempotency_key: str | None = None,
    ) -> Request[ImportReport]:
        """Import a catalog file in its JSON form: all or nothing; a second import of the same file changes nothing.

        `check` writes nothing and returns what would happen. `prune` deletes departures from now on that the file
        doesn't cover and that have no seats held or sold. `move_sold` also moves departures with such seats into a
        corrected time zone.
        """
        query = {"check": check, "prune": prune, "moveSold": move_sold}
        where = f"{MANAGE}/import"
        return write("POST", where, enveloped(ImportReport), key=idempotency_key, body=document, query=query)


class Departures(Resource[Mode]):
    """`client.departures`, of products by their code. Times are the wall clock of the product's place."""

    @operation
    def list(
        self,
        product: str,
        *,
        from_date: dt.date | str | None = None,
        to_date: dt.date | str | None = None,
        limit: int = 200,
        page: int = 0,
    ) -> Request[_Departures]:
        """Return a page of a product's departures by start, those that are closed or over too.

        Days, or months as `2026-07`; by default 31 days from today, and at most 366 days at once.
        """
        query = {"from": day(from_date), "to": day(to_date), "limit": limit, "page": page}
        return get(path(MANAGE, "products", product, "departures"), enveloped(_Departures), query)

    iterate = pages(list)

    @operation
    def of_days(
        self,
        *,
        from_date: dt.date | str | None = None,
        to_date: dt.date | str | None = None,
        product_ids: Iterable[str] | None = None,
        mine: bool | None = None,
    ) -> Request[DayList]:
        """Return the departures of all products (or of these) in some days, with who is on them; by default today's.

        Days, or months as `2026-07`, at most 93 days at once. `mine`: those on which the caller is a guide or driver.
        """
        query = {"from": day(from_date), "to": day(to_date), "productIds": several(product_ids), "mine": mine}
        return get(path(MANAGE, "departures"), enveloped(DayList), query)

    @operation
    def read(self, departure_id: str) -> Request[Departure]:
        """Return a departure with its taken and free seats."""
        return get(path(MANAGE, "departures", departure_id), _departure)

    @operation
    def create(
        self,
        product: str,
        start: str | None = None,
        *,
        same_local_time: bool | None = None,
        duration_min: int | None = None,
        capacity: int | None = None,
        prices: Mapping[str, Decimal | int | str] | None = None,
        cutoff_min: int | None = None,
        closed: bool | None = None,
        idempotency_key: str | None = None,
    ) -> Request[Departure]:
        """Make a departure, such as at `2026-07-14T09:00`; without a `start` the single one of a dateless product.

        `Conflict` if the product has one at this time on the wall, unless `same_local_time` says that two are meant.
        """
        body = given(
            start=start,
            same_local_time=same_local_time,
            duration_min=duration_min,
            capacity=capacity,
            prices=prices,
            cutoff_min=cutoff_min,
            closed=closed,
        )
        where = path(MANAGE, "products", product, "departures")
        return write("POST", where, _departure, key=idempotency_key, body=body)

    @operation
    def create_recurring(
        self,
        product: str,
        *,
        from_date: dt.date | str | None = None,
        to_date: dt.date | str | None = None,
        weekdays: Iterable[str] | None = None,
        times: Iterable[str] | None = None,
        duration_min: int | None = None,
        capacity: int | None = None,
        prices: Mapping[str, Decimal | int | str] | None = None,
        cutoff_min: int | None = None,
        closed: bool | None = None,
        idempotency_key: str | None = None,
    ) -> Request[Made]:
        """Make a departure on each of the `weekdays` (`mon`, …) at each of the `times` (`09:00`); both days included.

        Those that are there already stay as they are.
        """
        body = given(
            from_=day(from_date),
            to=day(to_date),
            weekdays=several(weekdays),
            times=several(times),
            duration_min=duration_min,
            capacity=capacity,
            prices=prices,
            cutoff_min=cutoff_min,
            closed=closed,
        )
        where = path(MANAGE, "products", product, "departures", "recurring")
        return write("POST", where, enveloped(Made), key=idempotency_key, body=body)

    @operation
    def change(
        self,
        departure_id: str,
        *,
        start: str | None = None,
        same_local_time: bool | None = None,
        duration_min: int | None = None,
        capacity: int | None = None,
        prices: Mapping[str, Decimal | int | str] | None = None,
        cutoff_min: int | None = None,
        closed: bool | None = None,
        closed_for: str | None = None,
        version: int | None = None,
        idempotency_key: str | None = None,
    ) -> Request[Departure]:
        """Change the given values. Raises `Conflict` for a capacity below the seats held or sold.

        `closed_for` says to the account's own people why sales are closed. With the `version` that was shown,
        `Conflict` is raised if somebody has changed the departure since.
        """
        body = given(
            start=start,
            same_local_time=same_local_time,
            duration_min=duration_min,
            capacity=capacity,
            prices=prices,
            cutoff_min=cutoff_min,
            closed=closed,
            closed_for=closed_for,
            version=version,
        )
        return write("PATCH", path(MANAGE, "departures", departure_id), _departure, key=idempotency_key, body=body)

    @operation
    def start_job(
        self,
        departure_id: str,
        kind: Literal["cancel", "move", "message"],
        *,
        orders: int | None = None,
        proof: str | None = None,
        check: bool | None = None,
        reason: str | None = None,
        text: str | None = None,
        subject: str | None = None,
        to: str | None = None,
        tiers: Mapping[str, str] | None = None,
        without_pickup: bool | None = None,
        idempotency_key: str | None = None,
    ) -> Request[DepartureJob]:
        """Close a departure, and cancel all of its orders without a fee, or move them to the departure `to`; or write
        `text` to all of its guests.

        Ask with `check` first, which changes nothing, and send the number of `orders` that it returns, and its `proof`
        if nothing else may have changed either. The orders
        follow in the background: `job` tells how far that has come.
        """
        body = given(
            kind=kind,
            orders=orders,
            proof=proof,
            reason=reason,
            text=text,
            subject=subject,
            to=to,
            tiers=tiers,
            without_pickup=without_pickup,
        )
        where, query = path(MANAGE, "departures", departure_id, "jobs"), {"check": check}
        return write("POST", where, enveloped(DepartureJob), key=idempotency_key, body=body, query=query)

    @operation
    def jobs(self, departure_id: str) -> Request[_Jobs]:
        """Return the newest jobs on a departure."""
        return get(path(MANAGE, "departures", departure_id, "jobs"), enveloped(_Jobs))

    @operation
    def all_jobs(self, *, limit: int = 200, page: int = 0) -> Request[_Jobs]:
        """Return a page of the jobs on all departures, the newest first."""
        return get(f"{MANAGE}/departure-jobs", enveloped(_Jobs), {"limit": limit, "page": page})

    @operation
    def job(self, job_id: str) -> Request[DepartureJob]:
        """Return how far a job has come, and the orders that it leaves as they are."""
        return get(path(MANAGE, "departure-jobs", job_id), enveloped(DepartureJob))

    @operation
    def delete(self, departure_id: str, *, idempotency_key: str | None = None) -> Request[Departure]:
        """Delete a departure and return it as it was. `Conflict` if seats of it are, or ever were, sold or are held."""
        return write("DELETE", path(MANAGE, "departures", departure_id), _departure, key=idempotency_key)
