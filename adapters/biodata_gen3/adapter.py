"""The adapter: it holds the session and the dictionary, and delegates."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, ClassVar

from biodata.adapter import Adapter, Capabilities, Mark
from biodata_gen3.settings import Gen3Settings

if TYPE_CHECKING:
    from collections.abc import Collection, Iterable, Mapping, Sequence

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
    from biodata_gen3.auth import Login
    from biodata_gen3.catalog import Catalog
    from biodata_gen3.search.server import Accessibility
    from biodata_gen3.server import Project

__all__ = ["Gen3Adapter"]

_BATCH = 100


class Gen3Adapter(Adapter):
    """One project of a Gen3 data commons: sheepdog for writing, peregrine and exports for reading."""

    platform: ClassVar[str] = "gen3"
    Settings = Gen3Settings
    capabilities: ClassVar[Capabilities] = Capabilities(
        transport="GraphQL pages by offset, a whole node as one JSON export",
        page_size=1000,
        max_page_size=1000,
        max_in_flight=3,
        batch_size={"add": _BATCH, "update": _BATCH, "upsert": _BATCH, "delete": _BATCH},
        atomic_batches=True,
        upsert="native",
        native_query=False,
        missing={
            "ensure": Mark("never", "node types come from the commons' data dictionary, which its operators load"),
            "drop": Mark("never", "node types come from the commons' data dictionary"),
            "transaction": Mark("never", "each request is a transaction of its own, and nothing spans two"),
            "partitions": Mark("notyet", "a scan can be cut by offsets"),
            "export": Mark("notyet", "whole scans go through the node's export already, as records"),
        },
    )

    def __init__(self, session: HttpSession, project: Project, login: Login | None, access: Access) -> None:
        from biodata_gen3.read import Reader
        from biodata_gen3.rights import Rights
        from biodata_gen3.write import Writer

        self._session = session
        self._project = project
        self._login = login
        self._access = access
        self._rights = Rights(session, project)
        self._reader = Reader(session, project, self._rights)
        self._writer = Writer(session, project, self._reader)
        self._lock = threading.Lock()
        self._catalog: Catalog | None = None
        self._schemas: dict[str, Schema] = {}
        self._graph: Any = None
        self._searches: dict[str, Adapter] = {}

    @classmethod
    def open(cls, settings: Any, context: Context) -> Gen3Adapter:
        """Make the adapter; reads the credentials and sends nothing.

        Raises:
            ConfigError: `BD-CONFIG-LOGIN`, `BD-CONFIG-FILE`.
        """
        from biodata_gen3.logins import log_in
        from biodata_gen3.server import Project

        session, login = log_in(settings, context)
        return cls(session, Project(settings.program, settings.project), login, context.access)

    @property
    def host(self) -> str:
        """The server's."""
        return self._session.host

    def tables(self) -> Sequence[TableInfo]:
        """The node types of the dictionary."""
        from biodata_gen3.schema import list_tables

        return list_tables(self.catalog())

    def schema(self, table: str, *, refresh: bool = False) -> Schema:
        """The table's shape."""
        from biodata_gen3.schema import make_schema, node_type

        catalog = self.catalog(refresh=refresh)
        if table not in self._schemas:
            self._schemas[table] = make_schema(node_type(catalog, table))
        return self._schemas[table]

    def catalog(self, *, refresh: bool = False) -> Catalog:
        """The data dictionary, asked for once."""
        from biodata_gen3.catalog import read_catalog

        with self._lock:
            if self._catalog is None or refresh:
                self._catalog = read_catalog(self._session)
                self._schemas, self._graph = {}, None
            return self._catalog

    def pushdown(self, schema: Schema) -> Pushdown:
        """What peregrine's arguments can do."""
        from biodata_gen3.query import pushdown

        return pushdown(schema)

    def requests(self, plan: Plan, after: Page | None = None) -> Sequence[PageRequest]:
        """One export, or the first page and after it all the others."""
        return self._reader.requests(plan, after)

    def page(self, plan: Plan, request: PageRequest) -> Page:
        """One page."""
        return self._reader.page(plan, request)

    def fetch(self, schema: Schema, keys: Sequence[Key], fields: Sequence[str]) -> Iterable[Record]:
        """Records by key, 500 a request."""
        return self._reader.fetch(schema, keys, fields)

    def given(self, schema: Schema, record: Record) -> Record:
        """A row of a submission's sheet, or a document as the commons takes and exports them, as a record."""
        from biodata_gen3.documents import as_record

        return as_record(schema, record, self._project)

    def compared(self, schema: Schema, record: Record, stored: Record | None) -> Compared:
        """Links are told that a PUT cannot change."""
        from biodata_gen3.compare import compared

        return compared(schema, record, stored)

    def write(self, batch: WriteBatch) -> Sequence[Outcome]:
        """One batch of at most 100."""
        from biodata_gen3.schema import node_type

        return self._writer.write(batch, node_type(self.catalog(), batch.schema.table))

    def count(self, plan: Plan) -> int:
        """Peregrine's own count."""
        return self._reader.count(plan)

    def counts(self, tables: Sequence[str]) -> Mapping[str, int]:
        """The records of each node type, in one document."""
        from biodata_gen3.counts import counts

        return counts(self._session, self._project, self._rights, tables)

    def aggregate(self, plan: Plan, paths: Sequence[Path]) -> PageRequest | None:
        """One count for each value of an enum or a boolean, in one document."""
        from biodata_gen3.aggregate import request

        return request(self._project, plan, paths)

    def distinct(self, plan: Plan, path: Path) -> PageRequest | None:
        """The same: a value that is counted more than zero times is there."""
        return self.aggregate(plan, [path])

    def groups(self, plan: Plan, request: PageRequest) -> Sequence[Group] | None:
        """Send one of them."""
        from biodata_gen3.aggregate import groups

        return groups(self._session, self._rights, plan, request)

    def identity(self) -> Identity:
        """User, rights, and how long token and key will live."""
        from biodata_gen3.extras import identity

        return identity(self._session, self._project, self._rights, self._login)

    def graphql(self, query: str, variables: Mapping[str, Any] | None = None) -> Any:
        """The data of a query of the user's own, checked against the commons' schema before it is sent.

        Raises:
            QueryError: `BD-QUERY-GRAPHQL`, it does not fit the schema; `BD-QUERY-REFUSED`, in the server's words.
        """
        from biodata.errors import Unsupported

        try:
            from biodata_gen3.graphql import execute, read_schema
        except ImportError:
            raise Unsupported(
                "gql is not installed", code="BD-UNSUPPORTED-PART", hint="pip install 'biodata-access[gen3]'"
            ) from None
        with self._lock:
            if self._graph is None:
                self._graph = read_schema(self._session)
            schema = self._graph
        return execute(self._session, schema, query, variables)

    def check_rights(self, schema: Schema, verbs: Collection[str]) -> None:  # noqa: ARG002 - the contract's shape
        """Rights are on the project."""
        self._rights.check_write(verbs)

    def extras(self, connection: Connection) -> Extras:
        """Exports, submissions of several node types, programs and projects."""
        from biodata_gen3.extras import Gen3Extras

        return Gen3Extras(connection, self._session, self._project, self._reader, self.catalog)

    def search(self, accessibility: Accessibility = "accessible") -> Adapter:
        """The indices of the commons' search service."""
        from biodata_gen3.search import SearchAdapter

        with self._lock:
            if accessibility not in self._searches:
                self._searches[accessibility] = SearchAdapter(self._session, self.identity, accessibility)
            return self._searches[accessibility]

    @property
    def client(self) -> Any:
        """The gen3 SDK's classes with our tokens, held to the profile's access."""
        from biodata.errors import Unsupported

        try:
            from biodata_gen3.client import Gen3Client, SourceAuth
        except ImportError:
            raise Unsupported(
                "The gen3 SDK is not installed",
                code="BD-UNSUPPORTED-PART",
                hint="pip install 'biodata-access[gen3-client]'",
            ) from None
        source = self._session.auth
        assert source is not None  # noqa: S101 - `open` gives every session one
        return Gen3Client(SourceAuth(self._session.base_url, source, self._access))

    @classmethod
    def sandbox(cls) -> type[Any] | None:
        """The sandbox of this platform."""
        from biodata_gen3.sandbox import Gen3Sandbox

        server: type[Any] = Gen3Sandbox
        return server

    def close(self) -> None:
        """Close the idle connections."""
        self._session.close()
