"""Where a document would lose records: ten come of every list, nested ones too, unless it says `first`.

(protocols/gen3.md, fact 7.)
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from graphql import (
    TypeInfo,
    TypeInfoVisitor,
    Visitor,
    get_named_type,
    get_nullable_type,
    is_list_type,
    is_scalar_type,
)
from graphql import visit as walk

if TYPE_CHECKING:
    from graphql import DocumentNode, FieldNode, GraphQLSchema

__all__ = ["cut_fields"]

_ONE = frozenset({"id", "submitter_id", "first"})


def cut_fields(schema: GraphQLSchema, document: DocumentNode) -> list[str]:
    """The lists of records of which a document says neither how many it wants nor which one."""
    info = TypeInfo(schema)
    finder = _Finder(info)
    walk(document, TypeInfoVisitor(info, finder))
    return list(dict.fromkeys(finder.found))


class _Finder(Visitor):
    def __init__(self, info: TypeInfo) -> None:
        super().__init__()
        self._info = info
        self.found: list[str] = []

    def enter_field(self, node: FieldNode, *_: Any) -> None:
        """Note a list of records without a limit."""
        field = self._info.get_field_def()
        if field is None or "first" not in field.args or not is_list_type(get_nullable_type(field.type)):
            return
        if not is_scalar_type(get_named_type(field.type)) and not _ONE & {
            one.name.value for one in node.arguments or ()
        }:
            self.found.append(node.name.value)
