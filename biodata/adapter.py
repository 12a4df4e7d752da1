"""The contract that an adapter fulfils (`adapter_api = 1`).

An adapter speaks one platform's protocol and nothing else: it renders the filter that its pushdown table
promised, asks for pages, decodes them to normalised records, and sends batches. The core does everything else:
binding and splitting filters, prefetch, checking, sorting, limits, frames, batching, receipts, explain.

An adapter is found through the entry-point group `biodata.adapters`, its name being the platform's. The
compliance suite (`biodata.testing`) holds it to this page.
"""

from __future__ import annotations

from abc import ABC, abstractmethod
from collections.abc import Callable
from typing import TYPE_CHECKING, Any, ClassVar, Literal, TypeAlias

import msgspec

from biodata.errors import BiodataError, NotFound, RemoteError, Unsupported
from biodata.extras import Extras
from biodata.fitting import same
from biodata.receipts import Outcome  # noqa: TC001 - msgspec reads annotations at run time
from biodata.records.types import Key, Path, Record, Schema

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence
    from contextlib import AbstractContextManager

    import pyarrow as pa

    from biodata.config.settings import Settings as ProfileSettings
    from biodata.connection import Connection
    from biodata.query.grouping import Group
    from biodata.query.plan import Plan
    from biodata.query.pushdown import Pushdown

__all__ = [
    "ADAPTER_API",
    "Adapter",
    "BatchRefused",
    "BatchTooLarge",
    "Capabilities",
    "Compared",
    "Context",
    "Identity",
    "Mark",
    "Operation",
    "Page",
    "PageRequest",
    "TableInfo",
    "WriteBatch",
]

ADAPTER_API = 1
"""The number of this contract; an adapter with another number is refused when it is loaded."""

Operation: TypeAlias = Literal["add", "update", "upsert", "delete"]
ListMode: TypeAlias = Literal["replace", "add", "remove"]
OPERATIONS: tuple[Operation, ...] = ("add", "update", "upsert", "delete")
OptionalPart: TypeAlias = Literal[
    "count", "aggregate", "distinct", "ensure", "drop", "transaction", "partitions", "export", "client", "sandbox"
]


class Mark(msgspec.Struct, frozen=True):
    """Why an optional part is missing: `never` (the platform cannot), `notyet` (planned), `notimpl` (could be)."""

    word: Literal["never", "notyet", "notimpl"]
    reason: str


class Capabilities(msgspec.Struct, frozen=True, kw_only=True):
    """What an adapter promises.

    Attributes:
        transport: how records travel, in words, for explain: `JSON pages over HTTP`.
        page_size: records that it asks for in one page, unless told otherwise; `Adapter.page_size` may know better.
        max_page_size: the most that the platform gives in one page.
        max_in_flight: requests of one scan that may be under way at once.
        batch_size: records of one operation that go in one batch; 1 where the platform takes them singly.
        atomic_batches: whether a batch with a refused record changes nothing at all.
        upsert: `native` when `write` takes `upsert`; `composed` when the core looks up, then adds and updates.
        native_query: whether `query(native=…)` is accepted.
        list_modes: what `update` can do with a list besides replacing it.
        threads: whether one adapter object may be used by several threads at once.
        missing: the optional parts that are not there, each with its mark.
    """

    transport: str = "pages"
    page_size: int = 1000
    max_page_size: int = 10_000
    max_in_flight: int = 1
    batch_size: dict[Operation, int] = msgspec.field(default_factory=lambda: dict.fromkeys(OPERATIONS, 1))
    atomic_batches: bool = False
    upsert: Literal["native", "composed"] = "composed"
    native_query: bool = False
    list_modes: frozenset[ListMode] = frozenset({"replace"})
    threads: bool = True
    missing: dict[OptionalPart, Mark] = {}

    @property
    def travel(self) -> str:
        """How records travel, and how many requests of a scan may be under way at once."""
        return f"{self.transport}, {'one at a time' if self.max_in_flight == 1 else f'{self.max_in_flight} at once'}"


class Context(msgspec.Struct, frozen=True, kw_only=True):
    """What the core gives an adapter besides its settings.

    Attributes:
        profile: the profile's name, or the address where there is none; for messages.
        access: `read`, `write` or `delete`; the core holds the verbs to it, `client` is the adapter's to guard.
        on_exchange: called after each HTTP exchange; goes to the session as it is.
    """

    profile: str = ""
    access: Literal["read", "write", "delete"] = "read"
    on_exchange: Callable[[Any], None] | None = None


