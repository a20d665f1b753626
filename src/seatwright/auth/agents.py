"""Names browsers in a few words, so that people know their own in a list of sessions."""

from __future__ import annotations

_BROWSERS = {
    "Edg": "Edge",
    "OPR/": "Opera",
    "SamsungBrowser": "Samsung Internet",
    "Firefox": "Firefox",
    "FxiOS": "Firefox",
    "CriOS": "Chrome",
    "Chrom": "Chrome",
    "Safari": "Safari",
}
"""What a User-Agent contains, and whose it is then. Most contain the names of those below them too."""
_SYSTEMS = {
    "iPhone": "an iPhone",
    "iPad": "an iPad",
    "Android": "Android",
    "Windows": "Windows",
    "CrOS": "ChromeOS",
    "Mac OS X": "a Mac",
    "Linux": "Linux",
}
UNKNOWN = "another browser"


def short_agent(user_agent: str) -> str:
    """Return such as "Firefox on Linux" for a User-Agent header. Whatever else a program says isn't kept."""
    browser = _first(_BROWSERS, user_agent) or UNKNOWN
    system = _first(_SYSTEMS, user_agent)
    return f"{browser} on {system}" if system else browser


def _first(names: dict[str, str], text: str) -> str | None:
    return next((name for part, name in names.items() if part in text), None)
