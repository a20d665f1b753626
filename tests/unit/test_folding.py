"""Words and phone numbers as they are searched for."""

from __future__ import annotations

import pytest
from hypothesis import given
from hypothesis import strategies as st

from seatwright.core.folding import fold, words
from seatwright.customers.phones import phone_words


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("José María", ["jose", "maria"]),
        ("STRASSE Straße", ["strasse", "strasse"]),
        ("O'Neil O’Neil", ["oneil", "oneil"]),
        ("Anne-Marie  Müller", ["anne", "marie", "muller"]),
        ("Søren Łukasz", ["soren", "lukasz"]),
        ("OTA-7781", ["ota", "7781"]),
        ("Ελένη", ["ελενη"]),
        ("東京 太郎", ["東京", "太郎"]),
        ("हिन्दी", ["हिनदी"]),
        ("ﬁne ①", ["fine", "1"]),
        ("--- ...", []),
        ("", []),
    ],
)
def test_words_have_neither_upper_case_nor_accents(text: str, found: list[str]) -> None:
    assert words(text) == found


@given(st.text())
def test_folding_twice_is_folding_once(text: str) -> None:
    assert fold(fold(text)) == fold(text)


@given(st.text())
def test_words_are_found_in_any_case(text: str) -> None:
    assert words(text) == words(" ".join(words(text)))


@pytest.mark.parametrize(
    ("written", "found"),
    [
        ("+1 (801) 555-0100", ["18015550100", "8015550100"]),
        ("1-801-555-0100", ["18015550100", "8015550100"]),
        ("801.555.0100", ["8015550100"]),
        ("+49 30 123456", ["4930123456", "30123456"]),
        ("0049 30 123456", ["4930123456", "30123456"]),
        ("030 123456", ["030123456", "30123456"]),
        ("+44 (0)20 7946 0000", ["442079460000", "2079460000"]),
        ("+353 1 234", ["3531234", "1234"]),
        ("+39 06 1234", ["39061234", "61234"]),
        ("٠٣٠ ١٢٣", ["030123", "30123"]),
        ("+", []),
        ("unknown", []),
    ],
)
def test_a_phone_number_has_its_digits_with_and_without_the_countrys_prefix(written: str, found: list[str]) -> None:
    assert phone_words(written) == found
