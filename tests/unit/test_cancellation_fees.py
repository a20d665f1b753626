"""What a cancellation costs, at every level and boundary (wire reference, "Cancellation policies")."""

from collections import Counter
from collections.abc import Sequence
from datetime import datetime
from typing import Any

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.cancellation.fees import CancelledLine, FeeResult, LineFee, cancellation_fees
from seatwright.catalog.fee_windows import choose, width
from seatwright.catalog.policy import Fee, Kind, Policy
from seatwright.core.errors import Invalid
from seatwright.core.fee_reason import NO_FEE, english
from seatwright.core.money import MAX_MINOR, PPM, divide

DENVER = "America/Denver"
HOUR_MS = 3_600_000
DAY_MS = 24 * HOUR_MS
START = 1_784_041_200_000  # 2026-07-14 09:00 in Denver
LATER = START + 731 * DAY_MS  # two years on: outside of every window below


def ms(text: str) -> int:
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def fee(calc: str, amount: int, per: str, window: int | None = None, window_unit: str = "hours") -> Fee:
    return msgspec.convert(
        {"calc": calc, "amount": amount, "per": per, "window": window, "window_unit": window_unit}, Fee
    )


def policy(*fees: Fee, id: str = "p1") -> Policy:
    return Policy(id=id, code=id, name="Standard", fees=fees)


def line(
    line_id: str,
    total: int,
    of: Policy | None,
    *,
    kind: Kind = "participant",
    start_at: int | None = START,
    zone_name: str = DENVER,
) -> CancelledLine:
    return CancelledLine(line_id, kind, total, of, start_at, zone_name)


def amounts(result: FeeResult) -> tuple[int, ...]:
    return tuple(line.fee for line in result.lines)


def told(result: FeeResult, currency: str = "USD") -> list[tuple[str, int, str]]:
    """Return each line with its fee, and why, as API clients are told."""
    return [(line.line_id, line.fee, english(line.reason, currency)) for line in result.lines]


# --- Level x calc x per x window x boundary ----------------------------------------------------------

LINES: dict[str, dict[str, Any]] = {
    "adult": {"total": 11_138},
    "child": {"total": 5_905},
    "bike": {"total": 2_503, "kind": "unit"},
    "later": {"total": 4_001, "kind": "unit", "start_at": LATER},
    "dateless": {"total": 3_333, "start_at": None},
}
LEVELS = {  # what each endpoint cancels
    "participant": ("adult",),
    "unit": ("bike",),
    "item": ("adult", "child"),
    "items": ("adult", "child", "later"),
    "order": ("adult", "child", "bike", "later", "dateless"),
}
AMOUNTS = {("percent", "person"): 125_000, ("percent", "unit"): 125_000, ("percent", "order"): 125_000,
           ("flat", "person"): 5_000, ("flat", "unit"): 5_000, ("flat", "order"): 2_600}  # fmt: skip
# Fees of each line: of a fee with a window that is open for START, and of one that always applies.
TABLE = [
    ("participant", "percent", "person", (1392,), (1392,)),
    ("participant", "percent", "unit", (0,), (0,)),
    ("participant", "percent", "order", (1392,), (1392,)),
    ("participant", "flat", "person", (5000,), (5000,)),
    ("participant", "flat", "unit", (0,), (0,)),
    ("participant", "flat", "order", (2600,), (2600,)),
    ("unit", "percent", "person", (0,), (0,)),
    ("unit", "percent", "unit", (313,), (313,)),
    ("unit", "percent", "order", (313,), (313,)),
    ("unit", "flat", "person", (0,), (0,)),
    ("unit", "flat", "unit", (2503,), (2503,)),
    ("unit", "flat", "order", (2503,), (2503,)),
    ("item", "percent", "person", (1392, 738), (1392, 738)),
    ("item", "percent", "unit", (0, 0), (0, 0)),
    ("item", "percent", "order", (1392, 738), (1392, 738)),
    ("item", "flat", "person", (5000, 5000), (5000, 5000)),
    ("item", "flat", "unit", (0, 0), (0, 0)),
    ("item", "flat", "order", (1699, 901), (1699, 901)),
    ("items", "percent", "person", (1392, 738, 0), (1392, 738, 0)),
    ("items", "percent", "unit", (0, 0, 0), (0, 0, 500)),
    ("items", "percent", "order", (1392, 738, 0), (1393, 738, 500)),
    ("items", "flat", "person", (5000, 5000, 0), (5000, 5000, 0)),
    ("items", "flat", "unit", (0, 0, 0), (0, 0, 4001)),
    ("items", "flat", "order", (1699, 901, 0), (1376, 730, 494)),
    ("order", "percent", "person", (1392, 738, 0, 0, 0), (1392, 738, 0, 0, 417)),
    ("order", "percent", "unit", (0, 0, 313, 0, 0), (0, 0, 313, 500, 0)),
    ("order", "percent", "order", (1392, 738, 313, 0, 0), (1392, 738, 313, 500, 417)),
    ("order", "flat", "person", (5000, 5000, 0, 0, 0), (5000, 5000, 0, 0, 3333)),
    ("order", "flat", "unit", (0, 0, 2503, 0, 0), (0, 0, 2503, 4001, 0)),
    ("order", "flat", "order", (1482, 785, 333, 0, 0), (1077, 571, 242, 387, 323)),
]
WINDOWS = {  # unit: (window, its cut-off for START)
    "hours": (24, ms("2026-07-13T09:00-06:00")),
    "days": (3, ms("2026-07-11T09:00-06:00")),
    "years": (1, ms("2025-07-14T09:00-06:00")),
}


