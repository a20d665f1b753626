"""Which fee of a policy counts, and from which millisecond on (wire reference, "Cancellation policies")."""

import itertools
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from typing import Literal
from zoneinfo import ZoneInfo, available_timezones

import msgspec
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from seatwright.catalog.fee_windows import applies, choose, cutoff, width
from seatwright.catalog.policy import MAX_FEES, Fee, Kind, Policy, check_policy
from seatwright.core.errors import Invalid
from seatwright.core.money import MAX_MINOR

Unit = Literal["hours", "days", "years"]
DENVER = "America/Denver"
LORD_HOWE = "Australia/Lord_Howe"
HOUR_MS = 3_600_000
START = 1_784_041_200_000  # 2026-07-14 09:00 in Denver, 15:00 UTC


def ms(text: str) -> int:
    """Read `2026-07-14T15:00Z` (or with another offset) as milliseconds, without the code under test."""
    return round(datetime.fromisoformat(text).timestamp() * 1000)


def fee(window: int | None = None, unit: Unit = "hours", *, per: str = "order", amount: int = 100) -> Fee:
    return msgspec.convert({"calc": "flat", "amount": amount, "per": per, "window": window, "window_unit": unit}, Fee)


def policy(*fees: Fee) -> Policy:
    return Policy(id="p1", code="standard", name="Standard", fees=fees)


# --- Where a window begins ---------------------------------------------------------------------------

CUTOFFS = [
    # Two clocks: hours are elapsed time, days keep the time on the wall.
    ("plain-hours", DENVER, "2026-07-14T09:00-06:00", 24, "hours", "2026-07-13T09:00-06:00"),
    ("plain-days", DENVER, "2026-07-14T09:00-06:00", 3, "days", "2026-07-11T09:00-06:00"),
    ("plain-years", DENVER, "2026-07-14T09:00-06:00", 1, "years", "2025-07-14T09:00-06:00"),
    (
        "days-use-the-departure's-zone",
        "Pacific/Auckland",
        "2026-04-06T07:00+12:00",
        1,
        "days",
        "2026-04-05T07:00+12:00",
    ),
    ("hours-over-spring", DENVER, "2026-03-08T09:00-06:00", 24, "hours", "2026-03-07T08:00-07:00"),
    ("days-over-spring", DENVER, "2026-03-08T09:00-06:00", 1, "days", "2026-03-07T09:00-07:00"),
    ("hours-over-autumn", DENVER, "2026-11-01T09:00-07:00", 24, "hours", "2026-10-31T10:00-06:00"),
    ("days-over-autumn", DENVER, "2026-11-01T09:00-07:00", 1, "days", "2026-10-31T09:00-06:00"),
    ("years-over-summer-time", DENVER, "2026-03-10T09:00-06:00", 1, "years", "2025-03-10T09:00-06:00"),
    ("years-into-winter-time", DENVER, "2027-03-10T09:00-07:00", 1, "years", "2026-03-10T09:00-06:00"),
    # A wall time that never came moves ahead by the gap; of one that came twice, it is the first.
    ("days-into-gap", DENVER, "2026-03-09T02:30-06:00", 1, "days", "2026-03-08T03:30-06:00"),
    ("years-into-gap", DENVER, "2027-03-08T02:30-07:00", 1, "years", "2026-03-08T03:30-06:00"),
    ("days-into-fold", DENVER, "2026-11-02T01:30-07:00", 1, "days", "2026-11-01T01:30-06:00"),
    ("years-into-fold", DENVER, "2027-11-01T01:30-06:00", 1, "years", "2026-11-01T01:30-06:00"),
    ("days-from-first-of-fold", DENVER, "2026-11-01T01:30-06:00", 1, "days", "2026-10-31T01:30-06:00"),
    ("days-from-second-of-fold", DENVER, "2026-11-01T01:30-07:00", 1, "days", "2026-10-31T01:30-06:00"),
    ("half-hour-gap", LORD_HOWE, "2026-10-05T02:15+11:00", 1, "days", "2026-10-04T02:45+11:00"),
    ("half-hour-fold", LORD_HOWE, "2026-04-06T01:45+10:30", 1, "days", "2026-04-05T01:45+11:00"),
    ("hours-over-half-hour", LORD_HOWE, "2026-10-04T09:00+11:00", 24, "hours", "2026-10-03T08:30+10:30"),
    # A day that Samoa skipped whole: there is no 30th, so the cut-off of "1 day" is the start itself.
    ("skipped-day", "Pacific/Apia", "2011-12-31T09:00+14:00", 1, "days", "2011-12-31T09:00+14:00"),
    # Leap days.
    ("leap-day-less-1-year", DENVER, "2028-02-29T09:00-07:00", 1, "years", "2027-02-28T09:00-07:00"),
    ("leap-day-less-4-years", DENVER, "2028-02-29T09:00-07:00", 4, "years", "2024-02-29T09:00-07:00"),
    ("day-after-leap-day", DENVER, "2028-03-01T09:00-07:00", 1, "days", "2028-02-29T09:00-07:00"),
    ("leap-year-to-common", DENVER, "2029-02-28T09:00-07:00", 1, "years", "2028-02-28T09:00-07:00"),
    # It is the 29th in Tonga and still the 28th in UTC: the calendar is the departure's.
    (
        "leap-day-elsewhere",
        "Pacific/Tongatapu",
        "2028-02-29T08:00+13:00",
        1,
        "years",
        "2027-02-28T08:00+13:00",
    ),
    (
        "milliseconds-survive",
        DENVER,
        "2026-07-14T09:00:00.123-06:00",
        3,
        "days",
        "2026-07-11T09:00:00.123-06:00",
    ),
    ("longest-hours", DENVER, "2026-07-14T09:00-06:00", 87_600, "hours", "2016-07-16T09:00-06:00"),
    ("longest-days", DENVER, "2026-07-14T09:00-06:00", 3_650, "days", "2016-07-16T09:00-06:00"),
    ("longest-years", DENVER, "2026-07-14T09:00-06:00", 10, "years", "2016-07-14T09:00-06:00"),
]


