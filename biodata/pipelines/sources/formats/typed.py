"""Records whose types are found in the file itself: read once for the types, and again for the values.

A value that does not fit the type that its column got is never changed and never left out: its row is told as bad.
"""

from __future__ import annotations

from itertools import islice
from typing import TYPE_CHECKING, Any, NamedTuple

from biodata.errors import BiodataError
from biodata.pipelines.sources.formats.base import Bad, check_names, unreadable
from biodata.pipelines.sources.formats.shapes import MOST_FIELDS, Shape, misfit
from biodata.pipelines.state.spool import BATCH_ROWS
from biodata.records.arrow import arrow_schema, to_batch
from biodata.records.types import Field, Schema

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence
    from pathlib import Path

    import pyarrow as pa

    from biodata.records.types import AnyType, Record

__all__ = ["Item", "Typed"]


class Item(NamedTuple):
    """A row of the file.

    Attributes:
        place: its line or row, from 1.
        record: its values; None where it has none that can be read, and `problem` says why.
        kept: what a reject keeps of the row, where there is no record.
    """

    place: int
    record: Record | None
    problem: str = ""
    kept: Record | None = None


class Typed:
    """A file of records, whose types were found in all of them.

    Raises:
        SchemaError: `BD-PIPELINE-SOURCE`, it has too many names, or two that differ by case alone.
    """

    def __init__(
        self,
        path: Path,
        word: str,
        read: Callable[..., Iterator[Item]],
        known: Mapping[str, AnyType],
        named: Callable[[Path], Iterable[str]] = lambda _: (),
    ) -> None:
        """Read it for the types.

        Args:
            path: of the file.
            word: what a place in it is called, line or row.
            read: gives the rows of a path, each time anew; with `sure=True` where each is known to have a record.
            known: the types that the columns had at the last run.
            named: the columns that the file itself names; asked where no row tells them.
        """
        self._path, self._word, self._read = path, word, read
        shape, self.count, self._sure = Shape(), 0, True
        for item in read(path):
            self.count += 1
            shape.add(item.record)
            self._sure = self._sure and item.record is not None
        for name in () if shape.fields else named(path):
            shape.field(name)
        if len(shape.fields) >= MOST_FIELDS:
            raise unreadable(path, f"it has more than {MOST_FIELDS:,} different names of fields")
        check_names(path, shape.fields)
        types = {name: inner.type(known.get(name)) for name, inner in shape.fields.items()}
        self._odd = {name: type_ for name, type_ in types.items() if shape.fields[name].is_odd(type_)}
        fields = tuple(Field(name, type_) for name, type_ in types.items())
        self.schema = arrow_schema(Schema(path.name, (), fields))

    def batches(self, names: Sequence[str]) -> Iterator[pa.RecordBatch | Bad]:
        import pyarrow as pa

        schema = pa.schema([self.schema.field(name) for name in names])
        items = self._read(self._path, sure=self._sure)
        while chunk := list(islice(items, BATCH_ROWS)):
            good = []
            for item in chunk:
                problem = self._problem(item, names)
                if problem is None:
                    good.append(item)
                else:
                    yield problem
            yield from self._built(good, schema)

    def _problem(self, item: Item, names: Sequence[str]) -> Bad | None:
        if item.record is None:
            return Bad(item.problem, item.kept or {})
        for name in names if self._odd else ():
            if name in self._odd and (why := misfit(item.record.get(name), self._odd[name])):
                return self._bad(item, name, why)
        return None

    def _bad(self, item: Item, name: str, why: str) -> Bad:
        return Bad(f"{self._word} {item.place}: {why}", item.record or {}, placed=True, rule=name)

    def _built(self, items: list[Item], schema: pa.Schema) -> Iterator[pa.RecordBatch | Bad]:
        """The rows as a batch, or in pieces where there is one that Arrow cannot hold."""
        if not items:
            return
        records = [{name: (item.record or {}).get(name) for name in schema.names} for item in items]
        built = _tried(records, schema)
        if built is not None:
            yield built
        elif len(items) == 1:
            name = next((one.name for one in schema if _tried(records, _only(schema, one.name)) is None), "file")
            yield self._bad(items[0], name, "a value cannot be kept as it is")
        else:
            half = len(items) // 2
            yield from self._built(items[:half], schema)
            yield from self._built(items[half:], schema)


def _tried(records: list[Record], schema: pa.Schema) -> pa.RecordBatch | None:
    """The batch; None where a value is too large, not exact in its column's type, or half a character."""
    import pyarrow as pa

    try:
        return to_batch(records, schema)
    except (pa.ArrowException, BiodataError, ValueError, TypeError, OverflowError):
        return None


def _only(schema: pa.Schema, name: str) -> Any:
    import pyarrow as pa

    return pa.schema([schema.field(name)])
