"""What people type who come from a platform's own client, and how it is spelled here.

An adapter declares such names in `Adapter.old_names`; here, in one place, they become the advice in an error:

| key | who typed what |
| --- | --- |
| `connection.get` | an attribute of a connection |
| `table.getById` | an attribute of a table |
| `(num)` | an argument of a verb |
"""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Any, ParamSpec, Protocol, TypeVar

from biodata.errors import QueryError, near_match

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.adapter import Adapter

__all__ = ["no_attribute", "spelled"]

P = ParamSpec("P")
R = TypeVar("R")
_RECORDS = "records"


class _HasAdapter(Protocol):
    @property
    def adapter(self) -> Adapter: ...


def no_attribute(owner: _HasAdapter, kind: str, name: str) -> AttributeError:
    """The error for an attribute that is not there, with the advice that the adapter has for it.

    Args:
        owner: a connection or a table.
        kind: `connection` or `table`.
        name: what was typed.
    """
    if hasattr(type(owner), name):  # a property has failed inside: its own error is the one to see
        object.__getattribute__(owner, name)
    advice = None if name.startswith("_") else owner.adapter.old_names.get(f"{kind}.{name}")
    more = f": {advice}" if advice else ""
    return AttributeError(f"A {kind} has no '{name}'{more}", name=name, obj=owner)


def spelled(verb: Callable[P, R]) -> Callable[P, R]:
    """A verb whose unknown arguments are answered with how they are spelled here.

    Raises:
        QueryError: `BD-QUERY-ARGUMENT`; where nothing can be advised it is Python's own TypeError.
    """
    known = frozenset(inspect.signature(verb).parameters)

    @wraps(verb)
    def checked(*args: P.args, **kwargs: P.kwargs) -> R:
        if not kwargs.keys() <= known:
            name = next(one for one in kwargs if one not in known)
            _advise(verb.__name__, known, name, args[0])
        return verb(*args, **kwargs)

    return checked


def _advise(verb: str, known: frozenset[str], name: str, owner: Any) -> None:
    old = owner.adapter.old_names.get(f"({name})")
    near = near_match(name, known - {"self"})
    if old is None and near is None and _RECORDS not in known:
        return
    advice = old or (f"did you mean '{near}'?" if near else f"give a record, {verb}({{'field': value}})")
    raise QueryError(f"{verb}() has no argument '{name}': {advice}", code="BD-QUERY-ARGUMENT", table=owner.name)
