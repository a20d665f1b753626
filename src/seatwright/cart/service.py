"""The use cases of a cart: make it, fill it, name the customer, apply a discount, delete it.

Each takes its transaction first and leaves nothing half-done. A cart is found only by its seller; another account's is
not found.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from functools import partial
from typing import Any, NamedTuple

import msgspec

from seatwright.auth.model import Caller
from seatwright.cart import hold_limits, holds, pricing, store
from seatwright.cart.addition import Addition, addition
from seatwright.cart.behalf import Behalf, on_behalf
from seatwright.cart.context import BookingContext
from seatwright.cart.guests import GuestDetails, read_customer, with_guests
from seatwright.cart.model import MAX_ITEMS, MAX_LINES, Arrangement, Cart, CartBody, Item, TargetOrder
from seatwright.cart.seating import Taking, take_seats
from seatwright.cart.selection import choose_place, count_tiers, kind_of, new_lines
from seatwright.catalog.model import Catalog, Discount, Product
from seatwright.core.clock import Instant
from seatwright.core.errors import Conflict, Invalid, NotFound
from seatwright.core.ids import new_uuid
from seatwright.inventory.availability import bookable_product
from seatwright.inventory.model import Departure
from seatwright.inventory.offer import for_reseller
from seatwright.inventory.seats import sold_out
from seatwright.resellers.model import Connection
from seatwright.resellers.service import require_connection, require_consent
from seatwright.storage.engine import ReadTx, Retry, Tx


class PricedCart(NamedTuple):
    """A cart, the currency of its amounts, and its price in the order to which it will be added."""

    cart: Cart
    currency: str
    addition: Addition | None = None


class ItemRequest(NamedTuple):
    """A request to add to a cart: a departure, the number for each tier, and the pickup."""

    departure_id: str
    counts: Mapping[str, int]
    location_id: str | None = None
    pickup_detail_id: str | None = None


def cart_not_found() -> NotFound:
    """Return the error for a cart that the account doesn't have."""
    return NotFound("There is no such cart.", code="cart_not_found")


async def create(
    tx: Tx,
    booking: BookingContext,
    caller: Caller,
    *,
    supplier_id: str | None = None,
    target: TargetOrder | None = None,
    behalf: Behalf | None = None,
) -> PricedCart:
    """Make an empty cart; with `supplier_id`, a reseller's cart on that supplier's seats.

    A cart with a `target`, an order of the same supplier and seller, shows its price in that order. With `behalf` it
    belongs to a supplier that is going to order in a reseller's name. Raises `NotFound` for a supplier without an
    active connection to the caller's account, and as `cart.behalf.on_behalf` does.
    """
    if supplier_id == caller.account_id:
        supplier_id = None
    if behalf is not None and supplier_id is not None and behalf.reseller_id != caller.account_id:
        raise Invalid(
            "is for carts on your own seats; leave out supplierId.",
            code="invalid_field",
            about="reseller",
        )
    if supplier_id is not None:
        await require_connection(tx, supplier_id, caller.account_id)
    account_id = supplier_id or caller.account_id
    catalog = await booking.catalogs.load(tx, account_id)
    now = booking.clock.now()
    cart = Cart(
        account_id=account_id,
        id=new_uuid(),
        owner_id=caller.account_id,
        status="open",
        version=1,
        body=CartBody(created_by=caller.name, created_by_email=caller.email),
        order_id=target.id if target else None,
        order_request=None,
        created_at=now,
        modified_at=now,
    )
    if behalf is not None and behalf.reseller_id != caller.account_id:
        cart, _ = await on_behalf(tx, cart, behalf)
    await store.insert(tx, cart)
    return _priced(cart, catalog, target)


async def read(tx: ReadTx, booking: BookingContext, caller: Caller, cart_id: str) -> PricedCart:
    """Return an open cart. Raises `NotFound`; for a cart that became an order, `Conflict` naming the order."""
    opened = await open_cart(tx, booking, caller, cart_id)
    return _priced(opened.cart, opened.catalog, opened.target)


