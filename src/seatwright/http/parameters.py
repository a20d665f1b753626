"""Reads the query of an address by its intended meaning: no parameter is ignored in silence.

If a filter were ignored, the answer would list everything, and a client that cancels what is listed would cancel
everything. So a list may be given as `ids=A,B`, `ids=A&ids=B`, `ids[]=A&ids[]=B` or `IDS=A,B`; a name that is nearly a
parameter's is refused; and any other unknown one is refused by our own API, and gets a warning in the Resmark API.
"""

from __future__ import annotations

import re
from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlencode

from litestar import Litestar
from litestar.routes import HTTPRoute

from seatwright.core.errors import Invalid
from seatwright.core.field_errors import bad_field
from seatwright.core.near_names import is_misspelt, letters

LISTS = frozenset({"ids", "confirmationIds", "orderIds", "tagIds", "productIds", "productNumbers"})
"""Parameters that are comma-separated."""
PAGING = frozenset({"limit", "page", "sortOrder", "format"})
"""Parameters that don't filter results: a name that begins like one of these (`pageSize`) is just unknown."""
MAX_PAIRS = 2_000
MAX_UNKNOWN = 50
"""Maximum number of unknown names in one query."""
ALIKE = 8
"""Names that begin with this many equal letters are nearly the same: `confirmationNumbers`, `confirmationIds`."""
OWN_QUERY = "own_query"
_OPTION = "parameters"
_NAME = re.compile(r"(?P<name>[^\[\]]*)(?P<keys>(?:\[[^\[\]]*\])*)")
_INDEX = re.compile(r"(?:\[\d*\])*")
_WORD = re.compile(r"[A-Z]?[a-z]+|[A-Z]+(?![a-z])|\d+")


@dataclass(frozen=True, slots=True)
class Parameters:
    """The query parameters of a route, and whether it refuses all others."""

    names: Sequence[str]
    strict: bool


def set_parameters(app: Litestar, *, strict: str, lenient: str) -> None:
    """Give each route below these two paths its `Parameters`; all others, and handlers with the option `OWN_QUERY`,
    read their queries themselves."""
    for route in app.routes:
        if isinstance(route, HTTPRoute) and route.path_format.startswith((f"{strict}/", f"{lenient}/")):
            for handler, model in route.route_handler_map.values():
                if OWN_QUERY in handler.opt:
                    continue
                names = sorted(parameter.field_alias for parameter in model.expected_query_params)
                handler.opt[_OPTION] = Parameters(names, route.path_format.startswith(f"{strict}/"))


def parameters_of(route: Any) -> Parameters | None:
    """Return the parameters of a route; None if the route reads its query itself."""
    found: Parameters | None = route.opt.get(_OPTION)
    return found


def read(route: Any, query: bytes) -> tuple[bytes, list[str]]:
    """Return a route's query with each parameter once, under its own name; and warnings about unknown names.

    Empty values are ignored: an address that a browser makes from a form has all of the form's fields. Raises
    `Invalid`, naming the parameter, for one that is nearly another, for one that has several values and can have one,
    and for an unknown one if the route is strict.
    """
    parameters = parameters_of(route)
    if parameters is None:
        return query, []
    pairs = _pairs(query)
    plain = all(name in parameters.names and value.strip() for name, value in pairs)
    if plain and len({name for name, _ in pairs}) == len(pairs):
        return query, []
    by_letters = {letters(name): name for name in parameters.names}
    known: dict[str, list[str]] = {}
    unknown: dict[str, None] = {}
    for given, value in pairs:
        found = _NAME.fullmatch(given)
        indexed = found is not None and _INDEX.fullmatch(found["keys"])
        name = by_letters.get(letters(found["name"])) if found and indexed else None
        if name is None:
            unknown[given] = None
        elif value.strip():
            known.setdefault(name, []).append(value)
    warnings = _warnings(unknown, parameters)
    text = urlencode([(name, _value(name, values)) for name, values in known.items()], errors="surrogateescape")
    return text.encode(), warnings


def _pairs(query: bytes) -> list[tuple[str, str]]:
    text = query.decode(errors="surrogateescape")
    try:
        return parse_qsl(text, keep_blank_values=True, errors="surrogateescape", max_num_fields=MAX_PAIRS)
    except ValueError:
        raise Invalid("The query has too many parameters.", code="too_many_values") from None


def _value(name: str, values: list[str]) -> str:
    if name in LISTS:
        return ",".join(values)
    several = list(dict.fromkeys(values))
    if len(several) > 1:
        raise bad_field(name, "is given with different values; send one.", code="repeated_parameter")
    return several[0]


def _warnings(unknown: Iterable[str], parameters: Parameters) -> list[str]:
    """Return the warnings about unknown names. Raises `Invalid`."""
    warnings = []
    for given in unknown:
        said = given.encode(errors="surrogateescape").decode(errors="replace")[:60] or "A parameter without a name"
        meant = " or ".join(_near(given, parameters.names))
        if meant:
            raise Invalid(
                f"{said}: there is no such parameter here; did you mean {meant}?", code="unknown_parameter", field=said
            )
        if parameters.strict:
            has = f"there is {', '.join(parameters.names)}" if parameters.names else "there is none"
            raise Invalid(f"{said}: there is no such parameter here; {has}.", code="unknown_parameter", field=said)
        warnings.append(f"{said}: there is no such parameter here, so it has no effect.")
        if len(warnings) > MAX_UNKNOWN:
            raise Invalid("The query has too many parameters that mean nothing here.", code="unknown_parameter")
    return warnings


def _near(given: str, names: Iterable[str]) -> list[str]:
    """Return the parameters that may have been meant by another name."""
    base = given.partition("[")[0] or given
    words = _words(base)
    return [name for name in names if _is_near(letters(base), words, name)]


def _is_near(given: str, words: Sequence[str], name: str) -> bool:
    wanted, others = letters(name), _words(name)
    if is_misspelt(given, wanted):
        return True
    if name in PAGING or not words:
        return False
    same = min(len(words), len(others))
    return words[:same] == others[:same] or (len(wanted) > ALIKE and given[:ALIKE] == wanted[:ALIKE])


def _words(name: str) -> list[str]:
    """Return the words of a name, each in the singular: `tagIds` is "tag" and "id"."""
    return [word.lower().removesuffix("s") for word in _WORD.findall(name)]
