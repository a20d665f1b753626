"""Demo data: a believable outfitter with a year of departures, and a reseller that sells for it.

Made on the first start of a database. On later starts nothing is made again, but the calendar is filled up to a
year from today, and `demo.json` gets the address that the server has now.
"""

from __future__ import annotations

import os
import secrets
from dataclasses import dataclass
from datetime import timedelta
from functools import partial
from importlib.resources import files
from pathlib import Path

import msgspec

from seatwright.auth import service as auth
from seatwright.auth import store as auth_store
from seatwright.auth.model import Account, Caller
from seatwright.auth.passwords import hash_password
from seatwright.auth.roles import rights_of
from seatwright.auth.secrets import Keyring
from seatwright.auth.service import NewUser, UserChange
from seatwright.cart.context import BookingContext
from seatwright.cart.service import ItemRequest
from seatwright.catalog.store import CatalogCache
from seatwright.cli.demo_day import Day, make_day
from seatwright.core.clock import MINUTE_MS, Clock, ManualClock
from seatwright.core.ids import new_hex24
from seatwright.core.money import percent_to_ppm
from seatwright.core.times import to_local
from seatwright.disruptions import service as disruptions
from seatwright.inventory.model import Departure
from seatwright.inventory.store import calendar
from seatwright.orders import listing
from seatwright.orders.checkout import Checkout, check_out
from seatwright.orders.listing import OrderFilter
from seatwright.orders.placement import OrderDetails
from seatwright.resellers import service as resellers
from seatwright.resellers.model import Rate, Terms
from seatwright.setup import schedule
from seatwright.setup.editor import Editor
from seatwright.setup.importing import ImportForm, import_document, parse_document
from seatwright.storage.engine import Database, ReadTx, Tx

SUPPLIER, RESELLER = "demo", "demo-reseller"
FILE = "demo.json"
SOLD_OUT_REFERENCE = "DEMO-SOLD-OUT"
SOLD_OUT_PRODUCT = "kayak-tour"
SOLD_OUT_SEATS = 8
"""The seats of the evening's kayak tour in the demo catalog; one of these tours gets a group that fills it."""
GROUP = {
    "firstName": "Robin",
    "lastName": "Vance",
    "email": "robin@ridgeview.example",
    "organization": "Ridgeview School",
}
HOLD_MS = 30 * MINUTE_MS


class Credentials(msgspec.Struct, rename="camel", kw_only=True):
    """The credentials with which a client signs in."""

    base_url: str
    username: str
    apikey: str


class DemoFile(Credentials, kw_only=True):
    """`demo.json`: the outfitter's credentials, also for the desk, its reseller's, and the outfitter's account id.

    A file of an earlier version has no `password`.
    """

    reseller: Credentials
    supplier_id: str
    password: str = ""


@dataclass(frozen=True, slots=True)
class Demo:
    """The objects for making demo data."""

    database: Database
    clock: Clock
    catalogs: CatalogCache
    keyring: Keyring


async def create(demo: Demo, data_dir: Path, base_url: str) -> None:
    """Make the demo data, or bring it up to date, and write `demo.json` into `data_dir`.

    `base_url` is the server's own, such as `http://127.0.0.1:8080`. Raises `Conflict` if another account has one of the
    two codes.
    """
    path = data_dir / FILE
    content = await _opened(demo, _kept(path))
    if not content.password:
        content = msgspec.structs.replace(content, password=await _new_password(demo, content.supplier_id))
    await demo.database.write(lambda tx: _fill_calendar(tx, demo, content.supplier_id))
    await _sell_out(demo, content.supplier_id)
    await _fill_day(demo)
    _write(path, _at(content, f"{base_url.rstrip('/')}/public/api"))


