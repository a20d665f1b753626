"""Addresses that refuse the account's mail."""

from __future__ import annotations

import datetime as dt
from typing import TypeAlias

from seatwright_client.answers import Shape, enveloped
from seatwright_client.operations import Mode, Resource, operation, pages
from seatwright_client.request import MANAGE, Request, get, path, write

_REFUSALS = f"{MANAGE}/mailing-refusals"


class Refusal(Shape, frozen=True, kw_only=True):
    """An address, in lower case, that refuses mail, and since when. A later consent counts again."""

    id: str
    email: str
    refused_date: dt.datetime


_refusal = enveloped(Refusal)
_Refusals: TypeAlias = list[Refusal]


class Refusals(Resource[Mode]):
    """`client.refusals`: addresses that the mailing list leaves out (`reports.mailing_list`)."""

    @operation
    def list(self, *, email: str | None = None, limit: int = 200, page: int = 0) -> Request[_Refusals]:
        """Return a page of refusals, newest first: all, or that of one address, in upper or lower case."""
        return get(_REFUSALS, enveloped(_Refusals), {"email": email, "limit": limit, "page": page})

    iterate = pages(list)

    @operation
    def create(self, email: str, *, idempotency_key: str | None = None) -> Request[Refusal]:
        """Record that an address refuses mail from now on, whether or not it ever consented."""
        return write("POST", _REFUSALS, _refusal, key=idempotency_key, body={"email": email})

    @operation
    def delete(self, refusal_id: str, *, idempotency_key: str | None = None) -> Request[Refusal]:
        """Remove a refusal that was a mistake: earlier consents of the address count again."""
        return write("DELETE", path(_REFUSALS, refusal_id), _refusal, key=idempotency_key)
