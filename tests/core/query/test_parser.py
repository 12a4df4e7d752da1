from decimal import Decimal

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biodata.errors import QueryError
from biodata.query.builder import col
from biodata.query.parser import MAX_NESTING, filters_from, parse
from biodata.query.tree import Always, And, Leaf, Native, Not, Or


def leaf(path, op, value=None):
    return Leaf(tuple(path.split(".")), op, value)


@pytest.mark.parametrize(
    ("text", "tree"),
    [
        ("age >= 40", leaf("age", ">=", 40)),
        ("age = 1", leaf("age", "==", 1)),
        ("age == 1", leaf("age", "==", 1)),
        ("age <> 1", leaf("age", "!=", 1)),
        ("age!=1", leaf("age", "!=", 1)),
        ("age<-1.5e3", leaf("age", "<", -1500.0)),
        ("a = 0.12345678901234567890", leaf("a", "==", Decimal("0.12345678901234567890"))),
        ("40 <= age", leaf("age", ">=", 40)),
        ("'F' = sex", leaf("sex", "==", "F")),
        ("sex.id = 'F'", leaf("sex.id", "==", "F")),
        ("a = 'it''s' ", leaf("a", "==", "it's")),
        ('a = "say ""x"" it\'s"', leaf("a", "==", 'say "x" it\'s')),
        (r"a = 'c:\new'", leaf("a", "==", r"c:\new")),
        ("a = 'x -- y /* z # |'", leaf("a", "==", "x -- y /* z # |")),
        ("`odd name`.`a``b` = true", Leaf(("odd name", "a`b"), "==", value=True)),
        ("`a.b` = FALSE", Leaf(("a.b",), "==", value=False)),
        ("a\xa0=\u2003'x\xa0y'", leaf("a", "==", "x\xa0y")),
        ("a = ''", leaf("a", "==", "")),
        ("a = - 5", leaf("a", "==", -5)),
        ("größe > 1", leaf("größe", ">", 1)),
        ("a IN ('x', 'y')", leaf("a", "in", ("x", "y"))),
        ("a in [1, 2,]", leaf("a", "in", (1, 2))),
        ("a not in ()", leaf("a", "not in", ())),
        ("a between 1 and 2 and b = 3", And((leaf("a", "between", (1, 2)), leaf("b", "==", 3)))),
        ("a NOT BETWEEN -1 AND 2", leaf("a", "not between", (-1, 2))),
        ("a like 'x%'", leaf("a", "like", "x%")),
        ("a like '50!%\\' escape '!'", leaf("a", "like", r"50\%" + "\\\\")),
        ("a not ilike 'x_'", leaf("a", "not ilike", "x_")),
        ("contains(a.b, 'x')", leaf("a.b", "contains", "x")),
        ("Starts_With(a, 'x')", leaf("a", "starts_with", "x")),
        ("exists(a)", leaf("a", "is not null")),
        ("a is null", leaf("a", "is null")),
        ("a Is Not Null", leaf("a", "is not null")),
        ("native('q=1')", Native("q=1")),
        ("not a = 1 and b = 2", And((Not(leaf("a", "==", 1)), leaf("b", "==", 2)))),
        ("not not a = 1", Not(Not(leaf("a", "==", 1)))),
        ("a = 1 or b = 2 and c = 3", Or((leaf("a", "==", 1), And((leaf("b", "==", 2), leaf("c", "==", 3)))))),
        ("(a = 1 or b = 2) and c = 3", And((Or((leaf("a", "==", 1), leaf("b", "==", 2))), leaf("c", "==", 3)))),
        ("a = 1\n\tOR (b = 2 or c = 3)", Or((leaf("a", "==", 1), leaf("b", "==", 2), leaf("c", "==", 3)))),
    ],
)
def test_reads(text, tree):
    assert parse(text) == tree


@pytest.mark.parametrize(
    "name",
    [
        "date",
        "case",
        "group",
        "order",
        "key",
        "set",
        "comment",
        "start",
        "in",
        "and",
        "or",
        "not",
        "is",
        "like",
        "between",
        "escape",
        "null",
        "true",
        "false",
        "exists",
        "contains",
        "starts_with",
        "native",
    ],
)
def test_a_keyword_is_a_field_where_a_field_may_stand(name):
    assert parse(f"{name} = 1") == leaf(name, "==", 1)
    assert parse(f"a = 1 and {name} >= 1 or {name}.id < 2") == Or(
        (And((leaf("a", "==", 1), leaf(name, ">=", 1))), leaf(f"{name}.id", "<", 2))
    )
    assert parse(f"contains({name}, 'x') and a.{name} in (1)") == And(
        (leaf(name, "contains", "x"), leaf(f"a.{name}", "in", (1,)))
    )


