"""Exports and manifests (protocols/gen3.md, b: Export)."""

from __future__ import annotations

import csv
import hashlib
import io
import json
from typing import TYPE_CHECKING, Any

import yaml

from biodata_gen3.sandbox.http import Answer, Failure, attachment, gunicorn_page, message
from biodata_gen3.sandbox.templates import DELIMITERS, packed

if TYPE_CHECKING:
    from biodata_gen3.sandbox.dictionary import Dictionary, Link, NodeType
    from biodata_gen3.sandbox.state import Node, State

__all__ = ["export", "export_ids", "export_node", "manifest"]

_JSON = "application/json"
_BINARY = "application/octet-stream"


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
    """The nodes with these ids; unknown ones are left out unless all are [322]."""
    if format_ not in (*DELIMITERS, "json"):
        raise Failure(message(400, f"Format {format_} not supported"))
    nodes = [one for one in state.found(ids)[0] if one.type.in_project and one.project_id == project_id]
    if not nodes:
        raise Failure(message(404, f"Unable to find {', '.join(ids)}"))
    nodes.sort(key=lambda one: one.id)
    labels = {one.type.label for one in nodes}
    if len(labels) > 1:
        return _mixed(state, nodes, ids, format_)
    content = _json_of(state, nodes) if format_ == "json" else _table_of(state, nodes, format_)
    return attachment(content, f"{labels.pop()}.{format_}", _JSON if format_ == "json" else _BINARY)


def _mixed(state: State, nodes: list[Node], ids: list[str], format_: str) -> Answer:
    """Nodes of several types: too much for the present server, a packed file of each for older ones (fact 10)."""
    if not state.mixed_exports:
        raise Failure(message(500, "internal server error"))
    name = f"gdc_export_{hashlib.sha512(','.join(ids).encode()).hexdigest()}"
    if format_ == "json":
        return attachment(_json_of(state, nodes), f"{name}.json", _JSON)
    by_type: dict[str, list[Node]] = {}
    for node in nodes:
        by_type.setdefault(node.type.label, []).append(node)
    files = {f"{label}.{format_}": _table_of(state, some, format_) for label, some in by_type.items()}
    return attachment(packed(files), f"{name}.tar.gz")


def _json_of(state: State, nodes: list[Node]) -> bytes:
    return json.dumps([_whole(state, one) for one in nodes], indent=2, ensure_ascii=False).encode()


def _table_of(state: State, nodes: list[Node], format_: str) -> bytes:
    out = io.StringIO()
    writer = csv.writer(out, delimiter=DELIMITERS[format_])
    writer.writerow(_header(state.dictionary, nodes[0].type))
    for node in nodes:
        writer.writerow([*map(str, _plain(node)), *_link_cells(state, node)])
    return out.getvalue().encode()


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
