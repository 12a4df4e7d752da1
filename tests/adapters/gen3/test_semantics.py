"""Every comparison on every kind of field means on the commons what it means here: one differential test."""

from __future__ import annotations

import datetime as dt
from typing import TYPE_CHECKING, Any

import pytest

from biodata.adapter import Context
from biodata.config.settings import settings_from_values
from biodata.connection import Connection
from biodata.query.evaluate import predicate
from biodata.query.tree import And, Leaf, Not, Or
from biodata.sandbox import Sandbox
from biodata_gen3 import Gen3Adapter
from biodata_gen3.sandbox import PROGRAM, PROJECT, Gen3Sandbox
from biodata_gen3.settings import Gen3Settings

if TYPE_CHECKING:
    from collections.abc import Iterator

TEXTS = ["plain", "it's", 'say "hi"', "100%_a\\b", "Zebra", "apple", "éclair", "NA", "null", "0", "", "  padded  "]
NUMBERS = [0.0, 1.5, -2.25, 0.1, 40.0, 1e-7, 1e300, 4]
VALUES: dict[str, list[Any]] = {
    "note": TEXTS,
    "tissue": ["blood", "saliva", "other"],
    "days_to_collection": [0, 7, -7, 2**53 + 1],
    "concentration": [0.0, 1.5, 0.1, 40.0, 1e-7, 4.0],
    "cell_line": [True, False],
    "collected_datetime": [dt.datetime(2020, 1, 1, tzinfo=dt.UTC), dt.datetime(2021, 6, 1, 12, tzinfo=dt.UTC)],
    "storage": ["a", "b", "it's"],
    "cases": ["NA12878", "NA12877"],
    "submitter_id": ["d01", "D01", "NA12878-blood"],
}
ORDERED = ("==", "!=", "<", "<=", ">", ">=")
TEXT_OPS = ("like", "not like", "ilike", "not ilike", "contains", "not contains", "starts_with", "not starts_with")
PATTERNS = ["%a%", "ZEBRA", "d0_", "i", "D0"]


def records() -> list[dict[str, Any]]:
    times = ["2020-01-01T00:00:00+00:00", "2021-06-01T14:00:00+02:00"]
    made = []
    for at, text in enumerate(TEXTS):
        doc: dict[str, Any] = {"type": "sample", "submitter_id": f"d{at:02}", "note": text}
        doc |= {"cases": {"submitter_id": ["NA12878", "NA12877"][at % 2]}, "cell_line": [True, False, None][at % 3]}
        doc |= {
            "days_to_collection": [0, 7, -7, 2**53 + 1, None][at % 5],
            "storage": [["a"], ["a", "b"], [], ["it's"]][at % 4],
        }
        doc |= {"concentration": [*NUMBERS, None][at % 9], "tissue": ["blood", "saliva", "other", None][at % 4]}
        doc |= {"collected_datetime": [*times, None][at % 3]}
        made.append({name: value for name, value in doc.items() if value is not None})
    return made


def leaves() -> Iterator[Leaf]:
    for name, values in VALUES.items():
        ops = ORDERED if name not in ("storage", "cell_line") else ("==", "!=")
        yield from (Leaf((name,), op, value) for op in ops for value in values)
        yield from (Leaf((name,), op, tuple(values[:2])) for op in ("in", "not in"))
        yield from (Leaf((name,), op) for op in ("is null", "is not null"))
        if name in ("note", "submitter_id"):
            yield from (Leaf((name,), op, text) for op in TEXT_OPS for text in PATTERNS)


@pytest.fixture(scope="module")
def connection() -> Iterator[Connection]:
    with Sandbox(("gen3",), classes={"gen3": Gen3Sandbox}) as sandbox:
        sandbox.platform("gen3").submit(PROGRAM, PROJECT, records())
        settings = settings_from_values(Gen3Settings, sandbox.entries["gen3"])
        with Connection(Gen3Adapter.open(settings, Context()), name="gen3", access="read") as opened:
            yield opened


def agree(connection: Connection, where: Any) -> bool:
    table = connection["sample"]
    everything = table.query().to_records()
    keep = predicate(table.query(where).query.filter, table.schema)
    expected = sorted(row["submitter_id"] for row in everything if keep(row))
    found = table.query(where, page_size=7).to_records()
    assert sorted(row["submitter_id"] for row in found) == expected
    assert table.count(where) == len(expected)
    return True


def test_each_comparison(connection: Connection) -> None:
    assert sum(agree(connection, leaf) for leaf in leaves()) > 150


def test_joined_comparisons(connection: Connection) -> None:
    some = list(leaves())[::7]
    for at, one in enumerate(some):
        other = some[(at * 5 + 3) % len(some)]
        for where in (And((one, other)), Or((one, other)), Not(And((one, other))), And((one, Not(other)))):
            assert agree(connection, where)


def test_not_takes_properties_and_the_id_is_none(connection: Connection) -> None:
    some = connection["sample"].query(fields=["id"]).first()
    assert some is not None
    assert agree(connection, Leaf(("id",), "!=", some["id"]))
