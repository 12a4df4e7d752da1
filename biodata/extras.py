"""What one platform can do beyond the verbs: `connection.extras`, the same mechanism for every adapter.

An adapter subclasses `Extras`, gives each operation a plain typed method, and says with `needs` which access it
takes; its errors then name the profile. `Adapter.extras` makes the object.
"""

from __future__ import annotations

import inspect
from functools import wraps
from typing import TYPE_CHECKING, Any, Concatenate, Literal, ParamSpec, TypeVar

from biodata.spelling import check_arguments

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.connection import Connection

__all__ = ["Extras", "needs"]

E = TypeVar("E", bound="Extras")
P = ParamSpec("P")
R = TypeVar("R")


class Extras:
    """One platform's own operations on a connection; `dir()` lists them. This base has none.

    Annotate it with the adapter's class where a type checker shall know the methods:
    `extras: MolgenisExtras = connection.extras`.
    """

    def __init__(self, connection: Connection) -> None:
        self.connection = connection

    def __dir__(self) -> list[str]:
        known = {name for kind in type(self).__mro__[:-1] for name in vars(kind)} | {"connection"}
        return sorted(name for name in known if not name.startswith("_"))

    def __getattr__(self, name: str) -> Any:
        has = ", ".join(one for one in dir(self) if one != "connection") or "nothing"
        advice = self.connection.adapter.old_names.get(f"connection.{name}")
        more = f": {advice}" if advice else f"; it has: {has}"
        raise AttributeError(
            f"{self.connection.platform} has no '{name}' among its extras{more}", name=name, obj=self
        )

    def __repr__(self) -> str:
        return f"<{type(self).__name__} of {self.connection.name}>"


def needs(
    level: Literal["read", "write", "delete"],
) -> Callable[[Callable[Concatenate[E, P], R]], Callable[Concatenate[E, P], R]]:
    """A method of Extras that needs this access of the profile (`BD-ACCESS` otherwise), and answers old habits."""

    def decorate(method: Callable[Concatenate[E, P], R]) -> Callable[Concatenate[E, P], R]:
        known = frozenset(inspect.signature(method).parameters)

        @wraps(method)
        def guarded(self: E, /, *args: P.args, **kwargs: P.kwargs) -> R:
            check_arguments(self.connection, method.__name__, known, kwargs)
            self.connection.allow(level)
            with self.connection.located():
                return method(self, *args, **kwargs)

        return guarded

    return decorate
