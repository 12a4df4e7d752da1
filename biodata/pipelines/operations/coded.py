"""`code_list`: values become those that a list of codes says."""

from __future__ import annotations

from typing import TYPE_CHECKING

from msgspec import UNSET

from biodata.pipelines.operations.codes import codes_of
from biodata.pipelines.operations.met import Met
from biodata.pipelines.operations.translated import Translated

if TYPE_CHECKING:
    import pyarrow as pa
    from msgspec import UnsetType

    from biodata.pipelines.operations.base import Surroundings
    from biodata.pipelines.spec import CodeList

__all__ = ["Coded"]


class Coded(Translated):
    """A code list, compiled; a value is looked up by its text, and case matters."""

    def __init__(self, operation: CodeList, source: pa.Schema, around: Surroundings) -> None:
        self._codes = codes_of(operation, around.path(operation.path) if operation.path else None)
        super().__init__(
            operation,
            source,
            around,
            rule=f"code list {operation.name or operation.of}",
            reason="a value that the list has no target for",
            otherwise=operation.on_unmapped,
            met=Met(operation.of, operation.name or operation.of, operation.version or ""),
        )

    def target(self, text: str) -> str | UnsetType | None:
        return self._codes.get(text, UNSET)
