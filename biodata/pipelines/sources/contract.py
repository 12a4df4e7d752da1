"""Fields that are others than at the last run: taken, refused, or left out (`contract`).

What fits a type is what a write to a field of that type would take (`biodata.records.values`): a number without a
fraction fits a whole number, a text is no number.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import CheckFailed
from biodata.pipelines.rows import Rows
from biodata.pipelines.sources.base import Around
from biodata.pipelines.sources.remembered import remembered, type_of, types_in, word
from biodata.records.arrow import arrow_schema, from_arrow, to_batch
from biodata.records.types import Field, List, Object, Schema
from biodata.records.values import to_type

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

    from biodata.pipelines.rows import Fault
    from biodata.pipelines.sources.base import Source
    from biodata.pipelines.spec.extracts import ContractMode
    from biodata.pipelines.state.spool import Spool
    from biodata.records.types import AnyType

__all__ = ["Changes", "Contracted", "contracted"]

ASKED = "asked"


class Changes(msgspec.Struct, frozen=True):
    """How fields differ from those of the last run.

    Attributes:
        new: those that were not there; `gone` those that are not there any more.
        other: those of another type.
    """

    new: tuple[str, ...] = ()
    gone: tuple[str, ...] = ()
    other: tuple[str, ...] = ()


def contracted(inner: Source, mode: ContractMode, asked: list[str], seen: Mapping[str, Any]) -> Contracted:
    """The source with its fields held to those of the last run.

    Args:
        inner: the source.
        mode: what to do about differences.
        asked: which source and fields the file asks for; where it asked otherwise before, the contract begins anew.
        seen: what the last run has left.

    Raises:
        CheckFailed: `BD-PIPELINE-CONTRACT`, the fields differ and are frozen.
    """
    known = types_in(seen) if seen.get(ASKED) == asked else {}
    found = {field.name: type_of(field) for field in inner.schema}
    kinds = {"discard_row": DiscardingRows, "discard_value": DiscardingValues}
    source = kinds.get(mode, Contracted)(inner, known, found, asked)
    told = source.told()
    if mode == "freeze" and told:
        raise CheckFailed(
            f"the fields of {inner.title} are not those of the last run: {'; '.join(told)}",
            code="BD-PIPELINE-CONTRACT",
            hint="Look at what changed; one run with contract: evolve takes the fields as they are now",
        )
    source.own_notes += told
    if seen.get(ASKED, asked) != asked:
        source.own_notes.append("the file asks for another source or for other fields: the contract begins anew")
    return source


class Contracted(Around):
    """The fields as they are now, which the next run is held to."""

    def __init__(
        self, inner: Source, known: dict[str, AnyType | str], found: dict[str, AnyType | str], asked: list[str]
    ) -> None:
        super().__init__(inner)
        self.known, self.found, self._asked = known or found, found, asked
        self.changes = Changes(
            tuple(name for name in found if name not in self.known),
            tuple(name for name in self.known if name not in found),
            tuple(name for name in found if not _same(found[name], self.known.get(name, found[name]))),
        )

    def told(self) -> list[str]:
        """The differences in words."""
        new = [f"the field {name} ({word(self.found[name])}) is new" for name in self.changes.new]
        gone = [f"the field {name} ({word(self.known[name])}) is gone" for name in self.changes.gone]
        other = [
            f"the field {name} was {word(self.known[name])} and is {word(self.found[name])}"
            for name in self.changes.other
        ]
        return [*new, *gone, *other]

    def seen(self) -> dict[str, Any]:
        return {**self.inner.seen(), **remembered(self.found), ASKED: self._asked}


class _Discarding(Contracted):
    """The fields as they were at the last run: those that are gone are null, those that are new are left out."""

    @property
    def schema(self) -> pa.Schema:
        import pyarrow as pa

        there = [
            self._known_field(field.name) if field.name in self.changes.other else field
            for field in self.inner.schema
            if field.name not in self.changes.new
        ]
        return pa.schema([*there, *(self._known_field(name) for name in self.changes.gone)])

    def seen(self) -> dict[str, Any]:
        return {**super().seen(), **remembered(self.known)}

    def _known_field(self, name: str) -> pa.Field[Any]:
        import pyarrow as pa

        type_ = self.known[name]
        if isinstance(type_, str):
            return pa.field(name, pa.string())
        return arrow_schema(Schema("", (), (Field(name, type_),))).field(0)

    def _fitted(self, batch: pa.RecordBatch) -> tuple[pa.RecordBatch, dict[str, list[bool]]]:
        """The batch under the known fields; of each field of another type, which values do not fit and are null."""
        import pyarrow as pa

        columns: dict[str, Any] = {name: batch.column(name) for name in batch.schema.names}
        misfits = {}
        for name in self.changes.other:
            values = [row[name] for row in from_arrow(batch.select([name]))]
            kept, misfits[name] = _values(values, self.known[name])
            field = pa.schema([self._known_field(name)])
            columns[name] = to_batch([{name: value} for value in kept], field).column(0)
        schema = self.schema
        for name in self.changes.gone:
            columns[name] = pa.nulls(batch.num_rows, schema.field(name).type)
        return pa.RecordBatch.from_arrays([columns[name] for name in schema.names], schema=schema), misfits


class DiscardingValues(_Discarding):
    """Values that do not fit are null, and counted."""

    def rows(self, spool: Spool) -> Iterator[Rows | Fault]:
        counts = dict.fromkeys(self.changes.other, 0)
        for piece in self.inner.rows(spool):
            if not isinstance(piece, Rows):
                yield piece
                continue
            batch, misfits = self._fitted(piece.batch)
            for name, found in misfits.items():
                counts[name] += sum(found)
            yield piece.having(batch)
        self.own_notes = self.told() + [
            f"{number:,} values of {name} are no {word(self.known[name])} and were left out"
            for name, number in counts.items()
            if number
        ]


class DiscardingRows(_Discarding):
    """A row with a value in a new field, or with one that does not fit, is rejected."""

    def rows(self, spool: Spool) -> Iterator[Rows | Fault]:
        import pyarrow as pa

        for piece in self.inner.rows(spool):
            if not isinstance(piece, Rows):
                yield piece
                continue
            batch, misfits = self._fitted(piece.batch)
            reasons = self._reasons(piece.batch, misfits)
            for index, (name, reason) in reasons.items():
                record = piece.batch.slice(index, 1).to_pylist()[0]
                yield msgspec.structs.replace(piece.fault(index, "extract", name, reason, {}), record=record)
            keep = pa.array([index not in reasons for index in range(len(piece))], pa.bool_())
            yield piece.having(batch).where(keep)

    def _reasons(self, batch: pa.RecordBatch, misfits: dict[str, list[bool]]) -> dict[int, tuple[str, str]]:
        """Index of each row that is rejected to the field and the reason."""
        reasons: dict[int, tuple[str, str]] = {}
        for name in self.changes.new:
            for index in _indices(batch.column(name).is_valid().to_pylist()):
                reasons.setdefault(index, (name, "it has a value in a field that is new since the last run"))
        for name, found in misfits.items():
            for index in _indices(found):
                reason = f"the value is no {word(self.known[name])}, which the field was at the last run"
                reasons.setdefault(index, (name, reason))
        return reasons


def _indices(flags: list[Any]) -> list[int]:
    return [index for index, flag in enumerate(flags) if flag]


def _values(values: list[Any], type_: AnyType | str) -> tuple[list[Any], list[bool]]:
    """The values as the type holds them, null where they do not fit; and which do not."""
    kept, misfits = list[Any](), list[bool]()
    for value in values:
        try:
            fitted = None if isinstance(type_, str) else to_type(_pruned(value, type_), type_)
        except ValueError:
            fitted = None
        kept.append(fitted)
        misfits.append(value is not None and fitted is None)
    return kept, misfits


def _pruned(value: Any, type_: AnyType) -> Any:
    """The value without fields of objects that are new and null: they do not matter."""
    if isinstance(type_, List) and isinstance(value, list):
        return [_pruned(inner, type_.item) for inner in value]
    if not isinstance(type_, Object) or not isinstance(value, dict):
        return value
    types = {field.name: field.type for field in type_.fields}
    return {
        name: _pruned(inner, types[name]) if name in types else inner
        for name, inner in value.items()
        if name in types or inner is not None
    }


def _same(one: AnyType | str, other: AnyType | str) -> bool:
    """Whether two types are the same, whatever the order of an object's fields."""
    return bool(_sorted(one) == _sorted(other))


def _sorted(type_: Any) -> Any:
    if isinstance(type_, List):
        return ("list", _sorted(type_.item))
    if isinstance(type_, Object):
        return ("object", sorted((field.name, _sorted(field.type)) for field in type_.fields))
    return type_
