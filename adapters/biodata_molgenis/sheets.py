"""Records of several tables as an archive for the importer: one CSV a table (protocols/molgenis.md, c, f)."""

from __future__ import annotations

import csv
import io
import zipfile
from typing import TYPE_CHECKING, Any

from biodata.errors import WriteError
from biodata.fitting import Misfit, fit
from biodata.records.incoming import incoming
from biodata.records.types import File
from biodata_molgenis.render import text_of

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping, Sequence

    from biodata.records.types import Field, Record, Schema

__all__ = ["archive", "sheet"]


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
    """Rows as CSV, with a column for every name in one of them."""
    names = list(dict.fromkeys(name for row in rows for name in row))
    text = io.StringIO()
    writer = csv.DictWriter(text, names, lineterminator="\n", restval="")
    writer.writeheader()
    writer.writerows(rows)
    return text.getvalue()


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
    written = [field for field in schema if not (field.read_only or field.generated)]
    absent = [field.name for field in written if field.name not in record]
    if absent:
        raise Misfit(
            "BD-WRITE-PARTIAL",
            f"the import would empty {', '.join(absent)}, which the record has not; update and upsert keep them",
            absent[0],
        )


def _cell(field: Field, value: Any) -> str:
    """A value as the importer reads it; a list's elements are separated by commas, which none may hold."""
    if isinstance(field.type, File) and value is not None:
        raise Misfit("BD-WRITE-FILE", f"field '{field.name}' is a file, which a sheet cannot hold", field.name)
    texts = [text_of(one) for one in (value if isinstance(value, list) else [] if value is None else [value])]
    if isinstance(value, list) and any(set(text) & {",", '"', "\n"} for text in texts):
        raise Misfit("BD-WRITE-TYPE", f"field '{field.name}' has a key that cannot stand in a list", field.name)
    return ",".join(texts)
