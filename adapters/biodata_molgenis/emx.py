"""A Schema as an EMX archive, the form in which the importer takes tables (protocols/molgenis.md, c)."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

from biodata.errors import SchemaError
from biodata.records.types import (
    Boolean,
    Date,
    DateTime,
    Decimal,
    File,
    Float,
    Integer,
    Reference,
    String,
    element,
    is_list,
)
from biodata_molgenis.sheets import sheet

if TYPE_CHECKING:
    from biodata.records.types import Field, Schema

__all__ = ["data_type", "emx", "same_shape"]

_LENGTH = 255


def emx(schema: Schema) -> bytes:
    """The table as an EMX archive: packages.csv, entities.csv and attributes.csv.

    Raises:
        SchemaError: a composite key, or a type that the server does not have.
    """
    package, _, name = schema.table.partition("_") if "_" in schema.table else ("", "", schema.table)
    entity = {"name": name, "package": package, "label": schema.label or name, "description": schema.description}
    sheets = {
        "packages.csv": [{"name": package, "label": package}] if package else [],
        "entities.csv": [entity],
        "attributes.csv": [_attribute(schema, field) for field in schema],
    }
    archive = io.BytesIO()
    with zipfile.ZipFile(archive, "w", zipfile.ZIP_DEFLATED) as into:
        for name, rows in sheets.items():
            if rows:
                into.writestr(name, sheet(rows))
    return archive.getvalue()


def _attribute(schema: Schema, field: Field) -> dict[str, str]:
    if not isinstance(schema.key, str):
        raise SchemaError("MOLGENIS has no composite keys", code="BD-SCHEMA-KEY", table=schema.table)
    is_key = field.name == schema.key
    item = element(field.type)
    return {
        "name": field.name,
        "entity": schema.table,
        "dataType": data_type(schema, field),
        "idAttribute": ("AUTO" if field.generated else "TRUE") if is_key else "",
        "nillable": "FALSE" if is_key or field.required else "TRUE",
        "unique": "TRUE" if is_key or field.unique else "",
        "readOnly": "TRUE" if field.read_only and not is_key else "",
        "refEntity": item.table if isinstance(item, Reference) else "",
        "enumOptions": ",".join(item.choices or ()) if isinstance(item, String) else "",
        "defaultValue": field.default or "",
        "rangeMin": _limit(item, "minimum"),
        "rangeMax": _limit(item, "maximum"),
        "label": field.label or field.name,
        "description": field.description,
    }


def _limit(item: Any, name: str) -> str:
    limit = getattr(item, name, None)
    return "" if limit is None else str(limit)


def data_type(schema: Schema, field: Field) -> str:
    """The server's type: its own note where the schema came from such a server, else the nearest."""
    item = element(field.type)
    if isinstance(item, Reference):
        kind = _reference_type(field)
    elif is_list(field.type):
        kind = None
    elif isinstance(item, String):
        kind = _text_type(field, item, is_key=field.name == schema.key)
    elif isinstance(item, Integer):
        kind = "int" if item.bits is not None and item.bits <= 32 else "long"  # noqa: PLR2004 - bits
    else:
        kind = _SIMPLE.get(type(item))
    if kind is None:
        raise SchemaError(
            f"MOLGENIS has no type for field '{field.name}', {field.type}", code="BD-SCHEMA-TYPE", table=schema.table
        )
    return kind


def _reference_type(field: Field) -> str:
    categories = field.options.get("type", "").startswith("categorical")
    if is_list(field.type):
        return "categorical_mref" if categories else "mref"
    return "categorical" if categories else "xref"


def _text_type(field: Field, item: String, *, is_key: bool) -> str:
    if item.choices is not None:
        return "enum"
    noted = field.options.get("type")
    if noted in {"email", "hyperlink", "html", "script", "text", "string"}:
        return noted
    short = item.max_length is not None and item.max_length <= _LENGTH
    return "string" if short or is_key or field.unique else "text"


_SIMPLE: dict[type, str] = {
    Boolean: "bool",
    Date: "date",
    DateTime: "datetime",
    Decimal: "decimal",
    File: "file",
    Float: "decimal",
}


def same_shape(wanted: Schema, there: Schema) -> None:
    """See that a table which is there already has the key, the fields and their types.

    Raises:
        SchemaError: `BD-SCHEMA-DIFFERS`, naming the fields.
    """
    differing = [
        name
        for name in dict.fromkeys((*wanted.names, *there.names))
        if name not in wanted or name not in there or _kind(wanted[name]) != _kind(there[name])
    ]
    if wanted.key != there.key:
        differing = [f"key {there.key}", *differing]
    if differing:
        raise SchemaError(
            f"A table of this name is there with another shape: {', '.join(differing)}",
            code="BD-SCHEMA-DIFFERS",
            table=wanted.table,
        )


def _kind(field: Field) -> tuple[str, bool, str]:
    item = element(field.type)
    kind = "float" if isinstance(item, Decimal) else item.kind
    return kind, is_list(field.type), item.table if isinstance(item, Reference) else ""
