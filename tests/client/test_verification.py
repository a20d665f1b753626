"""Calls of webhooks are verified as Standard Webhooks says: the server's own, and those of the standard's library."""

from __future__ import annotations

from datetime import UTC, datetime
from decimal import Decimal

import msgspec
import pytest
from hypothesis import given
from hypothesis import strategies as st
from standardwebhooks import Webhook

from seatwright.notifications.webhooks.signing import headers, new_secret
from seatwright_client import NotVerified, verify_webhook

NOW_MS = 1_782_921_600_000
NOW = NOW_MS / 1000
SECRET, OTHER = new_secret(), new_secret()
BODY = msgspec.json.encode(
    {
        "type": "order.cancelled",
        "timestamp": "2026-07-01T16:00:00.000Z",
        "data": {
            "orderId": "6e763460-0cb1-4c34-9cdb-1001ebe12826",
            "confirmation": 100001,
            "entityId": "60be6c0876dc590010d74ea6",
            "total": 116.38,
            "cancelled": ["6650aa1f0c1d2e3f40516273"],
            "brandNew": True,
        },
    }
).decode()


def test_a_call_of_ours_is_read() -> None:
    signed = {name.title(): value for name, value in headers([SECRET], "msg_1", NOW_MS, BODY).items()}
    event = verify_webhook(signed, BODY.encode(), SECRET, now=NOW)
    assert (event.id, event.type, event.data.confirmation) == ("msg_1", "order.cancelled", 100001)
    assert event.data.total == Decimal("116.38")
    assert event.timestamp == datetime(2026, 7, 1, 16, tzinfo=UTC)


def test_while_a_secret_is_rotated_both_count() -> None:
    both = headers([OTHER, SECRET], "msg_1", NOW_MS, BODY)
    for secret in (SECRET, OTHER, [new_secret(), SECRET]):
        assert verify_webhook(both, BODY, secret, now=NOW).id == "msg_1"


def test_the_librarys_signature_counts_too() -> None:
    at = datetime.fromtimestamp(NOW, UTC)
    signature = Webhook(SECRET).sign("msg_2", at, BODY)
    sent = {"webhook-id": "msg_2", "webhook-timestamp": str(int(NOW)), "webhook-signature": signature}
    assert verify_webhook(sent, BODY, SECRET, now=NOW).id == "msg_2"


@pytest.mark.parametrize("missing", ["webhook-id", "webhook-timestamp", "webhook-signature"])
def test_without_a_header_it_is_refused(missing: str) -> None:
    sent = headers([SECRET], "msg_1", NOW_MS, BODY)
    del sent[missing]
    with pytest.raises(NotVerified):
        verify_webhook(sent, BODY, SECRET, now=NOW)


@pytest.mark.parametrize("off_s", [-301, 301])
def test_a_call_that_is_too_old_or_from_the_future_is_refused(off_s: int) -> None:
    sent = headers([SECRET], "msg_1", NOW_MS, BODY)
    with pytest.raises(NotVerified, match="time"):
        verify_webhook(sent, BODY, SECRET, now=NOW + off_s)
    assert verify_webhook(sent, BODY, SECRET, now=NOW + off_s, tolerance_s=400).id == "msg_1"


@given(st.integers(0, len(BODY) - 1), st.characters(codec="ascii"))
def test_any_change_of_the_body_is_refused(place: int, letter: str) -> None:
    sent = headers([SECRET], "msg_1", NOW_MS, BODY)
    changed = BODY[:place] + letter + BODY[place + 1 :]
    if changed == BODY:
        assert verify_webhook(sent, changed, SECRET, now=NOW).id == "msg_1"
        return
    with pytest.raises(NotVerified):
        verify_webhook(sent, changed, SECRET, now=NOW)


def test_another_secret_is_refused_and_one_that_is_none_is_a_mistake() -> None:
    sent = headers([SECRET], "msg_1", NOW_MS, BODY)
    with pytest.raises(NotVerified, match="secret"):
        verify_webhook(sent, BODY, OTHER, now=NOW)
    for nonsense in ("", "whsec_", "whsec_!!"):
        with pytest.raises(ValueError, match="whsec_"):
            verify_webhook(sent, BODY, nonsense, now=NOW)
