"""Rows of a submission's sheet and documents of the commons as records of a table (protocols/gen3.md, b: Links).

A column of a sheet may begin with `*`; a link is a column `cases.submitter_id`, several ends in one cell parted by
commas, or in JSON `{"submitter_id": …}` or a list of those. `type` and `project_id` say what table and project know.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.records.types import List, Reference, element

if TYPE_CHECKING:
    from biodata.records.types import Field, Record, Schema
    from biodata_gen3.server import Project

__all__ = ["as_record"]

_KEYS = ("submitter_id", "code")
_ID = "id"


def as_record(schema: Schema, given: Record, project: Project) -> Record:
    """The record of a document or a sheet's row; one that is neither stays as it is.

    What names another node type, another project or a link by nothing but an id is left in, so that it is refused.
    """
    record = {str(name).removeprefix("*").strip(): value for name, value in given.items()}
    ours = {"type": schema.table, "project_id": project.id}
    own = record.get("type") == schema.table
    made: Record = {}
    for name, value in record.items():
        link, _, end = name.partition(".")
        if (name in ours and ours[name] == value) or (own and _is_beside(schema, record, name)):
            continue
        if end in _KEYS and _is_link(schema, link):
            made[link] = _from_cell(schema[link], value)
        else:
            made |= _linked(schema[name], value) if _is_link(schema, name) else {name: value}
    return made


def _linked(field: Field, value: Any) -> Record:
    """A link by keys; one by an id keeps a name that no field has, as in a sheet."""
    ends = _ends(field, value)
    by_id = any(isinstance(one, dict) for one in (ends if isinstance(ends, list) else [ends]))
    return {f"{field.name}.{_ID}" if by_id else field.name: ends}


def _is_beside(schema: Schema, record: Record, name: str) -> bool:
    """What an export has beside the keys: the commons' own ids, by which nothing is written here."""
    link, _, end = name.rpartition(".")
    by_key = any(f"{link}.{key}" in record for key in _KEYS)
    return end == _ID and (_ID in schema if not link else by_key and _is_link(schema, link))


def _is_link(schema: Schema, name: str) -> bool:
    return name in schema and isinstance(element(schema[name].type), Reference)


def _from_cell(field: Field, cell: Any) -> Any:
    if not isinstance(cell, str) or not isinstance(field.type, List):
        return cell
    return [part.strip() for part in cell.split(",") if part.strip()]


def _ends(field: Field, value: Any) -> Any:
    """The keys of link objects; a list of one end where there can be one only is that end."""
    listed = value if isinstance(value, list) else [value]
    keys = [_key(one) for one in listed]
    if isinstance(field.type, List):
        return keys if isinstance(value, list | dict) else value
    return keys[0] if len(keys) == 1 else None if not keys else value


def _key(end: Any) -> Any:
    if not isinstance(end, dict):
        return end
    return next((end[name] for name in _KEYS if name in end), end)
