"""Which format a file has, and the file opened in it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.errors import ConfigError
from biodata.pipelines.sources.formats.base import PACKED
from biodata.records.files import CSV_SEPARATORS, ENDINGS

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from biodata.pipelines.sources.formats.base import Format
    from biodata.records.types import AnyType

__all__ = ["format_named", "open_format"]

FORMATS = ("csv", "tsv", "parquet", "ndjson", "xlsx")


def format_named(path: Path, given: str | None) -> str:
    """The format of a file, by what is said or by the ending of its name, `.gz` aside.

    Raises:
        ConfigError: `BD-PIPELINE-SOURCE`, there is no such format, or a packed file of that format is not read.
    """
    packed = path.suffix.lower() == PACKED
    suffix = (path.with_suffix("") if packed else path).suffix.lower()
    name = given or ENDINGS.get(suffix, suffix.lstrip("."))
    if name not in FORMATS:
        hint = f"Say format: one of {', '.join(FORMATS)}"
        raise ConfigError(f"{path}: its name does not tell its format", code="BD-PIPELINE-SOURCE", hint=hint)
    if packed and name in {"parquet", "xlsx"}:
        raise ConfigError(f"{path}: {name} is packed already; unpack it first", code="BD-PIPELINE-SOURCE")
    return name


def open_format(path: Path, name: str, known: Mapping[str, AnyType]) -> Format:
    """The file, its columns known.

    Args:
        path: of the file.
        name: of the format.
        known: the types that its columns had at the last run, for formats that do not say them.

    Raises:
        SchemaError: `BD-PIPELINE-SOURCE`, it is not of that format.
    """
    if name in CSV_SEPARATORS:
        from biodata.pipelines.sources.formats.cells import Cells

        return Cells(path, CSV_SEPARATORS[name])
    if name == "parquet":
        from biodata.pipelines.sources.formats.parquet import Parquet

        return Parquet(path)
    from biodata.pipelines.sources.formats.typed import Typed

    if name == "xlsx":
        from biodata.pipelines.sources.formats.sheet import sheet_names, sheet_rows

        return Typed(path, "row", sheet_rows, known, sheet_names)
    from biodata.pipelines.sources.formats.lines import json_lines

    return Typed(path, "line", json_lines, known)
