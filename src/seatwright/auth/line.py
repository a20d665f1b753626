"""A bounded line in front of a few threads, in which networks take turns.

A network that sends many requests delays only its own, and when the line is full its newest request gives way to
another network's. Callers who have lately proved their identity have a line of their own; the two lines take turns as
well.
"""

from __future__ import annotations

import asyncio
from collections import OrderedDict, deque
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field
from typing import TypeAlias, TypeVar

from seatwright.auth.networks import UNKNOWN, Networks
from seatwright.core.errors import TooMany

T = TypeVar("T")

MAX_WAITING = 32
"""Maximum number of callers waiting in each of the two lines."""
MAX_WAITING_PER_ADDRESS = 8
"""The same for one address or user."""
RETRY_AFTER_S = 2

_Ticket: TypeAlias = "asyncio.Future[None]"


@dataclass(frozen=True, slots=True)
class Origin:
    """The caller of some work: its networks, and whether it has lately proved its identity."""

    networks: Networks = UNKNOWN
    familiar: bool = False


@dataclass(slots=True)
class _Network:
    """The waiting tickets of one network: in the networks inside of it, in the order of their turns, or directly."""

    inside: OrderedDict[str, _Network] = field(default_factory=OrderedDict)
    tickets: deque[_Ticket] = field(default_factory=deque)
    count: int = 0

    def add(self, path: Networks, ticket: _Ticket) -> None:
        """Append a ticket under `path`, from the widest network to the narrowest."""
        self.count += 1
        if path:
            self.inside.setdefault(path[0], _Network()).add(path[1:], ticket)
        else:
            self.tickets.append(ticket)

    def take(self) -> _Ticket:
        """Remove the next ticket, and end its network's turn."""
        self.count -= 1
        if not self.inside:
            return self.tickets.popleft()
        name, following = next(iter(self.inside.items()))
        ticket = following.take()
        self.inside.move_to_end(name)
        self._forget(name)
        return ticket

    def give_way(self, path: Networks) -> _Ticket | None:
        """Remove the newest ticket of a network that has two more tickets than the newcomer's; None if there is no such
        network.

        If the newcomer's own network has the most, the networks inside of it are compared.
        """
        if not path:
            return None
        own = self.inside.get(path[0])
        name = max(reversed(self.inside), key=lambda each: self.inside[each].count)
        if self.inside[name].count > (own.count if own else 0) + 1:
            ticket: _Ticket | None = self.inside[name].drop()
        else:
            ticket, name = (own.give_way(path[1:]) if own else None), path[0]
        if ticket is not None:
            self.count -= 1
            self._forget(name)
        return ticket

    def drop(self) -> _Ticket:
        """Remove the newest ticket of the inner network that has the most."""
        self.count -= 1
        if not self.inside:
            return self.tickets.pop()
        name = max(reversed(self.inside), key=lambda each: self.inside[each].count)
        ticket = self.inside[name].drop()
        self._forget(name)
        return ticket

    def waiting(self, path: Networks) -> int:
        """Return how many wait under `path`."""
        found = self.inside.get(path[0]) if path else None
        return self.count if not path else found.waiting(path[1:]) if found else 0

    def _forget(self, name: str) -> None:
        if not self.inside[name].count:
            del self.inside[name]


class Line:
    """Runs work in a few threads, by turns."""

    def __init__(self, threads: ThreadPoolExecutor, most_running: int) -> None:
        self._threads = threads
        self._most_running = most_running
        self._running = 0
        self._lines = deque([_Network(), _Network()])
        self._familiar, self._strangers = self._lines
        """The line whose turn is next is the first of `_lines`."""

    async def run(self, origin: Origin, work: Callable[..., T], *args: str) -> T:
        """Run `work` when its turn comes, and return its result. Raises `TooMany` if too many wait, also while it waits
        itself.
        """
        await self._turn(origin)
        try:
            return await asyncio.get_running_loop().run_in_executor(self._threads, work, *args)
        finally:
            self._leave()

    def waiting(self) -> int:
        """Return how many wait for their turn."""
        return sum(line.count for line in self._lines)

    async def _turn(self, origin: Origin) -> None:
        if self._running < self._most_running:
            self._running += 1
            return
        ticket = self._join(origin)
        try:
            await ticket
        except asyncio.CancelledError:
            if ticket.done() and not ticket.cancelled():
                self._leave()
            raise

    def _join(self, origin: Origin) -> _Ticket:
        line = self._familiar if origin.familiar else self._strangers
        path = origin.networks[::-1]
        if line.waiting(path) >= MAX_WAITING_PER_ADDRESS:
            raise _too_many()
        if line.count >= MAX_WAITING:
            other = line.give_way(path)
            if other is None:
                raise _too_many()
            if not other.done():
                other.set_exception(_too_many())
        ticket: _Ticket = asyncio.get_running_loop().create_future()
        line.add(path, ticket)
        return ticket

    def _leave(self) -> None:
        self._running -= 1
        while self._running < self._most_running and self.waiting():
            self._lines.rotate()
            line = self._lines[0] if self._lines[0].count else self._lines[1]
            ticket = line.take()
            if not ticket.done():  # its caller is still there
                self._running += 1
                ticket.set_result(None)


def _too_many() -> TooMany:
    return TooMany("Too many passwords are being checked; try again in a moment.", retry_after_s=RETRY_AFTER_S)
