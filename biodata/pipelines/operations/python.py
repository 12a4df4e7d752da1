"""`python`: a function of the user's makes a record of a record, or none, or several."""

from __future__ import annotations

from collections.abc import Mapping
from typing import TYPE_CHECKING, Any

from biodata.errors import BiodataError, near_match
from biodata.pipelines.loading.tables import schema_for
from biodata.pipelines.operations.modules import function
from biodata.pipelines.parameters import TYPES
from biodata.pipelines.rows import with_field
from biodata.pipelines.state.spool import BATCH_ROWS
from biodata.records.arrow import arrow_type, from_arrow, to_batch
from biodata.records.values import to_type

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator

    import pyarrow as pa

    from biodata.pipelines.operations.base import Surroundings
    from biodata.pipelines.reports.facts import Coverage
    from biodata.pipelines.rows import Fault, Rows
    from biodata.pipelines.spec import PythonCall
    from biodata.records.types import Record

__all__ = ["Called"]


class _Misfit(Exception):
    """What a function made of one row cannot go on; the reason holds no value."""


class Called:
    """The function, called with each record, and what it gives in the columns' types.

    What it gives is the whole row: a column that it leaves out is null.

    Raises:
        QueryError: there is no such function.
        SchemaError: a column of a type that records do not have.
    """

    multiplies = True

    def __init__(self, operation: PythonCall, source: pa.Schema, around: Surroundings) -> None:
        import pyarrow as pa

        self.what, self.left_out = f"python {operation.call}", 0
        self._function = function(operation, around)
        self.schema = source
        for name, kind in operation.adds:
            self.schema = with_field(self.schema, pa.field(name, arrow_type(TYPES[kind])))
        self._types = {field.name: field.type for field in schema_for(self.what, (), self.schema).fields}

    def apply(self, rows: Rows) -> Iterator[Rows | Fault]:
        made: list[tuple[int, list[Record]]] = []
        waiting = 0
        for index, record in enumerate(from_arrow(rows.batch)):
            try:
                given = self._made(record, rows, index)
            except _Misfit as misfit:
                yield rows.fault(index, "transform", self.what, str(misfit), {})
                continue
            made.append((index, given))
            waiting += len(given)
            self.left_out += not given
            if waiting >= BATCH_ROWS:
                yield from self._pieces(rows, made)
                made, waiting = [], 0
        yield from self._pieces(rows, made)

    def coverage(self) -> tuple[Coverage, ...]:
        return ()

    def _made(self, record: Record, rows: Rows, index: int) -> list[Record]:
        """All that the function makes of a record, in the columns' types."""
        try:
            return [self._fitted(one, rows, index) for one in _several(self._function(record))]
        except _Misfit:
            raise
        except (Exception, SystemExit) as error:  # noqa: BLE001 - whatever a stranger's function raises is about this row
            raise _Misfit(type(error).__name__) from None

    def _fitted(self, given: Any, rows: Rows, index: int) -> Record:
        """A record of all columns, each in its type; what the function left as it was is not judged."""
        if not isinstance(given, Mapping):
            raise _Misfit("it gives what is no record")
        for name in given.keys() - self._types.keys():
            near = near_match(str(name), self._types)
            raise _Misfit("it gives a column that is not there" + (f"; did you mean {near!r}?" if near else ""))
        fitted = {}
        for name, type_ in self._types.items():
            value = given.get(name)
            try:
                fitted[name] = to_type(value, type_)
            except ValueError as error:
                if value != next(from_arrow(rows.part(index, 1).batch)).get(name):
                    raise _Misfit(f"{name}: {error}") from None
                fitted[name] = value
        return fitted

    def _pieces(self, rows: Rows, made: list[tuple[int, list[Record]]]) -> Iterator[Rows | Fault]:
        """Rows of what was made; where Arrow cannot hold a value, its row is a fault."""
        import pyarrow as pa

        of = [index for index, records in made for _ in records]
        try:
            batch = to_batch([record for _, records in made for record in records], self.schema)
        except (ValueError, TypeError, OverflowError, BiodataError):
            if len(made) == 1:
                yield rows.fault(made[0][0], "transform", self.what, "a value that its column cannot hold", {})
                return
            for one in made:
                yield from self._pieces(rows, [one])
            return
        yield rows.take(pa.array(of, pa.int64())).having(batch)


def _several(given: Any) -> Iterable[Any]:
    """What a function gave, as several records."""
    if given is None:
        return ()
    return (given,) if isinstance(given, Mapping | str | bytes) else given
