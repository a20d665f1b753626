"""Amounts and percentages are read exactly, or refused: against Python's own fractions."""

from __future__ import annotations

import json
from fractions import Fraction
from typing import Any

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.core.errors import Invalid
from seatwright.core.money import MAX_MINOR, decimals, from_wire, percent_to_ppm
from seatwright.core.numerals import MAX_LENGTH, is_plain
from seatwright.setup.reading import parse_yaml

ODD = ["", " ", "x", "1_000", "١٢", "１", "²", "0x10", "NaN", "-Infinity", "1e999999999", "1e", ".", "+", "1 0", "1,5"]
ODD += ["\u00a05", "--1", "1e1.5", "1" * 101, "0." + "9" * 120]
NUMERALS = st.from_regex(r"[-+]?([0-9]{1,60}(\.[0-9]{0,60})?|\.[0-9]{1,60})([eE][-+]?[0-9]{1,2})?", fullmatch=True)


@pytest.mark.parametrize("text", ODD)
def test_what_is_not_plain_is_no_amount(text: str) -> None:
    for read in (lambda: from_wire(text, "USD", field="price"), lambda: percent_to_ppm(text, field="percent")):
        with pytest.raises(Invalid) as refused:
            read()
        assert "write it in plain digits" in refused.value.message


@given(NUMERALS, st.sampled_from(["USD", "JPY", "KWD"]))
def test_an_amount_is_what_is_written_or_refused(text: str, currency: str) -> None:
    worth = Fraction(text) * 10 ** decimals(currency)
    fits = len(text) <= MAX_LENGTH and worth.denominator == 1 and abs(worth) <= MAX_MINOR
    try:
        assert from_wire(text, currency, field="price") == worth
    except Invalid:
        assert not fits
    else:
        assert fits


@given(NUMERALS)
def test_a_percentage_is_what_is_written_or_refused(text: str) -> None:
    worth = Fraction(text) * 10_000
    fits = len(text) <= MAX_LENGTH and worth.denominator == 1 and 0 <= worth <= 1_000_000
    try:
        assert percent_to_ppm(text, field="percent") == worth
    except Invalid:
        assert not fits
    else:
        assert fits


@given(st.floats() | st.decimals() | st.integers())
def test_a_number_is_what_it_is_or_refused(value: Any) -> None:
    try:
        minor = from_wire(value, "USD", field="price")
    except Invalid:
        return
    assert Fraction(minor, 100) == Fraction(str(value))


@given(st.text())
def test_what_is_plain_is_a_number_of_python_too(text: str) -> None:
    if is_plain(text):
        float(text)


SURROGATES = st.characters(exclude_categories=["Cs"], exclude_characters="\x00")
VALUES = st.recursive(
    st.none() | st.booleans() | st.integers() | st.floats(allow_nan=False, allow_infinity=False) | st.text(SURROGATES),
    lambda inner: st.lists(inner) | st.dictionaries(st.text(SURROGATES), inner),
)


@given(VALUES.filter(lambda value: isinstance(value, dict | list)), st.booleans(), st.sampled_from([None, 1, "\t"]))
def test_all_that_is_json_is_read(value: Any, ascii_only: bool, indent: Any) -> None:
    """Also emoji as two escapes, tabs, and what YAML's libraries don't take."""
    text = json.dumps(value, ensure_ascii=ascii_only, indent=indent)
    assert parse_yaml(text.encode()) == value


@pytest.mark.parametrize(
    ("text", "message"),
    [
        ('{"a": "\\ud83d"}', "The file contains a character that no text can have."),
        ('{"a": {"\\u0000": 1}}', "The file contains a character that no text can have."),
        ('{"a": 1, "a": 2}', "the key 'a' is there twice."),
        ('{"a": 1e400}', "1e400 has more digits"),
        ('{"a": 0.12345678901234567890}', "0.12345678901234567890 has more digits"),
        ("a:\n  - 0.12345678901234567890", "line 2: 0.12345678901234567890 has more digits"),
        ("a: 1e-400", "line 1: 1e-400 has more digits"),
        ('{"a": NaN}', "NaN is not a number in JSON."),
        ("[" * 51 + "]" * 51, "The file is nested more than 50 deep."),
        ("[" + "1," * 1_000_000 + "1]", "The file has more than 1000000 values."),
    ],
)
def test_json_that_could_not_be_kept_is_refused(text: str, message: str) -> None:
    with pytest.raises(Invalid) as refused:
        parse_yaml(text.encode())
    assert refused.value.message.startswith(message)
