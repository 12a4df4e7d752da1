"""biodata and the gen3 SDK side by side on one sandbox: `.venv/bin/python benchmarks/gen3_reads.py`.

As `molgenis_reads.py`: client time over biodata time, above 1: biodata is faster. The SDK gives an export as text, so
it is parsed; its paging of GraphQL is written as its users write it, page after page.
"""

from __future__ import annotations

import csv
import io
import sys
from typing import TYPE_CHECKING, Any

from side_by_side import Pair, run

import biodata

if TYPE_CHECKING:
    from collections.abc import Iterator

PAGE = 1000


def _made(at: int, case: str) -> dict[str, Any]:
    tissue = None if at % 10 else "skin"
    return {"submitter_id": f"b{at:05}", "cases": case, "days_to_collection": at, "tissue": tissue}


def compare(entry: dict[str, str], config: str, count: int) -> Iterator[Pair]:
    """Make samples of one case, and read them with both."""
    from gen3.auth import Gen3Auth
    from gen3.submission import Gen3Submission

    official = Gen3Submission(Gen3Auth(refresh_file=entry["credentials"]))
    commons = biodata.connect("gen3", config=config)
    program, project = entry["program"], entry["project"]
    case = next(iter(commons["case"].query(limit=1)))["submitter_id"]
    samples = commons["sample"]
    samples.add(_made(at, case) for at in range(count)).raise_for_refused()

    def export() -> list[Any]:
        text = official.export_node(program, project, "sample", "tsv")
        return list(csv.DictReader(io.StringIO(text), delimiter="\t"))

    def query(arguments: str = "") -> list[Any]:
        rows: list[Any] = []
        while True:
            text = f"{{sample(first: {PAGE}, offset: {len(rows)}{arguments}) {{submitter_id tissue}}}}"
            page = official.query(text)["data"]["sample"]
            rows += page
            if len(page) < PAGE:
                return rows

    def count_of(**options: Any) -> int:
        return sum(1 for _ in samples.query(**options))

    yield Pair("all samples, every field, exported", export, count_of)
    yield Pair("two fields of all samples", query, lambda: count_of(fields=["submitter_id", "tissue"]))
    yield Pair(
        "one sample in ten by a filter, two fields",
        lambda: query(', tissue: "skin"'),
        lambda: count_of(where="tissue = 'skin'", fields=["submitter_id", "tissue"]),
    )


if __name__ == "__main__":
    sys.exit(run("gen3", compare, title=__doc__, rows=20_000, empty=False))
