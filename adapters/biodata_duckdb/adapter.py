"""The adapter: it holds the open database and the tables' shapes, and delegates."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, ClassVar

from biodata.adapter import Adapter, Capabilities, Mark
from biodata_duckdb.settings import DuckdbSettings

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from contextlib import AbstractContextManager

    import pyarrow as pa

    from biodata.adapter import Compared, Context, Identity, Page, PageRequest, TableInfo, WriteBatch
    from biodata.query.grouping import Group
    from biodata.query.plan import Plan
    from biodata.query.pushdown import Pushdown
    from biodata.receipts import Outcome
    from biodata.records.types import Key, Path, Record, Schema
    from biodata_duckdb.database import Database
    from biodata_duckdb.schema import Table

__all__ = ["DuckdbAdapter"]

_BATCH = 10_000


class DuckdbAdapter(Adapter):
    """DuckDB in this process. A native query is a SQL condition on the table's columns."""

    platform: ClassVar[str] = "duckdb"
    Settings = DuckdbSettings
    capabilities: ClassVar[Capabilities] = Capabilities(
        transport="SQL pages by key, Arrow for frames",
        page_size=10_000,
        max_page_size=100_000,
        batch_size={"add": _BATCH, "update": _BATCH, "upsert": _BATCH, "delete": _BATCH},
        atomic_batches=True,
        upsert="native",
        native_query=True,
        list_modes=frozenset({"replace", "add", "remove"}),
        missing={
            "partitions": Mark("notyet", "DuckDB reads one scan with all cores"),
            "sandbox": Mark("never", "it is embedded and needs no server"),
        },
    )

    def __init__(self, database: Database, settings: DuckdbSettings, access: str) -> None:
        self._database = database
        self._settings = settings
        self._access = access
        self._tables: dict[str, Table] = {}

    @classmethod
    def open(cls, settings: Any, context: Context) -> DuckdbAdapter:
        """Make the adapter; the file is opened when it is first used."""
        from biodata_duckdb.database import Database

        return cls(Database(settings, context.access), settings, context.access)

    @classmethod
    def wrap(cls, client: Any) -> DuckdbSettings | None:
        """The file that an open DuckDB connection has; this process can use it beside that connection.

        Raises:
            ConfigError: `BD-CONFIG-CLIENT`, a database in memory belongs to its own connection.
        """
        from biodata_duckdb.extras import settings_of

        return settings_of(client)

    @property
    def host(self) -> str:
        """A file is here."""
        return "this computer"

    def tables(self) -> Sequence[TableInfo]:
        """The tables, with their numbers of records, and the views."""
        from biodata_duckdb.schema import list_tables

        with self._database.reading() as cursor:
            return list_tables(cursor)

    def schema(self, table: str, *, refresh: bool = False) -> Schema:
        """The table's shape."""
        return self._table(table, refresh=refresh).schema

    def pushdown(self, schema: Schema) -> Pushdown:  # noqa: ARG002 - every table can do the same
        """Nearly everything is exact."""
        from biodata_duckdb.query import PUSHDOWN

        return PUSHDOWN

    def requests(self, plan: Plan, after: Page | None = None) -> Sequence[PageRequest]:
        """The next page, after the last key of the one before."""
        from biodata_duckdb.read import requests

        return requests(self._table, plan, after)

    def page(self, plan: Plan, request: PageRequest) -> Page:
        """One page."""
        from biodata_duckdb.read import page

        return page(self._database, plan, request)

    def fetch(self, schema: Schema, keys: Sequence[Key], fields: Sequence[str]) -> Iterable[Record]:
        """Records by key."""
        from biodata_duckdb.read import fetch

        return fetch(self._database, self._table(schema.table), keys, fields)

    def compare(self, schema: Schema, records: Sequence[Record]) -> Sequence[Compared]:
        """By DuckDB's own comparison."""
        from biodata_duckdb.compare import compare

        return compare(
            self._database, self._table(schema.table), records, lambda keys, names: self.fetch(schema, keys, names)
        )

    def write(self, batch: WriteBatch) -> Sequence[Outcome]:
        """One batch in one transaction."""
        from biodata_duckdb.write import write

        table = self._table(batch.schema.table)
        return write(self._database, table, batch, lambda keys, fields: self.fetch(table.schema, keys, fields))

    def count(self, plan: Plan) -> int:
        """The number of records."""
        from biodata_duckdb.read import count

        return count(self._database, self._table, plan)

    def aggregate(self, plan: Plan, paths: Sequence[Path]) -> PageRequest:
        """GROUP BY."""
        from biodata_duckdb.aggregate import request

        return request(self._table, plan, paths, counted=True)

    def distinct(self, plan: Plan, path: Path) -> PageRequest:
        """SELECT DISTINCT."""
        from biodata_duckdb.aggregate import request

        return request(self._table, plan, [path], counted=False)

    def groups(self, plan: Plan, request: PageRequest) -> Sequence[Group]:
        """Send one of them."""
        from biodata_duckdb.aggregate import groups

        return groups(self._database, plan, request)

    def ensure(self, schema: Schema) -> None:
        """Make the table."""
        from biodata_duckdb.extras import ensure

        ensure(self._database, schema)
        self._tables.pop(schema.table, None)

    def would_make(self, schema: Schema) -> bool:
        """Tried beside the file, which is only looked at."""
        from biodata_duckdb.extras import would_make

        return would_make(self._database, schema)

    def drop(self, table: str) -> None:
        """Remove the table."""
        from biodata_duckdb.extras import drop

        drop(self._database, self._table(table, refresh=True))
        self._tables.pop(table, None)

    def delete_all(self, schema: Schema) -> int | None:
        """Empty the table."""
        from biodata_duckdb.extras import delete_all

        return delete_all(self._database, self._table(schema.table))

    def transaction(self) -> AbstractContextManager[None]:
        """All writes inside happen, or none does; a table made inside goes again too."""
        return self._within()

    def export(self, plan: Plan) -> Iterator[pa.RecordBatch]:
        """The whole scan from one snapshot."""
        from biodata_duckdb.read import export

        return export(self._database, self._table, plan)

    @property
    def client(self) -> Any:
        """DuckDB's own connection; inside a transaction, the transaction's.

        Raises:
            PermissionDenied: `BD-ACCESS`, SQL cannot be held to this access level.
        """
        from biodata.errors import PermissionDenied

        root = self._database.root
        if self._access == "delete" or self._database.read_only:
            return root
        raise PermissionDenied(
            f"SQL cannot be held to access '{self._access}'",
            code="BD-ACCESS",
            hint="Use access: delete; or read, while nothing else has the file open for writing",
        )

    def identity(self) -> Identity:
        """The library and the file."""
        from biodata_duckdb.extras import identity

        return identity(self._database, self._settings, self._access)

    def close(self) -> None:
        """Close the file."""
        self._database.close()
        self._tables.clear()

    @contextmanager
    def _within(self) -> Iterator[None]:
        try:
            with self._database.transaction():
                yield
        except BaseException:
            self._tables.clear()
            raise

    def _table(self, name: str, *, refresh: bool = False) -> Table:
        from biodata_duckdb.schema import read_table

        if refresh or name not in self._tables:
            with self._database.reading() as cursor:
                self._tables[name] = read_table(cursor, name)
        return self._tables[name]
