"""Writes the tables of capabilities.md, by asking each adapter's pushdown table; `docs/tables.py` runs it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.adapter import Context
from biodata.config.settings import settings_from_values
from biodata.query.capabilities import abilities, by_value, paths_of
from biodata.query.examples import COMPARISONS
from biodata.records import types as t
from biodata.registry import adapter_class

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from biodata.adapter import Adapter
    from biodata.query.capabilities import Ability
    from biodata.query.pushdown import Pushdown

URL = "https://platform.example.org"
SETTINGS: dict[str, dict[str, Any]] = {
    "molgenis": {"url": URL, "token": "none"},
    "opencga": {"url": URL, "token": "none", "study": "p:s"},
    "gen3": {"url": URL, "token": "none", "program": "p", "project": "q"},
    "duckdb": {"path": ":memory:"},
}
"""What each adapter needs to be made; nothing is asked of it."""

SCALARS: dict[str, Any] = {
    "string": t.String(), "enum": t.String(choices=("a", "b")), "int": t.Integer(), "float": t.Float(),
    "decimal": t.Decimal(), "bool": t.Boolean(), "date": t.Date(), "datetime": t.DateTime(),
    "ref": t.Reference("other"), "json": t.Json(), "file": t.File(),
}  # fmt: skip
"""The types, by the word that stands in the tables."""

LISTS = {f"list of {name}": t.List(type_) for name, type_ in SCALARS.items()}
INSIDE = "in an object"
_SEARCH = ("string", "int", "float", "bool")
_GEN3 = [name for name in SCALARS if name not in {"decimal", "file"}]
HAS: dict[str, tuple[str, ...]] = {
    "molgenis": ("string", "enum", "int", "float", "bool", "date", "datetime", "ref", "list of ref", "file"),
    "gen3": (*_GEN3, *(f"list of {name}" for name in _GEN3)),
    "gen3-search": (*_SEARCH, *(f"list of {name}" for name in _SEARCH), "json", INSIDE),
    "duckdb": (*SCALARS, *LISTS, INSIDE),
}
"""The types that each platform's tables have, where its rules go by type; a test holds it to the sandboxes."""
VARIABLES = {"text": "STRING", "choice": "CATEGORICAL", "whole": "INTEGER", "number": "DOUBLE", "flag": "BOOLEAN"}
ANNOTATED = [
    {
        "id": "set",
        "variables": [
            *({"id": name, "type": type_} for name, type_ in VARIABLES.items()),
            {"id": "texts", "type": "STRING", "multiValue": True},
        ],
    }
]
"""A variable set of OpenCGA with a variable of each type."""
OTHER = t.Schema("other", "code", (t.Field("code", t.String()), *(t.Field(n, ty) for n, ty in SCALARS.items())))
Row = tuple[str, str, tuple["Ability", ...]]
"""A pattern for the label, a name to stand in it, and what the platform does with it."""


def wide(key: str, identity: str | None) -> t.Schema:
    """A table with a field of each type, an object that has them too, and a reference to such a table."""
    own = (t.Field(key, t.String()), *((t.Field(identity, t.String()),) if identity else ()))
    inner = t.Object(tuple(t.Field(name, type_) for name, type_ in SCALARS.items()))
    fields = [t.Field(name, type_) for name, type_ in {**SCALARS, **LISTS, INSIDE: inner}.items()]
    return t.Schema("example", key, (*own, *fields), id=identity)


def adapter(platform: str) -> Adapter:
    """The platform's adapter; nothing is sent."""
    made = adapter_class(platform)
    return made.open(settings_from_values(made.Settings, SETTINGS[platform]), Context(profile=platform))


def pushdown(platform: str, schema: t.Schema) -> Pushdown:
    """The table of a platform whose rules go by type; of Gen3's search that of the service beside it."""
    if platform != "gen3-search":
        return adapter(platform).pushdown(schema)
    from biodata_gen3.search.query import PUSHDOWN

    return PUSHDOWN


def by_type(platform: str) -> str:
    """The table of a platform whose rules go by type."""
    gen3, has = platform == "gen3", HAS[platform]
    schema = wide("submitter_id" if gen3 else "key", "id" if gen3 else None)
    known = pushdown(platform, schema)
    plain = [name for name in has if name in SCALARS]
    paths = [("{}", "the key", schema.key_fields), *([("{}", "the id", ("id",))] if gen3 else [])]
    paths += [("{}", name, (name,)) for name in plain]
    paths += [("list of {}", name, (f"list of {name}",)) for name in SCALARS if f"list of {name}" in has]
    paths += [("{} in an object", name, (INSIDE, name)) for name in plain if INSIDE in has]
    paths += [("{} beyond a reference", name, ("ref", name)) for name in plain if "ref" in has]
    tables = {"other": OTHER, "example": schema}
    rows = [(label, name, abilities(known, schema, path, tables.__getitem__)) for label, name, path in paths]
    return "\n".join(table("type", rows, by_value(known)))


def by_field(platform: str) -> str:
    """The tables of a platform whose rules go by field, one each."""
    from biodata_opencga.schema import schema_of

    made, lines = adapter(platform), list[str]()
    for info in made.tables():
        schema = schema_of(info.name, ANNOTATED)
        known = made.pushdown(schema)
        rows = [("{}", f"`{'.'.join(path)}`", abilities(known, schema, path, schema_of)) for path in paths_of(schema)]
        lines += [f"### {info.name}", "", *table("field", rows), ""]
    return "\n".join(lines).rstrip()


def table(head: str, rows: Iterable[Row], limits: Sequence[str] = ()) -> list[str]:
    """A table with a row for what behaves alike, and its notes."""
    notes: dict[str, int] = {}
    lines = [f"| {head} | by the platform | by the platform, checked here | here |", "| --- | --- | --- | --- |"]
    for label, names, found in merged(rows):
        cells = [cell(found, support, notes) for support in ("exact", "inexact", "unsupported")]
        lines.append(f"| {label.format(', '.join(names))} | {' | '.join(cells)} |")
    lines += ["", *(f"{number}. {reason}" for reason, number in notes.items())]
    rest = [reason for reason in limits if reason not in notes]
    return lines + (["", f"Some values are not compared as others are: {'; '.join(rest)}."] if rest else [])


def merged(rows: Iterable[Row]) -> list[tuple[str, list[str], tuple[Ability, ...]]]:
    """Rows that say the same as one; where all is done, or nothing, whatever operators their types have."""
    made: dict[Any, tuple[str, list[str], tuple[Ability, ...]]] = {}
    for label, name, found in rows:
        alike: Any = found
        if {ability.support for ability in found} in ({"exact"}, {"unsupported"}):
            alike = frozenset(ability.reason for ability in found if ability.op in COMPARISONS)
        made.setdefault((label, alike), (label, [], found))[1].append(name)
    return list(made.values())


def cell(found: tuple[Ability, ...], support: str, notes: dict[str, int]) -> str:
    """The operators that are done so, those of one reason together with the number of its note."""
    by_reason: dict[str, list[str]] = {}
    for ability in found:
        if ability.support == support:
            by_reason.setdefault(ability.reason, []).append(f"`{'=' if ability.op == '==' else ability.op}`")
    numbers = {reason: notes.setdefault(reason, len(notes) + 1) for reason in by_reason if reason}
    if sum(map(len, by_reason.values())) == len(found):
        return " ".join(["all", *([f"({', '.join(map(str, numbers.values()))})"] if numbers else [])])
    shown = [f"{' '.join(ops)}" + (f" ({numbers[reason]})" if reason else "") for reason, ops in by_reason.items()]
    return ", ".join(shown)
