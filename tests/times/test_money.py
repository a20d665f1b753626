"""Money to the last minor unit, in currencies of 0, 2 and 3 decimals: prices, splits, ledger, fees and refunds.

What is promised: what is split adds up; lines, totals and ledger say the same after every step; no refund and no sum
of refunds is above what was paid; nobody's amount is ever a float.

`MONEY_CASES` says how many random orders are sold, added to and cancelled bit by bit (1,000,000 in a full run).
"""

from __future__ import annotations

import random
import time
from collections import Counter
from collections.abc import Iterator
from decimal import ROUND_HALF_UP, Decimal
from fractions import Fraction
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.cancellation.service import Outcome, Target, cancel
from seatwright.cart.model import Item, Line
from seatwright.cart.store import OpenCart
from seatwright.catalog.model import Catalog, Discount
from seatwright.core.clock import HOUR_MS
from seatwright.core.errors import Invalid
from seatwright.core.money import (
    MAX_MINOR,
    PPM,
    allocate,
    check_currency,
    decimals,
    divide,
    from_wire,
    included_share,
    share,
    to_wire,
)
from seatwright.orders import service as orders
from seatwright.orders.model import Order
from seatwright.orders.placement import OrderDetails
from tests.crash.figures import show
from tests.crash.scale import Deadline, amount
from tests.times.books import Books, Maker, live, run

CASES = amount("MONEY_CASES", 1_500)
CURRENCIES = {"JPY": 0, "USD": 2, "KWD": 3}
minors = st.integers(-MAX_MINOR, MAX_MINOR)
ppms = st.integers(0, PPM)


def rounded(value: Decimal) -> int:
    """Round half away from zero, by the standard library's own rule."""
    return int(value.to_integral_value(ROUND_HALF_UP))


# --- core.money --------------------------------------------------------------------------------------


@given(minors, ppms)
def test_a_share_is_rounded_once_half_away_from_zero(minor: int, ppm: int) -> None:
    assert share(minor, ppm) == rounded(Decimal(minor) * ppm / PPM)
    inside = included_share(minor, ppm)
    assert abs(Decimal(inside) - Decimal(minor) * ppm / (PPM + ppm)) <= Decimal("0.5")
    assert abs(inside) <= abs(minor)
    assert type(share(minor, ppm)) is type(inside) is int


@given(st.integers(), st.integers(1, 10**9))
def test_a_quotient_is_the_nearest_and_symmetric(numerator: int, denominator: int) -> None:
    assert 2 * abs(divide(numerator, denominator) * denominator - numerator) <= denominator
    assert divide(-numerator, denominator) == -divide(numerator, denominator)


@given(minors, st.lists(st.integers(0, 3) | st.integers(0, MAX_MINOR), min_size=1, max_size=50))
def test_a_split_adds_up_and_each_part_is_less_than_one_off(total: int, weights: list[int]) -> None:
    parts = allocate(total, weights)
    assert sum(parts) == total
    assert all(type(part) is int for part in parts)
    shares = weights if any(weights) else [1] * len(weights)
    for part, weight in zip(parts, shares, strict=True):
        assert abs(part * sum(shares) - total * weight) < sum(shares)
        assert weight or not part


@given(minors, st.sampled_from(sorted(CURRENCIES)))
def test_the_wire_has_the_currencys_decimals_and_loses_nothing(minor: int, currency: str) -> None:
    shown = to_wire(minor, currency)
    assert -shown.as_tuple().exponent == decimals(currency) == CURRENCIES[currency]  # type: ignore[operator]
    assert shown * 10 ** CURRENCIES[currency] == minor
    for text in (str(shown), shown, f"{shown:f}"):
        assert from_wire(text, currency, field="amount") == minor
    with pytest.raises(Invalid):
        from_wire(f"{shown:f}{'' if CURRENCIES[currency] else '.'}5", currency, field="amount")


# --- Orders ------------------------------------------------------------------------------------------


