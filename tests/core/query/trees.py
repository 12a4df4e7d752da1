"""Random bound filters over one small table, and all the records that they can tell apart."""

from itertools import product

from hypothesis import strategies as st

from biodata.query.tree import And, Leaf, Not, Or
from biodata.records.types import Boolean, Field, Integer, List, Object, Schema, String

SMALL = Schema(
    "small",
    "n",
    (
        Field("n", Integer()),
        Field("b", Boolean()),
        Field("t", String()),
        Field("ns", List(Integer())),
        Field("ts", List(String())),
        Field("inner", List(Object((Field("n", Integer()),)))),
    ),
)
TEXTS = ["", "a", "ab", "b", "a%"]
RECORDS = [
    {"n": n, "b": b, "t": t, "ns": ns, "ts": ts, "inner": None if ns is None else [{"n": one} for one in ns]}
    for (n, t), b, (ns, ts) in product(
        [(None, None), (0, ""), (1, "a"), (2, "ab"), (1, "b"), (0, "a%"), (2, "ba")],
        [None, True, False],
        [(None, None), ([], []), ([1], ["a"]), ([0, 2], ["", "ab"]), ([None, 1], ["b", None]), ([2], ["a%", "a"])],
    )
]


def trees(leaves, *, parts=3, leaves_in_all=10):
    """Filters made of these leaves by Not, And and Or of at most so many parts."""
    return st.recursive(
        leaves,
        lambda inner: st.one_of(
            st.builds(Not, inner),
            st.builds(And, st.lists(inner, min_size=1, max_size=parts).map(tuple)),
            st.builds(Or, st.lists(inner, min_size=1, max_size=parts).map(tuple)),
        ),
        max_leaves=leaves_in_all,
    )


NUMBER = st.integers(0, 2)
TEXT = st.sampled_from(TEXTS)
PATTERN = st.sampled_from(["", "a", "a%", "%a%", "%a", "a\\%", "_%", "_", "%", "%%", "a\\%%", "%a_%"])
ORDERED = st.sampled_from(["==", "!=", "<", "<=", ">", ">="])
NUMBERS = st.sampled_from([("n",), ("ns",), ("inner", "n")])
WORDS = st.sampled_from([("t",), ("ts",)])
LEAVES = st.one_of(
    st.builds(Leaf, NUMBERS, ORDERED, NUMBER),
    st.builds(Leaf, NUMBERS, st.sampled_from(["in", "not in"]), st.lists(NUMBER, min_size=1, max_size=3).map(tuple)),
    st.builds(Leaf, NUMBERS, st.sampled_from(["between", "not between"]), st.tuples(NUMBER, NUMBER)),
    st.builds(Leaf, st.just(("b",)), st.sampled_from(["==", "!="]), st.booleans()),
    st.builds(Leaf, st.just(("b",)), st.just("not in"), st.lists(st.booleans(), min_size=1, max_size=2).map(tuple)),
    st.builds(Leaf, WORDS, ORDERED, TEXT),
    st.builds(Leaf, WORDS, st.sampled_from(["in", "not in"]), st.lists(TEXT, min_size=1, max_size=3).map(tuple)),
    st.builds(Leaf, WORDS, st.sampled_from(["like", "not like", "ilike"]), PATTERN),
    st.builds(Leaf, WORDS, st.sampled_from(["contains", "not contains", "starts_with", "not starts_with"]), TEXT),
    st.builds(Leaf, NUMBERS | WORDS, st.sampled_from(["is null", "is not null"])),
)
TREES = trees(LEAVES, parts=3, leaves_in_all=10)
"""Filters as people write them, to be bound; the few values make that parts are often alike."""
