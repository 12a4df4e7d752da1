"""An extract that is done once for each of some values, the rows one after the other."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import ConfigError, SchemaError
from biodata.pipelines.loading.tables import plain_type
from biodata.pipelines.rows import Rows
from biodata.pipelines.sources.base import Around

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    import pyarrow as pa

    from biodata.pipelines.rows import Fault
    from biodata.pipelines.sources.base import Binding, Source
    from biodata.pipelines.spec import Each
    from biodata.pipelines.state.spool import Spool

__all__ = ["EachSource"]


class EachSource(Around):
    """A source for each value; its rows have the value as a field of that name, the last one.

    Raises:
        ConfigError: `BD-PIPELINE-EACH`, there is no value, or one twice; or the rows have such a field already.
        SchemaError: `BD-PIPELINE-EACH`, the fields are not the same for each value.
    """

    def __init__(self, binding: Binding, each: Each, make: Callable[[Binding], Source]) -> None:
        """Make the source of each value, all before the first is read."""
        self._name = each.name
        self._values = _values(binding, each)
        self._sources = [make(binding.with_value(each.name, value)) for value in self._values]
        super().__init__(self._sources[0])
        _check_schemas(each, self._sources)

    @property
    def title(self) -> str:
        return f"{self.inner.title}, for each {self._name}"

    @property
    def schema(self) -> pa.Schema:
        import pyarrow as pa

        return self.inner.schema.append(pa.field(self._name, plain_type(pa.array(self._values).type)))

    @property
    def notes(self) -> list[str]:
        return list(dict.fromkeys(note for source in self._sources for note in source.notes))

    def count(self) -> int | None:
        counts = [source.count() for source in self._sources]
        return None if None in counts else sum(number for number in counts if number is not None)

    def explain(self) -> str | None:
        told = self.inner.explain()
        return told and f"{told}\n  each      the same for each of {len(self._values)} values of {self._name}"

    def rows(self, spool: Spool) -> Iterator[Rows | Fault]:
        before = 0
        for value, source in zip(self._values, self._sources, strict=True):
            given = 0
            for piece in source.rows(spool):
                given += len(piece) if isinstance(piece, Rows) else 1
                yield self._later(piece, before, value)
            before += given

    def _later(self, piece: Rows | Fault, before: int, value: Any) -> Rows | Fault:
        """A piece with the value, its numbers behind those of the values before."""
        import pyarrow as pa
        import pyarrow.compute as pc

        if not isinstance(piece, Rows):
            record = {**piece.record, self._name: value} if piece.record else piece.record
            return msgspec.structs.replace(piece, row=piece.row + before, record=record)
        field = self.schema.field(self._name)
        batch = piece.batch.select(self.inner.schema.names)
        batch = batch.append_column(field, pa.array([value] * len(piece), field.type))
        return Rows(batch, pc.add(piece.numbers, before), piece.places)


def _values(binding: Binding, each: Each) -> list[Any]:
    values = list(binding.values[each.values] if isinstance(each.values, str) else each.values)
    if not values or len(set(values)) < len(values):
        problem = "has the same value twice" if values else "has no value"
        raise ConfigError(f"each: the list of {each.name!r} {problem}", code="BD-PIPELINE-EACH")
    return values


def _check_schemas(each: Each, sources: list[Source]) -> None:
    first = sources[0].schema
    for name in first.names:
        if name.casefold() == each.name.casefold():
            hint = "Give each another name"
            raise ConfigError(f"each: there is a field {name!r} already", code="BD-PIPELINE-EACH", hint=hint)
    for number, source in enumerate(sources[1:], start=2):
        other = {field.name: field.type for field in source.schema}
        differ = [field.name for field in first if other.pop(field.name, None) != field.type]
        if differ or other:
            names = ", ".join([*differ, *other])
            message = f"each: the value number {number} gives other fields than the first: {names}"
            raise SchemaError(message, code="BD-PIPELINE-EACH")
