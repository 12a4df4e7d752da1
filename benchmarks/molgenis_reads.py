"""biodata and molgenis-py-client side by side on one sandbox: `.venv/bin/python benchmarks/molgenis_reads.py`.

Prints ratios, client time over biodata time (above 1: biodata is faster), and peak memory of a whole read. The
sandbox runs in a process of its own and answers each request `--latency` milliseconds late, as a network does; say
`--latency 0` for loopback alone. Each pair is measured alternately and the best of the runs counts, because
machines are noisy.
"""

from __future__ import annotations

import argparse
import multiprocessing
import sys
import time
import tracemalloc
from typing import TYPE_CHECKING, Any

import biodata
from biodata.records.types import Field, Float, Integer, Schema, String
from biodata.sandbox.run import Sandbox

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from multiprocessing.connection import Connection

TABLE = Schema(
    "bench_rows",
    "id",
    (
        Field("id", String(), required=True),
        Field("name", String()),
        Field("number", Integer(32)),
        Field("score", Float()),
    ),
)
FOR_EVER = 10**9


def serve(latency: float, pipe: Connection) -> None:
    """Run a sandbox until the pipe is closed; send its entry and the path of its profiles."""
    with Sandbox(("molgenis",), empty=True) as sandbox:
        if latency:
            sandbox.platform("molgenis").faults.add("* *", times=FOR_EVER, delay=latency)
        pipe.send((sandbox.entries["molgenis"], str(sandbox.config_path)))
        pipe.poll(None)


def rows(count: int) -> Iterator[dict[str, Any]]:
    """Made records."""
    for number in range(count):
        yield {"id": f"r{number:06}", "name": f"name {number}", "number": number, "score": number / 7}


def best(runs: int, *jobs: Callable[[], Any]) -> list[float]:
    """Seconds of the best run of each job, the jobs taking turns."""
    times = [[float("inf")] for _ in jobs]
    for _ in range(runs):
        for index, job in enumerate(jobs):
            start = time.perf_counter()
            job()
            times[index].append(time.perf_counter() - start)
    return [min(one) for one in times]


def peak(job: Callable[[], Any]) -> float:
    """Peak of Python's own memory during the job, MiB."""
    tracemalloc.start()
    job()
    _, most = tracemalloc.get_traced_memory()
    tracemalloc.stop()
    return most / 2**20


def jobs(official: Any, table: biodata.Repository, count: int) -> Iterator[tuple[str, Callable[[], Any], Any]]:
    """A title, what the client does, what biodata does."""
    name = TABLE.table
    tenth = count // 10
    wide = {"batch_size": 10_000}
    yield "read all rows, as each does by itself", lambda: official.get(name), lambda: list(table.query())
    yield "read all rows, client told pages of 10000", lambda: official.get(name, **wide), lambda: list(table.query())
    yield (
        "two columns of all rows, the same",
        lambda: official.get(name, attributes="id,number", **wide),
        lambda: list(table.query(fields=["id", "number"])),
    )
    yield (
        "one row in ten by a filter, the same",
        lambda: official.get(name, q=f"number=lt={tenth}", **wide),
        lambda: list(table.query(f"number < {tenth}")),
    )
    keys = [f"r{number:06}" for number in range(50)]
    yield (
        "50 rows by key",
        lambda: [official.get_by_id(name, key) for key in keys],
        lambda: table.get(keys),
    )


def compare(entry: dict[str, str], config: str, count: int, runs: int) -> None:
    """Make a table, and read it with both."""
    from molgenis.client import Session

    official = Session(entry["url"])
    official.login(entry["username"], entry["password"])
    table = biodata.connect("molgenis", config=config).ensure(TABLE)
    table.add(rows(count)).raise_for_refused()
    for title, theirs, ours in jobs(official, table, count):
        client, own = best(runs, theirs, ours)
        print(f"{title:42} client {client:6.2f} s    biodata {own:6.2f} s    ratio {client / own:5.1f}")
    whole = peak(lambda: official.get(TABLE.table, batch_size=10_000))
    streamed = peak(lambda: sum(1 for _ in table.query()))
    title = "peak memory of a whole read"
    print(f"{title:42} client {whole:6.1f} MiB  biodata {streamed:6.1f} MiB  ratio {whole / streamed:5.1f}")


def main() -> int:
    """Start a sandbox and compare."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--rows", type=int, default=50_000)
    parser.add_argument("--runs", type=int, default=3)
    parser.add_argument("--latency", type=float, default=20, help="milliseconds before each answer")
    options = parser.parse_args()
    here, there = multiprocessing.Pipe()
    server = multiprocessing.get_context("spawn").Process(target=serve, args=(options.latency / 1000, there))
    server.start()
    try:
        entry, config = here.recv()
        print(f"{options.rows} rows, {options.latency:g} ms before each answer, the best of {options.runs} runs")
        compare(entry, config, options.rows, options.runs)
    finally:
        here.send("end")
        server.join()
    return 0


if __name__ == "__main__":
    sys.exit(main())
