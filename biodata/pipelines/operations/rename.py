"""`rename` and `links`: columns go on unchanged under another name, each in its old place."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.pipelines.operations.base import column_of, unfit
from biodata.pipelines.operations.outline import outline

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from biodata.pipelines.operations.base import Surroundings
    from biodata.pipelines.reports.facts import Coverage
    from biodata.pipelines.rows import Fault, Rows
    from biodata.pipelines.spec import Links, Rename

__all__ = ["Linked", "Renamed"]


class Renamed:
    """Columns under other names.

    Raises:
        QueryError: a column that is not there, one that would get two names, or a name that two columns would have.
    """

    what = "rename"
    multiplies = False

    def __init__(self, operation: Rename | Links, source: pa.Schema, around: Surroundings) -> None:  # noqa: ARG002
        import pyarrow as pa

        moves = outline(operation).moves
        new = dict(moves)
        for old, name in moves:
            column_of(source, old, self.what)
            if new[old] != name:
                raise unfit(self.what, f"the column {old!r} cannot be both {name!r} and {new[old]!r}")
        names = outline(operation).names(source.names) or ()
        for name in new.values():
            if names.count(name) > 1:
                raise unfit(self.what, f"there is another column {name!r}", "BD-PIPELINE-COLUMN")
        self.schema = pa.schema([field.with_name(name) for field, name in zip(source, names, strict=True)])

    def apply(self, rows: Rows) -> Iterator[Rows | Fault]:
        yield rows.having(rows.batch.rename_columns(self.schema.names))

    def coverage(self) -> tuple[Coverage, ...]:
        return ()


class Linked(Renamed):
    """Columns of keys under the names of the reference fields; which records those are is found out by the load."""

    what = "links"
