"""A new booking: choose a departure, say for how many, name the customer, book. The cart holds the seats meanwhile."""

from __future__ import annotations

from collections.abc import Awaitable, Callable, Mapping
from datetime import date
from typing import Any, NamedTuple

from litestar import Response, get, post
from litestar.handlers import HTTPRouteHandler
from litestar.params import FromPath

from seatwright.cart import extension
from seatwright.cart import service as carts
from seatwright.cart.service import PricedCart
from seatwright.catalog.model import Catalog
from seatwright.core import times
from seatwright.core.errors import Conflict, NotFound, SeatwrightError
from seatwright.core.money import to_wire
from seatwright.customers.fields import full_name
from seatwright.http.context import ApiRequest, booking, services
from seatwright.inventory import store as inventory
from seatwright.inventory.model import Departure
from seatwright.orders import addition, earlier_customers
from seatwright.orders import service as orders
from seatwright.orders.placement import OrderDetails
from seatwright.reports.departures import DayList, Days, departures_of
from seatwright.storage.engine import ReadTx, Tx
from seatwright.web.desk import booking_form, calendar_view
from seatwright.web.desk.booking_view import MORE, CartPage, cart_page, departure_choice, total_of
from seatwright.web.desk.frame import Notice, check_mendable, go, refused, screen
from seatwright.web.desk.texts import texts_of
from seatwright.web.desk.visit import FORM, PAGE, Form, Visit, form, query, read, write

ORDERED = "cart_ordered"
"""The code of the error that a cart has become an order."""
MAX_FOUND = 6
"""Earlier customers that are offered while somebody types."""


class Choice(NamedTuple):
    """What was read for choosing a departure."""

    day: date
    days: DayList
    dateless: list[Departure]
    chosen: Departure | None
    catalog: Catalog


@get("/new", **PAGE)
async def get_new(request: ApiRequest) -> Response[str]:
    """Show the departures of a day; with `departure`, ask for how many. `cart` or `order` is added to."""
    return await _choose(request, query(request))


@post("/new", **FORM)
async def post_new(request: ApiRequest) -> Response[str]:
    """Hold seats: make a cart, or add to one."""
    sent = await form(request)

    async def use_case(tx: Tx, visit: Visit) -> str:
        parts, caller = booking(request), visit.caller
        cart_id, order = sent.text("cart"), sent.text("order")
        customer: Mapping[str, Any] = {}
        if not cart_id and order:
            cart_id = (await addition.open_cart(tx, parts, caller, order)).cart.id
        elif not cart_id:
            cart_id = (await carts.create(tx, parts, caller)).cart.id
            customer, _ = booking_form.customer_given(sent)
        await carts.add_item(tx, parts, caller, cart_id, booking_form.item_request(sent))
        if customer:
            await carts.set_customer(tx, parts, caller, cart_id, customer)
        return cart_id

    try:
        _, cart_id = await write(request, "orders.write", use_case)
    except SeatwrightError as error:
        check_mendable(error, 403)
        return await _choose(request, sent, notice=refused(error), status=error.status)
    kept = booking_form.carried(sent)
    return go(request, f"/new/{cart_id}", **{name: kept[name] for name in booking_form.TYPED if name in kept})


@get("/new/{cart_id:str}", **PAGE)
async def get_cart(request: ApiRequest, cart_id: FromPath[str]) -> Response[str]:
    """Show a cart: who it is for, what it costs, how long its seats are held, and how it is paid.

    One that has become an order leads there.
    """
    try:
        return await _cart(request, cart_id, query(request))
    except Conflict as error:
        if error.code != ORDERED:
            raise
        return go(request, f"/orders/{error.values['order']}")


