"""`split`: a text with several values in it becomes the list of them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.pipelines.operations.base import column_of, unfit
from biodata.pipelines.rows import is_json, relisted, with_field

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from biodata.pipelines.operations.base import Surroundings
    from biodata.pipelines.reports.facts import Coverage
    from biodata.pipelines.rows import Fault, Rows
    from biodata.pipelines.spec import Split

__all__ = ["Splitted"]


class Splitted:
    """A column of lists of text; null stays null, and a text of nothing but separators is an empty list.

    Raises:
        QueryError: the column is not there, or no text.
    """

    multiplies = False

    def __init__(self, operation: Split, source: pa.Schema, around: Surroundings) -> None:  # noqa: ARG002
        import pyarrow as pa

        column = column_of(source, operation.of, "split")
        if not pa.types.is_string(column.type) or is_json(column):
            raise unfit("split", f"the column {operation.of!r} is no text")
        self._of, self._by = operation.of, operation.by
        self._field = pa.field(operation.into or operation.of, pa.list_(pa.string()))
        self.schema = with_field(source, self._field)

    def apply(self, rows: Rows) -> Iterator[Rows | Fault]:
        yield rows.with_column(self._field, _parts(rows.batch.column(self._of), self._by))

    def coverage(self) -> tuple[Coverage, ...]:
        return ()


def _parts(texts: pa.StringArray, by: str) -> pa.ListArray[Any]:
    """The parts of each text, without blanks at their ends; those that are empty then are none."""
    import pyarrow as pa
    import pyarrow.compute as pc

    lists = pc.split_pattern(texts, by)
    parts = pc.utf8_trim_whitespace(lists.flatten())
    return relisted(lists, pc.if_else(pc.equal(parts, pa.scalar("")), pa.scalar(None, pa.string()), parts))
