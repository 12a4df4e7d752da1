"""Values made to fit a type."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Mapping

    from biodata.records.types import DataType, Value

__all__ = ["to_type"]


def to_type(value: Any, type_: DataType, *, keys: Mapping[str, str] | None = None) -> Value:
    """The value as the type holds it."""
    raise NotImplementedError
