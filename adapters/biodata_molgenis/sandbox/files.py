"""Files: those that come with a row, and the file API (protocols/molgenis.md, a6)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata_molgenis.sandbox import system, writes
from biodata_molgenis.sandbox.answers import without_none
from biodata_molgenis.sandbox.errors import ApiError, Violation
from biodata_molgenis.sandbox.http import Answer, Ask, Upload, empty, json_answer
from biodata_molgenis.sandbox.values import FileId

if TYPE_CHECKING:
    from collections.abc import Mapping

    from biodata_molgenis.sandbox.model import EntityType
    from biodata_molgenis.sandbox.state import Row, State

__all__ = ["download", "handle", "keep_uploads"]


def keep_uploads(
    state: State, entity_type: EntityType, uploads: Mapping[str, Upload], base: str
) -> dict[str, FileId]:
    """Store the file parts that are named like FILE attributes; attribute name -> file id."""
    return {
        name: FileId(_keep(state, upload, base))
        for name, upload in uploads.items()
        if name in entity_type.by_name and entity_type.by_name[name].type == "file"
    }


def _keep(state: State, upload: Upload, base: str) -> str:
    file_id = state.new_id()
    row: Row = {
        "id": file_id,
        "filename": upload.filename,
        "contentType": upload.content_type,
        "size": len(upload.content),
        "url": f"{base}/files/{file_id}",
    }
    state.files[file_id] = upload.content
    state.stored[system.FILE_META] = {**state.stored[system.FILE_META], file_id: row}
    return file_id


def handle(state: State, ask: Ask, parts: tuple[str, ...]) -> Answer | None:
    """The answer to a request below `/api/files`; None where no route takes it."""
    if not parts:
        return _upload(state, ask) if ask.method == "POST" else None
    if len(parts) > 1 or ask.method not in ("GET", "DELETE"):
        return None
    permission = "READ_DATA" if ask.method == "GET" else "DELETE_DATA"
    entity_type = state.require(ask.user, system.FILE_META, permission)
    row = _row(state, parts[0])
    if ask.method == "DELETE":
        writes.delete(state, entity_type, parts[:1])
        state.files.pop(parts[0], None)
        return empty(204)
    if ask.query.get("alt") == "media":
        return _content(state, row)
    return json_answer(_meta(row))


def download(state: State, ask: Ask, file_id: str) -> Answer:
    """The content of a file by its `url`."""
    state.require(ask.user, system.FILE_META, "READ_DATA")
    return _content(state, _row(state, file_id))


def _upload(state: State, ask: Ask) -> Answer:
    state.require(ask.user, system.FILE_META, "ADD_DATA")
    name = ask.header("x-molgenis-filename") or "unknown"
    content_type = str(ask.environ.get("CONTENT_TYPE") or "application/octet-stream")
    file_id = _keep(state, Upload(name, content_type, ask.body), ask.base)
    location = f"{ask.base}/api/files/{file_id}"
    return json_answer(_meta(_row(state, file_id)), 201, (("Location", location),))


def _row(state: State, file_id: str) -> Row:
    row = state.stored[system.FILE_META].get(file_id)
    if row is None:
        raise ApiError(404, Violation(f"Unknown entity '{file_id}' of type '{system.FILE_META}'.", "D02a"))
    return row


def _meta(row: Row) -> dict[str, Any]:
    return without_none(id=row["id"], filename=row["filename"], contentType=row["contentType"], size=row["size"])


def _content(state: State, row: Row) -> Answer:
    disposition = ("Content-Disposition", f'attachment; filename="{row["filename"]}"')
    return Answer(200, state.files.get(row["id"], b""), row["contentType"], (disposition,))
