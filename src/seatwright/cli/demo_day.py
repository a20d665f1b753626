"""The demo's day: orders as they come in at an outfitter's desk, so that every screen has something to show.

Made once for each day on which a server with demo data is started: the reference of its first order shows that it was.
The day's orders come in on the afternoon before; guests are checked in twenty minutes before they start, or now if that
is earlier. No mail is sent.
"""

from __future__ import annotations

import unicodedata
from collections.abc import Mapping
from datetime import datetime, time, timedelta
from typing import Literal, NamedTuple

from seatwright.annotations import service as notes
from seatwright.assignments import resources
from seatwright.assignments import service as assignments
from seatwright.assignments import store as assignment_store
from seatwright.assignments.model import MAX_RESOURCES, Kind
from seatwright.assignments.resources import NewResource
from seatwright.assignments.service import Assignment
from seatwright.auth import store as accounts
from seatwright.auth.model import Caller
from seatwright.cart import service as carts
from seatwright.cart.context import BookingContext
from seatwright.cart.guests import GuestDetails
from seatwright.cart.service import ItemRequest
from seatwright.catalog.model import Catalog
from seatwright.core.clock import MINUTE_MS, Instant, ManualClock
from seatwright.core.money import to_wire
from seatwright.core.times import from_local, to_local
from seatwright.disruptions import service as disruptions
from seatwright.disruptions.model import JobRequest
from seatwright.inventory import store as inventory
from seatwright.inventory.model import Departure
from seatwright.orders import listing, payments
from seatwright.orders import service as orders
from seatwright.orders.checkin import Guests, check_in, note_no_show
from seatwright.orders.listing import OrderFilter
from seatwright.orders.model import NotificationFlags, Order, Way
from seatwright.orders.new_payment import NewPayment
from seatwright.orders.placement import OrderDetails
from seatwright.storage.engine import Tx

BOOKED = time(14, 0)
"""When the first of the day's orders came in, on the day before, where the outfitter is."""
WINDY = ("family-float", "14:30")
"""The departure of the day that is cancelled for wind."""
WIND = "Gusts of 40 mph on the river this afternoon"
LOW_WATER = "Low water above Onion Creek: 14-foot boats only. Radio check at 8."
"""A note on the morning's departure."""


class Booking(NamedTuple):
    """An order: a departure `days` from today, its guests by tier, and who has booked it how.

    `paid` is the way in which all of it was paid, "deposit" for 50.00 by card, or None for later. `pickup` is the code
    of a pickup and of a place. `here` is how many of its guests are checked in; -1 means that nobody came.
    """

    product: str
    at: str
    guests: Mapping[str, int]
    customer: tuple[str, str, str]
    paid: Way | Literal["deposit"] | None = "card"
    days: int = 0
    pickup: tuple[str, str] | None = None
    names: tuple[str, ...] = ()
    here: int = 0
    note: str = ""
    tags: tuple[str, ...] = ()
    resold: bool = False
    organization: str = ""


