"""The pickups of a day, over all products: a page that a driver prints or opens on a phone."""

from __future__ import annotations

from typing import NamedTuple

from litestar import Response, get
from litestar.handlers import HTTPRouteHandler

from seatwright.catalog.model import Catalog
from seatwright.core.times import parse_date
from seatwright.customers.fields import full_name
from seatwright.http.context import ApiRequest, services
from seatwright.presentation.guests import guests_text
from seatwright.reports.departures import DayList, Days, departures_of
from seatwright.reports.manifest import Guest, parties
from seatwright.reports.pickups import DayPickups, Ride, Stop, pickups_of
from seatwright.storage.engine import ReadTx
from seatwright.web.desk.calendar_view import today_of
from seatwright.web.desk.departure_view import party_name
from seatwright.web.desk.frame import screen
from seatwright.web.desk.texts import Texts, texts_of
from seatwright.web.desk.visit import PAGE, Visit, query, read


class PartyRow(NamedTuple):
    """The guests of an order who are picked up together; `size` says how many of what."""

    confirmation: int
    name: str
    phone: str
    size: str
    there: bool


class RideRows(NamedTuple):
    """The parties that ride to a departure, which starts at `clock`."""

    departure_id: str
    clock: str
    product: str
    guests: int
    parties: list[PartyRow]


class StopRows(NamedTuple):
    """A pickup place; `detail` is where and when there."""

    place: str
    detail: str
    guests: int
    rides: list[RideRows]


@get("/pickups", **PAGE)
async def get_pickups(request: ApiRequest) -> Response[str]:
    """Show who is picked up where on a day: today, or `day`."""
    asked = query(request)
    chosen = parse_date(asked.text("day"), field="day") if asked.text("day") else None

    async def use_case(tx: ReadTx, visit: Visit) -> tuple[DayList, DayPickups, Catalog]:
        day = chosen or today_of(visit.now, visit.account)
        catalogs = services(request).catalogs
        days = await departures_of(tx, catalogs, visit.now, visit.account.id, Days(day, day, crew=False))
        found = await pickups_of(tx, visit.account.id, days, visit.caller.permissions)
        return days, found, await catalogs.load(tx, visit.account.id)

    visit, (days, found, catalog) = await read(request, "manifests.read", use_case)
    texts = texts_of(visit.account)
    return screen(
        request,
        visit,
        "pickups.html",
        here="pickups",
        day=days.days.first,
        today=today_of(visit.now, visit.account),
        stops=[_stop(stop, catalog, texts) for stop in found.stops],
        own_way=found.own_way,
    )


def _stop(stop: Stop, catalog: Catalog, texts: Texts) -> StopRows:
    location, detail = stop.pickup.location, stop.pickup.detail
    return StopRows(
        place=location.name,
        detail=detail.name if detail else "",
        guests=sum(len(ride.guests) for ride in stop.rides),
        rides=[_ride(ride, catalog, texts) for ride in stop.rides],
    )


def _ride(ride: Ride, catalog: Catalog, texts: Texts) -> RideRows:
    departure = ride.departure.departure
    return RideRows(
        departure_id=departure.id,
        clock="" if departure.start_at is None else texts.clock(departure.start_at, departure.time_zone),
        product=ride.departure.product.name,
        guests=len(ride.guests),
        parties=[_party(guests, catalog, texts) for guests in parties(ride.guests)],
    )


def _party(guests: list[Guest], catalog: Catalog, texts: Texts) -> PartyRow:
    first = guests[0]
    return PartyRow(
        confirmation=first.confirmation,
        name=full_name(first.customer) or party_name(first),
        phone=str(first.customer.get("phone") or ""),
        size=guests_text(first.item, [guest.line for guest in guests], catalog, texts.words),
        there=all(guest.checked_in is not None for guest in guests),
    )


ROUTES: list[HTTPRouteHandler] = [get_pickups]
