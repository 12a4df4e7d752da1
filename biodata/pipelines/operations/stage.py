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
from biodata.pipelines.operations.words import advice, kind_of_error, words_of
from biodata.pipelines.parameters import names_in, placed
from biodata.pipelines.rows import Fault, Rows, arrow_of, from_the_start, marked, no_rows, struct_of
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

    Columns that are kept stand beside the statement: they are taken from the rows themselves, so that nothing of
    them can change.

    Attributes:
        schema: the Arrow schema of what comes out.
    """

    multiplies = False

    def __init__(
        self, around: Surroundings, columns: Columns | None, checks: tuple[RowCheck, ...], source: pa.Schema
    ) -> None:
        self.columns = columns.columns if columns is not None else ()
        self.checks = checks
        self._kept = _kept(columns, source)
        self._values, self._keys = around.values, around.keys
        self._connection = locked_connection()
        self._compile(around.file, no_rows(source))

    def coverage(self) -> tuple[Coverage, ...]:
        """Expressions cover everything or nothing."""
        return ()

    def _compile(self, place: str, empty: pa.RecordBatch) -> None:
        import duckdb
        import pyarrow as pa

        try:
            made = self._made(self._evaluate(empty)).schema
        except duckdb.Error as error:
            part, rule = self._blame(empty)
            line, column = getattr(part, "line", 0), getattr(part, "column", 0)
            told = f"{getattr(part, 'told', '')}{rule}: {words_of(error, *(text for _, text in self._layers()))}"
            message = f"{place}:{line}:{column}: {told}"
            raise QueryError(message, code="BD-PIPELINE-EXPRESSION", hint=advice(error)) from None
        fields = [field.with_type(plain_type(field.type)) for field in made]
        self.schema = pa.schema([*fields, *(empty.schema.field(name) for name in self._kept)])

    def apply(self, rows: Rows) -> Iterator[Rows | Fault]:
        """What comes out of some rows: pieces of the output, and a fault for each row that is rejected."""
        import duckdb

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
        return rows.fault(0, stage, rule, kind_of_error(error), self._known(rows))

    def _known(self, rows: Rows) -> dict[str, Any]:
        """The columns of one row that can be evaluated although another cannot."""
        import duckdb

        if not self._keys:
            return {}
        known: dict[str, Any] = rows.batch.select(self._kept).to_pylist()[0] if self._kept else {}
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

        table = self._made(answer)
        made = table.cast(pa.schema(list(self.schema)[: table.num_columns]), safe=False).combine_chunks()
        arrays = [*(column.combine_chunks() for column in made.columns), *map(rows.batch.column, self._kept)]
        out = rows.having(pa.RecordBatch.from_arrays(arrays, schema=self.schema))
        keep = pa.array([True] * len(rows), pa.bool_())
        for index, check in enumerate(self.checks):
            true = answer.column(_check_name(index)).combine_chunks()
            failed = pc.and_(keep, pc.invert(true))
            for at in pc.indices_nonzero(failed).to_pylist():
                yield out.fault(at, "check", check.name, "it is not true for this row")
            keep = pc.and_(keep, true)
        yield out.where(keep)

    def _made(self, answer: pa.Table) -> pa.Table:
        return answer.select([column.name for column in self.columns])

    def _evaluate(
        self, batch: pa.RecordBatch, parts: int | None = None, *, attempt: bool = False, only: bool = False
    ) -> pa.Table:
        """The answer for all columns and checks, or for the first few.

        With `attempt`, which rows have one; with `only`, that of the last of the few alone, and what it builds on.
        """
        layers = self._layers() if attempt else self._layers()[:parts]
        query = self._attempt() if attempt else self._query(layers)
        if only:
            query = f"SELECT {quoted(layers[-1][0])} FROM ({query})"  # noqa: S608 - as _query
        named = {name for _, text in layers for name in names_in(text)}
        values = {name: self._values[name] for name in named}
        self._connection.register("batch", self._seen(batch))
        try:
            sql = placed(query, values)
            return arrow_of(self._connection.sql(sql, params=values) if values else self._connection.sql(sql))
        finally:
            self._connection.unregister("batch")

    def _seen(self, batch: pa.RecordBatch) -> pa.Table:
        """What the statement sees: all columns as `src`, and those that are kept by their names too."""
        import pyarrow as pa

        batch = from_the_start(batch)
        struct, kept = struct_of(batch), [marked(batch.schema.field(name)) for name in self._kept]
        schema = pa.schema([pa.field("src", struct.type), *kept])
        return pa.Table.from_arrays([struct, *map(batch.column, self._kept)], schema=schema)

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
        columns = [(column.name, in_brackets(column.expression)) for column in self.columns]
        checks = [
            (_check_name(index), f"coalesce(CAST({in_brackets(check.expression)} AS BOOLEAN), false)")
            for index, check in enumerate(self.checks)
        ]
        return columns + checks

    def _blame(self, batch: pa.RecordBatch) -> tuple[Column | RowCheck | None, str]:
        """The first part that cannot be evaluated, and what to call it."""
        import duckdb

        parts: list[Column | RowCheck] = [*self.columns, *self.checks]
        for number, part in enumerate(parts, start=1):
            try:
                self._evaluate(batch, number)
            except duckdb.Error:
                kind = "check" if isinstance(part, RowCheck) else "column"
                return part, f"{kind} {part.name}"
        return None, "expression"


def _kept(columns: Columns | None, source: pa.Schema) -> tuple[str, ...]:
    """The columns that go on as they are: all without `columns`, with `'*': keep` those that it does not name."""
    if columns is None:
        return tuple(source.names)
    named = {name.casefold() for name in columns.names}
    return tuple(name for name in source.names if columns.keep and name.casefold() not in named)


def _check_name(index: int) -> str:
    return f"\x01check {index}"
