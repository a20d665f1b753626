"""schemathesis over `/openapi.json`: what is described is what the server does, and nothing answers 5xx.

Requests are drawn from a fixed seed and sent to the application in this process, about 2,000 to each engine, and
scenarios of up to 12 steps along the description's links. `SEATWRIGHT_SCHEMATHESIS_CASES=10000` draws more of both.

Of schemathesis' checks, those are left out that don't fit an API which has to be lenient to its clients:

- negative_data_rejection: numbers as texts, texts as numbers, nulls and unknown fields are taken.
- positive_data_acceptance: what is well-formed may still be unknown (404), sold out (409) or unfit for a product (400).
- use_after_free: cancelling and deleting twice are answered alike, and a cancelled order can be read.
- object_level_authorization: it wants several users; `test_isolation.py` has them.
"""

from __future__ import annotations

import json
import os
from collections import Counter
from collections.abc import Iterator
from contextlib import suppress
from typing import Any

import pytest
from hypothesis import HealthCheck, Phase, seed, settings
from hypothesis.errors import FlakyStrategyDefinition
from schemathesis import Case
from schemathesis.checks import not_a_server_error
from schemathesis.config import SchemathesisConfig
from schemathesis.generation.feedback import FeedbackSources
from schemathesis.pytest._test_builder import build_operation_test
from schemathesis.schemas import BaseSchema
from schemathesis.specs.openapi import checks

from seatwright.core.config import Settings
from tests.wire.playground import Playground, opened

CASES = int(os.environ.get("SEATWRIGHT_SCHEMATHESIS_CASES", "2000"))
SEED = 20261124
CHECKS: list[Any] = [
    not_a_server_error,
    checks.status_code_conformance,
    checks.content_type_conformance,
    checks.response_headers_conformance,
    checks.response_schema_conformance,
    checks.ignored_auth,
    checks.missing_required_header,
    checks.unsupported_method,
    checks.allow_header_conformance,
]


def drawing(max_examples: int, *, boundaries: bool = True) -> SchemathesisConfig:
    """Return the configuration for so many cases of an operation, besides those at the boundaries of its schemas."""
    return SchemathesisConfig.from_dict(
        {
            "seed": SEED,
            "generation": {"max-examples": max_examples, "deterministic": True, "with-security-parameters": False},
            "phases": {
                "coverage": {"enabled": boundaries},
                "stateful": {"inference": {"algorithms": []}},  # the links are in the description
            },
        }
    )


FOR_PEOPLE = "/public/api/login"
"""A GET of this address leads a browser to the desk; it is no operation of the API, and so not in its description."""
SCENARIOS = CASES // 60
MORE = 10
"""Scenarios of a further session, where those before have not reached everything: what is drawn is chance."""
REACHED = {"addItem", "placeOrder", "cancelOrder", "cancelItem", "cancelParticipant", "removeItem"}
"""What the scenarios have to do with success, or they show little."""
KEY_RESET = ("resetKey",)
"""Not called: it ends the token that everything else is called with (`tests/api/test_auth.py` does)."""
LISTS = ("listCarts", "listOrders")
"""Left out of scenarios, each of which would find more in them than the one before."""


