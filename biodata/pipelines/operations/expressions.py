"""Whether a SQL text is one scalar expression that gives the same answer every time it is asked.

DuckDB's own parser makes the syntax tree (`json_serialize_sql`); the tree is walked, and what is not known to be
harmless is refused: aggregates, windows, subqueries, table functions, parameters, what depends on the clock, on
chance or on the session. Functions are judged by DuckDB's own list of them (`duckdb_functions()`), and a macro by
the expression that it stands for.
"""

from __future__ import annotations

import json
from functools import cache
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import QueryError, near_match
from biodata.pipelines.operations.functions import define_functions
from biodata.pipelines.parameters import ONLY_PARAMETERS, SECRET, names_in, placed

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

    from duckdb import DuckDBPyConnection

__all__ = ["Scope", "check_expression", "in_brackets", "locked_connection", "places_of", "quoted"]

HARMLESS = frozenset({
    "BETWEEN", "CASE", "CAST", "COLLATE", "COLUMN_REF", "COMPARISON", "CONJUNCTION", "CONSTANT", "FUNCTION", "LAMBDA",
    "OPERATOR", "TYPE",
})  # fmt: skip
REFUSED = {
    "SUBQUERY": "a subquery",
    "WINDOW": "a window function",
    "STAR": "a star",
    "PARAMETER": "a parameter",
    "POSITIONAL_REFERENCE": "a positional reference",
    "DEFAULT": "DEFAULT",
}
NOT_OURS = ("__internal", "json_serialize_", "json_deserialize_")
CLOCK = frozenset({"current_date", "current_time", "current_timestamp", "localtime", "localtimestamp"})
BEFORE = "SELECT (\n"


class Scope(msgspec.Struct, frozen=True):
    """The names that an expression may use.

    Attributes:
        source: the fields under `src`; None when they are not known yet.
        names: the columns above it.
        parameters: those that may stand as `${param:NAME}`.
    """

    source: tuple[str, ...] | None = None
    names: tuple[str, ...] = ()
    parameters: tuple[str, ...] = ()

    def with_names(self, *names: str) -> Scope:
        """The same scope with more columns."""
        return Scope(self.source, (*self.names, *names), self.parameters)


class _Refused(Exception):
    def __init__(self, reason: str, node: dict[str, Any] | None = None) -> None:
        super().__init__(reason)
        self.reason = reason
        location = (node or {}).get("query_location")
        self.position = location - len(BEFORE) + 1 if isinstance(location, int) and location < 2**63 else None


def in_brackets(text: str) -> str:
    """The expression as it is put into a statement; on lines of its own, so that a comment ends with it."""
    return f"(\n{text}\n)"


def quoted(name: str) -> str:
    """The name as a SQL identifier."""
    return '"' + name.replace('"', '""') + '"'


def locked_connection(spill: Path | None = None, *, own: bool = False) -> DuckDBPyConnection:
    """An in-memory DuckDB that reads no file, opens no address, loads no extension and cannot be told otherwise.

    Dividing by zero and the like are errors there, not infinities; the day of an instant is its day in UTC. One
    thread, 1 GB; what needs more goes to the directory `spill`. Without one nothing is spilled, and the database is
    shared by all of the process, unless it is to be its `own` because views are made in it; what a connection
    registers is its own all the same.
    """
    return _locked(str(spill or "")) if own or spill is not None else _shared().cursor()


@cache
def _shared() -> DuckDBPyConnection:
    return _locked("")


def _locked(spill: str) -> DuckDBPyConnection:
    import duckdb

    connection = duckdb.connect(
        ":memory:",
        config={
            "enable_external_access": "false",
            "autoinstall_known_extensions": "false",
            "autoload_known_extensions": "false",
            "ieee_floating_point_ops": "false",
            "threads": "1",
            "memory_limit": "1GB",
            "temp_directory": spill,
        },
    )
    define_functions(connection)
    connection.execute("SET GLOBAL python_enable_replacements = false")
    connection.execute("SET GLOBAL TimeZone = 'UTC'")
    connection.execute("SET lock_configuration = true")
    return connection


