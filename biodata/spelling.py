"""What people type who come from a platform's own client, or from data frames, and how it is spelled here.

An adapter declares its client's names in `Adapter.old_names`; here, in one place, they become the advice in an error:

| key | who typed what |
| --- | --- |
| `connection.get` | an attribute of a connection or of its extras |
| `table.getById` | an attribute of a table |
| `table.update` | more arguments by position than the verb takes |
| `(num)` | an argument of a verb or of an operation of extras |
| `filter` | a filter that cannot be read |
"""

from __future__ import annotations

import inspect
import sys
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

from biodata.errors import QueryError, near_match

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from biodata.adapter import Adapter

__all__ = ["check_arguments", "no_attribute", "spelled"]

_GROUP, _ASK = "group_by('field').count()", "query('age >= 40')"
_FRAMES = {
    **dict.fromkeys(("groupby", "value_counts"), f"write {_GROUP}"),
    **dict.fromkeys(
        ("unique", "nunique", "drop_duplicates"), "write distinct('field'), a list; its len() is the number"
    ),
    **dict.fromkeys(("filter", "where", "loc"), f"write {_ASK} of the table"),
    **dict.fromkeys(
        ("select", "columns"), "write query(fields=['name', …]) of the table; its .fields are what comes"
    ),
    **dict.fromkeys(("head", "take", "limit"), "write query(limit=5) of the table, or .first()"),
    **dict.fromkeys(("sort_values", "sort", "order_by"), "write query(order_by='-age') of the table"),
    **dict.fromkeys(("size", "agg", "sum", "mean", "min", "max"), f"there is {_GROUP}; for more take .to_pandas()"),
}
"""What people write of data frames -> what to write of a table, a query or groups."""

P = ParamSpec("P")
R = TypeVar("R")
_RECORDS = "records"
_UNREADABLE = frozenset({"BD-QUERY-SYNTAX", "BD-QUERY-JSON"})


class _HasAdapter(Protocol):
    @property
    def adapter(self) -> Adapter: ...


def no_attribute(owner: object, kind: str, name: str, within: _HasAdapter | None = None) -> AttributeError:
    """The error for an attribute that is not there, with the advice that there is for it.

    Args:
        owner: a connection, a table, a query or groups.
        kind: what it is, in one of these words.
        name: what was typed.
        within: what knows the adapter, for the names of its platform's own client.
    """
    if hasattr(type(owner), name):  # a property has failed inside: its own error is the one to see
        object.__getattribute__(owner, name)
    advice = None
    if not name.startswith("_"):
        old = within.adapter.old_names.get(f"{kind}.{name}") if within else None
        advice = old or (None if kind == "connection" else _FRAMES.get(name))
    more = f": {advice}" if advice else ""
    return AttributeError(f"A {kind} has no '{name}'{more}", name=name, obj=owner)


def spelled(verb: Callable[P, R]) -> Callable[P, R]:
    """A verb of a table that answers old habits with how they are spelled here.

    Raises:
        QueryError: `BD-QUERY-ARGUMENT`; where nothing can be advised it is Python's own TypeError.
    """
    parameters = inspect.signature(verb).parameters
    known, most = frozenset(parameters), _most(parameters.values())

    @wraps(verb)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        table: Any = args[0]
        if len(args) > most:
            _refuse_positions(table, verb.__name__)
        check_arguments(table, verb.__name__, known, kwargs, table.name)
        try:
            return verb(*args, **kwargs)
        except QueryError as error:
            _advise_filter(table, error)
            raise

    return checked


def check_arguments(
    owner: _HasAdapter, name: str, known: frozenset[str], given: Mapping[str, Any], table: str | None = None
) -> None:
    """See that an operation has all the arguments that are given, as far as there is advice for one it has not.

    Raises:
        QueryError: `BD-QUERY-ARGUMENT`.
    """
    unknown = next((one for one in given if one not in known), None)
    if unknown is None:
        return
    old, near = owner.adapter.old_names.get(f"({unknown})"), near_match(unknown, known - {"self"})
    if old is None and near is None and _RECORDS not in known:
        return
    advice = old or (f"did you mean '{near}'?" if near else f"give a record, {name}({{'field': value}})")
    raise QueryError(f"{name}() has no argument '{unknown}': {advice}", code="BD-QUERY-ARGUMENT", table=table)


def _most(parameters: Iterable[inspect.Parameter]) -> int:
    kinds = [one.kind for one in parameters]
    if inspect.Parameter.VAR_POSITIONAL in kinds:
        return sys.maxsize
    return kinds.count(inspect.Parameter.POSITIONAL_OR_KEYWORD)


def _refuse_positions(owner: Any, name: str) -> None:
    advice = owner.adapter.old_names.get(f"table.{name}")
    if advice is not None:
        message = f"{name}() takes one argument that is not named: {advice}"
        raise QueryError(message, code="BD-QUERY-ARGUMENT", table=owner.name)


def _advise_filter(owner: _HasAdapter, error: QueryError) -> None:
    advice = owner.adapter.old_names.get("filter")
    if advice is not None and error.code in _UNREADABLE and advice not in (error.hint or ""):
        error.hint = f"{error.hint or ''} {advice}".lstrip()
