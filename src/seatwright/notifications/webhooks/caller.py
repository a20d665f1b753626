"""Makes one HTTP call to an address that a user entered, and to nowhere else.

The host's name is resolved once, all its addresses are checked, and the connection goes to the address that was
checked: it doesn't matter if the name resolves differently a moment later (DNS rebinding). Redirects are not followed,
proxies of the environment are not used, and of the answer only the status is kept.
"""

from __future__ import annotations

import asyncio
import ssl
from collections.abc import Mapping
from contextlib import suppress
from functools import cached_property
from importlib.metadata import version

import httpx

from seatwright.notifications.deliveries import Outcome
from seatwright.notifications.webhooks.addresses import Resolver, is_public, resolve

CONNECT_S = 5.0
TOTAL_S = 15.0
"""Seconds that connecting to one address, and a whole call, may take."""
MAX_ADDRESSES = 4
"""Maximum number of a host's addresses that are tried, in the resolver's order."""
DRAIN_S = 2.0
"""Seconds that the body may take after the status: the call counts as answered in any case."""
MAX_ANSWER_BYTES = 64 * 1024
"""Bytes of an answer's body that are read and discarded, so that its sender isn't cut off."""

INTERNAL = "the address is one of the server's own network, which it doesn't call"
NOT_HTTPS = "the address must begin with https://"
UNRESOLVED = "the host's name could not be resolved"
NO_CONNECTION = "could not connect"
CLOSED = "the connection was closed before there was an answer"


class HttpCaller:
    """Makes calls, each on its own connection. There is one object for each process."""

    def __init__(
        self,
        *,
        internal: bool,
        resolver: Resolver = resolve,
        trust: ssl.SSLContext | None = None,
        total_s: float = TOTAL_S,
    ) -> None:
        """Allow http and internal addresses only if `internal`.

        `trust` has the trusted certificates: by default those of certifi, or of the file SSL_CERT_FILE.
        """
        self._internal = internal
        self._resolver = resolver
        self._given_trust = trust
        self._total_s = total_s

    @cached_property
    def _trust(self) -> ssl.SSLContext:
        # Made at the first call: reading all those certificates would be a part of every start.
        return self._given_trust or httpx.create_ssl_context()

    async def post(self, url: str, body: str, headers: Mapping[str, str]) -> Outcome:
        """Send `body`, which is JSON. Failures are returned as outcomes, which never contain an address or a body of
        the other side.
        """
        try:
            async with asyncio.timeout(self._total_s) as limit:
                return await self._post(httpx.URL(url), body, headers, limit)
        except TimeoutError:
            return Outcome(sent=False, error=f"there was no answer within {self._total_s:g} seconds")
        except httpx.InvalidURL:
            return Outcome(sent=False, error="the address is not a URL")

    async def _post(self, url: httpx.URL, body: str, headers: Mapping[str, str], limit: asyncio.Timeout) -> Outcome:
        if url.scheme != "https" and not self._internal:
            return Outcome(sent=False, error=NOT_HTTPS)
        host = url.raw_host.decode("ascii").strip("[]")
        port = url.port or (443 if url.scheme == "https" else 80)
        try:
            found = await self._resolver(host, port)
        except (OSError, UnicodeError):
            return Outcome(sent=False, error=UNRESOLVED)
        if not self._internal and not all(is_public(address) for address in found):
            return Outcome(sent=False, error=INTERNAL)
        failed = Outcome(sent=False, error=UNRESOLVED)
        for address in found[:MAX_ADDRESSES]:
            try:
                return await self._post_to(address, url, host, body, headers, limit)
            except (httpx.ConnectError, httpx.ConnectTimeout) as error:  # nothing was sent, so another may be
                failed = Outcome(sent=False, error=_why_not_connected(error))
            except httpx.HTTPError:
                return Outcome(sent=False, error=CLOSED)
        return failed

    async def _post_to(
        self, address: str, url: httpx.URL, host: str, body: str, headers: Mapping[str, str], limit: asyncio.Timeout
    ) -> Outcome:
        """Call a URL at an address: the URL's host is in the Host header, and the TLS certificate must be for it.

        `limit` ends with the answer's status, because only the status matters.
        """
        sent = {
            "host": url.netloc.decode("ascii"),
            "content-type": "application/json",
            "user-agent": f"Seatwright/{version('seatwright')}",
            "accept-encoding": "identity",
            "connection": "close",
            **headers,
        }
        timeout = httpx.Timeout(None, connect=CONNECT_S)  # the whole call has its own, which nothing else may race
        async with (
            httpx.AsyncClient(verify=self._trust, trust_env=False, follow_redirects=False, timeout=timeout) as client,
            client.stream(
                "POST",
                url.copy_with(host=address),
                content=body.encode(),
                headers=sent,
                extensions={"sni_hostname": host.rstrip(".")},
            ) as answer,
        ):
            limit.reschedule(None)
            with suppress(httpx.HTTPError, TimeoutError):
                async with asyncio.timeout(DRAIN_S):
                    await _drain(answer)
        error = _why_not_done(answer.status_code)
        return Outcome(
            sent=error is None, code=answer.status_code, error=error, retry_after=answer.headers.get("retry-after")
        )


async def _drain(answer: httpx.Response) -> None:
    read = 0
    async for part in answer.aiter_raw():
        read += len(part)
        if read >= MAX_ANSWER_BYTES:
            return


def _why_not_done(code: int) -> str | None:
    if 200 <= code < 300:
        return None
    return "answered with a redirect, which is not followed" if 300 <= code < 400 else f"answered {code}"


def _why_not_connected(error: httpx.HTTPError) -> str:
    """Say what is wrong with the certificate, if that is the cause."""
    following: BaseException | None = error
    while following is not None:
        if isinstance(following, ssl.SSLCertVerificationError):
            return f"the TLS certificate doesn't count: {following.verify_message}"
        if isinstance(following, ssl.SSLError):
            return "TLS could not be agreed on"
        following = following.__cause__ or following.__context__
    return NO_CONNECTION
