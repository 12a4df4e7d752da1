"""The data dictionary: node types with their properties and links, in the form of `/_dictionary/_all`."""

from __future__ import annotations

import copy
from functools import cached_property
from importlib.resources import as_file, files
from pathlib import Path
from typing import Any

import msgspec

from biodata.errors import ConfigError
from biodata_gen3.sandbox.artifact import read_artifact

__all__ = ["Dictionary", "Link", "NodeType"]

_FILE_CATEGORIES = frozenset({"data_file", "metadata_file", "index_file"})
_NO_PROPERTY = frozenset({"id", "type"})


class Link(msgspec.Struct, frozen=True):
    """A link to a parent: `backref` is its name on the parent's side."""

    name: str
    target: str
    backref: str
    multiplicity: str
    required: bool = False

    @property
    def one_parent(self) -> bool:
        """Whether a child has one parent at most."""
        return self.multiplicity in ("many_to_one", "one_to_one")

    @property
    def one_child(self) -> bool:
        """Whether a parent has one child at most."""
        return self.multiplicity in ("one_to_one", "one_to_many")


class NodeType:
    """One node type of the dictionary."""

    def __init__(self, label: str, schema: dict[str, Any]) -> None:
        self.label = label
        self.schema = schema
        self.category = str(schema.get("category") or "")
        self.links = tuple(_links(schema.get("links") or []))
        self.required: tuple[str, ...] = tuple(schema.get("required") or ())
        self.system = frozenset(schema.get("systemProperties") or ())

    @cached_property
    def link_names(self) -> frozenset[str]:
        """The names of its links."""
        return frozenset(link.name for link in self.links)

    @cached_property
    def properties(self) -> tuple[str, ...]:
        """The properties that hold values, sorted: no links, neither id nor type."""
        return tuple(sorted(set(self.schema["properties"]) - self.link_names - _NO_PROPERTY))

    @cached_property
    def exported(self) -> tuple[str, ...]:
        """The properties that exports hold beside the keys: none of the system's."""
        keys = {"project_id", "submitter_id"}
        return tuple(name for name in self.properties if name not in self.system and name not in keys)

    @cached_property
    def defaults(self) -> dict[str, Any]:
        """The values that the server gives to its own properties: `state`."""
        properties = self.schema["properties"]
        return {name: properties[name]["default"] for name in self.system if "default" in properties.get(name, {})}

    @property
    def in_project(self) -> bool:
        """Whether its nodes belong to a project."""
        return "project_id" in self.schema["properties"]

    @property
    def is_file(self) -> bool:
        """Whether its nodes are data files."""
        return self.category in _FILE_CATEGORIES

    @property
    def key(self) -> str:
        """The property that names a node to people."""
        return {"project": "code", "program": "name"}.get(self.label, "submitter_id")

    def kinds(self, name: str) -> tuple[str, ...]:
        """The JSON types of a property, `null` aside; what has only an enum is a string."""
        return tuple(dict.fromkeys(_kinds(self.schema["properties"].get(name, {})))) or ("string",)

    @cached_property
    def for_validation(self) -> dict[str, Any]:
        """The schema as the server checks by it: what is not required may be null [702, 608]."""
        schema = copy.deepcopy(self.schema)
        for name, rule in schema["properties"].items():
            if name not in self.required and name not in self.link_names and name not in self.system | {"type"}:
                _allow_null(rule)
        return {"type": "object", **{key: schema[key] for key in _CHECKED if schema.get(key) is not None}}


_CHECKED = ("properties", "required", "additionalProperties")


class Dictionary:
    """All node types in the order of the dictionary; `raw` is what the server publishes."""

    def __init__(self, raw: dict[str, Any]) -> None:
        self.raw = raw
        self.nodes = {label: NodeType(label, schema) for label, schema in _nodes(raw).items()}

    @classmethod
    def load(cls, path: Path | None = None) -> Dictionary:
        """The dictionary of a JSON file; without one our own small one.

        Raises:
            ConfigError: `BD-SANDBOX-DICTIONARY`, it is none, or a link leads to a node type that is not there.
        """
        try:
            raw = _own() if path is None else read_artifact(Path(path))
        except (OSError, ValueError) as error:
            raise _wrong(path, str(error)) from None
        if not {"program", "project"} <= raw.keys():
            raise _wrong(path, "it is no object of node types with program and project among them")
        strange = [name for name, one in _nodes(raw).items() if not isinstance(one, dict) or "properties" not in one]
        if strange:
            raise _wrong(path, f"{strange[0]} is no node type")
        dictionary = cls(raw)
        for node in dictionary.nodes.values():
            for link in node.links:
                if link.target not in dictionary.nodes:
                    raise _wrong(path, f"link {link.name} of {node.label} leads to {link.target}, which is not there")
        return dictionary

    def with_example(self, name: str) -> Dictionary:
        """The same with the node types of an example, and with its properties of those that are there."""
        with as_file(files("biodata_gen3.sandbox").joinpath("data", f"{name}.json")) as path:
            more = _nodes(read_artifact(path))
        return Dictionary(self.raw | {label: _joined(self.raw.get(label), node) for label, node in more.items()})

    def __getitem__(self, label: str) -> NodeType:
        return self.nodes[label]

    def __contains__(self, label: object) -> bool:
        return label in self.nodes

    def backrefs(self, label: str) -> list[tuple[NodeType, Link]]:
        """The links of other node types that lead to this one."""
        return [(node, link) for node in self.nodes.values() for link in node.links if link.target == label]


def _links(listed: list[dict[str, Any]]) -> list[Link]:
    found: list[Link] = []
    for one in listed:
        if "subgroup" in one:
            found += _links(one["subgroup"])
        else:
            required = bool(one.get("required"))
            found.append(Link(one["name"], one["target_type"], one["backref"], one["multiplicity"], required))
    return found


def _kinds(rule: dict[str, Any]) -> list[str]:
    stated = rule.get("type")
    if stated is not None:
        return [kind for kind in ([stated] if isinstance(stated, str) else stated) if kind != "null"]
    inner = [*rule.get("oneOf", ()), *rule.get("anyOf", ())]
    return [kind for one in inner for kind in _kinds(one)] or (["string"] if "enum" in rule else [])


def _allow_null(rule: dict[str, Any]) -> None:
    stated = rule.get("type")
    if isinstance(stated, str):
        rule["type"] = [stated, "null"]
    elif isinstance(stated, list) and "null" not in stated:
        stated.append("null")
    if "enum" in rule and None not in rule["enum"]:
        rule["enum"].append(None)
    for name in ("oneOf", "anyOf"):
        if name in rule and "null" not in [one.get("type") for one in rule[name]]:
            rule[name].append({"type": "null"})


def _nodes(raw: dict[str, Any]) -> dict[str, Any]:
    return {name: one for name, one in raw.items() if not name.startswith("_") and name != "metaschema"}


def _joined(node: dict[str, Any] | None, more: dict[str, Any]) -> dict[str, Any]:
    return more if node is None else {**node, "properties": node["properties"] | more["properties"]}


def _own() -> dict[str, Any]:
    with as_file(files("biodata_gen3.sandbox").joinpath("data", "dictionary.json")) as path:
        return read_artifact(path)


def _wrong(path: Path | None, problem: str) -> ConfigError:
    return ConfigError(
        f"{path or 'The dictionary'} is no data dictionary: {problem}",
        code="BD-SANDBOX-DICTIONARY",
        hint="Give what a commons answers at /api/v0/submission/_dictionary/_all",
    )
