"""DuckDB's types and ours.

| DuckDB | biodata |
| --- | --- |
| VARCHAR | string |
| ENUM | string with choices |
| TINYINT … BIGINT, HUGEINT, unsigned ones | int, with bits or bounds |
| FLOAT, DOUBLE | float; NaN is null |
| DECIMAL(p, s) | decimal with digits and scale; without them it is DECIMAL(38, 18) |
| BOOLEAN, DATE | bool, date |
| TIMESTAMP in all its forms | datetime; without a zone it is UTC, and so are ours, because DuckDB cannot compute with zones without ICU |
| JSON | json |
| STRUCT, LIST, ARRAY | object, list |
| UUID, TIME, INTERVAL, BLOB, BIT and others | string, as DuckDB prints them; the field's description says so |

A field's own DuckDB type is kept in `Field.options["duckdb"]`; `Field.options["collated"]` marks texts that may have a
collation.
"""  # noqa: E501 - a table

from __future__ import annotations

from functools import cache
from typing import TYPE_CHECKING, Any

from biodata.records import types as t

if TYPE_CHECKING:
    from decimal import Decimal

    from biodata.records.types import DataType, Field

__all__ = [
    "COLLATED",
    "NATIVE",
    "canonical",
    "comparable",
    "declared",
    "derived",
    "fits",
    "is_text_form",
    "literal",
    "quoted",
    "shape_of",
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
    "varchar": t.String(), "float": t.Float(), "double": t.Float(), "boolean": t.Boolean(),
    "date": t.Date(), "timestamp": t.DateTime(), "timestamp_s": t.DateTime(), "timestamp_ms": t.DateTime(),
    "timestamp_ns": t.DateTime(), "timestamp with time zone": t.DateTime(),
}  # fmt: skip
_FILE = "STRUCT(id VARCHAR, filename VARCHAR, url VARCHAR)"
_SCALARS = {
    "string": "VARCHAR", "float": "DOUBLE", "bool": "BOOLEAN",
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
    if isinstance(type_, t.Decimal):
        return "DECIMAL({},{})".format(*shape_of(type_))
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
    return _decimal(native) if kind == "decimal" else _PLAIN.get(kind, t.String())


def _decimal(native: Any) -> t.Decimal:
    shape = dict(native.children)
    found = t.Decimal(shape["precision"], shape["scale"])
    return t.Decimal() if shape_of(found) == (DIGITS, SCALE) else found


def _list(item: DataType) -> DataType:
    """A list of lists has no type of ours: it is text."""
    return t.String() if isinstance(item, t.List) else t.List(_any(item))


def _any(type_: DataType) -> Any:
    return type_


def is_text_form(native: str) -> bool:
    """Whether a type that is none of ours is read as the text that DuckDB prints."""
    return isinstance(derived(native), t.String) and not native.startswith(("VARCHAR", "ENUM"))


def shape_of(type_: t.Decimal) -> tuple[int, int]:
    """The digits of a decimal's column, and how many of them stand behind the point."""
    return type_.digits or DIGITS, SCALE if type_.scale is None else type_.scale


def fits(value: Decimal, digits: int, scale: int) -> bool:
    """Whether a decimal is held without rounding."""
    before, after = figures(value)
    return after <= scale and before <= digits - scale


def comparable(value: Decimal, digits: int, scale: int) -> bool:
    """Whether DuckDB has a type that holds a decimal and all that such a column may hold: it compares in that one."""
    before, after = figures(value)
    return max(before, digits - scale) + max(after, scale) <= DIGITS


def figures(value: Decimal) -> tuple[int, int]:
    """How many digits stand before the point, and behind it, zeros at the ends aside."""
    _, digits, exponent = value.as_tuple()
    while len(digits) > 1 and digits[-1] == 0:  # not normalize(), which rounds to 28 digits
        digits, exponent = digits[:-1], int(exponent) + 1
    return (0, 0) if digits == (0,) else (max(len(digits) + int(exponent), 0), max(-int(exponent), 0))
