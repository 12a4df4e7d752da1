"""Mapping tables: a table of source field, rule, target field, code list and unit in place of YAML."""

from __future__ import annotations

from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from collections.abc import Iterable

    from biodata.pipelines.file.nodes import Node
    from biodata.pipelines.spec import Operation

__all__ = ["mapping"]


def mapping(node: Node) -> Iterable[Operation]:
    """The operations that a mapping table stands for."""
    raise NotImplementedError(node.place)
