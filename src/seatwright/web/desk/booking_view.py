"""A new booking as the desk shows it: what can be chosen, and the cart while the customer is on the phone. Pure."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import NamedTuple

from seatwright.cart.deposits import deposit_of
from seatwright.cart.model import Cart, Item, Line, Sums, sums
from seatwright.cart.service import PricedCart
from seatwright.catalog.model import Catalog, Product, Question
from seatwright.catalog.questions import questions_of
from seatwright.core.clock import SECOND_MS, Instant
from seatwright.core.money import to_wire
from seatwright.inventory.model import Departure
from seatwright.presentation.guests import tier_label
from seatwright.presentation.rows import Row
from seatwright.web.desk.texts import Texts

CUSTOMER = ("firstName", "lastName", "phone", "email", "organization", "language")
"""The customer's fields that the form always shows."""
MORE = (
    ("title", "Title"),
    ("birthDate", "Date of birth"),
    ("streetAddress", "Street"),
    ("postalCode", "Postal code"),
    ("city", "City"),
    ("state", "State"),
    ("country", "Country"),
)
"""The customer's fields that are folded up until there is something in them, with their labels."""
FIELDS = (*CUSTOMER, *(field for field, _ in MORE))
"""All fields of the customer that the form has."""


class TierChoice(NamedTuple):
    """A price tier that can be chosen: the name of its field, and how many are asked for."""

    field: str
    name: str
    price: str
    ages: str
    count_text: str


class PickupOption(NamedTuple):
    """A pickup that can be chosen; `value` is the place's id and the detail's."""

    value: str
    name: str


class DepartureChoice(NamedTuple):
    """A departure for which guests are being entered. `free` is how many seats or units are left."""

    id: str
    product: str
    when: str
    free: int
    tiers: list[TierChoice]
    pickups: list[PickupOption]


class CartGuest(NamedTuple):
    """A participant or unit in the cart, with the names that were typed."""

    id: str
    tier: str
    first_name: str
    last_name: str
    price: str
    answers: list[tuple[Question, str]]


class CartItem(NamedTuple):
    """A departure in the cart."""

    id: str
    product: str
    when: str
    pickup: str
    guests: list[CartGuest]


class CartPage(NamedTuple):
    """The cart. `seconds` is how long its seats are held yet; 0 if they aren't any more. `adds_to` is the confirmation
    number of the order to which it will be added. `deposit` is what the products ask for in advance, if they do.
    """

    id: str
    items: list[CartItem]
    sums: list[Row]
    total: int
    total_text: str
    amount: str
    deposit: str
    deposit_amount: str
    seconds: int
    held_until: str
    questions: list[tuple[Question, str]]
    discount_code: str
    customer: dict[str, str]
    adds_to: int | None


def departure_choice(
    departure: Departure, product: Product, catalog: Catalog, typed: Mapping[str, str], texts: Texts
) -> DepartureChoice:
    """Return what can be chosen of a departure; `typed` are the counts by the tiers' codes."""
    return DepartureChoice(
        id=departure.id,
        product=product.name,
        when=texts.trip(departure.start_at, departure.end_at, departure.time_zone),
        free=max(0, departure.free),
        tiers=[
            TierChoice(
                field=f"count.{tier.code}",
                name=tier_label(tier.code, product),
                price=texts.money(tier.price_on(departure.prices), catalog.currency),
                ages=_ages(tier.min_age, tier.max_age),
                count_text=typed.get(tier.code, ""),
            )
            for tier in product.tiers
        ],
        pickups=pickup_options(product, catalog, texts),
    )


