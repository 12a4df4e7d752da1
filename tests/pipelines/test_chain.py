"""A step's operations one after the other: segments, rejects and their way back, and that no row is lost."""

import datetime as dt

import pyarrow as pa
import pytest

from biodata.pipelines.operations.check import check_expressions
from biodata.pipelines.reports.progress import Silent
from biodata.pipelines.spec import (
    CodeList,
    Column,
    Columns,
    Dedupe,
    Explode,
    Links,
    PythonCall,
    Rename,
    Split,
)
from biodata.pipelines.state.spool import BATCH_ROWS
from tests.pipelines.chains import JSON, compiled, run, step, through

SCHEMA = pa.schema([("id", pa.string()), ("codes", pa.string()), ("n", pa.string())])
ROWS = [
    {"id": "p1", "codes": "1,x", "n": "1"},
    {"id": "p2", "codes": "2", "n": "y"},
    {"id": "p3", "codes": None, "n": "3"},
]


def columns(*, keep=False, **expressions):
    return Columns(tuple(Column(name, text, 1) for name, text in expressions.items()), keep)


NUMBERS = columns(id="src.id", codes="src.codes", n="CAST(src.n AS INTEGER)")
CODES = columns(id="src.id || '-' || coalesce(src.code, '')", code="CAST(src.code AS INTEGER)")
WHOLE = (NUMBERS, Split("codes"), Explode("codes", "code"), CODES)


def test_a_row_is_rejected_with_the_record_that_entered_its_segment():
    found = through(ROWS, *WHOLE, schema=SCHEMA)
    assert found.rows == [{"id": "p1-1", "code": 1}, {"id": "p3-", "code": None}]
    assert found.numbers == [1, 3]
    second, first = found.rejects
    assert (first.row, first.rule, first.at, first.key, first.record) == (2, "column n", 0, "p2", ROWS[1])
    exploded = {"id": "p1", "codes": ["1", "x"], "n": 1, "code": "x"}
    assert (second.row, second.rule, second.at, second.key, second.record) == (1, "column code", 1, None, exploded)
    assert first.code == "BD-PIPELINE-ROW"


def test_a_corrected_reject_goes_on_from_where_it_was_and_makes_no_row_twice():
    found = through(ROWS, *WHOLE, schema=SCHEMA)
    assert (found.chain.end, found.chain.entering(0)) == (2, SCHEMA)
    assert found.chain.entering(1).names == ["id", "codes", "n", "code"]
    second, first = found.rejects
    again = run(found.chain, [second.record | {"code": "7"}], start=second.at, numbers=[second.row])
    assert (again.rows, again.numbers, again.rejects) == ([{"id": "p1-7", "code": 7}], [1], [])
    again = run(found.chain, [first.record | {"n": "2"}], start=first.at, numbers=[first.row])
    assert (again.rows, again.numbers) == ([{"id": "p2-2", "code": 2}], [2])


def test_what_went_through_everything_enters_at_the_end_and_comes_out_as_it_is():
    chain = compiled(SCHEMA, *WHOLE)
    assert chain.entering(chain.end) == chain.schema
    assert run(chain, [{"id": "a", "code": 1}], start=chain.end).rows == [{"id": "a", "code": 1}]


def test_a_chain_of_nothing():
    chain = compiled(SCHEMA)
    assert (chain.end, chain.schema) == (0, SCHEMA)
    assert run(chain, ROWS).rows == ROWS


FIRST, LAST = Dedupe(("id",)), Dedupe(("id",), "last")
TWINS = [{"id": "a", "n": "1"}, {"id": "b", "n": "x"}, {"id": "a", "n": "2"}, {"id": "c", "n": "3"}]
INTEGER = columns(id="src.id", n="CAST(src.n AS INTEGER)")
LETTER = columns(keep=True, id="upper(src.id)")


@pytest.mark.parametrize(
    ("operations", "numbers", "at"),
    [
        ((FIRST, INTEGER), [1, 4], 1),
        ((INTEGER, LAST), [3, 4], 0),
        ((FIRST, INTEGER, LAST), [1, 4], 1),
        ((FIRST, LAST, INTEGER), [1, 4], 2),
        ((INTEGER, FIRST, LETTER), [1, 4], 0),
        ((LETTER, LAST, INTEGER, LETTER), [3, 4], 1),
    ],
)
def test_operations_that_see_all_rows_stand_anywhere(operations, numbers, at):
    schema = pa.schema([("id", pa.string()), ("n", pa.string())])
    found = through(TWINS, *operations, schema=schema)
    assert found.numbers == numbers
    assert [row["n"] for row in found.rows] == [int(TWINS[number - 1]["n"]) for number in numbers]
    assert [(one.row, one.at) for one in found.rejects] == [(2, at)]
    again = run(found.chain, [found.rejects[0].record | {"n": "5"}], start=at, numbers=[2])
    assert ([row["n"] for row in again.rows], again.numbers) == ([5], [2])


