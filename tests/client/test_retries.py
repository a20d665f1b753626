"""What is sent again, after how long, and with which key; and what is not."""

from __future__ import annotations

from functools import partial
from typing import Any

import httpx
import pytest

from seatwright_client import (
    ApiError,
    BadRequest,
    Conflict,
    ConnectionFailed,
    DecodeError,
    Forbidden,
    KeyReused,
    NotFound,
    RateLimited,
    RetryPolicy,
    SeatwrightError,
    ServerError,
    SoldOut,
    Timeout,
    Unavailable,
)
from tests.client.rig import NO_RETRIES, Client, Kind, Outcome, Rig, good, page, refusal

EVENT = {"id": "e1", "date": "2026-07-01T16:00:00Z", "actor": "system", "action": "x", "subjectId": "o1"}
USER = {
    "id": "u1",
    "email": "a@b.example",
    "name": "Ann",
    "permissions": [],
    "active": True,
    "createdDate": EVENT["date"],
}

NOT_SENT = [httpx.ConnectError("refused"), httpx.ConnectTimeout("slow"), httpx.PoolTimeout("busy")]
LOST = [
    httpx.ReadTimeout("slow"),
    httpx.WriteTimeout("slow"),
    httpx.ReadError("reset"),
    httpx.WriteError("pipe"),
    httpx.RemoteProtocolError("Server disconnected without sending a response."),
    page(502),
    page(504),
    refusal(503, "unavailable"),
]
BUSY = [refusal(429, "too_many_requests"), page(429)]


def read(client: Client) -> Any:
    """A call that reads."""
    return client.audit.history("o1")


def write(client: Client) -> Any:
    """A call that writes."""
    return client.users.create("a@b.example", "Ann", permissions=[])


def rename(client: Client, key: str) -> Any:
    """A call that writes, with a key of the caller's."""
    return client.users.change("u1", name="Ann", idempotency_key=key)


def secret(client: Client) -> Any:
    """A call whose answer the server never keeps."""
    return client.account.reset_key()


@pytest.mark.parametrize("outcome", [*NOT_SENT, *LOST, *BUSY], ids=str)
def test_what_passes_is_tried_again_and_a_write_with_the_same_key(kind: Kind, outcome: Outcome) -> None:
    rig = Rig(kind, outcome, outcome, good(USER))
    assert rig.run(write).name == "Ann"
    assert (len(rig.sent), len(rig.waits)) == (3, 2)
    first = rig.sent[0]
    assert len(rig.keys[0] or "") == 36
    for again in rig.sent[1:]:
        assert again.content == first.content
        assert (again.method, again.url, again.headers) == (first.method, first.url, first.headers)
    rig = Rig(kind, outcome, good([EVENT]))
    assert [event.id for event in rig.run(read)] == ["e1"]
    assert rig.keys == [None, None]


