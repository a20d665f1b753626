"""Random requests against a small independent model, on both databases; and that the model would tell on a liar.

`MODEL_EXAMPLES` and `MODEL_STEPS` say how much (240 x 50, over all of this file's runs); `make soak` does 20,000 x 100.
"""

from __future__ import annotations

import asyncio
import time
from collections import Counter
from collections.abc import Iterator
from typing import Any

import hypothesis
import pytest
import structlog
from hypothesis.stateful import run_state_machine_as_test

from seatwright.core.clock import ManualClock
from seatwright.core.config import Settings
from seatwright.storage.open import open_database
from tests.conftest import START
from tests.crash.broken import Cut, without
from tests.crash.figures import show
from tests.crash.scale import Deadline, amount
from tests.model.machine import Machine
from tests.model.world import World

EXAMPLES = amount("MODEL_EXAMPLES", 240)
STEPS = amount("MODEL_STEPS", 50)
SEED = amount("MODEL_SEED", 1)
AT_ONCE = 100
MUST_HAPPEN = {"ok", "sold_out", "not_bookable", "cart_ordered", "supplier_not_found", "not_pending"}
"""What a run of a hundred examples has to come across, or it shows little."""


@pytest.fixture
def machine(settings: Settings) -> Iterator[type[Machine]]:
    """The state machine on an engine; its class is the test's own."""
    structlog.configure(wrapper_class=structlog.make_filtering_bound_logger(50))
    with asyncio.Runner() as runner:
        database = runner.run(open_database(settings))
        world = World(database, ManualClock(START), settings)
        runner.run(world.build())
        yield type("Chosen", (Machine,), {"world": world, "runner": runner, "seen": Counter(), "steps": 0})
        runner.run(database.close())
    structlog.reset_defaults()


def run(machine: type[Machine], examples: int, seed: int, **more: Any) -> None:
    hypothesis.seed(seed)(machine)
    settings = hypothesis.settings(
        max_examples=examples,
        stateful_step_count=STEPS,
        deadline=None,
        database=None,
        suppress_health_check=list(hypothesis.HealthCheck),
        **more,
    )
    run_state_machine_as_test(machine, settings=settings)


# A third of all examples each, so that two processes have as much to do: SQLite is the faster one.
@pytest.mark.parametrize(("settings", "part"), [("sqlite", 1), ("sqlite", 2), ("postgres", 3)], indirect=["settings"])
def test_the_system_does_what_the_model_does(
    machine: type[Machine], part: int, capsys: pytest.CaptureFixture[str]
) -> None:
    began, deadline, done = time.monotonic(), Deadline(), 0
    while done < EXAMPLES // 3 and not deadline.over():
        examples = min(AT_ONCE, EXAMPLES // 3 - done)
        run(machine, examples, SEED * 1_000_000 + part * 100_000 + done)
        done += examples
    show(
        capsys,
        f"model on {machine.world.database.engine}, part {part}",
        examples=done,
        steps=machine.steps,
        requests=sum(machine.seen.values()),
        divergences=0,
        seconds=time.monotonic() - began,
    )
    if EXAMPLES >= 300:  # a short run may miss some
        assert {word for *_, word in machine.seen} >= MUST_HAPPEN


MUTANTS = {
    "a hold blocks seats for a millisecond more": [
        Cut("seatwright.inventory.store", "_expired_holds", "h.expires_at <= $2", "h.expires_at < $2")
    ],
    "a cancelled seat stays taken": [Cut("seatwright.inventory.seats", "release", "if count == 0", "if count == 1")],
    "a key is forgotten": [Cut("seatwright.storage.idempotency", "claim", "if claimed:", "if True:")],
    "a key is anybody's": [
        Cut("seatwright.storage.idempotency", "claim", 'row["fingerprint"] != fingerprint', "False")
    ],
    "an old token is good": [
        Cut("seatwright.auth.service", "caller_of", 'row["caller_key_generation"] != claims.key_generation', "False")
    ],
    "half a cent is rounded down": [Cut("seatwright.core.money", "divide", ">= denominator", "> denominator")],
    "a discount is used once more": [
        Cut("seatwright.orders.placement", "use_discount", "> discount.max_uses", "> 1 + discount.max_uses")
    ],
    "a charge per order is taken twice": [
        Cut(
            "seatwright.cart.addition",
            "settle_together",
            "pricing.settle(tuple(merged.values()), ",
            "tuple(merged.values(), ",
        )
    ],
    "a reseller sells on": [Cut("seatwright.cart.service", "require_sale", "== cart.account_id", "!= ''")],
    "what is pending costs a fee": [
        Cut("seatwright.cancellation.service", "fees_of", "if line.pending_until or (", "if (")
    ],
    "a deadline is a millisecond late": [
        Cut("seatwright.orders.pending_store", "due_for_answer", "answer_by <= $1", "answer_by < $1")
    ],
    "a commission is taken of taxes": [
        Cut("seatwright.cart.resale", "commissionable", '("fee", "pickup")', '("fee", "pickup", "tax")')
    ],
    "an order's fee is taken again": [
        Cut("seatwright.cancellation.fees", "cancellation_fees", "policy_id in already_charged", "False")
    ],
    "the wider window counts": [Cut("seatwright.catalog.fee_windows", "choose", "min(fitting", "max(fitting")],
    "a reseller holds all": [Cut("seatwright.cart.hold_limits", "resold_before", "if spare >= 0", "if True")],
    "a pool is not shared": [Cut("seatwright.inventory.seats", "take", "is not None:\n", "is None:\n")],
}


FOUND_WITH = {
    "a hold blocks seats for a millisecond more": 3,
    "a deadline is a millisecond late": 3,
    "a discount is used once more": 5,
    "a reseller sells on": 2,
    "an order's fee is taken again": 4,
    "a charge per order is taken twice": 2,
}
"""Seeds that find the rare ones early. If none did any more, the following ones would, only later."""


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("mutant", MUTANTS)
def test_control_each_mutated_rule_is_noticed(
    machine: type[Machine], mutant: str, capsys: pytest.CaptureFixture[str]
) -> None:
    with without(MUTANTS[mutant]), pytest.raises((AssertionError, ExceptionGroup)):
        search(machine, FOUND_WITH.get(mutant, 1))
    show(capsys, f"model, {mutant}", steps_until_found=machine.steps)


@pytest.mark.parametrize("settings", ["sqlite"], indirect=True)
@pytest.mark.parametrize("seed", sorted({1, *FOUND_WITH.values()}))
def test_control_without_a_mutated_rule_nothing_is_noticed(machine: type[Machine], seed: int) -> None:
    """So what the mutants' tests find is the mutants."""
    examine(machine, seed)


def search(machine: type[Machine], first_seed: int) -> None:
    """Run examples until one fails."""
    for seed in range(first_seed, 30):
        examine(machine, seed)


def examine(machine: type[Machine], seed: int) -> None:
    """Run the examples of a seed, and don't look for a simpler one where one fails."""
    phases = [hypothesis.Phase.generate]
    run(machine, 40, seed, phases=phases, report_multiple_bugs=False, print_blob=False)
