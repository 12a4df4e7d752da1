"""A filter says the same of an Arrow batch as of its records."""

import datetime as dt
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from biodata.query.bind import bind_filter
from biodata.query.evaluate import predicate
from biodata.query.masks import batch_mask
from biodata.query.tree import Leaf, Not
from biodata.records.arrow import arrow_schema, from_arrow, to_batch
from biodata.records.types import (
    Boolean,
    Date,
    DateTime,
    Field,
    Float,
    Integer,
    Json,
    List,
    Object,
    Reference,
    Schema,
    String,
)
from biodata.records.types import Decimal as DecimalType
from tests.core.query.trees import trees

PLUS_TWO = dt.timezone(dt.timedelta(hours=2))
VALUES = {
    "text": ["", "a", "A", "ab", "é", "e\u0301", "\uffff", "😀", "a%b_c\\", "a\nb", "\0", "ß"],
    "whole": [0, 1, -1, 2**31, 2**63 - 1, -(2**63)],
    "huge": [0, 1, 2**70, -(2**70)],
    "fraction": [0.0, -0.0, 0.1, 1.0, -1.5, 1e308],
    "price": [Decimal(0), Decimal("0.1"), Decimal("0.10"), Decimal("-1.5"), Decimal(3)],
    "flag": [True, False],
    "day": [dt.date(1, 1, 1), dt.date(2020, 1, 31), dt.date(9999, 12, 31)],
    "moment": [
        dt.datetime(2020, 1, 31, 12, tzinfo=dt.UTC),
        dt.datetime(2020, 1, 31, 14, tzinfo=PLUS_TWO),
        dt.datetime(2020, 1, 31, 12, 0, 0, 1, tzinfo=dt.UTC),
        dt.datetime(1900, 1, 1, tzinfo=dt.UTC),
    ],
    "link": ["a", "b"],
}
TYPES = {
    "text": String(), "whole": Integer(64), "huge": Integer(None), "fraction": Float(), "price": DecimalType(),
    "flag": Boolean(), "day": Date(), "moment": DateTime(), "link": Reference("others"),
}  # fmt: skip
LISTS = ("text", "whole", "fraction", "day")
WIDE = Schema(
    "wide",
    "text",
    (
        *(Field(name, type_) for name, type_ in TYPES.items()),
        *(Field(f"{name}s", List(TYPES[name])) for name in LISTS),
        Field("inner", Object((Field("whole", Integer(64)), Field("texts", List(String()))))),
        Field("extra", Json()),
    ),
)
TEXTUAL = ["contains", "not contains", "starts_with", "not starts_with", "like", "not like", "ilike"]
ODD = st.sampled_from([float("nan"), float("inf"), float("-inf")])


def value(name):
    return st.sampled_from(VALUES[name])


def leaf(name, path):
    ops = ["==", "!="] if name in {"flag", "link"} else ["==", "!=", "<", "<=", ">", ">="]
    many = [st.lists(value(name), min_size=1, max_size=3).map(tuple)]
    kinds = [
        st.builds(Leaf, st.just(path), st.sampled_from(ops), value(name)),
        st.builds(Leaf, st.just(path), st.sampled_from(["in", "not in"]), *many),
        st.builds(Leaf, st.just(path), st.sampled_from(["is null", "is not null"])),
    ]
    if len(ops) > 2:
        pair = st.tuples(value(name), value(name))
        kinds.append(st.builds(Leaf, st.just(path), st.sampled_from(["between", "not between"]), pair))
    if name == "text":
        kinds.append(st.builds(Leaf, st.just(path), st.sampled_from(TEXTUAL), value(name)))
    return st.one_of(kinds)


LEAVES = st.one_of(
    *(leaf(name, (name,)) for name in TYPES),
    *(leaf(name, (f"{name}s",)) for name in LISTS),
    leaf("whole", ("inner", "whole")),
    leaf("text", ("inner", "texts")),
    st.just(Leaf(("extra",), "is null")),
)
TREES = trees(LEAVES, parts=4, leaves_in_all=8)


def maybe(name):
    return st.none() | value(name) | (ODD if name == "fraction" else st.nothing())


INNER = st.fixed_dictionaries({"whole": maybe("whole"), "texts": st.lists(maybe("text"), max_size=2)})
ROWS = st.lists(
    st.fixed_dictionaries({
        **{name: maybe(name) for name in TYPES},
        **{f"{name}s": st.none() | st.lists(maybe(name), max_size=3) for name in LISTS},
        "inner": st.none() | INNER,
        "extra": st.none() | st.just({"a": 1}),
    }),
    max_size=5,
)  # fmt: skip


@given(TREES, ROWS)
def test_a_batch_gives_the_same_as_its_records(tree, rows):
    node = bind_filter(WIDE, tree)
    batch = to_batch(rows, arrow_schema(WIDE))
    mask = batch_mask(node, WIDE, batch)
    test = predicate(node, WIDE)
    assert mask.type == pa.bool_()
    assert mask.to_pylist() == [test(row) for row in from_arrow(batch)] == [test(row) for row in rows]


@pytest.mark.parametrize("name", TYPES)
def test_every_operator_on_every_value(name):
    odd = [float("nan"), float("inf"), float("-inf")] if name == "fraction" else []
    rows = [{name: one} for one in (*VALUES[name], *odd, None)]
    batch = to_batch(rows, arrow_schema(WIDE, [(name,)]))
    ordered = [] if name in {"flag", "link"} else ["<", "<=", ">", ">="]
    nodes = [Leaf((name,), op, one) for op in ("==", "!=", *ordered) for one in VALUES[name]]
    nodes += [Leaf((name,), op, (one, VALUES[name][0])) for op in ("in", "not in") for one in VALUES[name]]
    nodes += [Leaf((name,), "between", (one, VALUES[name][-1])) for one in VALUES[name] if ordered]
    nodes += [Leaf((name,), op, one) for op in TEXTUAL for one in VALUES[name] if name == "text"]
    for node in (*nodes, *map(Not, nodes), Leaf((name,), "is null"), Leaf((name,), "is not null")):
        bound = bind_filter(WIDE, node)
        test = predicate(bound, WIDE)
        assert batch_mask(bound, WIDE, batch).to_pylist() == [test(row) for row in rows], bound


@pytest.mark.parametrize("where", [None, "whole in ()", "not whole in ()"])
def test_what_is_the_same_for_every_row(where):
    rows = [{"text": "a", "whole": 1}, {"text": None, "whole": None}]
    batch = pa.RecordBatch.from_pylist(rows, pa.schema({"text": pa.string(), "whole": pa.int64()}))
    node = bind_filter(WIDE, where)
    assert batch_mask(node, WIDE, batch).to_pylist() == [predicate(node, WIDE)(row) for row in rows]


def test_a_column_of_another_type_is_read_as_a_record_is():
    moments = pa.array([1_580_472_000, None], pa.timestamp("s"))
    batch = pa.RecordBatch.from_arrays([moments], ["moment"])
    node = bind_filter(WIDE, "moment = '2020-01-31T12:00:00Z'")
    assert batch_mask(node, WIDE, batch).to_pylist() == [True, False]
