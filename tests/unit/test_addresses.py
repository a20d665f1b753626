"""Mail addresses and the address of the mail server."""

from __future__ import annotations

import pytest

from seatwright.core.mail import MAX_ADDRESS, MAX_NAME, is_address, mailbox, one_line, parse_mailbox, parse_server


def test_what_clients_send_has_the_form_of_one_address() -> None:
    good = ["a@b", "ann@lee.example", '"ann"@lee.example', "ann@[1.2.3.4]", "a@" + "b" * (MAX_ADDRESS - 2)]
    bad = ["", "ann", "@b", "a@", "a@b@c", "a b@c", "a@b\n", "a@" + "b" * (MAX_ADDRESS - 1)]
    assert [text for text in good + bad if is_address(text)] == good


def test_only_what_can_be_written_to_is_a_mailbox() -> None:
    good = {
        "ann@lee.example": "ann@lee.example",
        " Ann.O'Hara+trip@Lee.Example ": "Ann.O'Hara+trip@lee.example",
        "ann@straße.example": "ann@strasse.example",
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