async def page(
    tx: ReadTx, booking: BookingContext, caller: Caller, *, limit: int, page: int, ids: Sequence[str] | None
) -> list[PricedCart]:
    """Return open carts of the caller's account, oldest first."""
    found = await store.page(tx, caller.account_id, limit=limit, page=page, ids=ids)
    return [_priced(cart, await booking.catalogs.load(tx, cart.account_id), target) for cart, target in found]


async def delete(tx: Tx, booking: BookingContext, caller: Caller, cart_id: str) -> PricedCart:
    """Delete a cart and release all its seats. Repeating it changes nothing."""
    cart = await store.find(tx, caller.account_id, cart_id)
    if cart is None:
        raise cart_not_found()
    currency = (await booking.catalogs.load(tx, cart.account_id)).currency
    if cart.status == "deleted":
        return PricedCart(cart, currency)
    _refuse_ordered(cart)
    gone = msgspec.structs.replace(cart, status="deleted")
    changed = await store.update(tx, gone, booking.clock.now(), sole=False)
    await holds.release(tx, cart.account_id, cart.id, [item.id for item in cart.body.items])
    return PricedCart(changed, currency)


async def add_item(
    tx: Tx, booking: BookingContext, caller: Caller, cart_id: str, item_request: ItemRequest
) -> PricedCart:
    """Add participants or units on a departure and hold their seats; the whole item's hold is extended.

    If the departure is in the cart already, they are added to its item. Raises `NotFound` for an unknown cart or
    departure, `Invalid` for a wrong request, `Conflict` for a departure that is closed and for more seats than may be
    held (see `cart.hold_limits`), and `SoldOut`.
    """
    now = booking.clock.now()
    holder = store.Holder(caller.user_id, booking.address)
    limits = (booking.holds_per_user, booking.holds_per_address)
    read = await store.open_to_hold(
        tx, booking.catalogs, caller.account_id, cart_id, item_request.departure_id, holder, now, most=max(limits)
    )
    cart, catalog, departure, target = _open_cart(read.opened if read else None)
    connection = await require_sale(tx, cart)
    if connection is not None:
        catalog = for_reseller(catalog, connection.terms)
    product = bookable_product(catalog, departure, now)
    assert departure is not None
    item, more = _with_more(cart.body.item(departure.id), catalog, product, departure, item_request, now, booking)
    if departure.free < more:
        in_the_way = await holds.expired_in_the_way(tx, departure, now)
        if in_the_way:
            raise Retry(first=partial(holds.make_room, account_id=cart.account_id, departure_ids=in_the_way, now=now))
        # On PostgreSQL each read sees a later state than the one before: seats may have been released, or the cart
        # renewed.
        again = await store.open_with(tx, booking.catalogs, caller.account_id, cart_id, departure.id)
        if again is None or again.departure is None or again.cart.version != cart.version:
            raise Retry
        if again.departure.free >= more:
            raise Retry
        raise sold_out(departure.id)
    if more == item.seats and await _holds_expired(tx, cart, departure.id):
        raise Retry(first=partial(holds.make_room, account_id=cart.account_id, departure_ids=[departure.id], now=now))
    items = _replaced(cart.body.items, item)
    if len(items) > MAX_ITEMS:
        raise Invalid(f"a cart takes at most {MAX_ITEMS} departures.", code="too_many_items", about="departure")
    changed = _repriced(cart, items, catalog, _discount_now(cart, catalog, now))
    if read is not None and cart.body.item(departure.id) is None:
        hold_limits.check_counts((read.by_user, read.by_address), limits)
    taking = Taking(changed, departure, item, more)
    changed = await take_seats(tx, booking, caller, taking, connection, now)
    return _priced(changed, catalog, target)


