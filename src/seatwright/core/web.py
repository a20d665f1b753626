"""Web addresses that operators enter."""

from __future__ import annotations


def is_web_address(text: str) -> bool:
    """Tell whether a text is an http or https address: pages put it into links, where `javascript:` is a script."""
    return text.startswith(("https://", "http://")) and not any(c.isspace() or c in "\"'<>`" for c in text)
