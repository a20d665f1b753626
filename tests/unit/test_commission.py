"""Commissions and net rates, whatever the prices and rates are."""

from __future__ import annotations

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from seatwright.cart.model import Item, Line, LineCharge
from seatwright.cart.resale import commissionable, with_commission
from seatwright.core.money import PPM
from seatwright.orders import ledger
from seatwright.resellers.model import ProductTerms, Rate, Terms

AMOUNTS = st.integers(0, 10**9)
RATES = st.one_of(
    st.builds(Rate, amount=st.integers(0, PPM)), st.builds(Rate, calc=st.just("flat"), amount=st.integers(0, 10**9))
)


@st.composite
def lines(draw: st.DrawFn) -> Line:
    """A line as pricing makes it: a discount and what is included are at most the price."""
    price = draw(AMOUNTS)
    discount = draw(st.integers(0, price))
    inside = draw(st.integers(0, price - discount))
    kinds = st.sampled_from(["tax", "fee", "service_fee", "pickup"])
    charges = [LineCharge(code="in", name="In", kind=draw(kinds), amount=inside, included=True)]
    charges += [
        LineCharge(code=str(n), name="On top", kind=draw(kinds), amount=draw(AMOUNTS))
        for n in range(draw(st.integers(0, 4)))
    ]
    return Line(
        id="0" * 24, kind="participant", tier="Adult", seats=1, price=price, discount=discount, charges=tuple(charges)
    )


def item_of(*some: Line) -> Item:
    return Item(
        id="1" * 24,
        product_id="2" * 24,
        product_code="raft",
        product_name="Raft",
        product_number=1,
        kind="participant",
        start_at=None,
        end_at=None,
        time_zone="UTC",
        lines=some,
    )


@given(line=lines(), rate=RATES)
def test_a_commission_and_the_net_rate_of_the_same_size_make_up_what_they_are_taken_of(line: Line, rate: Rate) -> None:
    base = commissionable(line)
    assert 0 <= base <= line.total
    earned = Terms(kind="commission", rate=rate).commission("raft", "Adult", base)
    kept = Terms(kind="net", rate=rate).commission("raft", "Adult", base)
    assert 0 <= earned <= base
    assert earned + kept == base


@given(
    some=st.lists(lines(), min_size=1, max_size=5),
    rate=RATES,
    kind=st.sampled_from(["commission", "net"]),
    gone=st.integers(0, 5),
    fee=AMOUNTS,
)
def test_the_books_between_supplier_and_reseller_balance(
    some: list[Line], rate: Rate, kind: str, gone: int, fee: int
) -> None:
    """Whatever is cancelled, each ledger holds what the lines that are left say, and at a net rate the fee."""
    terms = msgspec.structs.replace(Terms(rate=rate), kind=kind)
    (item,) = with_commission((item_of(*some),), terms)
    cancelled, left = item.lines[:gone], item.lines[gone:]
    fees = {item.id: min(fee, sum(line.total for line in cancelled))}
    entries = ledger.commission([(item, item.lines)], terms.kind)
    entries += ledger.commission_back([(item, cancelled)], fees, terms.kind)
    sums = {name: sum(entry.amount for entry in entries if entry.ledger == name) for name in ledger.BETWEEN}
    kept, total = sum(line.commission for line in left), sum(line.total for line in left)
    assert sum(sums.values()) == 0
    assert sums["commissions"] == ledger.commission_change(entries) == kept
    assert ledger.total_change(entries) == ledger.paid_change(entries) == 0
    if kind == "commission":
        assert (sums["reseller_payable"], sums["reseller_receivable"]) == (-kept, 0)
    else:
        assert sums["reseller_receivable"] == total - kept + fees[item.id]


def test_the_rate_of_a_tier_counts_before_the_product_s_and_that_before_the_connection_s() -> None:
    tenth, fifth, half = (Rate(amount=amount) for amount in (100_000, 200_000, 500_000))
    boat = ProductTerms(product="boat", rate=fifth, tiers={"Child": half})
    terms = Terms(rate=tenth, products=(boat, ProductTerms(product="raft")))
    found = [
        terms.commission(*of, 1000) for of in (("boat", "Child"), ("boat", "Adult"), ("raft", "Adult"), ("x", "A"))
    ]
    assert found == [500, 200, 100, 100]
    assert (terms.of_product("x"), Terms().of_product("x")) == (None, ProductTerms(product="x"))
