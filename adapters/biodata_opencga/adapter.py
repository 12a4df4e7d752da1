"""The adapter: it holds the session and delegates."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, ClassVar

from biodata.adapter import Adapter, Capabilities, Mark
from biodata_opencga.settings import OpencgaSettings, check_login, server_root

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from biodata.adapter import Compared, Context, Identity, Page, PageRequest, TableInfo, WriteBatch
    from biodata.connection import Connection
    from biodata.extras import Extras
    from biodata.http import HttpSession
    from biodata.query.grouping import Group
    from biodata.query.plan import Plan
    from biodata.query.pushdown import Pushdown
    from biodata.receipts import Outcome
    from biodata.records.types import Key, Path, Record, Schema
    from biodata_opencga.schema import Schemas

__all__ = ["OpencgaAdapter"]


class OpencgaAdapter(Adapter):
    """The catalogue of an OpenCGA server, through REST v2; made for 3.4 to 5.0."""

    platform: ClassVar[str] = "opencga"
    Settings = OpencgaSettings
    compared_with: ClassVar[Mapping[str, str]] = {"annotations": "annotationSets"}
    capabilities: ClassVar[Capabilities] = Capabilities(
        transport="JSON pages over HTTP, by offset",
        page_size=1000,
        max_page_size=5000,
        max_in_flight=3,
        batch_size={"add": 1, "update": 100, "upsert": 100, "delete": 100},
        atomic_batches=False,
        upsert="composed",
        list_modes=frozenset({"replace", "add", "remove"}),
        missing={
            "aggregate": Mark(
                "notyet", "versions 3.0 to 4.0 have no aggregationStats; elsewhere it gives trees of its own"
            ),
            "ensure": Mark("never", "the tables are the server's own resources"),
            "drop": Mark("never", "the tables are the server's own resources"),
            "transaction": Mark("never", "each request is by itself, and one of several ids may be half done"),
            "partitions": Mark("notyet", "a scan can be cut by offsets"),
            "export": Mark("never", "the server exports variants, and no records of its catalogue"),
        },
    )

    def __init__(self, session: HttpSession, settings: OpencgaSettings, host: str, context: Context) -> None:
        self._session = session
        self._settings = settings
        self._host = host
        self._access = context.access
        self._profile = context.profile
        self._client: Any = None
        self._schemas: Schemas | None = None

    @classmethod
    def open(cls, settings: Any, context: Context) -> OpencgaAdapter:
        """Make the adapter; sends nothing.

        Raises:
            ConfigError: `BD-CONFIG-LOGIN`, or the keys name no server.
        """
        from biodata.http import HttpSession, Timeouts
        from biodata_opencga.auth import classify, token_source

        check_login(settings)
        host = server_root(settings)
        bare = HttpSession(
            f"{host}/webservices/rest/v2/",
            timeouts=Timeouts() if settings.timeout is None else Timeouts(read=settings.timeout),
            proxy=settings.proxy,
            ca_bundle=settings.ca_bundle,
            on_exchange=context.on_exchange,
        )
        return cls(bare.with_auth(token_source(bare, settings), classify), settings, host, context)

    @classmethod
    def wrap(cls, client: Any) -> OpencgaSettings | None:
        """The settings of an open OpencgaClient: its server and its token."""
        if type(client).__name__ != "OpencgaClient" or not getattr(client, "token", None):
            return None
        from biodata.config.settings import settings_from_values

        return settings_from_values(OpencgaSettings, {"url": client.configuration.host, "token": client.token})

    @property
    def host(self) -> str:
        """The server's."""
        return self._session.host

    def tables(self) -> Sequence[TableInfo]:
        """The resources of the study, and what is around it."""
        from biodata_opencga.schema import list_tables

        return list_tables()

    def schema(self, table: str, *, refresh: bool = False) -> Schema:
        """The table's shape; `organization@project:study/samples` is that of another study than the profile's."""
        if self._schemas is None:
            from biodata_opencga.schema import Schemas

            self._schemas = Schemas(self._session, self._settings.study)
        return self._schemas.of(table, refresh=refresh)

    def _study(self, schema: Schema) -> str | None:
        from biodata_opencga.tables import placed

        return placed(schema.table)[0] or self._settings.study

    def pushdown(self, schema: Schema) -> Pushdown:
        """What the parameters of the search can do."""
        from biodata_opencga.query import pushdown

        return pushdown(schema)

    def page_size(self, plan: Plan) -> int:
        """As many as the server gives where only some fields are asked for; fewer whole records."""
        return self.capabilities.page_size if plan.query.fields is None else self.capabilities.max_page_size

    def requests(self, plan: Plan, after: Page | None = None) -> Sequence[PageRequest]:
        """The first page; after it, all the others."""
        from biodata_opencga.read import requests

        return requests(plan, self._study(plan.schema), after)

    def page(self, plan: Plan, request: PageRequest) -> Page:
        """One page."""
        from biodata_opencga.read import page

        return page(self._session, plan, request)

    def fetch(self, schema: Schema, keys: Sequence[Key], fields: Sequence[str]) -> Iterable[Record]:
        """Records by key, 100 a request."""
        from biodata_opencga.read import fetch

        return fetch(self._session, self._study(schema), schema, keys, fields)

    def compared(self, schema: Schema, record: Record, stored: Record | None) -> Compared:
        """Nulls and blanks within a value are no difference."""
        from biodata_opencga.compare import compared

        return compared(schema, record, stored)

    def write(self, batch: WriteBatch) -> Sequence[Outcome]:
        """One record to add, or up to 100 to update or delete."""
        from biodata_opencga.write import write

        return write(self._session, self._study(batch.schema), batch)

    def count(self, plan: Plan) -> int:
        """The server's own count."""
        from biodata_opencga.read import count

        return count(self._session, self._study(plan.schema), plan)

    def distinct(self, plan: Plan, path: Path) -> PageRequest | None:
        """The server's own `distinct`."""
        from biodata_opencga.aggregate import request

        return request(plan, self._study(plan.schema), path)

    def groups(self, plan: Plan, request: PageRequest) -> Sequence[Group]:
        """Send it."""
        from biodata_opencga.aggregate import groups

        return groups(self._session, plan, request)

    def identity(self) -> Identity:
        """Server, user and rights."""
        from biodata_opencga.extras import identity

        return identity(self._session, self._settings)

    def extras(self, connection: Connection) -> Extras:
        """Permissions, groups, annotation sets, files, jobs."""
        from biodata_opencga.extras import OpencgaExtras

        return OpencgaExtras(connection, self._session, self._settings.study)

    @property
    def client(self) -> Any:
        """Pyopencga's OpencgaClient on our session."""
        if self._client is None:
            from biodata_opencga.client import official_client

            self._client = official_client(self._session, self._host, self._access, self._profile)
        return self._client

    @classmethod
    def sandbox(cls) -> type[Any] | None:
        """The sandbox of this platform."""
        from biodata_opencga.sandbox import OpencgaSandbox

        server: type[Any] = OpencgaSandbox
        return server

    def close(self) -> None:
        """Close the idle connections."""
        self._session.close()
