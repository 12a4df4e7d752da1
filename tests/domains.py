"""The values that each platform can store, for the compliance suite on its sandbox and on a real server."""

from __future__ import annotations

from biodata.testing import ValueDomain

DOMAINS = {
    # protocols/molgenis.md, f: the only lists are references; "" is null
    "molgenis": ValueDomain(
        kinds=frozenset({"string", "enum", "int", "float", "bool", "date", "datetime"}),
        refused=frozenset({"json", "object"}),
        lists=frozenset(),
        empty_strings=False,
    ),
}