class TableInfo(msgspec.Struct, frozen=True):
    """A table, as a connection lists it."""

    name: str
    label: str = ""
    description: str = ""
    records: int | None = None


class Identity(msgspec.Struct, frozen=True, kw_only=True):
    """Who the platform takes us for, for `biodata doctor`.

    Attributes:
        server: the product, as it names itself.
        place: which of the places that a host may hold: a database file, a project, a study. Who was somewhere else
            in it is somebody else, so a run that was to write there is not taken up here.
        user: None when anonymous.
        rights: what this user may do, in words: `ASE: read, write`.
        token_seconds: how long the present token will live.
        key_seconds: how long the credential that renews it will live, where it ends.
        notes: anything that a person should know.
    """

    server: str
    version: str = ""
    user: str | None = None
    rights: tuple[str, ...] = ()
    token_seconds: float | None = None
    key_seconds: float | None = None
    notes: tuple[str, ...] = ()
    place: str = ""


class PageRequest(msgspec.Struct, frozen=True):
    """One request of a scan. It can be pickled and holds no secret.

    Attributes:
        call: the adapter's own description of what to send.
        text: one line for explain.
        offset: of the first record, where offsets exist.
        size: records asked for.
    """

    call: Any
    text: str
    offset: int = 0
    size: int = 0


class Page(msgspec.Struct):
    """One transport unit.

    Attributes:
        rows: normalised records, or an Arrow table or batch with the schema's Arrow types.
        total: records that match on the platform in all, where it says so.
    """

    rows: list[Record] | Any
    request: PageRequest
    total: int | None = None


class WriteBatch(msgspec.Struct, frozen=True, kw_only=True):
    """Records to send together; never empty, never more than `Capabilities.batch_size`.

    Attributes:
        records: normalised and checked against the schema; for `delete` they hold the key alone. One that brings
            a file (`biodata.records.uploads`) is alone in its batch.
        rows: the position of each in what the user gave; goes into its outcome.
        list_mode: for `update`: what happens to lists.
        compared: for `update`: the core has just seen that the records are there and that each value differs.
    """

    operation: Operation
    schema: Schema
    records: tuple[Record, ...]
    rows: tuple[int, ...]
    list_mode: ListMode = "replace"
    compared: bool = False

    def key(self, index: int) -> Key:
        """The key of the record at that position of the batch."""
        return self.schema.key_of(self.records[index])


class Compared(msgspec.Struct, frozen=True):
    """A record that is to be written beside what is there.

    Attributes:
        stored: the record as it is there, with the fields compared; None where there is none.
        changes: the fields of the record given whose values are other than what is stored; all where there is none.
        refusal: why the platform cannot take it, where that is known without sending it.
    """

    stored: Record | None
    changes: Record
    refusal: BatchRefused | None = None


class BatchRefused(BiodataError):
    """The platform refused a batch as a whole, and nothing of it was written.

    Attributes:
        index: the record at fault, its position in the batch, where the platform says which.
        field: the field at fault, where it says which.
        others: the refusals of further records of the batch, each with its index.
    """

    default_code = "BD-WRITE-REFUSED"

    def __init__(
        self,
        message: str,
        *,
        code: str | None = None,
        index: int | None = None,
        field: str | None = None,
        others: Sequence[BatchRefused] = (),
    ) -> None:
        super().__init__(message, code=code)
        self.index = index
        self.field = field
        self.others = tuple(others)


class BatchTooLarge(RemoteError):
    """The platform does not get done with that many records, and wrote none: they go again in halves.

    Only of a batch of several records; the batches that follow are as small.
    """

    default_code = "BD-REMOTE-TOO-LARGE"