@pytest.fixture
def books(monkeypatch: pytest.MonkeyPatch) -> Books:
    """An order in memory."""
    made = Books()
    made.install(monkeypatch)
    return made


def no_floats(value: Any) -> Iterator[Any]:
    """Return every number in a document; a float anywhere fails."""
    if isinstance(value, dict):
        for part in value.values():
            yield from no_floats(part)
    elif isinstance(value, list | tuple):
        for part in value:
            yield from no_floats(part)
    elif not isinstance(value, str | bool | type(None)):
        assert type(value) is int, value
        yield value


def check_prices(items: tuple[Item, ...], sold: Catalog, discount: Discount | None) -> None:
    """Each line's total is its parts; each charge and discount over a cart is what it comes to, rounded once."""
    lines = [(item, line) for item in items for line in item.lines]
    for _, line in lines:
        assert line.total == line.price - line.discount + line.fees + line.tax >= 0
        assert 0 <= line.discount <= line.price
        assert all(charge.amount >= 0 for charge in line.charges)
    if discount is not None and discount.per == "order":
        prices = sum(
            line.price for item, line in lines if discount.products is None or item.product_code in discount.products
        )
        off = Decimal(prices) * discount.amount / PPM if discount.calc == "percent" else min(discount.amount, prices)
        assert sum(line.discount for _, line in lines) == rounded(Decimal(off))
    for charge in sold.charges.values():
        if charge.per != "order":
            continue
        on = [(item, line) for item, line in lines if charge.products is None or item.product_code in charge.products]
        base = sum(line.price - line.discount + pickup(line) for _, line in on)
        whole = Decimal(charge.amount)
        if charge.calc == "percent" and charge.included:
            # Percentages that a price contains are taken out of it together.
            parts = (Fraction(gross(line), PPM + inside(line)) for _, line in on)
            exact = sum(parts, Fraction(0)) * charge.amount
            whole = Decimal(exact.numerator) / exact.denominator
        elif charge.calc == "percent":
            whole = Decimal(base) * charge.amount / PPM
        elif charge.included:
            whole = min(whole, Decimal(base))
        taken = sum(found.amount for _, line in on for found in line.charges if found.code == charge.code)
        assert taken == (rounded(whole) if on else 0)


def gross(line: Line) -> int:
    """Return what percentages are taken of."""
    return line.price - line.discount + pickup(line)


def inside(line: Line) -> int:
    """Return the sum of the percentages that a line's price contains, in ppm."""
    return sum(charge.rate or 0 for charge in line.charges if charge.included and charge.calc == "percent")


def pickup(line: Line) -> int:
    """Return what a line costs for its pickup."""
    return sum(charge.amount for charge in line.charges if charge.kind == "pickup")


def check_books(books: Books, order: Order) -> None:
    """Lines are totals are ledger, in whole minor units."""
    assert all(sum(entry.amount for entry in entries) == 0 for entries in books.transactions)
    assert len(books.transactions) == order.body.transactions
    ledgers: Counter[str] = Counter()
    for entries in books.transactions:
        for entry in entries:
            assert type(entry.amount) is int
            ledgers[entry.ledger] += entry.amount
    lines = [line for item in order.body.items for line in item.lines]
    kept = [line for line in lines if line.status == "confirmed"]
    fees = sum(line.cancellation_fee for line in lines)
    assert order.total == sum(line.total for line in kept) + fees
    assert ledgers["receivable"] == order.balance == order.total - order.paid
    assert ledgers["external_payments"] == order.paid == sum(payment.amount for payment in order.body.payments)
    assert -ledgers["cancellation_fees"] == fees == order.body.cancellation_fees
    assert ledgers["discounts"] == sum(line.discount for line in kept)
    assert -ledgers["taxes"] == sum(c.amount for line in kept for c in line.charges if c.kind == "tax")
    assert all(0 <= line.cancellation_fee <= line.total for line in lines)
    assert sum(1 for _ in no_floats(msgspec.to_builtins(order))) > 0


