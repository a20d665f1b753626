"""Nothing that a user enters makes the server call its own network, however it is written or resolved."""

from __future__ import annotations

import asyncio
import datetime
import socket
import ssl
import threading
from collections.abc import Iterator, Sequence
from pathlib import Path

import pytest
from cryptography import x509
from cryptography.hazmat.primitives import hashes, serialization
from cryptography.hazmat.primitives.asymmetric import ec

from seatwright.core.errors import Invalid
from seatwright.notifications.webhooks import caller as webhooks_http
from seatwright.notifications.webhooks.addresses import Lookups, is_public
from seatwright.notifications.webhooks.caller import INTERNAL, NOT_HTTPS, TOTAL_S, UNRESOLVED, HttpCaller
from seatwright.notifications.webhooks.model import check_url
from tests.webhooks.receiver import Receiver, receiving

INSIDE = (
    "127.0.0.1",
    "127.8.9.1",
    "0.0.0.0",
    "10.1.2.3",
    "172.16.0.1",
    "192.168.1.1",
    "100.64.0.1",
    "100.100.100.200",
    "169.254.169.254",
    "168.63.129.16",
    "192.0.0.192",
    "192.0.2.1",
    "198.18.0.1",
    "224.0.0.1",
    "240.0.0.1",
    "255.255.255.255",
    "::",
    "::1",
    "::7f00:1",
    "::ffff:127.0.0.1",
    "::ffff:10.0.0.1",
    "64:ff9b::a9fe:a9fe",
    "64:ff9b:1::808:808",
    "2002:7f00:1::1",
    "2002:a00:1::",
    "2001:0:4136:e378:8000:63bf:80ff:fffe",
    "2001:db8::1",
    "3fff::1",
    "fc00::1",
    "fd00:ec2::254",
    "fe80::1",
    "fe80::1%eth0",
    "fec0::1",
    "ff02::1",
    "5f00::1",
    "not an address",
)
OUTSIDE = ("1.1.1.1", "93.184.215.14", "2606:4700:4700::1111", "::ffff:1.1.1.1", "64:ff9b::101:101", "2002:101:101::1")
WRITTEN = (
    "127.0.0.1",
    "localhost",
    "LOCALHOST",
    "localhost.",
    "hooks.localhost",
    "[::1]",
    "[::ffff:127.0.0.1]",
    "[::ffff:7f00:1]",
    "169.254.169.254",
    "10.0.0.8",
    "0.0.0.0",
    "0",
    "127.1",
    "2130706433",
    "0x7f000001",
    "0x7f.1",
    "017700000001",
    "127.0.0.1.",
)
"""Hosts that are the server itself or beside it."""


class Names:
    """A resolver with the answers that it is to give, one after the other."""

    def __init__(self, *answers: Sequence[str]) -> None:
        self.answers = list(answers)
        self.asked: list[tuple[str, int]] = []

    async def __call__(self, host: str, port: int) -> Sequence[str]:
        self.asked.append((host, port))
        return self.answers.pop(0)


@pytest.mark.parametrize(
    ("host", "asked"),
    [
        ("straße.example", "xn--strae-oqa.example"),
        ("BÜCHER.example", "xn--bcher-kva.example"),
        ("βόλος.example", "xn--nxasmm1c.example"),
        ("نامه\u200cای.example", "xn--mgba3gch31f060k.example"),
    ],
)
async def test_a_name_beyond_ascii_is_asked_for_as_it_is_written(host: str, asked: str) -> None:
    """IDNA 2008, as for mail: never another domain, whose owner would get the calls."""
    url = f"https://{host}/hook"
    assert check_url(url, internal=False) == url
    names = Names(["10.0.0.8"])
    answer = await HttpCaller(internal=False, resolver=names, trust=ssl.create_default_context()).post(url, "{}", {})
    assert (names.asked, answer.error) == ([(asked, 443)], INTERNAL)


def test_a_name_that_there_can_not_be_is_refused() -> None:
    for host in ("a\u200db.example", "i❤.example"):
        with pytest.raises(Invalid, match=r"^url: is not a URL"):
            check_url(f"https://{host}/", internal=False)


@pytest.mark.parametrize("address", INSIDE)
def test_what_is_not_on_the_internet(address: str) -> None:
    assert not is_public(address)


@pytest.mark.parametrize("address", OUTSIDE)
def test_what_is_on_the_internet(address: str) -> None:
    assert is_public(address)


