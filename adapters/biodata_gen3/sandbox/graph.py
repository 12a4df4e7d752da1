"""Peregrine's GraphQL schema, made from the dictionary (protocols/gen3.md, c)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLFloat,
    GraphQLID,
    GraphQLInputField,
    GraphQLInputObjectType,
    GraphQLInt,
    GraphQLInterfaceType,
    GraphQLList,
    GraphQLNonNull,
    GraphQLObjectType,
    GraphQLSchema,
    GraphQLString,
    Undefined,
    specified_directives,
)

from biodata_gen3.sandbox import resolve
from biodata_gen3.sandbox.logs import log_fields

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata_gen3.sandbox.dictionary import Dictionary, NodeType

__all__ = ["build"]

_TEXT_ARGS = ("created_before", "created_after", "updated_before", "updated_after", "order_by_asc", "order_by_desc")
_SCALARS = {"integer": GraphQLFloat, "number": GraphQLFloat, "boolean": GraphQLBoolean}
_NODE_TYPE_FIELDS = (
    "systemProperties", "category", "constraints", "title", "required", "id", "namespace", "submittable", "preferred",
    "root", "properties", "uniqueKeys", "links", "type", "program", "additionalProperties", "project", "validators",
    "description",
)  # fmt: skip


def build(dictionary: Dictionary) -> GraphQLSchema:
    """The schema; its resolvers find a `resolve.View` in the context."""
    return _Builder(dictionary).schema()


def _scalar(node: NodeType, name: str) -> Any:
    kinds = node.kinds(name)
    if "array" in kinds:
        return GraphQLList(GraphQLString)
    return next((_SCALARS[kind] for kind in kinds if kind in _SCALARS), GraphQLString)


def _listed(type_: Any) -> Any:
    return type_ if isinstance(type_, GraphQLList) else GraphQLList(type_)


class _Builder:
    def __init__(self, dictionary: Dictionary) -> None:
        self._dictionary = dictionary
        self._properties = {label: _argument_names(node) for label, node in dictionary.nodes.items()}
        self._path = GraphQLInputObjectType("WithPathToInput", self._path_fields)
        self._not = {
            label: GraphQLInputObjectType(f"NotPropertiesInput_{label}", self._not_fields(node))
            for label, node in dictionary.nodes.items()
        }
        self._interface = GraphQLInterfaceType(
            "Node",
            {name: GraphQLField(GraphQLID if name == "id" else GraphQLString) for name in resolve.COMMON_FIELDS},
            resolve_type=lambda node, *_: node.type.label,
            description="The query object that represents the psqlgraph.Node base",
        )
        self._logs, self._log_counts = log_fields()
        self._types = {label: self._object(node) for label, node in dictionary.nodes.items()}

    # arguments ---------------------------------------------------------------------------------------------------

    def _not_fields(self, node: NodeType) -> dict[str, GraphQLInputField]:
        names = [*node.properties, *(["project_id"] if node.label == "project" else [])]
        return {name: GraphQLInputField(_scalar(node, name)) for name in names}

    def _path_fields(self) -> dict[str, GraphQLInputField]:
        fields: dict[str, Any] = {"id": GraphQLString, "type": GraphQLNonNull(GraphQLString)}
        for node in self._dictionary.nodes.values():
            for name in node.properties:
                fields.setdefault(name, _scalar(node, name))
        fields["not"] = GraphQLList(list(self._not.values())[-1])  # of the last type, whatever the path leads to
        return {name: GraphQLInputField(type_) for name, type_ in fields.items()}

    def _identity_args(self, key: Any, first: Any = Undefined) -> dict[str, GraphQLArgument]:
        args: dict[str, Any] = {"id": GraphQLString, "submitter_id": key, "ids": GraphQLList(GraphQLString)}
        args |= {"quick_search": GraphQLString, "first": GraphQLInt, "offset": GraphQLInt}
        args |= dict.fromkeys(_TEXT_ARGS, GraphQLString)
        made = {name: GraphQLArgument(type_) for name, type_ in args.items()}
        made["first"] = GraphQLArgument(GraphQLInt, default_value=first)
        return made

    def _args(self, label: str) -> dict[str, GraphQLArgument]:
        node = self._dictionary[label]
        has_key = "submitter_id" in node.schema["properties"]
        args = self._identity_args(GraphQLList(GraphQLString) if has_key else GraphQLString)
        for name in ("with_links", "with_links_any", "without_links"):
            args[name] = GraphQLArgument(GraphQLList(GraphQLString))
        for name in ("with_path_to", "with_path_to_any", "without_path_to"):
            args[name] = GraphQLArgument(GraphQLList(self._path))
        for name in self._properties[label]:
            args[name] = GraphQLArgument(_listed(_scalar(node, name)))
        if label == "project":
            args["project_id"] = GraphQLArgument(GraphQLList(GraphQLString))
        args["not"] = GraphQLArgument(GraphQLList(self._not[label]))
        return args

    # node types --------------------------------------------------------------------------------------------------

    def _object(self, node: NodeType) -> GraphQLObjectType:
        return GraphQLObjectType(node.label, lambda: self._fields(node), interfaces=[self._interface])

    def _fields(self, node: NodeType) -> dict[str, GraphQLField]:
        fields = {name: GraphQLField(GraphQLString, resolve=resolve.value) for name in resolve.COMMON_FIELDS}
        fields["id"] = GraphQLField(GraphQLID, resolve=resolve.value)
        for name in node.properties:
            if name not in fields:
                fields[name] = GraphQLField(_scalar(node, name), resolve=resolve.value)
        ends = [(link.name, link.target) for link in node.links]
        ends += [(link.backref, child.label) for child, link in self._dictionary.backrefs(node.label)]
        ends = list(dict(ends).items())
        for name, target in ends:
            fields[name] = self._list(target, resolve.links)
        for name, _ in ends:
            fields[f"_{name}_count"] = GraphQLField(GraphQLInt, self._args(node.label), resolve.link_count)
        fields["_transaction_logs_count"] = self._log_counts
        fields["_transaction_logs"] = self._logs
        args = self._identity_args(GraphQLString)
        args |= {name: GraphQLArgument(GraphQLString) for name in ("project_id", "category")}
        fields["_links"] = GraphQLField(GraphQLList(self._interface), args, resolve.all_links)
        return fields

    def _list(self, label: str, resolver: Callable[..., Any]) -> GraphQLField:
        return GraphQLField(GraphQLList(self._types[label]), self._args(label), resolver)

    # the root ----------------------------------------------------------------------------------------------------

    def schema(self) -> GraphQLSchema:
        shared = self._shared()
        viewer = GraphQLObjectType("viewer", shared)
        fields = {
            "transaction_log": self._logs,
            "_transaction_log_count": self._log_counts,
            **shared,
            "viewer": GraphQLField(viewer, resolve=lambda *_: resolve.ROOT),
        }
        directives = [one for one in specified_directives if one.name in ("include", "skip")]
        types = [self._interface, *self._types.values()]
        schema = GraphQLSchema(GraphQLObjectType("Root", fields), types=types, directives=directives)
        _reorder(schema)
        return schema

    def _shared(self) -> dict[str, GraphQLField]:
        args = self._identity_args(GraphQLString, first=10)
        args |= {"of_type": GraphQLArgument(GraphQLList(GraphQLString))}
        args |= {name: GraphQLArgument(GraphQLString) for name in ("project_id", "category")}
        fields = {"node": GraphQLField(GraphQLList(self._interface), args, resolve.any_node)}
        for label in self._dictionary.nodes:
            fields[label] = self._list(label, resolve.nodes)
            fields[f"_{label}_count"] = GraphQLField(GraphQLInt, self._args(label), resolve.count)
        fields["datanode"] = self._datanode()
        fields["_node_type"] = self._node_type()
        return fields

    def _datanode(self) -> GraphQLField:
        held: dict[str, Any] = {}
        for node in self._dictionary.nodes.values():
            if node.category in ("data_file", "metadata_file"):
                held |= {name: _scalar(node, name) for name in node.properties if name not in held}
        fields = {name: GraphQLField(type_, resolve=resolve.value) for name, type_ in held.items()}
        fields |= {name: GraphQLField(GraphQLString, resolve=resolve.value) for name in ("id", "type")}
        args = self._identity_args(GraphQLString, first=10)
        args |= {name: GraphQLArgument(type_) for name, type_ in held.items() if name != "submitter_id"}
        args |= {"type": GraphQLArgument(GraphQLString), "of_type": GraphQLArgument(GraphQLList(GraphQLString))}
        return GraphQLField(GraphQLList(GraphQLObjectType("DataNode", fields)), args, resolve.data_nodes)

    def _node_type(self) -> GraphQLField:
        fields = {name: GraphQLField(GraphQLString, resolve=resolve.entry_value) for name in _NODE_TYPE_FIELDS}
        args = {"first": GraphQLArgument(GraphQLInt, default_value=10)}
        names = ("order_by_asc", "order_by_desc", *_NODE_TYPE_FIELDS)
        args |= {name: GraphQLArgument(GraphQLString) for name in names}
        return GraphQLField(GraphQLList(GraphQLObjectType("NodeType", fields)), args, resolve.node_types)


def _argument_names(node: NodeType) -> list[str]:
    return [name for name in node.properties if name != "submitter_id"]


def _reorder(schema: GraphQLSchema) -> None:
    """The types in the order in which the server met them: a field's type, then its arguments', depth first [249]."""
    found: dict[str, Any] = {}

    def meet(type_: Any) -> None:
        while isinstance(type_, GraphQLList | GraphQLNonNull):
            type_ = type_.of_type
        if type_.name in found or type_.name.startswith("__"):
            return
        found[type_.name] = type_
        for field in getattr(type_, "fields", {}).values():
            meet(field.type)
            for argument in getattr(field, "args", {}).values():
                meet(argument.type)

    meet(schema.query_type)
    rest = {name: type_ for name, type_ in schema.type_map.items() if name not in found}
    own = {name: type_ for name, type_ in rest.items() if not name.startswith("__")}
    introspection = {name: type_ for name, type_ in rest.items() if name.startswith("__")}
    schema.type_map.clear()
    schema.type_map.update(found | own | introspection)
