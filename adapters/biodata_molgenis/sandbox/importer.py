"""The importer: an upload becomes a run whose row clients poll (protocols/molgenis.md, c).

A run is done when its address is given, unless `State.import_seconds` says that it takes longer.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata_molgenis.sandbox import system, writes
from biodata_molgenis.sandbox.changes import put_changed
from biodata_molgenis.sandbox.consistency import refuse_inconsistent, refuse_names
from biodata_molgenis.sandbox.emx import Emx, read_emx
from biodata_molgenis.sandbox.errors import ApiError, Violation, bad_request, denied
from biodata_molgenis.sandbox.http import Answer, Ask, Upload, text_answer
from biodata_molgenis.sandbox.state import typed_id

if TYPE_CHECKING:
    from collections.abc import Iterable

    from biodata_molgenis.sandbox.model import EntityType
    from biodata_molgenis.sandbox.state import Row, State

__all__ = ["handle", "import_file"]

ACTIONS = ("ADD", "ADD_UPDATE_EXISTING", "UPDATE", "ADD_IGNORE_EXISTING")
METADATA_ACTIONS = ("ADD", "UPDATE", "UPSERT", "IGNORE")


def handle(state: State, ask: Ask, parts: tuple[str, ...]) -> Answer | None:
    """The answer to a request below `/plugin/importwizard`; None where no route takes it."""
    if parts != ("importFile",) or ask.method != "POST":
        return None
    if not state.is_superuser(ask.user):
        entity_types = state.types[system.ENTITY_TYPE]
        raise denied("Read metadata", entity_types.id, entity_types.label)
    try:
        action = _action("action", ask, ACTIONS, "ADD")
        metadata_action = _action("metadataAction", ask, METADATA_ACTIONS, "UPSERT")
        upload = ask.files.get("file")
        if upload is None or "." not in upload.filename:
            raise bad_request("Required request part 'file' is not present")
    except ApiError as error:
        return text_answer(error.message, 400)
    run = _run(state, ask.user, upload, action, metadata_action)
    location = f"/api/v2/{system.IMPORT_RUN}/{run['id']}"
    return text_answer(location, 201)._replace(headers=(("Location", location),))


def _action(name: str, ask: Ask, known: tuple[str, ...], default: str) -> str:
    value = (ask.query.get(name) or ask.form.get(name) or default).upper()
    if value not in known:
        raise bad_request(f"Invalid {name}:[{value}] valid values: [{', '.join(known)}]")
    return value


def _run(state: State, user: str, upload: Upload, action: str, metadata_action: str) -> Row:
    run: Row = {
        "id": state.new_id(),
        "startDate": state.clock.now(),
        "endDate": None,
        "username": user,
        "status": "RUNNING",
        "message": None,
        "progress": 0,
        "importedEntities": None,
        "notify": False,
    }
    state.stored[system.IMPORT_RUN] = {**state.stored[system.IMPORT_RUN], run["id"]: run}
    state.later(state.import_seconds, lambda: _finish(state, run, upload, action, metadata_action))
    return run


def _finish(state: State, run: Row, upload: Upload, action: str, metadata_action: str) -> None:
    """Import what was uploaded, all of it or nothing, and write down how it went."""
    types, stored = dict(state.types), dict(state.stored)
    done: Row = {"endDate": state.clock.now()}
    try:
        imported = import_file(state, upload, action, metadata_action)
    except ApiError as error:
        state.types, state.stored = types, stored
        done |= {"status": "FAILED", "message": error.message}
    else:
        message = "".join(f"Imported {count} {name} entities.<br />" for name, count in imported.items())
        done |= {"status": "FINISHED", "message": message, "importedEntities": ",".join(imported)}
    state.stored[system.IMPORT_RUN] = {**state.stored[system.IMPORT_RUN], run["id"]: {**run, **done}}


def import_file(state: State, upload: Upload, action: str, metadata_action: str) -> dict[str, int]:
    """Import what was uploaded; how many rows of which table.

    Raises:
        ApiError: as the server would answer; some of it may be there then.
    """
    emx = read_emx(upload.filename, upload.content, with_types=metadata_action != "IGNORE")
    _put_types(state, emx, metadata_action)
    unknown = [name for name in emx.data if name not in state.types]
    if unknown:
        raise ApiError(400, Violation(f"Unknown entity type '{unknown[0]}'.", "D01"))
    imported: dict[str, int] = {}
    for entity_type in _in_order(state, emx.data):
        imported[entity_type.id] = _put_rows(state, entity_type, emx.data[entity_type.id], action)
    return imported


def _put_types(state: State, emx: Emx, metadata_action: str) -> None:
    for line in emx.packages:
        package = {"id": line["name"], "label": line.get("label") or line["name"]}
        row = {**package, "description": line.get("description"), "parent": line.get("parent") or None}
        state.stored[system.PACKAGE] = {**state.stored[system.PACKAGE], line["name"]: row}
    for entity_type in emx.types:
        refuse_names(entity_type.id, *entity_type.by_name)
        exists = entity_type.id in state.types
        if exists and metadata_action == "ADD":
            raise bad_request(f"Repository '{entity_type.id}' already exists.", "D10")
        if not exists and metadata_action == "UPDATE":
            raise bad_request(f"Unknown entity type '{entity_type.id}'.", "D01")
        put_changed(state, entity_type)
    for entity_type in emx.types:
        refuse_inconsistent(state, entity_type)


def _in_order(state: State, names: Iterable[str]) -> list[EntityType]:
    """The tables such that those which are referred to come first; a circle stays in the file's order."""
    waiting = [state.types[name] for name in names]
    ordered: list[EntityType] = []
    while waiting:
        ready = [one for one in waiting if not _needs(one) & {other.id for other in waiting} - {one.id}]
        step = ready or waiting[:1]
        ordered += step
        waiting = [one for one in waiting if one not in step]
    return ordered


def _needs(entity_type: EntityType) -> set[str | None]:
    return {one.ref for one in entity_type.atomic if one.reference and one.type != "onetomany"}


def _put_rows(state: State, entity_type: EntityType, lines: list[dict[str, str]], action: str) -> int:
    """Write the rows of a sheet; an empty cell is a default, and the back sides of references are left alone."""
    ignored = {one.name for one in entity_type.atomic if one.type == "onetomany"}
    key, table = entity_type.id_attribute.name, state.rows(entity_type.id)
    rows: list[dict[str, Any]] = [{name: one for name, one in line.items() if name not in ignored} for line in lines]
    known = [(row, typed_id(entity_type, row.get(key, "")) in table) for row in rows]
    new = [row for row, there in known if action == "ADD" or (action != "UPDATE" and not there)]
    old = [row for row, there in known if action == "UPDATE" or (action == "ADD_UPDATE_EXISTING" and there)]
    writes.create(state, entity_type, new)
    writes.replace(state, entity_type, old, detach=False)
    return len(new) + len(old)
