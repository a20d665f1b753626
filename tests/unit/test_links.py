"""A link to an order says which, until when, and what it lets one do; nobody else can make one."""

from __future__ import annotations

from seatwright.auth import links
from seatwright.auth.links import LINK_DAYS
from seatwright.auth.secrets import Keyring
from seatwright.core.clock import DAY_MS
from tests.conftest import SECRET, START


def test_a_signed_link_is_read_as_it_was_made() -> None:
    keyring, account, order = Keyring.from_secret(SECRET), "0" * 23 + "1", "0c0f3a52-8a42-4c38-93a1-3d3a4a2f6f10"
    made = links.link_to(account, order, START, START + 5 * DAY_MS)
    for link in (made, made._replace(may_cancel=False), made._replace(generation=links.MAX_GENERATION)):
        token = links.sign(keyring, link)
        assert (len(token), links.verify(keyring, token, START)) == (67, link)
    assert made.ends_at - (START + 5 * DAY_MS) - LINK_DAYS * DAY_MS in range(DAY_MS)
    assert links.link_to(account, order, START, START - 9 * DAY_MS) == links.link_to(account, order, START, None)
    assert links.proof(keyring, "t", "a") != links.proof(keyring, "t", "b") != links.proof(keyring, "u", "b")
    assert links.proof(Keyring.from_secret("z" * 32), "t", "a") != links.proof(keyring, "t", "a")
