"""A page is in the language of the customer, of the browser, or of the account, in this order."""

from __future__ import annotations

import pytest

from seatwright.web.languages import accepted, choose


@pytest.mark.parametrize(
    ("header", "tag"),
    [
        ("", "en"),
        ("*", "en"),
        ("fr-CH, fr;q=0.9, en;q=0.8, de;q=0.7, *;q=0.5", "fr-CH"),
        ("en;q=0.5, de;q=0.9", "de"),
        ("de;q=0, es", "es"),
        ("de;q=nonsense, es;q=0.1", "es"),
        ("en-XX", "en"),
        ("de-\u00e4\u00e4", "de"),
        ("DE_at", "de-AT"),
        ("es-419", "es"),
        (",;q=,;;" + "x" * 10_000, "en"),
        ("x," * 200 + "en, " + "de," * 200, "en"),
    ],
)
def test_the_language_that_a_browser_prefers_is_found(header: str, tag: str) -> None:
    assert accepted(header).tag == tag


def test_the_customers_language_counts_most() -> None:
    assert choose("Deutsch", "fr", "es").tag == "de"
    for unknown in (None, 5, ["de"], "", "xx"):
        assert choose(unknown, "fr", "es").tag == "fr"
    assert choose(None, "", "es").tag == "es"