@pytest.mark.parametrize("name", ["in", "and", "or", "is", "like", "between", "true", "null", "contains", "escape"])
def test_a_keyword_is_a_field_before_words_too(name):
    assert parse(f"not {name} in (1)") == Not(leaf(name, "in", (1,)))
    assert parse(f"{name} is not null") == leaf(name, "is not null")
    assert parse(f"{name} not like 'x'") == leaf(name, "not like", "x")


def test_not_is_a_field_where_it_is_compared():
    assert parse("not in (1)") == leaf("not", "in", (1,))
    assert parse("not like 'x'") == leaf("not", "like", "x")
    assert parse("not between -1 and 2") == leaf("not", "between", (-1, 2))
    assert parse("not is null or not is not null") == Or((leaf("not", "is null"), leaf("not", "is not null")))
    assert parse("not not in (1)") == Not(leaf("not", "in", (1,)))
    assert parse("not not.id = 1") == Not(leaf("not.id", "==", 1))


@pytest.mark.parametrize(
    ("text", "at", "message", "hint"),
    [
        ("", 0, "empty", "Leave it out"),
        ("  ", 2, "empty", "Leave it out"),
        ("a = 1 & b = 2", 6, "'&'", "'and'"),
        ("a = 1 && b = 2", 6, "'&&'", "'and'"),
        ("a = 1 | b = 2", 6, "'|'", "'or'"),
        ("a = 1 || b = 2", 6, "'||'", "'or'"),
        ("!a = 1", 0, "'!'", "'not'"),
        ("~a = 1", 0, "'~'", "'not'"),
        ("a === 1", 2, "'==='", "'='"),
        ("a => 1", 2, "'=>'", "'>='"),
        ("a =< 1", 2, "'=<'", "'<='"),
        ("a =~ 'x'", 2, "'=~'", "like"),
        ("40 <= age <= 60", 10, "chained", "between"),
        ("a = 1 = 2", 6, "chained", "between"),
        ("a = 1 -- that", 6, "comments", "quotes"),
        ("a = /* x */ 1", 4, "comments", "quotes"),
        ("a = 1 # that", 6, "comments", "quotes"),
        ("a = None", 4, "null", "a is null"),
        ("a.b != NULL", 7, "null", "a.b is null"),
        ("a = nan", 4, "null", "is null"),
        ("a in (1, null)", 9, "null", "is null"),
        ("1 = 1", 0, "names a field", "backticks"),
        ('"age" >= 40', 0, "names a field", "backticks"),
        ("'x'", 0, "names a field", "field = 'value'"),
        ("'a' in tags", 4, "on the left", "tags = 'a'"),
        ("a", 1, "comparison", "= true"),
        ("a and b = 1", 2, "comparison", "= true"),
        ("a = 'a' 'b'", 8, "side by side", "twice"),
        ("a = 'x", 4, "does not end", "not closed"),
        ('a = "x', 4, "does not end", "not closed"),
        ("`a = 1", 0, "does not end", "not closed"),
        ("`` = 1", 0, "name", "backticks"),
        ("a = 1kg", 4, "'1kg'", "quotes"),
        ("a = 1.2.3", 4, "'1.2.3'", "quotes"),
        ("a = 007", 4, "'007'", "quotes"),
        ("a = 1_000", 4, "'1_000'", "quotes"),
        ("a = 1e999", 4, "too large", "quotes"),
        ("a = 2020-01-31", 4, "date", "'2020-01-31'"),
        (r"a = \'x\'", 4, "'\\'", "backslash"),
        (r"a = 'it\'s'", 10, "does not end", "not closed"),
        ("a = ‘x’", 4, "meaning", "straight"),  # noqa: RUF001
        ("a = F", 4, "'F'", "quotes"),
        ("a = ", 4, "value", "'text'"),
        ("a + 1 = 2", 2, "'+'", "arithmetic"),
        ("a-b = 2", 1, "'-'", "backticks"),
        ("a = 1; b = 2", 5, "';'", "one condition"),
        ("a = ?", 4, "'?'", "placeholders"),
        ("a = 1 b = 2", 6, "'and' or 'or'", None),
        ("a in 1", 5, "list", "Write a in ("),
        ("a in (1 2)", 8, "','", None),
        ("a in (1]", 7, "','", None),
        ("a between 1, 2", 11, "'and'", "between 1 and 2"),
        ("a is true", 5, "null", "a = true"),
        ("a like 1", 7, "quotes", None),
        ("a like 'x!' escape '!'", 19, "escape", None),
        ("a like 'x' escape 'ab'", 18, "escape", None),
        ("lower(a) = 'x'", 0, "'lower'", "ilike"),
        ("reverse(a) = 'x'", 0, "'reverse'", "contains"),
        ("contains('x', a)", 9, "field", "contains(name"),
        ("a contains 'x'", 2, "function", "contains(a, 'x')"),
        ("a.1 = 2", 2, "name", "backticks"),
        ("(a = 1", 6, "')'", None),
        ("a = 1)", 5, "'and' or 'or'", None),
        ("a = $x", 4, "'$'", "placeholders"),
        ("and a = 1", 4, "joins two", "leave it out"),
        ("where a = 1", 6, "comparison", "the condition alone"),
        ("date", 4, "comparison", "field = 'value'"),
        ("size 'date'", 5, "comparison", "field = 'value'"),
        ("()", 1, "condition", "field = 'value'"),
        ("[a] = 1", 0, "condition", "backticks"),
        ("not", 3, "condition", "field = 'value'"),
        ("a = 40 years", 7, "'and' or 'or'", "several words in quotes"),
        ("a = 1,000", 6, "'000'", "1000"),
        ("a = 1,5", 5, "'and' or 'or'", "0.5"),
        ("a = .5", 4, "value", "0.5"),
        ("a = 5.", 5, "'and' or 'or'", "0.5"),
        ("a = +5", 4, "'+'", "no + before it"),
        ("a = --5", 4, "comments", "quotes"),
        ("a = 0x10", 4, "'0x10'", "1000"),
        ("a = 1e400", 4, "too large", "quotes"),
        ("a = 40%", 6, "'%'", "pattern"),
        ("a like %x%", 7, "'%'", "in quotes"),
        ("a like x", 7, "Text in quotes", "'text'"),
        ("a = 2020-1-1", 4, "date", "year first"),
        ("a = 01/02/2020", 4, "date", "year first"),
        ("a = 31.1.2020", 4, "date", "year first"),
        ("a = 2020-01-31T10:00:00Z", 4, "date", "'2020-01-31'"),
        ("a > today", 4, "'today'", "'2020-01-31'"),
        ("a > now()", 4, "'now'", "'2020-01-31'"),
        ("a > date '2020-01-31'", 4, "'date'", "'2020-01-31'"),
        ("a = yes", 4, "'yes'", "true or false"),
        ("a = inf", 4, "'inf'", "quotes"),
        ("a = b", 4, "'b'", "not compared with each other"),
        ("a = u'x'", 4, "'u'", "quotes"),
        ("a = 'x’", 4, "does not end", "straight"),  # noqa: RUF001
        ("a = “x”", 4, "meaning", "straight"),
        ("a ≥ 1", 2, "'≥'", "'>='"),
        ("a ≠ 1", 2, "'≠'", "'!='"),
        ("a = −5", 4, "'−'", "'-'"),  # noqa: RUF001
        ("a > = 5", 4, "value", "without a blank"),
        ("a ! = 5", 2, "'!'", "'!='"),
        ("a not = 5", 6, "'not'", "a != 'value'"),
        ("a in (== 1)", 6, "value", "Values are"),
        ("a in 'x'", 5, "list", "a in ('a', 'b')"),
        ("a in x", 5, "list", "a in ('a', 'b')"),
        ("a in (1,,2)", 8, "value", "Values are"),
        ("a in {1, 2}", 5, "'{'", "( )"),
        ("a = ['x', 'y']", 4, "One value", "a in ('a', 'b')"),
        ("a in ('x', ('y'))", 11, "One value", "a in ('a', 'b')"),
        ("a between (1, 2)", 10, "value", "a between 1 and 2"),
        ("a between 1 to 2", 12, "'and'", "a between 1 and 2"),
        ("a = 1 or 2", 9, "names a field", "field in ("),
        ("a is None", 5, "null", "a is null"),
        ("a is not 'x'", 9, "null", "a = 'value'"),
        ("a startswith 'x'", 2, "comparison", "starts_with(field"),
        ("startswith(a, 'x')", 0, "'startswith'", "starts_with(field"),
        ("endswith(a, 'x')", 0, "'endswith'", "like '%x'"),
        ("a.contains('x')", 10, "methods", "contains(a, 'x')"),
        ("a.isnull()", 8, "comparison", "field is null"),
        ("isna(a)", 0, "'isna'", "field is null"),
        ("a isin (1)", 2, "comparison", "field in ("),
        ("a regexp 'x'", 2, "comparison", "like 'x%'"),
        ("len(a) = 1", 0, "'len'", "not measured"),
        ("a[0] = 'x'", 1, "numbered", "any element"),
        ("contains(a 'x')", 11, "','", "contains(a, 'x')"),
        ("contains(a, 5)", 12, "Text in quotes", "'text'"),
        ("exists(a", 8, "')'", "closed"),
        ("a = @x", 4, "'@'", "placeholders"),
        ("a..b = 1", 2, "name", "backticks"),
        ("1kg", 0, "'1kg'", "backticks"),
        ("a = 'it's'", 9, "does not end", "twice"),
        ("a = 1 and", 9, "condition", "field = 'value'"),
    ],
)
def test_says_what_is_wrong_and_where(text, at, message, hint):
    with pytest.raises(QueryError) as caught:
        parse(text)
    error = caught.value
    said, line, caret = error.message.split("\n")
    assert error.code == "BD-QUERY-SYNTAX"
    assert line == "  " + text
    assert caret == " " * (at + 2) + "^"
    assert message in said
    assert hint is None or hint in (error.hint or "")