TYPES = pa.schema(
    [
        ("id", pa.string()),
        ("small", pa.int8()),
        ("day", pa.date32()),
        ("at", pa.timestamp("us", "UTC")),
        ("big", pa.decimal128(38)),
        pa.field("doc", pa.string(), metadata=JSON),
        pa.field("docs", pa.list_(pa.string()), metadata=JSON),
        ("o", pa.struct([("a", pa.int64()), pa.field("more", pa.string(), metadata=JSON)])),
        ("l", pa.list_(pa.struct([("a", pa.string())]))),
    ]
)
ROW = {
    "id": "x",
    "small": 1,
    "day": dt.date(2024, 1, 2),
    "at": dt.datetime(2024, 1, 2, tzinfo=dt.UTC),
    "big": 10**30,
    "doc": {"a": [1]},
    "docs": [1, {"b": None}],
    "o": {"a": 1, "more": {"c": 1}},
    "l": [{"a": "1"}],
}


def same(schema, names):
    wanted = pa.schema([TYPES.field(name) for name in names])
    return schema == wanted and [one.metadata for one in schema] == [one.metadata for one in wanted]


def test_columns_that_are_kept_follow_as_they_are_with_types_and_marks():
    found = through([ROW], columns(keep=True, twice="src.small * 2", day="src.day"), schema=TYPES)
    names = [name for name in TYPES.names if name != "day"]
    assert found.schema.names == ["twice", "day", *names]
    assert same(pa.schema(list(found.schema)[2:]), names)
    assert found.rows == [{"twice": 2} | ROW]


def test_a_column_takes_the_place_of_one_that_differs_in_case():
    assert through([{"ID": 1, "n": 2}], columns(keep=True, id="src.ID + 1")).rows == [{"id": 2, "n": 2}]


def test_expressions_hand_on_json_within_lists_and_structs():
    named = {name: f"src.{name}" for name in TYPES.names}
    found = through([ROW], columns(**named), schema=TYPES)
    assert found.rows == [ROW]
    assert found.schema == TYPES
    assert found.schema.field("docs").metadata == TYPES.field("docs").metadata
    inner = found.schema.field("o").type.field("more")
    assert inner.metadata == {b"biodata": b"json"}


def test_rejects_have_the_values_of_json():
    found = through([ROW], columns(keep=True, bad="CAST(src.id AS INTEGER)"), schema=TYPES)
    assert found.rejects[0].record == ROW
    again = run(found.chain, [found.rejects[0].record | {"id": "5"}], numbers=[1])
    assert again.rows == [{"bad": 5} | ROW | {"id": "5"}]


def test_several_columns_see_what_the_one_before_made():
    two = (columns(a="src.n + 1", b="a * 2"), columns(keep=True, b="src.a + src.b"), columns(c="src.b", d="src.a"))
    assert through([{"n": 1}], *two).rows == [{"c": 6, "d": 2}]


LISTS = pa.schema([("id", pa.string()), ("n", pa.int64()), ("tags", pa.list_(pa.string())), ("t", pa.string())])
SOME = [
    {"id": "a", "n": 1, "tags": ["x"], "t": "u"},
    {"id": "b", "n": 2, "tags": ["y"], "t": "v"},
    {"id": "c", "n": None, "tags": ["z"], "t": "w"},
]


@pytest.mark.parametrize(
    "operation",
    [
        None,
        columns(n="src.n"),
        columns(keep=True, more="src.n"),
        Rename((("id", "name"),)),
        Links((("person", "id"),)),
        Split("t"),
        Explode("tags"),
        Dedupe(),
        CodeList("t", (("u", "U"), ("v", "V"), ("w", "W"))),
        PythonCall("copy:copy"),
    ],
    ids=str,
)
def test_row_checks_look_at_what_the_last_operation_gives(operation):
    operations = () if operation is None else (operation,)
    checks = [("is one", "n = 1"), ("known", "src.n IS NOT NULL")]
    assert list(check_expressions(step(*operations, checks=checks), tuple(LISTS.names))) == []
    found = through(SOME, *operations, schema=LISTS, checks=checks)
    assert found.numbers == [1]
    assert found.faults == [(row, "check", "is one", "it is not true for this row") for row in (2, 3)]
    assert {one.code for one in found.rejects} == {"BD-PIPELINE-ROW-CHECK"}
    at = 1 if isinstance(operation, Explode | Dedupe | PythonCall) else 0
    assert {one.at for one in found.rejects} == {at}


def test_checks_see_kept_columns_as_columns_and_know_which_there_are():
    keep = columns(keep=True, more="src.n")
    assert through(SOME, keep, schema=LISTS, checks=[("t", "t = 'u' AND more = n")]).numbers == [1]
    wrong = step(keep, checks=[("t", "tt = 'u'")])
    (problem,) = check_expressions(wrong, ("id", "n", "t"))
    assert "unknown name 'tt'" in problem[2]
    hidden = step(columns(more="src.n"), checks=[("t", "t = 'u'")])
    assert "a field of the source is src.t" in next(iter(check_expressions(hidden, ("id", "n", "t"))))[2]


