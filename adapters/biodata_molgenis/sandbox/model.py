"""What a MOLGENIS server knows about a table: entity type and attributes.

Types are named as in `/api/metadata` (`categoricalmref`, `onetomany`); REST v1 and v2 write them in capitals
(protocols/molgenis.md, a3 and f).
"""

from __future__ import annotations

from functools import cached_property

import msgspec

__all__ = [
    "FIELD_TYPES",
    "MULTI_TYPES",
    "ORDERED_TYPES",
    "REFERENCE_TYPES",
    "STRING_TYPES",
    "Attribute",
    "EntityType",
    "type_of_emx",
]

FIELD_TYPES = {
    "bool": "BOOL",
    "categorical": "CATEGORICAL",
    "categoricalmref": "CATEGORICAL_MREF",
    "compound": "COMPOUND",
    "date": "DATE",
    "datetime": "DATE_TIME",
    "decimal": "DECIMAL",
    "email": "EMAIL",
    "enum": "ENUM",
    "file": "FILE",
    "html": "HTML",
    "hyperlink": "HYPERLINK",
    "int": "INT",
    "long": "LONG",
    "mref": "MREF",
    "onetomany": "ONE_TO_MANY",
    "script": "SCRIPT",
    "string": "STRING",
    "text": "TEXT",
    "xref": "XREF",
}
MULTI_TYPES = frozenset({"mref", "categoricalmref", "onetomany"})
REFERENCE_TYPES = MULTI_TYPES | {"xref", "categorical", "file"}
STRING_TYPES = frozenset({"string", "text", "html", "script", "email", "hyperlink", "enum"})
ORDERED_TYPES = frozenset({"int", "long", "decimal", "date", "datetime"})
_SHORT, _LONG = 255, 65535
_MAX_LENGTH = {"string": _SHORT, "email": _SHORT, "hyperlink": _SHORT, "enum": _SHORT} | dict.fromkeys(
    ("text", "html", "script"), _LONG
)


def type_of_emx(data_type: str) -> str:
    """The type that an EMX sheet's `dataType` names, `categorical_mref` for example; blank means string.

    Raises:
        ValueError: a type that MOLGENIS does not have.
    """
    name = data_type.strip().lower().replace("_", "") or "string"
    if name not in FIELD_TYPES:
        raise ValueError(f"Unsupported data type [{data_type}]")
    return name


class Attribute(msgspec.Struct, frozen=True, kw_only=True):
    """One attribute; `ref` and `mapped_by` name another entity type and its attribute, `part_of` a compound.

    One that is `case_sensitive` has the tag of that name, so that `=like=` tells case apart.
    """

    name: str
    type: str = "string"
    id: str = ""
    label: str | None = None
    description: str | None = None
    is_id: bool = False
    is_label: bool = False
    lookup: bool = False
    nillable: bool = True
    auto: bool = False
    visible: bool = True
    unique: bool = False
    read_only: bool = False
    aggregatable: bool = False
    ref: str | None = None
    mapped_by: str | None = None
    part_of: str | None = None
    enum_options: tuple[str, ...] = ()
    default: str | None = None
    expression: str | None = None
    validation_expression: str | None = None
    minimum: int | None = None
    maximum: int | None = None
    length: int | None = None
    case_sensitive: bool = False

    @property
    def multi(self) -> bool:
        """Whether it holds a list of references."""
        return self.type in MULTI_TYPES

    @property
    def reference(self) -> bool:
        """Whether it holds references, files included."""
        return self.type in REFERENCE_TYPES

    @property
    def max_length(self) -> int | None:
        """Characters that a text may have."""
        return self.length if self.length is not None else _MAX_LENGTH.get(self.type)


class EntityType(msgspec.Struct, frozen=True, dict=True):
    """A table. `attributes` holds all attributes in order, compounds and their parts side by side."""

    id: str
    label: str
    attributes: tuple[Attribute, ...]
    package: str | None = None
    description: str | None = None
    abstract: bool = False
    extends: str | None = None
    indexing_depth: int = 1

    @cached_property
    def by_name(self) -> dict[str, Attribute]:
        """Attributes by name."""
        return {attribute.name: attribute for attribute in self.attributes}

    @cached_property
    def atomic(self) -> tuple[Attribute, ...]:
        """The attributes that rows have: all but compounds."""
        return tuple(one for one in self.attributes if one.type != "compound")

    @cached_property
    def roots(self) -> tuple[Attribute, ...]:
        """The attributes that are not part of a compound."""
        return tuple(one for one in self.attributes if one.part_of is None)

    def parts(self, compound: str) -> tuple[Attribute, ...]:
        """The attributes inside a compound."""
        return tuple(one for one in self.attributes if one.part_of == compound)

    @cached_property
    def id_attribute(self) -> Attribute:
        """The attribute that identifies a row."""
        return next(one for one in self.attributes if one.is_id)

    @cached_property
    def label_attribute(self) -> Attribute:
        """The attribute shown for a row: the id where no other was chosen."""
        return next((one for one in self.attributes if one.is_label), self.id_attribute)

    @cached_property
    def lookup_attributes(self) -> tuple[Attribute, ...]:
        """The attributes that a search in a reference looks at."""
        return tuple(one for one in self.attributes if one.lookup)

    @property
    def system(self) -> bool:
        """Whether the server made it."""
        return self.id.startswith("sys_")