@pytest.mark.parametrize("boundary", ["cutoff-1ms", "cutoff", "cutoff+1ms", "start", "after-start"])
@pytest.mark.parametrize("unit", [*WINDOWS, "always"])
@pytest.mark.parametrize(
    ("level", "calc", "per", "windowed", "always"), TABLE, ids=["-".join(row[:3]) for row in TABLE]
)
def test_each_sort_of_fee_on_each_level_takes_what_the_table_says(
    level: str,
    calc: str,
    per: str,
    windowed: tuple[int, ...],
    always: tuple[int, ...],
    unit: str,
    boundary: str,
) -> None:
    window, opens = WINDOWS.get(unit, (None, START - DAY_MS))
    now = {"cutoff-1ms": opens - 1, "cutoff": opens, "cutoff+1ms": opens + 1, "start": START}.get(
        boundary, START + DAY_MS
    )
    of = policy(fee(calc, AMOUNTS[calc, per], per, window, "hours" if window is None else unit))
    result = cancellation_fees([line(name, of=of, **LINES[name]) for name in LEVELS[level]], now)
    expected = always if window is None else windowed
    if window is not None and boundary in ("cutoff-1ms", "cutoff"):
        expected = (0,) * len(expected)
    assert amounts(result) == expected
    assert [found.line_id for found in result.lines] == list(LEVELS[level])
    assert result.fee == sum(expected)
    assert result.charged_order_policies == (("p1",) if (calc, per) == ("flat", "order") and any(expected) else ())
    assert [found.reason == NO_FEE for found in result.lines] == [amount == 0 for amount in expected]


# --- The reference's example -------------------------------------------------------------------------

REFERENCE = policy(
    fee("percent", 500_000, "person", 24), fee("percent", 250_000, "person", 72), fee("flat", 500, "person")
)


@pytest.mark.parametrize(
    ("left_ms", "expected", "reason"),
    [
        (73 * HOUR_MS, (500, 300), "5.00 per person"),
        (72 * HOUR_MS, (500, 300), "5.00 per person"),
        (72 * HOUR_MS - 1, (2785, 75), "25 % under 72 hours before the start"),
        (24 * HOUR_MS, (2785, 75), "25 % under 72 hours before the start"),
        (24 * HOUR_MS - 1, (5569, 150), "50 % under 24 hours before the start"),
        (-HOUR_MS, (5569, 150), "50 % under 24 hours before the start"),
    ],
    ids=["73h", "72h", "72h-1ms", "24h", "24h-1ms", "no-show"],
)
def test_the_references_example_costs_what_it_says(left_ms: int, expected: tuple[int, int], reason: str) -> None:
    lines = [line("adult", 11_138, REFERENCE), line("cheap", 300, REFERENCE)]
    result = cancellation_fees(lines, START - left_ms)
    assert amounts(result) == expected
    assert english(result.lines[0].reason, "USD") == reason
    assert result.charged_order_policies == ()


