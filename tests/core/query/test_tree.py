from typing import get_args

import msgspec
import pytest

from biodata.query.builder import col
from biodata.query.parser import filters_from
from biodata.query.tree import NEGATED, Always, And, Leaf, Native, Node, Not, Op, Or

LEAF = Leaf(("a", "b"), "==", 1)
NODES = [LEAF, And((LEAF, Always())), Or((LEAF, Always(value=False))), Not(LEAF), Native("q=1"), Always()]


@pytest.mark.parametrize("node", NODES, ids=lambda node: type(node).__name__)
def test_a_node_cannot_be_changed_and_comes_back_through_json(node):
    for name in node.__struct_fields__:
        with pytest.raises(AttributeError):
            setattr(node, name, None)
    form = msgspec.json.decode(msgspec.json.encode(node))
    assert filters_from(form) == msgspec.json.decode(msgspec.json.encode(node), type=Node) == node
    assert hash(node) == hash(filters_from(node))


@pytest.mark.parametrize("op", get_args(Op))
def test_each_operator_has_an_opposite_and_a_json_form(op):
    assert NEGATED[NEGATED[op]] == op
    assert NEGATED[op] != op
    leaf = Leaf(("a",), op, "x", "none")
    assert filters_from(msgspec.to_builtins(leaf)) == leaf


def test_joining_keeps_what_was_joined():
    one, two, three = (col("a") == number for number in (1, 2, 3))
    both = one & two
    assert both & three == And((one, two, three))
    assert both == And((one, two))
    assert three | both == Or((three, both))
    assert ~both == Not(both)
