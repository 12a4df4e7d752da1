"""Files: paths, folders, content, upload; deletion is a job (section 7; recordings 179 to 193, 312 to 324)."""

from __future__ import annotations

import hashlib
import re
from pathlib import Path
from typing import TYPE_CHECKING, Any

from biodata_opencga.sandbox import links
from biodata_opencga.sandbox.bodies import read_body
from biodata_opencga.sandbox.documents import new_document
from biodata_opencga.sandbox.errors import catalog, storage
from biodata_opencga.sandbox.http import Part
from biodata_opencga.sandbox.jobs import pending
from biodata_opencga.sandbox.model import Entry, kind_of
from biodata_opencga.sandbox.params import CREATE
from biodata_opencga.sandbox.rendering import of_entry, selected

if TYPE_CHECKING:
    from biodata_opencga.sandbox.calls import Call
    from biodata_opencga.sandbox.model import Study

__all__ = ["create", "delete", "link", "read", "upload"]

Json = dict[str, Any]
_CONTENT = "org.opencb.opencga.core.models.file.FileContent"


def create(call: Call) -> Part:
    """A file or folder of the study, with its content."""
    body = read_body(call.ask, CREATE["files"])
    study = call.study
    call.need_create(study, "files")
    entry = _add(call, study, body, parents=call.ask.flag("parents"))
    return _one(call, study, entry)


def upload(call: Call) -> Part:
    """A file by multipart form; only the fields of the form count (section 1.9)."""
    fields, files = call.ask.form if call.ask.content_type == "multipart/form-data" else ({}, {})
    study = call.study_of(fields.get("study"))
    call.need_create(study, "files")
    if "file" not in files:
        raise catalog("Missing file to upload")
    name, content = files["file"]
    name = fields.get("fileName") or name.replace("\\", "/").rpartition("/")[2]
    folder = fields.get("relativeFilePath", "").strip("/")
    body: Json = {"path": f"{folder}/{name}" if folder else name, "type": "FILE"}
    body |= {to: fields[key] for key, to in _FORM.items() if fields.get(key)}
    entry = _add(call, study, body, parents=True, content=content)
    entry.fields["checksum"] = hashlib.md5(content, usedforsecurity=False).hexdigest()
    return _one(call, study, entry)


_FORM = {"fileFormat": "format", "bioformat": "bioformat", "description": "description"}


def link(call: Call) -> Part:
    """A file that lies on the server's own disk; it must be there (section 7)."""
    body = read_body(call.ask, CREATE["links"])
    study = call.study
    call.need_create(study, "files")
    uri = str(body.get("uri") or "")
    source = Path(uri.removeprefix("file://"))
    if not uri.startswith("file:///") or not source.is_file():
        raise storage(f"File {uri} does not exist")
    folder = str(body.get("path") or "").strip("/")
    path = f"{folder}/{source.name}" if folder else source.name
    told = {"path": path, "type": "FILE", "description": body.get("description", "")}
    entry = _add(call, study, told, parents=call.ask.flag("parents"), content=source.read_bytes())
    entry.fields |= {"uri": uri, "external": True}
    return _one(call, study, entry)


def _one(call: Call, study: Study, entry: Entry) -> Part:
    document = selected(call.ask, "files", of_entry(study, entry))
    return Part(results=[document], kind=kind_of("files").java, matches=-1)


def _add(call: Call, study: Study, body: Json, *, parents: bool, content: bytes | None = None) -> Entry:
    folder = body.get("type", "FILE") == "DIRECTORY"
    path = str(body.get("path") or "").strip("/") + ("/" if folder else "")
    if not path.strip("/"):
        raise catalog("Missing mandatory parameter 'path'")
    if _at(study, path) is not None:
        raise catalog(f"There already exists a file '{path}'")
    for above in _above(path):
        if _at(study, above) is None:
            if not parents:
                raise catalog(
                    "Could not register file. Please, ensure 'parents' flag is enabled or create parent "
                    "directories beforehand."
                )
            _store(call, study, {"path": above, "type": "DIRECTORY"}, b"")
    text = body.get("content", "")
    return _store(call, study, {**body, "path": path}, text.encode() if content is None else content)


