"""Browser clients on another origin, and from a file, call the API directly."""

import httpx
import pytest

from seatwright.app.assembly import create_app
from seatwright.http.context import Services
from tests.conftest import settings_for

URL = "/public/api/authenticate"


def client_for(services: Services, origins: str) -> httpx.AsyncClient:
    settings = settings_for(services.settings.data, SEATWRIGHT_CORS_ORIGINS=origins)
    transport = httpx.ASGITransport(app=create_app(settings, services))  # type: ignore[arg-type]
    return httpx.AsyncClient(transport=transport, base_url="http://testserver")


async def preflight(client: httpx.AsyncClient, origin: str, path: str = URL) -> httpx.Response:
    headers = {
        "Origin": origin,
        "Access-Control-Request-Method": "POST",
        "Access-Control-Request-Headers": "authorization, content-type, idempotency-key",
    }
    return await client.options(path, headers=headers)


@pytest.mark.parametrize("origins", ["*", "https://shop.example, null"])
@pytest.mark.parametrize("origin", ["https://shop.example", "null"])
async def test_a_page_of_an_allowed_origin_may_send_requests_and_read_answers(
    services: Services, origins: str, origin: str
) -> None:
    async with client_for(services, origins) as client:
        for path in (URL, "/public/api/order", "/api/v1/account"):
            asked = await preflight(client, origin, path)
            assert asked.status_code == 204
            assert asked.headers["access-control-allow-origin"] in ("*", origin)
            assert "POST" in asked.headers["access-control-allow-methods"]
            allowed = asked.headers["access-control-allow-headers"].lower()
            assert all(name in allowed for name in ("authorization", "content-type", "idempotency-key"))
            assert "access-control-allow-credentials" not in asked.headers
        for answer in (
            await client.post(URL, json={}, headers={"Origin": origin}),
            await client.get("/public/api/order", headers={"Origin": origin}),
            await client.get("/nope", headers={"Origin": origin}),
        ):
            assert answer.status_code in (400, 401, 404)
            assert answer.headers["access-control-allow-origin"] in ("*", origin)
            assert "X-Request-Id" in answer.headers["access-control-expose-headers"]


@pytest.mark.parametrize("origins", ["https://shop.example", ""])
@pytest.mark.parametrize(
    "origin", ["https://evil.example", "https://shop.example.evil.example", "https://shopxexample", "null"]
)
async def test_other_origins_are_not_allowed(services: Services, origins: str, origin: str) -> None:
    async with client_for(services, origins) as client:
        assert "access-control-allow-origin" not in (await preflight(client, origin)).headers
        answer = await client.post(URL, json={}, headers={"Origin": origin})
        assert "access-control-allow-origin" not in answer.headers


async def test_answers_for_one_origin_are_not_cached_for_another(services: Services) -> None:
    async with client_for(services, "https://shop.example") as client:
        answer = await client.post(URL, json={}, headers={"Origin": "https://shop.example"})
        assert answer.headers["vary"] == "Origin"