@pytest.mark.parametrize("host", WRITTEN)
async def test_the_server_itself_is_refused_however_it_is_written(receiver: Receiver, host: str) -> None:
    """At once where it is entered; and when it is called, had it been entered before that was refused."""
    url = f"https://{host}:{receiver.port}/"
    with pytest.raises(Invalid) as refused:
        check_url(url, internal=False)
    assert (refused.value.code, refused.value.field) == ("internal_address", "url")
    assert check_url(url, internal=True) == url
    answer = await HttpCaller(internal=False, trust=ssl.create_default_context()).post(url, "{}", {})
    assert answer.code is None
    # Not every resolver knows every way of writing, and some take long to say so.
    assert answer.error in (INTERNAL, UNRESOLVED, f"there was no answer within {TOTAL_S:g} seconds")
    assert receiver.connections == 0


@pytest.mark.parametrize(
    "found", [["127.0.0.1"], ["1.1.1.1", "127.0.0.1"], ["::ffff:127.0.0.1"], ["::1", "1.1.1.1"], ["unknown"]]
)
async def test_a_name_with_an_internal_address_is_refused(receiver: Receiver, found: list[str]) -> None:
    names = Names(found)
    url = check_url(f"https://hooks.canyon.example:{receiver.port}/", internal=False)
    answer = await HttpCaller(internal=False, resolver=names).post(url, "{}", {})
    assert (answer.code, answer.error) == (None, INTERNAL)
    assert names.asked == [("hooks.canyon.example", receiver.port)]
    assert receiver.connections == 0


