"""Progress bars. They appear on a terminal only, on standard error, and are gone when the task is done."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager

from rich import progress as rich_progress

from seatwright.cli.running import errors
from seatwright.core.progress import Progress


@contextmanager
def bar(task: str, *, in_bytes: bool = False) -> Iterator[Progress]:
    """Show a bar with the name of a task for as long as the block runs, and yield what moves it.

    Until it is moved it says only that time passes. `in_bytes`: it counts bytes.
    """
    amount = rich_progress.DownloadColumn() if in_bytes else rich_progress.MofNCompleteColumn()
    columns = (
        rich_progress.TextColumn("{task.description}"),
        rich_progress.BarColumn(),
        amount,
        rich_progress.TimeElapsedColumn(),
    )
    with rich_progress.Progress(*columns, console=errors, transient=True, disable=not errors.is_terminal) as shown:
        number = shown.add_task(task, total=None)

        def move(done: int, total: int | None) -> None:
            shown.update(number, completed=done, total=total)

        yield move
