"""Words as they are searched for: without upper case and accents, so that "jose" finds "José"."""

from __future__ import annotations

import re
import unicodedata

_PLAIN = str.maketrans(
    {"ø": "o", "đ": "d", "ð": "d", "ł": "l", "æ": "ae", "œ": "oe", "þ": "th", "ı": "i", "'": None, "’": None, "ʼ": None}
)
"""Letters that Unicode doesn't decompose, and apostrophes, which many people leave out ("O'Neil", "ONeil")."""
_ASCII_WORD = re.compile(r"[a-z0-9]+")


def fold(text: str) -> str:
    """Return a text without upper case, accents and apostrophes. Folding a folded text changes nothing."""
    if text.isascii():
        return text.lower().replace("'", "")
    # Folding can make characters that decompose, and decomposing can make characters that fold.
    text = unicodedata.normalize("NFKD", unicodedata.normalize("NFKD", text).casefold())
    return "".join(each for each in text if not unicodedata.combining(each)).translate(_PLAIN)


def words(text: str) -> list[str]:
    """Return the words of a text, folded: the longest runs of letters and digits, in any script."""
    folded = fold(text)
    if folded.isascii():
        return _ASCII_WORD.findall(folded)
    return "".join(each if _in_word(each) else " " for each in folded).split()


def _in_word(character: str) -> bool:
    """Tell whether a character is part of a word: a letter, a digit, or a vowel sign of a script that has such."""
    return character.isalnum() or unicodedata.category(character).startswith("M")
