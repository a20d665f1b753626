"""Mail addresses and the address of the mail server."""

from __future__ import annotations

import re
from pathlib import Path

import pytest

import seatwright
from seatwright.core.domains import ascii_domain
from seatwright.core.mail import MAX_ADDRESS, MAX_NAME, is_address, mailbox, one_line, parse_mailbox, parse_server


def test_what_clients_send_has_the_form_of_one_address() -> None:
    good = ["a@b", "ann@lee.example", '"ann"@lee.example', "ann@[1.2.3.4]", "a@" + "b" * (MAX_ADDRESS - 2)]
    bad = ["", "ann", "@b", "a@", "a@b@c", "a b@c", "a@b\n", "a@" + "b" * (MAX_ADDRESS - 1)]
    assert [text for text in good + bad if is_address(text)] == good


def test_only_what_can_be_written_to_is_a_mailbox() -> None:
    good = {
        "ann@lee.example": "ann@lee.example",
        " Ann.O'Hara+trip@Lee.Example ": "Ann.O'Hara+trip@lee.example",
        "ann@müller.example": "ann@xn--mller-kva.example",
        "jürgen@lee.example": "jürgen@lee.example",
        "root@localhost": "root@localhost",
    }
    assert {text: found.address for text in good if (found := mailbox(text))} == good
    bad = ["", "ann", "@lee.example", "ann@", "ann@lee", ".ann@lee.example", "a..n@lee.example", "a b@lee.example"]
    bad += ["ann@lee..example", "ann@lee_.example", "ann@[1.2.3.4]", '"ann"@lee.example', "ann@lee.example\nBcc: x@y.z"]
    bad += [
        "ann\0@lee.example",
        "a>b@lee.example",
        f"{'a' * 65}@lee.example",
        f"ann@{'a.' * 130}example",
        "a@b@c.example",
    ]
    assert [text for text in bad if mailbox(text)] == []
    assert parse_mailbox("Böök, Desk <desk@lee.example>") is None
    assert parse_mailbox('"Desk, all" <desk@lee.example>') == ("Desk, all", "desk", "lee.example")
    assert one_line(" a\r\nBcc:\tb\x00\u2028c ", 100) == "a Bcc: b c"
    assert len(one_line("x" * 500, MAX_NAME)) == MAX_NAME


DOMAINS = {
    "straße.example": "xn--strae-oqa.example",
    "STRASSE.example": "strasse.example",
    "faß.example": "xn--fa-hia.example",
    "βόλος.example": "xn--nxasmm1c.example",
    "نامه\u200cای.example": "xn--mgba3gch31f060k.example",
    "क्\u200dष.example": "xn--11b2ezcw70k.example",
    "bücher.example": "xn--bcher-kva.example",
    "BU\u0308CHER.example": "xn--bcher-kva.example",
    "ＭＡＩＬ。example": "mail.example",
    "xn--strae-oqa.example": "xn--strae-oqa.example",
    "r3---sn-5hne.example": "r3---sn-5hne.example",
}
"""Domains as people write them, and as the resolver is asked for them."""
NO_DOMAINS = ("a\u200db.example", "a\u200cb.example", "i❤.example", "\u00ad.example", f"{'ü' * 60}.example", "ü." * 200)
"""What no registry gives out: a joiner where none belongs, a symbol, nothing, too much."""


@pytest.mark.parametrize(("domain", "asked"), DOMAINS.items())
def test_a_domain_is_asked_for_as_it_is_written(domain: str, asked: str) -> None:
    """IDNA 2008: wherever the program goes to a domain, it goes to this one."""
    assert ascii_domain(domain) == asked
    found = mailbox(f"ann@{domain}")
    assert found is not None
    assert found.address == f"ann@{asked}"
    assert parse_server(f"smtp://{domain}").host == asked


@pytest.mark.parametrize("domain", NO_DOMAINS)
def test_a_domain_that_there_can_not_be_is_no_other_one(domain: str) -> None:
    assert ascii_domain(domain) is None
    assert mailbox(f"ann@{domain}") is None
    with pytest.raises(ValueError, match="host"):
        parse_server(f"smtp://{domain}")


def test_different_domains_stay_different() -> None:
    """The kind: of names that differ in what IDNA 2003 took away, no two are one."""
    names = ["strasse", "straße", "βόλος", "βόλοσ", "نامهای", "نامه\u200cای", "fass", "faß"]
    assert len({ascii_domain(f"{name}.example") for name in names}) == len(names)


def test_nothing_uses_the_codec_of_2003() -> None:
    source = Path(seatwright.__file__).parent
    assert [file for file in source.rglob("*.py") if re.search(r"code\([\"']idna", file.read_text("utf-8"))] == []


def test_the_mail_servers_address_says_how_it_is_secured() -> None:
    server = parse_server("smtp://desk%40lee:s3cret%2Fword@mail.example")
    assert (server.host, server.port, server.security, server.user, server.password) == (
        "mail.example",
        587,
        "starttls",
        "desk@lee",
        "s3cret/word",
    )
    assert "s3cret" not in repr(server)
    assert parse_server("smtps://mail.example").port == 465
    assert parse_server("smtp+plain://localhost:1025").security == "none"
    for bad in (
        "mail.example:25",
        "http://mail.example",
        "smtp://",
        "smtp://mail.example:x",
        "smtp+plain://u:secretword@localhost",
        "smtp://u@mail.example",
        "smtp://u:secretword/@mail.example",
    ):
        with pytest.raises(ValueError, match=r"must|needs|takes|is not|has something") as refused:
            parse_server(bad)
        assert "secretword" not in str(refused.value)
