"""Rejected records as a table that a person corrects: each with the id by which it comes back.

The columns `_reject`, `_step`, `_row`, `_rule` and `_reason` come first, then those of the records.
"""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any

from biodata.errors import Unsupported
from biodata.tabular import Tabular

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from biodata.pipelines.state.reject import Kept
    from biodata.pipelines.state.reject_file import RejectFile, Which
    from biodata.records.types import Path, Record

__all__ = ["ID", "OURS", "RejectTable"]

ID = "_reject"
OURS = (ID, "_step", "_row", "_rule", "_reason")
"""The columns that say which reject a record is, and why."""


class RejectTable(Tabular):
    """Some rejects of a state directory, records of several steps side by side."""

    def __init__(self, rejects: RejectFile, which: Which) -> None:
        self._rejects = rejects
        self._which = which

    @property
    def table(self) -> str:
        """What a sheet is called."""
        return "rejects"

    @cached_property
    def names(self) -> tuple[str, ...]:
        """The columns, ours first."""
        found = dict.fromkeys(OURS)
        for reject in self._rejects.find(self._which):
            found |= dict.fromkeys(reject.record)
        return tuple(found)

    @property
    def fields(self) -> tuple[Path, ...]:
        """The columns as paths."""
        return tuple((name,) for name in self.names)

    @property
    def arrow_schema(self) -> pa.Schema:
        """Nobody corrects a Parquet file, and records of several steps share no types."""
        raise Unsupported("Rejects are exported as csv, tsv, xlsx, json or ndjson", code="BD-UNSUPPORTED-FORMAT")

    def to_batches(self, size: int | None = None) -> Iterator[pa.RecordBatch]:  # noqa: ARG002 - Tabular's signature
        """As `arrow_schema`."""
        raise Unsupported("Rejects are exported as csv, tsv, xlsx, json or ndjson", code="BD-UNSUPPORTED-FORMAT")

    def __iter__(self) -> Iterator[Record]:
        for reject in self._rejects.find(self._which):
            yield _row(reject)


def _row(reject: Kept) -> dict[str, Any]:
    ours = (reject.id, reject.step, reject.row, reject.rule, reject.reason)
    told = dict(zip(OURS, ours, strict=True))
    return told | {name: value for name, value in reject.record.items() if name not in OURS}
