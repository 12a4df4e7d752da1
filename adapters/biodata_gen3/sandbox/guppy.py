"""Guppy: flat search over the indices (protocols/gen3.md, d). Read in its source, not recorded.

Who may see what goes by the tier of the commons, `state.tier`: `private` shows everybody only what they may read,
`regular` refuses rows that they may not and hides small numbers, `libre` shows all.
"""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

from graphql import ExecutionResult, GraphQLError, GraphQLResolveInfo, execute_sync, parse, validate

from biodata_gen3.sandbox import elastic
from biodata_gen3.sandbox.access import user_of
from biodata_gen3.sandbox.guppy_graph import schema_of
from biodata_gen3.sandbox.http import Answer, Ask, Failure, html_page, json_answer, require_method
from biodata_gen3.sandbox.indices import AUTH, NUMBERS

if TYPE_CHECKING:
    from biodata_gen3.sandbox.indices import Index
    from biodata_gen3.sandbox.state import State
    from biodata_gen3.sandbox.users import User

__all__ = ["MOST", "handle"]

MOST = 10_000
"""Rows that a query reaches; the rest is for `download`."""
_DEFAULT_PAGE = 10
_HIDDEN = -1
_UNAUTHORISED = 401
_OUT_OF_SCOPE = (
    "You don't have access to all the data you are querying. Try using 'accessibility: accessible' in your query"
)


def handle(state: State, ask: Ask, path: tuple[str, ...]) -> Answer:
    """What lies below `/guppy`; without indices the service is not there."""
    if not state.indices:
        raise Failure(html_page(404, "Not Found"))
    match path:
        case ("graphql",):
            require_method(ask, "POST")
            return _graphql(state, ask)
        case ("download",):
            require_method(ask, "POST")
            return _download(state, ask)
        case ("_status",):
            return json_answer({"statusCode": 200, "warnings": None, "indices": {name: {} for name in state.indices}})
        case ("_version",):
            return json_answer({"version": "", "commit": ""})
    raise Failure(_text(404, f"Cannot {ask.method} {ask.raw_path}"))


def _text(status: int, words: str) -> Answer:
    return Answer(status, words.encode(), "text/html; charset=utf-8")


# --- rows and numbers of one user -----------------------------------------------------------------------------


class _View:
    """The indices as one user may see them."""

    def __init__(self, state: State, user: User | None) -> None:
        self.state = state
        self.user = user

    def rows(self, name: str, given: Any, accessibility: str) -> list[dict[str, Any]]:
        """The documents that match.

        Raises:
            _OutOfScope: some of them may not be seen.
        """
        found = elastic.found(self.state.indices[name], given)
        mine = [one for one in found if self._may(one)]
        if self.state.tier == "libre":
            return found
        if self.state.tier == "private" or accessibility == "accessible":
            return mine
        if len(mine) < len(found):
            raise _OutOfScope(_OUT_OF_SCOPE)
        return found if accessibility == "all" else []

    def counted(self, name: str, given: Any, accessibility: str) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
        """The documents that are counted, and those among them whose number is hidden where it is small."""
        found = elastic.found(self.state.indices[name], given)
        mine = [one for one in found if self._may(one)]
        if self.state.tier == "libre":
            return found, []
        if self.state.tier == "private" or accessibility == "accessible":
            return mine, []
        others = [one for one in found if not self._may(one)]
        return (found if accessibility == "all" else others), others

    def _may(self, document: dict[str, Any]) -> bool:
        return self.user is not None and self.user.may("read", document.get(AUTH) or "/")


class _OutOfScope(Exception):
    """Rows that the user may not see."""


# --- GraphQL --------------------------------------------------------------------------------------------------


def _graphql(state: State, ask: Ask) -> Answer:
    body = ask.json()
    schema = schema_of(state.indices)
    try:
        document = parse(str(body.get("query")))
        wrong = validate(schema, document)
    except GraphQLError as error:
        return _errors([error], "GRAPHQL_PARSE_FAILED", 400)
    if wrong:
        return _errors(wrong, "GRAPHQL_VALIDATION_FAILED", 400)
    root = _Root(_View(state, user_of(state, ask)))
    result = execute_sync(schema, document, root, variable_values=body.get("variables"))
    if not isinstance(result, ExecutionResult):
        raise TypeError("an answer without its end")
    if result.errors:
        return _errors(result.errors, "INTERNAL_SERVER_ERROR", 200, result.data)
    return json_answer({"data": result.data})


def _errors(errors: list[GraphQLError], code: str, status: int, data: Any = None) -> Answer:
    """Resolvers' errors come with status 200, those of access as well."""
    held: dict[str, Any] = {"errors": [_error(one, code) for one in errors]}
    return json_answer(held | ({"data": data} if status < _UNAUTHORISED - 1 else {}), status)


