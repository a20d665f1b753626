"""Who sets an account up by the API."""

from __future__ import annotations

from seatwright.api.context import ApiRequest, services
from seatwright.auth.model import Caller
from seatwright.setup.editor import Editor


def editor(request: ApiRequest, who: Caller) -> Editor:
    """Return what use cases of `seatwright.setup` need of a request."""
    parts = services(request)
    return Editor(catalogs=parts.catalogs, clock=parts.clock, account_id=who.account_id, actor=who.user_id)
