"""Domain names beyond ASCII, as they are asked for (IDNA 2008).

Python's own codec is of 2003: it makes `strasse` of `straße`, another sigma of ς, and leaves joiners out, so a mail
would go to somebody else's domain.
"""

from __future__ import annotations

import idna

MAX_DOMAIN = 253


def ascii_domain(domain: str) -> str | None:
    """Return a domain name in ASCII and lower case; None for one that there can't be.

    Capitals, full-width letters and other dots are read as UTS #46 reads them, without its rules for the transition.
    What is ASCII already stays as it is; whether its labels are any is for the caller to check.
    """
    if len(domain) > MAX_DOMAIN:
        return None
    if domain.isascii():
        return domain.lower()
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:
        return None
