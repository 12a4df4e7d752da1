"""A mark in the target itself that says that a step's rows are all there, set in the transaction that put them there.

Where a process dies between a commit and the journal's note of it, the mark tells that nothing is to be sent again.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING

from biodata.errors import NotFound
from biodata.records.types import Field, Schema, String

if TYPE_CHECKING:
    from collections.abc import Container, Iterable

    from biodata.connection import Connection

__all__ = ["MARKS", "clear_all", "find", "make", "put"]

MARKS = "_biodata_marks"
"""The table of the marks; the adapter does not list it."""
SHAPE = Schema(
    MARKS,
    ("run", "step"),
    (Field("run", String(), required=True), Field("step", String(), required=True), Field("tally", String())),
)


def put(connection: Connection, run: str, step: str, tally: dict[str, int]) -> None:
    """Set the mark, in the transaction that is open; the table was made before."""
    text = json.dumps(tally, sort_keys=True)
    connection[MARKS].add({"run": run, "step": step, "tally": text}).raise_for_refused()


def make(connection: Connection) -> None:
    """Make the table where it is not there."""
    connection.ensure(SHAPE)


def find(connection: Connection, run: str, step: str) -> dict[str, int] | None:
    """What became of the rows of a step that is marked; None where there is no mark."""
    try:
        text = connection[MARKS].get((run, step))["tally"]
    except NotFound:
        return None
    tally: dict[str, int] = json.loads(text)
    return tally


def clear_all(connections: Iterable[Connection], runs: Container[str]) -> None:
    """Remove the marks of runs that nobody will ask for; those of others, of other pipelines too, stay."""
    for connection in {id(one): one for one in connections}.values():
        if connection.adapter.has("transaction"):
            _clear(connection, runs)


def _clear(connection: Connection, runs: Container[str]) -> None:
    try:
        connection[MARKS].schema  # noqa: B018 - asks whether the table is there
    except NotFound:
        return
    keys = [
        (row["run"], row["step"]) for row in connection[MARKS].query(fields=["run", "step"]) if row["run"] in runs
    ]
    if keys and connection.access == "delete":
        connection[MARKS].delete(keys)
