"""`python -m benchmarks [--full] [--only NAME ...] [--engines sqlite,postgres]`: everything, and one table.

Exit code 0 whether or not the aims are met: the table tells.
"""

from __future__ import annotations

import argparse
import sys
import time
from collections.abc import Callable
from contextlib import ExitStack
from pathlib import Path

from benchmarks import expiry, order_path, processes, reads, replica, reports, scale
from benchmarks.order_path import Size
from benchmarks.peer_pretix import Peer, pretix
from benchmarks.results import Results, console
from benchmarks.servers import Ground

ENGINES = ("sqlite", "postgres")
NAMES = ("orders", "reads", "processes", "expiry", "replica", "scale", "reports")
WITH_PEER = ("orders", "reads")
OUT = Path("var/bench")


def main() -> int:
    """The command line."""
    arguments = _parser().parse_args()
    full: bool = arguments.full
    names: list[str] = arguments.only or list(NAMES)
    results = Results(full=full)
    size = _size(arguments)
    began = time.monotonic()
    with Ground(tuple(arguments.engines.split(","))) as ground, ExitStack() as stack:
        peer: Peer | None = None
        if not arguments.no_peer and set(names) & set(WITH_PEER):
            peer = stack.enter_context(pretix(ground, results, clients=8, seconds=size.seconds))
        steps: dict[str, Callable[[], None]] = {
            "orders": lambda: order_path.measure(ground, results, size, peer),
            "reads": lambda: reads.measure(ground, results, size, peer),
            "processes": lambda: processes.measure(ground, results, size),
            "expiry": lambda: expiry.measure(ground, results, holds=arguments.holds, seconds=2 * size.seconds),
            "replica": lambda: replica.measure(ground, results, size),
            "scale": lambda: scale.measure(ground, results, _scale(arguments)),
            "reports": lambda: reports.measure(
                ground, results, orders=_scale(arguments).orders, seconds=2 * size.seconds
            ),
        }
        for name in names:
            if peer is not None and name not in WITH_PEER:
                stack.close()
                peer = None
            steps[name]()
    results.note(f"{time.monotonic() - began:.0f} s in all.")
    console.print(f"Written to {results.finish(OUT)}", markup=False)
    return 0


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m benchmarks", description=__doc__)
    parser.add_argument("--full", action="store_true", help="longer rounds, and a million orders")
    parser.add_argument("--only", action="append", choices=NAMES, help="only this part; may be repeated")
    parser.add_argument("--engines", default=",".join(ENGINES), help="sqlite, postgres or both (default)")
    parser.add_argument("--no-peer", action="store_true", help="don't install and run pretix")
    parser.add_argument("--rounds", type=int, default=0, help="interleaved rounds; ratios are medians over them")
    parser.add_argument("--seconds", type=float, default=0.0, help="length of one measurement")
    parser.add_argument("--clients", type=int, default=16, help="connections that make the load")
    parser.add_argument("--orders", type=int, default=0, help="orders loaded for the parts scale and reports")
    parser.add_argument("--holds", type=int, default=100_000, help="holds that fall due at once")
    return parser


def _size(arguments: argparse.Namespace) -> Size:
    rounds = arguments.rounds or (7 if arguments.full else 3)
    seconds = arguments.seconds or (8.0 if arguments.full else 3.0)
    return Size(rounds=rounds, seconds=seconds, clients=arguments.clients, replayed=int(400 * seconds))


def _scale(arguments: argparse.Namespace) -> scale.Size:
    orders = arguments.orders or (1_000_000 if arguments.full else 100_000)
    rounds = arguments.rounds or (7 if arguments.full else 3)
    return scale.Size(
        orders=orders, departures=max(10, orders // 10), rounds=rounds, repeats=20 if arguments.full else 8
    )


if __name__ == "__main__":
    sys.exit(main())
