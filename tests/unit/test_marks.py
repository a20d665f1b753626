"""What was noted of a guest: the same marks lead to the same end, however they came in."""

from __future__ import annotations

from collections.abc import Sequence

import msgspec
from hypothesis import given
from hypothesis import strategies as st

from seatwright.cart.model import Line, Mark
from seatwright.core.clock import DAY_MS, HOUR_MS
from seatwright.orders.marks import MAX_MARKS, agrees, latest, marked, marks_of, standing

NOW = 10 * DAY_MS
ANN = Line(id="ann", kind="participant", tier="Adult", seats=1, price=0)
MARKS = st.lists(
    st.builds(
        Mark,
        st.integers(NOW - DAY_MS, NOW - DAY_MS + 12),
        st.integers(0, 10**8).map("{:08}".format),
        st.sampled_from(["in", "out", "missing", "came"]),
    ),
    max_size=12,
    unique_by=lambda mark: mark.id,
)


def after(line: Line, marks: Sequence[Mark]) -> Line:
    """Return a guest after marks that came in in this order."""
    for mark in marks:
        line = marked(line, mark, NOW)
        assert agrees(line)
    return line


@given(MARKS, st.data())
def test_in_any_order_and_twice_they_lead_to_the_same_end(marks: list[Mark], data: st.DataObject) -> None:
    came_in = data.draw(
        st.permutations([*marks, *data.draw(st.lists(st.sampled_from(marks)) if marks else st.just([]))])
    )
    assert after(ANN, came_in) == after(ANN, sorted(marks))


@given(MARKS)
def test_they_are_what_somebody_would_have_seen_who_noted_them_one_by_one(marks: list[Mark]) -> None:
    """The desk's own rules, one after another: who is there stays so, and only a no-show is undone as one."""
    checked_in, missing = None, None
    for at, _, kind in (msgspec.structs.astuple(mark) for mark in sorted(marks)):
        if kind == "in":
            checked_in, missing = (at if checked_in is None else checked_in), None
        elif kind == "missing":
            checked_in, missing = None, (at if missing is None else missing)
        elif kind == "out":
            checked_in = None
        else:
            missing = None
    line = after(ANN, marks)
    assert (line.checked_in_at, line.no_show_at) == (checked_in, missing)


def test_without_the_order_of_times_the_end_depends_on_who_comes_first() -> None:
    """The control: the rule that the last to come in counts breaks the law."""
    both = [Mark(NOW - 2, "first-one", "in"), Mark(NOW - 1, "second-one", "out")]
    assert standing(both) is None
    assert standing(reversed(both)) is not None
    assert after(ANN, both) == after(ANN, both[::-1])


def test_who_was_noted_before_marks_were_kept_has_one() -> None:
    there = msgspec.structs.replace(ANN, checked_in_at=NOW - HOUR_MS)
    assert marks_of(there) == (Mark(NOW - HOUR_MS, "", "in"),)
    assert after(there, [Mark(NOW - 2 * HOUR_MS, "too-late-1", "out")]).checked_in_at == NOW - HOUR_MS
    assert after(there, [Mark(NOW - 1, "too-late-2", "out")]).checked_in_at is None
    missing = msgspec.structs.replace(ANN, no_show_at=NOW - HOUR_MS)
    assert after(missing, [Mark(NOW, "late-there", "in")]).no_show_at is None


def test_old_marks_are_kept_as_their_outcome_only() -> None:
    line = after(ANN, [Mark(NOW - number, f"mark-{number:04}", "in") for number in range(3 * MAX_MARKS, 0, -1)])
    assert len(line.marks) == MAX_MARKS
    assert line.checked_in_at == NOW - 3 * MAX_MARKS
    later = marked(line, Mark(NOW + 2 * DAY_MS, "two-days-after", "in"), NOW + 2 * DAY_MS)
    assert [mark.id for mark in later.marks] == ["mark-0150", "two-days-after"]
    assert later.checked_in_at == NOW - 3 * MAX_MARKS
    gone = marked(ANN, Mark(NOW, "gone-again", "out"), NOW)
    assert marked(gone, Mark(NOW + 2 * DAY_MS, "and-there", "in"), NOW + 2 * DAY_MS).marks[0].id == "and-there"


def test_what_is_noted_now_comes_after_all_that_there_is() -> None:
    ahead = after(ANN, [Mark(NOW + 5, "ahead-of-it", "in")])
    undone = marked(ahead, latest(ahead, "out", NOW, "now"), NOW)
    assert undone.checked_in_at is None
    again = marked(undone, latest(undone, "in", NOW, "now-again"), NOW)
    assert again.checked_in_at == NOW + 5
    assert [mark.id for mark in again.marks] == ["ahead-of-it", "ahead-of-it~", "ahead-of-it~~"]