async def remove_item(tx: Tx, booking: BookingContext, caller: Caller, cart_id: str, departure_id: str) -> PricedCart:
    """Remove a departure from a cart and release its seats. Raises `NotFound` if it isn't in it."""
    opened = await open_cart(tx, booking, caller, cart_id)
    cart = opened.cart
    if cart.body.item(departure_id) is None:
        raise NotFound("The cart has no such item.", code="item_not_found")
    items = tuple(item for item in cart.body.items if item.id != departure_id)
    now = booking.clock.now()
    changed = _repriced(cart, items, opened.catalog, _discount_now(cart, opened.catalog, now))
    changed = await store.update(tx, changed, now, sole=False)
    await holds.release(tx, cart.account_id, cart.id, [departure_id])
    return _priced(changed, opened.catalog, opened.target)


async def set_customer(
    tx: Tx,
    booking: BookingContext,
    caller: Caller,
    cart_id: str,
    customer: Mapping[str, Any],
    guests: Sequence[GuestDetails] = (),
) -> PricedCart:
    """Set the customer, replacing the earlier one, and the details of the participants that are named.

    The customer's own fields have been checked. Raises `Invalid` for an answer that doesn't fit its question, and for a
    participant that isn't in the cart.
    """
    opened = await open_cart(tx, booking, caller, cart_id)
    body = msgspec.structs.replace(
        opened.cart.body,
        customer=read_customer(customer, opened.cart.body.items, opened.catalog),
        items=with_guests(opened.cart.body.items, guests, opened.catalog),
    )
    changed = msgspec.structs.replace(opened.cart, body=body)
    changed = await store.update(tx, changed, booking.clock.now(), sole=True)
    return _priced(changed, opened.catalog, opened.target)


async def apply_discount(tx: Tx, booking: BookingContext, caller: Caller, cart_id: str, code: str) -> PricedCart:
    """Apply a discount code, replacing an earlier one.

    Raises `NotFound` for an unknown code, and `Conflict` for a code that is not valid now, or not for any item in the
    cart.
    """
    opened = await open_cart(tx, booking, caller, cart_id)
    cart, catalog = opened.cart, opened.catalog
    discount = catalog.discount(code)
    if discount is None:
        raise NotFound("there is no such discount code.", code="discount_not_found", about="discount")
    if not pricing.discount_valid(discount, booking.clock.now()):
        raise Conflict("this discount is not valid at this time.", code="discount_not_valid", about="discount")
    products = {item.product_code for item in cart.body.items}
    if products and discount.products is not None and products.isdisjoint(discount.products):
        raise Conflict(
            "this discount is for other products than those in the cart.",
            code="discount_not_applicable",
            about="discount",
        )
    body = msgspec.structs.replace(cart.body, discount_code=discount.code)
    changed = _repriced(
        msgspec.structs.replace(cart, body=body), pricing.without_discount(cart.body.items), catalog, discount
    )
    changed = await store.update(tx, changed, booking.clock.now(), sole=True)
    return _priced(changed, catalog, opened.target)


async def remove_discount(tx: Tx, booking: BookingContext, caller: Caller, cart_id: str) -> PricedCart:
    """Take the discount code off a cart, if it has one."""
    opened = await open_cart(tx, booking, caller, cart_id)
    body = msgspec.structs.replace(opened.cart.body, discount_code=None)
    changed = _repriced(
        msgspec.structs.replace(opened.cart, body=body), pricing.without_discount(body.items), opened.catalog, None
    )
    changed = await store.update(tx, changed, booking.clock.now(), sole=True)
    return _priced(changed, opened.catalog, opened.target)


async def require_sale(tx: ReadTx, cart: Cart) -> Connection | None:
    """Return the connection under which a reseller's cart sells; None for a supplier's own cart.

    Raises `NotFound` if the supplier is not connected to the reseller any more, and `Forbidden` if the reseller doesn't
    let it order in its name any more.
    """
    if cart.seller_id == cart.account_id:
        return None
    if cart.owner_id == cart.account_id:
        return await require_consent(tx, cart.account_id, cart.seller_id)
    return await require_connection(tx, cart.account_id, cart.owner_id)


