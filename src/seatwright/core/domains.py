"""Domain names beyond ASCII, in the form that DNS queries use (IDNA 2008).

Python's own codec implements IDNA 2003: it turns `straße` into `strasse`, replaces ς by σ, and drops joiners, so a mail
would go to somebody else's domain.
"""

from __future__ import annotations

import idna

MAX_DOMAIN = 253


def ascii_domain(domain: str) -> str | None:
    """Return a domain name in ASCII and lower case; None if it is not a possible domain name.

    Capitals, full-width letters and other dots are read as UTS #46 reads them, without its transitional rules. A name
    that is ASCII already is returned unchanged; the caller checks whether its labels are valid.
    """
    if len(domain) > MAX_DOMAIN:
        return None
    if domain.isascii():
        return domain.lower()
    try:
        return idna.encode(domain, uts46=True).decode("ascii")
    except UnicodeError:
        return None