def test_columns_that_differ_in_case_only_cannot_be_told_apart_and_that_is_said():
    twins = step(columns(x="src.a"), checks=[])
    (problem,) = check_expressions(twins, ("A", "a"))
    assert "'A' and 'a' differ in case only" in problem[2]
    lambdas = step(columns(a="src.b", x="list_transform(src.l, a -> a + 1)"))
    assert list(check_expressions(lambdas, ("A", "a", "b", "l"))) == []


KEYED = pa.schema([("id", pa.string()), ("n", pa.string()), ("t", pa.string())])
SEX = CodeList("t", (("m", "male"),))


@pytest.mark.parametrize(
    ("operations", "key", "found"),
    [
        ((columns(id="src.id", n="CAST(src.n AS INTEGER)"),), ("id",), ("p1",)),
        ((columns(id="src.id", n="CAST(src.n AS INTEGER)"),), ("n",), None),
        ((columns(id="src.n || 'x'", n="CAST(src.n AS INTEGER)", t="n + 1"),), ("id",), ("yx",)),
        ((columns(keep=True, n="CAST(src.n AS INTEGER)"),), ("id", "t"), ("p1", "m")),
        ((columns(keep=True, n="CAST(src.n AS INTEGER)"), Rename((("id", "name"),))), ("name",), ("p1",)),
        ((columns(keep=True, n="CAST(src.n AS INTEGER)"), Links((("who", "id"),)), Dedupe()), ("who",), ("p1",)),
        ((columns(keep=True, n="CAST(src.n AS INTEGER)"), Split("t"), Explode("t")), ("id",), ("p1",)),
        ((columns(keep=True, n="CAST(src.n AS INTEGER)"), Split("t"), Explode("t")), ("t",), None),
        ((columns(keep=True, n="CAST(src.n AS INTEGER)"), LETTER), ("id",), None),
        ((columns(keep=True, n="CAST(src.n AS INTEGER)"), PythonCall("copy:copy")), ("id",), None),
        ((Rename((("id", "name"),)), columns(keep=True, n="CAST(src.n AS INTEGER)")), ("name",), ("p1",)),
        ((columns(keep=True, n="CAST(src.n AS INTEGER)"),), (), None),
    ],
    ids=str,
)
def test_the_key_in_the_target_is_told_where_no_later_operation_makes_it(operations, key, found):
    one = through([{"id": "p1", "n": "y", "t": "m"}], *operations, schema=KEYED, key=key, keys=True)
    assert [reject.target_key for reject in one.rejects] == [found]


def test_the_key_in_the_target_of_a_row_that_a_check_rejects():
    rows = [{"id": "p1", "n": "y", "t": "m"}, {"id": None, "n": "y", "t": "m"}]
    two = (columns(keep=True, name="src.id || '!'"),)
    found = through(rows, *two, schema=KEYED, key=("name",), checks=[("no", "n = 'z'")])
    assert [one.target_key for one in found.rejects] == [("p1!",), None]


class Told(Silent):
    def __init__(self):
        self.rows = []

    def advance(self, rows):
        self.rows.append(rows)


@pytest.mark.parametrize("operations", [WHOLE, (*WHOLE, Dedupe()), (Dedupe(), *WHOLE), (Dedupe(("id",)),)], ids=len)
def test_many_batches_keep_their_numbers_and_progress_is_told_once(operations):
    number = 2 * BATCH_ROWS + 5
    rows = [{"id": f"p{at}", "codes": "1,2", "n": "x" if at % 1000 == 7 else "1"} for at in range(number)]
    told = Told()
    chain = compiled(SCHEMA, *operations)
    found = run(chain, rows, progress=told)
    bad = {at + 1 for at in range(number) if at % 1000 == 7} if len(operations) > 1 else set()
    assert {one.row for one in found.rejects} == bad
    times = 2 if len(operations) > 1 else 1
    assert found.numbers == [at for at in range(1, number + 1) if at not in bad for _ in range(times)]
    assert sum(told.rows) == number


@pytest.mark.parametrize("operations", [(), WHOLE, (Dedupe(), *WHOLE), (*WHOLE, Dedupe())], ids=len)
def test_no_rows(operations):
    found = through([], *operations, schema=SCHEMA)
    assert (found.rows, found.rejects) == ([], [])
    assert found.schema == found.chain.schema


def test_all_rows_rejected():
    found = through([{"n": "x"}] * 3, columns(n="CAST(src.n AS INTEGER)"), Dedupe())
    assert (found.rows, len(found.rejects)) == ([], 3)


def test_a_reject_may_stop_it():
    chain = compiled(SCHEMA, *WHOLE)

    class TooMany(Exception):
        pass

    with pytest.raises(TooMany):
        run(chain, ROWS, rejected=lambda _: (_ for _ in ()).throw(TooMany))


def test_what_is_left_out_is_told_in_the_order_of_operations():
    rows = [{"id": "a", "tags": []}, {"id": "a", "tags": ["x", "x"]}]
    schema = pa.schema([("id", pa.string()), ("tags", pa.list_(pa.string()))])
    found = through(rows, Explode("tags", empty="drop"), Dedupe(("id", "tags")), schema=schema)
    assert found.chain.notes() == ("explode tags: 1 rows are left out", "dedupe id, tags: 1 rows are left out")
