"""Every kind of bad request: the right status, the envelope, a stable code, the field's name. Never a 500."""

from collections.abc import AsyncIterator
from typing import Annotated, Any

import httpx
import msgspec
import pytest
import structlog
from litestar import Response, get, post
from litestar.params import FromPath, FromQuery, JSONBody

from seatwright.app.assembly import create_app
from seatwright.http import wire
from seatwright.http.context import Services
from seatwright.http.security import OPEN


class Inner(wire.Wire):
    name: wire.Text
    age: Annotated[int, msgspec.Meta(ge=0, le=150)] = 0


class Probe(wire.Wire):
    participants: dict[str, int | str]
    people: list[Inner] = msgspec.field(default_factory=list)
    by_name: dict[str, list[Inner]] = msgspec.field(default_factory=dict)
    ok: bool = True
    rate: float = 0.0
    code: Annotated[str, msgspec.Meta(max_length=3)] = ""


@post("/probe", status_code=200, **OPEN)
async def probe(data: JSONBody[Probe]) -> Response[Any]:
    return Response(wire.enveloped(data), media_type="application/json")


@get("/probe/{thing:str}", **OPEN)
async def show(thing: FromPath[str], limit: FromQuery[wire.Limit] = 50, flag: FromQuery[bool | None] = None) -> str:
    return f"{thing} {limit} {flag}"


@get("/bug", **OPEN)
async def bug() -> str:
    raise RuntimeError("a secret detail")


@pytest.fixture
async def client(services: Services) -> AsyncIterator[httpx.AsyncClient]:
    app = create_app(services.settings, services, {"/": [probe, show, bug]})
    transport = httpx.ASGITransport(app=app)  # type: ignore[arg-type]
    async with httpx.AsyncClient(transport=transport, base_url="http://testserver") as opened:
        yield opened


def check(answer: httpx.Response, status: int, code: str | None = None, sentence: str | None = None) -> None:
    """The envelope, and what is asked of it."""
    assert answer.status_code == status, answer.text
    assert answer.headers["content-type"] == "application/json"
    assert answer.headers["x-content-type-options"] == "nosniff"
    body = answer.json()
    assert list(body) == ["errorMessage", "errorCode", "data"]
    assert body["data"] is None
    if code:
        assert body["errorCode"] == code
    if sentence:
        assert body["errorMessage"] == sentence


GOOD: dict[str, Any] = {"participants": {"Adult": 1}}


@pytest.mark.parametrize(
    ("body", "sentence"),
    [
        ({}, "participants: is missing."),
        ({"participants": None}, "participants: expected an object, got null."),
        (
            {"participants": {"Child": 1, "Adult": []}},
            "participants.Adult: expected a whole number or text, got a list.",
        ),
        ({**GOOD, "people": [{"name": "a"}, {}]}, "people[1].name: is missing."),
        ({**GOOD, "people": {}}, "people: expected a list, got an object."),
        ({**GOOD, "people": [{"name": "a", "age": -1}]}, "people[0].age: expected a whole number of at least 0."),
        ({**GOOD, "people": [{"name": "a", "age": "x"}]}, "people[0].age: expected a whole number, got text."),
        (
            {**GOOD, "people": [{"name": "a", "age": 1.5}]},
            "people[0].age: expected a whole number, got a number with decimals.",
        ),
        (
            {**GOOD, "byName": {"a": [], "b": [{"name": "c"}, {"name": True}]}},
            "byName.b[1].name: expected a number or text, got true or false.",
        ),
        ({**GOOD, "ok": "perhaps"}, "ok: expected true or false, got text."),
        ({**GOOD, "rate": "fast"}, "rate: expected a number, got text."),
        ({**GOOD, "code": "long"}, "code: expected text of at most 3 characters."),
        ([], "The body: expected an object, got a list."),
        ("text", "The body: expected an object, got text."),
        (5, "The body: expected an object, got a number."),
    ],
)
async def test_a_wrong_field_is_named_with_its_path(client: httpx.AsyncClient, body: object, sentence: str) -> None:
    check(await client.post("/probe", json=body), 400, sentence=sentence)


@pytest.mark.parametrize(
    "body", [{"participants": {"Adult": "2"}, "ok": "true", "rate": "1.5", "people": [{"name": 5, "age": "7"}]}]
)
async def test_numbers_as_strings_and_strings_as_numbers_are_fine(client: httpx.AsyncClient, body: object) -> None:
    answer = await client.post("/probe", json=body)
    assert answer.status_code == 200
    assert answer.json()["data"]["people"] == [{"name": 5, "age": 7}]


@pytest.mark.parametrize(
    ("body", "code"),
    [
        (b"", "missing_body"),
        (b"null", "invalid_field"),
        (b"{bad", "malformed_json"),
        (b'{"participants": {}', "malformed_json"),
        (b'{"participants": {}} x', "malformed_json"),
        (b"{'participants': {}}", "malformed_json"),
        (b'{"participants": {"a": NaN}}', "malformed_json"),
        (b'{"participants": {"a": ' + b"9" * 5000 + b"}}", "malformed_json"),
        (b'{"participants": {"a": 1e999}}', "malformed_json"),
        (b'{"participants": {"a": "\xff"}}', "malformed_text"),
        (b'{"participants": {"a": "\xed\xa0\x80"}}', "malformed_text"),
        (b'{"participants": {"a": "\\ud800"}}', "malformed_json"),
        (b'{"participants": {"a": "x\\u0000y"}}', "malformed_text"),
        (b'{"participants": {"a": "x\x00y"}}', None),
        (b'{"participants": {"a\\u0000": 1}}', "malformed_text"),
        (b"[" * 100_000 + b"]" * 100_000, "malformed_json"),
        (b'{"a":' * 50_000 + b"1" + b"}" * 50_000, "malformed_json"),
        ("{}".encode("utf-16"), "malformed_text"),
        (b"\x00", None),
    ],
)
async def test_a_malformed_body_is_a_400(client: httpx.AsyncClient, body: bytes, code: str | None) -> None:
    check(await client.post("/probe", content=body, headers={"Content-Type": "application/json"}), 400, code)


