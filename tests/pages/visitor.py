"""A customer with a link, who reads pages as text and fills in their forms as a browser does."""

from __future__ import annotations

import html
import itertools
import re
from dataclasses import dataclass
from typing import Any, NamedTuple

import httpx

from seatwright.catalog.model import Product, Tier
from seatwright.catalog.policy import Policy
from seatwright.core.ids import new_hex24
from seatwright.http.context import Services
from tests.desk import Desk

_numbers = itertools.count()
_TAGS = re.compile(r"<(script|style|svg|head)\b.*?</\1>|<[^>]+>", re.DOTALL)
_FORM = re.compile(r'<form method="(get|post)" action="([^"]+)">(.*?)</form>', re.DOTALL)
_HIDDEN = re.compile(r'<input type="hidden" name="(\w+)" value="([^"]*)">')
_RADIO = re.compile(r'<input type="radio" name="what" value="([^"]*)" id="(\w+)" required>\s*<label for="\2">([^<]*)<')


def text_of(answer: httpx.Response) -> str:
    """Return the words on a page, as somebody reads them, with ordinary spaces."""
    assert answer.headers["content-type"].startswith("text/html"), answer.headers
    return " ".join(html.unescape(_TAGS.sub(" ", answer.text)).replace("\u202f", " ").split())


class Form(NamedTuple):
    """A form on a page: where it goes, and what it sends. `choices` are the radio buttons: label and value."""

    method: str
    action: str
    fields: dict[str, str]
    choices: dict[str, str]


def form_of(answer: httpx.Response) -> Form:
    """Return the only form of a page."""
    ((method, action, inner),) = _FORM.findall(answer.text)
    fields = {name: html.unescape(value) for name, value in _HIDDEN.findall(inner)}
    choices = {html.unescape(label): value for value, _, label in _RADIO.findall(inner)}
    return Form(method, action, fields, choices)


@dataclass
class Visitor:
    """A browser without JavaScript and cookies; `desk` sold what it has a link to."""

    client: httpx.AsyncClient
    services: Services
    desk: Desk

    async def link(self, order: dict[str, Any], desk: Desk | None = None) -> str:
        """Return the token of an order's link, made by its seller."""
        made = await (desk or self.desk).data("GET", f"/api/v1/orders/{order['id']}/customer-link")
        return str(made["token"])

    async def get(self, token: str, path: str = "", *, status: int = 200, language: str = "en") -> httpx.Response:
        """Open a page."""
        answer = await self.client.get(f"/my/{token}{path}", headers={"Accept-Language": language})
        assert answer.status_code == status, answer.text
        return answer

    async def read(self, token: str, path: str = "", *, status: int = 200, language: str = "en") -> str:
        """Open a page and return its words."""
        return text_of(await self.get(token, path, status=status, language=language))

    async def send(self, form: Form, status: int = 303, **changed: str) -> httpx.Response:
        """Send a form."""
        answer = await self.client.post(form.action, data={**form.fields, **changed})
        assert answer.status_code == status, answer.text
        return answer

    async def offer(self, token: str, what: str = "order") -> tuple[str, Form]:
        """Ask what cancelling comes to; return the words of the page, and its form."""
        answer = await self.get(token, f"/cancel?what={what}")
        return text_of(answer), form_of(answer)

    async def sold_under(self, policy: Policy | None, start: str = "2026-07-14 09:00", **product: Any) -> str:
        """Make a product that is sold under a policy, and return a departure of it with twelve seats."""
        number = 5000 + next(_numbers)
        if policy is not None:
            await self.desk.shop.add("policy", policy)
        new = Product(
            **{
                "id": new_hex24(),
                "code": f"p{number}",
                "name": "Canyon walk",
                "number": number,
                "tiers": (Tier(code="Adult", name="Adult", price=9900), Tier(code="Child", name="Child", price=333)),
                "policy": policy.code if policy else None,
                **product,
            }
        )
        await self.desk.shop.add("product", new)
        return await self.desk.shop.departure(new.code, start, capacity=12)
