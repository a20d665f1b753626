"""The laws of cancelling chosen lines: at once is one by one, and what was shown is what is done, to the cent.

The rules of a policy alone make a difference. A fee for each person or unit is the same in both cases. A flat fee per
order is taken once, in both; it may fall on another line. A percentage per order is rounded once for what is cancelled
together.
"""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from hypothesis import given, settings
from hypothesis import strategies as st

from seatwright.cancellation.breakdown import Breakdown, breakdown_of, choose_lines
from seatwright.cancellation.service import cancelled_order, fees_of
from seatwright.cart.model import Arrangement, Item, Line
from seatwright.catalog.policy import Fee, Policy
from seatwright.core.clock import DAY_MS, HOUR_MS
from seatwright.orders import store
from seatwright.orders.model import Order, OrderBody, Payment

NOW = 1_782_921_600_000
LEAST = 2_000
"""What each line costs at least, in minor units; flat fees are below it."""


def fee(per: str) -> st.SearchStrategy[Fee]:
    """Fees per person, unit or order; flat ones are no more than what any line costs."""
    windows = st.one_of(st.none(), st.integers(1, 200))
    percent = st.builds(
        Fee, calc=st.just("percent"), amount=st.integers(0, 1_000_000), per=st.just(per), window=windows
    )
    flat = st.builds(Fee, calc=st.just("flat"), amount=st.integers(0, LEAST), per=st.just(per), window=windows)
    return flat if per == "order" else st.one_of(percent, flat)


def policies(*pers: str) -> st.SearchStrategy[Policy | None]:
    one = st.lists(st.one_of(*map(fee, pers)), max_size=4).map(
        lambda fees: Policy(id="p", code="p", name="P", fees=tuple(fees))
    )
    return st.one_of(st.none(), one)


@st.composite
def orders(draw: st.DrawFn, *pers: str) -> Order:
    """An order with one to three dates, each with participants or units, of which anything has been paid."""
    policy = draw(policies(*pers))
    start = NOW + draw(st.integers(0, 10)) * DAY_MS + HOUR_MS
    items = []
    for number in range(draw(st.integers(1, 3))):
        kind = draw(st.sampled_from(("participant", "unit")))
        prices = draw(st.lists(st.integers(LEAST, 50_000), min_size=1, max_size=4))
        lines = tuple(
            Line(id=f"{number}.{place}", kind=kind, tier="All", seats=1, price=price)
            for place, price in enumerate(prices)
        )
        items.append(
            Item(
                id=str(number),
                product_id="p",
                product_code="p",
                product_name="P",
                product_number=1,
                kind=kind,
                start_at=start,
                end_at=start + HOUR_MS,
                time_zone="America/Denver",
                arrangements=(Arrangement(policy=policy),),
                lines=lines,
            )
        )
    total = sum(line.total for item in items for line in item.lines)
    paid = draw(st.one_of(st.just(total), st.integers(0, 2 * total)))
    payments = (Payment(id="x", amount=paid, at=NOW),) if paid else ()
    body = OrderBody(created_by="", created_by_email="", currency="USD", items=tuple(items), payments=payments)
    return Order(
        account_id="a",
        id="o",
        confirmation=1,
        owner_id="a",
        status="confirmed",
        version=1,
        body=body,
        total=total,
        paid=paid,
        created_at=NOW,
        modified_at=NOW,
    )


def cancelled(order: Order, line_ids: Sequence[str]) -> tuple[Order, Breakdown]:
    """Cancel lines without a database; return the order afterwards, and what was shown before."""
    chosen = choose_lines(order, line_ids)
    shown = breakdown_of(order, chosen, NOW, fee_after_move=False)
    result = fees_of(order, chosen, NOW, apply_fee=True, after_move=False)
    changed, change = cancelled_order(order, chosen, result, "dana", NOW)
    return msgspec.structs.replace(store.applied(changed, change), version=order.version + 1), shown


def some_lines(data: st.DataObject, order: Order) -> list[str]:
    """Draw some of the order's lines, in any order."""
    every = [line.id for item in order.body.items for line in item.lines]
    return data.draw(st.lists(st.sampled_from(every), min_size=1, unique=True))


def fees(order: Order) -> dict[str, int]:
    return {line.id: line.cancellation_fee for item in order.body.items for line in item.lines}


def both_ways(data: st.DataObject, order: Order) -> tuple[Order, Order, int, int]:
    """Cancel the same lines at once and one by one; return both orders, and what was given back in each case."""
    chosen = some_lines(data, order)
    at_once, shown = cancelled(order, chosen)
    assert (shown.total_after, shown.balance_after) == (at_once.total, at_once.balance)
    assert {line.line.id: line.fee for line in shown.lines} == {
        line_id: fee for line_id, fee in fees(at_once).items() if line_id in chosen
    }
    assert shown.credit == shown.cost - shown.quote.fee == order.total - at_once.total
    assert 0 <= shown.quote.refund <= max(order.paid, 0)
    one_by_one, given_back = order, 0
    for line_id in chosen:
        one_by_one, part = cancelled(one_by_one, [line_id])
        given_back += part.quote.refund
    return at_once, one_by_one, shown.quote.refund, given_back


@settings(deadline=None)
@given(orders("person", "unit"), st.data())
def test_fees_for_each_line_are_the_same_at_once_and_one_by_one(order: Order, data: st.DataObject) -> None:
    at_once, one_by_one, refund, given_back = both_ways(data, order)
    assert fees(at_once) == fees(one_by_one)
    assert (at_once.total, at_once.balance, at_once.status) == (one_by_one.total, one_by_one.balance, one_by_one.status)
    assert refund == given_back


@settings(deadline=None)
@given(orders("person", "unit", "order"), st.data())
def test_a_flat_fee_per_order_is_taken_once_in_both_cases(order: Order, data: st.DataObject) -> None:
    at_once, one_by_one, refund, given_back = both_ways(data, order)
    assert (at_once.total, at_once.balance, at_once.status) == (one_by_one.total, one_by_one.balance, one_by_one.status)
    assert at_once.body.order_fee_policies == one_by_one.body.order_fee_policies
    assert refund == given_back


@settings(deadline=None)
@given(orders("person", "unit", "order"), st.data())
def test_a_proof_stands_for_every_amount(order: Order, data: st.DataObject) -> None:
    """The same lines have the same proof, in any order; whatever is paid or cancelled in between changes it if it
    changes an amount.
    """
    chosen = some_lines(data, order)

    def shown(of: Order) -> Breakdown:
        return breakdown_of(of, choose_lines(of, chosen), NOW, fee_after_move=False)

    before = shown(order)
    assert before.proof == breakdown_of(order, choose_lines(order, chosen[::-1]), NOW, fee_after_move=False).proof
    changed, _ = cancelled(order, some_lines(data, order))
    if data.draw(st.booleans()):
        more = data.draw(st.integers(1, 10_000))
        payments = (*order.body.payments, Payment(id="y", amount=more, at=NOW))
        body = msgspec.structs.replace(order.body, payments=payments)
        changed = msgspec.structs.replace(order, body=body, paid=order.paid + more)
    after = shown(changed)

    def amounts(breakdown: Breakdown) -> object:
        return breakdown.quote.refund, [(line.line.id, line.cost, line.fee) for line in breakdown.lines]

    assert (before.proof == after.proof) == (amounts(before) == amounts(after))