# --- Percent per order -------------------------------------------------------------------------------


def test_percent_per_order_is_rounded_once_and_per_line_each() -> None:
    thirds = [("a", 101), ("b", 101), ("c", 101)]
    together = policy(fee("percent", 500_000, "order"))
    each = policy(fee("percent", 500_000, "person"))
    assert amounts(cancellation_fees([line(n, t, together) for n, t in thirds], START)) == (51, 51, 50)
    assert amounts(cancellation_fees([line(n, t, each) for n, t in thirds], START)) == (51, 51, 51)


def test_percent_per_order_is_taken_at_every_cancellation() -> None:
    lines = [line("a", 1000, policy(fee("percent", 500_000, "order")))]
    assert amounts(cancellation_fees(lines, START, already_charged={"p1"})) == (500,)


def test_percent_per_order_joins_only_lines_that_chose_the_same_fee_of_the_same_policy() -> None:
    near, far = fee("percent", 500_000, "order", 24), fee("percent", 500_000, "order", 9, "years")
    lines = [
        line("near", 101, policy(near, far)),
        line("far", 101, policy(near, far), start_at=LATER),
        line("other", 101, policy(near, id="p2")),
    ]
    assert amounts(cancellation_fees(lines, START)) == (51, 51, 51)
    lines.append(line("near-too", 101, policy(near, far)))
    # 202 x 50 % = 101 over two lines; 50.5 -> 51 for each of those that stand alone.
    assert amounts(cancellation_fees(lines, START)) == (51, 51, 51, 50)


# --- Flat per order ----------------------------------------------------------------------------------

ONCE = policy(fee("flat", 2_500, "order"))


@pytest.mark.parametrize(
    ("totals", "already", "expected", "charged", "reason"),
    [
        ((10_000, 5_000), (), (1667, 833), ("p1",), "25.00 per order"),
        ((10_000, 5_000), ("p1",), (0, 0), (), "25.00 per order, already charged"),
        ((10_000, 5_000), ("p2",), (1667, 833), ("p1",), "25.00 per order"),
        ((2_000, 500), (), (2000, 500), ("p1",), "25.00 per order"),
        ((2_000, 499), (), (2000, 499), ("p1",), "25.00 per order, limited to the price"),
        ((0, 1), (), (0, 1), ("p1",), "25.00 per order, limited to the price"),
        ((0, 0), (), (0, 0), (), "25.00 per order, limited to the price"),
        ((0, 9_000), (), (0, 2500), ("p1",), "25.00 per order"),
    ],
    ids=[
        "split",
        "already",
        "another's",
        "exactly",
        "cut",
        "a-cent",
        "free-lines-don't-use-it-up",
        "beside-a-free-line",
    ],
)
def test_a_flat_fee_per_order_is_spread_over_the_lines_and_taken_once(
    totals: tuple[int, int],
    already: tuple[str, ...],
    expected: tuple[int, int],
    charged: tuple[str, ...],
    reason: str,
) -> None:
    lines = [line("a", totals[0], ONCE), line("b", totals[1], ONCE, kind="unit")]
    result = cancellation_fees(lines, START, already_charged=already)
    assert amounts(result) == expected
    assert result.charged_order_policies == charged
    assert {why for _, _, why in told(result)} == {reason}


def test_a_flat_fee_of_nothing_is_not_marked_as_taken() -> None:
    free = fee("flat", 0, "order")
    result = cancellation_fees([line("a", 100, policy(free))], START)
    assert result == FeeResult((LineFee("a", 0, free.reason()),), ())


def test_each_policy_takes_its_own_flat_fee_once_in_the_order_of_their_lines() -> None:
    second = policy(fee("flat", 300, "order"), id="p0")
    lines = [line("a", 1000, ONCE), line("b", 1000, second), line("c", 3000, ONCE), line("d", 2000, second)]
    result = cancellation_fees(lines, START)
    assert amounts(result) == (625, 100, 1875, 200)
    assert result.charged_order_policies == ("p1", "p0")


def test_a_policy_that_has_taken_its_fee_leaves_the_next_one_alone() -> None:
    lines = [line("a", 1000, ONCE), line("b", 1000, policy(fee("flat", 300, "order"), id="p2"))]
    result = cancellation_fees(lines, START, already_charged=["p1"])
    assert told(result, "JPY") == [("a", 0, "2500 per order, already charged"), ("b", 300, "300 per order")]
    assert result.charged_order_policies == ("p2",)


