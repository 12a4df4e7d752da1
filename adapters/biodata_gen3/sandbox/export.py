"""Exports, templates and manifests (protocols/gen3.md, b: Export)."""

from __future__ import annotations

import csv
import gzip
import io
import json
import tarfile
from typing import TYPE_CHECKING, Any

import yaml

from biodata_gen3.sandbox.http import Answer, Failure, attachment, gunicorn_page, message

if TYPE_CHECKING:
    from biodata_gen3.sandbox.dictionary import Dictionary, Link, NodeType
    from biodata_gen3.sandbox.state import Node, State

__all__ = ["export", "export_ids", "export_node", "manifest", "template", "templates"]

_DELIMITERS = {"tsv": "\t", "csv": ","}
_JSON = "application/json"
_NODE_ID = ("id", "node_id")


def export(state: State, project_id: str, asked: dict[str, Any]) -> Answer:
    """By ids, or all nodes of a type; ids win.

    Raises:
        Failure: as the server answers.
    """
    ids, label = asked.get("ids"), asked.get("node_label")
    format_ = str(asked.get("format") or "tsv").lower()
    without_id = str(asked.get("without_id", "")).lower() == "true"
    if ids:
        if str(asked.get("with_children", "")).lower() == "true":
            raise Failure(message(500, "internal server error"))
        return export_ids(state, project_id, _listed(ids), format_)
    if label:
        return export_node(state, project_id, str(label), format_, without_id=without_id)
    raise Failure(message(400, "expected either `ids` or `node_label` parameter"))


def _listed(ids: Any) -> list[str]:
    parts = ids.split(",") if isinstance(ids, str) else [str(one) for one in ids]
    return [part for part in parts if part]


# --- by ids --------------------------------------------------------------------------------------------------


def export_ids(state: State, project_id: str, ids: list[str], format_: str) -> Answer:
    """The nodes with these ids; unknown ones are left out unless all are [322]. Two types are too many [312, 313]."""
    if format_ not in (*_DELIMITERS, "json"):
        raise Failure(message(400, f"Format {format_} not supported"))
    nodes = [one for one in state.found(ids)[0] if one.type.in_project and one.project_id == project_id]
    if not nodes:
        raise Failure(message(404, f"Unable to find {', '.join(ids)}"))
    if len({one.type.label for one in nodes}) > 1:
        raise Failure(message(500, "internal server error"))
    type_ = nodes[0].type
    nodes.sort(key=lambda one: one.id)
    if format_ == "json":
        content = json.dumps([_whole(state, one) for one in nodes], indent=2, ensure_ascii=False)
        return attachment(content.encode(), f"{type_.label}.json", _JSON)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=_DELIMITERS[format_])
    writer.writerow(_header(state.dictionary, type_))
    for node in nodes:
        writer.writerow([*map(str, _plain(node)), *_link_cells(state, node)])
    return attachment(out.getvalue().encode(), f"{type_.label}.{format_}")


def _whole(state: State, node: Node) -> dict[str, Any]:
    links = {link.name: _ends(state, node, link) for link in node.type.links}
    keys = {"type": node.type.label, "project_id": node.project_id, "submitter_id": node.key}
    return {"id": node.id, **links, **keys, **{name: node.props.get(name) for name in node.type.exported}}


def _ends(state: State, node: Node, link: Link, id_name: str = "node_id") -> list[dict[str, Any]]:
    key = state.dictionary[link.target].key
    return [{id_name: one.id, key: one.key} for one in state.parents(node, link.name)]


def _plain(node: Node) -> list[Any]:
    return [
        node.type.label,
        node.id,
        node.project_id,
        node.key,
        *(node.props.get(name) for name in node.type.exported),
    ]


# --- by node type --------------------------------------------------------------------------------------------


def export_node(state: State, project_id: str, label: str, format_: str, *, without_id: bool) -> Answer:
    """All nodes of a type; nobody asks whether the project is there [328]."""
    type_ = state.dictionary.nodes.get(label)
    if type_ is None:
        raise Failure(message(400, f"dictionary does not have node with type {label}"))
    if not type_.in_project or label == "project" or format_ not in ("tsv", "json"):
        raise Failure(gunicorn_page(500, "Internal Server Error"))
    nodes = _stored(state, type_, project_id)
    if format_ == "json":
        rows = ",".join(json.dumps(_sparse(state, one, without_id=without_id), ensure_ascii=False) for one in nodes)
        return attachment(f'{{ "data": [{rows}]}}'.encode(), f"{label}.json", _JSON)
    header = _header(state.dictionary, type_)
    kept = [at for at, name in enumerate(header) if not (without_id and (name == "id" or name.endswith(".id")))]
    lines = [header, *([*map(_cell, _plain(one)), *_link_cells(state, one)] for one in nodes)]
    text = "".join("\t".join(line[at] for at in kept) + "\n" for line in lines)
    return attachment(text.encode(), f"{label}.tsv")