async def open_cart(tx: ReadTx, booking: BookingContext, caller: Caller, cart_id: str) -> store.OpenCart:
    """Return an open cart with its catalog. Raises `NotFound`, and `Conflict` for one that has become an order."""
    return _open_cart(await store.open_with(tx, booking.catalogs, caller.account_id, cart_id))


def _open_cart(opened: store.OpenCart | None) -> store.OpenCart:
    """Return the cart that was read if it may still be changed; raise `NotFound` or `Conflict` otherwise."""
    if opened is None or opened.cart.status == "deleted":
        raise cart_not_found()
    _refuse_ordered(opened.cart)
    return opened


def _refuse_ordered(cart: Cart) -> None:
    if cart.status == "ordered":
        raise Conflict(
            f"The cart has become the order {cart.order_id}; make a new cart, and add it with orderId if it belongs "
            "to that order.",
            code="cart_ordered",
            values={"order": cart.order_id or ""},
        )


def _priced(cart: Cart, catalog: Catalog, target: TargetOrder | None) -> PricedCart:
    return PricedCart(cart, catalog.currency, addition(cart.body.items, target) if target else None)


def _with_more(
    item: Item | None,
    catalog: Catalog,
    product: Product,
    departure: Departure,
    item_request: ItemRequest,
    now: Instant,
    booking: BookingContext,
) -> tuple[Item, int]:
    """Return the item with the added lines, and how many seats this takes beyond those that it holds."""
    lines = new_lines(product, departure.prices, count_tiers(product, item_request.counts))
    location, pickup = choose_place(catalog, product, item_request.location_id, item_request.pickup_detail_id)
    more = sum(line.seats for line in lines)
    added = Item(
        id=departure.id,
        product_id=product.id,
        product_code=product.code,
        product_name=product.name,
        product_number=product.number,
        kind=kind_of(product),
        start_at=departure.start_at,
        end_at=departure.end_at,
        time_zone=departure.time_zone,
        arrangements=(
            Arrangement(policy=catalog.policy_of(product), location=location, pickup=pickup, deposit=product.deposit),
        ),
        lines=lines,
        held_since=now,
        expires_at=now + booking.hold_ms,
    )
    if item is None:
        return added, more
    since, expires_at = hold_limits.extended(booking, item, now)
    more += 0 if item.expires_at > now else item.seats
    if len(item.lines) + len(lines) > MAX_LINES:
        raise Invalid(f"an item takes at most {MAX_LINES}.", code="too_many_participants", about="counts")
    both = item.with_lines_of(added)
    grown = msgspec.structs.replace(
        added, arrangements=both.arrangements, lines=both.lines, held_since=since, expires_at=expires_at
    )
    return grown, more


def _replaced(items: tuple[Item, ...], item: Item) -> tuple[Item, ...]:
    if any(other.id == item.id for other in items):
        return tuple(item if other.id == item.id else other for other in items)
    return (*items, item)


def _discount_now(cart: Cart, catalog: Catalog, now: Instant) -> Discount | None:
    """Return the discount of a cart's code at `now`. A discount that has ended stays on lines that have it already."""
    discount = catalog.discount(cart.body.discount_code) if cart.body.discount_code else None
    return discount if discount is not None and pricing.discount_valid(discount, now) else None


def _repriced(cart: Cart, items: Sequence[Item], catalog: Catalog, discount: Discount | None) -> Cart:
    """Return the cart with these items on the catalog's present terms, and with `discount` where it is valid."""
    body = msgspec.structs.replace(cart.body, items=pricing.price(items, catalog, discount))
    return msgspec.structs.replace(cart, body=body)


async def _holds_expired(tx: ReadTx, cart: Cart, departure_id: str) -> bool:
    """Tell whether a hold of this cart has expired and isn't swept yet. For places where it should hold nothing."""
    held = cart.body.item(departure_id) is not None
    return held and departure_id in await holds.held_departures(tx, cart.account_id, cart.id)