def test_two_versions_of_a_policy_share_one_flat_fee() -> None:
    # An order that was added to after the policy had been edited holds both; the first line's counts on a tie.
    lines = [line("old", 1000, policy(fee("flat", 400, "order"))), line("new", 1000, ONCE)]
    assert amounts(cancellation_fees(lines, START)) == (200, 200)
    assert amounts(cancellation_fees(lines[::-1], START)) == (1000, 1000)


NEAR, WEEK = fee("flat", 5_000, "order", 24), fee("flat", 2_500, "order", 7, "days")


@pytest.mark.parametrize("listed", [(NEAR, WEEK), (WEEK, NEAR)], ids=["near-first", "week-first"])
@pytest.mark.parametrize("reverse", [False, True], ids=["soon-first", "soon-last"])
@pytest.mark.parametrize("week_left_ms", [5 * DAY_MS, 7 * DAY_MS - 1], ids=["since-days", "since-a-ms"])
def test_departures_in_different_windows_share_the_narrowest_flat_fee(
    listed: tuple[Fee, Fee], reverse: bool, week_left_ms: int
) -> None:
    """The narrowest window, not the one that opened last: a week is still a week when it just began."""
    now = START - HOUR_MS
    lines = [
        line("soon", 30_000, policy(*listed)),
        line("in-days", 10_000, policy(*listed), start_at=now + week_left_ms),
        line("later", 10_000, policy(*listed), start_at=LATER),
    ]
    result = cancellation_fees(lines[::-1] if reverse else lines, now)
    charged = "50.00 per order, under 24 hours before the start"
    assert sorted(told(result), key=lambda found: found[1]) == [
        ("later", 0, "no fee applies"),
        ("in-days", 1_250, charged),
        ("soon", 3_750, charged),
    ]
    assert result.charged_order_policies == ("p1",)


@pytest.mark.parametrize("reverse", [False, True], ids=["long-day-first", "long-day-last"])
def test_flat_fees_that_tie_across_departures_go_by_the_policys_list(reverse: bool) -> None:
    # On the 25-hour day "24 hours" is narrower than "1 day"; on the other they tie: the list decides.
    of = policy(fee("flat", 100, "order", 1, "days"), fee("flat", 200, "order", 24))
    long_day, plain_day = ms("2026-11-01T09:00-07:00"), ms("2026-11-02T09:00-07:00")
    lines = [line("long", 1000, of, start_at=long_day), line("plain", 1000, of, start_at=plain_day)]
    result = cancellation_fees(lines[::-1] if reverse else lines, plain_day - HOUR_MS)
    assert amounts(result) == (50, 50)


def test_a_dateless_lines_always_fee_is_the_widest() -> None:
    of = policy(fee("flat", 900, "order"), fee("flat", 400, "order", 10, "years"))
    lines = [line("dateless", 1000, of, start_at=None), line("dated", 1000, of)]
    assert amounts(cancellation_fees(lines, START)) == (200, 200)


def test_a_flat_fee_per_order_leaves_lines_with_other_fees_alone() -> None:
    of = policy(fee("flat", 700, "person", 24), fee("flat", 2_500, "order"))
    lines = [line("guest", 1000, of), line("bike", 9000, of, kind="unit")]
    result = cancellation_fees(lines, START)
    assert told(result) == [
        ("guest", 700, "7.00 per person, under 24 hours before the start"),
        ("bike", 2500, "25.00 per order"),
    ]


# --- Reasons, currencies, edges ----------------------------------------------------------------------


