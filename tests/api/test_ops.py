"""Health, request ids, log lines, headers, HEAD and OPTIONS, the OpenAPI document."""

import httpx
import structlog

from seatwright.http.context import Services
from tests.conftest import TestAccount


async def test_alive_and_ready(client: httpx.AsyncClient) -> None:
    for path in ("/healthz", "/readyz"):
        answer = await client.get(path)
        assert answer.status_code == 200
        assert answer.json() == {"errorMessage": None, "data": {"status": "ok"}}


async def test_alive_but_not_ready_without_a_database(client: httpx.AsyncClient, services: Services) -> None:
    await services.database.close()
    assert (await client.get("/healthz")).status_code == 200
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.headers["retry-after"] == "1"
    assert answer.json()["errorCode"] == "unavailable"


async def test_not_ready_with_another_schema(client: httpx.AsyncClient, services: Services) -> None:
    async def newer(tx: object) -> None:
        await tx.execute("INSERT INTO schema_version VALUES (9999, 'future', 0)")  # type: ignore[attr-defined]

    await services.database.write(newer)
    answer = await client.get("/readyz")
    assert answer.status_code == 503
    assert answer.json()["errorCode"] == "schema_newer"


async def test_request_ids_go_in_and_out(client: httpx.AsyncClient) -> None:
    given = await client.get("/healthz", headers={"X-Request-Id": "abc-1.2_3"})
    assert given.headers["x-request-id"] == "abc-1.2_3"
    for bad in ("a b", "x" * 65, "<script>", ""):
        made = (await client.get("/healthz", headers={"X-Request-Id": bad})).headers["x-request-id"]
        assert made != bad
        assert len(made) == 24


async def test_log_lines_hold_nothing_personal(client: httpx.AsyncClient, account: TestAccount) -> None:
    with structlog.testing.capture_logs() as logged:
        await client.get("/public/api/order/secret-subject?email=ann@lee.example", headers=account.headers)
        await client.post("/public/api/authenticate", json={"username": "ann@lee.example", "apikey": "secret-key"})
        await client.get("/secret-place")
    routes = [(line["method"], line["route"], line["status"]) for line in logged]
    assert routes == [
        ("GET", "/public/api/order/{order_id}", 404),
        ("POST", "/public/api/authenticate", 401),
        ("GET", "(no route)", 404),
    ]
    assert logged[0]["account_id"] == account.id
    text = str(logged)
    assert "secret" not in text
    assert "@" not in text
    assert account.headers["Authorization"].split()[1] not in text


async def test_probes_are_not_logged(client: httpx.AsyncClient) -> None:
    with structlog.testing.capture_logs() as logged:
        await client.get("/healthz")
        await client.get("/readyz")
    assert logged == []


async def test_an_answer_is_not_cached_and_names_no_server(client: httpx.AsyncClient, account: TestAccount) -> None:
    answer = await client.get("/api/v1/account", headers=account.headers)
    assert answer.headers["cache-control"] == "no-store"
    assert answer.headers["x-content-type-options"] == "nosniff"
    assert answer.headers["content-type"] == "application/json"
    assert "server" not in answer.headers


async def test_head_is_get_without_a_body(client: httpx.AsyncClient, account: TestAccount) -> None:
    full = await client.get("/api/v1/account", headers=account.headers)
    head = await client.head("/api/v1/account", headers=account.headers)
    assert head.status_code == 200
    assert head.content == b""
    assert head.headers["content-length"] == full.headers["content-length"]
    assert (await client.head("/nope")).status_code == 404
    assert (await client.head("/public/api/authenticate")).status_code == 405


async def test_options_say_what_is_possible(client: httpx.AsyncClient) -> None:
    answer = await client.options("/api/v1/account")
    assert answer.status_code == 204
    assert answer.headers["allow"] == "GET, HEAD, OPTIONS, PATCH"


async def test_a_trailing_slash_makes_no_difference(client: httpx.AsyncClient, account: TestAccount) -> None:
    assert (await client.get("/api/v1/account/", headers=account.headers)).status_code == 200


async def test_the_openapi_document_covers_failures_and_security(client: httpx.AsyncClient) -> None:
    answer = await client.get("/openapi.json")
    assert answer.status_code == 200
    document = answer.json()
    assert document["openapi"].startswith("3.1")
    assert document["components"]["securitySchemes"]["bearer"]["scheme"] == "bearer"
    assert document["security"] == [{"bearer": []}]
    open_routes = set()
    for path, item in document["paths"].items():
        for method, operation in item.items():
            assert operation["summary"], (method, path)
            assert {"400", "401", "404", "429", "500", "503"} <= set(operation["responses"]), (method, path)
            if operation.get("security") == [{}]:
                open_routes.add(path)
            else:
                assert "403" in operation["responses"]
                names = [parameter["name"] for parameter in operation.get("parameters", [])]
                assert ("Idempotency-Key" in names) == (method != "get")
    assert open_routes == {"/healthz", "/readyz", "/public/api/authenticate", "/public/api/login"}
    assert "oneOf" not in answer.text
