"""Peregrine's view of sheepdog's transaction log [242, 243]."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from graphql import (
    GraphQLArgument,
    GraphQLBoolean,
    GraphQLField,
    GraphQLID,
    GraphQLInt,
    GraphQLList,
    GraphQLObjectType,
    GraphQLString,
)

if TYPE_CHECKING:
    from graphql import GraphQLResolveInfo

    from biodata_gen3.sandbox.state import Transaction

__all__ = ["log_fields"]


_COMMITTABLE = (
    '(committable: true) means (is_dry_run: true) AND (closed: false) AND (state: "SUCCEEDED") AND (committed_by is '
    "None).  Note: committed_by is None cannot be represented in GraphQL, hence this argument."
)
_DEPENDENTS = "List of entities that depend on this entity such that the transaction failed."


def _fields(**types: Any) -> dict[str, GraphQLField]:
    return {name: GraphQLField(type_) for name, type_ in types.items()}


def log_fields() -> tuple[GraphQLField, GraphQLField]:
    """The fields for the entries and for their number."""
    text, number, flag, id_ = GraphQLString, GraphQLInt, GraphQLBoolean, GraphQLID
    generic = GraphQLObjectType(
        "GenericEntity", _fields(id=text, type=text), description="Skeleton properties to reference generic entities"
    )
    related = GraphQLObjectType("TransactionResponseEntityRelatedCases", _fields(id=text, submitter_id=text))
    error = GraphQLObjectType(
        "TransactionResponseError",
        _fields(keys=GraphQLList(text), dependents=GraphQLList(generic), message=text, type=text),
    )
    error.fields["dependents"].description = _DEPENDENTS
    entity = GraphQLObjectType(
        "TransactionResponseEntity",
        _fields(
            valid=flag, action=text, type=text, id=text, unique_keys=text, related_cases=GraphQLList(related),
            errors=GraphQLList(error), warnings=text,
        ),
    )  # fmt: skip
    response = GraphQLObjectType(
        "TransactionResponse",
        _fields(
            transaction_id=id_, success=flag, entity_error_count=number, transactional_error_count=number,
            code=number,
            message=text, transactional_errors=number, created_entity_count=number, updated_entity_count=number,
            released_entity_count=number, cases_related_to_updated_entities_count=number,
            cases_related_to_created_entities_count=number, entities=GraphQLList(entity),
        ),
    )  # fmt: skip
    document = GraphQLObjectType(
        "TransactionDocument",
        _fields(
            id=id_, transaction_id=id_, doc_format=text, doc=text, doc_size=number, name=text, response_json=text,
            response=response,
        ),
    )  # fmt: skip
    snapshot = GraphQLObjectType(
        "TransactionSnapshot", _fields(id=id_, transaction_id=number, action=text, old_props=text, new_props=text)
    )
    log = GraphQLObjectType(
        "TransactionLog",
        _fields(
            id=id_, is_dry_run=flag, closed=flag, committed_by=id_, state=text, type=text, quick_search=id_,
            submitter=text, role=text, program=text, project=text, created_datetime=text, canonical_json=text,
            project_id=text, snapshots=GraphQLList(snapshot), documents=GraphQLList(document),
            related_cases=GraphQLList(related),
        ),
    )  # fmt: skip
    args: dict[str, Any] = {
        "id": id_, "type": text, "quick_search": id_, "project_id": GraphQLList(text), "project": text,
        "program": text, "order_by_asc": text, "order_by_desc": text, "related_cases": GraphQLList(text),
        "first": number, "last": number, "offset": number, "entities": GraphQLList(text), "is_dry_run": flag,
        "closed": flag, "committable": flag, "state": text, "committed_by": id_,
    }  # fmt: skip
    made = {name: GraphQLArgument(type_) for name, type_ in args.items()}
    made["committable"] = GraphQLArgument(flag, description=_COMMITTABLE)
    return GraphQLField(GraphQLList(log), made, _logs), GraphQLField(GraphQLInt, made, _count)


def _logs(node: Any, info: GraphQLResolveInfo[Any], **args: Any) -> list[dict[str, Any]]:
    found = _selected(node, info, args)
    for name in ("order_by_desc", "order_by_asc"):
        if args.get(name):
            found.sort(key=lambda one: _sortable(one, args[name]), reverse=name.endswith("desc"))
    start = max(0, args.get("offset") or 0)
    last = args.get("last")
    if last is not None:
        return [_entry(one) for one in found[start:][-last:]]
    first = args.get("first")
    first = 10 if first is None else first
    return [_entry(one) for one in (found[start:] if first <= 0 else found[start : start + first])]


def _sortable(entry: Transaction, name: str) -> Any:
    return entry.number if name == "id" else str(_entry(entry).get(name))


def _count(node: Any, info: GraphQLResolveInfo[Any], **args: Any) -> int:
    return len(_selected(node, info, args))


def _selected(node: Any, info: GraphQLResolveInfo[Any], args: dict[str, Any]) -> list[Transaction]:
    view = info.context
    found = [one for one in view.state.transactions.values() if one.project_id in view.projects]
    touched = [node.id] if hasattr(node, "props") else args.get("entities") or []
    if touched:
        found = [one for one in found if set(touched) & set(one.entities)]
    wanted: dict[str, Any] = {
        name: args.get(name) for name in ("is_dry_run", "closed", "state", "project", "program")
    }
    wanted |= {"id": args.get("id"), "role": args.get("type"), "committed_by": args.get("committed_by")}
    entries = [(one, _entry(one)) for one in found]
    kept = [one for one, entry in entries if all(value in (None, entry[name]) for name, value in wanted.items())]
    if args.get("committable") is not None:
        kept = [one for one in kept if _committable(one) == args["committable"]]
    projects = args.get("project_id")
    return [one for one in kept if not projects or one.project_id in projects]


def _committable(entry: Transaction) -> bool:
    return entry.dry_run and not entry.closed and entry.committed_by is None


def _entry(entry: Transaction) -> dict[str, Any]:
    program, _, project = entry.project_id.partition("-")
    return {
        "id": str(entry.number), "is_dry_run": entry.dry_run, "closed": entry.closed, "state": entry.state,
        "committed_by": None if entry.committed_by is None else str(entry.committed_by), "type": entry.role,
        "submitter": None, "role": entry.role, "program": program, "project": project,
        "created_datetime": entry.created, "canonical_json": json.dumps(entry.docs), "project_id": entry.project_id,
        "snapshots": [], "documents": _documents(entry), "related_cases": [],
    }  # fmt: skip


def _documents(entry: Transaction) -> list[dict[str, Any]]:
    held = entry.document
    if not held:
        return []
    response = {
        name: value for name, value in held["response"].items() if name not in ("transactional_errors", "entities")
    }
    return [
        {
            "id": str(entry.number),
            "transaction_id": str(entry.number),
            "doc_format": "JSON",
            "doc": held["doc"],
            "doc_size": len(held["doc"]),
            "name": held["name"],
            "response_json": json.dumps(held["response"]),
            "response": response,
        }
    ]
