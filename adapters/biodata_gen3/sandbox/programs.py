"""Sheepdog's programs and projects (protocols/gen3.md, b)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata_gen3.sandbox.access import require_admin, require_user
from biodata_gen3.sandbox.http import Answer, Ask, Failure, json_answer, message, require_method

if TYPE_CHECKING:
    from biodata_gen3.sandbox.state import Node, State, Transaction

__all__ = ["NOT_EMPTY", "known_project", "program", "root"]

MAKES = ("POST", "PUT", "PATCH")
NOT_EMPTY = "ERROR: Can not delete the {0}.                             {1} {2} is not empty"


def root(state: State, ask: Ask) -> Answer:
    """List the programs, or make one."""
    require_method(ask, "GET", *MAKES)
    if ask.method in MAKES:
        require_admin(state, ask, "program")
        return _make_program(state, ask.json())
    require_user(state, ask)
    return json_answer({"links": [f"/v0/submission/{one.key}" for one in state.of_type("program")]})


def _make_program(state: State, doc: Any) -> Answer:
    doc = doc if isinstance(doc, dict) else {}
    if doc.get("type") != "program":
        raise Failure(message(400, f"Invalid type in key type='{doc.get('type')}'"))
    name = doc.get("name")
    if not isinstance(name, str) or not name:
        raise Failure(message(400, "No program specified in key 'name'"))
    held = state.program(name)
    props = {key: value for key, value in doc.items() if key not in ("type", "id")}
    if held is None:
        made = state.put(state.named_id(name), state.dictionary["program"], props, state.now())
        return json_answer({"id": made.id, "message": "Program registered.", "name": name})
    state.change(held, props, state.now())
    return json_answer({"id": held.id, "message": "Program is updated!", "name": name})


def known_program(state: State, name: str) -> Node:
    """A program.

    Raises:
        Failure: 404.
    """
    held = state.program(name)
    if held is None:
        raise Failure(message(404, f"program {name} not found"))
    return held


def program(state: State, ask: Ask, name: str) -> Answer:
    """List a program's projects, make one of them, or delete the program."""
    require_method(ask, "GET", "DELETE", *MAKES)
    held = known_program(state, name)
    if ask.method == "DELETE":
        require_admin(state, ask, "program")
        if state.projects(name):
            raise Failure(message(400, NOT_EMPTY.format("program", "Program", name)))
        state.remove(held)
        return Answer(204, b"", "application/json")
    if ask.method in MAKES:
        require_admin(state, ask, "project")
        return _make_project(state, held, ask.json())
    require_user(state, ask)
    return json_answer({"links": [f"/v0/submission/{name}/{one.key}" for one in state.projects(name)]})


def _make_project(state: State, program: Node, doc: Any) -> Answer:
    """Create or update one; its code is global, so that a second program cannot have it (protocols/gen3.md, b)."""
    doc = doc if isinstance(doc, dict) else {}
    type_, code = state.dictionary["project"], doc.get("code")
    if not isinstance(code, str) or not code:
        raise Failure(message(400, "No project specified in key 'code'"))
    if not doc.get("dbgap_accession_number"):
        raise Failure(message(400, "No dbgap_accession_number specified."))
    id_ = state.named_id(code)
    for name in doc:
        if name not in type_.schema["properties"]:
            raise Failure(message(400, f"ERROR: <Project({id_})> has no property {name}"))
    held = next((one for one in state.of_type("project") if one.key == code), None)
    if held is not None and held.props["program"] != program.key:
        raise Failure(message(400, f"Project {code} already exists in program {held.props['program']}"))
    entry = state.transaction(f"{program.key}-{code}", "update")
    props = {key: value for key, value in doc.items() if key in type_.properties and key not in ("state", "released")}
    action, time = ("create" if held is None else "update"), state.now()
    if held is None:
        held = state.put(id_, type_, {**props, "state": "open", "program": program.key}, time)
        state.link(held, type_.links[0].name, program)
    else:
        state.change(held, props, time)
    return json_answer(_project_report(entry, held, action))


def _project_report(entry: Transaction, project: Node, action: str) -> dict[str, Any]:
    entity = {
        "action": action, "errors": [], "id": project.id, "type": "project",
        "unique_keys": [{"code": project.key}], "valid": True, "warnings": [],
    }  # fmt: skip
    return {
        "code": 200, "created_entity_count": int(action == "create"), "entities": [entity], "entity_error_count": 0,
        "message": "Transaction successful.", "success": True, "transaction_id": entry.number,
        "transactional_error_count": 0, "transactional_errors": [], "updated_entity_count": int(action == "update"),
    }  # fmt: skip


def known_project(state: State, program: str, code: str) -> Node:
    """A project.

    Raises:
        Failure: 404; it comes before any look at the token.
    """
    known_program(state, program)
    held = state.project(program, code)
    if held is None:
        raise Failure(message(404, f"project {code} not found"))
    return held
