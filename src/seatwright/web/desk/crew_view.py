"""Crew and equipment as the desk shows them: on a departure, in the calendar, and all that there are. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from seatwright.assignments.model import CREW, KINDS, Conflict, Kind, Resource, Roster, TooFewPlaces, Trip, in_words
from seatwright.assignments.service import Options
from seatwright.catalog.model import Catalog
from seatwright.core import times
from seatwright.web.desk.texts import Texts

KIND_NAMES: Mapping[Kind, str] = {"guide": "Guide", "driver": "Driver", "boat": "Boat", "vehicle": "Vehicle"}
PLURALS: Mapping[Kind, str] = {"guide": "Guides", "driver": "Drivers", "boat": "Boats", "vehicle": "Vehicles"}


class CrewRow(NamedTuple):
    """Somebody or something on a departure, or to be put there: `about` says what it is, `more` the same without its
    kind, and `conflicts` what is wrong."""

    id: str
    name: str
    initials: str
    about: str
    more: str
    conflicts: list[str]
    ticked: bool = False


class CrewList(NamedTuple):
    """Who and what is on a departure, and what is wrong with all of it together."""

    rows: list[CrewRow]
    shortages: list[str]
    names: str
    conflicts: int


class CrewCard(NamedTuple):
    """What is on a departure and what could be added, by kind. `doubts` are what has to be asked about first, and
    `chosen` the ids of what was to be assigned."""

    on: CrewList
    choices: list[tuple[str, list[CrewRow]]]
    doubts: list[str]
    chosen: list[str]


class Faces(NamedTuple):
    """The crew of a departure in short: the initials of guides and drivers, their names, and how many conflicts."""

    initials: list[str]
    names: str
    conflicts: int


def crew_card(
    options: Options, chosen: Sequence[str], doubts: Sequence[Conflict], catalog: Catalog, texts: Texts
) -> CrewCard:
    """Return the card of a departure's crew. `chosen` are the ids of what was ticked in the form."""
    roster = options.roster
    by_kind: dict[Kind, list[CrewRow]] = {kind: [] for kind in KINDS}
    for resource, conflicts in options.others:
        said = _sentences(conflicts, roster.trip, catalog, texts)
        by_kind[resource.kind].append(_row(resource, said, ticked=resource.id in chosen))
    return CrewCard(
        on=crew_list(roster, catalog, texts),
        choices=[(PLURALS[kind], rows) for kind, rows in by_kind.items() if rows],
        doubts=_sentences(doubts, roster.trip, catalog, texts),
        chosen=list(chosen),
    )


def crew_list(roster: Roster, catalog: Catalog, texts: Texts) -> CrewList:
    """Return who and what is on a departure."""
    return CrewList(
        rows=[
            _row(resource, _sentences(_of(roster, resource), roster.trip, catalog, texts))
            for resource in roster.assigned
        ],
        shortages=[in_words(each) for each in roster.conflicts if isinstance(each, TooFewPlaces)],
        names=names_of(roster),
        conflicts=len(roster.conflicts),
    )


def faces_of(roster: Roster) -> Faces:
    """Return a departure's crew in short."""
    crew = [resource for resource in roster.assigned if resource.kind in CREW]
    return Faces([initials_of(each.name) for each in crew], names_of(roster), len(roster.conflicts))


def names_of(roster: Roster) -> str:
    """Return the names of all that is on a departure."""
    return ", ".join(resource.name for resource in roster.assigned)


def initials_of(name: str) -> str:
    """Return up to two letters for a name: of its first word and its last."""
    words = name.split()
    return (words[0][0] + (words[-1][0] if len(words) > 1 else words[0][1:2])).upper()


def about(resource: Resource) -> str:
    """Return what a resource is, in a few words."""
    return " · ".join(filter(None, (KIND_NAMES[resource.kind], _more(resource))))


def _more(resource: Resource) -> str:
    said = []
    if resource.places is not None:
        said.append(f"{resource.places} place{'' if resource.places == 1 else 's'}")
    if resource.turnaround_min:
        said.append(f"{resource.turnaround_min} min turnaround")
    return " · ".join(said)


def _row(resource: Resource, conflicts: list[str], *, ticked: bool = False) -> CrewRow:
    return CrewRow(
        id=resource.id,
        name=resource.name,
        initials=initials_of(resource.name),
        about=about(resource),
        more=_more(resource),
        conflicts=conflicts,
        ticked=ticked,
    )


def _of(roster: Roster, resource: Resource) -> list[Conflict]:
    return [each for each in roster.conflicts if not isinstance(each, TooFewPlaces) and each.resource == resource]


def _sentences(conflicts: Sequence[Conflict], trip: Trip, catalog: Catalog, texts: Texts) -> list[str]:
    def when(other: Trip) -> str:
        """Return which other departure it is, with its day if that is another one."""
        product = catalog.products_by_id.get(other.product_id)
        name = product.name if product else "another departure"
        days = [times.to_local(each.start_at, each.time_zone).date() for each in (trip, other)]
        span = texts.span(other.start_at, other.end_at, other.time_zone)
        return f"{name}, {span}" if days[0] == days[1] else f"{name}, {texts.day(days[1])}, {span}"

    return [in_words(each, when) for each in conflicts]