HOTEL = "hotel-shuttle"
BOOKINGS = (
    Booking("rafting-full-day", "08:00", {"Adult": 2, "Child": 2}, ("Marta", "Kowalski", "+1 435 555 0110"),
            names=("Marta", "Piotr", "Lena", "Jan"), here=4, pickup=(HOTEL, "red-cliffs")),
    Booking("rafting-full-day", "08:00", {"Adult": 2}, ("James", "Okafor", "+1 303 555 0121"), "deposit", here=2,
            pickup=(HOTEL, "riverbend-inn"), note="James is allergic to peanuts: tell whoever packs the lunch.",
            tags=("allergy",)),
    Booking("rafting-full-day", "08:00", {"Adult": 1, "Senior": 1}, ("Ingrid", "Solberg", "+47 22 55 01 43"), here=-1),
    Booking("rafting-half-day", "08:30", {"Adult": 4}, ("Priya", "Raman", "+1 650 555 0134"), "cash", here=2,
            names=("Priya", "Arun", "Dev", "Maya"), pickup=(HOTEL, "riverbend-inn")),
    Booking("rafting-half-day", "08:30", {"Adult": 2, "Child": 1}, ("Tom", "Becker", "+1 801 555 0155"), None,
            pickup=(HOTEL, "slickrock-suites"), note="Calls from the road; may be ten minutes late."),
    Booking("rafting-half-day", "08:30", {"Adult": 3}, ("Lucía", "Fernández", "+34 911 555 016"),
            "external", resold=True),
    Booking("rafting-half-day", "13:30", {"Adult": 6, "Child": 3}, ("Grace", "Whitfield", "+1 970 555 0162"),
            "transfer", organization="Mesa Youth Club", note="One guest uses a wheelchair: put-in with the ramp.",
            tags=("group",)),
    Booking("rafting-half-day", "13:30", {"Adult": 2}, ("Noah", "Stein", "+1 212 555 0177"), "deposit"),
    Booking("rafting-half-day", "13:30", {"Adult": 2}, ("Chloé", "Dubois", "+33 1 55 50 01 88"),
            "external", resold=True,
            pickup=(HOTEL, "arches-camp")),
    Booking("kayak-tour", "09:00", {"All": 4}, ("Hana", "Sato", "+1 415 555 0198"), here=1,
            names=("Hana", "Kenji", "Yui", "Ren")),
    Booking("kayak-tour", "09:00", {"All": 2}, ("Ben", "Alvarez", "+1 505 555 0106"), None),
    Booking("kayak-tour", "18:00", {"All": 3}, ("Olivia", "Grant", "+1 720 555 0113"), tags=("vip",),
            note="Proposal at sunset. Keep it quiet!"),
    Booking("family-float", "10:00", {"Family": 1, "Adult": 1}, ("Daniel", "Park", "+1 385 555 0124")),
    Booking("family-float", "10:00", {"Adult": 2, "Child": 1}, ("Sofia", "Marino", "+39 06 5550 0135"), "cash",
            pickup=(HOTEL, "red-cliffs")),
    Booking("family-float", "14:30", {"Adult": 2, "Child": 2}, ("Ruth", "Hansen", "+1 435 555 0146")),
    Booking("family-float", "14:30", {"Family": 1}, ("Kofi", "Mensah", "+1 469 555 0157"), "cash"),
    Booking("mountain-bike", "08:30", {"All": 3}, ("Jonas", "Lindqvist", "+1 303 555 0168"), here=3),
    Booking("e-bike", "13:00", {"All": 2}, ("Helen", "Moreau", "+1 801 555 0179"), None),
    Booking("private-charter", "09:00", {"All": 1}, ("Amelia", "Rhodes", "+1 970 555 0181"), None, days=2),
    Booking("rafting-full-day", "08:00", {"Adult": 4}, ("Wei", "Zhang", "+1 206 555 0192"), "deposit", days=1),
    Booking("rafting-half-day", "08:30", {"Adult": 2, "Senior": 2}, ("Carol", "Novak", "+1 435 555 0103"), days=1,
            pickup=(HOTEL, "slickrock-suites")),
    Booking("kayak-tour", "14:00", {"All": 6}, ("Emma", "Castellanos", "+1 915 555 0114"), "deposit", days=1,
            organization="Castellanos wedding"),
    Booking("rafting-half-day", "08:30", {"Adult": 5}, ("Samuel", "Adeyemi", "+1 404 555 0125"),
            "external", days=3, resold=True),
    Booking("family-float", "10:00", {"Family": 2}, ("Nina", "Petrova", "+1 385 555 0136"), None, days=4),
)  # fmt: skip


class Mate(NamedTuple):
    """A guide, driver, boat or vehicle, with the departures of the day that it is on; a boat or vehicle has places."""

    kind: Kind
    name: str
    on: tuple[tuple[str, str], ...]
    places: int | None = None


