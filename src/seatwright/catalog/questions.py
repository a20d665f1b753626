"""The answers that a custom question accepts, and the questions that a product asks. Pure.

Answers are sent under the question's label. Fields that no question asks for are stored as sent: an account may ask
questions that its catalog doesn't have.
"""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from functools import partial
from typing import Any

from seatwright.catalog.model import Catalog, Product, Question
from seatwright.core import names
from seatwright.core.errors import Invalid
from seatwright.core.field_errors import bad_field
from seatwright.core.numerals import MAX_NUMBER, is_plain
from seatwright.core.times import parse_date

_bad = partial(bad_field, code="invalid_answer")

_TRUE = frozenset(("true", "yes", "1"))
_FALSE = frozenset(("false", "no", "0"))


def questions_of(catalog: Catalog, product: Product | None) -> list[Question]:
    """Return the questions that customers of a product are asked, in the catalog's order."""
    if product is None:
        return []
    return [each for each in catalog.questions.values() if each.products is None or product.code in each.products]


def read_answers(
    questions: Iterable[Question], sent: Mapping[str, Any], *, of_guest: bool, path: str = ""
) -> dict[str, Any]:
    """Return answers as they are stored, by their labels as sent: numbers as numbers, choices as the catalog has them.

    An empty answer (null, an empty text) is left out. Fields that none of `questions` asks for stay as they are.
    `of_guest`: the answers are a participant's, who is not asked questions per order; answers of the order may count
    for all participants. Raises `Invalid`, naming the label after `path`, for an answer that doesn't fit its question
    or comes twice.
    """
    by_label = {names.key(question.name): question for question in questions}
    answers: dict[str, Any] = {}
    seen: set[str] = set()
    for label, value in sent.items():
        question = by_label.get(names.key(label))
        if question is None:
            answers[label] = value
            continue
        field = f"{path}{label}"
        if of_guest and question.per == "order":
            raise _bad(field, "is asked once for the whole order; send it beside the customer's other fields.")
        answer = read_answer(question, value, field=field)
        if answer is None:
            continue
        if question.code in seen:
            raise _bad(field, "is there twice; send one answer to each question.")
        seen.add(question.code)
        answers[label] = answer
    return answers


def read_answer(question: Question, value: Any, *, field: str) -> Any:
    """Return an answer in the type of its question: text, number, true or false, YYYY-MM-DD, or one of the choices.

    None for an empty answer. Raises `Invalid` naming `field` and what the question accepts.
    """
    if value is None or (isinstance(value, str) and not value.strip()):
        return None
    match question.kind:
        case "number":
            return _number(value, field)
        case "boolean":
            return _boolean(value, field)
        case "date":
            return parse_date(str(value).strip(), field=field).isoformat()
        case "choice":
            return _choice(question, value, field)
        case "text":
            if isinstance(value, bool | list):
                raise _bad(field, "must be a text.")
            return value if isinstance(value, str) else str(value)


def _number(value: Any, field: str) -> int | float:
    number: int | float | None = None
    if isinstance(value, int | float) and not isinstance(value, bool):
        number = value
    elif isinstance(value, str) and is_plain(value):
        text = value.strip()
        number = float(text) if any(sign in text for sign in ".eE") else int(text)
    if number is None or abs(number) > MAX_NUMBER:
        raise _bad(field, f"{_quoted(value)} is not a number; send one in plain digits, such as 68 or 68.5.")
    return number


def _boolean(value: Any, field: str) -> bool:
    if isinstance(value, bool):
        return value
    text = str(value).strip().lower()
    if text in _TRUE or text in _FALSE:
        return text in _TRUE
    raise _bad(field, f"{_quoted(value)} is neither true nor false.")


def _choice(question: Question, value: Any, field: str) -> str:
    if isinstance(value, str):
        for choice in question.choices:
            if names.same(choice, value):
                return choice
    known = ", ".join(question.choices[:20]) + (", …" if len(question.choices) > 20 else "")
    raise _bad(field, f"{_quoted(value)} is not one of the answers to choose from: {known}.")


def answer_to(question: Question, *answers: Mapping[str, Any]) -> Any:
    """Return the first answer to a question in one of these mappings, by any spelling of its label; None without one.

    A value that doesn't fit the question is no answer: it may be older than the question.
    """
    for some in answers:
        for label, value in some.items():
            if names.same(label, question.name):
                answer = _fitting(question, value)
                if answer is not None:
                    return answer
    return None


def _fitting(question: Question, value: Any) -> Any:
    try:
        return read_answer(question, value, field=question.name)
    except Invalid:
        return None


def missing(questions: Iterable[Question], *answers: Mapping[str, Any]) -> list[Question]:
    """Return the required questions without an answer in any of these mappings."""
    return [question for question in questions if question.required and answer_to(question, *answers) is None]


def _quoted(value: Any) -> str:
    text = str(value)
    return repr(text if len(text) <= 80 else f"{text[:80]}…")
