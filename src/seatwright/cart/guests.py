"""The names and answers of a cart's participants and units. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from seatwright.cart.model import Item, Line
from seatwright.catalog.model import Catalog
from seatwright.catalog.questions import missing, questions_of, read_answers
from seatwright.core import names
from seatwright.core.errors import Invalid
from seatwright.core.field_errors import bad_field
from seatwright.customers.fields import NO_ANSWERS

MAX_NAMED = 5
"""Maximum number of unanswered questions that an error names."""


class GuestDetails(NamedTuple):
    """The details of one participant or unit, by its id: names, and answers by their labels."""

    line_id: str
    first_name: str | None
    last_name: str | None
    answers: Mapping[str, Any]


def with_guests(items: Sequence[Item], guests: Sequence[GuestDetails], catalog: Catalog) -> tuple[Item, ...]:
    """Return items whose participants or units have these names and answers, replacing their earlier ones.

    The others stay as they are. Raises `Invalid`, naming the place in the list, for an id that is not in the items or
    comes twice, and for an answer that doesn't fit its question.
    """
    lines = {line.id: line for item in items for line in item.lines}
    changed: dict[str, Line] = {}
    for place, guest in enumerate(guests):
        path = f"participants[{place}]."
        line = lines.get(guest.line_id)
        if line is None:
            raise bad_field(
                f"{path}id", "the cart has no such participant or unit; its items list them with their ids."
            )
        if guest.line_id in changed:
            raise bad_field(f"{path}id", "is there twice; send each participant or unit once.")
        changed[line.id] = msgspec.structs.replace(
            line,
            first_name=guest.first_name or None,
            last_name=guest.last_name or None,
            answers=read_answers(catalog, guest.answers, of_guest=True, path=f"{path}answers."),
        )
    return tuple(item.with_lines(changed) for item in items)


def require_answers(items: Iterable[Item], catalog: Catalog, *customers: Mapping[str, Any]) -> None:
    """Raise `Invalid`, naming the questions, if required questions about these items have no answer.

    One of `customers` answers questions per order. The participant answers questions per participant, or the first of
    `customers`, who is sent with these items, answers them for all.
    """
    absent: dict[str, None] = {}
    for item in items:
        asked = questions_of(catalog, catalog.products_by_id.get(item.product_id))
        for question in missing((each for each in asked if each.per == "order"), *customers):
            absent[question.name] = None
        of_guests = [each for each in asked if each.per == "participant" and each.required]
        for line in item.live if of_guests else ():
            for question in missing(of_guests, line.answers, *customers[:1]):
                absent[f"participants[{line.id}].answers.{question.name}"] = None
    if absent:
        first, *others = absent
        more = f" Also missing: {_listed(others)}." if others else ""
        raise Invalid(
            f"{first}: this question has to be answered before the order can be made.{more}",
            code="answer_missing",
            field=first,
        )


def _listed(fields: Sequence[str]) -> str:
    more = len(fields) - MAX_NAMED
    return ", ".join(fields[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


def with_answers_of(items: Iterable[Item], customer: Mapping[str, Any], known: Mapping[str, Any]) -> tuple[Item, ...]:
    """Return the items of an addition, whose guests have the answers that their cart's customer gave for them.

    Answers that the order's customer, `known`, gave in the same way are the order's already. A guest's own answer
    counts.
    """
    given = {
        label: value
        for label, value in customer.items()
        if label not in NO_ANSWERS and names.find(known, label) != value
    }
    if not given:
        return tuple(items)
    return tuple(item.map_lines(lambda line: _with_given(line, given)) for item in items)


def _with_given(line: Line, given: Mapping[str, Any]) -> Line:
    more = {label: value for label, value in given.items() if names.find(line.answers, label) is None}
    return msgspec.structs.replace(line, answers={**line.answers, **more}) if more else line
