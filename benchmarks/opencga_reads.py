"""biodata and pyopencga side by side on one sandbox: `.venv/bin/python benchmarks/opencga_reads.py`.

As `molgenis_reads.py`: client time over biodata time, above 1: biodata is faster.
"""

from __future__ import annotations

import sys
from typing import TYPE_CHECKING, Any

from side_by_side import Pair, run

import biodata

if TYPE_CHECKING:
    from collections.abc import Iterator


def compare(entry: dict[str, str], config: str, count: int) -> Iterator[Pair]:
    """Make samples, and read them with both."""
    from pyopencga.opencga_client import OpencgaClient
    from pyopencga.opencga_config import ClientConfiguration

    official = OpencgaClient(ClientConfiguration({"rest": {"host": entry["url"]}}))
    official.login(entry["user"], entry["password"], entry["organization"])
    study, samples = entry["study"], biodata.connect("opencga", config=config)["samples"]
    made = ({"id": f"b{at:05}", "description": f"made {at}", "somatic": at % 10 == 0} for at in range(count))
    samples.add(made).raise_for_refused()
    keys = [f"b{number:05}" for number in range(250)]

    def search(**options: Any) -> list[Any]:
        found: list[Any] = official.samples.search(study=study, **options).get_results()
        return found

    def count_of(**options: Any) -> int:
        return sum(1 for _ in samples.query(**options))

    yield Pair("all samples, every field", search, count_of)
    yield Pair("ids of all samples", lambda: search(include="id"), lambda: count_of(fields=["id"]))
    yield Pair(
        "one sample in ten by a filter, two fields",
        lambda: search(include="id,somatic", somatic=True),
        lambda: count_of(where="somatic = true", fields=["id", "somatic"]),
    )
    yield Pair(
        "250 samples by key",
        lambda: [official.samples.info(",".join(keys[at : at + 100]), study=study) for at in range(0, 250, 100)],
        lambda: samples.get(keys),
    )


if __name__ == "__main__":
    sys.exit(run("opencga", compare, title=__doc__, rows=5_000))
