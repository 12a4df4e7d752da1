"""What a plan lets a run delete: each record as it was when that was approved, or a table without a key as a whole.

With the keys is sealed, for each of them, a keyed hash of what the target held. A record that is another one when the
plan is applied, or out of the scope of the deletes, was not approved to go, and stays.
"""

from __future__ import annotations

from itertools import chain, islice, repeat
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.pipelines.loading.approved import ACTIONS
from biodata.pipelines.loading.guards import rules_of
from biodata.pipelines.loading.missing import key_columns, keys_of, seal
from biodata.pipelines.loading.replacing import replaces
from biodata.pipelines.reports.facts import Deletes
from biodata.pipelines.sources.filters import bound, mapped
from biodata.pipelines.state.exact import to_text
from biodata.query.tree import Leaf
from biodata.records.types import List, Reference, element

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Mapping, Sequence

    import pyarrow as pa

    from biodata.pipelines.loading.target import Target
    from biodata.pipelines.runs.work import Work
    from biodata.pipelines.state.spool import Sealed, Spool
    from biodata.query.tree import Node
    from biodata.records.types import Field, Key, Path

__all__ = ["GOING", "WHOLE", "Deletions", "HeldBack"]

MISSING, GOING, WHOLE = ".missing", ".going", ".whole"
"""Files of the spool, behind the step's name: keys; a hash for each; number and hash of all rows of a table."""
BITS = 256


class HeldBack(Exception):
    """A table that is to be replaced as a whole is not as it was when that was approved."""