@pytest.mark.parametrize(
    ("of", "currency", "reason"),
    [
        (None, "USD", "no cancellation policy"),
        (policy(), "USD", "no fee applies"),
        (policy(fee("percent", 500_000, "person", 24)), "USD", "50 % under 24 hours before the start"),
        (policy(fee("percent", 75_000, "person", 1)), "USD", "7.5 % under 1 hour before the start"),
        (policy(fee("percent", 1, "person", 1, "days")), "USD", "0.0001 % under 1 day before the start"),
        (
            policy(fee("percent", 1_000_000, "person", 2, "years")),
            "USD",
            "100 % under 2 years before the start",
        ),
        (policy(fee("percent", 0, "person")), "USD", "0 %"),
        (policy(fee("percent", 100_000, "order")), "USD", "10 % per order"),
        (
            policy(fee("percent", 500_000, "order", 2)),
            "USD",
            "50 % per order, under 2 hours before the start",
        ),
        (policy(fee("flat", 500, "person")), "USD", "5.00 per person"),
        (
            policy(fee("flat", 500, "person", 1, "years")),
            "USD",
            "5.00 per person, under 1 year before the start",
        ),
        (
            policy(fee("flat", 2_500, "order", 3, "days")),
            "USD",
            "25.00 per order, under 3 days before the start",
        ),
        (policy(fee("flat", 100_000, "person")), "USD", "1000.00 per person"),
        (policy(fee("flat", 100_001, "person")), "USD", "1000.01 per person, limited to the price"),
        (policy(fee("flat", 500, "person")), "JPY", "500 per person"),
        (policy(fee("flat", 500, "person")), "KWD", "0.500 per person"),
        (policy(fee("flat", MAX_MINOR, "order")), "JPY", "10000000000000 per order, limited to the price"),
    ],
    ids=lambda value: value if isinstance(value, str) else "",
)
def test_a_fee_states_its_reason_in_words(of: Policy | None, currency: str, reason: str) -> None:
    result = cancellation_fees([line("a", 100_000, of)], START - 1)
    assert [why for _, _, why in told(result, currency)] == [reason]


def test_the_reason_of_a_units_fee_speaks_of_units() -> None:
    lines = [line("a", 9_000, policy(fee("flat", 500, "unit", 24)), kind="unit")]
    assert told(cancellation_fees(lines, START)) == [("a", 500, "5.00 per unit, under 24 hours before the start")]


@pytest.mark.parametrize(
    ("total", "flat", "expected"), [(9_999, 500, (2500, 500)), (11_138, 500, (2785, 500)), (10_001, 500, (2500, 500))]
)
def test_fees_are_reckoned_in_minor_units(total: int, flat: int, expected: tuple[int, int]) -> None:
    lines = [
        line("quarter", total, policy(fee("percent", 250_000, "person"))),
        line("flat", total, policy(fee("flat", flat, "person"), id="p2")),
    ]
    assert amounts(cancellation_fees(lines, START)) == expected


def test_the_largest_amounts_stay_exact() -> None:
    lines = [line(str(n), MAX_MINOR - n, policy(fee("percent", 999_999, "order"))) for n in range(500)]
    result = cancellation_fees(lines, START)
    assert result.fee == 4_999_994_999_875_250  # of 4,999,994,999,875,250.12475


def test_nothing_cancelled_costs_nothing() -> None:
    result = cancellation_fees([], START)
    assert (result.lines, result.charged_order_policies, result.fee) == ((), (), 0)


def test_a_negative_total_is_refused() -> None:
    with pytest.raises(AssertionError, match="line a has a total of -1"):
        line("a", -1, None)


def test_unknown_zone_is_named() -> None:
    lines = [line("a", 1, policy(fee("flat", 1, "order", 1, "days")), zone_name="Mars/Olympus")]
    with pytest.raises(Invalid, match="Mars/Olympus"):
        cancellation_fees(lines, START)


# --- Properties --------------------------------------------------------------------------------------

some_fees = st.builds(
    lambda calc, amount, per, window: fee(calc, amount % (PPM + 1), per, *window),
    st.sampled_from(["percent", "flat"]),
    st.sampled_from([0, 1, PPM]) | st.integers(0, PPM),
    st.sampled_from(["person", "unit", "order"]),
    st.sampled_from([(None,), (1, "hours"), (24, "hours"), (1, "days"), (3, "days"), (1, "years")]),
)
some_policies = st.lists(some_fees, max_size=4).map(tuple)