async def test_a_name_is_resolved_once_and_what_was_checked_is_called(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:
    """A name that is public when it is checked, and internal a moment later (DNS rebinding)."""
    monkeypatch.setattr(webhooks_http, "is_public", lambda address: address == "127.0.0.1")
    shown, trust = certificate(tmp_path, "hooks.canyon.example")
    async with receiving(shown) as receiver:
        names = Names(["127.0.0.1"], ["127.0.0.2"])
        caller = HttpCaller(internal=False, resolver=names, trust=trust)
        answer = await caller.post(f"https://hooks.canyon.example:{receiver.port}/", "{}", {})
        assert (answer.code, answer.error) == (204, None)
        assert len(names.asked) == 1
        assert [call.headers["host"] for call in receiver.calls] == [f"hooks.canyon.example:{receiver.port}"]
        # The next call asks anew, and is refused.
        answer = await caller.post(f"https://hooks.canyon.example:{receiver.port}/", "{}", {})
        assert answer.error == INTERNAL
        assert len(receiver.calls) == 1


async def test_the_next_address_is_tried_where_nobody_listens(receiver: Receiver) -> None:
    names = Names(["127.0.0.2", "127.0.0.1"])
    answer = await HttpCaller(internal=True, resolver=names).post(f"http://hooks.example:{receiver.port}/", "{}", {})
    assert answer.code == 204


async def test_a_certificate_must_be_for_the_host_of_the_url(tmp_path: Path) -> None:
    shown, trust = certificate(tmp_path, "other.example")
    async with receiving(shown) as receiver:
        for trusted, why in ((trust, "Hostname mismatch"), (None, "self-signed certificate")):
            caller = HttpCaller(internal=True, resolver=Names(["127.0.0.1"]), trust=trusted)
            answer = await caller.post(f"https://hooks.example:{receiver.port}/", "{}", {})
            assert answer.code is None
            assert why in str(answer.error)
        assert receiver.calls == []


async def test_http_and_proxies_of_the_environment_are_not_used(
    receiver: Receiver, monkeypatch: pytest.MonkeyPatch
) -> None:
    answer = await HttpCaller(internal=False, resolver=Names()).post("http://hooks.canyon.example/", "{}", {})
    assert answer.error == NOT_HTTPS
    async with receiving() as proxy:
        for name in ("HTTP_PROXY", "HTTPS_PROXY", "ALL_PROXY", "http_proxy", "all_proxy"):
            monkeypatch.setenv(name, proxy.url)
        monkeypatch.setenv("NO_PROXY", "")
        answer = await HttpCaller(internal=True).post(receiver.url, "{}", {})
        assert (answer.code, proxy.connections) == (204, 0)


@pytest.mark.parametrize(
    "url",
    [
        "",
        "hooks",
        "//hooks.example/",
        "http://hooks.example/",
        "ftp://hooks.example/",
        "https://",
        "https:///path",
        "https://dana:pw@hooks.example/",
        "https://dana@hooks.example/",
        "https://hooks.example:0/",
        "https://hooks.example:99999/",
        "https://hooks.example:x/",
        "https://ho oks.example/",
        "https://hooks\n.example/",
        "https://[::1/",
        "https://0177.0.0.1/",
        "https://" + "h" * 2000,
        "https://hooks.example/" + "h" * 2000,
    ],
)
def test_what_is_no_url_to_call_is_refused(url: str) -> None:
    with pytest.raises(Invalid) as refused:
        check_url(url, internal=False)
    assert (refused.value.code, refused.value.field) == ("invalid_url", "url")


@pytest.mark.parametrize(
    "url", ["https://hooks.example", "https://bücher.example/", "https://1.1.1.1:8443/a?b=c", "https://a_b.example/#x"]
)
def test_a_public_https_address_may_be_called(url: str) -> None:
    assert check_url(url, internal=False) == url


class SlowNames:
    """The machine's resolver, which doesn't come back from names that begin with `slow` until it is let go."""

    def __init__(self) -> None:
        self.asked: list[str] = []
        self.began, self.let_go = threading.Event(), threading.Event()

    def __call__(self, host: str, port: object, **_: object) -> list[tuple[object, ...]]:
        self.asked.append(host)
        if host.startswith("slow"):
            self.began.set()
            self.let_go.wait()
        if host == "unknown":
            raise socket.gaierror("no such name")
        return [(2, 1, 6, "", ("1.1.1.1", 0)), (2, 1, 6, "", ("1.1.1.1", 0)), (10, 1, 6, "", ("::1", 0, 0, 0))]


@pytest.fixture
def slow_names(monkeypatch: pytest.MonkeyPatch) -> Iterator[SlowNames]:
    """Names some of which are slow, until the test is over."""
    names = SlowNames()
    monkeypatch.setattr("seatwright.notifications.webhooks.addresses.socket.getaddrinfo", names)
    yield names
    names.let_go.set()


async def test_slow_names_hold_up_nothing_else(slow_names: SlowNames) -> None:
    lookups = Lookups(at_once=3)
    waiting = [asyncio.create_task(lookups(host, 443)) for host in ["slow.one"] * 50 + ["slow.two"]]
    await asyncio.sleep(0)  # all of them have asked
    given_up = waiting.pop(0)
    given_up.cancel()
    assert await asyncio.to_thread(lambda: "idle") == "idle", "as for a mail that is rendered"
    assert await lookups("quick.one", 443) == ["1.1.1.1", "::1"]
    waiting.append(asyncio.create_task(lookups("slow.three", 443)))
    await asyncio.sleep(0)
    with pytest.raises(OSError, match="too many"):
        await lookups("quick.two", 443)
    assert not any(each.done() for each in waiting)
    slow_names.let_go.set()
    assert await asyncio.gather(*waiting) == [["1.1.1.1", "::1"]] * len(waiting)
    assert sorted(slow_names.asked) == ["quick.one", "slow.one", "slow.three", "slow.two"]
    with pytest.raises(socket.gaierror):
        await lookups("unknown", 443)
    assert await lookups("slow.one", 443) == ["1.1.1.1", "::1"], "asked anew, each time"
    assert slow_names.asked[-1] == "slow.one"


async def test_a_call_to_a_slow_name_is_given_up(slow_names: SlowNames) -> None:
    answer = await HttpCaller(internal=True, total_s=0.05).post("https://slow.example/", "{}", {})
    assert answer.error == "there was no answer within 0.05 seconds"
    assert await asyncio.to_thread(slow_names.began.wait, 60)


def certificate(directory: Path, host: str) -> tuple[ssl.SSLContext, ssl.SSLContext]:
    """Make a certificate; return what a server shows it with, and what trusts it alone."""
    key, name = ec.generate_private_key(ec.SECP256R1()), x509.Name([])
    now = datetime.datetime.now(datetime.UTC)
    made = (
        x509.CertificateBuilder()
        .subject_name(name)
        .issuer_name(name)
        .public_key(key.public_key())
        .serial_number(x509.random_serial_number())
        .not_valid_before(now - datetime.timedelta(days=1))
        .not_valid_after(now + datetime.timedelta(days=1))
        .add_extension(x509.SubjectAlternativeName([x509.DNSName(host)]), critical=True)
        .add_extension(x509.BasicConstraints(ca=True, path_length=None), critical=True)
        .sign(key, hashes.SHA256())
    )
    file = directory / "certificate.pem"
    plain = serialization.NoEncryption()
    private = key.private_bytes(serialization.Encoding.PEM, serialization.PrivateFormat.PKCS8, plain)
    file.write_bytes(made.public_bytes(serialization.Encoding.PEM) + private)
    shown = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    shown.load_cert_chain(file)
    return shown, ssl.create_default_context(cafile=str(file))
