"""References, followed: filters and fields beyond them, and whole records in place of keys."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import pytest

from biodata.query.evaluate import predicate
from biodata.query.tree import Leaf, Not
from biodata.records.types import Reference, String, element

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.query.tree import Node
    from biodata.records.types import Field, Record
    from biodata.repository import Repository

FEW = 25


class Following:
    """What a table's references lead to, whether the platform or the core follows them."""

    @pytest.fixture
    def some(self, there: Repository) -> list[Record]:
        """Its first records by key; not run where it has no references."""
        if not list(_references(there)):
            pytest.skip("not run: the table refers to no other")
        return there.query(order_by=there.schema.key_fields, limit=FEW).to_records()

    def test_a_filter_beyond_a_reference(self, there: Repository, some: list[Record]) -> None:
        keys = [there.schema.key_of(record) for record in some]
        ours = Leaf((str(there.schema.key),), "in", tuple(keys))
        for field in _references(there):
            for node in _filters(there, field, some):
                query = there.query(node).query
                joined = there.references.join([dict(one) for one in some], there.schema, [node_path(node)])
                test = predicate(query.filter, there.schema, query.lookup)
                expected = [there.schema.key_of(one) for one in joined if test(one)]
                found = there.query(ours & node, order_by=there.schema.key_fields)
                assert [there.schema.key_of(one) for one in found] == expected, node
                assert found.count() == len(expected)
                assert len(there.query(ours & node, limit=1, offset=1).to_records()) == len(expected[1:2])

    def test_whole_records_in_place_of_keys(self, there: Repository, some: list[Record]) -> None:
        for field in _references(there):
            target = there.connection[_table(field)]
            held = {key for record in some for key in _keys(record[field.name])}
            known = {target.schema.key_of(one): one for one in target.get(list(held))}
            wanted = [one | {field.name: _whole(one[field.name], known)} for one in some]
            asked: dict[str, Any] = {"expand": field.name, "order_by": there.schema.key_fields, "limit": FEW}
            assert there.query(**asked).to_records() == wanted
            assert there.get([there.schema.key_of(one) for one in some], expand=field.name) == wanted
            assert there.query(**asked).to_arrow().num_rows == len(some)

    def test_a_field_beyond_a_reference(self, there: Repository, some: list[Record]) -> None:
        for field in _references(there):
            key = str(there.connection.schema(_table(field)).key)
            rows = there.query(fields=[(field.name, key)], order_by=there.schema.key_fields, limit=FEW).to_records()
            got = [[one[key] for one in _keys(row[field.name])] for row in rows]
            assert got == [_keys(one[field.name]) for one in some]


def node_path(node: Node) -> tuple[str, ...]:
    """The path of a leaf, or of the one that is negated."""
    leaf = node.part if isinstance(node, Not) else node
    assert isinstance(leaf, Leaf)
    return leaf.path


def _references(there: Repository) -> Iterator[Field]:
    """The fields that refer to a table with a single key, from a table with one."""
    for field in there.schema:
        type_ = element(field.type)
        single = isinstance(type_, Reference) and isinstance(there.connection.schema(type_.table).key, str)
        if single and isinstance(there.schema.key, str):
            yield field


def _table(field: Field) -> str:
    type_ = element(field.type)
    assert isinstance(type_, Reference)
    return type_.table


def _filters(there: Repository, field: Field, some: list[Record]) -> Iterator[Node]:
    """Comparisons with a text of the referenced records, and with there being one."""
    target = there.connection[_table(field)]
    texts = [one.name for one in target.schema if type(one.type) is String and one.name != target.schema.key]
    held = list(dict.fromkeys(key for record in some for key in _keys(record[field.name])))
    records = target.get(held, fields=[*target.schema.key_fields, *texts[:1]])
    for name in texts[:1]:
        path = (field.name, name)
        values = tuple(dict.fromkeys(one[name] for one in records if one[name] is not None))
        yield from (Leaf(path, "is null"), Leaf(path, "is not null"))
        for value in values[:1]:
            yield from (Leaf(path, "==", value), Leaf(path, "!=", value), Not(Leaf(path, "==", value)))
            yield Leaf(path, "in", (*values[:2], "no such text"))


def _keys(value: Any) -> list[Any]:
    held = value if isinstance(value, list) else [value]
    return [one for one in held if one is not None]


def _whole(value: Any, known: dict[Any, Record]) -> Any:
    if isinstance(value, list):
        return [known.get(key, key) for key in value]
    return known.get(value, value)
