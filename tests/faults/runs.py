"""Runs of a use case in the world, with and without a failure, and what is compared."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property

from seatwright.storage.engine import Probe
from tests.faults.caretaker import Dump, difference
from tests.faults.cases import Case
from tests.faults.world import Answer, Events, World


@dataclass
class Run:
    """A run without failures: its events, its answer, and what it left."""

    case: Case
    key: str | None
    events: list[tuple[str, str]]
    thrown: list[int]
    """How often the dice had been thrown at each event."""
    answer: Answer
    before: Dump
    after: Dump

    @cached_property
    def commits(self) -> list[int]:
        """The events at which something is committed: `after COMMIT`, and after a last statement that had none."""
        return [number for number, event in enumerate(self.events) if event == ("after", "COMMIT")]

    @cached_property
    def boundaries(self) -> set[int]:
        """Commits, and each event at which the use case starts again: what it had done first stays, on SQLite too."""
        again = [number for number, event in enumerate(self.events) if number and event == self.events[0]]
        return {*self.commits, *again}


async def begin(world: World, case: Case) -> None:
    """Put the world to where the case begins."""
    await world.reset(case.minutes)
    if case.prepare is not None:
        await case.prepare(world)
    world.dice.reset(1)


async def clean_run(world: World, case: Case, key: str | None) -> Run:
    """Do it once, and find out at which events it commits."""
    await begin(world, case)
    before = await world.caretaker.dump()
    probe = world.services.database.probe = Events(world)
    answer = await case.act(world, key)
    world.services.database.probe = None
    after = await world.caretaker.dump()
    await world.assert_healthy(after)
    assert answer.status == case.status, answer.body
    assert probe.seen, "nothing was watched"
    run = Run(case, key, probe.seen, probe.thrown, answer, before, after)
    last = len(run.events) - 1
    if after != before and last not in run.commits:
        run.commits.append(last)
    return run


async def fail_at(world: World, run: Run, failure: Probe) -> tuple[Answer, Dump]:
    """Do it from the beginning under a probe that makes it fail; return what came of it."""
    await begin(world, run.case)
    world.services.database.probe = failure
    answer = await run.case.act(world, run.key)
    world.services.database.probe = None
    state = await world.caretaker.dump()
    await world.assert_healthy(state)
    return answer, state


async def converges(world: World, run: Run, state: Dump, thrown: int, where: str, *, tries: int = 1) -> None:
    """Repeat a request that has failed (twice if there is only its stored answer to be had), and compare.

    Where it goes on from what is committed already, it throws the dice that come next. `tries` allows for more
    failures on the way, each of which has to change nothing.
    """
    committed = state == run.after
    for stored in (True, True) if committed else (False,):
        for left in reversed(range(tries)):
            world.dice.reset(1, thrown)
            await world.caretaker.rewind()
            again = await run.case.act(world, run.key)
            if again.status != 503 or not left:
                break
        final = await world.caretaker.dump()
        assert final == run.after, f"{where}, then repeated:\n{difference(run.after, final)}"
        assert again.status == run.answer.status, where
        if run.key is not None:
            assert again.body == run.answer.body, where
            assert again.replayed == stored, where
