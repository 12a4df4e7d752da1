"""Sheepdog: programs, projects, the dictionary, uploads, deletions, exports (protocols/gen3.md, b)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata_gen3.sandbox import export
from biodata_gen3.sandbox.access import require_admin, require_project, require_user
from biodata_gen3.sandbox.deletion import delete
from biodata_gen3.sandbox.http import Answer, Ask, Failure, gunicorn_page, json_answer, message
from biodata_gen3.sandbox.tabular import DELIMITERS, read_table
from biodata_gen3.sandbox.upload import Upload

if TYPE_CHECKING:
    from biodata_gen3.sandbox.state import Node, State, Transaction

__all__ = ["NOT_FOUND", "NO_METHOD", "handle"]

NO_METHOD = "405 Method Not Allowed: The method is not allowed for the requested URL."
NOT_FOUND = (
    "The requested URL was not found on the server. If you entered the URL manually please check your spelling "
    "and try again."
)
_WRITES = ("POST", "PUT")
_MAKES = ("POST", "PUT", "PATCH")
_LONGEST_LINE, _READ_OF_LINE = 4094, 8192
_BROKEN = "internal server error"
_NOT_EMPTY = "ERROR: Can not delete the {0}.                             {1} {2} is not empty"
_TRANSITIONS = {
    "review": (("open",), "review"),
    "open": (("review",), "open"),
    "submit": (("review",), "submitted"),
    "release": (("submitted",), "released"),
}


def handle(state: State, ask: Ask, path: tuple[str, ...]) -> Answer:
    """Answer a request below `/api/v0/submission`."""
    if ask.line_length > _LONGEST_LINE:
        text = f"Request Line is too large ({min(ask.line_length, _READ_OF_LINE)} &gt; {_LONGEST_LINE})"
        raise Failure(gunicorn_page(400, "Bad Request", text))
    match path:
        case ():
            return _root(state, ask)
        case ("_dictionary", *rest):
            return _dictionary(state, ask, "/v0/submission", rest)
        case ("template", *rest):
            return _template(state, ask, rest)
        case (program,):
            return _program(state, ask, program)
        case (program, code):
            return _project(state, ask, program, code)
        case (program, code, *rest):
            return _within(state, ask, program, code, tuple(rest))
    raise Failure(message(404, NOT_FOUND))


def _require(ask: Ask, *methods: str) -> None:
    if ask.method not in methods and not (ask.method == "HEAD" and "GET" in methods):
        raise Failure(message(405, NO_METHOD))


# --- programs and projects -----------------------------------------------------------------------------------


def _root(state: State, ask: Ask) -> Answer:
    _require(ask, "GET", *_MAKES)
    if ask.method in _MAKES:
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


def _known_program(state: State, name: str) -> Node:
    held = state.program(name)
    if held is None:
        raise Failure(message(404, f"program {name} not found"))
    return held


def _program(state: State, ask: Ask, name: str) -> Answer:
    _require(ask, "GET", "DELETE", *_MAKES)
    program = _known_program(state, name)
    if ask.method == "DELETE":
        require_admin(state, ask, "program")
        if state.projects(name):
            raise Failure(message(400, _NOT_EMPTY.format("program", "Program", name)))
        state.remove(program)
        return Answer(204, b"", "application/json")
    if ask.method in _MAKES:
        require_admin(state, ask, "project")
        return _make_project(state, program, ask.json())
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


def _known_project(state: State, program: str, code: str) -> Node:
    _known_program(state, program)
    held = state.project(program, code)
    if held is None:
        raise Failure(message(404, f"project {code} not found"))
    return held


def _project(state: State, ask: Ask, program: str, code: str) -> Answer:
    _require(ask, "DELETE", *_WRITES)
    if ask.method in _WRITES:
        return _upload(state, ask, program, code, dry_run=False)
    project = _known_project(state, program, code)
    require_admin(state, ask, "project")
    if any(True for _ in state.in_project(f"{program}-{code}")):
        raise Failure(message(400, _NOT_EMPTY.format("project", "Project", code)))
    state.remove(project)
    return Answer(204, b"", "application/json")


# --- inside a project ------------------------------------------------------------------------------------------


def _within(state: State, ask: Ask, program: str, code: str, path: tuple[str, ...]) -> Answer:  # noqa: C901, PLR0911 - a table of paths
    match path:
        case ("_dry_run",):
            _require(ask, *_WRITES)
            return _upload(state, ask, program, code, dry_run=True)
        case ("bulk",):
            _require(ask, *_WRITES)
            raise Failure(message(500, _BROKEN))
        case ("entities", "_dry_run", ids):
            _require(ask, "DELETE")
            return _delete(state, ask, program, code, ids, dry_run=True)
        case ("entities", ids):
            _require(ask, "GET", "DELETE")
            if ask.method == "DELETE":
                return _delete(state, ask, program, code, ids, dry_run=False)
            return _entities(state, ask, program, code, ids)
        case ("export",):
            return _export(state, ask, program, code)
        case ("manifest",):
            _require(ask, "GET")
            require_project(state, ask, program, code, "read")
            return export.manifest(state, ask.query.get("ids"))
        case ("_dictionary", *rest):
            require_user(state, ask)
            return _dictionary(state, ask, f"/v0/submission/{program}/{code}", rest)
        case ("template", *rest):
            return _template(state, ask, rest)
        case ("transactions", number, "commit" | "close" as verb):
            _require(ask, *_WRITES)
            return _finish(state, ask, _known_project(state, program, code), program, number, verb)
        case (verb,) if verb in _TRANSITIONS:
            _require(ask, "PUT")
            return _transition(state, ask, _known_project(state, program, code), program, verb)
    raise Failure(message(404, NOT_FOUND))


def _check_state(project: Node, ask: Ask, states: tuple[str, ...]) -> None:
    held = project.props["state"]
    if held not in states:
        path = "/v0" + ask.raw_path.partition("/v0")[2] if "/v0" in ask.raw_path else ask.raw_path
        text = (
            f"Project is in state '{held}', which prevents {path.rstrip('/')}. In order to perform this action, the "
            f"project must be in state <{', '.join(states)}>."
        )
        raise Failure(message(400, text))


def _upload(state: State, ask: Ask, program: str, code: str, *, dry_run: bool) -> Answer:
    project = _known_project(state, program, code)
    role = "create" if ask.method == "POST" else "update"
    require_project(state, ask, program, code, "create", *(("update",) if role == "update" else ()))
    _check_state(project, ask, ("open",))
    if ask.query.get("async", "").lower() == "true":
        raise Failure(message(500, _BROKEN))
    docs = _documents(state, ask)
    entry = state.transaction(f"{program}-{code}", role, dry_run=dry_run)
    report = Upload(state, project, entry).run(docs)
    entry.document = {"name": None, "doc": ask.body.decode("utf-8", "replace"), "response": report}
    return json_answer(report, report["code"])


def _documents(state: State, ask: Ask) -> Any:
    delimiter = DELIMITERS.get(ask.content_type)
    if delimiter is None:
        return ask.json()
    return read_table(ask.body.decode("utf-8", "replace"), delimiter, state.dictionary)


def _delete(state: State, ask: Ask, program: str, code: str, ids: str, *, dry_run: bool) -> Answer:
    project = _known_project(state, program, code)
    require_project(state, ask, program, code, "delete")
    _check_state(project, ask, ("open",))
    entry = state.transaction(f"{program}-{code}", "delete", dry_run=dry_run)
    report = delete(state, entry, [one for one in ids.split(",") if one])
    return json_answer(report, report["code"])


def _entities(state: State, ask: Ask, program: str, code: str, ids: str) -> Answer:
    """The project in the path is asked about rights only: nodes of others come too [302]."""
    _known_project(state, program, code)
    require_project(state, ask, program, code, "read")
    nodes, missing = state.found(one for one in ids.split(",") if one)
    if missing:
        raise Failure(message(400, f"Not found: {', '.join(missing)}"))
    return json_answer({"entities": [_entity(state, one) for one in nodes]})


def _entity(state: State, node: Node) -> dict[str, Any]:
    program, _, code = (node.project_id or "").partition("-")
    props: dict[str, Any] = {name: node.value(name) for name in node.type.properties}
    props |= {
        "id": node.id,
        "type": node.type.label,
        "created_datetime": node.created,
        "updated_datetime": node.updated,
    }
    for link in node.type.links:
        key = state.dictionary[link.target].key
        ends = [{"id": one.id, key: one.key} for one in state.parents(node, link.name)]
        if ends:
            props[link.name] = ends
    return {"program": program, "project": code, "properties": props}


def _export(state: State, ask: Ask, program: str, code: str) -> Answer:
    _require(ask, "GET", "POST")
    require_project(state, ask, program, code, "read")
    asked = ask.query if ask.method == "GET" else ask.json()
    return export.export(state, f"{program}-{code}", asked if isinstance(asked, dict) else {})


# --- transactions and states -------------------------------------------------------------------------------------


def _finish(state: State, ask: Ask, project: Node, program: str, number: str, verb: str) -> Answer:
    require_project(state, ask, program, project.key, "update")
    entry = state.transactions.get(int(number)) if number.isdecimal() else None
    if entry is None or entry.project_id != f"{program}-{project.key}":
        raise Failure(message(404, f"Unable to find transaction_log with id {number} for project {project.key}"))
    if verb == "close":
        entry.closed = True
        return json_answer({"code": 200, "message": "Closed transaction.", "transaction_id": entry.number})
    return _commit(state, project, entry)


def _commit(state: State, project: Node, entry: Transaction) -> Answer:
    """Do a dry run's records again in earnest, as a new transaction with new ids [421]."""
    if entry.closed:
        raise Failure(message(400, "Unable to commit closed transaction log."))
    if entry.committed_by is not None:
        text = f"This transaction_log was committed already by transaction '{entry.committed_by}'."
        raise Failure(message(400, text))
    if not entry.dry_run:
        raise Failure(message(400, "Cannot submit transaction_log, it is not a dry_run."))
    again = state.transaction(entry.project_id, entry.role)
    report = Upload(state, project, again).run(entry.docs)
    if report["success"]:
        entry.committed_by = again.number
    return json_answer(report, report["code"])


