"""The tables as schemas. They are the same on every server, but for the annotations that a study has."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.adapter import TableInfo
from biodata.errors import NotFound, PermissionDenied, near_match
from biodata.records.types import List, Reference, Schema
from biodata_opencga import catalogue
from biodata_opencga.annotations import annotation_field
from biodata_opencga.tables import TABLES, placed

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata.http import HttpSession
    from biodata.records.types import Field
    from biodata_opencga.shapes import Table

__all__ = ["Schemas", "list_tables", "schema_of"]


def list_tables() -> Sequence[TableInfo]:
    """The tables of a study, and those around it."""
    return [TableInfo(table.name, label=table.label) for table in TABLES.values()]


class Schemas:
    """The schemas of a connection; the variable sets of a study are asked for once.

    Args:
        session: with the tokens.
        study: of tables whose name says none.
    """

    def __init__(self, session: HttpSession, study: str | None) -> None:
        self._session = session
        self._study = study
        self._made: dict[str, Schema] = {}
        self._sets: dict[str | None, list[dict[str, Any]]] = {}

    def of(self, name: str, *, refresh: bool = False) -> Schema:
        """The shape of a table; of a study the key is its `fqn`, since its id is unique in its project only.

        Raises:
            NotFound: `BD-NOT-FOUND-TABLE`, `BD-NOT-FOUND-STUDY`.
        """
        if refresh or name not in self._made:
            annotated = _table(name).entity != ""
            study = placed(name)[0] or self._study
            self._made[name] = schema_of(name, self._variable_sets(study, refresh=refresh) if annotated else ())
        return self._made[name]

    def _variable_sets(self, study: str | None, *, refresh: bool) -> list[dict[str, Any]]:
        if refresh or study not in self._sets:
            self._sets[study] = self._asked(study)
        return self._sets[study]

    def _asked(self, study: str | None) -> list[dict[str, Any]]:
        """None of them where they may not be seen, or where it is not said which study is meant."""
        try:
            study = study or catalogue.only_study(self._session)
            return catalogue.variable_sets(self._session, study) if study else []
        except PermissionDenied:
            return []


def schema_of(name: str, variable_sets: Sequence[dict[str, Any]] = ()) -> Schema:
    """The shape of a table, in a study with these variable sets.

    Raises:
        NotFound: `BD-NOT-FOUND-TABLE`.
    """
    table, study = _table(name), placed(name)[0]
    fields = [_placed(field, study) for field in table.fields] if study else list(table.fields)
    annotations = annotation_field(variable_sets, table.entity) if table.entity else None
    if annotations is not None:
        at = next(at for at, field in enumerate(fields) if field.name == "annotationSets")
        fields.insert(at, annotations)
    id_ = "uuid" if any(field.name == "uuid" for field in fields) else None
    return Schema(name, table.key, tuple(fields), id=id_, label=table.label)


def _placed(field: Field, study: str) -> Field:
    """The field with its references in the same study."""
    type_ = field.type
    if isinstance(type_, Reference) and TABLES[type_.table].searched:
        type_ = Reference(f"{study}/{type_.table}")
    elif isinstance(type_, List) and isinstance(type_.item, Reference) and TABLES[type_.item.table].searched:
        type_ = List(Reference(f"{study}/{type_.item.table}"))
    return msgspec.structs.replace(field, type=type_)


def _table(name: str) -> Table:
    resource = placed(name)[1]
    if resource in TABLES:
        return TABLES[resource]
    near = near_match(resource, TABLES)
    hint = f"Did you mean '{near}'?" if near else f"There are: {', '.join(TABLES)}."
    raise NotFound(f"There is no table '{name}'", code="BD-NOT-FOUND-TABLE", table=name, hint=hint)
