"""Whole rows on `connection.extras`: the server's own PUT, which empties what a record does not have (h1)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.extras import Extras, needs
from biodata.http import Request
from biodata.receipts import Outcome
from biodata.records.uploads import brings_file
from biodata.repository import Repository
from biodata_molgenis.adapter import MolgenisAdapter
from biodata_molgenis.encode import entity
from biodata_molgenis.refusals import send
from biodata_molgenis.server import table_path
from biodata_molgenis.uploads import update_request

if TYPE_CHECKING:
    from biodata.adapter import WriteBatch
    from biodata.receipts import Receipt
    from biodata.records.types import Schema
    from biodata.repository import OnRefused

__all__ = ["Replace"]


class Replace(Extras):
    """The part of `connection.extras` that replaces rows."""

    @needs("write")
    def replace(self, table: str, records: Any, *, on_refused: OnRefused = "stop", dry_run: bool = False) -> Receipt:
        """Put whole records in the place of those with their keys, 1000 a request (protocols/molgenis.md, b1).

        A field that a record does not have becomes its default or null, a file too unless it is named:
        `update` leaves such fields as they are.

        Args:
            table: its name.
            records: as for `add`, each with its key.
            on_refused: as for `add`.
            dry_run: as for `add`.
        """
        from biodata.writing import write

        return write(_WholeRows(self.connection, table), "update", records, on_refused=on_refused, dry_run=dry_run)


class _WholeRows(Repository):
    """A table whose updates replace records."""

    @property
    def adapter(self) -> _Replacing:
        adapter = super().adapter
        assert isinstance(adapter, MolgenisAdapter)  # noqa: S101 - these extras are that adapter's
        return _Replacing(adapter)


class _Replacing(MolgenisAdapter):
    """An adapter that sends each update as the row that it is."""

    def __init__(self, adapter: MolgenisAdapter) -> None:
        self.__dict__.update(vars(adapter))

    def schema(self, table: str, *, refresh: bool = False) -> Schema:
        """With read-only fields as others: a record keeps their values only by having them, and the server judges."""
        schema = super().schema(table, refresh=refresh)
        fields = tuple(msgspec.structs.replace(field, read_only=False) for field in schema)
        return msgspec.structs.replace(schema, fields=fields)

    def write(self, batch: WriteBatch) -> list[Outcome]:
        """Send a batch."""
        send(self._session, _request(batch), batch.schema, batch.records)
        return [Outcome(row, "updated", batch.key(index)) for index, row in enumerate(batch.rows)]


def _request(batch: WriteBatch) -> Request:
    if brings_file(batch.schema, batch.records[0]):
        return update_request(batch.schema, batch.records[0])
    entities = [entity(batch.schema, record) for record in batch.records]
    return Request.json("PUT", table_path("v2", batch.schema.table), {"entities": entities})
