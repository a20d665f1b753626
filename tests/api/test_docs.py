"""docs/api.md lists exactly the routes that there are, and docs/desk.md those of the desk."""

import re
from pathlib import Path

from litestar.routes import HTTPRoute

from seatwright.app.assembly import create_app
from tests.conftest import settings_for

DOCUMENTS = [Path(__file__).parents[2] / "docs" / name for name in ("api.md", "desk.md")]


def test_every_route_is_listed(tmp_path: Path) -> None:
    app = create_app(settings_for(tmp_path), None)
    routes = {
        (method, route.path_format)
        for route in app.routes
        if isinstance(route, HTTPRoute)
        for method in route.methods
        if method != "OPTIONS"
    }
    text = "\n".join(document.read_text(encoding="utf-8") for document in DOCUMENTS)
    rows = re.findall(r"^\| ([A-Z]+) \| `([^`]+)` \|", text, re.MULTILINE)
    assert sorted(rows) == sorted(routes), "docs/api.md, docs/desk.md and app/routes.py differ"
