"""Arrow columns along a path: into structs, and into each element of lists."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, cast

from biodata.pipelines.rows import is_json, relisted
from biodata.records.arrow import JSON_TEXT

if TYPE_CHECKING:
    from collections.abc import Callable, Sequence

    import pyarrow as pa

    from biodata.records.types import Path

__all__ = ["changed_at", "column_at", "holds_json"]

_MARK = cast("dict[bytes | str, bytes | str]", JSON_TEXT)


def column_at(batch: pa.RecordBatch, path: Path) -> tuple[pa.Field[Any], pa.Array[Any]]:
    """The column that a path leads to, under its dotted name; of a list, what is there in each element."""
    field, array = batch.schema.field(path[0]), batch.column(path[0])
    if len(path) == 1:
        return field, array
    inner, array = _at(field, array, path[1:])
    named = inner.with_name(".".join(path)).with_type(array.type).remove_metadata()
    return (named.with_metadata(_MARK) if holds_json(inner) else named), array


def holds_json(field: pa.Field[Any]) -> bool:
    """Whether a column, or a field inside a struct, is text that holds JSON."""
    return is_json(field) or (field.metadata or {}).get(b"ARROW:extension:name") == b"arrow.json"


def _at(field: pa.Field[Any], array: Any, path: Path) -> tuple[pa.Field[Any], pa.Array[Any]]:
    import pyarrow as pa

    if pa.types.is_list(array.type):
        return _at_each(field, array, path)
    if not path:
        return field, array
    index = array.type.get_field_index(path[0])
    return _at(array.type.field(index), array.flatten()[index], path[1:])


def _at_each(field: pa.Field[Any], lists: Any, path: Path) -> tuple[pa.Field[Any], pa.Array[Any]]:
    """What is there in each element, nulls left out and lists laid flat; a null list stays null."""
    import pyarrow as pa
    import pyarrow.compute as pc

    if not path:
        return field, lists
    owners = pc.list_parent_indices(lists)
    found, inner = _at(field, lists.flatten(), path)
    if pa.types.is_list(inner.type):
        owners = owners.take(pc.list_parent_indices(inner))
        inner = pc.list_flatten(inner)
    there = pc.is_valid(inner)
    return found, _relisted(lists, owners.filter(there), inner.filter(there))


def _relisted(lists: Any, owners: Any, values: Any) -> pa.Array[Any]:
    """The lists with other elements; `owners` says for each, in order, at which index its list stands."""
    import pyarrow as pa

    counts = [0] * (len(lists) + 1)
    for owner in owners.to_pylist():
        counts[owner + 1] += 1
    for index in range(1, len(counts)):
        counts[index] += counts[index - 1]
    return pa.ListArray.from_arrays(pa.array(counts, pa.int32()), values, mask=lists.is_null())


def changed_at(array: Any, path: Sequence[str], change: Callable[[Any], Any]) -> Any:
    """The array with `change` applied to the values that a path leads to, elements of lists among them."""
    import pyarrow as pa

    if pa.types.is_list(array.type):
        return relisted(array, changed_at(array.flatten(), path, change))
    if not path:
        return change(array)
    index, children = array.type.get_field_index(path[0]), array.flatten()
    children[index] = changed_at(children[index], path[1:], change)
    fields = [field.with_type(child.type) for field, child in zip(array.type, children, strict=True)]
    return pa.StructArray.from_arrays(children, fields=fields, mask=array.is_null())


def path_in(schema: pa.Schema, name: str) -> Path | None:
    """The path of a dotted name: a column, dots and all, or a field inside one; None where there is none."""
    import pyarrow as pa

    if name in schema.names:
        return (name,)
    path = tuple(name.split("."))
    if path[0] not in schema.names:
        return None
    kind = schema.field(path[0]).type
    for step in path[1:]:
        kind = kind.value_type if pa.types.is_list(kind) else kind
        if not pa.types.is_struct(kind) or kind.get_field_index(step) < 0:
            return None
        kind = kind.field(step).type
    return path


def without(batch: pa.RecordBatch, path: Path) -> pa.RecordBatch:
    """The batch without the column that a path leads to, and without the structs that have no other field."""
    index = batch.schema.get_field_index(path[0])
    left = _without(batch.column(index), path[1:])
    return batch.remove_column(index) if left is None else batch.set_column(index, path[0], left)


def _without(array: Any, path: Path) -> Any:
    import pyarrow as pa

    if not path:
        return None
    children = dict(zip((field.name for field in array.type), array.flatten(), strict=True))
    left = _without(children.pop(path[0]), path[1:])
    if left is not None:
        children[path[0]] = left
    fields = [field.with_type(children[field.name].type) for field in array.type if field.name in children]
    if not fields:
        return None
    return pa.StructArray.from_arrays([children[field.name] for field in fields], fields=fields, mask=array.is_null())
