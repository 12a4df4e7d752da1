"""The types of values, the same on every platform (docs/semantics.md).

A type is a frozen msgspec Struct, so a schema has a JSON form: `{"type": "list", "item": {"type": "int"}}`.
Its text is what `biodata schema` prints: `int`, `list[ref(ASE)]`, `object{id, name}`.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

from biodata.errors import QueryError, near_match

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = [
    "EXACT_FLOAT",
    "Boolean",
    "DataType",
    "Date",
    "DateTime",
    "Decimal",
    "Field",
    "File",
    "Float",
    "Integer",
    "Json",
    "Key",
    "List",
    "Object",
    "Path",
    "Record",
    "Reference",
    "Schema",
    "String",
    "Value",
    "element",
    "is_list",
]

EXACT_FLOAT = 2**53
"""Integers up to this are exact as floats."""

Path: TypeAlias = tuple[str, ...]
"""The names that lead to a value: `("SNP_ID", "Chr")`."""

Value: TypeAlias = Any
"""None, str, int, float, decimal.Decimal, bool, date, datetime (aware, UTC), dict or list of these."""

Record: TypeAlias = dict[str, Any]
"""One record: field name to normalised value; a field that has no value is None."""

Key: TypeAlias = Any
"""A key: a str or int, or a tuple of them where the schema's key is a tuple."""


class DataType(msgspec.Struct, frozen=True, tag_field="type"):
    """What a field holds. `kind` is the word that pushdown tables and documentation use."""

    @property
    def kind(self) -> str:
        """The type's word: `string`, `int`, …, `list`."""
        return str(self.__struct_config__.tag)

    def __str__(self) -> str:
        return self.kind


class String(DataType, frozen=True, tag="string"):
    """Text; compares by code point, case-sensitive.

    Attributes:
        choices: the only values allowed, where the platform declares them.
        max_length: in characters, where the platform has a limit.
    """

    choices: tuple[str, ...] | None = None
    max_length: int | None = None

    def __str__(self) -> str:
        return "enum" if self.choices is not None else "string"


class Integer(DataType, frozen=True, tag="int"):
    """A whole number of `bits` bits, or of any size when None."""

    bits: int | None = 64
    minimum: int | None = None
    maximum: int | None = None


class Float(DataType, frozen=True, tag="float"):
    """A binary floating-point number (float64)."""


class Decimal(DataType, frozen=True, tag="decimal", omit_defaults=True):
    """A decimal number; in frames a float64.

    Attributes:
        digits: how many there are at most, where the platform declares that.
        scale: how many of them stand behind the point at most.
    """

    digits: int | None = None
    scale: int | None = None


class Boolean(DataType, frozen=True, tag="bool"):
    """True or false."""


class Date(DataType, frozen=True, tag="date"):
    """A calendar day."""


class DateTime(DataType, frozen=True, tag="datetime"):
    """An instant, kept in UTC."""


class Json(DataType, frozen=True, tag="json"):
    """Any JSON value; not looked into."""


class Reference(DataType, frozen=True, tag="ref"):
    """The key of a record in another table of the same connection.

    Attributes:
        table: the table's name.
        key: the type of that table's key.
    """

    table: str
    key: String | Integer = String()

    def __str__(self) -> str:
        return f"ref({self.table})"


class File(DataType, frozen=True, tag="file"):
    """A stored file; its value is an object of `id`, `filename` and, where there is one, `url`.

    In a write a path or a `biodata.Upload` stores a new one.
    """


class Object(DataType, frozen=True, tag="object"):
    """An object with named fields of its own."""

    fields: tuple[Field, ...]

    def __str__(self) -> str:
        return f"object{{{', '.join(field.name for field in self.fields)}}}"


class List(DataType, frozen=True, tag="list"):
    """A list of one type; null and empty are the same, no element."""

    item: String | Integer | Float | Decimal | Boolean | Date | DateTime | Json | Reference | File | Object

    def __str__(self) -> str:
        return f"list[{self.item}]"


AnyType: TypeAlias = (
    String | Integer | Float | Decimal | Boolean | Date | DateTime | Json | Reference | File | Object | List
)


def element(type_: DataType) -> DataType:
    """The type of a list's elements, or the type itself."""
    return type_.item if isinstance(type_, List) else type_


def is_list(type_: DataType) -> bool:
    """Whether the type is a list."""
    return isinstance(type_, List)


