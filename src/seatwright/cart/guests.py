"""The names and answers of a cart's participants and units. Pure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping, Sequence
from typing import Any, NamedTuple

import msgspec

from seatwright.cart.model import CartBody, Item, Line
from seatwright.catalog.model import Catalog, Question
from seatwright.catalog.questions import answer_to, missing, questions_of, read_answers
from seatwright.core import names
from seatwright.core.errors import Invalid
from seatwright.core.field_errors import bad_field
from seatwright.customers.fields import answers_of, fields_of

MAX_NAMED = 5
"""Maximum number of unanswered questions that an error names."""


class GuestDetails(NamedTuple):
    """The details of one participant or unit, by its id: names, and answers by their labels."""

    line_id: str
    first_name: str | None
    last_name: str | None
    answers: Mapping[str, Any]


def _all_questions(items: Iterable[Item], catalog: Catalog) -> list[Question]:
    """Return the questions that the products of these items ask, each once."""
    found = {each.code: each for item in items for each in _questions(item, catalog)}
    return list(found.values())


def _questions(item: Item, catalog: Catalog) -> list[Question]:
    return questions_of(catalog, catalog.products_by_id.get(item.product_id))


def read_customer(customer: Mapping[str, Any], items: Iterable[Item], catalog: Catalog) -> dict[str, Any]:
    """Return a customer whose answers have the types of the questions that these items ask. Raises `Invalid`."""
    answers = read_answers(_all_questions(items, catalog), answers_of(customer), of_guest=False)
    return {**fields_of(customer), **answers}


def with_guests(items: Sequence[Item], guests: Sequence[GuestDetails], catalog: Catalog) -> tuple[Item, ...]:
    """Return items whose participants or units have these names and answers, replacing their earlier ones.

    The others stay as they are. Raises `Invalid`, naming the place in the list, for an id that is not in the items or
    comes twice, and for an answer that doesn't fit its question.
    """
    lines = {line.id: (line, item) for item in items for line in item.lines}
    changed: dict[str, Line] = {}
    for place, guest in enumerate(guests):
        path = f"participants[{place}]."
        if guest.line_id not in lines:
            raise bad_field(
                f"{path}id", "the cart has no such participant or unit; its items list them with their ids."
            )
        if guest.line_id in changed:
            raise bad_field(f"{path}id", "is there twice; send each participant or unit once.")
        line, item = lines[guest.line_id]
        changed[line.id] = msgspec.structs.replace(
            line,
            first_name=guest.first_name or None,
            last_name=guest.last_name or None,
            answers=read_answers(_questions(item, catalog), guest.answers, of_guest=True, path=f"{path}answers."),
        )
    return tuple(item.with_lines(changed) for item in items)


def with_answers_read(body: CartBody, catalog: Catalog) -> CartBody:
    """Return a cart's document with all answers in the types of the questions that are asked now.

    A question or an item may be newer than the answer. Raises `Invalid` for an answer that doesn't fit its question.
    """
    if not catalog.questions:
        return body

    def read(item: Item) -> Item:
        questions = _questions(item, catalog)

        def reread(line: Line) -> Line:
            path = f"participants[{line.id}].answers."
            answers = read_answers(questions, line.answers, of_guest=True, path=path)
            return msgspec.structs.replace(line, answers=answers)

        return item.map_lines(lambda line: reread(line) if line.answers else line) if questions else item

    customer = read_customer(body.customer, body.items, catalog)
    return msgspec.structs.replace(body, customer=customer, items=tuple(map(read, body.items)))


def require_answers(items: Iterable[Item], catalog: Catalog, *customers: Mapping[str, Any]) -> None:
    """Raise `Invalid`, naming the questions, if required questions about these items have no answer."""
    absent = absent_answers(items, catalog, *customers)
    if absent:
        first, *others = absent
        more = f" Also missing: {_listed(others)}." if others else ""
        raise Invalid(
            f"{first}: this question has to be answered before the order can be made.{more}",
            code="answer_missing",
            field=first,
        )


def absent_answers(items: Iterable[Item], catalog: Catalog, *customers: Mapping[str, Any]) -> list[str]:
    """Return the required questions about these items that have no answer, by their labels.

    One of `customers` answers questions per order. The participant answers questions per participant, or the first of
    `customers`, who is sent with these items, answers them for all.
    """
    absent: dict[str, None] = {}
    for item in items:
        questions = _questions(item, catalog)
        for question in missing((each for each in questions if each.per == "order"), *customers):
            absent[question.name] = None
        of_guests = missing((each for each in questions if each.per == "participant"), *customers[:1])
        for line in item.live if of_guests else ():
            for question in missing(of_guests, line.answers):
                absent[f"participants[{line.id}].answers.{question.name}"] = None
    return list(absent)


def _listed(fields: Sequence[str]) -> str:
    more = len(fields) - MAX_NAMED
    return ", ".join(fields[:MAX_NAMED]) + (f" and {more} more" if more > 0 else "")


class AddedAnswers(NamedTuple):
    """What an addition's customer answered: the items with the guests' part, and the fields that the order lacks."""

    items: tuple[Item, ...]
    of_order: dict[str, Any]


def added_answers(
    items: Sequence[Item], customer: Mapping[str, Any], known: Mapping[str, Any], catalog: Catalog
) -> AddedAnswers:
    """Divide the answers of an addition's customer between its guests and the order's customer, `known`.

    Answers to questions per participant belong to the guests who are added. An answer to a question per order, or to
    none, is the order's if the order has none. If the order has another answer to a question, that one stays, and the
    guests who are added keep theirs. A guest's own answer counts.
    """
    questions = {names.key(question.name): question for question in _all_questions(items, catalog)}
    of_order: dict[str, Any] = {}
    of_guests: dict[str, Any] = {}
    for label, value in answers_of(customer).items():
        question = questions.get(names.key(label))
        if question is None:
            if names.find(known, label) is None:
                of_order[label] = value
        elif question.per == "participant":
            of_guests[label] = value
        elif (present := answer_to(question, known)) is None:
            of_order[label] = value
        elif present != value:
            of_guests[label] = value
    if not of_guests:
        return AddedAnswers(tuple(items), of_order)
    return AddedAnswers(tuple(_with_given(item, of_guests, catalog) for item in items), of_order)


def _with_given(item: Item, given: Mapping[str, Any], catalog: Catalog) -> Item:
    """Return an item whose guests have these answers, as far as its product asks for them and they have none."""
    labels = {names.key(question.name) for question in _questions(item, catalog)}
    of_item = {label: value for label, value in given.items() if names.key(label) in labels}

    def change(line: Line) -> Line:
        more = {label: value for label, value in of_item.items() if names.find(line.answers, label) is None}
        return msgspec.structs.replace(line, answers={**line.answers, **more}) if more else line

    return item.map_lines(change) if of_item else item
