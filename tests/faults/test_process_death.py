"""The process dies at a step of a write to the embedded database; the next one finds all of it or nothing."""

from __future__ import annotations

import multiprocessing
import shutil
import sqlite3
from pathlib import Path

import pytest

from tests.conftest import settings_for
from tests.faults.caretaker import SqliteCaretaker, difference
from tests.faults.cases import BY_NAME
from tests.faults.dying import DEATH, Deed, do
from tests.faults.runs import clean_run
from tests.faults.world import Answer, World

pytestmark = [
    pytest.mark.asyncio(loop_scope="module"),
    pytest.mark.parametrize("world_settings", ["sqlite"], indirect=True, scope="module"),
]

_processes = multiprocessing.get_context("forkserver")
_processes.set_forkserver_preload(["tests.faults.dying"])


def in_a_process(deed: Deed) -> tuple[int | None, Answer | None]:
    """Do something in another process; return its exit code and its answer, if it came to one."""
    receiver, sender = _processes.Pipe(duplex=False)
    child = _processes.Process(target=do, args=(deed, sender))
    child.start()
    sender.close()
    try:
        answer: Answer | None = receiver.recv()
    except EOFError:
        answer = None
    child.join(30)
    return child.exitcode, answer


@pytest.mark.parametrize("case", ["place order", "add item of a pool, others' holds over", "cancel unit", "import"])
async def test_a_process_that_dies_at_any_step_leaves_all_or_nothing(world: World, tmp_path: Path, case: str) -> None:
    run = await clean_run(world, BY_NAME[case], "key")
    await world.reset()
    template = tmp_path / "beginning.db"
    with sqlite3.connect(world.services.settings.data / "seatwright.db") as connection:
        connection.execute("VACUUM INTO ?", (str(template),))
    connection.close()
    for number, event in enumerate(run.events):
        if event[0] == "after" and event[1] != "COMMIT":
            continue
        data = tmp_path / f"dead-{number}"
        data.mkdir()
        shutil.copyfile(template, data / "seatwright.db")
        where = f"{case}, dead at {number} {event}"
        deed = Deed(data, case, world.desk.headers, world.names, number)
        assert in_a_process(deed) == (DEATH, None), where

        caretaker = SqliteCaretaker(settings_for(data))
        state = await caretaker.dump()
        expected = run.after if event == ("after", "COMMIT") else run.before
        assert state == expected, f"{where}:\n{difference(expected, state)}"
        await caretaker.close()
        code, again = in_a_process(deed._replace(die_at=None))
        assert code == 0, where
        assert again is not None, where
        assert (again.status, again.body) == (run.answer.status, run.answer.body), where
        assert again.replayed == (expected == run.after), where
        caretaker = SqliteCaretaker(settings_for(data))
        final = await caretaker.dump()
        assert final == run.after, f"{where}, then repeated:\n{difference(run.after, final)}"
        await caretaker.close()
