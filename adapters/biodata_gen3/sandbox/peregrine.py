"""Peregrine: the GraphQL endpoint, its schema document, and the numbers of records (protocols/gen3.md, c)."""

from __future__ import annotations

import json
from functools import lru_cache
from typing import TYPE_CHECKING, Any

from graphql import ExecutionResult, GraphQLError, OperationDefinitionNode, execute_sync

from biodata_gen3.sandbox.access import require_user
from biodata_gen3.sandbox.http import Answer, Ask, Failure, json_answer, message, require_method
from biodata_gen3.sandbox.introspection import schema_document
from biodata_gen3.sandbox.resolve import ROOT, View
from biodata_gen3.sandbox.sheepdog import NOT_FOUND
from biodata_gen3.sandbox.words import parsed, validation_words, variable_words

if TYPE_CHECKING:
    from graphql import DocumentNode, GraphQLSchema

    from biodata_gen3.sandbox.dictionary import Dictionary
    from biodata_gen3.sandbox.state import State

__all__ = ["handle", "search"]


@lru_cache(maxsize=8)
def _schema(dictionary: Dictionary) -> GraphQLSchema:
    from biodata_gen3.sandbox.graph import build

    return build(dictionary)


def handle(state: State, ask: Ask, what: str) -> Answer:
    """Answer a query, or give the schema document."""
    if what == "getschema":
        return _getschema(state, ask)
    require_method(ask, "POST")
    user = require_user(state, ask)
    view = View(state, state.visible_projects(user))
    data, errors = _run(_schema(state.dictionary), view, ask.json())
    return json_answer({"data": data, "errors": errors} if errors else {"data": data}, 400 if errors else 200)


def _getschema(state: State, ask: Ask) -> Answer:
    require_method(ask, "GET")
    content = schema_document(_schema(state.dictionary))
    headers = (("Content-Disposition", "inline; filename=schema.json"), ("Cache-Control", "no-cache"))
    return Answer(200, content, "application/json", headers)


# --- one query -----------------------------------------------------------------------------------------------------


def _run(schema: GraphQLSchema, view: View, body: Any) -> tuple[Any, list[str]]:
    """Data and errors; a document that is wrong gives no data at all [221, 230]."""
    query = body.get("query") if isinstance(body, dict) else None
    if not isinstance(query, str):
        return None, ["The query must be a string"]
    try:
        variables = _variables(body.get("variables"))
    except ValueError as error:
        return None, ["Unable to parse variables", str(error)]
    document, wrong = _document(schema, query)
    if document is None or wrong:
        return None, list(wrong)
    misfit = _wrong_variables(document, variables)
    if misfit:
        return None, misfit
    result = execute_sync(schema, document, ROOT, view, variables)
    if not isinstance(result, ExecutionResult):
        raise TypeError("an answer without its end")
    return result.data, [error.message for error in result.errors or ()]


@lru_cache(maxsize=512)
def _document(schema: GraphQLSchema, query: str) -> tuple[DocumentNode | None, tuple[str, ...]]:
    """The document, and what is wrong with it; the same texts come again and again."""
    try:
        document = parsed(query)
    except GraphQLError as error:
        return None, (error.message,)
    return document, tuple(validation_words(schema, document))


def _variables(given: Any) -> dict[str, Any]:
    """An object, or the text of one [206, 207]."""
    held = json.loads(given) if isinstance(given, str) and given else given
    return held if isinstance(held, dict) else {}


def _wrong_variables(document: DocumentNode, variables: dict[str, Any]) -> list[str]:
    operations = [one for one in document.definitions if isinstance(one, OperationDefinitionNode)]
    wrong = variable_words(operations[0], variables) if len(operations) == 1 else None
    return [wrong] if wrong is not None else []


# --- numbers of records --------------------------------------------------------------------------------------------


def search(state: State, ask: Ask, path: tuple[str, ...]) -> Answer:
    """What lies below `/api/search`: the same GraphQL, and counts by project [550, 551, 713]."""
    match path:
        case ("submission", "graphql" | "getschema" as what):
            return handle(state, ask, what)
        case ("datasets",):
            user = require_user(state, ask)
            return json_answer(_counts(state, state.visible_projects(user), ask.query.get("nodes", "")))
        case ("datasets", "projects"):
            user = require_user(state, ask)
            return json_answer({"projects": _projects(state, state.visible_projects(user))})
    raise Failure(message(404, NOT_FOUND))


def _counts(state: State, projects: frozenset[str], nodes: str) -> dict[str, dict[str, int]]:
    labels = [one for one in nodes.split(",") if one]
    if not labels or any(label not in state.dictionary for label in labels):
        raise Failure(message(400, "Need to provide target nodes in query param"))
    return {
        project: {label: sum(one.project_id == project for one in state.of_type(label)) for label in labels}
        for project in sorted(projects)
    }


def _projects(state: State, projects: frozenset[str]) -> list[dict[str, Any]]:
    names = ("code", "dbgap_accession_number", "name")
    held = [one for one in state.of_type("project") if f"{one.props['program']}-{one.key}" in projects]
    return [{name: one.props.get(name) for name in names} for one in held]
