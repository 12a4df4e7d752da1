"""Connection: an opened profile. It lists tables and gives repositories."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any, Self

from biodata.errors import BiodataError, ConfigError, Unsupported
from biodata.references import References
from biodata.repository import Repository
from biodata.spelling import no_attribute

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator
    from contextlib import AbstractContextManager
    from pathlib import Path
    from types import TracebackType

    from biodata.adapter import Adapter, Identity, TableInfo
    from biodata.config.flow import MayFlowTo
    from biodata.config.profiles import Access
    from biodata.graph import Graph
    from biodata.records.types import Schema

__all__ = ["Connection", "connect"]


class Connection:
    """An opened profile.

    `connection["ASE"]` is the repository of a table; `connection.tables()` lists them; `connection.client` is
    the platform's own official client. Use it in a `with` block or call `close()`.

    Attributes:
        name: the profile's name, or the platform's where the connection was made without one.
        access: `read`, `write` or `delete`.
        page_size: records a request, where the profile says so.
        may_flow_to: where its data may go, by its profile; None: anywhere.
    """

    def __init__(
        self,
        adapter: Adapter,
        *,
        name: str,
        access: Access,
        page_size: int | None = None,
        may_flow_to: MayFlowTo | None = None,
    ) -> None:
        self.adapter = adapter
        self.name = name
        self.access = access
        self.page_size = page_size
        self.may_flow_to = may_flow_to
        self.references = References(adapter)

    @property
    def platform(self) -> str:
        """The kind of system."""
        return self.adapter.platform

    @property
    def host(self) -> str:
        """Where the data are: the host of a server, with its port where the address has one; or `this computer`."""
        return self.adapter.host

    def beside(self, adapter: Adapter) -> Connection:
        """A connection by the same profile through another adapter of its platform."""
        return Connection(
            adapter, name=self.name, access=self.access, page_size=self.page_size, may_flow_to=self.may_flow_to
        )

    @property
    def client(self) -> Any:
        """The platform's own official client object, on our session and with our auth.

        Raises:
            Unsupported: the platform has none, and why.
        """
        with self.located():
            return self.adapter.client

    def tables(self) -> list[TableInfo]:
        """The tables that can be read, by name."""
        with self.located():
            return sorted(self.adapter.tables(), key=lambda table: table.name)

    def __getitem__(self, table: str) -> Repository:
        """The repository of a table; sends nothing, an unknown table is an error at the first verb."""
        if not isinstance(table, str) or not table:  # type: ignore[redundant-expr]  # `in` and loops give numbers
            raise ConfigError(
                f"A table has a name, and {table!r} was given", profile=self.name, hint="tables() lists them."
            )
        return Repository(self, table)

    def schema(self, table: str, *, refresh: bool = False) -> Schema:
        """The shape of a table, asked for anew when `refresh`.

        Raises:
            NotFound: `BD-NOT-FOUND-TABLE`.
        """
        with self.located(table):
            return self.adapter.schema(table, refresh=refresh)

    def ensure(self, schema: Schema) -> Repository:
        """Make the table if it is not there; needs access `write`.

        Raises:
            SchemaError: a table of that name and another shape is there.
            Unsupported: the platform cannot make tables.
        """
        self[schema.table].allow("write")
        with self.located(schema.table):
            self.adapter.ensure(schema)
        return self[schema.table]

    def would_make(self, schema: Schema) -> bool:
        """Whether `ensure` would have to make the table; changes nothing, needs access `write` as `ensure` does.

        Raises:
            BiodataError: what `ensure` would raise, as far as that can be told without making the table: names,
                types and rights, or another shape that is there.
        """
        self[schema.table].allow("write")
        with self.located(schema.table):
            return self.adapter.would_make(schema)

    def drop(self, table: str) -> None:
        """Remove a table with all that it holds; needs access `delete`."""
        self[table].allow("delete")
        with self.located(table):
            self.adapter.drop(table)

    def transaction(self) -> AbstractContextManager[None]:
        """All writes inside the block happen, or none does.

        Raises:
            Unsupported: the platform has no transactions.
        """
        with self.located():
            return self.adapter.transaction()

    def graphql(self, query: str, variables: dict[str, Any] | None = None) -> Any:
        """The answer to a GraphQL document, checked against the platform's schema first.

        Raises:
            Unsupported: the platform has no GraphQL.
            QueryError: the document does not fit the schema.
        """
        with self.located():
            return self.adapter.graphql(query, variables)

    def export(self, **asked: Any) -> dict[str, int]:
        """Write whole tables, or records by id, to files by the platform's own bulk export: `extras.export`.

        Args:
            asked: what that takes; of a Gen3 commons `export(node="sample", format="tsv", to=path)`.

        Returns:
            Table to number of records.

        Raises:
            Unsupported: the platform's `extras` have no export.
        """
        if "export" not in dir(self.extras):
            raise Unsupported(
                f"{self.platform} has no export of its own",
                code="BD-UNSUPPORTED-PART",
                profile=self.name,
                hint="A query writes files too: connection[table].query().write(path)",
            )
        written: dict[str, int] = self.extras.export(**asked)
        return written

    @property
    def search(self) -> Connection:
        """The platform's search indices: flat tables that can only be read, `connection.search["subject"]`.

        Raises:
            Unsupported: the platform has none.
        """
        with self.located():
            return self.beside(self.adapter.search())

    @property
    def extras(self) -> Any:
        """What this platform can do beyond the verbs: an object of the adapter's own (`biodata.extras.Extras`).

        Its methods hold to the profile's access; `dir(connection.extras)` lists them.
        """
        return self.adapter.extras(self)

    def graph(self) -> Graph:
        """The tables with their numbers of records, and which refers to which: text, SVG, or only those filled.

        Returns:
            A Graph: `print(graph)`, `graph.filled()`, `graph.to_svg()`; a notebook shows the drawing.
        """
        from biodata.graph import graph_of

        return graph_of(self)

    def identity(self) -> Identity:
        """Who the platform takes us for, and what it is."""
        with self.located():
            return self.adapter.identity()

    def allow(self, level: Access, table: str | None = None) -> None:
        """Hold what is asked to the profile's access level.

        Raises:
            PermissionDenied: `BD-ACCESS`.
        """
        from biodata.config.profiles import require_access

        require_access(self.access, level, profile=self.name, table=table)

    @contextmanager
    def located(self, table: str | None = None) -> Iterator[None]:
        """Errors raised inside say which profile and table they are about."""
        try:
            yield
        except BiodataError as error:
            error.located(profile=self.name, table=table)
            raise

    def close(self) -> None:
        """Give back sockets and files."""
        self.adapter.close()

    def __enter__(self) -> Self:
        return self

    def __exit__(
        self, kind: type[BaseException] | None, error: BaseException | None, traceback: TracebackType | None
    ) -> None:
        self.close()

    def _ipython_key_completions_(self) -> list[str]:
        return [table.name for table in self.tables()]

    if not TYPE_CHECKING:  # a type checker shall go on telling unknown names itself

        def __getattr__(self, name: str) -> Any:
            raise no_attribute(self, "connection", name, self)

    def __repr__(self) -> str:
        return f"<Connection {self.name}: {self.platform}, access {self.access}>"

    def _repr_html_(self) -> str:
        from biodata.records.display import or_note, tables_html

        return or_note(lambda: tables_html(self.name, self.platform, self.tables()))


def connect(
    profile: Any,
    *,
    platform: str | None = None,
    access: Access | None = None,
    config: Path | str | None = None,
    on_exchange: Callable[[Any], None] | None = None,
    **settings: Any,
) -> Connection:
    """Open a profile, an address, or an official client that is open already. Sends nothing yet.

    Args:
        profile: the name of a profile; or a URL or path together with `platform`; or a client object of a
            platform whose adapter can wrap it.
        platform: `molgenis`, `opencga`, `gen3`, `duckdb` or another installed one; not with a profile.
        access: `read`, `write` or `delete`, in place of what the profile says.
        config: the file with the profiles, in place of those that are looked for.
        on_exchange: called after every HTTP exchange with its method, address, status, bytes and seconds.
        settings: the adapter's keys, in place of or beside the profile's: `username="me"`.

    Raises:
        ConfigError: no such profile or platform, a wrong key, a secret that is not there.
    """
    from biodata.opening import open_address, open_client, open_profile

    if not isinstance(profile, str) and not hasattr(profile, "__fspath__"):
        return open_client(profile, access=access, on_exchange=on_exchange)
    if platform is None:
        return open_profile(str(profile), config, access=access, on_exchange=on_exchange, settings=settings)
    return open_address(str(profile), platform, access=access, on_exchange=on_exchange, settings=settings)
