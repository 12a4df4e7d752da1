"""DuckDB's types and ours.

| DuckDB | biodata |
| --- | --- |
| VARCHAR | string |
| ENUM | string with choices |
| TINYINT … BIGINT, HUGEINT, unsigned ones | int, with bits or bounds |
| FLOAT, DOUBLE | float; NaN is null |
| DECIMAL(p, s) | decimal; ours are DECIMAL(38, 18) |
| BOOLEAN, DATE | bool, date |
| TIMESTAMP in all its forms | datetime; without a zone it is UTC, and so are ours, because DuckDB cannot compute with zones without ICU |
| JSON | json |
| STRUCT, LIST, ARRAY | object, list |
| UUID, TIME, INTERVAL, BLOB, BIT and others | string, as DuckDB prints them; the field's description says so |

A field's own DuckDB type is kept in `Field.options["duckdb"]`; `Field.options["collated"]` marks texts that may have a
collation.
"""  # noqa: E501 - a table

from __future__ import annotations

import re
from functools import cache
from typing import TYPE_CHECKING, Any

from biodata.records import types as t

if TYPE_CHECKING:
    from biodata.records.types import DataType, Field

__all__ = [
    "COLLATED",
    "NATIVE",
    "canonical",
    "declared",
    "derived",
    "fits",
    "is_text_form",
    "literal",
    "quoted",
    "scale_of",
    "stored",
    "wire",
]

NATIVE = "duckdb"
COLLATED = "collated"
DIGITS, SCALE = 38, 18
_BITS = {8: "TINYINT", 16: "SMALLINT", 32: "INTEGER", 64: "BIGINT"}
_SIGNED = {"tinyint": 8, "smallint": 16, "integer": 32, "bigint": 64, "hugeint": 128}
_UNSIGNED = {"utinyint": 8, "usmallint": 16, "uinteger": 32, "ubigint": 64, "uhugeint": 128}
_PLAIN: dict[str, DataType] = {
    **{name: t.Integer(bits=bits) for name, bits in _SIGNED.items()},
    **{name: t.Integer(bits=None, minimum=0, maximum=2**bits - 1) for name, bits in _UNSIGNED.items()},
    "varchar": t.String(), "float": t.Float(), "double": t.Float(), "decimal": t.Decimal(), "boolean": t.Boolean(),
    "date": t.Date(), "timestamp": t.DateTime(), "timestamp_s": t.DateTime(), "timestamp_ms": t.DateTime(),
    "timestamp_ns": t.DateTime(), "timestamp with time zone": t.DateTime(),
}  # fmt: skip
_FILE = "STRUCT(id VARCHAR, filename VARCHAR, url VARCHAR)"
_SCALARS = {
    "string": "VARCHAR", "float": "DOUBLE", "decimal": f"DECIMAL({DIGITS},{SCALE})", "bool": "BOOLEAN",
    "date": "DATE", "datetime": "TIMESTAMP", "json": "JSON", "file": _FILE,
}  # fmt: skip


def quoted(name: str) -> str:
    """An identifier."""
    return '"' + name.replace('"', '""') + '"'


def literal(text: str) -> str:
    """A string in SQL, where no parameter can stand."""
    return "'" + text.replace("'", "''") + "'"


def wire(type_: DataType) -> str:
    """The DuckDB type that a value is read as and compared as."""
    if isinstance(type_, t.List):
        return f"{wire(type_.item)}[]"
    if isinstance(type_, t.Object):
        inner = ", ".join(f"{quoted(field.name)} {wire(field.type)}" for field in type_.fields)
        return f"STRUCT({inner})"
    if isinstance(type_, t.Reference):
        return wire(type_.key)
    return _integer(type_) if isinstance(type_, t.Integer) else _SCALARS[type_.kind]


def declared(type_: DataType) -> str:
    """The DuckDB type that a column of ours has."""
    if isinstance(type_, t.List):
        return f"{declared(type_.item)}[]"
    if isinstance(type_, t.String) and type_.choices:
        return f"ENUM({', '.join(map(literal, type_.choices))})"
    return wire(type_)


def stored(field: Field, alias: str = "") -> str:
    """A column in SQL as it is compared: texts by code point, whatever collation the column has."""
    name = f"{alias}{quoted(field.name)}"
    return f'({name} COLLATE "binary")' if COLLATED in field.options else name


def _integer(type_: t.Integer) -> str:
    return next((name for bits, name in _BITS.items() if (type_.bits or 128) <= bits), "HUGEINT")


@cache
def canonical(native: str) -> str:
    """A type as DuckDB itself prints it."""
    import duckdb

    return str(duckdb.sqltype(native))


def derived(native: str) -> Any:
    """Our type of a DuckDB type, as DuckDB prints it."""
    import duckdb

    return _derived(duckdb.sqltype(native))


def _derived(native: Any) -> DataType:
    kind = native.id
    if str(native) == "JSON":
        return t.Json()
    if kind == "enum":
        return t.String(choices=tuple(dict(native.children)["values"]))
    if kind in {"list", "array"}:
        return _list(_derived(dict(native.children)["child"]))
    if kind == "struct":
        return t.Object(tuple(t.Field(name, _any(_derived(child))) for name, child in native.children))
    return _PLAIN.get(kind, t.String())


def _list(item: DataType) -> DataType:
    """A list of lists has no type of ours: it is text."""
    return t.String() if isinstance(item, t.List) else t.List(_any(item))


def _any(type_: DataType) -> Any:
    return type_


def is_text_form(native: str) -> bool:
    """Whether a type that is none of ours is read as the text that DuckDB prints."""
    return isinstance(derived(native), t.String) and not native.startswith(("VARCHAR", "ENUM"))


def scale_of(native: str) -> tuple[int, int]:
    """Digits and decimals of the DECIMAL in a type; ours when it has none."""
    found = re.search(r"DECIMAL\((\d+),\s*(\d+)\)", native)
    return (int(found[1]), int(found[2])) if found else (DIGITS, SCALE)


def fits(value: Any, digits: int = DIGITS, scale: int = SCALE) -> bool:
    """Whether a decimal is held without rounding."""
    _, figures, exponent = value.normalize().as_tuple()
    return bool(-exponent <= scale and len(figures) + exponent <= digits - scale)