def check_expression(text: str, scope: Scope) -> None:
    """Go on when `text` is one scalar expression over the names in scope.

    Raises:
        QueryError: `BD-PIPELINE-EXPRESSION`, saying what is refused and at which character of the text.
    """
    try:
        tree = _parse(placed(text))
        _check_places(text, tree)
        _walk(tree, scope)
    except _Refused as refused:
        where = f" (at character {refused.position})" if refused.position and refused.position > 0 else ""
        raise QueryError(f"{refused.reason}{where}", code="BD-PIPELINE-EXPRESSION") from None
    except RecursionError:
        raise QueryError("it is nested too deeply", code="BD-PIPELINE-EXPRESSION") from None


def _parse(text: str) -> dict[str, Any]:
    answer = json.loads(_ask("SELECT json_serialize_sql(?::VARCHAR)", f"SELECT {in_brackets(text)}")[0][0])
    if answer["error"]:
        reason = ONLY_PARAMETERS if SECRET.search(text) else "it is not one SQL expression"
        raise _Refused(reason, {"query_location": int(answer.get("position") or 2**63)})
    statements = answer["statements"]
    if len(statements) != 1 or not _plain(statements[0]["node"]):
        raise _Refused("it is not one SQL expression")
    tree: dict[str, Any] = statements[0]["node"]["select_list"][0]
    return tree


def _check_places(text: str, tree: Any) -> None:
    """Each `${param:NAME}` stands as a value, and nobody writes a place of the statement by hand."""
    named, places = sorted(names_in(text)), sorted(places_of(tree))
    if set(places) - set(named):
        raise _Refused("a parameter is written ${param:NAME}; another kind of parameter is not allowed")
    if named != places:
        raise _Refused("${param:NAME} is a whole value: no quotes around it, and never a name or a part of one")


def places_of(node: Any) -> Iterator[str]:
    """The names of the places (`$NAME`) in a syntax tree."""
    if isinstance(node, list):
        for inner in node:
            yield from places_of(inner)
    elif isinstance(node, dict):
        if node.get("class") == "PARAMETER":
            yield str(node.get("identifier"))
        for inner in node.values():
            yield from places_of(inner)


def _plain(node: dict[str, Any]) -> bool:
    """Whether the statement is `SELECT one-thing` and nothing more."""
    if node.get("type") != "SELECT_NODE" or len(node["select_list"]) != 1 or node["from_table"]["type"] != "EMPTY":
        return False
    rest = node.keys() - {"type", "select_list", "from_table", "aggregate_handling", "cte_map"}
    return not any(node[key] for key in rest) and not node.get("cte_map", {}).get("map")


def _walk(node: Any, scope: Scope) -> None:
    if isinstance(node, list):
        for inner in node:
            _walk(inner, scope)
    elif isinstance(node, dict):
        if "class" in node:
            scope = _judge(node, scope)
        for key, inner in node.items():
            if not (key == "lhs" and node.get("class") == "LAMBDA"):
                _walk(inner, scope)


def _judge(node: dict[str, Any], scope: Scope) -> Scope:
    """Refuse the node, or give the scope for what is inside it."""
    kind = node["class"]
    if kind == "PARAMETER" and node.get("identifier") in scope.parameters:
        return scope
    if kind not in HARMLESS or node["type"] == "GROUPING_FUNCTION":
        raise _Refused(f"{REFUSED.get(kind, 'this')} is not allowed in an expression", node)
    if kind == "COLUMN_REF":
        _judge_name(node, scope)
    elif kind == "FUNCTION":
        _judge_function(node)
    elif kind == "LAMBDA":
        return scope.with_names(*_lambda_names(node["lhs"]))
    return scope