@pytest.mark.parametrize("sign", ["\u200b", "\ufeff", "\x00"])
def test_a_sign_that_cannot_be_seen_is_named(sign):
    with pytest.raises(QueryError) as caught:
        parse(f"a = 1 {sign}and b = 2")
    said, line, caret = caught.value.message.split("\n")
    assert f"U+{ord(sign):04X}" in said
    assert line[caret.index("^")] == " "
    assert sign not in str(caught.value)


def test_the_caret_stands_under_the_place_in_many_lines_and_in_a_long_one():
    with pytest.raises(QueryError) as caught:
        parse("a = 1\nand b = F\nand c = 2")
    assert caught.value.message.split("\n")[1:] == ["  and b = F", "          ^"]
    with pytest.raises(QueryError) as caught:
        parse("a in (" + ", ".join(str(n) for n in range(1000)) + ", F, 1, 2, 3)")
    _, line, caret = caught.value.message.split("\n")
    assert line[caret.index("^")] == "F"
    assert len(line) < 80


PIECES = (
    "a", "not", "and", "or", "in", "is", "null", "like", "between", "escape", "contains", "exists", "native",
    "true", "'x'", '"y"', "'", '"', "`b`", "`", "1", "-", "0.5", "1e9", "1kg", ".", ",", "(", ")", "[", "]", "=",
    "!=", "<=", "<>", "&", "||", "!", "--", "\\", "%", "2020-01-31", "\n", "\t", "\xa0", "\u200b", "é", "e\u0301",
    "\u2019",
)  # fmt: skip