@pytest.mark.parametrize(
    ("zone_name", "start", "window", "unit", "expected"),
    [c[1:] for c in CUTOFFS],
    ids=[c[0] for c in CUTOFFS],
)
def test_a_window_begins_its_hours_or_days_before_the_start(
    zone_name: str, start: str, window: int, unit: Unit, expected: str
) -> None:
    assert cutoff(fee(window, unit), ms(start), zone_name) == ms(expected)


def test_a_fee_that_always_applies_has_no_cutoff() -> None:
    assert cutoff(fee(None), START, DENVER) is None


def test_unknown_zone_is_named() -> None:
    with pytest.raises(Invalid, match="Mars/Olympus"):
        cutoff(fee(1, "days"), START, "Mars/Olympus")


def transitions(name: str, first_year: int, years: int) -> Iterator[datetime]:
    """The UTC moments (to the second) of a zone's offset changes, found by looking at the offset alone."""
    zone = ZoneInfo(name)

    def offset(at: datetime) -> timedelta | None:
        return at.astimezone(zone).utcoffset()

    low = datetime(first_year, 1, 1, tzinfo=UTC)
    for _ in range(years * 366 // 7):
        high = low + timedelta(days=7)
        before, after = low, high
        if offset(low) != offset(high):
            while after - before > timedelta(seconds=1):
                middle = before + timedelta(seconds=(after - before) // timedelta(seconds=2))
                before, after = (middle, after) if offset(middle) == offset(low) else (before, middle)
            yield after
        low = high


def happens(wall: datetime, zone: ZoneInfo) -> bool:
    shown = (wall.replace(tzinfo=zone, fold=fold).astimezone(UTC).astimezone(zone) for fold in (0, 1))
    return any(moment.replace(tzinfo=None) == wall for moment in shown)


def test_day_windows_in_every_zone_over_every_change_of_the_clocks() -> None:
    gaps = folds = 0
    for name in sorted(available_timezones()):
        zone = ZoneInfo(name)
        for change in transitions(name, 2026, 5):
            for window, minutes in itertools.product((1, 7), (-1500, -75, -15, -1, 0, 1, 15, 75, 1455)):
                moment = (change + timedelta(days=window, minutes=minutes)).astimezone(zone)
                start = round(moment.timestamp() * 1000)
                begins = cutoff(fee(window, "days"), start, name)
                assert begins is not None
                wall = moment.replace(tzinfo=None) - timedelta(days=window)
                shown = datetime.fromtimestamp(begins / 1000, zone)
                assert begins < start, (name, moment)
                if happens(wall, zone):
                    assert (shown.replace(tzinfo=None), shown.fold) == (wall, 0), (name, moment)
                    folds += wall.replace(tzinfo=zone).utcoffset() != wall.replace(tzinfo=zone, fold=1).utcoffset()
                else:
                    gap = shown.replace(tzinfo=None) - wall
                    assert timedelta(0) < gap <= timedelta(hours=3), (name, moment)
                    gaps += 1
    assert gaps > 100, "no gap was met: the loop proves nothing"
    assert folds > 100, "no fold was met: the loop proves nothing"


# --- Whether a fee applies ---------------------------------------------------------------------------

OPENS = {  # unit: (window, when it opens for a start at 2026-07-14 09:00 in Denver)
    "hours": (24, "2026-07-13T09:00-06:00"),
    "days": (3, "2026-07-11T09:00-06:00"),
    "years": (1, "2025-07-14T09:00-06:00"),
}


@pytest.mark.parametrize("unit", OPENS)
@pytest.mark.parametrize(
    ("from_cutoff", "inside"),
    [(-HOUR_MS, False), (-1, False), (0, False), (1, True), (HOUR_MS, True)],
    ids=["an-hour-early", "1-ms-early", "at-the-cut-off", "1-ms-late", "an-hour-late"],
)
def test_applies_when_strictly_less_is_left(unit: Unit, from_cutoff: int, inside: bool) -> None:
    window, opens = OPENS[unit]
    assert applies(fee(window, unit), START, DENVER, ms(opens) + from_cutoff) is inside


@pytest.mark.parametrize("unit", OPENS)
@pytest.mark.parametrize("after_start", [-1, 0, 1, 24 * HOUR_MS], ids=["1-ms-before", "start", "1-ms-after", "no-show"])
def test_still_applies_around_and_after_the_start(unit: Unit, after_start: int) -> None:
    window, _ = OPENS[unit]
    assert applies(fee(window, unit), START, DENVER, START + after_start)


@pytest.mark.parametrize("now", [0, START - 1, START, START + 1], ids=["long-before", "before", "start", "after"])
def test_a_fee_without_a_window_always_applies(now: int) -> None:
    assert applies(fee(None), START, DENVER, now)
    assert applies(fee(None), None, DENVER, now)


@pytest.mark.parametrize("unit", OPENS)
def test_a_dateless_line_is_in_no_window(unit: Unit) -> None:
    assert not applies(fee(1, unit), None, DENVER, START)


# --- Which of several counts -------------------------------------------------------------------------

REFERENCE = policy(  # 50 % under 24 h, 25 % under 72 h, else 5.00 per person
    Fee(calc="flat", amount=500, per="person"),
    Fee(calc="percent", amount=250_000, per="person", window=72),
    Fee(calc="percent", amount=500_000, per="person", window=24),
)


@pytest.mark.parametrize("order", list(itertools.permutations(range(3))), ids=str)
@pytest.mark.parametrize(
    ("left_ms", "amount"),
    [
        (100 * HOUR_MS, 500),
        (72 * HOUR_MS, 500),
        (72 * HOUR_MS - 1, 250_000),
        (24 * HOUR_MS, 250_000),
        (24 * HOUR_MS - 1, 500_000),
        (0, 500_000),
        (-HOUR_MS, 500_000),
    ],
    ids=["100h", "72h", "72h-1ms", "24h", "24h-1ms", "start", "no-show"],
)
def test_the_references_example_in_any_order(left_ms: int, amount: int, order: tuple[int, ...]) -> None:
    chosen = choose(policy(*(REFERENCE.fees[i] for i in order)), "participant", START, DENVER, START - left_ms)
    assert chosen is not None
    assert chosen.amount == amount


def test_no_fee_when_none_applies() -> None:
    assert choose(policy(), "participant", START, DENVER, START) is None
    assert choose(policy(fee(24)), "participant", START, DENVER, START - 25 * HOUR_MS) is None


@pytest.mark.parametrize(("kind", "amount"), [("participant", 1), ("unit", 2)], ids=["participant", "unit"])
def test_the_other_kinds_narrower_fee_is_no_shield(kind: Kind, amount: int) -> None:
    fees = policy(fee(48, per="person", amount=1), fee(48, per="unit", amount=2), fee(None, amount=3))
    other = fee(1, per="unit" if kind == "participant" else "person", amount=9)
    chosen = choose(policy(other, *fees.fees), kind, START, DENVER, START)
    assert chosen is not None
    assert chosen.amount == amount


@pytest.mark.parametrize("kind", ["participant", "unit"])
def test_a_fee_per_order_is_for_both_kinds_and_competes(kind: Kind) -> None:
    both = policy(fee(48, per="person"), fee(48, per="unit"), fee(24, amount=7))
    assert choose(both, kind, START, DENVER, START) == fee(24, amount=7)


def test_a_fee_per_person_or_per_unit_is_for_that_kind_alone() -> None:
    assert choose(policy(fee(None, per="unit")), "participant", START, DENVER, START) is None
    assert choose(policy(fee(None, per="person")), "unit", START, DENVER, START) is None


@pytest.mark.parametrize(
    ("start", "amount"),
    [("2026-03-08T09:00-06:00", 2), ("2026-11-01T09:00-07:00", 1), ("2026-07-14T09:00-06:00", 1)],
    ids=["23-hour-day", "25-hour-day", "tie-of-24-hours"],
)
def test_a_day_is_compared_by_its_real_length(start: str, amount: int) -> None:
    chosen = choose(policy(fee(24, amount=1), fee(1, "days", amount=2)), "unit", ms(start), DENVER, ms(start))
    assert chosen is not None
    assert chosen.amount == amount


@pytest.mark.parametrize(
    ("first", "second"),
    [
        (fee(24, amount=1), fee(24, amount=2)),
        (fee(None, amount=1), fee(None, amount=2)),
        (fee(24, amount=1), fee(1, "days", amount=2)),
    ],
    ids=["same-hours", "both-always", "hours-and-days"],
)
def test_of_equally_narrow_windows_the_first_listed_counts(first: Fee, second: Fee) -> None:
    assert choose(policy(first, second), "unit", START, DENVER, START) == first
    assert choose(policy(second, first), "unit", START, DENVER, START) == second


def test_a_dateless_line_has_the_fee_that_always_applies() -> None:
    assert choose(policy(fee(24, amount=1), fee(None, amount=2)), "unit", None, DENVER, START) == fee(None, amount=2)
    assert choose(policy(fee(24)), "unit", None, DENVER, START) is None


windows = st.one_of(
    st.none(),
    st.tuples(st.integers(1, 500), st.just("hours")),
    st.tuples(st.integers(1, 60), st.just("days")),
    st.tuples(st.integers(1, 10), st.just("years")),
)
fees = st.builds(
    lambda window, per, amount: fee(*(window or (None,)), per=per, amount=amount),
    windows,
    st.sampled_from(["person", "unit", "order"]),
    st.integers(0, 5),
)


@given(
    st.lists(fees, max_size=6),
    st.sampled_from(["participant", "unit"]),
    st.none() | st.integers(START, START + 366 * 24 * HOUR_MS),
    st.sampled_from([DENVER, LORD_HOWE, "UTC", "Africa/Casablanca"]),
    st.integers(-100 * HOUR_MS, 800 * HOUR_MS),
)
@example([fee(24, amount=1), fee(1, "days", amount=2)], "unit", ms("2027-03-14T15:00Z"), DENVER, HOUR_MS)
def test_the_fee_chosen_has_the_narrowest_window_that_has_begun(
    given: list[Fee], kind: Kind, start: int | None, zone_name: str, left_ms: int
) -> None:
    """Against a definition that does not sort: the latest cut-off that `now` has passed, first listed."""
    now = (START if start is None else start) - left_ms
    best: Fee | None = None
    best_cutoff = -(10**15)
    for candidate in given:
        if candidate.per not in ("order", "person" if kind == "participant" else "unit"):
            continue
        if candidate.window is None:
            begins = -(10**15) + 1
        elif start is None:
            continue
        else:
            begins = cutoff(candidate, start, zone_name) or 0
        if best_cutoff < begins < now:
            best, best_cutoff = candidate, begins
    chosen = choose(policy(*given), kind, start, zone_name, now)
    assert chosen == best
    assert chosen is None or applies(chosen, start, zone_name, now)


def test_width_sorts_narrow_to_wide_and_compares_departures() -> None:
    sorted_fees = [fee(1), fee(1, "days"), fee(25), fee(1, "years"), fee(2, "years")]
    widths = [width(f, START, DENVER) for f in sorted_fees]
    assert widths == sorted(set(widths))
    assert widths[0] == (False, HOUR_MS)
    assert width(fee(24), START, DENVER) == width(fee(24), START + 1, LORD_HOWE)
    for always in (
        width(fee(None), START, DENVER),
        width(fee(None), None, DENVER),
        width(fee(1), None, DENVER),
    ):
        assert always == (True, 0)
        assert always > max(widths)


# --- What a policy may say ---------------------------------------------------------------------------


def percent(amount: int) -> Fee:
    return Fee(calc="percent", amount=amount, per="order")


def label(value: Fee | str) -> str:
    if isinstance(value, str):
        return value.split(":")[0]
    return f"{value.calc}-{value.amount}-under-{value.window}-{value.window_unit}"


@pytest.mark.parametrize(
    "good",
    [
        percent(0), percent(1_000_000), fee(amount=0), fee(amount=MAX_MINOR), fee(1), fee(87_600),
        fee(1, "days"), fee(3_650, "days"), fee(1, "years"), fee(10, "years"),
    ],
    ids=label,
)  # fmt: skip
def test_bounds_are_inclusive(good: Fee) -> None:
    checked = policy(good)
    assert check_policy(checked) is checked


@pytest.mark.parametrize(
    ("bad", "message"),
    [
        (percent(-1), "fees[1].amount: must be from 0 to 1000000, not -1."),
        (percent(1_000_001), "fees[1].amount: must be from 0 to 1000000, not 1000001."),
        (fee(amount=-1), "fees[1].amount: must be from 0 to 10000000000000, not -1."),
        (fee(amount=MAX_MINOR + 1), "fees[1].amount: must be from 0 to 10000000000000, not 10000000000001."),
        (fee(0), "fees[1].window: must be from 1 to 87600 hours, not 0; leave it out for always."),
        (fee(-24), "fees[1].window: must be from 1 to 87600 hours, not -24; leave it out for always."),
        (fee(87_601), "fees[1].window: must be from 1 to 87600 hours, not 87601; leave it out for always."),
        (
            fee(3_651, "days"),
            "fees[1].window: must be from 1 to 3650 days, not 3651; leave it out for always.",
        ),
        (fee(11, "years"), "fees[1].window: must be from 1 to 10 years, not 11; leave it out for always."),
    ],
    ids=label,
)
def test_what_is_out_of_bounds_is_named(bad: Fee, message: str) -> None:
    with pytest.raises(Invalid) as caught:
        check_policy(policy(fee(), bad))
    assert caught.value.message == message
    assert caught.value.field == message.split(":")[0]
    assert caught.value.code == "invalid_policy"


def test_fees_are_bounded_in_number() -> None:
    check_policy(policy(*map(fee, range(1, MAX_FEES + 1))))
    with pytest.raises(Invalid) as caught:
        check_policy(policy(*map(fee, range(1, MAX_FEES + 2))))
    assert caught.value.message == "fees: a policy has at most 50 fees, not 51."
    assert (caught.value.field, caught.value.code) == ("fees", "invalid_policy")


def test_what_a_policys_document_leaves_out_has_its_default() -> None:
    document = {
        "id": "p1",
        "code": "c",
        "name": "n",
        "fees": [{"calc": "flat", "amount": 1, "per": "unit", "window": 2}],
    }
    found = msgspec.convert(document, Policy)
    assert (found.text, found.online, found.fees[0].window_unit) == ("", True, "hours")
    assert msgspec.json.decode(msgspec.json.encode(found)) == document
    assert msgspec.convert({**document, "fees": [{"calc": "flat", "amount": 1, "per": "unit"}]}, Policy).fees == (
        Fee(calc="flat", amount=1, per="unit", window=None),
    )


def test_a_policy_survives_storage() -> None:
    assert msgspec.json.decode(msgspec.json.encode(REFERENCE), type=Policy) == REFERENCE


@pytest.mark.parametrize(
    "document",
    [
        {"calc": "percent", "amount": 1, "per": "person", "windows": 24},
        {"calc": "share", "amount": 1, "per": "person"},
        {"calc": "flat", "amount": 1.5, "per": "person"},
        {"calc": "flat", "amount": 1, "per": "guest"},
        {"calc": "flat", "amount": 1, "per": "unit", "window": 1, "window_unit": "months"},
    ],
    ids=["misspelt-field", "calc", "fraction", "per", "unit"],
)
def test_a_misspelt_fee_is_not_silently_something_else(document: dict[str, object]) -> None:
    with pytest.raises(msgspec.ValidationError):
        msgspec.convert({"id": "p1", "code": "c", "name": "n", "fees": [document]}, Policy)


def test_a_misspelt_policy_is_not_silently_free() -> None:
    with pytest.raises(msgspec.ValidationError, match="charges"):
        msgspec.convert({"id": "p1", "code": "c", "name": "n", "charges": []}, Policy)


@pytest.mark.parametrize("per", ["person", "unit", "order"])
@pytest.mark.parametrize("other", ["person", "unit", "order"])
@pytest.mark.parametrize(("window", "unit"), [(24, "hours"), (3, "days"), (None, "hours")])
def test_two_fees_that_begin_together_are_refused_if_only_one_could_count(
    per: str, other: str, window: int | None, unit: Unit
) -> None:
    """The first would always count (`choose`): what is refused is exactly what would have no effect."""
    both = policy(fee(window, unit, per=per, amount=1), fee(window, unit, per=other, amount=2))
    kinds: tuple[Kind, ...] = ("participant", "unit")
    counted = {choose(both, kind, START, DENVER, START) for kind in kinds}
    if both.fees[1] in counted:
        assert check_policy(both) == both
        return
    with pytest.raises(Invalid, match=r"fees\[1\]: has .* as an earlier fee has for the same guests") as refused:
        check_policy(both)
    assert refused.value.field == "fees[1]"
