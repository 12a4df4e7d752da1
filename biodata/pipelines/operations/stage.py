"""One `columns` operation, or none, and the row checks behind it, computed by DuckDB.

Each column is a layer of the statement, so that an expression sees the columns above it and `src`, and nothing
else. When DuckDB cannot evaluate a batch, it is asked which rows it cannot (`TRY`); each of them is rejected with
DuckDB's kind of error (its words hold the row's values) and the others go on.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal

from biodata.errors import QueryError
from biodata.pipelines.loading.tables import plain_type
from biodata.pipelines.operations.expressions import in_brackets, locked_connection, quoted
from biodata.pipelines.parameters import names_in, placed
from biodata.pipelines.rows import Fault, Rows, arrow_of, no_rows, struct_of
from biodata.pipelines.spec import Column, Columns, RowCheck

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from biodata.pipelines.operations.base import Surroundings
    from biodata.pipelines.reports.facts import Coverage

__all__ = ["Stage"]

EVALUABLE, TRIED = "\x01evaluable", "\x01tried"


class Stage:
    """The statement, compiled for one source.

    Attributes:
        schema: the Arrow schema of what comes out.
    """

    multiplies = False

    def __init__(
        self, around: Surroundings, columns: Columns | None, checks: tuple[RowCheck, ...], source: pa.Schema
    ) -> None:
        self.columns = _with_kept(columns, source) if columns is not None else None
        self.checks = checks
        self._values, self._keys = around.values, around.keys
        self._connection = locked_connection()
        self._names = tuple(source.names) if self.columns is None else tuple(one.name for one in self.columns)
        if self.columns is None and not checks:
            self.schema = source
            return
        self._compile(around.file, no_rows(source))

    def coverage(self) -> tuple[Coverage, ...]:
        """Expressions cover everything or nothing."""
        return ()

    def _compile(self, place: str, empty: pa.RecordBatch) -> None:
        import duckdb

        try:
            answer = self._evaluate(empty)
        except duckdb.Error as error:
            part, rule = self._blame(empty)
            line, column = getattr(part, "line", 0), getattr(part, "column", 0)
            reason = str(error).split("\n", 1)[0]
            message = f"{place}:{line}:{column}: {rule}: {reason}"
            raise QueryError(message, code="BD-PIPELINE-EXPRESSION") from None
        self.schema = empty.schema if self.columns is None else _plain_schema(answer.select(self._names).schema)

    def apply(self, rows: Rows) -> Iterator[Rows | Fault]:
        """What comes out of some rows: pieces of the output, and a fault for each row that is rejected."""
        import duckdb

        if self.columns is None and not self.checks:
            yield rows
            return
        try:
            answer = self._evaluate(rows.batch)
        except duckdb.Error as error:
            if len(rows) == 1:
                yield self._fault(rows, error)
                return
            for piece in self._pieces(rows):
                yield from self.apply(piece)
            return
        yield from self._checked(rows, answer)

    def _pieces(self, rows: Rows) -> list[Rows]:
        """The rows that can be evaluated, and each other row alone; two halves where DuckDB cannot tell."""
        import pyarrow as pa

        can = self._evaluable(rows)
        if can is None or all(can):
            half = len(rows) // 2
            return [rows.part(0, half), rows.part(half, len(rows) - half)]
        alone = [rows.part(index, 1) for index, fine in enumerate(can) if not fine]
        return [rows.where(pa.array(can, pa.bool_())), *alone] if any(can) else alone

    def _evaluable(self, rows: Rows) -> list[bool] | None:
        """Whether each row can be evaluated; None when that cannot be asked, as about a volatile function."""
        import duckdb

        try:
            answer = self._evaluate(rows.batch, attempt=True)
        except duckdb.Error:
            return None
        return [bool(fine) for fine in answer.column(EVALUABLE).to_pylist()]

    def _fault(self, rows: Rows, error: Exception) -> Fault:
        part, rule = self._blame(rows.batch)
        stage: Literal["transform", "check"] = "check" if isinstance(part, RowCheck) else "transform"
        return rows.fault(0, stage, rule, _reason(error), self._known(rows))

    def _known(self, rows: Rows) -> dict[str, Any]:
        """The columns of one row that can be evaluated although another cannot."""
        import duckdb

        if not self._keys:
            return {}
        if self.columns is None:
            record: dict[str, Any] = rows.batch.to_pylist()[0]
            return record
        known = {}
        for number, column in enumerate(self.columns, start=1):
            try:
                answer = self._evaluate(rows.batch, number, only=True)
            except duckdb.Error:
                continue
            known[column.name] = answer.column(column.name).cast(self.schema.field(column.name).type)[0].as_py()
        return known

    def _checked(self, rows: Rows, answer: pa.Table) -> Iterator[Rows | Fault]:
        import pyarrow as pa
        import pyarrow.compute as pc

        batch = rows.batch
        if self.columns is not None:
            table = answer.select(self._names).cast(self.schema, safe=False).combine_chunks()
            batch = (table.to_batches() or [no_rows(self.schema)])[0]
        made = rows.having(batch)
        keep = pa.array([True] * len(rows), pa.bool_())
        for index, check in enumerate(self.checks):
            true = answer.column(_check_name(index)).combine_chunks()
            failed = pc.and_(keep, pc.invert(true))
            for at in pc.indices_nonzero(failed).to_pylist():
                yield made.fault(at, "check", check.name, "it is not true for this row")
            keep = pc.and_(keep, true)
        yield made.where(keep)

    def _evaluate(
        self, batch: pa.RecordBatch, parts: int | None = None, *, attempt: bool = False, only: bool = False
    ) -> pa.Table:
        """The answer for all columns and checks, or for the first few.

        With `attempt`, which rows have one; with `only`, that of the last of the few alone, and what it builds on.
        """
        import pyarrow as pa

        struct = struct_of(batch)
        arrays = [struct] if self.columns is not None else [struct, *batch.columns]
        names = ["src"] if self.columns is not None else ["src", *batch.schema.names]
        self._connection.register("batch", pa.Table.from_arrays(arrays, names=names))
        layers = self._layers() if attempt else self._layers()[:parts]
        query = self._attempt() if attempt else self._query(layers)
        if only:
            query = f"SELECT {quoted(layers[-1][0])} FROM ({query})"  # noqa: S608 - as _query
        named = {name for _, text in layers for name in names_in(text)}
        try:
            values = {name: self._values[name] for name in named}
            answer = self._connection.sql(placed(query), params=values) if values else self._connection.sql(query)
            return arrow_of(answer)
        finally:
            self._connection.unregister("batch")

    # The expressions were let through by check_expression, and the connection is locked.
    def _query(self, layers: list[tuple[str, str]]) -> str:
        query = "SELECT * FROM batch"
        for name, expression in layers:
            query = f"SELECT *, {expression} AS {quoted(name)} FROM ({query})"  # noqa: S608
        return query

    def _attempt(self) -> str:
        """A list around each value tells null, which is an answer, from an expression that failed."""
        query = f"SELECT *, true AS {quoted(EVALUABLE)} FROM batch"  # noqa: S608
        for name, expression in self._layers():
            query = f"SELECT *, TRY([{expression}]) AS {quoted(TRIED)} FROM ({query})"  # noqa: S608
            there = f"{quoted(EVALUABLE)} AND {quoted(TRIED)} IS NOT NULL AS {quoted(EVALUABLE)}"
            query = (
                f"SELECT * EXCLUDE ({quoted(EVALUABLE)}, {quoted(TRIED)}), {there}, "  # noqa: S608
                f"{quoted(TRIED)}[1] AS {quoted(name)} FROM ({query})"
            )
        return f"SELECT {quoted(EVALUABLE)} FROM ({query})"  # noqa: S608

    def _layers(self) -> list[tuple[str, str]]:
        """Name and SQL of each column and check, in order."""
        columns = [(column.name, in_brackets(column.expression)) for column in self.columns or ()]
        checks = [
            (_check_name(index), f"coalesce(CAST({in_brackets(check.expression)} AS BOOLEAN), false)")
            for index, check in enumerate(self.checks)
        ]
        return columns + checks

    def _blame(self, batch: pa.RecordBatch) -> tuple[Column | RowCheck | None, str]:
        """The first part that cannot be evaluated, and what to call it."""
        import duckdb

        parts: list[Column | RowCheck] = [*(self.columns or ()), *self.checks]
        for number, part in enumerate(parts, start=1):
            try:
                self._evaluate(batch, number)
            except duckdb.Error:
                kind = "check" if isinstance(part, RowCheck) else "column"
                return part, f"{kind} {part.name}"
        return None, "expression"


def _with_kept(columns: Columns, source: pa.Schema) -> tuple[Column, ...]:
    """The columns named, and, where the others are to be kept, a column for each of them."""
    if not columns.keep:
        return columns.columns
    named = {name.casefold() for name in columns.names}
    others = [name for name in source.names if name.casefold() not in named]
    kept = (Column(name, f"src.{quoted(name)}", columns.line, columns.column) for name in others)
    return (*columns.columns, *kept)


def _plain_schema(schema: pa.Schema) -> pa.Schema:
    import pyarrow as pa

    return pa.schema([field.with_type(plain_type(field.type)) for field in schema])


def _check_name(index: int) -> str:
    return f"\x01check {index}"


def _reason(error: Exception) -> str:
    """Why a row could not be evaluated; DuckDB's own words hold the row's values, so only their kind is told."""
    kinds = {
        "ConversionException": "a value cannot be converted",
        "OutOfRangeException": "a number is out of range",
        "InvalidInputException": "an invalid value",
    }
    if "ivision by zero" in str(error):
        return "division by zero"
    return kinds.get(type(error).__name__, "it cannot be evaluated")
