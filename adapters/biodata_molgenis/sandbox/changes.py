"""Changing a table that has rows, and the jobs in which the metadata API does it (protocols/molgenis.md, c)."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata_molgenis.sandbox import answers_v3
from biodata_molgenis.sandbox.consistency import refuse_changed, refuse_inconsistent
from biodata_molgenis.sandbox.errors import ApiError, Violation, data_error
from biodata_molgenis.sandbox.http import Answer, Ask, empty

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata_molgenis.sandbox.model import EntityType
    from biodata_molgenis.sandbox.state import Row, State

__all__ = ["change", "drop", "put_changed", "submit"]


def put_changed(state: State, entity_type: EntityType) -> None:
    """Put an entity type in the place of the one that is there; its rows get new attributes, empty, and lose others.

    Raises:
        ApiError: 400, the rows that are there do not allow it.
    """
    refuse_changed(state, entity_type)
    present = state.types.get(entity_type.id)
    if present is not None:
        kept = [one for one in entity_type.atomic if one.type != "onetomany"]
        empty_row: Row = {one.name: () if one.multi else None for one in kept}
        rows = state.stored[entity_type.id]
        state.stored[entity_type.id] = {
            key: {name: row.get(name, none) for name, none in empty_row.items()} for key, row in rows.items()
        }
    state.put_type(entity_type)


def change(state: State, entity_type: EntityType) -> None:
    """Change a table, or leave it as it is.

    Raises:
        ApiError: 400, what is wrong with it.
    """
    before, rows = state.types[entity_type.id], state.stored[entity_type.id]
    try:
        put_changed(state, entity_type)
        refuse_inconsistent(state, entity_type)
    except ApiError:
        state.types[entity_type.id], state.stored[entity_type.id] = before, rows
        raise


def drop(state: State, entity_type: EntityType) -> None:
    """Remove a table with its rows.

    Raises:
        ApiError: 400 D19, attributes of other tables refer to it, the back sides of its own references among them
            (of those nothing is recorded; metadata would name what is gone otherwise).
    """
    types = state.types.values()
    others = sorted(
        {one.id for one in types if any(its.ref == entity_type.id for its in one.atomic)} - {entity_type.id}
    )
    if others:
        word = "entity" if len(others) == 1 else "entities"
        text = f"Cannot delete entity '{entity_type.id}' because {word} '{', '.join(others)}'"
        verb = "depends" if len(others) == 1 else "depend"
        raise data_error(Violation(f"{text} {verb} on it.", "D19"))
    state.drop_type(entity_type.id)


def submit(state: State, ask: Ask, table: str, work: Callable[[], None]) -> Answer:
    """A job that does the work, and its address; it takes as long as an import."""
    job: Row = {
        "identifier": state.new_id(),
        "user": ask.user,
        "status": "RUNNING",
        "progressMessage": None,
        "submissionDate": state.clock.now(),
        "endDate": None,
    }
    _keep(state, table, job)
    state.later(state.import_seconds, lambda: _keep(state, table, {**job, **_done(state, work)}))
    return empty(202, answers_v3.link(ask.base, "data", table, job["identifier"]))


def _keep(state: State, table: str, job: Row) -> None:
    state.stored[table] = {**state.stored[table], job["identifier"]: job}


def _done(state: State, work: Callable[[], None]) -> Row:
    done: Row = {"status": "SUCCESS", "endDate": state.clock.now()}
    try:
        work()
    except ApiError as error:
        done |= {"status": "FAILED", "progressMessage": error.message}
    return done