def _stored(state: State, type_: NodeType, project_id: str) -> list[Node]:
    """With one link the database walks along it, by id; with several the nodes come as they were made [315, 339]."""
    nodes = [one for one in state.of_type(type_.label) if one.project_id == project_id]
    return sorted(nodes, key=lambda one: one.id) if len(type_.links) == 1 else sorted(nodes, key=lambda one: one.born)


def _sparse(state: State, node: Node, *, without_id: bool) -> dict[str, Any]:
    row: dict[str, Any] = {"project_id": node.project_id, "submitter_id": node.key}
    row |= {name: node.props[name] for name in node.type.exported if node.props.get(name) is not None}
    for link in node.type.links:
        ends = _ends(state, node, link)
        if ends:
            row[link.name] = [{k: v for k, v in end.items() if not without_id or k != "node_id"} for end in ends]
    return row | ({} if without_id else {"id": node.id}) | {"type": node.type.label}


def _header(dictionary: Dictionary, type_: NodeType) -> list[str]:
    links = sorted(type_.links, key=lambda link: link.name)
    ends = [f"{link.name}.{end}" for link in links for end in ("id", dictionary[link.target].key)]
    return ["type", "id", "project_id", "submitter_id", *type_.exported, *ends]


def _link_cells(state: State, node: Node) -> list[str]:
    links = sorted(node.type.links, key=lambda link: link.name)
    parents = [state.parents(node, link.name) for link in links]
    return [
        ",".join(str(end) for end in ends)
        for some in parents
        for ends in ([p.id for p in some], [p.key for p in some])
    ]


def _cell(value: Any) -> str:
    if value is None:
        return ""
    return ",".join(map(str, value)) if isinstance(value, list) else str(value)


# --- templates -----------------------------------------------------------------------------------------------


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
    return attachment(_packed(dictionary, types, format_), "submission_templates.tar.gz", "text/html; charset=utf-8")


def _packed(dictionary: Dictionary, types: list[NodeType], format_: str) -> bytes:
    out = io.BytesIO()
    packed = gzip.GzipFile("submission_templates.tar.gz", "wb", fileobj=out)
    with packed, tarfile.open(mode="w", fileobj=packed) as archive:
        for one in types:
            content = _template(dictionary, one, format_).encode()
            member = tarfile.TarInfo(f"{one.label}.{format_}")
            member.size = len(content)
            archive.addfile(member, io.BytesIO(content))
    return out.getvalue()


def _check_format(format_: str) -> None:
    if format_ not in (*_DELIMITERS, "json"):
        raise Failure(message(400, f"Format {format_} not supported"))


def _template(dictionary: Dictionary, type_: NodeType, format_: str) -> str:
    if format_ == "json":
        return json.dumps(_json_template(dictionary, type_), indent=2)
    columns = _columns(dictionary, type_)
    out = io.StringIO()
    writer = csv.writer(out, delimiter=_DELIMITERS[format_])
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


# --- manifests -----------------------------------------------------------------------------------------------


def manifest(state: State, ids: str | None) -> Answer:
    """What an upload client needs to know of data files, as YAML [436, 523]."""
    if not ids:
        text = "No ids specified. Use query parameter 'ids', e.g. 'ids=id1,id2'."
        raise Failure(message(400, text))
    nodes, missing = state.found(_listed(ids))
    if missing:
        raise Failure(message(404, f"Unable to find {', '.join(missing)}"))
    for node in nodes:
        if not node.type.is_file:
            raise Failure(message(400, f"{node.type.label} {node.id} is not a data file."))
    listed = [_of_file(state, node) for node in nodes]
    text = yaml.safe_dump({"files": listed}, default_flow_style=False, allow_unicode=True)
    return attachment(text.encode(), "submission_manifest.yaml", "text/html; charset=utf-8")


def _of_file(state: State, node: Node) -> dict[str, Any]:
    whole = _whole(state, node)
    return {
        **{name: value for name, value in whole.items() if value != []},
        "local_file_path": node.props.get("file_name"),
    }
