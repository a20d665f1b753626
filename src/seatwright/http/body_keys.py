"""Keys of a body that mean nothing: no key is ignored in silence.

A misspelt key would otherwise have the default in place of what was sent. Our own API refuses the body; the Resmark API
reads the rest, as clients of the original expect, and says in a warning which keys had no effect.
"""

from __future__ import annotations

from functools import cache
from itertools import islice

import msgspec
from litestar.handlers import HTTPRouteHandler

from seatwright.core.field_errors import unknown_key, unknown_key_in_words
from seatwright.core.unknown_keys import Keys, keys_of, unknown_keys
from seatwright.http.parameters import MAX_UNKNOWN


def warnings(handler: HTTPRouteHandler, body: bytes, *, strict: bool) -> list[str]:
    """Return a sentence about each key of a JSON body that means nothing to a route; of very many, the first ones.

    Raises `Invalid` about the first one, if `strict`. A malformed body is left to the route.
    """
    keys = _keys_of(handler)
    if keys is None:
        return []
    try:
        raw = msgspec.json.decode(body)
    except (msgspec.DecodeError, RecursionError):
        return []
    found = list(islice(unknown_keys(raw, keys), 1 if strict else MAX_UNKNOWN))
    if found and strict:
        raise unknown_key(found[0])
    return [f"{unknown_key_in_words(each)} It has no effect." for each in found]


@cache
def _keys_of(handler: HTTPRouteHandler) -> Keys | None:
    """Return the keys of a route's body: by its type, or by the description of one that the route reads itself."""
    parameter = handler.parsed_fn_signature.parameters.get("data")
    if parameter is not None:
        return keys_of(parameter.annotation)
    described = handler.opt.get("body", {}).get("content", {}).get("application/json", {}).get("schema", {})
    return Keys(dict.fromkeys(described["properties"])) if "properties" in described else None