def _error(error: GraphQLError, code: str) -> dict[str, Any]:
    known: dict[type, Any] = {elastic.BadInput: "BAD_USER_INPUT", _OutOfScope: _UNAUTHORISED}
    shown = error.formatted
    return {**shown, "extensions": {"code": known.get(type(error.original_error), code)}}


class _Root:
    """The query's root: each index is a function of its arguments."""

    def __init__(self, view: _View) -> None:
        self._view = view
        self._aggregation = {name: self._counter(name) for name in view.state.indices}
        self._mapping = {name: self._namer(index) for name, index in view.state.indices.items()}

    def __getattr__(self, name: str) -> Any:
        if name not in self._view.state.indices:
            raise AttributeError(name)
        return lambda _info, **args: self._page(name, args)

    def _page(self, name: str, args: dict[str, Any]) -> list[dict[str, Any]]:
        offset, first = args.get("offset") or 0, args.get("first", _DEFAULT_PAGE)
        if offset + first > MOST:
            raise elastic.BadInput(
                f"Large graphql query forbidden for offset + size > {MOST}, \n    offset = {offset} and "
                f"size = {first},\n    please use download endpoint for large data queries instead."
            )
        rows = self._view.rows(name, args.get("filter"), args["accessibility"])
        return elastic.ordered(self._view.state.indices[name], rows, args.get("sort"))[offset : offset + first]

    def _counter(self, name: str) -> Any:
        def counted(_info: GraphQLResolveInfo[Any], **args: Any) -> Any:
            shown, others = self._view.counted(name, args.get("filter"), args["accessibility"])
            return _Counts(self._view.state, self._view.state.indices[name], shown, others)

        return counted

    def _namer(self, index: Index) -> Any:
        def named(_info: GraphQLResolveInfo[Any], searchInput: str = "") -> list[str]:  # noqa: N803 - Guppy's name
            names = [
                inner
                for field, kind in index.fields.items()
                for inner in ([field] if isinstance(kind, str) else [f"{field}.{one}" for one in kind])
            ]
            return [one for one in names if searchInput in one]

        return named


class _Counts:
    """Numbers over some documents; what the user may not see is hidden where there are few of it."""

    def __init__(self, state: State, index: Index, shown: list[dict[str, Any]], others: list[dict[str, Any]]) -> None:
        self._state = state
        self._index = index
        self._shown = shown
        self._others = others
        self._totalCount = self._number(len(shown), len(others))

    def __getattr__(self, field: str) -> Any:
        kind = self._index.fields.get(field)
        if not isinstance(kind, str):
            raise AttributeError(field)  # noqa: TRY004 - what attributes that are not there raise
        hidden = {one["key"]: one["count"] for one in elastic.buckets(self._others, field, self._index.alias)}
        texts = [
            {**one, "count": self._number(one["count"], hidden.get(one["key"], 0))}
            for one in elastic.buckets(self._shown, field, self._index.alias)
        ]
        numeric = self._index.fields[field] in NUMBERS
        return {
            "histogram": (lambda _, **args: elastic.ranges(self._shown, field, args)) if numeric else texts,
            "asTextHistogram": texts,
            "_totalCount": sum(bool(elastic.values(one, field)) for one in self._shown),
            "_cardinalityCount": lambda _, **__: len(texts),
        }

    def _number(self, number: int, hidden: int) -> int:
        return _HIDDEN if 0 < hidden < self._state.tier_limit else number


# --- download -------------------------------------------------------------------------------------------------


def _download(state: State, ask: Ask) -> Answer:
    """All rows at once, in no order that can be relied on."""
    body = ask.json()
    index = state.indices.get(body.get("type"))
    if index is None:
        return _text(400, f"Invalid es index type {body.get('type')}")
    unknown = [one for one in body.get("fields") or () if one.split(".")[0] not in index.fields]
    if unknown:
        return _text(400, f"Invalid fields: {unknown}")
    view = _View(state, user_of(state, ask))
    try:
        rows = view.rows(body["type"], body.get("filter"), body.get("accessibility") or "all")
    except _OutOfScope as refused:
        return _text(_UNAUTHORISED, str(refused))
    except elastic.BadInput as error:
        return _text(400, str(error))
    wanted = body.get("fields") or list(index.fields)
    content = json.dumps([_cut(one, wanted) for one in rows])
    return Answer(200, content.encode(), "application/json; charset=utf-8")


def _cut(document: dict[str, Any], wanted: list[str]) -> dict[str, Any]:
    """The fields that are asked for, those of a nested document by their dotted names."""
    whole = {name: document[name] for name in wanted if name in document}
    inner: dict[str, list[str]] = {}
    for name in wanted:
        outer, dot, rest = name.partition(".")
        if dot and outer in document:
            inner.setdefault(outer, []).append(rest)
    for outer, names in inner.items():
        held = document[outer]
        whole[outer] = [_cut(one, names) for one in held] if isinstance(held, list) else _cut(held, names)
    return whole
