"""The adapter: it holds the session and the schemas, and delegates."""

from __future__ import annotations

from functools import cached_property
from typing import TYPE_CHECKING, Any, ClassVar

from biodata.adapter import Adapter, Capabilities, Mark
from biodata_molgenis.old_names import OLD_NAMES
from biodata_molgenis.settings import MolgenisSettings, check_login, server_root

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from biodata.adapter import Compared, Context, Identity, Page, PageRequest, TableInfo, WriteBatch
    from biodata.config.profiles import Access
    from biodata.connection import Connection
    from biodata.extras import Extras
    from biodata.http import HttpSession
    from biodata.query.grouping import Group
    from biodata.query.plan import Plan
    from biodata.query.pushdown import Pushdown
    from biodata.receipts import Outcome
    from biodata.records.types import Key, Path, Record, Schema
    from biodata_molgenis.auth import Login

__all__ = ["MolgenisAdapter"]

_BATCH = 1000


class MolgenisAdapter(Adapter):
    """MOLGENIS, the classic server, through REST v2 where it can, v1 and v3 where they can more."""

    platform: ClassVar[str] = "molgenis"
    Settings = MolgenisSettings
    old_names = OLD_NAMES
    capabilities: ClassVar[Capabilities] = Capabilities(
        transport="JSON pages over HTTP, by offset",
        page_size=1000,
        max_page_size=10_000,
        max_in_flight=3,
        batch_size={"add": _BATCH, "update": _BATCH, "upsert": _BATCH, "delete": _BATCH},
        atomic_batches=True,
        upsert="composed",
        native_query=True,
        list_modes=frozenset({"replace", "add", "remove"}),
        missing={
            "transaction": Mark("never", "each batch is a transaction of its own, and nothing spans two requests"),
            "partitions": Mark("notyet", "a scan can be cut by offsets"),
            "export": Mark(
                "notimpl", "the server's CSV says no total, ends at 10 000 records, and reads slower than JSON"
            ),
        },
    )

    def __init__(
        self, session: HttpSession, settings: MolgenisSettings, login: Login | None, access: Access = "read"
    ) -> None:
        self._session = session
        self._access = access
        self._settings = settings
        self._login = login
        self._schemas: dict[str, Schema] = {}

    @classmethod
    def open(cls, settings: Any, context: Context) -> MolgenisAdapter:
        """Make the adapter; sends nothing.

        Raises:
            ConfigError: `BD-CONFIG-LOGIN`.
        """
        from biodata.http import HttpSession, Timeouts
        from biodata_molgenis.auth import Gate, token_source

        check_login(settings)
        bare = HttpSession(
            server_root(settings.url),
            timeouts=Timeouts() if settings.timeout is None else Timeouts(read=settings.timeout),
            proxy=settings.proxy,
            ca_bundle=settings.ca_bundle,
            on_exchange=context.on_exchange,
        )
        source, login = token_source(bare, settings)
        return cls(bare.with_auth(source, Gate(bare, source).classify), settings, login, context.access)

    @classmethod
    def wrap(cls, client: Any) -> MolgenisSettings | None:
        """The settings of an open `molgenis.client.Session`."""
        from biodata_molgenis.client import settings_of

        return settings_of(client)

    @property
    def host(self) -> str:
        """The server's."""
        return self._session.host

    def tables(self) -> Sequence[TableInfo]:
        """The tables that this user may see, without the server's own."""
        from biodata_molgenis.schema import list_tables

        return list_tables(self._session)

    def schema(self, table: str, *, refresh: bool = False) -> Schema:
        """The table's shape."""
        from biodata_molgenis.schema import read_schema

        if refresh or table not in self._schemas:
            self._schemas[table] = read_schema(self._session, table)
        return self._schemas[table]

    def pushdown(self, schema: Schema) -> Pushdown:
        """What RSQL and v1's rules can do."""
        from biodata_molgenis.query import pushdown

        return pushdown(schema)

    def page_size(self, plan: Plan) -> int:
        """Fewer records where they are wide."""
        from biodata_molgenis import read

        return read.page_size(plan)

    def requests(self, plan: Plan, after: Page | None = None) -> Sequence[PageRequest]:
        """The first page; after it, all the others."""
        from biodata_molgenis.read import requests

        return requests(plan, after)

    def page(self, plan: Plan, request: PageRequest) -> Page:
        """One page."""
        from biodata_molgenis.read import page

        return page(self._session, plan, request)

    def fetch(self, schema: Schema, keys: Sequence[Key], fields: Sequence[str]) -> Iterable[Record]:
        """Records by key, 500 a request."""
        from biodata_molgenis.read import fetch

        return fetch(self._session, schema, keys, fields)

    def compared(self, schema: Schema, record: Record, stored: Record | None) -> Compared:
        """What the server keeps as it is, an empty text as null, is the same."""
        from biodata_molgenis.compare import compared

        return compared(schema, record, stored)

    def write(self, batch: WriteBatch) -> Sequence[Outcome]:
        """One batch of at most 1000."""
        from biodata_molgenis.write import write

        return write(self._session, batch)

    def count(self, plan: Plan) -> int:
        """The server's own count."""
        from biodata_molgenis.read import count

        return count(self._session, plan)

    def aggregate(self, plan: Plan, paths: Sequence[Path]) -> PageRequest | None:
        """The server's aggregates, of the whole table and one or two fields."""
        from biodata_molgenis.aggregate import request

        return request(plan, paths)

    def distinct(self, plan: Plan, path: Path) -> PageRequest | None:
        """The labels of the same."""
        return self.aggregate(plan, [path])

    def groups(self, plan: Plan, request: PageRequest) -> Sequence[Group] | None:
        """Send one of them."""
        from biodata_molgenis.aggregate import groups

        return groups(self._session, plan, request)

    def ensure(self, schema: Schema) -> None:
        """Make the table by the importer.

        Raises:
            SchemaError: another shape is there, or the server cannot have this one.
            PermissionDenied: this user may not make it.
        """
        from biodata_molgenis.emx import same_shape
        from biodata_molgenis.extras import create_table

        if self.would_make(schema):
            create_table(self._session, schema, limit=self._settings.import_timeout)
            same_shape(schema, self._made(schema.table))

    def would_make(self, schema: Schema) -> bool:
        """By the server's rules for names and types, and what it tells of rights."""
        from biodata.errors import NotFound
        from biodata_molgenis.emx import same_shape
        from biodata_molgenis.making import check_table

        try:
            there = self.schema(schema.table, refresh=True)
        except NotFound:
            check_table(self._session, schema)
            return True
        same_shape(schema, there)
        return False

    def _made(self, table: str) -> Schema:
        from biodata.errors import NotFound, SchemaError

        try:
            return self.schema(table, refresh=True)
        except NotFound:
            raise SchemaError(
                "The server took the table and gave it another name",
                code="BD-SCHEMA-NAME",
                table=table,
                hint="Name it with a package in front, like base_samples; see the list of tables",
            ) from None

    def drop(self, table: str) -> None:
        """Remove the table."""
        from biodata_molgenis.extras import drop

        drop(self._session, table)
        self._schemas.pop(table, None)

    def delete_all(self, schema: Schema) -> int | None:
        """Empty the table by one request."""
        from biodata_molgenis.extras import delete_all

        return delete_all(self._session, schema.table)

    def extras(self, connection: Connection) -> Extras:
        """Imports, files, whole rows, copies and the metadata API."""
        from biodata_molgenis.extras import MolgenisExtras

        return MolgenisExtras(connection, self._session, self._settings.import_timeout)

    @cached_property
    def client(self) -> Any:
        """molgenis-py-client's Session, on our session and held to the profile's access."""
        from biodata_molgenis.client import official_client

        return official_client(self._session, self._access, self._settings.import_timeout)

    def identity(self) -> Identity:
        """Server, user and rights."""
        from biodata_molgenis.extras import identity

        return identity(self._session, self._login)

    @classmethod
    def sandbox(cls) -> type[Any] | None:
        """The sandbox of this platform."""
        from biodata_molgenis.sandbox import MolgenisSandbox

        server: type[Any] = MolgenisSandbox
        return server

    def close(self) -> None:
        """Close the idle connections."""
        self._session.close()
