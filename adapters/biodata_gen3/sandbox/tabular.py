"""Reading records from TSV and CSV, as sheepdog does it (protocols/gen3.md, b: Links)."""

from __future__ import annotations

import csv
import io
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from biodata_gen3.sandbox.dictionary import Dictionary, NodeType

__all__ = ["DELIMITERS", "read_table"]

DELIMITERS = {"text/tab-separated-values": "\t", "text/tsv": "\t", "text/csv": ","}
_SEVERAL = {"\t": ",", ",": "#"}
_BOOLEANS = {"true": True, "false": False}


def read_table(text: str, delimiter: str, dictionary: Dictionary) -> list[dict[str, Any]]:
    """The rows as records; a row without a type is left out without a word [704]."""
    lines = "\n".join(text.strip().splitlines())
    rows = csv.DictReader(io.StringIO(lines), delimiter=delimiter)
    cleaned = (_clean(row) for row in rows)
    return [_record(row, delimiter, dictionary) for row in cleaned if row.get("type")]


def _clean(row: dict[str | None, Any]) -> dict[str, str]:
    pairs = ((name.strip().lstrip("*"), value) for name, value in row.items() if name is not None)
    return {name: value.strip() if isinstance(value, str) else "" for name, value in pairs}


def _record(row: dict[str, str], delimiter: str, dictionary: Dictionary) -> dict[str, Any]:
    type_ = dictionary.nodes.get(row["type"])
    doc: dict[str, Any] = {}
    for name, text in row.items():
        if "." in name:
            _add_link(doc, name, text, _SEVERAL[delimiter])
        elif text == "null":
            doc[name] = None
        elif text != "":
            doc[name] = _value(text, type_, name)
    return doc


def _add_link(doc: dict[str, Any], name: str, text: str, separator: str) -> None:
    """Several parents stand in one cell; columns with `#1` behind their name find nothing [173, 502]."""
    if text in ("", "null"):
        return
    link, _, property_ = name.partition(".")
    targets = doc.setdefault(link, [])
    for number, value in enumerate(part.strip() for part in text.split(separator)):
        alone = "#" in property_ or len(targets) <= number
        if alone:
            targets.append({})
        (targets[-1] if alone else targets[number])[property_] = value


def _value(text: str, type_: NodeType | None, name: str) -> Any:
    kinds = type_.kinds(name) if type_ is not None and name in type_.schema["properties"] else ("string",)
    if "array" in kinds:
        return [part.strip() for part in text.split(",")]
    if "boolean" in kinds:
        return _BOOLEANS.get(text.lower(), text)
    if "integer" in kinds or "number" in kinds:
        return _number(text, fraction="number" in kinds)
    return text


def _number(text: str, *, fraction: bool) -> Any:
    try:
        return int(text)
    except ValueError:
        pass
    try:
        number = float(text) if fraction else None
    except ValueError:
        number = None
    if number is None or number != number or number in (float("inf"), float("-inf")):  # noqa: PLR0124 - NaN
        return text
    return int(number) if number.is_integer() else number