@post("/new/{cart_id:str}", **FORM)
async def post_cart(request: ApiRequest, cart_id: FromPath[str]) -> Response[str]:
    """Keep what was typed, and do what was chosen: book, extend the hold, add or remove a departure or a discount, or
    drop the cart."""
    sent = await form(request)
    action, _, what = sent.text("do", "book").partition(" ")
    step = _STEPS.get(action)
    if step is None:
        raise NotFound("There is no such button.", code="unknown_address")

    async def use_case(tx: Tx, visit: Visit) -> str:
        return await step(_Work(tx, request, visit, cart_id, sent, what))

    try:
        _, path = await write(request, "orders.write", use_case)
    except SeatwrightError as error:
        if error.code == ORDERED:
            return go(request, f"/orders/{error.values['order']}")
        check_mendable(error, 403)
        if error.code == "cart_not_found":
            raise
        return await _cart(request, cart_id, sent, notice=refused(error), status=error.status)
    return go(request, path, **(booking_form.typed(sent) if path.startswith("/new") else {}))


@get("/find/customers", **PAGE)
async def find_customers(request: ApiRequest) -> Response[str]:
    """Offer the customers of earlier orders whose words begin with what is typed, as a part of the form."""
    typed = query(request).text("find")

    async def use_case(tx: ReadTx, visit: Visit) -> earlier_customers.Customers | None:
        if len(typed) < 2:
            return None
        return await earlier_customers.find(tx, visit.account.id, typed, limit=MAX_FOUND)

    visit, found = await read(request, "customers.read", use_case)
    return screen(request, visit, "found_customers.html", here="new", found=found.customers if found else [])


class _Work(NamedTuple):
    """One step of a booking: its transaction, who takes it, the cart, and what was sent."""

    tx: Tx
    request: ApiRequest
    visit: Visit
    cart_id: str
    sent: Form
    what: str

    async def keep(self) -> PricedCart:
        """Store what was typed about customer and guests; return the cart."""
        tx, parts, caller = self.tx, booking(self.request), self.visit.caller
        priced = await carts.read(tx, parts, caller, self.cart_id)
        catalog = await services(self.request).catalogs.load(tx, priced.cart.account_id)
        if priced.cart.order_id is not None:
            return priced
        body = priced.cart.body
        customer = booking_form.customer_of(self.sent, body, catalog)
        guests = booking_form.guests_of(self.sent, body, catalog)
        return await carts.set_customer(tx, parts, caller, self.cart_id, customer, guests)


async def _book(work: _Work) -> str:
    priced = await work.keep()
    whole = str(to_wire(total_of(priced), priced.currency))
    details = OrderDetails(
        cart_id=work.cart_id,
        reference_id=work.sent.text("reference") or None,
        flags=booking_form.flags_of(work.sent),
        payments=booking_form.payments_of(work.sent, whole=whole),
    )
    order = await orders.place(work.tx, booking(work.request), work.visit.caller, details)
    return f"/orders/{order.confirmation}?done=booked"


async def _extend(work: _Work) -> str:
    await work.keep()
    await extension.extend(work.tx, booking(work.request), work.visit.caller, work.cart_id)
    return f"/new/{work.cart_id}"


async def _more(work: _Work) -> str:
    await work.keep()
    return f"/new?cart={work.cart_id}"


async def _remove(work: _Work) -> str:
    await work.keep()
    await carts.remove_item(work.tx, booking(work.request), work.visit.caller, work.cart_id, work.what)
    return f"/new/{work.cart_id}"


async def _discount(work: _Work) -> str:
    await work.keep()
    parts, caller, code = booking(work.request), work.visit.caller, work.sent.text("discount")
    if code:
        await carts.apply_discount(work.tx, parts, caller, work.cart_id, code)
    else:
        await carts.remove_discount(work.tx, parts, caller, work.cart_id)
    return f"/new/{work.cart_id}"


async def _drop(work: _Work) -> str:
    await carts.delete(work.tx, booking(work.request), work.visit.caller, work.cart_id)
    return "/today"


_STEPS: Mapping[str, Callable[[_Work], Awaitable[str]]] = {
    "book": _book,
    "extend": _extend,
    "more": _more,
    "remove": _remove,
    "discount": _discount,
    "drop": _drop,
}
"""What the buttons of a cart do, by the first word of their value."""


