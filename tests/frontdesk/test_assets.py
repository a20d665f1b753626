"""What the pages load: kept for ever under its hash, never mixed with another version's; and the pages' headers."""

from __future__ import annotations

import re

import httpx

from seatwright.web.desk.assets import assets
from tests.desk import Desk
from tests.frontdesk.visitor import Visitor


async def test_files_are_kept_for_ever_and_those_of_another_version_are_not(client: httpx.AsyncClient) -> None:
    here = f"/desk/static/{assets().hash}"
    for name in (
        "desk.css",
        "desk.js",
        "timeline.css",
        "vendor/htmx.js",
        "vendor/icons.svg",
        "vendor/inter-latin.woff2",
    ):
        answer = await client.get(f"{here}/{name}")
        assert answer.status_code == 200, name
        assert answer.headers["cache-control"] == "public, max-age=31536000, immutable"
        known = await client.get(f"{here}/{name}", headers={"If-None-Match": answer.headers["etag"]})
        assert known.status_code == 304
    other = await client.get("/desk/static/0123456789abcdef/desk.css")
    assert (other.status_code, other.headers["cache-control"]) == (200, "public, max-age=600")
    for name in ("nothing.css", "../visit.py", "vendor/SHA256SUMS", "__init__.py"):
        assert (await client.get(f"{here}/{name}")).status_code in (400, 404), name


async def test_nothing_on_a_page_is_inline_or_from_elsewhere(desk: Desk, dana: Visitor, rafting: str) -> None:
    order = await desk.order((rafting, {"Adult": 1}))
    for path in ("/sign-in", "/today", "/day/2026-07-14", "/calendar", f"/orders/{order['id']}", "/more", "/nothing"):
        page = await dana.get(path)
        policy = page.headers["content-security-policy"]
        assert "script-src 'self'; style-src 'self'" in policy
        assert "unsafe" not in policy
        assert page.headers["cache-control"] == "no-store"
        assert not re.search(r"<[^>]* (style|on[a-z]+)=", page.text), path
        assert not re.search(r"<script(?![^>]* src=)|<style", page.text), path
        for address in re.findall(r'(?:src|href|action)="([^"]*)"', page.text):
            assert re.match(r"/desk(/|$)|#|data:,|tel:|mailto:", address), address
