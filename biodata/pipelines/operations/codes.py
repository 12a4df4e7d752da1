"""A code list, from the pipeline file itself or from a csv, tsv or xlsx beside it."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.errors import near_match
from biodata.pipelines.operations.base import unfit
from biodata.pipelines.sheets import read_sheet

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from biodata.errors import QueryError
    from biodata.pipelines.sheets import Sheet
    from biodata.pipelines.spec import CodeList

__all__ = ["codes_of"]

COLUMNS = {"source": ("source value", "from"), "target": ("target value", "to"), "version": ()}


def codes_of(operation: CodeList, path: Path | None) -> dict[str, str | None]:
    """Source value to target value, both as text without blanks at the ends; None for a target that is null.

    Args:
        operation: the list.
        path: its file, where it has one.

    Raises:
        ConfigError: `BD-PIPELINE-TABLE`, the file cannot be read.
        QueryError: `BD-PIPELINE-CODES`, a source value has two targets, or a target no source value; or another
            version is asked for than there is.
    """
    if path is None:
        inline = enumerate(operation.codes, start=1)
        return _by_source(operation.name, (("code", number, source.strip(), to) for number, (source, to) in inline))
    sheet = read_sheet(path, operation.path or path.name, COLUMNS, ("source", "target"))
    _raise_for_version(sheet, operation.version)
    rows = [row for row in sheet.rows if row.text("version") in {"", operation.version or ""}]
    return _by_source(sheet.name, (("row", row.number, row.text("source"), row.cells.get("target")) for row in rows))


def _by_source(name: str, codes: Iterable[tuple[str, int, str, str | None]]) -> dict[str, str | None]:
    """The codes by source value; those of a file have to have one."""
    found: dict[str, str | None] = {}
    first: dict[str, int] = {}
    for what, number, source, target in codes:
        if what == "row" and not source:
            raise _wrong(f"{name}, row {number}: the source value is missing")
        if source in found and found[source] != target:
            raise _wrong(f"{name}, {what} {number}: {source!r} has another target in {what} {first[source]}")
        found[source] = target
        first.setdefault(source, number)
    return found


def _raise_for_version(sheet: Sheet, version: str | None) -> None:
    there = tuple(dict.fromkeys(row.text("version") for row in sheet.rows if row.text("version")))
    known = ", ".join(there)
    if version is None and there:
        raise _wrong(f"{sheet.name}: the list has the versions {known}; say which one, `version: {there[-1]}`")
    if version is not None and version not in there:
        near = near_match(version, there)
        hint = f"did you mean {near!r}?" if near else f"it has {known or 'none'}"
        raise _wrong(f"{sheet.name}: there is no version {version!r}; {hint}")


def _wrong(text: str) -> QueryError:
    return unfit("code list", text, "BD-PIPELINE-CODES")
