"""A SELECT over what earlier steps made and the tables of local profiles, bound."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.errors import ConfigError
from biodata.pipelines.rows import NUMBER, Rows, nested, no_rows
from biodata.pipelines.sources.select import Select
from biodata.pipelines.sources.table import counted
from biodata.pipelines.spec import Address

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from biodata.connection import Connection
    from biodata.pipelines.rows import Fault
    from biodata.pipelines.sources.base import Binding
    from biodata.pipelines.spec import SqlExtract
    from biodata.pipelines.state.spool import Sealed, Spool
    from biodata.records.types import Key, Record
    from biodata.results import Result

__all__ = ["SqlSource"]


class SqlSource:
    """A SELECT, bound to the outputs of earlier steps and to tables of local profiles.

    Raises:
        ConfigError: `BD-PIPELINE-SQL`, a table that is not local.
        QueryError: the SELECT does not fit them.
    """

    where: str | None = None
    waits = True
    unchanged = 0

    def __init__(self, binding: Binding, extract: SqlExtract) -> None:
        self.title = "SELECT over " + (", ".join(map(str, extract.tables)) or "nothing")
        self._step = binding.step.name
        self._earlier = {name: binding.earlier[name] for name in extract.tables if isinstance(name, str)}
        self._tables: dict[Address, Result] = {
            address: _local(binding.connections[address.profile], address)[address.table].query()
            for address in extract.tables
            if isinstance(address, Address)
        }
        schemas: dict[str | Address, pa.Schema] = {name: work.schema for name, work in self._earlier.items()}
        flat: dict[str | Address, pa.Schema] = {
            at: nested(no_rows(table.arrow_schema)).schema for at, table in self._tables.items()
        }
        self._select = Select(extract.sql, schemas | flat, binding.values)
        self.schema = self._select.schema
        self.notes: list[str] = []

    def count(self) -> int | None:
        return None

    def key_of(self, record: Record) -> Key:  # noqa: ARG002 - the rows of a SELECT have none
        return None

    def explain(self) -> str | None:
        return None

    def rows(self, spool: Spool) -> Iterator[Rows | Fault]:
        sealed: dict[str | Address, Sealed] = {name: work.passed for name, work in self._earlier.items()}
        for address, table in self._tables.items():
            sealed[address] = self._seal(spool, address, table)
        yield from counted(self._select.batches(sealed, spool.directory))

    def _seal(self, spool: Spool, address: Address, table: Result) -> Sealed:
        import pyarrow as pa

        schema = nested(no_rows(table.arrow_schema)).schema.append(pa.field(NUMBER, pa.int64()))
        with spool.writer(f"{self._step}.{address.profile}.{address.table}", schema) as writer:
            for rows in counted(map(nested, table.to_batches())):
                writer.write(rows.with_numbers())
            return writer.seal()

    def seen(self) -> dict[str, Any]:
        return {}


def _local(connection: Connection, address: Address) -> Connection:
    if connection.adapter.has("export"):
        return connection
    raise ConfigError(
        f"sql: {address} is on a server; a SELECT reads earlier steps and local tables",
        code="BD-PIPELINE-SQL",
        hint="Extract it in a step of its own first",
    )
