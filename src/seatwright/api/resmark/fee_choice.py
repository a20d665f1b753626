"""`applyCancellationFee`, wherever it is sent."""

from __future__ import annotations

from typing import Any

import msgspec

from seatwright.core.errors import Invalid
from seatwright.core.field_errors import bad_field

_FIELD = "applyCancellationFee"
_WORDS = {"true": True, "1": True, "false": False, "0": False}
SCHEMA: dict[str, Any] = {
    "type": ["object", "null"],
    "properties": {_FIELD: {"enum": [True, False, "true", "false", 1, 0, "1", "0", "", None]}},
}
"""A cancellation's body in the API's description (JSON Schema)."""


def fee_choice(body: bytes, query: str | None) -> bool:
    """Return whether fees apply: from a DELETE's JSON body or from the query; true if neither says.

    Many clients and proxies drop a DELETE's body, hence both (wire reference, "Shapes that we settle on"). Raises
    `Invalid` for what is neither true nor false, for a body that isn't a JSON object, and where the two disagree.
    """
    said = [choice for choice in (_from_body(body), _choice(query)) if choice is not None]
    if len(set(said)) > 1:
        raise _bad("the body says one thing and the address another.")
    return said[0] if said else True


def _from_body(body: bytes) -> bool | None:
    if not body.strip():
        return None
    try:
        data: Any = msgspec.json.decode(body)
    except msgspec.DecodeError as error:
        raise Invalid(f"The body is not well-formed JSON: {error}.", code="malformed_json") from None
    if data is None:
        return None
    if not isinstance(data, dict):
        raise Invalid("The body must be a JSON object.", code="invalid_field")
    return _choice(data.get(_FIELD))


def _choice(value: Any) -> bool | None:
    if value is None or value == "":
        return None
    choice = _WORDS.get(str(value).strip().lower())
    if choice is None:
        raise _bad("must be true or false.")
    return choice


def _bad(sentence: str) -> Invalid:
    return bad_field(_FIELD, sentence)
