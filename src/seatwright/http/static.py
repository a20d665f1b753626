"""Answers that are the same for everybody while the program runs. They are compressed once, and not sent again to
clients that have them.
"""

from __future__ import annotations

import gzip
import hashlib
import re
from dataclasses import dataclass

from litestar import Response

from seatwright.http.context import ApiRequest

MAX_AGE_S = 600
"""How long browsers and proxies may keep it without asking, in seconds."""
FOREVER = "public, max-age=31536000, immutable"
"""The same for what has a hash of its content in its address."""
_REFUSES_GZIP = re.compile(r"(?:gzip|\*)\s*;\s*q=0(?:\.0*)?\s*(?:,|$)")
_TAG = re.compile(r'"[^"]*"')


@dataclass(frozen=True, slots=True)
class Static:
    """A text that never changes while the program runs."""

    kind: str
    content: bytes
    compressed: bytes
    tag: str

    @classmethod
    def of(cls, content: bytes, kind: str) -> Static:
        """Compress a text of the media type `kind`."""
        return cls(kind, content, gzip.compress(content, 9, mtime=0), hashlib.sha256(content).hexdigest()[:32])

    def answer(self, request: ApiRequest, keep: str = f"public, max-age={MAX_AGE_S}") -> Response[bytes]:
        """Answer with it, or with 304 if the client has it already. `keep` is the Cache-Control.

        The size of the answer counts for the caller's turn (`http.access`).
        """
        small = _takes_gzip(request.headers.get("accept-encoding", ""))
        content, tag = (self.compressed, f'"{self.tag}-gzip"') if small else (self.content, f'"{self.tag}"')
        headers = {"ETag": tag, "Cache-Control": keep, "Vary": "Accept-Encoding"}
        known = request.headers.get("if-none-match", "")
        unchanged = known.strip() == "*" or tag in _TAG.findall(known)
        request.scope["state"]["static_bytes"] = 0 if unchanged else len(content)
        if unchanged:
            return Response(b"", status_code=304, media_type=self.kind, headers=headers)
        if small:
            headers["Content-Encoding"] = "gzip"
        return Response(content, media_type=self.kind, headers=headers)


def _takes_gzip(accepted: str) -> bool:
    accepted = accepted.lower()
    return ("gzip" in accepted or "*" in accepted) and not _REFUSES_GZIP.search(accepted)