class Adapter(ABC):
    """One platform's protocol, opened.

    Every method may raise the errors of `biodata.errors`; the core fills in profile and table.
    """

    adapter_api: ClassVar[int] = ADAPTER_API
    platform: ClassVar[str]
    Settings: ClassVar[type[ProfileSettings]]
    capabilities: ClassVar[Capabilities]
    old_names: ClassVar[Mapping[str, str]] = {}
    """What people type who come from the platform's own client -> how it is spelled here (`biodata.spelling`)."""
    compared_with: ClassVar[Mapping[str, str]] = {}
    """A field -> the field of what is stored that `compared` needs besides it."""

    @classmethod
    @abstractmethod
    def open(cls, settings: ProfileSettings, context: Context) -> Adapter:
        """Make the adapter; sends nothing. Settings are validated and of the class's own `Settings`."""

    @classmethod
    def wrap(cls, client: Any) -> ProfileSettings | None:
        """The settings that an open official client object stands for, or None when it is none of ours."""
        return None

    @property
    def host(self) -> str:
        """Where the data are that it reads and writes: `HttpSession.host`, or `this computer`.

        `unknown` of an adapter that does not say so, which the compliance suite does not let pass.
        """
        return "unknown"

    @abstractmethod
    def tables(self) -> Sequence[TableInfo]:
        """The tables that can be opened, in any order; those of the platform's own housekeeping left out."""

    @abstractmethod
    def schema(self, table: str, *, refresh: bool = False) -> Schema:
        """The table's shape, cached unless `refresh`.

        Raises:
            NotFound: `BD-NOT-FOUND-TABLE`.
        """

    @abstractmethod
    def pushdown(self, schema: Schema) -> Pushdown:
        """What the platform's filters and sorting can do on this table."""

    def page_size(self, plan: Plan) -> int:
        """Records to ask for in one page of this plan, where nobody says how many."""
        return self.capabilities.page_size

    @abstractmethod
    def requests(self, plan: Plan, after: Page | None = None) -> Sequence[PageRequest]:
        """The requests to send next.

        Called with None for the first ones, then once with each page as it is delivered, in order; none any
        more ends the scan. What is returned together is independent and may be under way at once. Sends nothing
        itself. Pages must follow a unique key, so that a scan neither loses nor repeats a record.
        """

    @abstractmethod
    def page(self, plan: Plan, request: PageRequest) -> Page:
        """Send one request and decode its answer; may be called from several threads at once.

        Records have every field of `plan.fields`, cut at the first reference: a reference's value is its key.
        """

    @abstractmethod
    def fetch(self, schema: Schema, keys: Sequence[Key], fields: Sequence[str]) -> Iterable[Record]:
        """The records with these keys that are there, in any order, with at least the key and these fields."""

    def given(self, schema: Schema, record: Record) -> Record:
        """A record that somebody gives to a write, in the table's own terms; what is so already stays as it is.

        For the shapes that records have in the platform's own files and documents, say a column `cases.submitter_id`.
        """
        return record

    def compare(self, schema: Schema, records: Sequence[Record]) -> Sequence[Compared]:
        """Each record beside what is there under its key: one `fetch`, and nothing is written."""
        given = dict.fromkeys(name for record in records for name in record)
        names = (*given, *(more for name, more in self.compared_with.items() if name in given))
        found = self.fetch(schema, [schema.key_of(record) for record in records], names)
        there = {schema.key_of(stored): stored for stored in found}
        return [self.compared(schema, record, there.get(schema.key_of(record))) for record in records]

    def compared(self, schema: Schema, record: Record, stored: Record | None) -> Compared:
        """A record beside what is stored under its key, by what the platform takes for the same value.

        An upsert leaves alone what is the same: here, and in a `write` of the adapter's own, if it takes upserts.
        """
        if stored is None:
            return Compared(None, record)
        rest = ((name, value) for name, value in record.items() if name not in schema.key_fields)
        return Compared(stored, {name: value for name, value in rest if not same(value, stored.get(name))})

    @abstractmethod
    def write(self, batch: WriteBatch) -> Sequence[Outcome]:
        """Send a batch; one outcome for each record.

        Raises:
            BatchRefused: the platform refused all of it and wrote nothing; the core finds the culprits.
            BiodataError: it broke off; where some of it is known to be done, `error.receipt` holds those outcomes.
        """

    @abstractmethod
    def identity(self) -> Identity:
        """Who we are there, and what is there."""

    def close(self) -> None:
        """Give back what is open; the adapter is not used again."""

    # Optional parts, each marked in `capabilities.missing` where it is not there.

    def count(self, plan: Plan) -> int:
        """The number of records that match a plan without a residual, limit and offset aside."""
        raise self.lacks("count")

    def counts(self, tables: Sequence[str]) -> Mapping[str, int]:
        """Table to number of records, of those of these tables that one request can tell; by default of none."""
        return {}

    def aggregate(self, plan: Plan, paths: Sequence[Path]) -> PageRequest | None:
        """The one request that counts the records of a plan by the values at some paths; sends nothing.

        Asked only where the plan has no residual, no limit and no offset, and where the pushdown table says `group`
        is exact for each path. None where the platform cannot all the same: the core counts then.
        """
        raise self.lacks("aggregate")

    def distinct(self, plan: Plan, path: Path) -> PageRequest | None:
        """The one request that gives the different values at a path; as `aggregate`, for the op `distinct`."""
        raise self.lacks("distinct")

    def groups(self, plan: Plan, request: PageRequest) -> Sequence[Group] | None:
        """Send a request of `aggregate` or `distinct`: (values, number of records) of each group, in any order.

        Values are normalised, None for null; the core adds up groups of equal values. Of `distinct` the numbers only
        have to be positive. None where the answer turns out not to be exact: the core reads the records then, and
        so it does where the platform refuses (PermissionDenied, QueryError, a plain RemoteError).
        """
        raise self.lacks("aggregate")

    def ensure(self, schema: Schema) -> None:
        """Make the table if it is not there; one of the same name and another shape is a SchemaError."""
        raise self.lacks("ensure")

    def would_make(self, schema: Schema) -> bool:
        """Whether `ensure` would have to make the table; raises what `ensure` would raise, and changes nothing.

        An adapter that can tell more than whether the table is there (names, types, rights) says so here, and begins
        its `ensure` with it, so that both say the same. What only the making itself shows may stay untold.
        """
        if not self.has("ensure"):
            raise self.lacks("ensure")
        try:
            self.schema(schema.table, refresh=True)
        except NotFound:
            return True
        return False

    def drop(self, table: str) -> None:
        """Remove a table with all that it holds."""
        raise self.lacks("drop")

    def delete_all(self, schema: Schema) -> int | None:
        """Delete every record of the table; the number, where it is known. By default in batches by key."""
        return None

    def transaction(self) -> AbstractContextManager[None]:
        """All writes inside happen, or none does."""
        raise self.lacks("transaction")

    def export(self, plan: Plan) -> Iterator[pa.RecordBatch]:
        """A whole scan by the platform's bulk endpoint."""
        raise self.lacks("export")

    def graphql(self, query: str, variables: dict[str, Any] | None = None) -> Any:
        """The `data` of the answer to a GraphQL document."""
        raise Unsupported(f"{self.platform} has no GraphQL", code="BD-UNSUPPORTED-PART")

    def search(self) -> Adapter:
        """The platform's search indices as tables that can only be read, on the same session."""
        raise Unsupported(f"{self.platform} has no search indices", code="BD-UNSUPPORTED-PART")

    def extras(self, connection: Connection) -> Extras:
        """What this platform can do beyond the verbs, on that connection; nothing unless the adapter has a class."""
        return Extras(connection)

    @property
    def client(self) -> Any:
        """The platform's own official client object, opened on our terms."""
        raise self.lacks("client")

    @classmethod
    def sandbox(cls) -> type[Any] | None:
        """The class of the platform's sandbox (`biodata.sandbox.platform.SandboxPlatform`), if it has one."""
        return None

    def has(self, part: OptionalPart) -> bool:
        """Whether an optional part is there."""
        return part not in self.capabilities.missing

    def lacks(self, part: OptionalPart) -> Unsupported:
        """The error that says which part is missing, and why."""
        mark = self.capabilities.missing.get(part, Mark("notimpl", "the adapter does not have it"))
        return Unsupported(f"{self.platform} has no {part}: {mark.reason}", code="BD-UNSUPPORTED-PART")


def marks(adapters: Mapping[str, type[Adapter]]) -> list[tuple[str, str, str, str]]:
    """(part, platform, word, reason) of each missing part, for the documentation's table."""
    return [
        (part, platform, mark.word, mark.reason)
        for platform, adapter in sorted(adapters.items())
        for part, mark in sorted(adapter.capabilities.missing.items())
    ]
