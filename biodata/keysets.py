"""Key sets: the keys that a plan needs from referenced tables, read when its scan starts.

Reading stops as soon as there are more keys than the platform takes in one `in`, or when too many records had to be
read to find them; then the comparison is checked here after all, on the referenced records.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biodata.query.plan import Plan, Query
from biodata.query.semijoin import filled, key_sets_in, stand_in
from biodata.query.split import make_plan

if TYPE_CHECKING:
    from biodata.adapter import Adapter
    from biodata.query.plan import KeySet
    from biodata.query.tree import Node
    from biodata.records.types import Key
    from biodata.references import References

__all__ = ["key_requests", "ready", "requests_of", "shown"]

MOST_READ = 10_000
"""Records of a referenced table that are read to find a key set, where the platform does not do its filter."""


def ready(adapter: Adapter, plan: Plan, references: References) -> Plan:
    """The plan with the keys in place of its key sets, each read now by a scan of its own."""
    if plan.keyed is None or plan.limit == 0:
        return plan
    sets = dict.fromkeys(key_sets_in(plan.keyed))
    found = {one: _keys(adapter, _plan(adapter, one, plan), references) for one in sets}
    return _with(adapter, plan, filled(plan.keyed, lambda leaf: found[leaf.value]))


def requests_of(adapter: Adapter, plan: Plan) -> list[str]:
    """What a scan sends first, in the adapter's words: its key sets, then pages with some keys in their place."""
    return key_requests(adapter, plan) + [request.text for request in adapter.requests(shown(adapter, plan))]


def key_requests(adapter: Adapter, plan: Plan) -> list[str]:
    """What is sent for the key sets alone."""
    if plan.limit == 0:
        return []
    sets = dict.fromkeys(key_sets_in(plan.keyed))
    return [text for one in sets for text in requests_of(adapter, _plan(adapter, one, plan))]


def shown(adapter: Adapter, plan: Plan) -> Plan:
    """The plan with some keys in place of its key sets, to see what would be sent."""
    return plan if plan.keyed is None else _with(adapter, plan, stand_in(plan.keyed, plan.schema))


def _keys(adapter: Adapter, plan: Plan, references: References) -> tuple[Key, ...] | None:
    """The keys that a key set's plan finds; None where there are as many as its limit, which is one too many."""
    from biodata.scan import ReadTooMuch, records

    try:
        rows = records(adapter, plan, references, most_read=MOST_READ)
        found = tuple(plan.schema.key_of(record) for record in rows)
    except ReadTooMuch:
        return None
    return None if len(found) == plan.query.limit else found


def _plan(adapter: Adapter, keys: KeySet, asking: Plan) -> Plan:
    schema = asking.query.lookup(keys.table)
    most = adapter.pushdown(asking.schema).most_keys
    fields = tuple((name,) for name in schema.key_fields)
    query = Query(schema, keys.filter, fields, limit=most + 1, related=asking.query.related)
    return make_plan(query, adapter.pushdown(schema), page_size=asking.page_size)


def _with(adapter: Adapter, plan: Plan, node: Node) -> Plan:
    """The plan of the same query with another form of its filter, and without key sets."""
    pushdown = msgspec.structs.replace(adapter.pushdown(plan.schema), most_keys=0)
    query = msgspec.structs.replace(plan.query, filter=node)
    return make_plan(query, pushdown, page_size=plan.page_size)
