"""Templates of submissions: the columns of a node type (protocols/gen3.md, b)."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

from biodata_gen3.sandbox.http import Answer, Failure, attachment, message

if TYPE_CHECKING:
    from biodata_gen3.sandbox.dictionary import Dictionary, NodeType

__all__ = ["DELIMITERS", "packed", "template", "templates"]

DELIMITERS = {"tsv": "\t", "csv": ","}


def template(dictionary: Dictionary, label: str, format_: str) -> Answer:
    """The columns of a type, those that are required with a star."""
    type_ = dictionary.nodes.get(label)
    if type_ is None:
        raise Failure(message(404, f"Entity type {label} is not in dictionary"))
    _check_format(format_)
    filename = f"submission_{label}_template.{format_}"
    return attachment(_template(dictionary, type_, format_).encode(), filename)


def templates(dictionary: Dictionary, asked: dict[str, str]) -> Answer:
    """The templates of all types, or of some categories."""
    format_ = asked.get("format", "tsv")
    _check_format(format_)
    categories = [one for one in asked.get("categories", "").split(",") if one]
    excluded = asked.get("exclude", "").split(",")
    types = [
        one
        for label, one in dictionary.nodes.items()
        if one.in_project and (not categories or one.category in categories) and label not in excluded
    ]
    if format_ == "json":
        content = json.dumps([_json_template(dictionary, one) for one in types], indent=2)
        return attachment(content.encode(), "submission_templates.json")
    files = {f"{one.label}.{format_}": _template(dictionary, one, format_).encode() for one in types}
    return attachment(packed(files), "submission_templates.tar.gz", "text/html; charset=utf-8")


def packed(files: dict[str, bytes]) -> bytes:
    """A tar.gz of files."""
    out = io.BytesIO()
    with gzip.GzipFile(fileobj=out, mode="wb") as zipped, tarfile.open(mode="w", fileobj=zipped) as archive:
        for name, content in files.items():
            member = tarfile.TarInfo(name)
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def _check_format(format_: str) -> None:
    if format_ not in (*DELIMITERS, "json"):
        raise Failure(message(400, f"Format {format_} not supported"))


def _template(dictionary: Dictionary, type_: NodeType, format_: str) -> str:
    if format_ == "json":
        return json.dumps(_json_template(dictionary, type_), indent=2)
    columns = _columns(dictionary, type_)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=DELIMITERS[format_])
    writer.writerow(columns)
    writer.writerow([type_.label] + [""] * (len(columns) - 1))
    return out.getvalue()


def _columns(dictionary: Dictionary, type_: NodeType) -> list[str]:
    keys = [key for key in ("project_id", type_.key) if key in type_.schema["properties"]]
    links = [f"{link.name}.{dictionary[link.target].key}" for link in sorted(type_.links, key=lambda one: one.name)]
    needed = [name for name in type_.exported if name in type_.required and name not in keys]
    other = [name for name in type_.exported if name not in needed and name not in keys]
    shown = (*keys, *links, *needed, *other)
    return ["type", *(f"*{name}" if name.partition(".")[0] in type_.required else name for name in shown)]


def _json_template(dictionary: Dictionary, type_: NodeType) -> dict[str, Any]:
    links = {link.name: {dictionary[link.target].key: None} for link in type_.links}
    shown = [name for name in (type_.key, *type_.exported) if name in type_.schema["properties"]]
    return {"type": type_.label, **links, **dict.fromkeys(shown)}
