"""What a step reads, sealed into the spool: a query on a table, or a SELECT over what is there already."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Protocol

from biodata.errors import BiodataError, ConfigError
from biodata.pipelines.rows import nested, no_rows
from biodata.pipelines.sources.select import Select
from biodata.pipelines.spec import Address, Extract

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping

    import pyarrow as pa

    from biodata.connection import Connection
    from biodata.pipelines.reports.progress import Progress
    from biodata.pipelines.runs.prepare import Work
    from biodata.pipelines.spec import SqlExtract, Step
    from biodata.pipelines.state.spool import Sealed, Spool
    from biodata.records.types import Key, Record

__all__ = ["Source", "located", "read_into", "source_of"]


@contextmanager
def located(file: str, line: int, step: str) -> Iterator[None]:
    """Errors raised inside say which line of the pipeline file they are about."""
    try:
        yield
    except BiodataError as error:
        error.message = f"{file}:{line}: step {step}: {error.message}"
        raise


class Source(Protocol):
    """Where a step's rows come from.

    Attributes:
        title: for people: `profile/table`, or which tables a SELECT names.
        where: the filter, where there is one.
        schema: the Arrow schema under which the step's expressions see the rows.
        waits: whether it reads what earlier steps make.
    """

    title: str
    where: str | None
    schema: pa.Schema
    waits: bool

    def count(self) -> int | None:
        """How many rows there are, where the source can be asked."""

    def key_of(self, record: Record) -> Key:
        """The record's key, None where there is none."""

    def batches(self, spool: Spool) -> Iterator[pa.RecordBatch]:
        """All rows, in constant memory."""


class TableSource:
    """A query on one table, bound; no record is asked for yet.

    Raises:
        NotFound: there is no such table.
        QueryError: the filter or a field does not fit the table.
    """

    waits = False

    def __init__(self, connection: Connection, extract: Extract) -> None:
        self.title, self.where = str(extract.source), extract.where
        self._result = connection[extract.source.table].query(extract.where, fields=extract.fields)
        self._countable = self._result.plan.residual is None and connection.adapter.has("count")
        self.schema = nested(no_rows(self._result.arrow_schema)).schema

    def count(self) -> int | None:
        return self._result.count() if self._countable else None

    def key_of(self, record: Record) -> Key:
        return self._result.query.schema.key_of(record)

    def batches(self, spool: Spool) -> Iterator[pa.RecordBatch]:  # noqa: ARG002 - the shape of a Source
        return map(nested, self._result.to_batches())


class SqlSource:
    """A SELECT, bound to the outputs of earlier steps and to tables of local profiles.

    Raises:
        ConfigError: `BD-PIPELINE-SQL`, a table that is no earlier step and not local.
        QueryError: the SELECT does not fit them.
    """

    where: str | None = None
    waits = True

    def __init__(
        self, step: Step, extract: SqlExtract, earlier: Mapping[str, Work], connections: Mapping[str, Connection]
    ) -> None:
        self.title = "SELECT over " + (", ".join(map(str, extract.tables)) or "nothing")
        self._step = step
        self._earlier = {name: _step_named(name, earlier) for name in extract.tables if isinstance(name, str)}
        self._tables = {
            address: TableSource(_local(connections[address.profile], address), Extract(address))
            for address in extract.tables
            if isinstance(address, Address)
        }
        schemas = {name: work.transform.schema for name, work in self._earlier.items()}
        self._select = Select(extract.sql, schemas | {at: source.schema for at, source in self._tables.items()})
        self.schema = self._select.schema

    def count(self) -> int | None:
        return None

    def key_of(self, record: Record) -> Key:  # noqa: ARG002 - the rows of a SELECT have none
        return None

    def batches(self, spool: Spool) -> Iterator[pa.RecordBatch]:
        rows: dict[str | Address, Sealed] = {name: work.passed for name, work in self._earlier.items()}
        for address, source in self._tables.items():
            rows[address] = _sealed(spool, f"{self._step.name}.{address.profile}.{address.table}", source, None)
        return self._select.batches(rows, spool.directory)


def source_of(step: Step, earlier: Mapping[str, Work], connections: Mapping[str, Connection]) -> Source:
    """The step's source, bound."""
    extract = step.extract
    if isinstance(extract, Extract):
        return TableSource(connections[extract.source.profile], extract)
    return SqlSource(step, extract, earlier, connections)


def read_into(spool: Spool, step: Step, source: Source, progress: Progress) -> Sealed:
    """Read everything that there is into the spool, in constant memory."""
    return _sealed(spool, f"{step.name}.read", source, progress)


def _sealed(spool: Spool, name: str, source: Source, progress: Progress | None) -> Sealed:
    with spool.writer(name, source.schema) as writer:
        for batch in source.batches(spool):
            writer.write(batch)
            if progress is not None:
                progress.advance(batch.num_rows)
        return writer.seal()


def _step_named(name: str, earlier: Mapping[str, Work]) -> Work:
    if name in earlier:
        return earlier[name]
    raise ConfigError(
        f"sql: there is no earlier step {name!r}; there is {', '.join(earlier) or 'none'}",
        code="BD-PIPELINE-SQL",
        hint="A table of a local profile is written profile.table",
    )


def _local(connection: Connection, address: Address) -> Connection:
    if connection.adapter.has("export"):
        return connection
    raise ConfigError(
        f"sql: {address} is on a server; a SELECT reads earlier steps and local tables",
        code="BD-PIPELINE-SQL",
        hint="Extract it in a step of its own first",
    )
