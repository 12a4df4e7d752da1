"""The codes of a `code_list`, as the file itself says them."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from biodata.pipelines.file.nodes import Node

__all__ = ["codes"]


def codes(node: Node) -> tuple[tuple[str, str | None], ...]:
    """`{m: male, f: female, '9': null}`: source value to target value, both as text."""
    found = []
    for source, inner in node.pairs():
        if isinstance(inner.value, dict | list):
            inner.note(f"codes: {source!r}: expected a value")
        found.append((source, None if inner.value is None else _text(inner.value)))
    return tuple(found)


def _text(value: object) -> str:
    return str(value).lower() if isinstance(value, bool) else str(value)
