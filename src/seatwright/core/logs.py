"""Log lines: JSON for machines, or columns for people. They go to standard output and hold no personal data.

Of an exception only its type and place are logged, neither its message nor any variable: a database quotes the values
that it refuses, and a handler's variables may contain names or keys.
"""

from __future__ import annotations

import asyncio
import atexit
import logging
import sys
import traceback
from collections import deque
from collections.abc import Iterator
from datetime import UTC, datetime
from typing import Any, TextIO

import msgspec
import structlog

MAX_FRAMES = 40
"""Frames of one exception that are logged at most, the innermost ones."""
HELD_S = 0.1
"""How long a line below a warning may wait for others in a running event loop. Writing each line separately would cost
a request as much as reading the database.
"""


class _Output:
    """Writes lines, several at once if they aren't urgent. The names of the methods are the levels."""

    def __init__(self, stream: TextIO) -> None:
        self._stream = stream
        self._held: deque[str] = deque()
        self._timer: asyncio.TimerHandle | None = None
        self._loop: asyncio.AbstractEventLoop | None = None

    def info(self, line: str) -> None:
        """Write a line soon; at once outside of an event loop."""
        self._held.append(line)
        if self._timer is None or self._loop is None or self._loop.is_closed():
            try:
                self._loop = asyncio.get_running_loop()
            except RuntimeError:
                self.flush()
            else:
                self._timer = self._loop.call_later(HELD_S, self.flush)

    def warning(self, line: str) -> None:
        """Write a line now, after the lines that were held back before it."""
        self._held.append(line)
        self.flush()

    debug = info
    error = critical = warning

    def flush(self) -> None:
        """Write the lines that were held back."""
        if self._timer is not None:
            self._timer.cancel()
            self._timer = None
        lines = []
        while self._held:
            lines.append(self._held.popleft() + "\n")
        if lines:
            self._stream.write("".join(lines))
            self._stream.flush()


_json_output: _Output | None = None
"""The output for JSON lines; None for any other style."""
_requests = structlog.get_logger("seatwright.access")


def request(**said: str | int | float | None) -> None:
    """Write the line of one request. It is like any other line, but JSON takes a shortcut, because there are so many of
    these lines.
    """
    if _json_output is None:
        _requests.info("request", **said)
        return
    at = datetime.now(UTC).isoformat().replace("+00:00", "Z")
    line = {**said, "event": "request", "level": "info", "timestamp": at}
    _json_output.info(msgspec.json.encode(line).decode())


def configure(style: str) -> None:
    """Set up logging for this process, `style` being `json`, `console` (for people), or `auto`: for people on a
    terminal, else JSON.

    Lines of libraries that use the standard library's logging come out in the same form, from warnings up.
    """
    if style == "auto":
        style = "console" if sys.stdout.isatty() else "json"
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso" if style == "json" else "%H:%M:%S", utc=style == "json"),
        _only_where,
    ]
    last: Any = (
        [_as_text, _as_sentence, structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())]
        if style == "console"
        else [structlog.processors.JSONRenderer(serializer=_to_json)]
    )
    global _json_output
    output = _Output(sys.stdout)
    _json_output = output if style == "json" else None
    atexit.register(output.flush)
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=lambda *_: output,
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last],
            foreign_pre_chain=[_plain_message, *shared],
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def _to_json(event: Any, **_: Any) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()


def _only_where(_logger: Any, _method: str, event: Any) -> Any:
    """Put types and places of an exception, and of those that led to it, in place of the exception."""
    found = event.pop("exc_info", None)
    event.pop("exc_text", None)
    if found is True:
        found = sys.exc_info()
    error = found[1] if isinstance(found, tuple) else found
    if isinstance(error, BaseException):
        event["exception"] = [
            {"type": f"{type(each).__module__}.{type(each).__qualname__}", "frames": _frames(each)}
            for each in _chain(error)
        ]
    return event


def _chain(error: BaseException) -> Iterator[BaseException]:
    seen: set[int] = set()
    following: BaseException | None = error
    while following is not None and id(following) not in seen:
        seen.add(id(following))
        yield following
        if isinstance(following, BaseExceptionGroup):
            for inner in following.exceptions:
                yield from _chain(inner)
        following = following.__cause__ or (None if following.__suppress_context__ else following.__context__)


def _frames(error: BaseException) -> list[str]:
    frames = traceback.extract_tb(error.__traceback__)[-MAX_FRAMES:]
    return [f"{frame.filename}:{frame.lineno} in {frame.name}" for frame in frames]


def _as_text(_logger: Any, _method: str, event: Any) -> Any:
    """Write an exception for people, the innermost frame last."""
    if "exception" in event:
        lines = [line for each in event["exception"] for line in (each["type"], *(f"  {f}" for f in each["frames"]))]
        event["exception"] = "\n".join(lines)
    return event


def _as_sentence(_logger: Any, _method: str, event: Any) -> Any:
    """Write a request for people, as method, path, status and `in 12.3 ms`; what is left are the ids."""
    if event.get("event") == "request" and "duration_ms" in event:
        method, route, status = event.pop("method"), event.pop("route"), event.pop("status")
        event["event"] = f"{method} {route} {status} in {event.pop('duration_ms')} ms"
    return {name: value for name, value in event.items() if value is not None}


def _plain_message(_logger: Any, _method: str, event: Any) -> Any:
    """Keep only the first line of another library's message: `asyncio` adds the contents of its tasks and callbacks."""
    record = event.get("_record")
    message = str(event["event"]).partition("\n")[0]
    if record is not None and record.name == "asyncio":
        message = message.partition("<")[0].partition("(")[0].strip()
    event["event"] = message
    return event
