"""biodata and molgenis-py-client side by side on one sandbox: `.venv/bin/python benchmarks/molgenis_reads.py`.

Prints ratios, client time over biodata time (above 1: biodata is faster), and peak memory of a whole read. The
sandbox runs in a process of its own; each pair is measured alternately and the best of the runs counts, because
machines are noisy.
"""

from __future__ import annotations

import argparse
import json
import os
import subprocess
import sys
import time
import tracemalloc
from pathlib import Path
from typing import TYPE_CHECKING, Any

import biodata
from biodata.records.types import Field, Float, Integer, Schema, String

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

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


def compare(count: int, runs: int) -> None:
    """Make a table, and read it with both."""
    from molgenis.client import Session

    entry = json.loads(Path(os.environ["BIODATA_SANDBOX"]).read_text(encoding="utf-8"))["molgenis"]
    official = Session(entry["url"])
    official.login(entry["username"], entry["password"])
    table = biodata.connect("molgenis").ensure(TABLE)
    table.delete(all=True)
    start = time.perf_counter()
    table.add(rows(count)).raise_for_refused()
    print(f"{count} rows added in {time.perf_counter() - start:.1f} s (the client takes 1000 at most in one call)")
    name = TABLE.table
    pairs: list[tuple[str, Callable[[], Any], Callable[[], Any]]] = [
        ("read all rows, defaults", lambda: official.get(name), lambda: table.query().to_records()),
        (
            "read all rows, client with batch_size=10000",
            lambda: official.get(name, batch_size=10000),
            lambda: table.query().to_records(),
        ),
        (
            "two columns of all rows",
            lambda: official.get(name, attributes="id,number", batch_size=10000),
            lambda: table.query(fields=["id", "number"]).to_records(),
        ),
        (
            "one row in ten by a filter",
            lambda: official.get(name, q=f"number=lt={count // 10}", batch_size=10000),
            lambda: table.query(f"number < {count // 10}").to_records(),
        ),
        (
            "100 single rows by key",
            lambda: [official.get_by_id(name, f"r{n:06}") for n in range(100)],
            lambda: [table.get(f"r{n:06}") for n in range(100)],
        ),
    ]
    for title, theirs, ours in pairs:
        client, own = best(runs, theirs, ours)
        print(f"{title:46} client {client:6.2f} s   biodata {own:6.2f} s   ratio {client / own:5.1f}")
    whole = peak(lambda: official.get(name, batch_size=10000))
    streamed = peak(lambda: sum(1 for _ in table.query()))
    title = "peak memory of a whole read"
    print(f"{title:46} client {whole:6.1f} MiB biodata {streamed:6.1f} MiB ratio {whole / streamed:4.1f}")


def main() -> int:
    """Run inside a sandbox, starting one when there is none."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=20_000)
    parser.add_argument("--runs", type=int, default=3)
    options = parser.parse_args()
    if "BIODATA_SANDBOX" not in os.environ:
        command = [sys.executable, "-m", "biodata", "sandbox", "run", "molgenis", "--", sys.executable, *sys.argv]
        return subprocess.call(command)
    compare(options.rows, options.runs)
    return 0


if __name__ == "__main__":
    sys.exit(main())
