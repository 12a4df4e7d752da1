"""`explode`: a row for each element of a list."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.pipelines.operations.base import column_of, unfit
from biodata.pipelines.rows import with_field
from biodata.pipelines.state.spool import BATCH_ROWS

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from biodata.pipelines.operations.base import Surroundings
    from biodata.pipelines.reports.facts import Coverage
    from biodata.pipelines.rows import Fault, Rows
    from biodata.pipelines.spec import Explode

__all__ = ["Exploded"]


class Exploded:
    """A row for each element; one of no list, or of an empty one, has a single row with null, or is left out.

    Raises:
        QueryError: the column is not there, or holds no lists.
    """

    multiplies = True

    def __init__(self, operation: Explode, source: pa.Schema, around: Surroundings) -> None:  # noqa: ARG002
        import pyarrow as pa

        column = column_of(source, operation.of, "explode")
        if not pa.types.is_list(column.type):
            hint = "; split it first" if pa.types.is_string(column.type) else ""
            raise unfit("explode", f"the column {operation.of!r} holds no lists; it is {column.type}{hint}")
        self._of, self._keep = operation.of, operation.empty == "keep"
        self._field = pa.field(operation.into or operation.of, column.type.value_type, metadata=column.metadata)
        self.schema = with_field(source, self._field)
        self.what, self.left_out = f"explode {operation.of}", 0

    def apply(self, rows: Rows) -> Iterator[Rows | Fault]:
        import pyarrow as pa
        import pyarrow.compute as pc

        lists = rows.batch.column(self._of)
        none = pc.equal(pc.fill_null(pc.list_value_length(lists), 0), pa.scalar(0, pa.int32()))
        if self._keep:
            lists = _with_null(lists, none)
        else:
            self.left_out += pc.sum(none).as_py() or 0
        of, elements = pc.list_parent_indices(lists), pc.list_flatten(lists)
        bare = self._without(rows)
        for start in range(0, len(of), BATCH_ROWS):
            part = elements.slice(start, BATCH_ROWS)
            yield bare.take(of.slice(start, BATCH_ROWS)).with_column(self._field, part)

    def _without(self, rows: Rows) -> Rows:
        """The rows without what the elements replace, which would be copied for each of them."""
        import pyarrow as pa

        if self._field.name not in rows.batch.schema.names:
            return rows
        return rows.with_column(pa.field(self._field.name, pa.null()), pa.nulls(len(rows)))

    def coverage(self) -> tuple[Coverage, ...]:
        return ()


def _with_null(lists: pa.ListArray[Any], none: pa.BooleanArray) -> pa.ListArray[Any]:
    """The lists, with a single null in those that have no element."""
    import pyarrow as pa
    import pyarrow.compute as pc

    filled: pa.ListArray[Any] = pc.if_else(none, pa.scalar([None], lists.type), lists)
    return filled
