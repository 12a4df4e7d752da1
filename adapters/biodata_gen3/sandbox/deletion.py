"""Delete transactions: all of the nodes or none (protocols/gen3.md, b: Delete)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from biodata_gen3.sandbox.state import Node, State, Transaction

__all__ = ["delete"]

_DEPENDED_ON = (
    "Unable to delete entity because at least {} other(s) directly or indirectly depend on it. You can only delete "
    "this entity by deleting its dependents prior to, or during the same transaction as this one."
)


def delete(state: State, entry: Transaction, ids: list[str]) -> dict[str, Any]:
    """Delete nodes of the transaction's project; the report."""
    nodes, missing = state.found(ids)
    foreign = [one.id for one in nodes if not _deletable(one, entry.project_id)]
    nodes = [one for one in nodes if one.id not in foreign]
    doomed = {one.id for one in nodes}
    entities = [_entity(state, one, doomed) for one in nodes] + [_absent(one) for one in (*foreign, *missing)]
    bad = sum(not one["valid"] for one in entities)
    if not bad and not entry.dry_run:
        for node in nodes:
            state.remove(node)
    dependents = [
        one["id"] for entity in entities for error in entity["errors"] for one in error.get("dependents", ())
    ]
    if not entry.dry_run:
        entry.state = "FAILED" if bad else "SUCCEEDED"
    entry.entities = list(ids)
    return {
        "code": 400 if bad else 200,
        "deleted_entity_count": 0 if bad else len(nodes),
        "dependent_ids": ",".join(dependents),
        "entities": entities,
        "entity_error_count": bad,
        "message": _message(bad, len(nodes), dry_run=entry.dry_run),
        "success": not bad,
        "transaction_id": entry.number,
        "transactional_error_count": 0,
        "transactional_errors": [],
    }


def _deletable(node: Node, project_id: str) -> bool:
    return node.type.in_project and node.type.label != "project" and node.project_id == project_id


def _entity(state: State, node: Node, doomed: set[str]) -> dict[str, Any]:
    """One child that stays is named, not all of them [400]."""
    staying = next((child for child in state.children(node) if child.id not in doomed), None)
    errors: list[dict[str, Any]] = []
    if staying is not None:
        dependents = [{"id": staying.id, "type": staying.type.label}]
        words = _DEPENDED_ON.format(len(dependents))
        errors = [{"dependents": dependents, "keys": [], "message": words, "type": "INVALID_LINK"}]
    keys = [{"project_id": node.project_id, "submitter_id": node.key}]
    return _report(node.id, node.type.label, keys, errors)


def _absent(id_: str) -> dict[str, Any]:
    error = {"id": id_, "keys": ["id"], "message": "Entity not found.", "type": "NOT_FOUND"}
    return _report(None, None, [], [error])


def _report(id_: str | None, label: str | None, keys: list[Any], errors: list[Any]) -> dict[str, Any]:
    return {
        "action": "delete",
        "errors": errors,
        "id": id_,
        "type": label,
        "unique_keys": keys,
        "valid": not errors,
        "warnings": [],
    }


def _message(bad: int, number: int, *, dry_run: bool) -> str:
    if bad:
        return "Deletion transaction failed."
    return (
        f"Dry run successful. Would have deleted {number} entities"
        if dry_run
        else (f"Successfully deleted {number} entities")
    )