def _transition(state: State, ask: Ask, project: Node, program: str, verb: str) -> Answer:
    require_project(state, ask, program, project.key, "release" if verb == "release" else "update")
    before, after = _TRANSITIONS[verb]
    _check_state(project, ask, before)
    entry = state.transaction(f"{program}-{project.key}", verb)
    project.props["state"], entry.state = after, "SUCCEEDED"
    return json_answer(
        {
            "code": 200,
            "entities": [],
            "entity_error_count": 0,
            "message": f"Successfully transitioned project state to '{after}'",
            "success": True,
            "transaction_id": entry.number,
            "transactional_error_count": 0,
            "transactional_errors": [],
        }
    )


# --- the dictionary ------------------------------------------------------------------------------------------------


def _dictionary(state: State, ask: Ask, base: str, rest: list[str]) -> Answer:
    _require(ask, "GET")
    if not rest:
        return json_answer({"links": [f"{base}/_dictionary/{name}" for name in (*state.dictionary.nodes, "_all")]})
    if rest == ["_all"]:
        return json_answer(state.dictionary.raw)
    if len(rest) > 1 or rest[0] not in state.dictionary.raw:
        raise Failure(message(404, f"Entry {'/'.join(rest)} not in dictionary"))
    return json_answer(state.dictionary.raw[rest[0]])


def _template(state: State, ask: Ask, rest: list[str]) -> Answer:
    _require(ask, "GET")
    if not rest:
        return export.templates(state.dictionary, ask.query)
    return export.template(state.dictionary, rest[0], ask.query.get("format", "tsv"))
