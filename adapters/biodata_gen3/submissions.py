"""Records of several node types at once: parents first by the dictionary's links."""

from __future__ import annotations

from os import PathLike
from typing import TYPE_CHECKING, Any, Literal

import msgspec

from biodata.errors import BiodataError, SchemaError
from biodata.extras import needs
from biodata.receipts import Outcome, Receipt
from biodata.records.incoming import incoming
from biodata_gen3.parts import Gen3Part
from biodata_gen3.submission import Submission, counted_from

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator

    from biodata.records.types import Record
    from biodata.repository import OnRefused
    from biodata_gen3.catalog import Catalog

__all__ = ["Rows", "Submissions", "Waiting"]

Rows = list[tuple[int, "Record"]]
"""Records of one node type, each with its position in what was given."""

_SHEETS = frozenset({"csv", "tsv"})
_FAILED = frozenset({"refused", "not_sent", "unknown"})


class Submissions(Gen3Part):
    """The part of `connection.extras` that writes to several node types."""

    @needs("write")
    def submit(
        self,
        records: Any,
        *,
        method: Literal["add", "upsert"] = "upsert",
        on_refused: OnRefused = "stop",
        progress: Callable[[int], None] | None = None,
    ) -> Submission:
        """Write records of several node types, parents first.

        Args:
            records: each with its `type`, as the commons takes or exports them; or the path of a file of them (json,
                ndjson, tsv, csv).
            method: `add` for new ones only, `upsert` by key.
            on_refused: `stop` sends nothing after a refused record; `isolate` sends all others, but for those whose
                parent was refused or waits itself: they wait (`not_sent`, `BD-WRITE-PARENT`).
            progress: called with the number of records dealt with, after each batch.

        Raises:
            SchemaError: `BD-WRITE-INPUT`, a record without a type; nothing is sent.
            NotFound: `BD-NOT-FOUND-TABLE`, of a node type that is not there; nothing is sent.
            RemoteError: the way to the commons broke; `error.receipt` has what was done, of all node types.
        """
        waiting = Waiting(self._catalog())
        receipts: list[Receipt] = []
        for node, rows in self._by_type(records).items():
            held, sent = waiting.split(node, rows, all_wait=on_refused == "stop")
            told = counted_from(sum(map(len, receipts)) + len(held), progress)
            try:
                receipt = self._write(node, method, sent, on_refused=on_refused, progress=told)
            except BiodataError as error:
                done = _placed(method, node, error.receipt or (), held, sent)
                error.receipt = Receipt(method, node, tuple(one for some in (*receipts, done) for one in some))
                raise
            receipts.append(_placed(method, node, receipt, held, sent))
            waiting.note(receipts[-1])
        return Submission(tuple(receipts))

    def _write(self, node: str, method: str, rows: Rows, **options: Any) -> Receipt:
        if not rows:
            return Receipt(method, node)
        receipt: Receipt = getattr(self.connection[node], method)([record for _, record in rows], **options)
        return receipt

    # what is given -------------------------------------------------------------------------------------------------

    def _by_type(self, records: Any) -> dict[str, Rows]:
        """Node type to its records, parents first."""
        found: dict[str, Rows] = {}
        for row, record in enumerate(self._read(records)):
            node = record.get("type")
            if not isinstance(node, str) or not node:
                raise SchemaError(f"Row {row} has no type, so that its node type is not known", code="BD-WRITE-INPUT")
            given = self.connection.adapter.given(self.connection.schema(node), record)
            found.setdefault(node, []).append((row, given))
        return {node: found[node] for node in self._catalog().parents_first() if node in found}

    def _read(self, records: Any) -> Iterator[Record]:
        if not isinstance(records, str | PathLike):
            yield from incoming(records)
            return
        from biodata.records.files import format_of
        from biodata.records.readers import read_records

        kind = format_of(str(records))
        for record in read_records(str(records), kind):
            yield self._from_sheet(record) if kind in _SHEETS else record

    def _from_sheet(self, record: Record) -> Record:
        """A row of text cells with its values as the node type's."""
        from biodata.records.readers import from_text

        row = {name.removeprefix("*"): value for name, value in record.items()}
        return from_text(row, self.connection.schema(row["type"])) if row.get("type") else row


def _placed(method: str, node: str, outcomes: Iterable[Outcome], held: list[Outcome], sent: Rows) -> Receipt:
    """The receipt of a node type, each outcome with its record's position in all that was given."""
    placed = [msgspec.structs.replace(one, row=sent[one.row][0]) for one in outcomes]
    return Receipt(method, node, tuple(sorted([*held, *placed], key=lambda one: one.row)))


class Waiting:
    """Which records wait, because a parent of theirs did not get there."""

    def __init__(self, catalog: Catalog) -> None:
        self._catalog = catalog
        self._lost: set[tuple[str, Any]] = set()
        self._any = False

    def split(self, node: str, rows: Rows, *, all_wait: bool) -> tuple[list[Outcome], Rows]:
        """The outcomes of those that wait, and the others; after any failure all do where `all_wait`."""
        held: dict[int, Outcome] = {}
        found = True
        while found:  # a record may wait for another of its own node type, which comes later
            fresh = [one for one in self._orphans(node, rows) if one.row not in held]
            held |= {one.row: one for one in fresh}
            self._lost |= {(node, one.key) for one in fresh}
            found = bool(fresh)
        if all_wait and self._any:
            held = {row: Outcome(row, "not_sent", self._key(node, record)) for row, record in rows} | held
        return list(held.values()), [(row, record) for row, record in rows if row not in held]

    def _key(self, node: str, record: Record) -> Any:
        return record.get(self._catalog.types[node].key)

    def _orphans(self, node: str, rows: Rows) -> Iterator[Outcome]:
        for row, record in rows:
            parent = self._lost_parent(node, record)
            if parent is not None:
                why = f"its {parent} is not there: that was refused or held back"
                yield Outcome(row, "not_sent", self._key(node, record), code="BD-WRITE-PARENT", message=why)

    def _lost_parent(self, node: str, record: Record) -> str | None:
        for name, link in self._catalog.types[node].links.items():
            value = record.get(name)
            ends = value if isinstance(value, list) else [value]
            if any(isinstance(end, str) and (link.target, end) in self._lost for end in ends):
                return link.target
        return None

    def note(self, receipt: Receipt) -> None:
        """What did not get there."""
        failed = [one for one in receipt if one.status in _FAILED]
        self._lost |= {(receipt.table, one.key) for one in failed}
        self._any = self._any or bool(failed)
