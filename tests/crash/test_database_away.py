"""A server outlives its database: what starts while PostgreSQL is away waits for it, and the rest answers 503."""

from __future__ import annotations

import os
import random
import time
from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

from tests.conftest import _migrate, settings_for
from tests.crash.harness import Harness
from tests.crash.serving import Serving
from tests.postgres import PostgresServer, _free_port

PATIENCE_S = 30.0


def until(condition: Callable[[], bool], what: str) -> None:
    """Wait for other processes."""
    deadline = time.monotonic() + PATIENCE_S
    while not condition():
        assert time.monotonic() < deadline, f"{what} did not come about"
        time.sleep(0.02)


def test_a_server_that_starts_while_postgres_is_down_waits_for_it(tmp_path: Path) -> None:
    with PostgresServer() as server:
        settings = settings_for(tmp_path, server.create_database("away"))
        environment = {**os.environ, **Harness(settings, tmp_path, server).environment()}
        log = tmp_path / "server.log"
        log.touch()
        serving = Serving(environment, _free_port(), 2, log)
        server.kill()
        with ThreadPoolExecutor(1) as thread:
            starting = thread.submit(serving.start)
            try:
                until(lambda: serving.ended() or "waiting for the database" in serving.tail(), "its waiting")
                assert not serving.ended(), serving.tail()
                server.start()
                starting.result()
                assert serving.ready()
            finally:
                serving.kill()


def test_a_worker_that_starts_while_postgres_is_down_does_not_end_the_server(tmp_path: Path) -> None:
    with PostgresServer() as server:
        settings = settings_for(tmp_path, server.create_database("away"))
        _migrate(settings)
        environment = {**os.environ, **Harness(settings, tmp_path, server).environment()}
        serving = Serving(environment, _free_port(), 2, tmp_path / "server.log")
        try:
            serving.start()
            before = set(serving.workers())
            server.kill()
            assert serving.kill_worker(random.Random(1))
            until(lambda: serving.ended() or bool(set(serving.workers()) - before), "a new worker")
            until(lambda: serving.ended() or "waiting for the database" in serving.tail(), "its waiting")
            assert not serving.ended(), serving.tail()
            assert not serving.ready()
            server.start()
            until(serving.ready, "an answer")
            (new,) = set(serving.workers()) - before
            os.kill(next(iter(before & set(serving.workers()))), 9)
            until(serving.ready, "an answer of the new worker")
            assert new in serving.workers()
        finally:
            serving.kill()