def cart_page(priced: PricedCart, catalog: Catalog, typed: Mapping[str, str], now: Instant, texts: Texts) -> CartPage:
    """Return a cart; `typed` are the fields as they were sent with a form that was refused."""
    cart, items = priced.cart, priced.cart.body.items
    ends = min((item.expires_at for item in items), default=now)
    total = total_of(priced)
    deposit = min(total, deposit_of(items))
    return CartPage(
        id=cart.id,
        items=[_item(item, catalog, typed, texts) for item in items],
        sums=_sums(items, priced.currency, texts),
        total=total,
        total_text=texts.money(total, priced.currency),
        amount=str(to_wire(total, priced.currency)),
        deposit=texts.money(deposit, priced.currency) if deposit else "",
        deposit_amount=str(to_wire(deposit, priced.currency)) if deposit else "",
        seconds=max(0, (ends - now) // SECOND_MS),
        held_until=texts.clock(ends),
        questions=[
            (question, typed.get(f"answer.{question.code}", str(cart.body.customer.get(question.name, ""))))
            for question in _of_order(cart, catalog)
        ],
        discount_code=cart.body.discount_code or "",
        customer={field: typed.get(field, str(cart.body.customer.get(field) or "")) for field in FIELDS},
        adds_to=priced.addition.order.confirmation if priced.addition else None,
    )


def _of_order(cart: Cart, catalog: Catalog) -> list[Question]:
    """Return the questions that are asked once for the cart, each once."""
    found = {
        question.code: question
        for item in cart.body.items
        for question in questions_of(catalog, catalog.products_by_id.get(item.product_id))
        if question.per == "order"
    }
    return list(found.values())


def of_guests(item: Item, catalog: Catalog) -> list[Question]:
    """Return the questions that each guest of an item is asked."""
    asked = questions_of(catalog, catalog.products_by_id.get(item.product_id))
    return [question for question in asked if question.per == "participant"]


def _item(item: Item, catalog: Catalog, typed: Mapping[str, str], texts: Texts) -> CartItem:
    product, questions = catalog.products_by_id.get(item.product_id), of_guests(item, catalog)
    pickup = item.pickup
    return CartItem(
        id=item.id,
        product=item.product_name,
        when=texts.trip(item.start_at, item.end_at, item.time_zone),
        pickup=f"{pickup.location.name}{f', {pickup.detail.name}' if pickup.detail else ''}" if pickup else "",
        guests=[_guest(line, item, product, catalog, questions, typed, texts) for line in item.lines],
    )


def _guest(
    line: Line,
    item: Item,
    product: Product | None,
    catalog: Catalog,
    questions: Sequence[Question],
    typed: Mapping[str, str],
    texts: Texts,
) -> CartGuest:
    return CartGuest(
        id=line.id,
        tier=tier_label(line.tier, product),
        first_name=typed.get(f"first.{line.id}", line.first_name or ""),
        last_name=typed.get(f"last.{line.id}", line.last_name or ""),
        price=texts.money(line.total),
        answers=[
            (question, typed.get(f"guest.{line.id}.{question.code}", str(line.answers.get(question.name, ""))))
            for question in questions
        ],
    )


def _sums(items: Sequence[Item], currency: str, texts: Texts) -> list[Row]:
    found = _of_lines(items)
    parts = (("Price", found.price), ("Discount", -found.discount), ("Fees", found.fees), ("Tax", found.tax))
    return [Row(name, texts.money(amount, currency)) for name, amount in parts if amount]


def total_of(priced: PricedCart) -> int:
    """Return what a cart costs, or by how much it makes the order grow to which it will be added; minor units."""
    return (priced.addition.more if priced.addition else _of_lines(priced.cart.body.items)).total


def _of_lines(items: Sequence[Item]) -> Sums:
    return sums([line for item in items for line in item.lines])


def _ages(least: int | None, most: int | None) -> str:
    if least is not None and most is not None:
        return f"{least} to {most} years"
    if least is not None:
        return f"from {least} years"
    return f"up to {most} years" if most is not None else ""


def pickup_options(product: Product, catalog: Catalog, texts: Texts) -> list[PickupOption]:
    """Return the pickups that a product offers."""
    found = []
    for pickup in (catalog.pickups[code] for code in product.pickups if code in catalog.pickups):
        price = f" (+{texts.money(pickup.price, catalog.currency)} each)" if pickup.price else ""
        for place in catalog.pickup_locations(pickup):
            found += [
                PickupOption(f"{place.id}|{detail.id}", f"{place.name}, {detail.name}{price}")
                for detail in pickup.details
            ] or [PickupOption(f"{place.id}|", f"{place.name}{price}")]
    return found
