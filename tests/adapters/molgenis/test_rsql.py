"""RSQL that no value can break out of: what the adapter writes is read by a parser that is not ours."""

from __future__ import annotations

import json
from datetime import date, datetime, timedelta, timezone
from pathlib import Path
from urllib.parse import parse_qs

import pytest
from hypothesis import HealthCheck, example, given, settings
from hypothesis import strategies as st

import biodata
from biodata import col
from biodata.http import Request
from biodata.query.tree import And, Leaf, Native, Or
from biodata_molgenis.render import Unsayable, rsql, rules, text_of
from tests.rsql_reader import OperatorRefused, SyntaxRefused, read

PROBES = Path(__file__).parents[4] / "shared" / "recordings" / "rsql-parser" / "probes-2.0.0.json"
NASTY = "\"'();,=<>!~ \\%_+&#?*/\t\n\r\0ab."
TEXT = st.text(st.one_of(st.sampled_from(NASTY), st.characters(exclude_categories=["Cs"])), max_size=12)
FILLED = TEXT.filter(lambda text: text != "")
ZONES = st.integers(min_value=-14 * 60, max_value=14 * 60).map(lambda minutes: timezone(timedelta(minutes=minutes)))
MOMENTS = st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29), timezones=ZONES) | st.dates()  # noqa: DTZ001
VALUES = st.one_of(FILLED, st.integers(), st.floats(allow_nan=False, allow_infinity=False), MOMENTS)
UNTIMED = settings(deadline=None)
ONE = ("==", "!=", "<", "<=", ">", ">=")
WRITTEN = {"==": "==", "!=": "!=", "<": "=lt=", "<=": "=le=", ">": "=gt=", ">=": "=ge="}


# --- the parser itself -------------------------------------------------------------------------------------


def test_the_parser_reads_as_the_real_one():
    if not PROBES.is_file():
        pytest.skip(f"not run: {PROBES} is not there")
    probes = json.loads(PROBES.read_text(encoding="utf-8"))["probes"]
    assert len(probes) > 60
    assert [probe["q"] for probe in probes if outcome(probe["q"]) != recorded(probe)] == []


def outcome(text):
    try:
        return read(text)
    except OperatorRefused:
        return "operator"
    except SyntaxRefused:
        return "syntax"


def recorded(probe):
    if "ast" in probe:
        return probe["ast"]
    return "operator" if probe["error"].startswith("UnknownOperator") else "syntax"


# --- what is written is what is read -----------------------------------------------------------------------


def over_the_wire(text):
    """The query as the server's parser gets it: encoded in an address, and decoded as a servlet does."""
    request = Request(method="GET", path="api/v2/T", params=(("q", text), ("num", "1")))
    (query,) = parse_qs(request.target.partition("?")[2], keep_blank_values=True, strict_parsing=True)["q"]
    return query


def unsayable(*values):
    return any("'" in text_of(value) and '"' in text_of(value) for value in values)


@UNTIMED
@given(op=st.sampled_from(ONE), value=VALUES)
@example(op="==", value="\"'")
@example(op="!=", value="' or \"")
def test_a_value_comes_out_as_it_went_in_or_goes_to_the_rules(op, value):
    leaf = Leaf(("a",), op, value)
    if unsayable(value):
        with pytest.raises(Unsayable):
            rsql(leaf)
        assert rules(leaf)[-1]["value"] == value
    else:
        assert read(over_the_wire(rsql(leaf))) == {"sel": "a", "op": WRITTEN[op], "args": [text_of(value)]}


@UNTIMED
@given(values=st.lists(VALUES, min_size=1, max_size=5), op=st.sampled_from(["in", "not in"]))
@example(values=["a", "\"'"], op="in")
def test_lists_too(values, op):
    leaf = Leaf(("a",), op, tuple(values))
    if unsayable(*values):
        with pytest.raises(Unsayable):
            rsql(leaf)
        return
    texts = [text_of(value) for value in values]
    each = [{"sel": "a", "op": "!=", "args": [text]} for text in texts]
    listed = {"sel": "a", "op": "=in=", "args": texts}
    expected = listed if op == "in" else each[0] if len(each) == 1 else {"and": each}
    assert read(over_the_wire(rsql(leaf))) == expected


LEAVES = st.builds(
    Leaf,
    st.sampled_from([("a",), ("b_1",), ("and",), ("or",)]),
    st.sampled_from(ONE),
    FILLED.filter(lambda text: not unsayable(text)),
) | st.builds(lambda op, ends: Leaf(("n",), op, ends), st.sampled_from(["between", "not between"]), st.tuples(
    st.integers(), st.integers()))  # fmt: skip
TREES = st.recursive(
    LEAVES,
    lambda inner: (
        st.builds(And, st.lists(inner, min_size=2, max_size=3).map(tuple))
        | st.builds(Or, st.lists(inner, min_size=2, max_size=3).map(tuple))
    ),
    max_leaves=8,
)