FULL, MORNING, AFTERNOON = ("rafting-full-day", "08:00"), ("rafting-half-day", "08:30"), ("rafting-half-day", "13:30")
CREW = (
    Mate("guide", "Jess Tully", (FULL,)),
    Mate("guide", "Marco Diaz", (MORNING,)),
    Mate("guide", "Ben Yazzie", (("family-float", "10:00"), AFTERNOON)),
    Mate("guide", "Ayumi Kato", (("kayak-tour", "09:00"), ("kayak-tour", "18:00"))),
    Mate("driver", "Lou Peters", (FULL, MORNING)),  # in conflict: he can't drive both
    Mate("boat", "Raft 1", (MORNING, AFTERNOON), 8),
    Mate("boat", "Raft 2", (MORNING, AFTERNOON), 8),
    Mate("boat", "Raft 3", (FULL,), 8),
    Mate("boat", "Raft 4", (("family-float", "10:00"),), 8),
    Mate("vehicle", "Van", (MORNING, AFTERNOON), 14),
    Mate("vehicle", "Bus", (FULL,), 32),
)


class Day(NamedTuple):
    """What is needed to make the day: a context whose clock is `clock`, the users of both accounts, and the time."""

    booking: BookingContext
    clock: ManualClock
    seller: Caller
    reseller: Caller
    now: Instant


async def make_day(tx: Tx, day: Day) -> bool:
    """Make today's orders and those of the next days, and start to cancel an afternoon's departure for wind, which
    `disruptions.work` carries out; False if that was done before. What can't be booked, because somebody has changed
    the catalog or the calendar, is left out.
    """
    account_id = day.seller.account_id
    await accounts.lock_account(tx, account_id)
    catalog = await day.booking.catalogs.load(tx, account_id)
    today = to_local(day.now, catalog.time_zone).date()
    reference = f"DEMO-{today}"
    made = OrderFilter(reference_id=reference)
    if await listing.page(tx, account_id, made, limit=1, page=0, newest_first=False):
        return False
    before = from_local(datetime.combine(today - timedelta(days=1), BOOKED), catalog.time_zone)
    for number, booking in enumerate(BOOKINGS):
        late = booking.days > 0
        day.clock.set(day.now - (len(BOOKINGS) - number) * MINUTE_MS if late else before + 9 * number * MINUTE_MS)
        departure = await _departure(tx, day, catalog, booking)
        if departure is None or not departure.bookable(day.clock.now()) or departure.capacity < 2 * _seats(booking):
            continue
        order = await _book(tx, day, catalog, booking, departure, reference)
        reference = ""
        await _receive(tx, day, booking, departure, order)
    day.clock.set(day.now)
    await _assign(tx, day, catalog)
    launch = await _departure(tx, day, catalog, Booking(*MORNING, {}, ("", "", "")))
    if launch is not None:
        await notes.add_note(tx, day.clock, day.seller, "departure", launch.id, LOW_WATER)
    windy = await _departure(tx, day, catalog, Booking(*WINDY, {}, ("", "", "")))
    if windy is not None and not windy.closed:
        request = JobRequest(kind="cancel", departure_id=windy.id, reason=WIND)
        await disruptions.start(tx, day.booking, day.seller, request)
    return True


def _seats(booking: Booking) -> int:
    return sum(4 * count if tier == "Family" else count for tier, count in booking.guests.items())


async def _departure(tx: Tx, day: Day, catalog: Catalog, booking: Booking) -> Departure | None:
    product = catalog.products.get(booking.product)
    if product is None or not product.active:
        return None
    on = to_local(day.now, catalog.time_zone).date() + timedelta(days=booking.days)
    found = await inventory.calendar(tx, catalog.account_id, product.id, on, on, day.clock.now())
    start = from_local(datetime.combine(on, time.fromisoformat(booking.at)), catalog.time_zone)
    departure = next((each for each in found if each.start_at == start), None)
    return None if departure is None or departure.free < _seats(booking) else departure


