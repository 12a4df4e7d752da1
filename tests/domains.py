"""What each platform can store, for the compliance suite on its sandbox and on a real server."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.testing import ValueDomain, Writable, writable_like

if TYPE_CHECKING:
    from biodata.repository import Repository

DOMAINS = {
    # protocols/molgenis.md, f: the only lists are references; "" is null
    "molgenis": ValueDomain(
        kinds=frozenset({"string", "enum", "int", "float", "bool", "date", "datetime"}),
        refused=frozenset({"json", "object"}),
        lists=frozenset(),
        empty_strings=False,
    ),
    "duckdb": ValueDomain(
        nul=True, lists=frozenset({"string", "int", "float", "decimal", "bool", "date", "datetime", "enum"})
    ),
    # protocols/gen3.md, fact 4: the database is PostgreSQL
    "gen3": ValueDomain(lists=frozenset({"string", "enum"})),
    "opencga": ValueDomain(key_characters="._:"),
}

RULES: dict[tuple[str, str], dict[str, Any]] = {
    "duckdb": ValueDomain(
        nul=True, lists=frozenset({"string", "int", "float", "decimal", "bool", "date", "datetime", "enum"})
    ),
    # protocols/gen3.md, fact 4: a link can neither be moved nor removed
    ("gen3", ""): {"relink_code": "BD-WRITE-LINK"},
    # a sample of an individual cannot be deleted
    ("opencga", "samples"): {"ties": "individualId"},
}
"""(platform, table or "" for all) -> what its Writable says."""


def writable(table: Repository) -> Writable:
    """What may be written in a table that is there: records like its first one, under the platform's rules."""
    like = writable_like(table)
    rules = {**RULES.get((table.adapter.platform, ""), {}), **RULES.get((table.adapter.platform, table.name), {})}
    if rules.get("ties") not in like.make(0):
        rules.pop("ties", None)
    return msgspec.structs.replace(like, **rules)
