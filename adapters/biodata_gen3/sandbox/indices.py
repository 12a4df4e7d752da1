"""The flat indices that Guppy searches: documents of one shape, made of the graph at one moment.

On a real commons a job fills them from time to time, so that they lag behind the graph (protocols/gen3.md, d): here
`build` does, when the sandbox is seeded or told to.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterable

    from biodata_gen3.sandbox.state import Node, State

__all__ = ["AUTH", "NUMBERS", "Index", "build"]

Kind: TypeAlias = "Literal['keyword', 'text', 'integer', 'long', 'float', 'double'] | dict[str, Any]"
"""A type of Elasticsearch; of a nested document, the kinds of its fields."""

AUTH = "auth_resource_path"
NUMBERS = frozenset({"integer", "long", "float", "double"})


class Index(msgspec.Struct):
    """One index.

    Attributes:
        fields: name to type; `arrays` are those that are configured to be lists.
        documents: what it holds; a field that is not there has no value.
        alias: the text that a missing one is counted as and found by, where the commons is so configured.
    """

    fields: dict[str, Any]
    documents: list[dict[str, Any]] = []
    arrays: frozenset[str] = frozenset()
    alias: str | None = None


_SUBJECT: dict[str, Any] = {
    "_subject_id": "keyword", "submitter_id": "keyword", "project_id": "keyword", AUTH: "keyword",
    "generation": "integer", "father": "keyword", "mother": "keyword", "relatives": "keyword", "sex": "keyword",
    "tissue": "keyword", "concentration": "float", "file_count": "integer",
    "samples": {"submitter_id": "keyword", "tissue": "keyword", "concentration": "float"},
}  # fmt: skip
_FILE: dict[str, Any] = {
    "object_id": "keyword", "_file_id": "keyword", "submitter_id": "keyword", "project_id": "keyword",
    AUTH: "keyword", "_subject_id": "keyword", "file_name": "keyword", "file_size": "long", "data_format": "keyword",
    "md5sum": "keyword",
}  # fmt: skip


def build(state: State) -> dict[str, Index]:
    """The indices `subject` and `file` of all projects; none where the dictionary is not our own small one."""
    if not {"case", "demographic", "sample", "submitted_reads"} <= state.dictionary.nodes.keys():
        return {}
    cases, files = state.of_type("case"), state.of_type("submitted_reads")
    return {
        "subject": Index(_SUBJECT, [_subject(state, one) for one in cases], frozenset({"relatives", "samples"})),
        "file": Index(_FILE, [_file(state, one) for one in files]),
    }


def _subject(state: State, case: Node) -> dict[str, Any]:
    samples = _children(state, [case], "sample")
    held = [{name: one.value(name) for name in _SUBJECT["samples"]} for one in samples]
    first = samples[0].props if samples else {}
    sex = next((one.value("sex") for one in _children(state, [case], "demographic")), None)
    made = {name: case.value(name) for name in ("submitter_id", "project_id", "generation", "father", "mother")}
    made |= {"_subject_id": case.id, AUTH: _resource(state, case), "relatives": case.value("relatives"), "sex": sex}
    made |= {name: first.get(name) for name in ("tissue", "concentration")}
    made |= {"file_count": len(_children(state, samples, "submitted_reads")), "samples": list(map(_there, held))}
    return _there(made)


def _file(state: State, file: Node) -> dict[str, Any]:
    names = ("submitter_id", "project_id", "file_name", "file_size", "data_format", "md5sum", "object_id")
    made = {name: file.value(name) for name in names}
    case = next((one.parents.get("cases", [None])[0] for one in state.parents(file, "samples")), None)
    return _there(made | {"_file_id": file.id, AUTH: _resource(state, file), "_subject_id": case})


def _children(state: State, nodes: Iterable[Node], label: str) -> list[Node]:
    return [child for node in nodes for child in state.children(node) if child.type.label == label]


def _resource(state: State, node: Node) -> str | None:
    from biodata_gen3.sandbox.users import project_resource

    found = [one for one in state.of_type("project") if f"{one.props['program']}-{one.key}" == node.project_id]
    return project_resource(found[0].props["program"], found[0].key) if found else None


def _there(made: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in made.items() if one is not None and one != []}