async def test_a_nul_is_refused_and_its_field_named(client: httpx.AsyncClient) -> None:
    answer = await client.post("/probe", json={**GOOD, "people": [{"name": "a"}, {"name": "b\0"}]})
    check(answer, 400, "malformed_text", "people[1].name: must not contain the NUL character.")
    answer = await client.get("/probe/x?limit=%00")
    check(answer, 400, "malformed_text", "limit: must not contain the NUL character.")
    check(await client.get("/probe/a%00b"), 404)


async def test_an_escaped_backslash_before_u0000_is_no_nul(client: httpx.AsyncClient) -> None:
    answer = await client.post("/probe", content=rb'{"participants": {"a": "\\u0000"}}')
    assert answer.status_code == 200
    assert answer.json()["data"]["participants"] == {"a": r"\u0000"}


@pytest.mark.parametrize(
    "kind",
    ["application/json", "application/json; charset=utf-8", "APPLICATION/JSON", "application/vnd.api+json", None],
)
async def test_json_by_any_name_is_fine(client: httpx.AsyncClient, kind: str | None) -> None:
    headers = {"Content-Type": kind} if kind else {}
    assert (await client.post("/probe", content=b'{"participants": {}}', headers=headers)).status_code == 200


@pytest.mark.parametrize(
    "kind",
    [
        "text/plain",
        "application/x-www-form-urlencoded",
        "multipart/form-data; boundary=x",
        "application/xml",
        ";;",
        "application/msgpack",
    ],
)
async def test_a_body_that_says_it_is_something_else_is_a_415(client: httpx.AsyncClient, kind: str) -> None:
    answer = await client.post("/probe", content=b'{"participants": {}}', headers={"Content-Type": kind})
    if kind == ";;":
        assert answer.status_code == 200, "no type at all"
        return
    check(answer, 415, "unsupported_media_type")


async def test_a_compressed_body_is_a_415(client: httpx.AsyncClient) -> None:
    headers = {"Content-Type": "application/json", "Content-Encoding": "gzip"}
    check(await client.post("/probe", content=b"\x1f\x8b", headers=headers), 415)


async def test_an_oversize_body_is_a_413_announced_or_not(client: httpx.AsyncClient, services: Services) -> None:
    size = services.settings.max_body_bytes + 1

    async def chunks() -> AsyncIterator[bytes]:
        for _ in range(size // 1000 + 1):
            yield b" " * 1000

    check(await client.post("/probe", content=b" " * size), 413, "too_large")
    check(await client.post("/probe", content=chunks()), 413, "too_large")


@pytest.mark.parametrize(
    ("query", "sentence"),
    [
        ("limit=0", "limit: expected a whole number of at least 1."),
        ("limit=1001", "limit: expected a whole number of at most 1000."),
        ("limit=x", "limit: expected a whole number, got text."),
        ("limit=", None),
        ("limit=1.5", None),
        ("limit=" + "9" * 30, None),
        ("limit=" + "9" * 5000, None),
        ("flag=banana", None),
        ("limit=1&limit=x", None),
        ("limit=%ff", None),
    ],
)
async def test_a_bad_parameter_is_a_400_that_names_it(
    client: httpx.AsyncClient, query: str, sentence: str | None
) -> None:
    check(await client.get(f"/probe/x?{query}"), 400, sentence=sentence)


@pytest.mark.parametrize("path", ["/nope", "/probe/a/b", "/", "/probe/%2e%2e/x", "/openapi.json/x", "//"])
async def test_an_unknown_address_is_a_404(client: httpx.AsyncClient, path: str) -> None:
    check(await client.get(path), 404, "unknown_address")


@pytest.mark.parametrize("path", ["/probe/%ff", "/probe/%ed%a0%80", "/probe/%F0%9F%9A%A3"])
async def test_any_bytes_may_stand_in_a_path(client: httpx.AsyncClient, path: str) -> None:
    assert (await client.get(path)).status_code == 200


async def test_a_wrong_method_is_a_405_that_says_which_are_right(client: httpx.AsyncClient) -> None:
    answer = await client.delete("/probe")
    check(answer, 405, "method_not_allowed", "DELETE is not possible here.")
    assert answer.headers["allow"] == "OPTIONS, POST"
    assert (await client.post("/probe/x")).headers["allow"] == "GET, HEAD, OPTIONS"
    check(await client.request("BREW", "/probe"), 405)


async def test_a_bug_is_logged_and_tells_no_details(client: httpx.AsyncClient) -> None:
    with structlog.testing.capture_logs() as logged:
        answer = await client.get("/bug", headers={"X-Request-Id": "req-7"})
    check(answer, 500, "internal_error")
    assert "req-7" in answer.json()["errorMessage"]
    assert "secret" not in answer.text
    (line,) = [line for line in logged if line["log_level"] == "error"]
    assert line["request_id"] == "req-7"
    assert isinstance(line["exc_info"], RuntimeError)