def _lambda_names(node: Any) -> Iterator[str]:
    if isinstance(node, list):
        for inner in node:
            yield from _lambda_names(inner)
    elif isinstance(node, dict):
        if node.get("class") == "COLUMN_REF" and len(node["column_names"]) == 1:
            yield node["column_names"][0]
        for inner in node.values():
            yield from _lambda_names(inner)


def _judge_name(node: dict[str, Any], scope: Scope) -> None:
    first, *rest = node["column_names"]
    if first.casefold() == "src":
        if rest and scope.source is not None and not _is_in(rest[0], scope.source):
            raise _Refused(f"{rest[0]!r} is not read from the source{_near(rest[0], scope.source)}", node)
        _judge_twins(rest[0] if rest else "", scope.source or (), node)
        return
    if _is_in(first, scope.names):
        _judge_twins(first, scope.names, node)
        return
    if first.casefold() in CLOCK:
        raise _Refused(f"{first} depends on when it is asked", node)
    if scope.source is not None and _is_in(first, scope.source):
        raise _Refused(f"unknown name {first!r}; a field of the source is src.{first}", node)
    raise _Refused(f"unknown name {first!r}{_near(first, scope.names)}; a field of the source is src.NAME", node)


def _judge_twins(name: str, known: tuple[str, ...], node: dict[str, Any]) -> None:
    """SQL takes names in any case, and would take the first of two that differ in it."""
    alike = sorted({one for one in known if one.casefold() == name.casefold()})
    if len(alike) > 1:
        raise _Refused(f"{' and '.join(map(repr, alike))} differ in case only; rename one of them first", node)


def _is_in(name: str, known: tuple[str, ...]) -> bool:
    return name.casefold() in {one.casefold() for one in known}


def _near(name: str, known: tuple[str, ...]) -> str:
    match = near_match(name, known)
    return f"; did you mean {match!r}?" if match else ""


def _judge_function(node: dict[str, Any]) -> None:
    name = node["function_name"]
    if node.get("schema") or node.get("catalog"):
        schema = node.get("schema") or node["catalog"]
        raise _Refused(f"write {name}({schema}, …) in place of {schema}.{name}(…)", node)
    if node.get("filter") or node.get("distinct") or (node.get("order_bys") or {}).get("orders"):
        raise _Refused(f"{name}: aggregates are not allowed in an expression", node)
    arguments = len(node.get("arguments") or node.get("children") or ())
    reason = _why_refused(name.casefold(), 1 if name.casefold() == "age" and arguments == 1 else 0)
    if reason:
        raise _Refused(f"{name}: {reason}", node)


@cache
def _why_refused(name: str, clock_arguments: int = 0) -> str:
    """Why the function of that name may not be used; empty when it may."""
    rows = _ask(
        "SELECT DISTINCT function_type, stability, macro_definition, parameters FROM duckdb_functions() "
        "WHERE lower(function_name) = ?",
        name,
    )
    kinds = {row[0] for row in rows}
    if not rows or name.startswith(NOT_OURS):
        return "there is no such function"
    if kinds & {"aggregate", "window"}:
        return "aggregates and windows are not allowed in an expression"
    if not kinds & {"scalar", "macro"}:
        return "a table function is not allowed in an expression"
    if clock_arguments or any(kind == "scalar" and stability != "CONSISTENT" for kind, stability, *_ in rows):
        return "its answer depends on the moment, on chance or on the session"
    return "".join(_why_macro(definition, tuple(names)) for kind, _, definition, names in rows if kind == "macro")


def _why_macro(definition: str, parameters: tuple[str, ...]) -> str:
    try:
        _walk(_parse(definition), Scope((), parameters))
    except _Refused as refused:
        return refused.reason
    return ""


@cache
def _judge_connection() -> DuckDBPyConnection:
    return locked_connection()


def _ask(query: str, *values: str) -> list[tuple[Any, ...]]:
    return _judge_connection().cursor().execute(query, list(values)).fetchall()
