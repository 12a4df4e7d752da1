"""What the answers of the three APIs share: encoded ids, paths, plain values, and the views on a table.

A key whose value is null is left out everywhere (protocols/molgenis.md, a3).
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any
from urllib.parse import quote

from biodata_molgenis.sandbox.values import instant_text

if TYPE_CHECKING:
    from biodata_molgenis.sandbox.model import Attribute, EntityType
    from biodata_molgenis.sandbox.state import Row, State

__all__ = ["View", "attribute_flags", "encoded", "plain", "without_none"]


def encoded(row_id: Any) -> str:
    """An id as part of a path: everything but letters, digits and `-._~` is percent-encoded."""
    return quote(str(row_id), safe="")


def plain(attribute: Attribute, value: Any) -> Any:
    """A value that is no reference in JSON."""
    return instant_text(value) if attribute.type == "datetime" else value


def without_none(**items: Any) -> dict[str, Any]:
    """The items that are not None."""
    return {name: value for name, value in items.items() if value is not None}


def attribute_flags(entity_type: EntityType, attribute: Attribute) -> dict[str, Any]:
    """The part of an attribute's metadata that v1 and v2 write alike."""
    low, high = attribute.minimum, attribute.maximum
    return without_none(
        maxLength=attribute.max_length,
        mappedBy=attribute.mapped_by,
        auto=attribute.auto,
        nillable=attribute.nillable,
        readOnly=attribute.read_only,
        defaultValue=attribute.default,
        labelAttribute=attribute is entity_type.label_attribute,
        unique=attribute.unique,
        visible=attribute.visible,
        lookupAttribute=attribute.lookup,
        isAggregatable=attribute.aggregatable,
        range=without_none(min=low, max=high) if low is not None or high is not None else None,
        expression=attribute.expression,
        validationExpression=attribute.validation_expression,
    )


class View:
    """The state as one user sees it during one request; children of one-to-many attributes are found once."""

    def __init__(self, state: State, user: str, base: str) -> None:
        self.state = state
        self.user = user
        self.base = base
        self._children: dict[str, dict[Any, tuple[Any, ...]]] = {}

    def type_of(self, attribute: Attribute) -> EntityType:
        """The table that a reference points to."""
        return self.state.types[attribute.ref or ""]

    def ids(self, entity_type: EntityType, attribute: Attribute, row: Row) -> tuple[Any, ...]:
        """The ids that a multi-reference holds."""
        if attribute.type != "onetomany":
            held: tuple[Any, ...] = row.get(attribute.name) or ()
            return held
        if attribute.id not in self._children:
            self._children[attribute.id] = self.state.children(attribute)
        return self._children[attribute.id].get(row[entity_type.id_attribute.name], ())

    def referenced(self, entity_type: EntityType, attribute: Attribute, row: Row) -> list[Row]:
        """The rows that a multi-reference holds, in its order."""
        target = self.state.rows(attribute.ref or "")
        return [target[one] for one in self.ids(entity_type, attribute, row) if one in target]

    def permissions(self, entity_type: EntityType) -> list[str]:
        """What the user may do with a table."""
        return list(self.state.permissions(self.user, entity_type.id))

    def writable(self, entity_type: EntityType) -> bool:
        """Whether the user may change rows of a table."""
        return "UPDATE_DATA" in self.state.permissions(self.user, entity_type.id)

    def type_flags(self, entity_type: EntityType) -> dict[str, Any]:
        """The part of a table's metadata that v1 and v2 write alike."""
        return without_none(
            name=entity_type.id,
            label=entity_type.label,
            description=entity_type.description,
            labelAttribute=entity_type.label_attribute.name,
            idAttribute=entity_type.id_attribute.name,
            lookupAttributes=[one.name for one in entity_type.lookup_attributes],
            isAbstract=entity_type.abstract,
            writable=self.writable(entity_type),
            languageCode="en",
            permissions=self.permissions(entity_type),
        )