async def _opened(demo: Demo, kept: DemoFile | None) -> DemoFile:
    """Return the keys of the demo accounts: made now, as they are in the file, or new ones."""
    found = await demo.database.read(_accounts)
    if found is None:
        return await demo.database.write(lambda tx: _make(tx, demo))
    if kept is None or kept.supplier_id != found[0].id:
        return await demo.database.write(lambda tx: _new_keys(tx, demo, *found))
    return kept


async def _accounts(tx: ReadTx) -> tuple[Account, Account] | None:
    supplier = await auth_store.account_by_code(tx, SUPPLIER)
    reseller = await auth_store.account_by_code(tx, RESELLER)
    return (supplier, reseller) if supplier and reseller else None


async def _make(tx: Tx, demo: Demo) -> DemoFile:
    """Make both accounts, their users, the connection and the whole catalog, all in one transaction."""
    supplier, key = await _account(tx, demo, SUPPLIER, "Canyon Country Outfitters", "demo@canyon.example", "Dana Reyes")
    reseller, reseller_key = await _account(tx, demo, RESELLER, "Moab Trip Desk", "demo@tripdesk.example", "Sam Ortega")
    await import_document(tx, _editor(demo, supplier.id), demo_catalog())
    terms = Terms(rate=Rate(amount=percent_to_ppm(15, field="rate")), channel="Trip desks")
    await resellers.connect(tx, demo.clock.now(), auth.SYSTEM, supplier.id, reseller.id, terms)
    return DemoFile(
        base_url="",
        username="demo@canyon.example",
        apikey=key,
        reseller=Credentials(base_url="", username="demo@tripdesk.example", apikey=reseller_key),
        supplier_id=supplier.id,
    )


async def _account(tx: Tx, demo: Demo, code: str, name: str, email: str, user: str) -> tuple[Account, str]:
    now = demo.clock.now()
    made = await auth.create_account(
        tx, demo.keyring, now, code=code, name=name, email=email, currency="USD", time_zone="America/Denver"
    )
    await auth.create_user(tx, now, auth.SYSTEM, made[0].id, NewUser(email=email, name=user, role="owner"))
    return made


async def _new_keys(tx: Tx, demo: Demo, supplier: Account, reseller: Account) -> DemoFile:
    """Give demo accounts new keys where `demo.json` is lost: keys are only kept as hashes."""
    keys, names = [], []
    for account in (supplier, reseller):
        keys.append(await auth.reset_key(tx, demo.keyring, demo.clock.now(), auth.SYSTEM, account.id))
        names.append((await _first_user(tx, account.id)).email)
    return DemoFile(
        base_url="",
        username=names[0],
        apikey=keys[0],
        reseller=Credentials(base_url="", username=names[1], apikey=keys[1]),
        supplier_id=supplier.id,
    )


async def _new_password(demo: Demo, supplier_id: str) -> str:
    """Give the outfitter's user a new password for the desk, and return it."""
    password = secrets.token_urlsafe(9)
    change = UserChange(password_hash=await hash_password(password))

    async def run(tx: Tx) -> None:
        user = await _first_user(tx, supplier_id)
        await auth.change_user(tx, demo.clock.now(), auth.SYSTEM, supplier_id, user.user_id, change)

    await demo.database.write(run)
    return password


def demo_catalog() -> ImportForm:
    """Return the outfitter's catalog file, which is a part of the program."""
    return parse_document(files("seatwright.cli").joinpath("demo_catalog.yaml").read_bytes())


def _editor(demo: Demo, account_id: str) -> Editor:
    return Editor(catalogs=demo.catalogs, clock=demo.clock, account_id=account_id, actor=auth.SYSTEM)


async def _fill_calendar(tx: Tx, demo: Demo, supplier_id: str) -> None:
    """Make the missing departures of the year from today; existing ones stay as they are."""
    products = (await demo.catalogs.load(tx, supplier_id)).products
    for recurrence in demo_catalog().schedules:
        product = products.get(recurrence.product)
        if product is not None and product.active and not product.dateless:
            await schedule.create_many(tx, _editor(demo, supplier_id), product.code, recurrence)