class Deletions:
    """The deletes of one step, as they are or were approved.

    Attributes:
        stayed: how many of them are not as they were, of those that were looked at.
    """

    def __init__(
        self,
        work: Work,
        works: Sequence[Work],
        spool: Spool,
        *,
        values: Mapping[str, Any],
        hash_of: Callable[[bytes], bytes],
    ) -> None:
        """Those of a step; `hash_of` is a keyed hash that only this state directory can make."""
        self._work, self._target, self._spool, self._hash_of = work, work.loading, spool, hash_of
        self._name = work.step.name
        self._fields = _own(self._target, works), _beyond(self._target, values)
        self.stayed = 0

    @property
    def approved(self) -> bool:
        """Whether they come from a plan, so that the guards have nothing to say any more."""
        return self._spool.sealed(f"{self._name}{ACTIONS}") is not None

    @property
    def _as_a_whole(self) -> bool:
        return replaces(self._target) and not self._target.schema.key_fields

    def seal(self) -> Iterator[Sealed]:
        """Seal what may go as it is now, for a plan: its files. Of a table that has to be made, nothing may go."""
        if rules_of(self._target.load) is None:
            return
        if self._as_a_whole:
            rows, total = self._whole()
            if self._work.deletes:
                self._work.deletes = msgspec.structs.replace(self._work.deletes, there=rows, missing=rows)
            yield self._sealed(WHOLE, [(rows, total)], ("rows", "hash"))
            return
        keys = self._keys()
        hashes = ((one,) for some in self._batches(keys) for one in self._hashes(some))
        yield keys
        yield self._sealed(GOING, hashes, ("hash",))

    @property
    def keys(self) -> Sealed | None:
        """Of the records that may go, sealed; None of a table without a key, of which all go."""
        return None if self._as_a_whole else self._keys()

    def facts(self) -> Deletes:
        """For the report: whoever approved them has said how many they may be."""
        kept = self.keys or self._spool.sealed(f"{self._name}{WHOLE}")
        number = _first(kept)[0] if kept and self._as_a_whole else kept.rows if kept else 0
        rules = rules_of(self._target.load)
        return Deletes(rules.scope if rules else None, there=number, missing=number, most=number)

    def batches(self, begun: Mapping[int, dict[str, int] | None] | None = None) -> Iterator[tuple[int, list[Key]]]:
        """The keys of the records that are as they were, or gone, some at a time; the others stay.

        Args:
            begun: batches that were sent before, by number: what became of them. They are not looked at again, but
                for those in doubt.

        Returns:
            Each with its number among those that were approved, whichever of them stay; none where all do.
        """
        sealed, answers = self._spool.sealed(f"{self._name}{GOING}"), begun or {}
        before = chain(_column(sealed) if sealed else (), repeat(b""))
        self.stayed = 0
        for number, keys in enumerate(self._batches(self._keys()), start=1):
            then, answer = list(islice(before, len(keys))), answers.get(number)
            if answer is not None:
                self.stayed += len(keys) - sum(answer.values())
                yield number, keys
                continue
            going = self._unchanged(keys, then)
            self.stayed += len(keys) - len(going)
            if going:
                yield number, going

    def check_whole(self) -> None:
        """See that a table without a key is as it was.

        Raises:
            HeldBack: it is not.
        """
        sealed = self._spool.sealed(f"{self._name}{WHOLE}")
        if sealed is None or _first(sealed) != self._whole():
            raise HeldBack

    def look_again(self) -> None:
        """Count those that have stayed, after a process that did not get to say so."""
        schema, get = self._target.schema, self._target.repository.get
        names = [(name,) for name in schema.key_fields]
        self.stayed = sum(len(get(keys, fields=names)) for keys in self._batches(self.keys)) if self.keys else 0

    def _keys(self) -> Sealed:
        found = self._spool.sealed(f"{self._name}{MISSING}")
        return found or seal(self._spool, f"{self._name}{MISSING}", key_columns(self._target.schema), ())

    def _batches(self, keys: Sealed) -> Iterator[list[Key]]:
        return keys_of(keys, self._target.schema, self._target.load.batch)

    def _unchanged(self, keys: list[Key], before: list[bytes]) -> list[Key]:
        """Of some keys those of the records that are as they were, or gone."""
        return [key for key, now, then in zip(keys, self._hashes(keys), before, strict=True) if now in {b"", then}]

    def _hashes(self, keys: list[Key]) -> list[bytes]:
        """Of each record what it holds, hashed; empty of one that is gone."""
        own, beyond = self._fields
        found = self._found(keys, own)
        far = self._found(list(found), beyond) if beyond and found else {}
        return [self._hash((found[key], far.get(key))) if key in found else b"" for key in keys]

    def _found(self, keys: list[Key], fields: Sequence[Path]) -> dict[Key, Any]:
        schema = self._target.schema
        named = list(dict.fromkeys([*fields, *((name,) for name in schema.key_fields)]))
        return {schema.key_of(record): record for record in self._target.repository.get(keys, fields=named)}

    def _hash(self, content: Any) -> bytes:
        return self._hash_of(to_text(content).encode())

    def _whole(self) -> tuple[int, bytes]:
        """How many rows a table has, and the sum of their hashes: in whatever order they come, it is the same."""
        rows, total = 0, 0
        for record in self._target.repository.query():
            rows, total = rows + 1, total + int.from_bytes(self._hash(record))
        return rows, (total % (1 << BITS)).to_bytes(BITS // 8)

    def _sealed(self, kind: str, rows: Iterable[tuple[Any, ...]], names: tuple[str, ...]) -> Sealed:
        import pyarrow as pa

        types = {"rows": pa.int64(), "hash": pa.binary()}
        schema = pa.schema([pa.field(name, types[name]) for name in names])
        return seal(self._spool, f"{self._name}{kind}", schema, _as_batches(rows, schema, self._target.load.batch))


def _as_batches(rows: Iterable[tuple[Any, ...]], schema: pa.Schema, size: int) -> Iterator[pa.RecordBatch]:
    import pyarrow as pa

    rest = iter(rows)
    while some := list(islice(rest, size)):
        yield pa.RecordBatch.from_pylist([dict(zip(schema.names, row, strict=True)) for row in some], schema=schema)


def _column(sealed: Sealed) -> Iterator[bytes]:
    for batch in sealed.batches():
        yield from (one["hash"] for one in batch.to_pylist())


def _first(sealed: Sealed) -> tuple[int, bytes]:
    ((rows, total),) = (tuple(row.values()) for batch in sealed.batches() for row in batch.to_pylist())
    return rows, total


def _own(target: Target, works: Sequence[Work]) -> list[Path]:
    """The fields that say what a record is: those that the run itself may change, by what it does to others, do not.

    The platform fills in when a record was changed; and lists, in a record, those that refer to it.
    """
    loads = [work.step.load.target for work in works if work.step.load]
    loaded = {one.table for one in loads if one.profile == target.load.target.profile}
    return [(one.name,) for one in target.schema if one.name in target.schema.key_fields or not _moves(one, loaded)]


def _moves(field: Field, loaded: set[str]) -> bool:
    kind = element(field.type)
    listed = isinstance(field.type, List) and isinstance(kind, Reference) and kind.table in loaded
    return listed or (field.read_only and field.generated)


def _beyond(target: Target, values: Mapping[str, Any]) -> list[Path]:
    """What the scope asks of the records that a record refers to."""
    scope = target.load.delete_missing.scope if target.load.delete_missing else None
    paths: dict[Path, None] = {}

    def noted(node: Node) -> Node:
        if isinstance(node, Leaf):
            paths[node.path] = None
        return node

    mapped(bound(scope, values), noted)
    return [path for path in paths if len(path) > 1]
