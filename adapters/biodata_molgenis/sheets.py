"""Records of several tables as an archive for the importer: one CSV a table (protocols/molgenis.md, c, f)."""

from __future__ import annotations

import io
import zipfile
from typing import TYPE_CHECKING, Any

from biodata.errors import WriteError
from biodata.fitting import Misfit, fit
from biodata.records.incoming import incoming
from biodata.records.types import File, is_list
from biodata_molgenis.encode import back_side
from biodata_molgenis.render import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from biodata.records.types import Field, Record, Schema

__all__ = ["archive", "sheet"]

_LIVE = frozenset('\\",\n\r')
_TRIMMED = "".join(map(chr, range(33)))


def archive(schema_of: Callable[[str], Schema], tables: Mapping[str, Any], *, whole: bool) -> bytes:
    """The zip.

    Args:
        schema_of: gives a table's shape.
        tables: table -> records.
        whole: each record must have every field that can be written: the server replaces it by its row.

    Raises:
        WriteError: a record that does not fit its table; table, number and field are named. `BD-WRITE-INPUT`,
            there are no records at all.
    """
    rows = {table: list(_rows(schema_of(table), given, whole=whole)) for table, given in tables.items()}
    if not any(rows.values()):
        raise WriteError("There are no records to import", code="BD-WRITE-INPUT")
    content = io.BytesIO()
    with zipfile.ZipFile(content, "w", zipfile.ZIP_DEFLATED) as into:
        for table, listed in rows.items():
            if listed:
                into.writestr(f"{table}.csv", sheet(listed))
    return content.getvalue()


def sheet(rows: Sequence[Mapping[str, str]]) -> str:
    """Rows as CSV, with a column for every name in one of them.

    As the server's reader, opencsv 2, takes it: outside quotes a backslash vanishes, inside them it escapes.
    """
    names = list(dict.fromkeys(name for row in rows for name in row))
    lines = [names, *([row.get(name, "") for name in names] for row in rows)]
    return "".join(",".join(map(_quoted, line)) + "\n" for line in lines)


def _quoted(text: str) -> str:
    if not set(text) & _LIVE:
        return text
    return '"' + text.replace("\\", "\\\\").replace('"', '""') + '"'


def _rows(schema: Schema, given: Any, *, whole: bool) -> Iterator[dict[str, str]]:
    for number, record in enumerate(incoming(given, schema)):
        try:
            fitted = fit(schema, record, "upsert" if whole else "add")
            if whole:
                _refuse_partial(schema, fitted)
            yield {name: _cell(schema[name], value) for name, value in fitted.items()}
        except Misfit as misfit:
            text = f"Record {number}: {misfit.message}; nothing is sent"
            raise WriteError(text, code=misfit.code, table=schema.table) from None


def _refuse_partial(schema: Schema, record: Record) -> None:
    """A read-only field too: an import empties it as it does any other."""
    written = [field for field in schema if not (field.generated or back_side(field))]
    absent = [field.name for field in written if field.name not in record]
    if absent:
        raise Misfit(
            "BD-WRITE-PARTIAL",
            f"the import would empty {', '.join(absent)}, which the record has not; update and upsert keep them",
            absent[0],
        )


def _cell(field: Field, value: Any) -> str:
    """A value as the importer reads it; a list's elements are separated by commas, and trimmed."""
    listed = value if isinstance(value, list) else [] if value is None else [value]
    texts = list(map(text_of, listed))
    problem = _problem(field, texts)
    if problem is not None:
        code, why = problem
        raise Misfit(code, f"field '{field.name}' {why}; add, update and upsert can write it", field.name)
    return ",".join(texts)


def _problem(field: Field, texts: Sequence[str]) -> tuple[str, str] | None:
    """Code and words for what a sheet cannot say, and the server would take for something else without a word."""
    if isinstance(field.type, File) and texts:
        return "BD-WRITE-FILE", "is a file, which a sheet cannot hold"
    if back_side(field) and texts:
        return "BD-WRITE-TYPE", "is the back side of a reference, which an import ignores: leave it out"
    if field.default is not None and not any(texts):
        return "BD-WRITE-TYPE", "has a default, which an empty cell of a sheet becomes: leave it out"
    if any("\r" in text for text in texts):
        return "BD-WRITE-TYPE", "has a carriage return, which a sheet cannot hold"
    if is_list(field.type) and any(not text or text != text.strip(_TRIMMED) or set(text) & _LIVE for text in texts):
        return "BD-WRITE-TYPE", "has a key that cannot stand in a list"
    return None
