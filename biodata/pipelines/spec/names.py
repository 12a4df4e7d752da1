"""The small parts of a pipeline file: addresses, parameters, durations."""

from __future__ import annotations

from typing import Any, Literal, TypeAlias

import msgspec

__all__ = ["Address", "Duration", "Kind", "Parameter"]

Kind: TypeAlias = Literal["text", "int", "float", "decimal", "bool", "date", "datetime"]


class Address(msgspec.Struct, frozen=True):
    """`profile/table`."""

    profile: str
    table: str

    def __str__(self) -> str:
        return f"{self.profile}/{self.table}"


class Duration(msgspec.Struct, frozen=True):
    """A span of time, as the file says it: `15m`, `36h`, `7d`.

    Attributes:
        seconds: how long it is.
        text: as it was written.
    """

    seconds: float
    text: str

    def __str__(self) -> str:
        return self.text


class Parameter(msgspec.Struct, frozen=True):
    """A value that whoever starts the run may choose: `${param:NAME}`.

    Attributes:
        kind: what its value has to be; `text` unless said.
        many: whether it is a list of such values.
        default: the value where nobody chooses one; the parameter must be given when None.
        description: what it is for.
    """

    name: str
    kind: Kind = "text"
    many: bool = False
    default: Any = None
    description: str = ""
    line: int = 0

    @property
    def required(self) -> bool:
        """Whether it must be given."""
        return self.default is None
