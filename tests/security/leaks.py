"""Failures with personal data in them, through the log as the server sets it up: `python -m tests.security.leaks json`.

The data is in messages, causes, groups, variables, and in what asyncio says of tasks and callbacks.
"""

from __future__ import annotations

import asyncio
import gc
import logging
import sys

import structlog
import uvloop

from seatwright.core import logs

SECRET = "ann@lee.example"


def fail(secret: str) -> None:
    """Raise an error with a cause, both with the secret in their messages."""
    try:
        raise KeyError(secret)
    except KeyError as error:
        raise ValueError(f"Key (email)=({secret}) already exists.") from error


async def in_a_task(secret: str) -> None:
    fail(secret)


async def unattended(secret: str) -> None:
    """Fail where only asyncio notices."""
    task = asyncio.create_task(in_a_task(secret), name="a task")
    asyncio.get_running_loop().call_soon(fail, secret)
    await asyncio.sleep(0)
    await asyncio.sleep(0)
    del task
    gc.collect()


def main(style: str) -> None:
    """Log every kind of failure."""
    logs.configure(style)
    log = structlog.get_logger("seatwright.test")
    try:
        fail(SECRET)
    except ValueError as error:
        log.error("expected here", exc_info=error)
        log.error("from the context", exc_info=True)
        logging.getLogger("uvicorn.error").exception("Exception in ASGI application\nfor %s", SECRET)
        log.error("a group", exc_info=ExceptionGroup(SECRET, [error, ExceptionGroup(SECRET, [TypeError(SECRET)])]))
    uvloop.run(unattended(SECRET))
    asyncio.run(unattended(SECRET))


if __name__ == "__main__":
    main(sys.argv[1])
