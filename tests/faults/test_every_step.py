"""Every use case that writes, failing before and after each of its SQL statements and its COMMIT, on both engines.

Whatever the step: all or nothing of each transaction is there, to the row; the books balance; the caller is told 503;
and the same request under the same key then has its one effect, and the answer that it always had, to the byte.
"""

from __future__ import annotations

import pytest

from seatwright.storage import idempotency
from seatwright.storage.idempotency import StoredAnswer
from tests.faults.caretaker import difference
from tests.faults.cases import BY_NAME, CASES, Case
from tests.faults.runs import clean_run, converges, fail_at
from tests.faults.world import Answer, Events, World

pytestmark = pytest.mark.asyncio(loop_scope="module")


@pytest.mark.parametrize("keyed", [False, True], ids=["plain", "keyed"])
@pytest.mark.parametrize("case", CASES, ids=lambda case: case.name)
async def test_a_failure_at_any_step_leaves_all_or_nothing(world: World, case: Case, keyed: bool) -> None:
    await every_step(world, case, "key" if keyed and case.keyed else None)


async def every_step(world: World, case: Case, key: str | None) -> None:
    """Fail at each event of a use case in turn, and check what came of it."""
    run = await clean_run(world, case, key)
    if world.services.database.engine == "postgres" and case.ordered:
        assert len(run.commits) <= (2 if case.minutes else 1), "one use case, one transaction"
    done = durable = (run.before, 0)
    for number, event in enumerate(run.events):
        where = f"{case.name}, failing at {number} {event}"
        answer, state = await fail_at(world, run, Events(world, fail_at=number))
        assert answer.status == 503, where
        at_boundary = number in run.boundaries
        if at_boundary:
            done = (state, run.thrown[number] - run.thrown[0])
        if number in run.commits:
            durable = done
        # What SQLite has done first, it commits together with the rest.
        expected, thrown = durable if event == ("before", "COMMIT") else done
        if case.ordered:
            assert state == expected, f"{where}:\n{difference(expected, state)}"
        if (run.key is not None or case.natural) and (at_boundary or event[0] == "before"):
            await converges(world, run, state, thrown, where)
    if case.ordered:
        assert durable[0] == run.after, difference(durable[0], run.after)


async def _key_first(world: World, key: str | None) -> Answer:
    """Book as others do it: the key claimed, used and answered in three transactions."""
    database, account, now = world.services.database, world.desk.shop.account_id, world.clock.now()
    assert key is not None
    try:
        kept = await database.write(lambda tx: idempotency.claim(tx, account, key, "x", now, expired_before=0))
    except Exception:
        return Answer(503, b"")
    if kept is not None:
        return Answer(kept.status, kept.body, True)
    answer = await BY_NAME["place order"].act(world, None)
    if answer.status != 200:
        return answer
    try:
        await database.write(lambda tx: idempotency.store(tx, account, key, StoredAnswer(answer.status, answer.body)))
    except Exception:
        return Answer(503, b"")
    return answer


async def test_a_key_that_is_claimed_in_another_transaction_is_noticed(world: World) -> None:
    with pytest.raises(AssertionError):
        await every_step(world, Case("key first", _key_first, minutes=1), "key")


async def _half(world: World, key: str | None) -> Answer:
    """Say 503 for something of which a part is there."""
    made = await BY_NAME["set customer"].act(world, None)
    return made if made.status != 200 else await BY_NAME["place order"].act(world, key)


async def test_a_use_case_in_two_transactions_is_noticed(world: World) -> None:
    with pytest.raises(AssertionError):
        await every_step(world, Case("half", _half), "key")