@UNTIMED
@given(tree=TREES)
def test_a_tree_keeps_its_meaning(tree):
    """Whatever its leaves are thought to be: the two trees are compared on every choice of truths."""
    got, meant = read(over_the_wire(rsql(tree))), wanted(tree)
    names = sorted(set(map(repr, comparisons(got))))
    assert names == sorted(set(map(repr, comparisons(meant))))
    for number in range(min(2 ** len(names), 64)):
        truth = {name: bool(number >> index & 1) for index, name in enumerate(names)}
        assert holds(got, truth) == holds(meant, truth)


def wanted(node):
    if isinstance(node, And | Or):
        return {"and" if isinstance(node, And) else "or": [wanted(part) for part in node.parts]}
    name, texts = node.path[0], [str(one) for one in (node.value if isinstance(node.value, tuple) else [node.value])]
    if node.op == "between":
        ends = zip(("=ge=", "=le="), texts, strict=True)
        return {"and": [{"sel": name, "op": op, "args": [text]} for op, text in ends]}
    if node.op == "not between":
        ends = zip(("=lt=", "=gt="), texts, strict=True)
        return {"or": [{"sel": name, "op": op, "args": [text]} for op, text in ends]}
    return {"sel": name, "op": WRITTEN[node.op], "args": texts}


def comparisons(tree):
    if "sel" in tree:
        return [tree]
    (parts,) = tree.values()
    return [one for part in parts for one in comparisons(part)]


def holds(tree, truth):
    if "sel" in tree:
        return truth[repr(tree)]
    ((word, parts),) = tree.items()
    return (all if word == "and" else any)(holds(part, truth) for part in parts)


@UNTIMED
@given(tree=TREES)
def test_only_operators_that_the_server_has_are_sent(tree):
    """`=out=` parses, and then ends in a 500; `=rng=` finds nothing where an end is open."""
    used = {one["op"] for one in comparisons(read(rsql(tree)))}
    assert used <= {"==", "!=", "=in=", "=lt=", "=le=", "=gt=", "=ge=", "=like="}


@UNTIMED
@given(pattern=TEXT, op=st.sampled_from(["contains", "like", "ilike", "starts_with"]))
def test_a_part_that_is_searched_for_is_a_value_too(pattern, op):
    from biodata_molgenis.render import longest_run

    leaf = Leaf(("a",), op, pattern)
    if longest_run(leaf):
        assert read(over_the_wire(rsql(leaf))) == {"sel": "a", "op": "=like=", "args": [longest_run(leaf)]}
        assert not set(longest_run(leaf)) & set("%_\\'\"")


@UNTIMED
@given(moment=st.datetimes(min_value=datetime(1, 1, 3), max_value=datetime(9999, 12, 29), timezones=ZONES))  # noqa: DTZ001 - its bounds
def test_a_moment_keeps_its_instant_in_an_address(moment):
    (text,) = read(over_the_wire(rsql(Leaf(("a",), ">=", moment))))["args"]
    assert "+" not in text
    assert datetime.fromisoformat(text) == moment


def test_dates_and_plus_survive_the_address():
    offset = timezone(timedelta(hours=2))
    node = And(
        (
            Leaf(("d",), "==", date(2020, 2, 29)),
            Leaf(("s",), ">", datetime(2024, 1, 1, 12, tzinfo=offset)),
            Leaf(("m",), "==", "x+y&q=1#2%2B@example.org"),
        )
    )
    assert [one["args"] for one in comparisons(read(over_the_wire(rsql(node))))] == [
        ["2020-02-29"], ["2024-01-01T10:00:00Z"], ["x+y&q=1#2%2B@example.org"],
    ]  # fmt: skip


# --- through biodata, on the sandbox -----------------------------------------------------------------------


@pytest.fixture
def words(rig):
    """A table of texts, and what is asked of it."""
    from biodata_molgenis.sandbox.model import Attribute

    rig.state.create_table("w", (Attribute(name="n", type="int", is_id=True), Attribute(name="t", type="text")))
    rig.table = rig.connect()["w"]
    return rig


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture])
@given(texts=st.lists(TEXT.filter(lambda text: "\0" not in text), min_size=1, max_size=4, unique=True))
def test_each_text_finds_itself_and_nothing_else(words, texts):
    table = words.table
    words.state.stored["w"] = {n: {"n": n, "t": text or None} for n, text in enumerate(texts)}
    for n, text in enumerate(texts):
        assert [row["n"] for row in table.query(col("t") == text)] == [n] * (text != "")
        others = {row["n"] for row in table.query(col("t") != text)}
        assert others == {other for other, one in enumerate(texts) if one not in (text, "")}
        assert n in {row["n"] for row in table.query(col("t").contains(text))} or text == ""
    assert {row["n"] for row in table.query(col("t").is_in(texts))} == {n for n, one in enumerate(texts) if one}
    assert not [one for one in words.log if one.status >= 400]


