"""The adapter of the search indices: read-only, over the whole commons rather than one project."""

from __future__ import annotations

import threading
from typing import TYPE_CHECKING, Any, ClassVar

from biodata.adapter import Adapter, Capabilities, Identity, Mark
from biodata.errors import Unsupported
from biodata_gen3.settings import Gen3Settings

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping, Sequence

    from biodata.adapter import Context, Page, PageRequest, TableInfo, WriteBatch
    from biodata.http import HttpSession
    from biodata.query.grouping import Group
    from biodata.query.plan import Plan
    from biodata.query.pushdown import Pushdown
    from biodata.receipts import Outcome
    from biodata.records.types import Key, Path, Record, Schema
    from biodata_gen3.search.server import Accessibility

__all__ = ["SearchAdapter"]

_READ_ONLY = Mark("never", "search indices are filled from the graph by the commons")


class SearchAdapter(Adapter):
    """Guppy's indices as tables; the session is the commons' own and is not closed here."""

    platform: ClassVar[str] = "gen3"
    Settings = Gen3Settings
    capabilities: ClassVar[Capabilities] = Capabilities(
        transport="pages of the search service, a download beyond 10,000 rows",
        page_size=1000,
        max_page_size=10_000,
        missing={
            "ensure": _READ_ONLY,
            "drop": _READ_ONLY,
            "transaction": _READ_ONLY,
            "partitions": Mark("never", "a download gives everything at once"),
            "export": Mark("notyet", "whole scans are one download already, as records"),
            "client": Mark("never", "connection.client.query of the commons is the SDK's"),
            "sandbox": Mark("never", "the commons' sandbox has it"),
        },
    )

    def __init__(
        self, session: HttpSession, who: Callable[[], Identity], accessibility: Accessibility = "accessible"
    ) -> None:
        from biodata_gen3.search.read import SearchReader
        from biodata_gen3.search.server import Guppy

        self._who = who
        self._session = session
        self._guppy = Guppy(session, accessibility)
        self.reader = SearchReader(self._guppy)
        self._lock = threading.Lock()
        self._schemas: Mapping[str, Schema] | None = None

    @classmethod
    def open(cls, settings: Any, context: Context) -> Adapter:
        """The search of the commons that the settings name."""
        from biodata_gen3.adapter import Gen3Adapter

        return Gen3Adapter.open(settings, context).search()

    @property
    def host(self) -> str:
        """The commons'."""
        return self._session.host

    def _indices(self, *, refresh: bool = False) -> Mapping[str, Schema]:
        from biodata_gen3.search.schema import read_indices

        with self._lock:
            if self._schemas is None or refresh:
                self._schemas = read_indices(self._guppy)
            return self._schemas

    def tables(self) -> Sequence[TableInfo]:
        """The indices."""
        from biodata_gen3.search.schema import list_tables

        return list_tables(self._indices())

    def schema(self, table: str, *, refresh: bool = False) -> Schema:
        """The fields of an index."""
        from biodata_gen3.search.schema import schema_named

        return schema_named(self._indices(refresh=refresh), table)

    def pushdown(self, schema: Schema) -> Pushdown:  # noqa: ARG002 - the same for all
        """What Guppy's filters can do."""
        from biodata_gen3.search.query import PUSHDOWN

        return PUSHDOWN

    def requests(self, plan: Plan, after: Page | None = None) -> Sequence[PageRequest]:
        """Page after page, or one download."""
        return self.reader.requests(plan, after)

    def page(self, plan: Plan, request: PageRequest) -> Page:
        """One of them."""
        return self.reader.page(plan, request)

    def fetch(self, schema: Schema, keys: Sequence[Key], fields: Sequence[str]) -> Iterable[Record]:
        """Records by key, 500 a request."""
        return self.reader.fetch(schema, keys, fields)

    def write(self, batch: WriteBatch) -> Sequence[Outcome]:
        """Nothing can be written."""
        raise Unsupported("A search index cannot be written", table=batch.schema.table, hint=_READ_ONLY.reason)

    def count(self, plan: Plan) -> int:
        """Guppy's own count."""
        from biodata_gen3.search.query import filter_of

        return 0 if plan.limit == 0 else self.reader.number(plan.schema, filter_of(plan.schema, plan.pushed), plan)

    def aggregate(self, plan: Plan, paths: Sequence[Path]) -> PageRequest | None:
        """A histogram of one text field."""
        from biodata_gen3.search.aggregate import request

        return request(self.reader, plan, paths)

    def distinct(self, plan: Plan, path: Path) -> PageRequest | None:
        """The same."""
        return self.aggregate(plan, [path])

    def groups(self, plan: Plan, request: PageRequest) -> Sequence[Group] | None:
        """Send it."""
        from biodata_gen3.search.aggregate import groups

        return groups(self.reader, plan, request)

    def identity(self) -> Identity:
        """As the commons says."""
        return self._who()
