"""A pytest plugin that breaks the tiny adapter in one way, named by BROKEN, to see the compliance suite notice."""

from __future__ import annotations

import os

import msgspec
from biodata_tiny import TinyAdapter

from biodata.adapter import Adapter, BatchRefused, PageRequest
from biodata.query.pushdown import Pushdown, Rule
from biodata.receipts import Outcome

page, fetch, write, requests = TinyAdapter.page, TinyAdapter.fetch, TinyAdapter.write, TinyAdapter.requests


def loses_a_record(self, plan, request):
    found = page(self, plan, request)
    return type(found)(found.rows[1:] if request.offset else found.rows, request)


def forgets_the_last_page(self, plan, after=None):
    return [] if after is not None and after.request.offset >= plan.page_size else requests(self, plan, after)


def gives_text_for_numbers(self, plan, request):
    found = page(self, plan, request)
    for row in found.rows:
        row.update({name: str(row[name]) for name in row if name == "int_field" and row[name] is not None})
    return found


def gets_the_wrong_record(self, schema, keys, fields):
    return [row | {"name": "other"} for row in fetch(self, schema, keys, fields)]


def takes_duplicates(self, batch):
    rows = self._tables[batch.schema.table][1]
    if batch.operation != "add":
        return write(self, batch)
    rows.update({batch.key(index): dict(record) for index, record in enumerate(batch.records)})
    return [Outcome(row, "created", batch.key(index)) for index, row in enumerate(batch.rows)]


def tells_the_values(self, batch):
    try:
        return write(self, batch)
    except BatchRefused as refused:
        raise BatchRefused(f"{batch.records} are there", code=refused.code, index=refused.index) from None


def update_clears_the_rest(self, batch):
    done = write(self, batch)
    if batch.operation == "update":
        self._tables[batch.schema.table][1].update({batch.key(i): dict(r) for i, r in enumerate(batch.records)})
    return done


def deletes_nothing(self, batch):
    if batch.operation != "delete":
        return write(self, batch)
    return [Outcome(row, "deleted", batch.key(index)) for index, row in enumerate(batch.rows)]


def sends_the_secret(self, plan, after=None):
    return [msgspec.structs.replace(one, text="tiny secret") for one in requests(self, plan, after)]


def claims_to_filter(self, schema):
    return Pushdown((Rule("unsupported", ops=frozenset({"sort", "sort desc"}), reason="no"), Rule("exact")))


def claims_to_sort(self, schema):
    sorts = frozenset({"sort", "sort desc"})
    return Pushdown((Rule("exact", ops=sorts), Rule("unsupported", reason="no")))


def claims_to_group(self, schema):
    """It counts what is there, and forgets the records without a value."""
    can = self.capabilities
    missing = {part: mark for part, mark in can.missing.items() if part != "aggregate"}
    self.capabilities = msgspec.structs.replace(can, missing=missing)
    self.aggregate = lambda plan, paths: PageRequest(paths[0][0], "count by value")
    self.groups = lambda plan, request: [
        ((row[request.call],), 1)
        for row in self._tables[plan.schema.table][1].values()
        if isinstance(row.get(request.call), str | int)
    ]
    groups = Rule("exact", ops=frozenset({"group"}), lists=False)
    return Pushdown((groups, Rule("unsupported", reason="no")))


FAULTS = {
    "claims_to_group": ("pushdown", claims_to_group),
    "claims_to_filter": ("pushdown", claims_to_filter),
    "claims_to_sort": ("pushdown", claims_to_sort),
    "loses_a_record": ("page", loses_a_record),
    "forgets_the_last_page": ("requests", forgets_the_last_page),
    "gives_text_for_numbers": ("page", gives_text_for_numbers),
    "gets_the_wrong_record": ("fetch", gets_the_wrong_record),
    "takes_duplicates": ("write", takes_duplicates),
    "tells_the_values": ("write", tells_the_values),
    "update_clears_the_rest": ("write", update_clears_the_rest),
    "deletes_nothing": ("write", deletes_nothing),
    "does_not_say_where_it_is": ("host", Adapter.host),
    "sends_the_secret": ("requests", sends_the_secret),
}

setattr(TinyAdapter, *FAULTS[os.environ["BROKEN"]])
