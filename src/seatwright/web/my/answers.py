"""Pages as answers: the templates, and the headers that all of them have."""

from __future__ import annotations

from functools import cache
from pathlib import Path
from typing import Any

from litestar import Response

from seatwright.auth.links import PATH
from seatwright.http.context import ApiRequest
from seatwright.http.static import Static
from seatwright.web.pages import base_path, environment
from seatwright.wording.wording import Wording

POLICY = "; ".join(
    (
        "default-src 'none'",
        "style-src 'self'",
        "img-src data:",
        "form-action 'self'",
        "base-uri 'none'",
        "frame-ancestors 'none'",
    )
)
"""Content-Security-Policy: no script, no frame, nothing from elsewhere. The tab's icon is an empty `data:`."""
HEADERS = {
    "Content-Security-Policy": POLICY,
    "Referrer-Policy": "no-referrer",
    "X-Robots-Tag": "noindex, nofollow",
}
"""Headers of all pages: the address gives access to the order, so it is never sent to other sites. `http.access` adds
no-store.
"""

_ENVIRONMENT = environment("seatwright.web.my")


def page(request: ApiRequest, template: str, words: Wording, *, status: int = 200, **shown: Any) -> Response[str]:
    """Return the page of a template in a language. The template knows `shown`, `t`, `lang` and `base`."""
    text = _ENVIRONMENT.get_template(template).render(t=words.say, lang=words.tag, base=base(request), **shown)
    headers = HEADERS | {"Content-Language": words.tag}
    return Response(text, status_code=status, media_type="text/html", headers=headers)


def base(request: ApiRequest) -> str:
    """Return the path under which the browser finds the pages; a proxy may serve them under a path of its own."""
    return base_path(request) + PATH


@cache
def style_sheet() -> Static:
    """Return the pages' style sheet."""
    return Static.of((Path(__file__).parent / "static" / "style.css").read_bytes(), "text/css")
