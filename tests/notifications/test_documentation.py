"""docs/notifications.md: its variables are those that templates have, its schedule, figures and example are real."""

from __future__ import annotations

import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import pytest

from seatwright.core.clock import HOUR_MS, MINUTE_MS, SECOND_MS
from seatwright.messages import letters
from seatwright.notifications.deliverer import AT_ONCE, PER_ACCOUNT, PER_TARGET
from seatwright.notifications.deliveries import MAX_ATTEMPTS, WAITS_MS
from seatwright.notifications.mail.rendering import MAIL_KINDS, Look, render
from seatwright.orders.outbox import FAILS_OFTEN
from tests.notifications.office import Office, embedded, templates
from tests.notifications.test_templates import facts

DOCUMENT = (Path(__file__).parents[2] / "docs" / "notifications.md").read_text(encoding="utf-8")


def names(values: Mapping[str, Any], prefix: str = "") -> Iterator[str]:
    """Return the names of all values, as the document writes them."""
    for name, value in values.items():
        if isinstance(value, Mapping):
            yield from names(value, f"{prefix}{name}.")
        elif isinstance(value, list) and value and isinstance(value[0], Mapping):
            yield from names(value[0], f"{prefix}{name}[].")
        else:
            yield f"{prefix}{name}"


@embedded
async def test_the_guides_variables_are_those_that_templates_have(
    office: Office, rafting: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    given: list[dict[str, Any]] = []
    real = letters.render

    def watched(look: Look, kind: Any, facts: Mapping[str, Any]) -> Any:
        given.append(dict(facts))
        return real(look, kind, facts)

    monkeypatch.setattr(letters, "render", watched)
    order = await office.order((rafting, {"Adult": 2}))
    person = order["items"][0]["participantList"][0]["id"]
    await office.desk.data("DELETE", f"/order/{order['id']}/item/{rafting}/participant/{person}")
    await office.tell()
    found = {name for each in given for name in names(each)} - {"cancelled"}
    documented = set(re.findall(r"^\| `([a-z_.\[\]]+)` \|", DOCUMENT, re.MULTILINE)) - set(MAIL_KINDS)
    documented |= {name.replace("items", "concerned") for name in documented if name.startswith("items[].")}
    assert found == documented - {"language", "concerned[]"}
    assert set(names(facts())) == found  # so every template has been rendered with all of it


def test_the_guides_texts_are_where_it_says() -> None:
    named = re.search(r"one of the built-in texts; `([a-z/.]+)` has them all", DOCUMENT)
    assert named is not None
    text = (Path(__file__).parents[2] / named[1]).read_text(encoding="utf-8")
    assert all(f"\n{key}: " in text for key in re.findall(r't\("([a-z_.]+)"', DOCUMENT) if key != "key")


def test_the_guides_kinds_of_mail_are_those_that_there_are() -> None:
    assert set(
        re.findall(r"\| `([a-z_]+)` \| (?:the customer|each address|the supplier|the reseller)", DOCUMENT)
    ) == set(MAIL_KINDS)


def test_the_guides_schedule_is_the_programs() -> None:
    said = re.search(r"<!-- schedule -->\n  (.*), then every (\d+) h; (\d+) attempts", DOCUMENT)
    assert said is not None
    units = {"s": SECOND_MS, "min": MINUTE_MS, "h": HOUR_MS}
    waits = [int(count) * units[unit] for count, unit in (each.split() for each in said[1].split(", "))]
    rest = [int(said[2]) * HOUR_MS] * (MAX_ATTEMPTS - 1 - len(waits))
    assert [*waits, *rest] == list(WAITS_MS)
    assert int(said[3]) == MAX_ATTEMPTS


def test_the_guides_figures_are_the_programs() -> None:
    words = " ".join(DOCUMENT.split())
    assert f"Up to {AT_ONCE} mails are sent at the same time by each worker process" in words
    assert f"up to {PER_ACCOUNT['mail']} of them for the same account" in words
    assert PER_TARGET["mail"] == PER_ACCOUNT["mail"]  # it says nothing about one address
    assert f"failed {['no', 'one', 'two', 'three'][FAILS_OFTEN]} times" in words


def test_the_guides_example_of_a_template_renders(tmp_path: Path) -> None:
    example = re.search(r"<!-- example: template -->\n```html\n(.*?)```", DOCUMENT, re.DOTALL)
    assert example is not None
    templates(tmp_path, {"confirmation.html": example[1]})
    html = render(Look(tmp_path, "canyon", "de"), "confirmation", facts()).html
    assert "Gesamtbetrag: $1. Bring a towel." in html