@pytest.fixture
def playground(settings: Settings) -> Iterator[Playground]:
    with opened(settings, drawing(max(2, CASES // 200))) as made:
        yield made


def check_all(playground: Playground, schema: BaseSchema) -> Counter[int]:
    """Send drawn requests to all operations of a schema; return how many got which status."""
    statuses: Counter[int] = Counter()

    def holds(case: Case) -> None:
        playground.fill(case)
        left_out = [checks.allow_header_conformance, checks.unsupported_method] if case.path == FOR_PEOPLE else []
        answer = case.call_and_validate(headers=playground.headers, checks=[c for c in CHECKS if c not in left_out])
        statuses[answer.status_code] += 1

    for found in schema.get_all_operations():
        # What schemathesis' pytest plugin does while tests are collected, which would take ten seconds of every run.
        build_operation_test(
            config=schema.config,
            operation=found.ok(),
            test_func=holds,
            given_kwargs={},
            feedback=FeedbackSources(),
        )()
    print(statuses.total(), "requests:", dict(statuses))
    return statuses


@pytest.mark.parametrize("tags", [("Carts",), ("Orders",), ("Products", "Authentication")], ids=" ".join)
def test_the_resmark_api_answers_drawn_requests_as_described(playground: Playground, tags: tuple[str, ...]) -> None:
    statuses = check_all(playground, playground.part(*tags))
    # Most of an order's routes want a line of that order, a version or an amount that is owed: few drawn ones fit.
    assert statuses[200] > statuses.total() // 8
    assert statuses[400] > 0


def test_the_management_api_answers_drawn_requests_as_described(playground: Playground) -> None:
    tags = ("Operations", "Account", "Users", "Connections", "Departures", "Webhooks", "Reports")
    statuses = check_all(playground, playground.part(*tags, without=KEY_RESET))
    assert statuses[200] > statuses.total() // 10


def test_the_catalog_answers_drawn_requests_as_described(playground: Playground) -> None:
    """Ten kinds of entries have the same routes; their forms have thousands of boundaries, which are for long runs."""
    config = drawing(max(2, CASES // 500), boundaries=CASES >= 10_000)
    statuses = check_all(playground, playground.part("Catalog", config=config))
    assert statuses[200] > statuses.total() // 10


@pytest.mark.parametrize(
    ("operation", "schema", "lie"),
    [
        ("readOrder", "OrderOut", {"properties": {"total": {"type": "string"}}}),
        ("readCart", "CartOut", {"required": ["nobodyHasThis"]}),
        ("readCart", "ErrorEnvelope", {"properties": {"data": {"type": "object"}}}),
    ],
)
def test_control_a_description_that_is_wrong_is_noticed(
    playground: Playground, operation: str, schema: str, lie: dict[str, Any]
) -> None:
    document = json.loads(json.dumps(playground.schema.raw_schema))
    document["components"]["schemas"][schema] |= lie
    with pytest.raises(BaseExceptionGroup):
        check_all(playground, playground.schema_of(document).include(operation_id=operation))


def test_scenarios_along_the_links_are_answered_as_described(playground: Playground) -> None:
    """Requests follow each other along the links of the description, each with ids out of an answer before."""
    steps: Counter[str] = Counter()
    scenarios = 0
    machine = playground.part("Products", "Carts", "Orders", without=LISTS).as_state_machine()

    class Scenario(machine):  # type: ignore[misc, valid-type]
        def setup(self) -> None:
            nonlocal scenarios
            scenarios += 1
            playground.begin()

        def get_call_kwargs(self, case: Case) -> dict[str, Any]:
            return {"headers": playground.headers}

        def before_call(self, case: Case) -> None:
            playground.choose(case)

        def after_call(self, response: Any, case: Case) -> None:
            steps[f"{case.operation.definition.raw['operationId']} {response.status_code}"] += 1

        def validate_response(self, response: Any, case: Case, **kwargs: Any) -> None:
            case.validate_response(response, checks=CHECKS, transport_kwargs=kwargs)

    for number in range(SCENARIOS):
        drawn = settings(
            max_examples=max(MORE, SCENARIOS - scenarios),
            stateful_step_count=12,
            deadline=None,
            database=None,
            phases=[Phase.generate],
            suppress_health_check=list(HealthCheck),
        )
        # A session ends early when a scenario that is repeated finds the server in another state than the first time.
        with suppress(FlakyStrategyDefinition):
            seed(SEED + number)(Scenario).run(settings=drawn)
        reached = {name for name, status in map(str.split, steps) if status == "200"}
        if scenarios >= SCENARIOS and reached >= REACHED:
            break
    print(scenarios, "scenarios:", steps.total(), "steps", dict(steps))
    assert reached >= REACHED
