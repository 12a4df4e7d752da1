"""A bar plot: how many rows have each value of a column."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from biodata.pipelines.spec import BarPlot
    from biodata.pipelines.state.spool import Sealed

__all__ = ["BarData", "collect_bars"]

MOST = 24
"""Values that are shown, the most frequent ones."""


class BarData(msgspec.Struct, frozen=True, tag_field="plot", tag="bar"):
    """What a bar plot shows.

    Attributes:
        column: the column's name.
        bars: (value as text, number of rows), the most frequent first.
        rows: all rows; `without` of them have no value, and `others` a value that is not shown.
    """

    column: str
    bars: tuple[tuple[str, int], ...]
    rows: int
    without: int = 0
    others: int = 0


def collect_bars(plot: BarPlot, rows: Sealed) -> BarData:
    """Count the values of the column; however many different ones there are, memory stays within bounds."""
    import pyarrow as pa

    from biodata.pipelines.operations.expressions import locked_connection

    schema = pa.schema([pa.field("value", _plain(rows.schema().field(plot.column).type))])
    with locked_connection(rows.path.parent) as connection:
        connection.register("found", pa.RecordBatchReader.from_batches(schema, _values(plot.column, rows, schema)))
        connection.execute(
            "CREATE TEMP TABLE seen AS SELECT CAST(value AS VARCHAR) AS value, count(*) AS number "
            "FROM found WHERE value IS NOT NULL GROUP BY ALL"
        )
        top = connection.execute(f"FROM seen ORDER BY number DESC, value LIMIT {MOST}").fetchall()
        known = connection.execute("SELECT coalesce(sum(number), 0) FROM seen").fetchall()[0][0]
    bars = tuple((value, number) for value, number in top)
    others = int(known) - sum(number for _, number in bars)
    return BarData(plot.column, bars, rows.rows, rows.rows - int(known), others)


def _values(column: str, rows: Sealed, schema: pa.Schema) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    for batch in rows.batches():
        yield pa.RecordBatch.from_arrays([batch.column(column).cast(schema.field(0).type)], schema=schema)


def _plain(kind: pa.DataType) -> pa.DataType:
    """DuckDB spells instants of a time zone only with an extension; ours are all in UTC."""
    import pyarrow as pa

    return pa.timestamp(kind.unit) if pa.types.is_timestamp(kind) else kind
