"""Records that bring files, and files brought back (protocols/molgenis.md, a6).

A file travels as a part of a form, and forms are v1's: one record each. A form replaces the whole row, so an update
reads the row first and sends all of it, the files that stay by their names. Forms hold text alone: a list is its
keys joined by commas, and a row with a comma in such a key cannot be sent so.
"""

from __future__ import annotations

from typing import IO, TYPE_CHECKING, Any
from urllib.parse import unquote

import msgspec

from biodata.adapter import BatchRefused
from biodata.http import FormFile, Request, multipart, quote_segment, save
from biodata.records.types import Integer
from biodata.records.uploads import is_upload, read_upload
from biodata_molgenis.errors import failure
from biodata_molgenis.render import text_of
from biodata_molgenis.server import fits_path, read_json, table_path

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from os import PathLike

    from biodata.http import HttpSession, Response
    from biodata.records.types import Key, Record, Schema

__all__ = ["add_request", "check_files", "download", "key_of_answer", "update_request"]

_REFUSED = 400


def add_request(schema: Schema, record: Record) -> Request:
    """The form that adds a record with its files.

    Raises:
        BatchRefused: `BD-WRITE-FILE`.
    """
    filled = {name: value for name, value in record.items() if value is not None or not schema[name].generated}
    return _form(schema, filled, table_path("v1", schema.table), ())


def update_request(schema: Schema, record: Record) -> Request:
    """The form that replaces a row by this record, a file that it names being kept.

    Raises:
        BatchRefused: `BD-WRITE-FILE`.
    """
    key = text_of(record[str(schema.key)])
    if not fits_path(key):
        raise _refused("a file cannot be sent to a record with a slash, % or ; in its key")
    row = {name: value for name, value in record.items() if "computed" not in schema[name].options}
    return _form(schema, row, table_path("v1", schema.table, key), (("_method", "PUT"),))


def _form(schema: Schema, row: Record, path: str, params: tuple[tuple[str, str], ...]) -> Request:
    files = [_part(name, value) for name, value in row.items() if is_upload(value)]
    fields = {name: _text(name, value) for name, value in row.items() if not is_upload(value)}
    body, content_type = multipart(fields, files)
    label = f"api/v1/{schema.table}/{{id}}" if params else None
    return Request(
        method="POST",
        path=path,
        params=params,
        body=body,
        content_type=content_type,
        idempotent=bool(params),
        label=label,
    )


def _part(name: str, value: Any) -> FormFile:
    try:
        file = read_upload(value)
    except ValueError as error:
        raise _refused(str(error), name) from None
    return FormFile(name, file.filename, file.content, file.media_type)


def _text(name: str, value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, dict):
        return str(value["filename"])
    if not isinstance(value, list):
        return text_of(value)
    keys = list(map(text_of, value))
    if any("," in key or not key for key in keys):
        raise _refused(f"a comma in a key of '{name}' cannot travel in one form with a file", name)
    return ",".join(keys)


def _refused(message: str, field: str | None = None) -> BatchRefused:
    return BatchRefused(message, code="BD-WRITE-FILE", index=0, field=field)


def key_of_answer(schema: Schema, record: Record, response: Response) -> Key:
    """The key of the record that was added: its own, or the one made for it, the last part of `Location`."""
    text = unquote(response.headers.get("location", "").rpartition("/")[2])
    made = int(text) if text.isdecimal() and isinstance(schema[str(schema.key)].type, Integer) else text or None
    return made if schema.key_of(record) is None else schema.key_of(record)


def check_files(schema: Schema, records: Mapping[int, Record]) -> None:
    """See that file fields are cleared or brought: a file that is there already cannot be given to a record.

    Raises:
        BatchRefused: `BD-WRITE-FILE`.
    """
    for index, name in _given(records, schema.files):
        if not is_upload(records[index][name]):
            raise BatchRefused(
                "a file is given as a pathlib.Path or a biodata.Upload, by the command as --set FIELD=@PATH, "
                "and only its own record can keep one",
                code="BD-WRITE-FILE",
                index=index,
                field=name,
            )


def _given(records: Mapping[int, Record], names: Iterable[str]) -> list[tuple[int, str]]:
    return [(index, name) for name in names for index in records if records[index].get(name) is not None]


# --- bringing back -----------------------------------------------------------------------------------------


class _Stored(msgspec.Struct):
    size: int | None = None


def download(session: HttpSession, file_id: str, to: IO[bytes] | PathLike[str] | str) -> int:
    """Write a stored file to a path or an open binary file, piece by piece; the number of bytes.

    Raises:
        NotFound: there is no such file.
        ProtocolError: `BD-REMOTE-SHORT`, not all of it came; a file at the path stays as it was.
    """
    request = Request(method="GET", path=f"api/files/{quote_segment(file_id)}", label="api/files/{id}")
    stored = read_json(session, request, _Stored)
    content = msgspec.structs.replace(request, params=(("alt", "media"),))
    return save(session, content, to, _check, size=stored.size)


def _check(response: Response) -> None:
    if response.status >= _REFUSED:
        raise failure(response)
