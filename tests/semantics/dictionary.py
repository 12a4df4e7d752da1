"""A Gen3 data dictionary with a node type for each table of docs/semantics.md."""

from __future__ import annotations

import json
from importlib.resources import files
from typing import TYPE_CHECKING, Any

from biodata.records import types as t
from tests.semantics.page import KEY

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from biodata.records.types import Field, Schema

_RULES: dict[str, dict[str, Any]] = {
    "string": {"type": "string"},
    "int": {"type": "integer"},
    "float": {"type": "number"},
    "bool": {"type": "boolean"},
    "date": {"type": "string", "format": "date"},
    "datetime": {"type": "string", "format": "date-time"},
}
_TARGET = {"type": "object", "properties": {"id": {"type": "string"}, "submitter_id": {"type": "string"}}}


def write_dictionary(directory: Path, shapes: Mapping[str, Schema]) -> Path:
    """The file: program and project as in the sandbox's own dictionary, and the tables; without nested objects."""
    ours = json.loads(files("biodata_gen3.sandbox").joinpath("data", "dictionary.json").read_text(encoding="utf-8"))
    kept = {name: one for name, one in ours.items() if name.startswith("_") or name in ("program", "project")}
    path = directory / "dictionary.json"
    made = {name: _node(ours["sample"], shape) for name, shape in shapes.items()}
    path.write_text(json.dumps(kept | made), encoding="utf-8")
    return path


def _node(like: Mapping[str, Any], shape: Schema) -> dict[str, Any]:
    system = {*like["systemProperties"], "type", "submitter_id"}
    properties = {name: rule for name, rule in like["properties"].items() if name in system}
    properties |= {one.name: rule for one in shape if one.name != KEY and (rule := _rule(one.type))}
    links = [_link(one, shape.table) for one in shape if isinstance(t.element(one.type), t.Reference)]
    named = {"id": shape.table, "title": shape.table, "required": ["submitter_id"]}
    return {**like, **named, "links": links, "properties": properties}


def _link(field: Field, table: str) -> dict[str, Any]:
    back = f"{table}_{field.name}"
    many = "many_to_many" if t.is_list(field.type) else "many_to_one"
    target = getattr(t.element(field.type), "table", None)
    named = {"name": field.name, "target_type": target, "backref": back, "label": back}
    return {**named, "multiplicity": many, "required": False}


def _rule(type_: t.DataType) -> dict[str, Any] | None:
    """The JSON schema of a property; None for what a node type cannot hold."""
    match type_:
        case t.List(item):
            inner = _rule(item)
            return inner and {"type": "array", "items": inner}
        case t.Reference():
            return _TARGET
        case t.String(choices) if choices:
            return {"enum": list(choices)}
    return _RULES.get(type_.kind)