async def _book(tx: Tx, day: Day, catalog: Catalog, booking: Booking, departure: Departure, reference: str) -> Order:
    """Book as the desk does, guest by guest."""
    caller = day.reseller if booking.resold else day.seller
    supplier = catalog.account_id if booking.resold else None
    cart_id = (await carts.create(tx, day.booking, caller, supplier_id=supplier)).cart.id
    place, detail = _pickup(catalog, booking)
    await carts.add_item(tx, day.booking, caller, cart_id, ItemRequest(departure.id, booking.guests, place, detail))
    priced = await carts.read(tx, day.booking, caller, cart_id)
    lines = [line for item in priced.cart.body.items for line in item.lines]
    guests = [
        GuestDetails(line_id=line.id, first_name=name, last_name=booking.customer[1], answers={})
        for line, name in zip(lines, booking.names, strict=False)
    ]
    first, last, phone = booking.customer
    customer = {"firstName": first, "lastName": last, "phone": phone, "email": f"{_plain(last)}@guests.example"}
    if booking.organization:
        customer["organization"] = booking.organization
    await carts.set_customer(tx, day.booking, caller, cart_id, customer, guests)
    details = OrderDetails(
        cart_id=cart_id,
        reference_id=reference or None,
        flags=dict.fromkeys(NotificationFlags.__struct_fields__, True),
        payments=None if booking.paid == "external" else (),
    )
    return await orders.place(tx, day.booking, caller, details)


def _pickup(catalog: Catalog, booking: Booking) -> tuple[str | None, str | None]:
    """Return the ids of a place and of its first detail."""
    pickup = catalog.pickups.get(booking.pickup[0]) if booking.pickup else None
    if booking.pickup is None or pickup is None:
        return None, None
    place = next((each for each in catalog.pickup_locations(pickup) if each.code == booking.pickup[1]), None)
    return (place.id if place else None), (pickup.details[0].id if place and pickup.details else None)


def _plain(name: str) -> str:
    return unicodedata.normalize("NFKD", name).encode("ascii", "ignore").decode().lower()


async def _receive(tx: Tx, day: Day, booking: Booking, departure: Departure, order: Order) -> None:
    """Take the money, write the note and the tags, and check in who is there."""
    seller = day.seller
    if departure.start_at is not None and booking.days == 0 and (booking.here or booking.paid == "cash"):
        day.clock.set(min(day.now, departure.start_at - 20 * MINUTE_MS))
    if booking.paid == "deposit":
        await payments.record_payment(tx, day.clock, seller, order.id, NewPayment(50, "card", deposit=True))
    elif booking.paid in ("card", "cash", "transfer"):
        amount = to_wire(order.balance, order.body.currency)
        await payments.record_payment(tx, day.clock, seller, order.id, NewPayment(amount, booking.paid))
    if booking.note:
        await notes.add_note(tx, day.clock, seller, "order", order.id, booking.note, pinned=True)
    if booking.tags:
        await notes.change_tags(tx, day.clock, seller, "order", order.id, add=booking.tags, remove=())
    lines = [line.id for item in order.body.items for line in item.lines]
    if booking.here > 0:
        await check_in(tx, day.clock, seller, Guests(order.id, departure.id, lines[: booking.here], noted=True))
    elif booking.here < 0:
        await note_no_show(tx, day.clock, seller, Guests(order.id, departure.id, None, noted=True))


async def _assign(tx: Tx, day: Day, catalog: Catalog) -> None:
    """Put the crew, the boats and the vehicles on their departures."""
    known = await assignment_store.resources(tx, catalog.account_id, kind=None, retired=True, limit=MAX_RESOURCES)
    ids = {each.name: each.id for each in known}
    for mate in CREW:
        if mate.name not in ids:
            new = NewResource(kind=mate.kind, name=mate.name, places=mate.places)
            ids[mate.name] = (await resources.add(tx, day.clock, day.seller, new)).id
        for product, at in mate.on:
            departure = await _departure(tx, day, catalog, Booking(product, at, {}, ("", "", "")))
            if departure is not None:
                wanted = Assignment(departure.id, [ids[mate.name]], anyway=True)
                await assignments.assign(tx, day.clock, day.seller, wanted)