def sell(books: Books, maker: Maker, sold: Catalog) -> Order:
    """Order a random cart; add another one to the order now and then."""
    for number in range(maker.chance.choice((1, 1, 2))):
        cart = maker.cart(sold)
        check_prices(cart.body.items, sold, sold.discounts.get(cart.body.discount_code or ""))
        books.opened = OpenCart(cart, sold, None)
        asked = OrderDetails(cart.id, order_id=books.order.id if number and books.order else None)
        order = run(orders.place(books.tx, books.booking, books.caller, asked))
        check_books(books, order)
        assert order.balance == 0
    return order


def cancel_some(books: Books, maker: Maker, order: Order) -> Outcome:
    """Cancel something of an order on a random level, with its fee or without."""
    item, line_id = maker.chance.choice(live(order))
    whole, of_item = Target(order.id), Target(order.id, item.id)
    one = Target(order.id, item.id, **{f"{item.kind}_id": line_id})
    target = maker.chance.choice((one, one, one, of_item, whole))
    apply_fee = maker.chance.random() < 0.85
    books.clock.advance(maker.chance.choice((0, HOUR_MS, 30 * HOUR_MS)))
    done = run(cancel(books.tx, books.booking, books.caller, target, apply_fee=apply_fee))
    gone = [line for old in order.body.items for line in old.live if line.id in done.cancelled]
    assert done.fee == sum(fee.fee for fee in done.fees)
    assert 0 <= done.fee <= sum(line.total for line in gone)
    assert apply_fee or done.fee == 0
    assert done.refund == sum(line.total for line in gone) - done.fee
    assert 0 <= done.refund <= order.paid
    assert type(done.refund) is type(done.fee) is int
    assert len(done.cancelled) == done.seats_returned == len(gone)
    return done


def test_lines_are_totals_are_ledger_and_no_refund_is_above_what_was_paid(
    books: Books, capsys: pytest.CaptureFixture[str]
) -> None:
    began, deadline, met = time.monotonic(), Deadline(), Counter[str]()
    for case in range(CASES):
        if deadline.over():
            break
        books.clear()
        maker = Maker(random.Random(case))
        currency = sorted(CURRENCIES)[case % 3]
        order = sell(books, maker, maker.catalog(currency))
        refunds, seats = 0, len(live(order))
        while live(order):
            done = cancel_some(books, maker, order)
            order, refunds = done.order, refunds + done.refund
            check_books(books, order)
            met.update(cancellations=1, with_a_fee=done.fee > 0, refunds=done.refund > 0)
            assert refunds == order.paid - order.total <= order.paid
        assert order.status == "cancelled"
        assert order.total == order.body.cancellation_fees <= order.paid
        assert books.released == seats
        again = run(cancel(books.tx, books.booking, books.caller, Target(order.id), apply_fee=True))
        assert (again.refund, again.fee, again.order) == (0, 0, order)
        met.update({currency: 1, "orders": 1, "added_to": len(order.body.payments) > 1, "lines": seats})
    assert min(met.values()) > met["orders"] / 5, f"something is never met: {met}"
    show(capsys, "money", **met, seconds=time.monotonic() - began)


@pytest.mark.parametrize(("code", "says"), [("HRK", "doesn't exist any more"), ("DEM", "doesn't exist any more")])
def test_money_that_is_paid_with_no_more_is_refused(code: str, says: str) -> None:
    with pytest.raises(Invalid, match=says) as refused:
        check_currency(code)
    assert refused.value.field == "currency"


@pytest.mark.parametrize("code", ["", "usd", "US", "ZZZ", "€", "USD "])
def test_what_is_no_currency_is_refused(code: str) -> None:
    with pytest.raises(Invalid, match="is not an ISO 4217 code such as USD"):
        check_currency(code)


def test_money_that_is_paid_with_is_a_currency() -> None:
    for code in ("USD", "EUR", "JPY", "KWD", "CHF", "GBP", "MXN", "NZD", "ISK", "TRY"):
        assert check_currency(code) == code
