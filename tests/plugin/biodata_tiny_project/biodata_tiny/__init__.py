"""A platform in memory: a list of dicts for each table, and no filter of its own, so the core does them all.

It shows how small an adapter can be. Connections to one address see the same tables, as with a server.
"""

from __future__ import annotations

from copy import deepcopy
from typing import TYPE_CHECKING, Any, ClassVar

from biodata.adapter import Adapter, BatchRefused, Capabilities, Identity, Mark, Page, PageRequest, TableInfo
from biodata.config.settings import Settings
from biodata.errors import NotFound, SchemaError
from biodata.query.pushdown import Pushdown, Rule
from biodata.receipts import Outcome

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata.adapter import Context, WriteBatch
    from biodata.query.plan import Plan
    from biodata.records.types import Key, Record, Schema

__all__ = ["TinyAdapter", "TinySettings"]

_PLACES: dict[str, dict[str, tuple[Schema, dict[Key, Record]]]] = {}
_NO = Mark("never", "a dictionary has nothing of the kind")


class TinySettings(Settings, frozen=True, kw_only=True):
    """The only key is the address, and any text will do."""

    default_access: ClassVar[str] = "delete"
    address_key: ClassVar[str] = "place"

    place: str


class TinyAdapter(Adapter):
    """Tables in a dictionary."""

    platform = "tiny"
    Settings = TinySettings
    capabilities = Capabilities(
        page_size=4,
        max_page_size=100,
        batch_size={"add": 5, "update": 5, "upsert": 5, "delete": 5},
        atomic_batches=True,
        missing=dict.fromkeys(
            ("count", "aggregate", "distinct", "transaction", "partitions", "export", "client"), _NO
        )
        | {"sandbox": Mark("never", "it is one")},
    )

    def __init__(self, place: str) -> None:
        self._tables = _PLACES.setdefault(place, {})

    @classmethod
    def open(cls, settings: Any, context: Context) -> TinyAdapter:
        return cls(settings.place)

    @property
    def host(self) -> str:
        return "this computer"

    def tables(self) -> Sequence[TableInfo]:
        return [TableInfo(name, records=len(rows)) for name, (_, rows) in self._tables.items()]

    def schema(self, table: str, *, refresh: bool = False) -> Schema:
        if table not in self._tables:
            raise NotFound("There is no such table", code="BD-NOT-FOUND-TABLE")
        return self._tables[table][0]

    def pushdown(self, schema: Schema) -> Pushdown:
        return Pushdown((Rule("unsupported", reason="a dictionary cannot filter"),))

    def requests(self, plan: Plan, after: Page | None = None) -> Sequence[PageRequest]:
        start = after.request.offset + len(after.rows) if after else plan.offset
        size = plan.page_size if plan.limit is None else min(plan.page_size, plan.offset + plan.limit - start)
        if size <= 0 or (after is not None and len(after.rows) < after.request.size):
            return []
        return [PageRequest(plan.schema.table, f"records {start} to {start + size} by key", start, size)]

    def page(self, plan: Plan, request: PageRequest) -> Page:
        rows = self._tables[request.call][1]
        keys = sorted(rows)[request.offset : request.offset + request.size]
        names = {path[0] for path in plan.fields}
        return Page([{name: deepcopy(rows[key].get(name)) for name in names} for key in keys], request)

    def fetch(self, schema: Schema, keys: Sequence[Key], fields: Sequence[str]) -> list[Record]:
        rows = self._tables[schema.table][1]
        names = {*fields, *schema.key_fields}
        return [{name: deepcopy(rows[key].get(name)) for name in names} for key in keys if key in rows]

    def write(self, batch: WriteBatch) -> list[Outcome]:
        rows = self._tables[batch.schema.table][1]
        for index in range(len(batch.records)):
            there = batch.key(index) in rows
            if batch.operation == "add" and there:
                raise BatchRefused("a record with this key is there", code="BD-WRITE-DUPLICATE", index=index)
            if batch.operation == "update" and not there:
                raise BatchRefused("no record has this key", code="BD-NOT-FOUND", index=index)
        return [self._one(rows, batch, index) for index in range(len(batch.records))]

    def _one(self, rows: dict[Key, Record], batch: WriteBatch, index: int) -> Outcome:
        key = batch.key(index)
        if batch.operation == "delete":
            gone = rows.pop(key, None)
            return Outcome(batch.rows[index], "unchanged" if gone is None else "deleted", key)
        rows[key] = rows.get(key, {}) | deepcopy(batch.records[index])
        return Outcome(batch.rows[index], "created" if batch.operation == "add" else "updated", key)

    def identity(self) -> Identity:
        return Identity(server="tiny", version="0.1.0")

    def ensure(self, schema: Schema) -> None:
        there = self._tables.setdefault(schema.table, (schema, {}))[0]
        if there != schema:
            raise SchemaError("A table of that name has another shape", code="BD-SCHEMA-DIFFERS")

    def drop(self, table: str) -> None:
        self.schema(table)
        del self._tables[table]
