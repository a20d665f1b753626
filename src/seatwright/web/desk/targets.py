"""Where guests can move: the departures of a day that take them, for some guests of an order and for a whole departure.

A departure takes guests who move until it begins, also after its cut-off.
"""

from __future__ import annotations

from collections.abc import Collection, Sequence
from datetime import date
from typing import NamedTuple

from seatwright.cart.model import LineKind
from seatwright.cart.selection import kind_of
from seatwright.catalog.model import Product
from seatwright.core import times
from seatwright.core.clock import Instant
from seatwright.http.context import ApiRequest, services
from seatwright.inventory import store as inventory
from seatwright.inventory.model import Departure
from seatwright.presentation.guests import tier_label
from seatwright.reports.departures import Days, departures_of
from seatwright.storage.engine import ReadTx
from seatwright.web.desk.calendar_view import today_of
from seatwright.web.desk.texts import Texts
from seatwright.web.desk.visit import Form, Visit


class TargetOption(NamedTuple):
    """A departure that can be chosen. `clock` is empty without a date; `more` is what is to be known of it."""

    id: str
    clock: str
    product: str
    left: int
    more: str
    chosen: bool


class Targets(NamedTuple):
    """The departures of a day that can be chosen, and the one that is, with its product; None without a choice."""

    day: date
    options: list[TargetOption]
    departure: Departure | None
    product: Product | None


class TierChoice(NamedTuple):
    """A price tier that the other product lacks: its name, the name of the field, and the tiers to choose from."""

    name: str
    field: str
    chosen: str
    tiers: list[tuple[str, str]]


class Leaving(NamedTuple):
    """Who is to move: the departures that they leave, how they are sold, and when the first of these starts."""

    departures: Collection[str]
    kinds: Collection[LineKind]
    start_at: Instant | None
    time_zone: str


async def read_targets(
    tx: ReadTx, request: ApiRequest, visit: Visit, sent: Form, leaving: Leaving, texts: Texts
) -> Targets:
    """Return the departures of the day that was chosen (`day`), and which was (`to`).

    Without a day it is that of the departure that they leave, or today if that is over. Raises `Invalid` for what is no
    day.
    """
    day = _day(visit, sent, leaving)
    catalog = await services(request).catalogs.load(tx, visit.account.id)
    found = await departures_of(tx, services(request).catalogs, visit.now, visit.account.id, Days(day, day, crew=False))
    departures = [shown.departure for shown in found.departures]
    for product in catalog.products.values():
        if product.dateless and product.active:
            departures += await inventory.calendar(tx, visit.account.id, product.id, day, day, visit.now)
    fitting = [
        (departure, catalog.products_by_id[departure.product_id])
        for departure in departures
        if departure.id not in leaving.departures
        and not departure.closed
        and (departure.start_at is None or departure.start_at > visit.now)
        and kind_of(catalog.products_by_id[departure.product_id]) in leaving.kinds
    ]
    wanted = sent.text("to")
    chosen = next((each for each in fitting if each[0].id == wanted), (None, None))
    options = [_option(departure, product, wanted, visit.now, texts) for departure, product in fitting]
    return Targets(day, options, *chosen)


def _day(visit: Visit, sent: Form, leaving: Leaving) -> date:
    text = sent.text("day")
    if text:
        return times.parse_date(text, field="day")
    today = today_of(visit.now, visit.account)
    if leaving.start_at is None:
        return today
    return max(today, times.to_local(leaving.start_at, leaving.time_zone).date())


def _option(departure: Departure, product: Product, wanted: str, now: Instant, texts: Texts) -> TargetOption:
    past = departure.closes_at is not None and departure.closes_at <= now
    return TargetOption(
        id=departure.id,
        clock="" if departure.start_at is None else texts.clock(departure.start_at, departure.time_zone),
        product=product.name,
        left=max(0, departure.free),
        more="past its cut-off" if past else "",
        chosen=departure.id == wanted,
    )


def tier_choices(tiers: Sequence[tuple[str, Product | None]], product: Product | None, sent: Form) -> list[TierChoice]:
    """Return the choices for price tiers (each with the product of which it is) that another product lacks."""
    if product is None:
        return []
    lacking = {code: own for code, own in tiers if product.tier(code) is None}
    return [
        TierChoice(
            name=tier_label(code, own),
            field=f"tier.{code}",
            chosen=sent.text(f"tier.{code}"),
            tiers=[(tier.code, tier.name) for tier in product.tiers],
        )
        for code, own in lacking.items()
    ]


def tiers_of(sent: Form) -> dict[str, str]:
    """Return the price tiers of the other product that were chosen, by those of now."""
    return {code: tier for code, tier in sent.named("tier.").items() if tier}
