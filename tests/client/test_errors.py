"""What each answer is raised as, and what an error knows."""

from __future__ import annotations

import pickle
import re

import httpx
import pytest

import seatwright_client
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
    SeatwrightError,
    ServerError,
    SoldOut,
    Timeout,
    Unauthorized,
    Unavailable,
)
from seatwright_client import errors as tree
from tests.client.rig import NO_RETRIES, Kind, Outcome, Rig, page, refusal


@pytest.mark.parametrize(
    ("outcome", "kind_of_error"),
    [
        (refusal(400), BadRequest),
        (refusal(401, "wrong_credentials"), Unauthorized),
        (refusal(403), Forbidden),
        (refusal(404), NotFound),
        (refusal(405, "method_not_allowed"), ApiError),
        (refusal(409), Conflict),
        (refusal(409, "sold_out"), SoldOut),
        (refusal(422, "idempotency_key_reused"), KeyReused),
        (refusal(422, "something_else"), ApiError),
        (refusal(429), RateLimited),
        (refusal(500), ServerError),
        (refusal(501), ServerError),
        (refusal(502), Unavailable),
        (refusal(503), Unavailable),
        (refusal(504), Unavailable),
        (httpx.ConnectError("no such host"), ConnectionFailed),
        (httpx.RemoteProtocolError("closed"), ConnectionFailed),
        (httpx.ReadTimeout(""), Timeout),
        (httpx.ConnectTimeout(""), Timeout),
        (httpx.DecodingError("not gzip"), DecodeError),
        (page(502), Unavailable),
        (page(520), ServerError),
        (page(429), RateLimited),
    ],
    ids=lambda value: value.__name__ if isinstance(value, type) else str(value),
)
def test_every_failure_has_a_kind(kind: Kind, outcome: Outcome, kind_of_error: type[SeatwrightError]) -> None:
    rig = Rig(kind, outcome, token="given", retries=NO_RETRIES)
    with pytest.raises(SeatwrightError) as raised:
        rig.run(lambda client: client.orders.read(100042))
    assert type(raised.value) is kind_of_error


def test_a_refusal_says_all_that_the_server_said(kind: Kind) -> None:
    sentence = "referenceId: has more than 500 characters."
    rig = Rig(kind, refusal(400, "invalid_field", sentence))
    with pytest.raises(BadRequest) as raised:
        rig.run(lambda client: client.orders.create("c1", reference_id="x" * 501))
    error = raised.value
    assert (error.status, error.code, error.message) == (400, "invalid_field", sentence)
    assert (error.field, error.request_id) == ("referenceId", "r-1")
    assert str(error) == f"400 invalid_field: {sentence} [request r-1]"
    copied = pickle.loads(pickle.dumps(error))
    assert (type(copied), vars(copied), str(copied)) == (BadRequest, vars(error), str(error))


@pytest.mark.parametrize(
    ("message", "field"),
    [
        ("items[0].price: is not an amount.", "items[0].price"),
        ("There is no such order.", None),
        ("The body is not well-formed JSON: it ends early.", None),
    ],
)
def test_a_field_is_what_the_message_begins_with(kind: Kind, message: str, field: str | None) -> None:
    rig = Rig(kind, refusal(400, message=message))
    with pytest.raises(BadRequest) as raised:
        rig.run(lambda client: client.account.read())
    assert raised.value.field == field


@pytest.mark.parametrize(
    "outcome",
    [page(404), page(401), page(403), page(400, "{}"), page(413), page(200), page(302, location="https://x.example/")],
    ids=str,
)
def test_what_is_not_seatwrights_says_nothing_about_orders(kind: Kind, outcome: httpx.Response) -> None:
    rig = Rig(kind, outcome)
    with pytest.raises(DecodeError, match="is not Seatwright's") as raised:
        rig.run(lambda client: client.orders.read(100042))
    assert (raised.value.status, raised.value.beginning) == (outcome.status_code, outcome.text)
    assert len(rig.sign_ins) == 1


def test_a_redirect_is_named_and_not_followed(kind: Kind) -> None:
    rig = Rig(kind, page(308, location="https://new.example/public/api/order/1"))
    with pytest.raises(DecodeError, match=r"a redirect to https://new\.example/"):
        rig.run(lambda client: client.orders.read(1))
    assert [request.url.host for request in rig.sent] == ["book.canyon.example"]


def test_the_tree_is_public_and_as_drawn() -> None:
    kinds = {name: kind for name, kind in vars(tree).items() if isinstance(kind, type)}
    assert set(kinds) <= set(seatwright_client.__all__)
    above, drawn = ["SeatwrightError"], {"SeatwrightError"}
    for indent, name in re.findall(r"^([│ ]*)[├└]── (\w+)", tree.__doc__ or "", re.MULTILINE):
        above[len(indent) // 4 + 1 :] = [name]
        assert kinds[name].__base__ is kinds[above[-2]], name
        drawn.add(name)
    assert drawn == set(kinds)