def _store(call: Call, study: Study, body: Json, content: bytes) -> Entry:
    path = body["path"]
    kept = {key: value for key, value in body.items() if key not in ("content", "sampleIds")}
    formats = {} if body.get("type") == "DIRECTORY" else {"format": "PLAIN", "bioformat": "IDLIST"}
    fields = {
        "id": path.replace("/", ":"),
        "name": path.rstrip("/").rpartition("/")[2],
        "uri": f"{study.fields['uri']}{path}",
        "size": len(content),
        **formats,
        **kept,
    }
    document = new_document("files", fields, call.state.uuid(kind_of("files").code), call.stamp)
    entry = Entry(kind="files", uid=call.organization.new_uid(), fields=document, content=content)
    links.link_created(call, study, entry, {"sampleIds": body.get("sampleIds", [])})
    study.entries.append(entry)
    return entry


def _above(path: str) -> list[str]:
    parts = path.rstrip("/").split("/")[:-1]
    return ["/".join(parts[:count]) + "/" for count in range(1, len(parts) + 1)]


def _at(study: Study, path: str) -> Entry | None:
    return next((one for one in study.all("files") if one.fields["path"].rstrip("/") == path.rstrip("/")), None)


def read(call: Call, name: str, what: str) -> Part:
    """`head`, `tail`, `grep`, `content`, `download` of a file; `list`, `tree` of a folder."""
    study = call.study
    folder = what in ("list", "tree")
    entry = _at(study, name.replace(":", "/")) if folder or "/" in name else study.find("files", name)
    if entry is None or not call.may("VIEW", study, "files", entry):
        shown = name.replace(":", "/") if what == "tree" else name
        raise catalog(links.missing("files", study, shown))
    if what == "list":
        skip, limit = call.ask.window
        inside = _inside(study, entry)[skip : skip + limit]
        documents = [selected(call.ask, "files", of_entry(study, one)) for one in inside]
        return Part(results=documents, kind=kind_of("files").java, matches=-1)
    if what == "tree":
        return Part(results=[_tree(call, study, entry)], kind=kind_of("files").java + "Tree", matches=-1)
    if what == "download":
        return Part(content=entry.content, kind=entry.fields["name"])
    return Part(results=[_lines(call, entry, what)], kind=_CONTENT, matches=1)


def _below(study: Study, folder: Entry) -> list[Entry]:
    start = folder.fields["path"]
    return [one for one in study.all("files") if one is not folder and one.fields["path"].startswith(start)]


def _inside(study: Study, folder: Entry) -> list[Entry]:
    start = folder.fields["path"]
    return [one for one in _below(study, folder) if "/" not in one.fields["path"][len(start) :].rstrip("/")]


def _tree(call: Call, study: Study, entry: Entry) -> Json:
    children = _inside(study, entry) if entry.fields["type"] == "DIRECTORY" else []
    document = selected(call.ask, "files", of_entry(study, entry))
    return {"file": document, "children": [_tree(call, study, one) for one in children]}


def _lines(call: Call, entry: Entry, what: str) -> Json:
    lines = entry.content.decode("utf-8", "replace").splitlines(keepends=True)
    path = entry.fields["uri"].removeprefix("file://")
    if what == "grep":
        case = re.IGNORECASE if call.ask.flag("ignoreCase") else 0
        pattern = re.compile(call.ask.query.get("pattern", ""), case)
        text = "".join(line for line in lines if pattern.search(line))
        return {"fileId": path, "eof": False, "offset": 0, "size": -1, "lines": 10, "content": text}
    count = call.ask.number("lines", 20)
    chosen = lines[-count:] if what == "tail" else lines[:count]
    text = "".join(chosen)
    size = len(text.encode())
    eof = len(chosen) == len(lines)
    return {"fileId": path, "eof": eof, "offset": size, "size": size, "lines": len(chosen), "content": text}


def delete(call: Call, text: str) -> Part:
    """A job: the files stay until a daemon has run it (section 6)."""
    study, stamp = call.study, call.stamp
    names = [name for name in text.split(",") if study.find("files", name) is not None]

    def work() -> None:
        for name in names:
            entry = links.resolve(study, "files", name)
            below = _below(study, entry) if entry.fields["type"] == "DIRECTORY" else []
            for one in (entry, *below):
                one.deleted = True
                one.fields["internal"] = {**one.fields["internal"], "status": stamp.status("DELETED")}

    params = {"files": text, "study": call.study.fields["fqn"], "skipTrash": call.ask.flag("skipTrash")}
    return pending(call, "files-delete", params, work)