async def _sell_out(demo: Demo, supplier_id: str) -> None:
    """Let a group buy all seats of one departure, once: the order's reference shows that it was done."""
    booking = BookingContext(clock=demo.clock, catalogs=demo.catalogs, hold_ms=HOLD_MS)
    departure = await demo.database.read(lambda tx: _to_sell_out(tx, demo, supplier_id))
    if departure is None:
        return
    buyer = await demo.database.read(lambda tx: _first_user(tx, supplier_id))
    checkout = Checkout(
        items=[ItemRequest(departure.id, {"All": departure.free})],
        customer=GROUP,
        details=OrderDetails(cart_id="", reference_id=SOLD_OUT_REFERENCE),
    )
    await demo.database.write(lambda tx: check_out(tx, booking, buyer, checkout))


async def _fill_day(demo: Demo) -> None:
    """Make the day's orders, and cancel a departure for wind, unless that was done."""
    found = await demo.database.read(_accounts)
    if found is None:
        return
    seller, reseller = [await demo.database.read(partial(_first_user, account_id=account.id)) for account in found]
    clock = ManualClock(demo.clock.now())
    booking = BookingContext(clock=clock, catalogs=demo.catalogs, hold_ms=HOLD_MS)
    day = Day(booking, clock, seller, reseller, clock.now())
    if await demo.database.write(lambda tx: make_day(tx, day)):
        await disruptions.work(demo.database, booking)


async def _to_sell_out(tx: ReadTx, demo: Demo, supplier_id: str) -> Departure | None:
    """Return a departure about ten days from now that nobody has booked; None if one has been sold out already."""
    done = await listing.page(
        tx, supplier_id, OrderFilter(reference_id=SOLD_OUT_REFERENCE), limit=1, page=0, newest_first=False
    )
    catalog = await demo.catalogs.load(tx, supplier_id)
    product = catalog.products.get(SOLD_OUT_PRODUCT)
    tier = product.tier("All") if product is not None and product.active else None
    if done or product is None or tier is None or tier.seats != 1:
        return None
    now = demo.clock.now()
    first = to_local(now, catalog.time_zone).date() + timedelta(days=10)
    found = await calendar(tx, supplier_id, product.id, first, first + timedelta(days=20), now)
    empty = (one for one in found if one.bookable(now) and one.capacity == one.free == SOLD_OUT_SEATS)
    return next(empty, None)


async def _first_user(tx: ReadTx, account_id: str) -> Caller:
    user = (await auth.list_users(tx, account_id, limit=1, page=0))[0]
    return Caller(account_id=account_id, user_id=user.id, name=user.name, email=user.email, permissions=rights_of(user))


def _kept(path: Path) -> DemoFile | None:
    """Return the content of `demo.json`, or None if there is no readable one."""
    try:
        return msgspec.json.decode(path.read_bytes(), type=DemoFile)
    except (OSError, msgspec.DecodeError):
        return None


def _at(content: DemoFile, base_url: str) -> DemoFile:
    reseller = msgspec.structs.replace(content.reseller, base_url=base_url)
    return msgspec.structs.replace(content, base_url=base_url, reseller=reseller)


def _write(path: Path, content: DemoFile) -> None:
    """Write a file for the owner only, in one step, so that no reader sees half a file."""
    path.parent.mkdir(parents=True, exist_ok=True)
    draft = path.with_name(f".{path.name}.{new_hex24()}")
    descriptor = os.open(draft, os.O_WRONLY | os.O_CREAT | os.O_EXCL, 0o600)
    try:
        with os.fdopen(descriptor, "wb") as file:
            file.write(msgspec.json.format(msgspec.json.encode(content)) + b"\n")
            file.flush()
            os.fsync(file.fileno())
        draft.replace(path)
    finally:
        draft.unlink(missing_ok=True)
