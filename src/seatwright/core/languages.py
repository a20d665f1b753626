"""The languages of mails and pages."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias, get_args

from seatwright.core.errors import Invalid

Language: TypeAlias = Literal["en", "es", "de", "fr"]
LANGUAGES: tuple[Language, ...] = get_args(Language)
DEFAULT_LANGUAGE: Language = "en"

_NAMES: dict[str, Language] = {
    "english": "en",
    "spanish": "es",
    "español": "es",
    "espanol": "es",
    "castellano": "es",
    "german": "de",
    "deutsch": "de",
    "french": "fr",
    "français": "fr",
    "francais": "fr",
    **{language: language for language in LANGUAGES},
}


def language_of(text: Any) -> Language | None:
    """Return the language of a code, a tag (`es-MX`) or a name (`German`, `Deutsch`), in any case.

    None for an unknown language, and for a value that is not a text.
    """
    if not isinstance(text, str):
        return None
    word = text.strip().casefold()
    return _NAMES.get(word) or _NAMES.get(word.replace("_", "-").partition("-")[0])


def check_language(text: str) -> Language:
    """Return `text` if it is one of `LANGUAGES`; raise `Invalid` otherwise."""
    for language in LANGUAGES:
        if text == language:
            return language
    raise Invalid(
        f"language: {text[:40]!r} is not one of {', '.join(LANGUAGES)}.", code="invalid_language", field="language"
    )
