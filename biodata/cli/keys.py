"""Keys as people type them."""

from __future__ import annotations

import json
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterable

    from biodata.records.types import Schema

__all__ = ["parse_keys"]


def parse_keys(texts: Iterable[str], schema: Schema) -> list[Any]:
    """Keys of the types that the table's key has; a composite one is a JSON list of its parts: `["s1", 4]`.

    Raises:
        QueryError: an empty key, or one that cannot be a key of this table.
    """
    from biodata.keys import checked_key

    composite = isinstance(schema.key, tuple)
    return [checked_key(schema, _parts(text) if composite else text) for text in texts]


def _parts(text: str) -> Any:
    try:
        value = json.loads(text)
    except ValueError:
        return text
    return tuple(value) if isinstance(value, list) else text
