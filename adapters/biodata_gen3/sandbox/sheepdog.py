"""Sheepdog: programs, projects, the dictionary, uploads, deletions, exports (protocols/gen3.md, b)."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata_gen3.sandbox import export, programs, templates
from biodata_gen3.sandbox.access import require_admin, require_project, require_user
from biodata_gen3.sandbox.deletion import delete
from biodata_gen3.sandbox.http import Answer, Ask, Failure, gunicorn_page, json_answer, message, require_method
from biodata_gen3.sandbox.programs import NOT_EMPTY, known_project
from biodata_gen3.sandbox.tabular import DELIMITERS, read_table
from biodata_gen3.sandbox.upload import Upload

if TYPE_CHECKING:
    from biodata_gen3.sandbox.state import Node, State, Transaction

__all__ = ["NOT_FOUND", "handle"]

NOT_FOUND = (
    "The requested URL was not found on the server. If you entered the URL manually please check your spelling "
    "and try again."
)
_WRITES = ("POST", "PUT")
_LONGEST_LINE, _READ_OF_LINE = 4094, 8192
_BROKEN = "internal server error"
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
            return programs.root(state, ask)
        case ("_dictionary", *rest):
            return _dictionary(state, ask, "/v0/submission", rest)
        case ("template", *rest):
            return _template(state, ask, rest)
        case (program,):
            return programs.program(state, ask, program)
        case (program, code):
            return _project(state, ask, program, code)
        case (program, code, *rest):
            return _within(state, ask, program, code, tuple(rest))
    raise Failure(message(404, NOT_FOUND))


def _project(state: State, ask: Ask, program: str, code: str) -> Answer:
    require_method(ask, "DELETE", *_WRITES)
    if ask.method in _WRITES:
        return _upload(state, ask, program, code, dry_run=False)
    project = known_project(state, program, code)
    require_admin(state, ask, "project")
    if any(True for _ in state.in_project(f"{program}-{code}")):
        raise Failure(message(400, NOT_EMPTY.format("project", "Project", code)))
    state.remove(project)
    return Answer(204, b"", "application/json")


# --- inside a project ------------------------------------------------------------------------------------------


def _within(state: State, ask: Ask, program: str, code: str, path: tuple[str, ...]) -> Answer:  # noqa: C901, PLR0911 - a table of paths
    match path:
        case ("_dry_run",):
            require_method(ask, *_WRITES)
            return _upload(state, ask, program, code, dry_run=True)
        case ("bulk",):
            require_method(ask, *_WRITES)
            raise Failure(message(500, _BROKEN))
        case ("entities", "_dry_run", ids):
            require_method(ask, "DELETE")
            return _delete(state, ask, program, code, ids, dry_run=True)
        case ("entities", ids):
            require_method(ask, "GET", "DELETE")
            if ask.method == "DELETE":
                return _delete(state, ask, program, code, ids, dry_run=False)
            return _entities(state, ask, program, code, ids)
        case ("export",):
            return _export(state, ask, program, code)
        case ("manifest",):
            require_method(ask, "GET")
            require_project(state, ask, program, code, "read")
            return export.manifest(state, ask.query.get("ids"))
        case ("_dictionary", *rest):
            require_user(state, ask)
            return _dictionary(state, ask, f"/v0/submission/{program}/{code}", rest)
        case ("template", *rest):
            return _template(state, ask, rest)
        case ("transactions", number, "commit" | "close" as verb):
            require_method(ask, *_WRITES)
            return _finish(state, ask, known_project(state, program, code), program, number, verb)
        case (verb,) if verb in _TRANSITIONS:
            require_method(ask, "PUT")
            return _transition(state, ask, known_project(state, program, code), program, verb)
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
    project = known_project(state, program, code)
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
    project = known_project(state, program, code)
    require_project(state, ask, program, code, "delete")
    _check_state(project, ask, ("open",))
    entry = state.transaction(f"{program}-{code}", "delete", dry_run=dry_run)
    report = delete(state, entry, [one for one in ids.split(",") if one])
    return json_answer(report, report["code"])


def _entities(state: State, ask: Ask, program: str, code: str, ids: str) -> Answer:
    """The project in the path is asked about rights only: nodes of others come too [302]."""
    known_project(state, program, code)
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
    require_method(ask, "GET", "POST")
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
    require_method(ask, "GET")
    if not rest:
        return json_answer({"links": [f"{base}/_dictionary/{name}" for name in (*state.dictionary.nodes, "_all")]})
    if rest == ["_all"]:
        return json_answer(state.dictionary.raw)
    if len(rest) > 1 or rest[0] not in state.dictionary.raw:
        raise Failure(message(404, f"Entry {'/'.join(rest)} not in dictionary"))
    return json_answer(state.dictionary.raw[rest[0]])


def _template(state: State, ask: Ask, rest: list[str]) -> Answer:
    require_method(ask, "GET")
    if not rest:
        return templates.templates(state.dictionary, ask.query)
    return templates.template(state.dictionary, rest[0], ask.query.get("format", "tsv"))
