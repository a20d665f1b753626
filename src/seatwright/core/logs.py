"""Log lines: JSON for machines, or columns for people. They go to standard output and hold no personal data."""

from __future__ import annotations

import logging
import sys
from typing import Any

import msgspec
import structlog


def configure(style: str) -> None:
    """Set up logging for this process, `style` being `json` or `console`.

    Lines of libraries that use the standard library's logging come out in the same form, from warnings up.
    """
    shared: list[Any] = [
        structlog.contextvars.merge_contextvars,
        structlog.processors.add_log_level,
        structlog.processors.TimeStamper(fmt="iso", utc=True),
    ]
    last: Any = (
        [structlog.dev.ConsoleRenderer(colors=sys.stdout.isatty())]
        if style == "console"
        else [structlog.processors.dict_tracebacks, structlog.processors.JSONRenderer(serializer=_to_json)]
    )
    structlog.configure(
        processors=[*shared, *last],
        wrapper_class=structlog.make_filtering_bound_logger(logging.INFO),
        logger_factory=structlog.WriteLoggerFactory(file=sys.stdout),
        cache_logger_on_first_use=True,
    )
    handler = logging.StreamHandler(sys.stdout)
    handler.setFormatter(
        structlog.stdlib.ProcessorFormatter(
            processors=[structlog.stdlib.ProcessorFormatter.remove_processors_meta, *last], foreign_pre_chain=shared
        )
    )
    logging.basicConfig(handlers=[handler], level=logging.WARNING, force=True)


def _to_json(event: Any, **_: Any) -> str:
    return msgspec.json.encode(event, enc_hook=str).decode()
