"""A platform in memory, to see what the core asks of an adapter. Its odd habits can be switched on."""

from __future__ import annotations

import threading
import time
from collections import Counter
from typing import TYPE_CHECKING, Any, ClassVar

from biodata.adapter import (
    Adapter,
    BatchRefused,
    Capabilities,
    Context,
    Identity,
    Mark,
    Page,
    PageRequest,
    TableInfo,
    WriteBatch,
)
from biodata.config.settings import Settings
from biodata.connection import Connection
from biodata.errors import NotFound, Unavailable
from biodata.query.pushdown import Pushdown, Rule
from biodata.receipts import Outcome
from biodata.records.types import Boolean, Date, Field, Integer, List, Reference, Schema, String

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata.query.plan import Plan

CITIES = Schema("cities", "code", (Field("code", String(), required=True), Field("name", String())))
PEOPLE = Schema(
    "people",
    "id",
    (
        Field("id", String(), required=True),
        Field("name", String(max_length=20), required=True),
        Field("age", Integer(32)),
        Field("active", Boolean()),
        Field("born", Date()),
        Field("city", Reference("cities")),
        Field("visited", List(Reference("cities"))),
        Field("tags", List(String())),
    ),
)


class MemorySettings(Settings, frozen=True, kw_only=True):
    pass


class MemoryAdapter(Adapter):
    """Two tables; pushes down `==` on strings exactly, everything else is the core's."""

    platform = "memory"
    Settings = MemorySettings
    capabilities: ClassVar[Capabilities] = Capabilities(
        page_size=3,
        max_page_size=100,
        max_in_flight=2,
        batch_size={"add": 3, "update": 3, "upsert": 3, "delete": 2},
        atomic_batches=True,
        missing={
            "transaction": Mark("never", "memory forgets"),
            "count": Mark("notimpl", "for the test"),
            "export": Mark("notimpl", "for the test"),
        },
    )

    def __init__(self) -> None:
        self.rows: dict[str, dict[str, dict[str, Any]]] = {"people": {}, "cities": {}}
        self.calls: Counter[str] = Counter()
        self.batches: list[tuple[str, int]] = []
        self.held = self.most_held = 0
        self.lock = threading.Lock()
        self.tells_index = True
        self.break_at: int | None = None
        self.maybe_sent = True

    @classmethod
    def open(cls, settings: Settings, context: Context) -> MemoryAdapter:
        return cls()

    def tables(self) -> Sequence[TableInfo]:
        return [TableInfo("people"), TableInfo("cities")]

    def schema(self, table: str, *, refresh: bool = False) -> Schema:
        try:
            return {"people": PEOPLE, "cities": CITIES}[table]
        except KeyError:
            raise NotFound(f"There is no table '{table}'", code="BD-NOT-FOUND-TABLE") from None

    def pushdown(self, schema: Schema) -> Pushdown:
        own = frozenset({"field"})
        return Pushdown((Rule("exact", ops=frozenset({"=="}), kinds=frozenset({"string"}), lists=False, via=own),))

    def requests(self, plan: Plan, after: Page | None = None) -> Sequence[PageRequest]:
        if after is None:
            return [self._request(plan, plan.offset)]
        with self.lock:
            self.held -= 1
        if after.request.offset != plan.offset:
            return []
        total = after.total or 0
        return [self._request(plan, at) for at in range(plan.offset + plan.page_size, total, plan.page_size)]

    def _request(self, plan: Plan, offset: int) -> PageRequest:
        return PageRequest(plan.schema.table, f"page at {offset}", offset, plan.page_size)

    def page(self, plan: Plan, request: PageRequest) -> Page:
        with self.lock:
            self.calls["page"] += 1
            self.held += 1
            self.most_held = max(self.most_held, self.held)
        time.sleep(0.001 * (request.offset % 2))
        rows = [dict(row) for _, row in sorted(self.rows[request.call].items()) if self._matches(plan, row)]
        end = request.offset + request.size
        if plan.limit is not None:
            end = min(end, plan.offset + plan.limit)
        cut = min(len(rows), plan.offset + plan.limit) if plan.limit is not None else len(rows)
        return Page(rows[request.offset : end], request, total=cut)

    def _matches(self, plan: Plan, row: dict[str, Any]) -> bool:
        from biodata.query.evaluate import predicate

        return predicate(plan.pushed, plan.schema)(row)

    def fetch(self, schema: Schema, keys: Sequence[Any], fields: Sequence[str]) -> list[dict[str, Any]]:
        self.calls[f"fetch {schema.table}"] += 1
        rows = self.rows[schema.table]
        wanted = {*fields, *schema.key_fields}
        return [{name: rows[key].get(name) for name in wanted} for key in keys if key in rows]

    def write(self, batch: WriteBatch) -> list[Outcome]:
        self.batches.append((batch.operation, len(batch.records)))
        if self.break_at is not None and len(self.batches) > self.break_at:
            error = Unavailable("the line broke")
            vars(error)["maybe_sent"] = self.maybe_sent
            raise error
        self._refuse(batch)
        return [self._one(batch, index) for index in range(len(batch.records))]

    def _refuse(self, batch: WriteBatch) -> None:
        for index, record in enumerate(batch.records):
            exists = batch.operation == "add" and batch.key(index) in self.rows[batch.schema.table]
            if exists or record.get("name") == "bad":
                at = index if self.tells_index else None
                raise BatchRefused("it is not wanted", code="BD-WRITE-DUPLICATE", index=at)

    def _one(self, batch: WriteBatch, index: int) -> Outcome:
        rows, key = self.rows[batch.schema.table], batch.key(index)
        if batch.operation == "delete":
            return Outcome(row=batch.rows[index], status="deleted" if rows.pop(key, None) else "unchanged", key=key)
        if batch.operation == "update" and key not in rows:
            return Outcome(row=batch.rows[index], status="refused", key=key, code="BD-NOT-FOUND", message="not there")
        status = "updated" if key in rows else "created"
        rows.setdefault(key, {}).update(batch.records[index])
        return Outcome(row=batch.rows[index], status=status, key=key)

    def identity(self) -> Identity:
        return Identity(server="memory", user="me")


def memory(access: Any = "delete", people: int = 0) -> Connection:
    """A connection with that many people in it, and two cities."""
    adapter = MemoryAdapter()
    adapter.rows["cities"] = {
        "gro": {"code": "gro", "name": "Groningen"},
        "ams": {"code": "ams", "name": "Amsterdam"},
    }
    for number in range(people):
        adapter.rows["people"][f"p{number:03}"] = {
            "id": f"p{number:03}", "name": f"Name {number % 7}", "age": None if number % 5 == 0 else number,
            "active": number % 2 == 0, "born": None, "city": ["gro", "ams", None][number % 3],
            "visited": ["ams", "gro"][: number % 3], "tags": [],
        }  # fmt: skip
    return Connection(adapter, name="mem", access=access)
