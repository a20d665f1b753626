"""A bounded mapping forgets what was set longest ago, and nothing else."""

from __future__ import annotations

from collections.abc import Sequence

from hypothesis import given
from hypothesis import strategies as st

from seatwright.core.bounded_dict import BoundedDict


def test_the_key_that_was_set_longest_ago_goes_first() -> None:
    values: BoundedDict[str, int] = BoundedDict(2)
    values["a"], values["b"] = 1, 2
    values["a"] = 3
    values["c"] = 4
    assert dict(values) == {"a": 3, "c": 4}


def test_reading_a_key_does_not_keep_it() -> None:
    values: BoundedDict[str, int] = BoundedDict(2)
    values["a"], values["b"] = 1, 2
    assert (values["a"], values.get("a"), values.get("x")) == (1, 1, None)
    values["c"] = 3
    assert dict(values) == {"b": 2, "c": 3}


def test_a_key_that_is_removed_makes_room() -> None:
    values: BoundedDict[str, int] = BoundedDict(2)
    values["a"], values["b"] = 1, 2
    assert values.pop("a", None) == 1
    assert values.pop("a", None) is None
    values["c"] = 3
    assert dict(values) == {"b": 2, "c": 3}


@given(size=st.integers(1, 5), keys=st.lists(st.integers(0, 9), max_size=40))
def test_it_holds_the_last_keys_in_the_order_in_which_they_were_set(size: int, keys: Sequence[int]) -> None:
    values: BoundedDict[int, int] = BoundedDict(size)
    for number, key in enumerate(keys):
        values[key] = number
    last = list(dict.fromkeys(reversed(keys)))[:size][::-1]
    assert list(values) == last
    assert all(keys[number] == key and key not in keys[number + 1 :] for key, number in values.items())
