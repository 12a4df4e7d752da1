"""biodata and molgenis-py-client side by side on one sandbox: `.venv/bin/python benchmarks/molgenis_reads.py`.

Prints ratios, client time over biodata time (above 1: biodata is faster), and peak memory of a whole read. The
sandbox runs in a process of its own and answers each request `--latency` milliseconds late, as a network does; say
`--latency 0` for loopback alone.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from side_by_side import Pair, run

import biodata
from biodata.records.types import Field, Float, Integer, Schema, String

if TYPE_CHECKING:
    from collections.abc import Iterator

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


def records(count: int) -> Iterator[dict[str, Any]]:
    """Made records."""
    for number in range(count):
        yield {"id": f"r{number:06}", "name": f"name {number}", "number": number, "score": number / 7}


def compare(entry: dict[str, str], config: str, count: int) -> Iterator[Pair]:
    """Make a table, and read it with both."""
    from molgenis.client import Session

    official = Session(entry["url"])
    official.login(entry["username"], entry["password"])
    table = biodata.connect("molgenis", config=config).ensure(TABLE)
    table.add(records(count)).raise_for_refused()
    name, tenth, wide = TABLE.table, count // 10, {"batch_size": 10_000}
    keys = [f"r{number:06}" for number in range(50)]

    def count_of(**options: Any) -> int:
        return sum(1 for _ in table.query(**options))

    yield Pair("all rows, client told pages of 10000", lambda: official.get(name, **wide), count_of)
    yield Pair("all rows, as each does by itself", lambda: official.get(name), count_of)
    yield Pair(
        "two columns of all rows, client told pages",
        lambda: official.get(name, attributes="id,number", **wide),
        lambda: count_of(fields=["id", "number"]),
    )
    yield Pair(
        "one row in ten by a filter, client told pages",
        lambda: official.get(name, q=f"number=lt={tenth}", **wide),
        lambda: count_of(where=f"number < {tenth}"),
    )
    yield Pair("50 rows by key", lambda: [official.get_by_id(name, key) for key in keys], lambda: table.get(keys))


if __name__ == "__main__":
    sys.exit(run("molgenis", compare, title=__doc__, rows=50_000))
