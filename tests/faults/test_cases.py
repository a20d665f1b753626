"""No route that writes is left out of `tests.faults.cases`."""

from __future__ import annotations

import re

from seatwright.setup.document import PLURALS
from tests.faults.cases import CASES
from tests.security.table import OPEN, TABLE, Route

KINDS = "|".join(PLURALS.values())


def without_case(table: list[Route]) -> list[str]:
    """Return the routes that write and have no case. The kinds of catalog entries share their use cases."""
    missing = []
    for route in table:
        if route.method == "GET" or route.needs == OPEN:
            continue
        address = re.sub(r"{\w+}", "[^/]+", route.name)
        pattern = re.sub(rf"(?<= /api/v1/)(?:{KINDS})(?=$|/\[\^/]\+$)", f"(?:{KINDS})", address)
        if not any(re.fullmatch(pattern, case.route) for case in CASES):
            missing.append(route.name)
    return missing


def test_every_route_that_writes_has_a_case_that_fails_at_each_step() -> None:
    assert without_case(TABLE) == [], "add a case for each of them to tests/faults/cases.py"


def test_control_a_route_without_a_case_is_noticed() -> None:
    new = Route("POST", "/api/v1/orders/{order_id}/forget", ("orders.write",), ("order",))
    assert without_case([*TABLE, new]) == [new.name]