async def _choose(
    request: ApiRequest, asked: Form, *, notice: Notice | None = None, status: int = 200
) -> Response[str]:
    day_text, chosen_id = asked.text("day"), asked.text("departure")
    day = times.parse_date(day_text, field="day") if day_text else None

    async def use_case(tx: ReadTx, visit: Visit) -> Choice:
        catalog = await services(request).catalogs.load(tx, visit.account.id)
        chosen = await inventory.find(tx, visit.account.id, chosen_id, visit.now) if chosen_id else None
        local = chosen.local_date if chosen is not None else None
        wanted = day or (date.fromisoformat(local) if local else calendar_view.today_of(visit.now, visit.account))
        found = await departures_of(
            tx, services(request).catalogs, visit.now, visit.account.id, Days(wanted, wanted, crew=False)
        )
        dateless = [
            each
            for product in catalog.products.values()
            if product.dateless and product.active
            for each in await inventory.calendar(tx, visit.account.id, product.id, wanted, wanted, visit.now)
        ]
        return Choice(wanted, found, dateless, chosen, catalog)

    visit, choice = await read(request, "orders.write", use_case)
    customer, unusable = booking_form.customer_given(asked)
    if unusable and notice is None:
        notice = Notice("wait", f"Not taken over: {' '.join(unusable)}")
    texts, catalog = texts_of(visit.account), choice.catalog
    product = catalog.products_by_id.get(choice.chosen.product_id) if choice.chosen else None
    return screen(
        request,
        visit,
        "new.html",
        here="new",
        notice=notice,
        status=status,
        day=choice.day,
        blocks=[
            calendar_view.block_of(shown, visit.now, texts)
            for shown in choice.days.departures
            if shown.departure.bookable(visit.now)
        ],
        dateless=[(each, catalog.products_by_id[each.product_id]) for each in choice.dateless],
        chosen=departure_choice(choice.chosen, product, catalog, asked.named("count."), texts)
        if choice.chosen is not None and product is not None
        else None,
        carried=booking_form.carried(asked),
        customer_line=_who(customer),
        pickup=asked.text("pickup"),
    )


def _who(customer: Mapping[str, Any]) -> str:
    """Return the customer that was brought along, in one line."""
    described = (full_name(customer), *(str(customer.get(name) or "") for name in ("phone", "email", "organization")))
    return " · ".join(filter(None, described))


async def _cart(
    request: ApiRequest,
    cart_id: str,
    sent: Form,
    *,
    notice: Notice | None = None,
    status: int = 200,
) -> Response[str]:
    async def use_case(tx: ReadTx, visit: Visit) -> tuple[PricedCart, Catalog, bool]:
        parts = booking(request)
        priced = await carts.read(tx, parts, visit.caller, cart_id)
        held = await extension.hold_times(tx, parts, visit.caller, cart_id)
        longer = any(each.latest_end > each.expires_at for each in held.holds)
        return priced, await services(request).catalogs.load(tx, priced.cart.account_id), longer

    visit, (priced, catalog, longer) = await read(request, "orders.write", use_case)
    texts = texts_of(visit.account)
    page: CartPage = cart_page(priced, catalog, sent.named(""), visit.now, texts)
    return screen(
        request,
        visit,
        "cart.html",
        here="new",
        notice=notice,
        status=status,
        cart=page,
        longer=longer,
        more=MORE,
        opened=any(page.customer[field] for field, _ in MORE),
        method=sent.text("method", booking_form.LATER),
        amount=sent.text("amount", page.deposit_amount or page.amount),
        memo=sent.text("memo"),
        reference=sent.text("reference"),
        mail=sent.has("mail") or (notice is None and not sent.has("silent")),
    )


ROUTES: list[HTTPRouteHandler] = [get_new, post_new, get_cart, post_cart, find_customers]