@pytest.mark.parametrize("value", ["a\0b", "\0", "\"'\0"])
def test_what_the_server_cannot_be_asked_stays_here(words, value):
    words.state.add_rows("w", [{"n": 1, "t": "x"}])
    table = words.table
    assert list(table.query(col("t") == value)) == []
    assert [row["n"] for row in table.query(col("t") != value)] == [1]
    assert list(table.query(col("t").is_in([value, "y"]))) == []
    assert not [one for one in words.log if one.status >= 400 or "%00" in one.target]


@pytest.mark.parametrize("value", ["\ud800", "a\udfffb'\""])
def test_half_a_character_is_refused_before_anything_is_sent(words, value):
    table = words.table
    with pytest.raises(biodata.QueryError) as caught:
        list(table.query(col("t") == value))
    assert caught.value.code == "BD-QUERY-VALUE"


def test_an_empty_list_never_reaches_the_server(words):
    words.state.add_rows("w", [{"n": 1, "t": "x"}, {"n": 2}])
    table = words.table
    assert table.schema.key == "n"
    words.log.clear()
    assert list(table.query(col("t").is_in([]))) == []
    assert table.count(col("t").is_in([])) == 0
    assert table.get([]) == []
    assert list(words.log) == []
    assert [row["n"] for row in table.query(col("t").not_in([]))] == [1, 2], "as SQL has it"
    (asked,) = words.log
    assert "q=" not in asked.target


@pytest.mark.parametrize(
    "text", ["t==x)", "(t==x", "t==x),(n==1", "t=='x", 't=="x);(n==1', "t==x))((n==1", ")", "t=='(';n==1)", 't=="x']
)
def test_a_native_query_cannot_break_out_of_the_filter(words, text):
    """Only its brackets could: joined with a filter it stands in a pair of ours."""
    table = words.table
    with pytest.raises(biodata.QueryError) as caught:
        list(table.query(col("n") == 2, native=text))
    assert caught.value.code == "BD-QUERY-NATIVE"
    assert not [one for one in words.log if "q=" in one.target], "it is not asked"


def test_a_native_query_with_brackets_of_its_own_is_fine(words):
    words.state.add_rows("w", [{"n": 1, "t": ")x("}, {"n": 2, "t": "y"}])
    table = words.table
    assert [row["n"] for row in table.query(native="(t==')x(';n=in=(1,2)),n==7")] == [1]
    joined = rsql(And((Leaf(("n",), "==", 1), Native("t==x,t==y"))))
    assert read(joined)["and"][1] == {"or": [{"sel": "t", "op": "==", "args": [one]} for one in "xy"]}


RULES = [
    {"field": "t", "operator": "EQUALS", "value": "both \"'"},
    {"operator": "OR"},
    {"field": "n", "operator": "GREATER", "value": 3},
]


@pytest.mark.parametrize("given", [RULES, json.dumps(RULES), f"  {json.dumps(RULES)}"])
def test_the_old_list_of_rules_is_a_native_query_too(words, given):
    words.state.add_rows("w", [{"n": 1, "t": "both \"'"}, {"n": 2, "t": "x"}, {"n": 4, "t": "y"}, {"n": 5}])
    assert [row["n"] for row in words.table.query(native=given)] == [1, 4, 5]
    assert [row["n"] for row in words.table.query("n < 5", native=given, limit=2)] == [1, 4]
    assert words.table.query(col("t") == "y", native=given).one()["n"] == 4
    assert words.table.query(native=given).count() == 3
    assert "EQUALS" in str(words.table.query(native=given).explain())


@pytest.mark.parametrize("given", [RULES[0], json.dumps(RULES[0])])
def test_one_rule_need_be_no_list(words, given):
    words.state.add_rows("w", [{"n": 1, "t": "both \"'"}, {"n": 2, "t": "x"}])
    assert [row["n"] for row in words.table.query(native=given)] == [1]


@pytest.mark.parametrize("given", [[], "[]", "[1]", "[{]", ["t==x"], "{", "{}x", "[[]]"])
def test_a_list_that_holds_no_rules_is_refused(words, given):
    with pytest.raises(biodata.QueryError) as caught:
        list(words.table.query("n = 1", native=given))
    assert caught.value.code == "BD-QUERY-NATIVE"
    assert not [one for one in words.log if one.path.startswith("/api/v1/w") and "meta" not in one.path]


def test_rules_that_search_end_where_the_search_engine_ends(rig):
    rig.numbers(10_001)
    found = rig.connect()["numbers"].query(native=[{"operator": "SEARCH", "value": "row"}])
    with pytest.raises(biodata.QueryError, match="10 000"):
        list(found)
