"""The files that the desk's pages load: style sheets, script, fonts, icons.

They are read once. All of their addresses contain one hash of all their contents, so that a browser keeps them for ever
and never mixes the files of two versions; a file refers to another one by its name alone.
"""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from functools import cache
from pathlib import Path
from typing import NamedTuple

from seatwright.http.static import Static
from seatwright.web.desk import timeline

_DIRECTORY = Path(__file__).parent / "static"
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".woff2": "font/woff2",
    ".txt": "text/plain; charset=utf-8",
}
TIMELINE = "timeline.css"
"""The one style sheet that is made by the program."""


class Assets(NamedTuple):
    """All files by their names, such as `vendor/icons.svg`, and the hash of all of them."""

    files: Mapping[str, Static]
    hash: str


@cache
def assets() -> Assets:
    """Return the files of the desk."""
    contents = {TIMELINE: timeline.style_sheet().encode()}
    for path in sorted(_DIRECTORY.rglob("*")):
        if path.suffix in _KINDS:
            contents[path.relative_to(_DIRECTORY).as_posix()] = path.read_bytes()
    whole = hashlib.sha256()
    for name in sorted(contents):
        whole.update(b"%s %d\n" % (name.encode(), len(contents[name])))
        whole.update(contents[name])
    files = {name: Static.of(content, _KINDS[Path(name).suffix]) for name, content in contents.items()}
    return Assets(files, whole.hexdigest()[:16])
