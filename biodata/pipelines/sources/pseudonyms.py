"""Clear values become pseudonyms while rows are read: nothing behind this sees them.

What the source rejects goes through here too; where it is not sure which value is whose, it keeps none of them.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import ConfigError, near_match
from biodata.pipelines.rows import Fault, Rows, no_rows, with_field
from biodata.pipelines.sources.base import Around, located
from biodata.pipelines.sources.makers import maker_of, text_of
from biodata.pipelines.sources.stepping import changed_at, column_at, holds_json, path_in

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence

    import pyarrow as pa

    from biodata.pipelines.sources.base import Binding, Source
    from biodata.pipelines.sources.makers import Maker
    from biodata.pipelines.spec import Pseudonymise
    from biodata.pipelines.state.spool import Spool
    from biodata.records.types import Path, Record

__all__ = ["KEYS", "PseudonymSource"]

KEYS = "pseudonyms"
"""The name under which the journal has, by field, the domain and by what its key is known again."""


class PseudonymSource(Around):
    """A source with pseudonyms in place of the values of some fields.

    Raises:
        ConfigError: `BD-PIPELINE-PSEUDONYM`, there is no such field, it is named twice, or its values are no texts,
            numbers or dates; `BD-PIPELINE-PSEUDONYM-KEY`, key or domain are others than at the last run; and what
            `maker_of` raises.
    """

    def __init__(self, inner: Source, binding: Binding) -> None:
        super().__init__(inner)
        self._fields: list[_Field] = []
        for one in binding.step.pseudonyms:
            with located(binding.file, one.line, binding.step.name, one.column):
                self._fields.append(self._field(one, binding))

    def _field(self, one: Pseudonymise, binding: Binding) -> _Field:
        if any(field.name == one.field for field in self._fields):
            raise _unfit(f"the field {one.field} is named twice; it would be a pseudonym of a pseudonym")
        field = _Field(one, binding, self.inner.schema)
        known = binding.memory.seen.get(KEYS, {}).get(field.name)
        if known and field.key and known != field.key:
            raise _other(one, "domain" if known[0] != one.domain else f"key {one.key}")
        return field

    @property
    def schema(self) -> pa.Schema:
        schema = self.inner.schema
        for field in self._fields:
            schema = field.schema(schema)
        return schema

    def explain(self) -> str | None:
        lines = [f"  pseudonym {field.name}: {field.told}" for field in self._fields]
        return "\n".join([self.inner.explain() or self.title, *lines])

    def rows(self, spool: Spool) -> Iterator[Rows | Fault]:
        for piece in self.inner.rows(spool):
            if isinstance(piece, Rows):
                yield from self._hidden(piece)
            else:
                yield self._hidden_fault(piece)

    def seen(self) -> dict[str, Any]:
        keys = {field.name: field.key for field in self._fields if field.key}
        return {**self.inner.seen(), KEYS: keys} if keys else self.inner.seen()

    def _hidden(self, piece: Rows) -> Iterator[Rows | Fault]:
        import pyarrow as pa

        without: dict[int, _Field] = {}
        batch = piece.batch
        for field in self._fields:
            batch, rows = field.changed(batch)
            for index in rows:
                without.setdefault(index, field)
        hidden = piece.having(batch)
        for index, field in without.items():
            fault = hidden.fault(index, "extract", field.name, field.missing, {})
            yield msgspec.structs.replace(fault, record=batch.slice(index, 1).to_pylist()[0])
        yield hidden.where(pa.array([index not in without for index in range(len(piece))], pa.bool_()))

    def _hidden_fault(self, fault: Fault) -> Fault:
        record = fault.record
        for field in self._fields:
            record = field.changed_record(record) if record else record
        return msgspec.structs.replace(fault, record=record, values={})


class _Field:
    """One field that becomes a pseudonym, and what makes it."""

    def __init__(self, one: Pseudonymise, binding: Binding, schema: pa.Schema) -> None:
        self.name = one.field
        self._path = _path(one.field, schema)
        self._maker: Maker = maker_of(one, binding)
        self.told = self._maker.told
        self.key = [one.domain, self._maker.check] if self._maker.check else None
        self.missing = f"its value has no pseudonym in {one.table}, or more than one"

    def schema(self, schema: pa.Schema) -> pa.Schema:
        """The schema behind it."""
        return with_field(schema, self.changed(no_rows(schema))[0].schema.field(self._path[0]))

    def changed(self, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, list[int]]:
        """The batch with pseudonyms, and the indices of the rows with a value that has none."""
        import pyarrow as pa

        missing: set[str] = set()

        def change(values: Any) -> Any:
            coded = values.dictionary_encode()
            texts = [text_of(value) for value in coded.dictionary.to_pylist()]
            found = self._maker.of({text for text in texts if text is not None})
            missing.update(text for text in texts if text is not None and text not in found)
            return pa.array([found.get(text or "") for text in texts], pa.string()).take(coded.indices)

        at = batch.schema.get_field_index(self._path[0])
        column = changed_at(batch.column(at), self._path[1:], change)
        field = batch.schema.field(at).with_type(column.type)
        return batch.set_column(at, field, column), _rows_with(missing, batch.column(at), self._path[1:])

    def changed_record(self, record: Record) -> Record:
        """The record with pseudonyms; null where one would have to be asked for, or the value is no such value."""
        return {name: self._inside(value, tuple(name.split("."))) for name, value in record.items()}

    def _inside(self, value: Any, steps: Path) -> Any:
        path = tuple(".".join(self._path).split("."))
        return self._at(value, path[len(steps) :]) if steps == path[: len(steps)] else value

    def _at(self, value: Any, path: Sequence[str]) -> Any:
        if isinstance(value, list):
            return [self._at(inner, path) for inner in value]
        if path and isinstance(value, dict):
            return {name: self._at(inner, path[1:]) if name == path[0] else inner for name, inner in value.items()}
        text = None if path or self._maker.asks else text_of(value)
        return None if text is None else self._maker.of([text])[text]


def _path(name: str, schema: pa.Schema) -> Path:
    path = path_in(schema, name)
    if path is None:
        near = near_match(name, schema.names)
        raise _unfit(f"there is no field {name!r}" + (f"; did you mean {near!r}?" if near else ""))
    field, _ = column_at(no_rows(schema), path)
    if not _can_be_clear(field):
        raise _unfit(f"the field {name} is of type {field.type}; a text, a number or a date has a pseudonym")
    return path


def _can_be_clear(field: pa.Field[Any]) -> bool:
    from pyarrow import types

    kind = field.type.value_type if types.is_list(field.type) else field.type
    tests = (
        types.is_string,
        types.is_integer,
        types.is_floating,
        types.is_decimal,
        types.is_date,
        types.is_timestamp,
    )
    return any(test(kind) for test in tests) and not holds_json(field)


def _other(one: Pseudonymise, what: str) -> ConfigError:
    return ConfigError(
        f"pseudonymise: the {what} of the field {one.field} is another than at the last run: everybody would get "
        "another pseudonym, and be there twice",
        code="BD-PIPELINE-PSEUDONYM-KEY",
        hint="Put the last one back. Where another is meant, run once with --new-key; what is there under the old "
        "pseudonyms is yours to delete",
    )


def _unfit(problem: str) -> ConfigError:
    return ConfigError(f"pseudonymise: {problem}", code="BD-PIPELINE-PSEUDONYM")


def _rows_with(texts: set[str], column: Any, path: Sequence[str]) -> list[int]:
    """The indices of the rows that have one of the values."""
    if not texts:
        return []
    return [index for index, value in enumerate(column.to_pylist()) if texts & set(_texts(value, path))]


def _texts(value: Any, path: Sequence[str]) -> Iterator[str]:
    if isinstance(value, list):
        for inner in value:
            yield from _texts(inner, path)
    elif path and isinstance(value, dict):
        yield from _texts(value.get(path[0]), path[1:])
    elif not path and (text := text_of(value)) is not None:
        yield text