class Field(msgspec.Struct, frozen=True, omit_defaults=True):
    """One field of a table.

    Attributes:
        required: must be there, and not null, in a new record.
        unique: no two records of the table share a value.
        read_only: the platform refuses to change it once the record is there.
        generated: the platform fills it in; it may be left out, and where `read_only` too it cannot be given.
        default: what the platform stores when a new record does not have the field, as it prints it.
        options: an adapter's own notes, for itself only.
    """

    name: str
    type: AnyType
    required: bool = False
    unique: bool = False
    read_only: bool = False
    generated: bool = False
    label: str = ""
    description: str = ""
    default: str | None = None
    options: dict[str, str] = {}


class Schema(msgspec.Struct, frozen=True, dict=True):
    """The shape of a table.

    Attributes:
        table: the name by which the connection finds it.
        key: the field that people name a record by; a tuple of fields where the key is composite.
        fields: in the platform's order.
        id: the field of the platform's own identity, where it is not the key.
        writable: whether records can be added, changed or deleted at all.
    """

    table: str
    key: str | tuple[str, ...]
    fields: tuple[Field, ...]
    id: str | None = None
    label: str = ""
    description: str = ""
    writable: bool = True

    @property
    def key_fields(self) -> tuple[str, ...]:
        """The key as a tuple, of one name or more."""
        return (self.key,) if isinstance(self.key, str) else self.key

    @property
    def names(self) -> tuple[str, ...]:
        """The names of the fields, in order."""
        return tuple(field.name for field in self.fields)

    @property
    def by_name(self) -> dict[str, Field]:
        """Name to field."""
        cached: dict[str, Field] | None = self.__dict__.get("_by_name")
        if cached is None:
            cached = self.__dict__["_by_name"] = {field.name: field for field in self.fields}
        return cached

    @property
    def guarded(self) -> tuple[Field, ...]:
        """The fields besides the key that are required or read-only: those whose presence a write must judge."""
        cached: tuple[Field, ...] | None = self.__dict__.get("_guarded")
        if cached is None:
            other = (field for field in self.fields if field.name not in self.key_fields)
            cached = self.__dict__["_guarded"] = tuple(one for one in other if one.required or one.read_only)
        return cached

    @property
    def files(self) -> tuple[str, ...]:
        """The names of the fields that hold a file."""
        cached: tuple[str, ...] | None = self.__dict__.get("_files")
        if cached is None:
            cached = self.__dict__["_files"] = tuple(one.name for one in self.fields if isinstance(one.type, File))
        return cached

    def key_of(self, record: Record) -> Key:
        """The record's key: a value, or a tuple where the key is composite; None where there is none."""
        if isinstance(self.key, str):
            return record.get(self.key)
        values = tuple(record.get(name) for name in self.key)
        return None if not values or None in values else values

    def __getitem__(self, name: str) -> Field:
        """The field of that name.

        Raises:
            QueryError: `BD-QUERY-FIELD`, naming a near match where there is one.
        """
        field = self.by_name.get(name)
        if field is None:
            raise unknown_field(name, self.names, self.table)
        return field

    def __contains__(self, name: object) -> bool:
        return name in self.by_name

    def __iter__(self) -> Iterator[Field]:
        return iter(self.fields)

    def __len__(self) -> int:
        return len(self.fields)

    def _repr_html_(self) -> str:
        from biodata.records.display import schema_html

        return schema_html(self)


def unknown_field(name: str, known: tuple[str, ...], table: str) -> QueryError:
    """The error for a field that the table does not have."""
    near = near_match(name, known)
    shown = ", ".join(known[:20]) + (", …" if len(known) > 20 else "")  # noqa: PLR2004 - a screenful
    hint = _several(name, known) or (f"Did you mean '{near}'?" if near else f"It has: {shown}.")
    return QueryError(f"There is no field '{name}'", code="BD-QUERY-FIELD", table=table, hint=hint)


def _several(name: str, known: tuple[str, ...]) -> str | None:
    """What helps where one text names several fields, or a field and a direction."""
    names = [one.strip() for one in name.split(",")]
    if len(names) > 1 and set(names) <= {*known, ""}:
        return f"Several fields are a list: {[one for one in names if one]}."
    field, _, direction = name.strip().rpartition(" ")
    if field in known and direction.lower() in {"asc", "desc"}:
        return f"'{field}' is ascending, '-{field}' descending."
    return None
