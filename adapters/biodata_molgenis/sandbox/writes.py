"""Creating, replacing and deleting rows, with the constraints that the database keeps.

A batch is one transaction: it is checked on a copy of the table, which takes the table's place at the end
(protocols/molgenis.md, b1). Texts and codes of the violations are those of a5 and of the recordings 020 to 038.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata_molgenis.sandbox import system
from biodata_molgenis.sandbox.errors import Violation, bad_request, data_error
from biodata_molgenis.sandbox.state import typed_id
from biodata_molgenis.sandbox.validation import violations_of
from biodata_molgenis.sandbox.values import FileId, convert

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping, Sequence

    from biodata_molgenis.sandbox.model import Attribute, EntityType
    from biodata_molgenis.sandbox.state import Row, State

__all__ = ["create", "delete", "delete_all", "replace", "set_values"]


def create(state: State, entity_type: EntityType, items: Sequence[Mapping[str, Any]]) -> list[Any]:
    """Add rows given as a client writes them; returns their ids in the same order.

    Raises:
        ApiError: 400 with one violation (constraints) or several (validation); nothing is added then.
    """
    _require_writable(entity_type)
    rows = [entity_from(state, entity_type, item, creating=True) for item in items]
    _validate(entity_type, rows)
    return _insert(state, entity_type, rows)


def replace(
    state: State, entity_type: EntityType, items: Sequence[Mapping[str, Any]], *, detach: bool = True
) -> None:
    """Put whole rows in the place of those with their ids: what is not given becomes default or null (trap 1).

    Without `detach` children that a one-to-many does not name keep their parent.

    Raises:
        ApiError: 400, also for a row that is not there; nothing is changed then.
    """
    _require_writable(entity_type)
    rows = [entity_from(state, entity_type, item, creating=False) for item in items]
    update(state, entity_type, rows, detach=detach)


def set_values(state: State, entity_type: EntityType, attribute: Attribute, values: Mapping[Any, Any]) -> None:
    """Set one attribute of several rows; `values` holds what the client wrote by row id."""
    _require_writable(entity_type)
    table = state.rows(entity_type.id)
    rows = []
    for row_id, value in values.items():
        row = dict(table[row_id])
        row[attribute.name] = convert(state.types, attribute, value)
        rows.append(row)
    update(state, entity_type, rows)


def update(state: State, entity_type: EntityType, rows: Sequence[Row], *, detach: bool = True) -> None:
    """Put converted rows in place of those with their ids."""
    _validate(entity_type, rows)
    key = entity_type.id_attribute.name
    table = dict(state.rows(entity_type.id))
    for row in rows:
        if row[key] not in table:
            text = f"Cannot update [{entity_type.id}] with id [{row[key]}] because it does not exist"
            raise bad_request(text)
        table[row[key]] = row
    _check(state, entity_type, rows, table, ignored={row[key] for row in rows})
    _commit(state, entity_type, rows, table, detach=detach)


def delete(state: State, entity_type: EntityType, ids: Iterable[str]) -> None:
    """Delete rows by the texts of their ids; ids that are not there are ignored.

    Raises:
        ApiError: 400 D22 for a row that another one refers to; nothing is deleted then.
    """
    _require_writable(entity_type)
    table = dict(state.rows(entity_type.id))
    gone = {typed_id(entity_type, one) for one in ids} & table.keys()
    for one in gone:
        del table[one]
    _refuse_referenced(state, entity_type, gone)
    state.stored[entity_type.id] = table


def delete_all(state: State, entity_type: EntityType) -> None:
    """Delete every row of the table."""
    _require_writable(entity_type)
    _refuse_referenced(state, entity_type, set(state.rows(entity_type.id)))
    state.stored[entity_type.id] = {}


def entity_from(state: State, entity_type: EntityType, item: Mapping[str, Any], *, creating: bool) -> Row:
    """A row with every atomic attribute, from what a client wrote; unknown keys are ignored [C 029].

    An attribute that is not given takes its default value, an explicit null does not [C 113, 125].
    """
    row: Row = {}
    for attribute in entity_type.atomic:
        if attribute.expression is not None:
            row[attribute.name] = None
        elif attribute.type == "file" and item.get(attribute.name):
            row[attribute.name] = _file(state, entity_type, attribute, item)
        elif attribute.name in item:
            row[attribute.name] = convert(state.types, attribute, item[attribute.name])
        else:
            row[attribute.name] = _default(state, attribute)
        if creating and attribute.auto and row[attribute.name] is None:
            row[attribute.name] = _automatic(state, attribute)
    return row


def _file(state: State, entity_type: EntityType, attribute: Attribute, item: Mapping[str, Any]) -> Any:
    """A new file, or the one that the row has, which a client names by its file name (a6)."""
    value = item[attribute.name]
    if isinstance(value, FileId):
        return str(value)
    key = convert(state.types, entity_type.id_attribute, item.get(entity_type.id_attribute.name))
    row = state.rows(entity_type.id).get(key) or {}
    held = row.get(attribute.name)
    if held is None or state.rows(system.FILE_META)[held]["filename"] != value:
        text = "Cannot update entity with file attribute without passing file, while changing the name of"
        raise bad_request(f"{text} the existing file attribute.")
    return held


def _default(state: State, attribute: Attribute) -> Any:
    if attribute.default is not None:
        return convert(state.types, attribute, attribute.default)
    return () if attribute.multi else None


def _automatic(state: State, attribute: Attribute) -> Any:
    if attribute.type == "datetime":
        return state.clock.now()
    if attribute.type == "date":
        return state.clock.now().date().isoformat()
    return state.new_id()


def _require_writable(entity_type: EntityType) -> None:
    if entity_type.id in system.VIRTUAL:
        raise bad_request(f"Repository '{entity_type.id}' does not support 'writing'.", "D11")


def _validate(entity_type: EntityType, rows: Iterable[Row]) -> None:
    violations = [one for row in rows for one in violations_of(entity_type, row)]
    if violations:
        raise data_error(*violations)


def _insert(state: State, entity_type: EntityType, rows: Sequence[Row]) -> list[Any]:
    key = entity_type.id_attribute.name
    table = dict(state.rows(entity_type.id))
    _check(state, entity_type, rows, table, ignored=set())
    for row in rows:
        table[row[key]] = row
    _check_references(state, entity_type, rows, table)
    _commit(state, entity_type, rows, table, detach=False)
    return [row[key] for row in rows]


def _check(
    state: State,
    entity_type: EntityType,
    rows: Sequence[Row],
    table: Mapping[Any, Row],
    *,
    ignored: set[Any],
) -> None:
    """Not-null and unique, row by row as the database meets them; when rows are replaced, references too."""
    unique = [one for one in entity_type.atomic if one.unique]
    taken = {one.name: {row[one.name] for row_id, row in table.items() if row_id not in ignored} for one in unique}
    for row in rows:
        _refuse_nulls(entity_type, row)
        for attribute in unique:
            _refuse_taken(entity_type, attribute, row[attribute.name], taken[attribute.name])
    if ignored:
        _check_references(state, entity_type, rows, table)


def _refuse_nulls(entity_type: EntityType, row: Row) -> None:
    for attribute in entity_type.atomic:
        if not attribute.nillable and not attribute.multi and row[attribute.name] is None:
            # PostgreSQL 13 and later word this so that MOLGENIS no longer finds the attribute in it.
            text = f"The attribute '<unknown>' of entity '{entity_type.id}' can not be null."
            raise data_error(Violation(text, "D21a"))


def _refuse_taken(entity_type: EntityType, attribute: Attribute, value: Any, taken: set[Any]) -> None:
    if value is None:
        return
    if value in taken:
        text = f"Value '{value}' for unique attribute '{attribute.name}' from entity '{entity_type.id}'"
        raise data_error(Violation(f"{text} already exists.", "D24a"))
    taken.add(value)


def _check_references(state: State, entity_type: EntityType, rows: Sequence[Row], table: Mapping[Any, Row]) -> None:
    for attribute in entity_type.atomic:
        if attribute.reference:
            target = table if attribute.ref == entity_type.id else state.rows(attribute.ref or "")
            for row in rows:
                _refuse_unknown(entity_type, attribute, row, target)


def _refuse_unknown(entity_type: EntityType, attribute: Attribute, row: Row, target: Mapping[Any, Row]) -> None:
    value = row.get(attribute.name)
    listed = (value if attribute.multi else (value,)) if value is not None else ()
    if len(set(listed)) < len(listed):
        again = next(one for number, one in enumerate(listed) if one in listed[:number])
        row_id = row[entity_type.id_attribute.name]
        text = f"Duplicate list value '{again}' for attribute '<unknown>' from entity '{entity_type.id}'"
        raise data_error(Violation(f"{text} with id '{row_id}'.", "D25"))
    for one in listed:
        if one not in target:
            text = f"Unknown xref value '{one}' for attribute '{attribute.name}' of entity '{entity_type.id}'."
            raise data_error(Violation(text, "D23"))


def _commit(
    state: State, entity_type: EntityType, rows: Sequence[Row], table: dict[Any, Row], *, detach: bool
) -> None:
    """Let the new table be the table; children named by a one-to-many learn their parent.

    With `detach`, as when rows are replaced, children that are no longer named lose theirs.
    """
    before = state.stored[entity_type.id]
    state.stored[entity_type.id] = table
    try:
        for attribute in entity_type.atomic:
            if attribute.type == "onetomany":
                for row in rows:
                    _adopt(state, entity_type, attribute, row, detach=detach)
    except Exception:
        state.stored[entity_type.id] = before
        raise


def _adopt(state: State, entity_type: EntityType, attribute: Attribute, row: Row, *, detach: bool) -> None:
    parent = row[entity_type.id_attribute.name]
    listed = row.pop(attribute.name, None)
    if listed is None:
        return
    child_type = state.types[attribute.ref or ""]
    children = dict(state.rows(child_type.id))
    column = attribute.mapped_by or ""
    orphans = (
        {}
        if not detach
        else {key: child for key, child in children.items() if child[column] == parent and key not in listed}
    )
    children |= {key: {**child, column: None} for key, child in orphans.items()}
    for child_id in listed:
        child = children[child_id]
        if child[column] not in (None, parent):
            text = f"Updating '{child_type.label}' with id '{child_id}' not allowed"
            raise bad_request(f"{text}: '{entity_type.label}' is already referred to by another.", "R11")
        children[child_id] = {**child, column: parent}
    if listed or orphans:
        state.stored[child_type.id] = children


def _refuse_referenced(state: State, entity_type: EntityType, gone: set[Any]) -> None:
    if not gone:
        return
    for other, attribute in state.referrers(entity_type.id):
        for row_id, row in state.rows(other.id).items():
            if other.id == entity_type.id and row_id in gone:
                continue
            value = row.get(attribute.name)
            listed = value if attribute.multi else (value,)
            held = next((one for one in listed or () if one in gone), None)
            if held is not None:
                key = entity_type.id_attribute.name
                text = f"Value '{held}' for attribute '{key}' is referenced by entity '{other.id}'."
                raise data_error(Violation(text, "D22"))
