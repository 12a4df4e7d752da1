"""What may stand where in a pipeline file, as data: the readers take the names of keys from it, editors the whole."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any, TypeAlias

import msgspec

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["Either", "Keys", "Listed", "Named", "Shape", "Value"]


class Value(msgspec.Struct, frozen=True):
    """One scalar.

    Attributes:
        schema: what JSON Schema says about it.
    """

    schema: dict[str, Any]


class Listed(msgspec.Struct, frozen=True):
    """A list.

    Attributes:
        alone: whether one item without brackets counts as a list of one.
    """

    item: Shape
    least: int = 0
    most: int | None = None
    alone: bool = False


class Named(msgspec.Struct, frozen=True):
    """Names that the user chose, and a value under each.

    Attributes:
        name: the names that may be.
        special: names with a meaning of their own.
        most: how many there may be; any number when None.
    """

    value: Shape
    name: dict[str, Any]
    special: dict[str, Shape] = {}
    most: int | None = None


class Either(msgspec.Struct, frozen=True):
    """One of several shapes."""

    shapes: tuple[Shape, ...]


class Keys(msgspec.Struct, frozen=True):
    """The keys of one mapping, and what stands under each.

    Attributes:
        about: the struct that the mapping becomes, whose docstring tells of the keys.
        kinds: where a key chooses what the mapping becomes: the structs, whose tags are the keys.
        required: the keys that must be there.
        one_of: keys of which exactly one must be there.
        fields: the struct's attribute, where a key has another name.
        says: what a key means, where no struct says it in the file's terms.
        rules: what else JSON Schema says of the mapping.
    """

    shapes: dict[str, Shape]
    about: type[msgspec.Struct] | None = None
    kinds: tuple[type[msgspec.Struct], ...] = ()
    required: tuple[str, ...] = ()
    one_of: tuple[str, ...] = ()
    fields: dict[str, str] = {}
    says: dict[str, str] = {}
    rules: dict[str, Any] = {}

    def __iter__(self) -> Iterator[str]:
        return iter(self.shapes)


Shape: TypeAlias = Value | Listed | Named | Either | Keys
