"""`ontology`: terms become CURIEs in the standard spelling of their prefix."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

from msgspec import UNSET

from biodata.pipelines.operations.met import Met
from biodata.pipelines.operations.terms import Terms, registry_version
from biodata.pipelines.operations.translated import Translated

if TYPE_CHECKING:
    import pyarrow as pa
    from msgspec import UnsetType

    from biodata.pipelines.operations.base import Surroundings
    from biodata.pipelines.spec import Ontology

__all__ = ["Normalised"]

REMEMBERED = 65_536


class Normalised(Translated):
    """The terms of some prefixes, or of all that are registered."""

    def __init__(self, operation: Ontology, source: pa.Schema, around: Surroundings) -> None:
        terms = Terms(operation.prefixes)
        named = ", ".join(terms.prefixes) or "all prefixes"
        self._curie = lru_cache(maxsize=REMEMBERED)(terms.curie)
        super().__init__(
            operation,
            source,
            around,
            rule=f"ontology {operation.of}",
            reason=f"a value that is no term of {named}",
            otherwise=operation.on_invalid,
            met=Met(operation.of, named, registry_version()),
        )

    def target(self, text: str) -> str | UnsetType | None:
        return self._curie(text) or UNSET
