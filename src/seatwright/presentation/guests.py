"""The guests of an item and their arrangements, as texts. Pure."""

from __future__ import annotations

from collections.abc import Callable, Iterable, Mapping
from typing import Any

from seatwright.cart.model import Arrangement, Item, Line
from seatwright.catalog.model import Catalog, Product
from seatwright.catalog.questions import answer_to
from seatwright.core import names
from seatwright.core.mail import one_line
from seatwright.wording.wording import Wording

MAX_VALUE = 200
"""Longest text of a catalog's or a customer's that is shown in a line, in characters."""
MAX_ANSWER = 500
"""Longest answer to a question that is shown, in characters."""
ONE_PRICE = "all"
"""The tier of a product with one price for everybody, which has no name worth showing."""


def guests_text(item: Item, lines: Iterable[Line], catalog: Catalog, words: Wording) -> str:
    """Return the number of guests by price tier, such as "2 × Adult, 1 × Child", in the catalog's present names and
    order.
    """
    product = catalog.products_by_id.get(item.product_id)
    sold = names.count(line.tier for line in lines)
    counts = product.as_spelled(sold) if product else sold
    known = [tier.code for tier in product.tiers] if product else []
    codes = (*(each for each in known if each in counts), *sorted(counts.keys() - set(known)))
    parts = [words.count(counts[code], one_line(tier_label(code, product), MAX_VALUE)) for code in codes]
    return ", ".join(parts)


def tier_label(code: str, product: Product | None) -> str:
    """Return what people call a tier: its present name, or its code if it doesn't exist any more; where everybody pays
    one price, what the product counts, such as "Guest" or "Bike".
    """
    if product is not None and names.same(code, ONE_PRICE):
        return product.quantity_label
    tier = product.tier(code) if product else None
    return tier.name if tier else code


def tier_name(line: Line, item: Item, catalog: Catalog) -> str:
    """Return the present name of a line's tier; its code, if the tier doesn't exist any more."""
    product = catalog.products_by_id.get(item.product_id)
    tier = product.tier(line.tier) if product else None
    return tier.name if tier else line.tier


def guest_name(line: Line) -> str:
    """Return a participant's or unit's own name in one line, or an empty text."""
    return one_line(" ".join(filter(None, (line.first_name, line.last_name))), MAX_VALUE)


def answer_rows(answers: Mapping[str, Any], catalog: Catalog, words: Wording) -> list[tuple[str, str]]:
    """Return answers to the catalog's questions as label and text, in its order.

    Fields that answer none of its questions are left out: integrations store their own notes under other labels.
    """
    rows = []
    for question in catalog.questions.values():
        answer = answer_to(question, answers)
        if answer is not None:
            rows.append((one_line(question.name, MAX_VALUE), one_line(_answer_text(answer, words), MAX_ANSWER)))
    return rows


def answer_texts(answers: Mapping[str, Any], catalog: Catalog, words: Wording) -> list[str]:
    """Return the same in one text each: `Weight: 68`, or `Can you swim? yes` where the label is a question itself."""
    return [
        f"{label} {text}" if label.endswith("?") else words.say("line", label=label, value=text)
        for label, text in answer_rows(answers, catalog, words)
    ]


def _answer_text(answer: Any, words: Wording) -> str:
    if isinstance(answer, list):
        return ", ".join(_answer_text(each, words) for each in answer)
    if isinstance(answer, bool):
        return words.say("answer.yes" if answer else "answer.no")
    return str(answer)


def place_text(item: Item, lines: Iterable[Line], catalog: Catalog, words: Wording) -> str:
    """Return the place where these lines of an item start, with the address; the guests by place, if there are
    several.
    """

    def text(arrangement: Arrangement) -> str:
        location = arrangement.location
        return "" if location is None else catalog.whereabouts(location.id, location.name)

    return _by_guest(item, lines, text, catalog, words)


def pickup_text(item: Item, lines: Iterable[Line], catalog: Catalog, words: Wording) -> str:
    """Return the pickup of these lines of an item; the guests by pickup, if there are several."""

    def text(arrangement: Arrangement) -> str:
        pickup = arrangement.pickup
        if pickup is None:
            return ""
        detail = pickup.detail.name if pickup.detail else ""
        return ", ".join(filter(None, (pickup.name, pickup.location.name, detail)))

    return _by_guest(item, lines, text, catalog, words)


def _by_guest(
    item: Item, lines: Iterable[Line], text_of: Callable[[Arrangement], str], catalog: Catalog, words: Wording
) -> str:
    found: dict[str, list[Line]] = {}
    for arrangement, some in item.by_arrangement(lines):
        found.setdefault(one_line(text_of(arrangement), MAX_VALUE), []).extend(some)
    if len(found) == 1:
        return next(iter(found))
    return "; ".join(
        f"{text} ({guests_text(item, some, catalog, words)})" for text, some in sorted(found.items()) if text
    )
