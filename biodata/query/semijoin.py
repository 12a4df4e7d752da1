"""Semi-joins: a comparison beyond a reference, as `in` over the reference itself.

`city.name = 'Groningen'` is true of the records whose `city` is among the keys of the cities where
`name = 'Groningen'`. So a platform that cannot follow the reference can still do the filter, once that key set is
read. `!=` on a list, `not` and `is null` are true of what is not among the keys, a null reference and one to a
record that is not there included.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biodata.query.paths import crossing, resolve
from biodata.query.plan import KeySet
from biodata.query.tree import Always, And, Leaf, Node, Or, folded
from biodata.records.types import Integer, Reference, element, is_list

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Iterator, Sequence
    from typing import TypeGuard

    from biodata.query.plan import Query
    from biodata.records.types import Key, Path, Schema

__all__ = ["filled", "key_sets_in", "keyed", "restored", "stand_in"]


def keyed(node: Node, query: Query) -> Node:
    """The filter with a key set for each comparison beyond a reference, or one for several where it can do.

    Args:
        node: a bound filter, or a part of it.
        query: whose schema it is bound to.
    """
    match node:
        case And(parts) | Or(parts):
            kind = type(node)
            return folded(kind, _joined(kind, [keyed(part, query) for part in parts], query))
        case Leaf():
            return _keyed_leaf(node, query)
    return node


def restored(node: Node) -> Node:
    """The filter as it was before `keyed`."""
    return filled(node, lambda _: None)


def stand_in(node: Node, schema: Schema) -> Node:
    """The filter with some keys in place of each key set, to ask a pushdown table and to show a request."""
    return filled(node, lambda leaf: _some_keys(schema, leaf.path))


def key_sets_in(node: Node | None) -> Iterator[KeySet]:
    """The key sets of a filter, in order."""
    if isinstance(node, And | Or):
        for part in node.parts:
            yield from key_sets_in(part)
    elif node is not None and _is_key_set(node):
        yield node.value


def filled(node: Node, keys: Callable[[Leaf], Sequence[Key] | None]) -> Node:
    """The filter with keys in place of its key sets.

    Args:
        node: what `keyed` gave.
        keys: the keys for a leaf whose value is a key set; None for what the key set stands for.
    """
    if isinstance(node, And | Or):
        return folded(type(node), [filled(part, keys) for part in node.parts])
    if not _is_key_set(node):
        return node
    found = keys(node)
    return node.value.instead if found is None else _filled_leaf(node, tuple(found))


def _filled_leaf(leaf: Leaf, keys: tuple[Key, ...]) -> Node:
    if not keys:
        return Always(leaf.op == "not in" or leaf.quantifier == "none")
    among = msgspec.structs.replace(leaf, value=keys)
    return among if leaf.op == "in" else Or((among, Leaf(leaf.path, "is null")))


def _some_keys(schema: Schema, path: Path) -> tuple[Key, ...]:
    reference = element(resolve(schema, path).type)
    return (0, 1) if isinstance(reference, Reference) and isinstance(reference.key, Integer) else ("…", "… …")


def _keyed_leaf(leaf: Leaf, query: Query) -> Leaf:
    found = crossing(query.schema, leaf.path)
    if found is None:
        return leaf
    holder, reference = found
    beyond = Leaf(leaf.path[len(holder) :], "is not null" if leaf.op == "is null" else leaf.op, leaf.value)
    keys = KeySet(reference.table, beyond, leaf)
    if leaf.op != "is null" and leaf.quantifier == "any":
        return Leaf(holder, "in", keys)
    return Leaf(holder, "in", keys, "none") if _many(holder, query) else Leaf(holder, "not in", keys)


def _joined(kind: type[And | Or], parts: list[Node], query: Query) -> Iterable[Node]:
    """The parts, with one key set in place of several over one reference that a single record must pass.

    Of a list of references one AND-part may be true of one record and the next of another: those stay apart. What is
    true of a null reference too joins what is not.
    """
    groups: dict[object, list[Node]] = {}
    for number, part in enumerate(parts):
        groups.setdefault(_place(kind, part, query) or number, []).append(part)
    return [part for group in groups.values() for part in _merged(kind, group)]


def _place(kind: type[And | Or], part: Node, query: Query) -> Path | None:
    """The reference over which a part can be joined with others."""
    if not _is_key_set(part):
        return None
    return part.path if (_is_among(part) if kind is Or else not _many(part.path, query)) else None


def _merged(kind: type[And | Or], group: list[Node]) -> list[Node]:
    leaves = [part for part in group if _is_key_set(part)]
    if len(group) == 1 or not any(map(_is_among, leaves)):
        return group
    instead = folded(kind, [leaf.value.instead for leaf in leaves])
    both = KeySet(leaves[0].value.table, folded(kind, map(_beyond, leaves)), instead)
    return [Leaf(leaves[0].path, "in", both)]


def _beyond(leaf: Leaf) -> Node:
    """What a referenced record must pass, where there is one."""
    keys: KeySet = leaf.value
    if _is_among(leaf) or not isinstance(keys.instead, Leaf):
        return keys.filter
    return msgspec.structs.replace(keys.instead, path=keys.instead.path[len(leaf.path) :])


def _is_key_set(node: Node) -> TypeGuard[Leaf]:
    return isinstance(node, Leaf) and isinstance(node.value, KeySet)


def _is_among(leaf: Leaf) -> bool:
    return (leaf.op, leaf.quantifier) == ("in", "any")


def _many(path: Path, query: Query) -> bool:
    return is_list(resolve(query.schema, path).type)
