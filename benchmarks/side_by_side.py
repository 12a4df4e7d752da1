"""What the benchmarks share: a sandbox in a process of its own, jobs that take turns, ratios.

Each pair is measured alternately and the best of the runs counts, because machines are noisy.
"""

from __future__ import annotations

import argparse
import multiprocessing
import time
import tracemalloc
from typing import TYPE_CHECKING, Any, NamedTuple

from biodata.sandbox.run import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable
    from multiprocessing.connection import Connection

FOR_EVER = 10**9


class Pair(NamedTuple):
    """What is done, by the official client and by biodata; both give all the rows or their number."""

    title: str
    client: Callable[[], Any]
    biodata: Callable[[], Any]


def run(
    platform: str,
    compare: Callable[[dict[str, str], str, int], Iterable[Pair]],
    *,
    title: str | None,
    rows: int,
    empty: bool = True,
) -> int:
    """Start a sandbox and print the ratio of each pair, and of the peak memory of the first.

    Args:
        platform: whose sandbox.
        compare: gets the sandbox's entry, the path of its profiles and the number of rows; fills the sandbox, which
            answers at once as long as it does, and gives the pairs.
        title: the script's docstring.
        rows: how many, unless `--rows` says otherwise.
        empty: start without demo data.
    """
    options = _options(title, rows)
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=_serve, args=(platform, empty, there))
    server.start()
    try:
        entry, config = here.recv()
        pairs = list(compare(entry, config, options.rows))
        here.send(options.latency / 1000)
        here.recv()
        print(f"{options.rows} rows, {options.latency:g} ms before each answer, the best of {options.runs} runs")
        for pair in pairs:
            client, own = _best(options.runs, pair.client, pair.biodata)
            _print(pair.title, client, own, "s")
        _print("peak memory of the first", _peak(pairs[0].client), _peak(pairs[0].biodata), "MiB")
    finally:
        here.send(None)
        server.join()
    return 0


def _options(title: str | None, rows: int) -> argparse.Namespace:
    parser = argparse.ArgumentParser(description=title, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=rows)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--latency", type=float, default=20, help="milliseconds before each answer")
    return parser.parse_args()


def _serve(platform: str, empty: bool, pipe: Connection) -> None:  # noqa: FBT001 - an argument of a process
    with Sandbox((platform,), empty=empty) as sandbox:
        pipe.send((sandbox.entries[platform], str(sandbox.config_path)))
        while (latency := pipe.recv()) is not None:
            if latency:
                sandbox.platform(platform).faults.add("* *", times=FOR_EVER, delay=latency)
            pipe.send("late from now on")


def _best(runs: int, *jobs: Callable[[], Any]) -> list[float]:
    """Seconds of the best run of each job, the jobs taking turns."""
    times = [[float("inf")] for _ in jobs]
    for _ in range(runs):
        for index, job in enumerate(jobs):
            start = time.perf_counter()
            job()
            times[index].append(time.perf_counter() - start)
    return [min(one) for one in times]


def _peak(job: Callable[[], Any]) -> float:
    """Peak of Python's own memory during the job, MiB."""
    tracemalloc.start()
    job()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / 2**20


def _print(title: str, client: float, own: float, unit: str) -> None:
    print(f"{title:46} client {client:7.2f} {unit:3}  biodata {own:7.2f} {unit:3}  ratio {client / own:5.1f}")