@st.composite
def cancellations(draw: st.DrawFn) -> tuple[list[CancelledLine], int]:
    policies = [policy(*draw(some_policies), id=name) for name in ("p1", "p2")]
    starts = st.none() | st.integers(0, 5 * DAY_MS).map(lambda left: START + left)
    lines = [
        line(
            f"l{n}",
            draw(st.integers(0, 3) | st.integers(0, 10**6)),
            draw(st.sampled_from([*policies, None])),
            kind=draw(st.sampled_from(["participant", "unit"])),
            start_at=draw(starts),
            zone_name=draw(st.sampled_from([DENVER, "Australia/Lord_Howe"])),
        )
        for n in range(draw(st.integers(0, 8)))
    ]
    return lines, START + draw(st.integers(-2 * DAY_MS, 6 * DAY_MS))


def chosen_fees(lines: Sequence[CancelledLine], now: int) -> list[Fee | None]:
    return [
        None if one.policy is None else choose(one.policy, one.kind, one.start_at, one.zone_name, now) for one in lines
    ]


@given(cancellations(), st.sets(st.sampled_from(["p1", "p2"])))
def test_every_fee_is_from_0_to_the_total_and_sums_are_exact(
    case: tuple[list[CancelledLine], int], already: set[str]
) -> None:
    lines, now = case
    result = cancellation_fees(lines, now, already_charged=already)
    assert [found.line_id for found in result.lines] == [one.line_id for one in lines]
    assert all(0 <= found.fee <= one.total for found, one in zip(result.lines, lines, strict=True))
    assert result.fee == sum(amounts(result))
    assert already.isdisjoint(result.charged_order_policies)

    # What each group must come to, worked out without the split over lines.
    chosen = chosen_fees(lines, now)
    expected: Counter[object] = Counter()
    actual: Counter[object] = Counter()
    weights: Counter[tuple[str, Fee]] = Counter()
    flats: dict[str, list[tuple[tuple[bool, int], int, Fee, int]]] = {}
    for one, found, its_fee in zip(lines, result.lines, chosen, strict=True):
        if its_fee is None or one.policy is None:
            assert found.fee == 0
        elif its_fee.per != "order":
            alone = divide(one.total * its_fee.amount, PPM) if its_fee.calc == "percent" else its_fee.amount
            assert found.fee == min(alone, one.total)
        elif its_fee.calc == "percent":
            weights[one.policy.id, its_fee] += one.total
            actual[one.policy.id, its_fee] += found.fee
        else:
            key = (width(its_fee, one.start_at, one.zone_name), one.policy.fees.index(its_fee))
            flats.setdefault(one.policy.id, []).append((*key, its_fee, one.total))
            actual[one.policy.id] += found.fee
    for group, total in weights.items():
        expected[group] = divide(total * group[1].amount, PPM)
    for policy_id, entries in flats.items():
        if policy_id not in already:
            narrowest = min(entries, key=lambda entry: entry[:2])[2]
            expected[policy_id] = min(narrowest.amount, sum(total for *_, total in entries))
    assert +actual == +expected
    assert set(result.charged_order_policies) == {key for key in +actual if isinstance(key, str)}


@given(cancellations(), st.lists(st.integers(0, 3), min_size=8, max_size=8))
def test_a_flat_fee_per_order_is_taken_once_however_the_order_is_cancelled(
    case: tuple[list[CancelledLine], int], step_of: list[int]
) -> None:
    lines, now = case
    charged: list[str] = []
    for step in range(4):
        part = [one for one, its_step in zip(lines, step_of, strict=False) if its_step == step]
        result = cancellation_fees(part, now, already_charged=charged)
        taken = {
            one.policy.id
            for one, found, its_fee in zip(part, result.lines, chosen_fees(part, now), strict=True)
            if one.policy and its_fee and its_fee.per == "order" and its_fee.calc == "flat" and found.fee
        }
        assert taken.isdisjoint(charged)
        assert taken == set(result.charged_order_policies)
        charged += result.charged_order_policies
    assert len(charged) == len(set(charged))


@given(cancellations(), st.randoms(use_true_random=False))
def test_the_order_of_lines_does_not_change_the_sum(case: tuple[list[CancelledLine], int], random: Any) -> None:
    lines, now = case
    shuffled = random.sample(lines, len(lines))
    before, after = cancellation_fees(lines, now), cancellation_fees(shuffled, now)
    assert before.fee == after.fee
    assert set(before.charged_order_policies) == set(after.charged_order_policies)
    assert {(one.line_id, one.reason) for one in before.lines} == {(one.line_id, one.reason) for one in after.lines}