def error_of(text):
    try:
        parse(text)
    except QueryError as error:
        return error
    return None


@given(st.lists(st.sampled_from(PIECES), max_size=14), st.sampled_from(["", " "]))
def test_any_text_is_a_filter_or_an_error_that_points_into_it(pieces, between):
    error = error_of(between.join(pieces))
    if error is not None:
        _, line, caret = error.message.split("\n")
        assert error.code == "BD-QUERY-SYNTAX"
        assert caret.strip() == "^"
        assert len(caret) <= len(line) + 1


def test_nesting_goes_to_the_limit_and_not_past_it():
    deep = "(" * MAX_NESTING + "a = 1" + ")" * MAX_NESTING
    assert parse(deep) == leaf("a", "==", 1)
    for text in ("(" + deep + ")", "not " * (MAX_NESTING + 1) + "a = 1", "(" * 100_000):
        with pytest.raises(QueryError, match="nested deeper than 64"):
            parse(text)


def test_long_lists_and_many_terms():
    assert parse(f"a in ({', '.join(map(str, range(1000)))})") == leaf("a", "in", tuple(range(1000)))
    many = parse(" or ".join(f"a = {n}" for n in range(200)))
    assert many == Or(tuple(leaf("a", "==", n) for n in range(200)))


def test_every_form_gives_a_tree():
    tree = (col("a") >= 1) & ~col("b").is_in(["x"])
    json = {
        "filter": "and",
        "parts": [
            {"filter": "leaf", "path": ["a"], "op": ">=", "value": 1},
            {"filter": "not", "part": {"filter": "leaf", "path": ["b"], "op": "in", "value": ("x",)}},
        ],
    }
    assert filters_from(None) == Always()
    assert filters_from(tree) is tree
    assert filters_from("a >= 1 and not b in ('x')") == filters_from(json) == tree


def test_what_is_no_filter():
    deep = {"filter": "leaf", "path": ["a"], "op": "is null"}
    for _ in range(5000):
        deep = {"filter": "not", "part": deep}
    known = {"filter": "leaf", "path": ["a"], "op": "==", "value": 1}
    wrong = [{"age": 1}, {**known, "op": "="}, {**known, "path": "a"}, {**known, "quantifer": "none"}]
    wrong += [{**known, "path": [1]}, {"filter": "and"}, {"filter": "not", "part": []}, {"filter": "lef"}]
    for value in (*wrong, {"filter": "and", "parts": ["a = 1"]}, {"filter": "native", "text": 5}):
        with pytest.raises(QueryError, match="in JSON form") as caught:
            filters_from(value)
        assert '"path": ["age"]' in caught.value.hint
    for value in ({"age": 1}, deep):
        with pytest.raises(QueryError) as caught:
            filters_from(value)
        assert caught.value.code == "BD-QUERY-JSON"
    with pytest.raises(QueryError, match="not made from a int"):
        filters_from(3)