@pytest.mark.parametrize(
    ("answer", "error"),
    [
        (refusal(400), BadRequest),
        (refusal(403), Forbidden),
        (refusal(404), NotFound),
        (refusal(409), Conflict),
        (refusal(409, "sold_out"), SoldOut),
        (refusal(413, "too_large"), ApiError),
        (refusal(422, "idempotency_key_reused"), KeyReused),
        (refusal(500, "internal_error"), ServerError),
        (page(404), DecodeError),
        (page(200), DecodeError),
        (page(301, location="https://elsewhere.example/"), DecodeError),
        (good({"not": "a user"}), DecodeError),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else str(value),
)
def test_an_answer_is_not_asked_for_twice(kind: Kind, answer: httpx.Response, error: type[SeatwrightError]) -> None:
    rig = Rig(kind, answer)
    with pytest.raises(error) as raised:
        rig.run(write)
    assert type(raised.value) is error
    assert (len(rig.sent), rig.waits) == (1, [])
    assert raised.value.idempotency_key == rig.keys[0]
    # A good status whose body isn't the server's: something may have been done.
    assert raised.value.outcome_unknown is answer.is_success


@pytest.mark.parametrize("outcome", LOST, ids=str)
def test_a_secret_is_asked_for_once_where_it_may_have_been_given(kind: Kind, outcome: Outcome) -> None:
    rig = Rig(kind, outcome)
    with pytest.raises((ConnectionFailed, Timeout, Unavailable)) as raised:
        rig.run(secret)
    assert (len(rig.sent), rig.keys, raised.value.outcome_unknown) == (1, [None], True)


@pytest.mark.parametrize("outcome", [*NOT_SENT, *BUSY], ids=str)
def test_a_secret_is_asked_for_again_where_it_was_certainly_not_given(kind: Kind, outcome: Outcome) -> None:
    rig = Rig(kind, outcome, good({"apikey": "new"}))
    assert rig.run(secret) == "new"


@pytest.mark.parametrize(
    ("outcomes", "unknown"),
    [
        ([httpx.ConnectError("")] * 2, False),
        ([httpx.ReadTimeout("")] * 2, True),
        ([httpx.ReadTimeout(""), httpx.ConnectError("")], True),
        ([httpx.ReadTimeout(""), refusal(403)], True),
        ([httpx.ReadTimeout(""), refusal(500, "internal_error")], True),
        ([httpx.ReadTimeout(""), refusal(409)], False),  # the key's one answer
        ([page(520)], True),
    ],
    ids=str,
)
def test_an_error_says_whether_something_may_have_been_done(kind: Kind, outcomes: list[Outcome], unknown: bool) -> None:
    policy = RetryPolicy(attempts=2)
    rig = Rig(kind, *outcomes, retries=policy)
    with pytest.raises(SeatwrightError) as raised:
        rig.run(write)
    assert (raised.value.outcome_unknown, rig.left) == (unknown, 0)
    assert raised.value.idempotency_key == rig.keys[0] is not None
    rig = Rig(kind, *outcomes, retries=policy)
    with pytest.raises(SeatwrightError) as raised:
        rig.run(read)
    assert (raised.value.outcome_unknown, raised.value.idempotency_key) == (False, None)


def test_waits_double_up_to_the_cap_and_are_random(kind: Kind) -> None:
    policy = RetryPolicy(attempts=7, base_s=1, cap_s=6, total_s=1_000)
    for rng in (1.0, 0.5, 0.0):
        rig = Rig(kind, *[httpx.ReadError("")] * 7, rng=rng, retries=policy)
        with pytest.raises(ConnectionFailed):
            rig.run(read)
        assert rig.waits == [rng * wait for wait in (1, 2, 4, 6, 6, 6)]


@pytest.mark.parametrize(
    ("headers", "wait"),
    [
        ({"retry_after": "3"}, 3),
        ({"date": "Tue, 24 Nov 2026 18:00:00 GMT", "retry_after": "Tue, 24 Nov 2026 18:00:20 GMT"}, 20),
        ({"date": "Tue, 24 Nov 2026 18:00:00 GMT", "retry_after": "Tue, 24 Nov 2026 17:00:00 GMT"}, 0),
        ({"retry_after": "Tue, 24 Nov 2026 18:00:20 GMT"}, 0),
        ({"retry_after": "soon"}, 0),
    ],
)
@pytest.mark.parametrize("status", [429, 503])
def test_retry_after_is_honoured(kind: Kind, status: int, headers: dict[str, str], wait: float) -> None:
    rig = Rig(kind, refusal(status, **headers), good([EVENT]), rng=0.5)
    rig.run(read)
    assert rig.waits == [wait + 0.1]


def test_no_attempt_begins_after_the_total_time(kind: Kind) -> None:
    policy = RetryPolicy(attempts=100, base_s=4, cap_s=4, total_s=10)
    rig = Rig(kind, *[refusal(503, "unavailable")] * 4, retries=policy)
    with pytest.raises(Unavailable):
        rig.run(read)
    assert (rig.waits, len(rig.sent)) == ([4, 4], 3)
    rig = Rig(kind, refusal(429, "too_many_attempts", retry_after="900"), retries=policy)
    with pytest.raises(RateLimited) as raised:
        rig.run(read)
    assert (rig.waits, raised.value.retry_after) == ([], 900)


def test_retries_can_be_switched_off(kind: Kind) -> None:
    rig = Rig(kind, httpx.ConnectError("refused"), retries=NO_RETRIES)
    with pytest.raises(ConnectionFailed, match=r"^ConnectError: refused$"):
        rig.run(read)
    assert (len(rig.sent), rig.waits) == (1, [])


def test_each_call_has_a_key_of_its_own_and_a_callers_key_is_taken(kind: Kind) -> None:
    rig = Rig(kind, good(USER), good(USER), httpx.ReadError(""), good(USER))
    rig.run(write)
    rig.run(write)
    rig.run(partial(rename, key="mine"))
    assert rig.keys[0] != rig.keys[1]
    assert rig.keys[2:] == ["mine", "mine"]
    for bad in ("", "x" * 256, "söß", "a\nb"):
        with pytest.raises(ValueError, match="idempotency key"):
            rig.run(partial(rename, key=bad))
    assert len(rig.sent) == 4


@pytest.mark.parametrize("bad", [{"attempts": 0}, {"total_s": -1}, {"base_s": -0.1}, {"cap_s": -1}])
def test_a_policy_that_makes_no_sense(bad: dict[str, Any]) -> None:
    with pytest.raises(ValueError, match="attempts must be at least 1"):
        RetryPolicy(**bad)
