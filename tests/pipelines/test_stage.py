"""Rows through expressions and row checks: what passes, what is rejected and with which words."""

import pyarrow as pa
import pytest

import biodata
from biodata.pipelines.operations.base import Surroundings
from biodata.pipelines.operations.chain import Chain
from biodata.pipelines.operations.segments import through as through_links
from biodata.pipelines.operations.stage import Stage
from biodata.pipelines.rows import Fault, Rows, nested
from biodata.pipelines.spec import Address, Column, Columns, Extract, RowCheck, Step

EXTRACT = Extract(Address("source", "table"))


def step(columns=(), checks=()):
    made = tuple(Column(name, text, line) for line, (name, text) in enumerate(columns, start=1))
    tests = tuple(RowCheck(name, text, 50) for name, text in checks)
    return Step("s", EXTRACT, (Columns(made),) if made else (), tests)


def through(one, schema, rows):
    """What comes out of the chain: rows and faults."""
    links = [link for segment in Chain(one, schema, Surroundings("f.yml", "s"))._segments for link in segment.links]
    return [piece if isinstance(piece, Rows) else piece[1] for piece in through_links(links, rows)]


def apply(one, rows, first=1, schema=None):
    batch = pa.RecordBatch.from_pylist(rows, schema=schema)
    pieces = through(one, batch.schema, Rows.counted(batch, first))
    passed = [row for piece in pieces if isinstance(piece, Rows) for row in piece.batch.to_pylist()]
    numbers = [n for piece in pieces if isinstance(piece, Rows) for n in piece.numbers.to_pylist()]
    faults = sorted((p.row, p.stage, p.rule, p.reason) for p in pieces if isinstance(p, Fault))
    return passed, numbers, faults


def test_columns_chain_and_replace_the_fields():
    one = step(
        [("ref", "CAST(src.r AS INTEGER)"), ("twice", "ref * 2"), ("r", "'own ' || src.r"), ("again", "r || '!'")]
    )
    passed, numbers, faults = apply(one, [{"r": "4", "other": 1}], first=7)
    assert passed == [{"ref": 4, "twice": 8, "r": "own 4", "again": "own 4!"}]
    assert (numbers, faults) == ([7], [])


def test_the_bad_rows_are_found_among_many_and_the_others_go_on():
    rows = [{"n": str(number)} for number in range(1000)]
    rows[3]["n"], rows[500]["n"], rows[999]["n"] = "x", "0", "99999999999"
    one = step([("n", "CAST(src.n AS INTEGER)"), ("share", "1 / n")])
    passed, numbers, faults = apply(one, rows)
    assert faults == [
        (1, "transform", "column share", "division by zero"),
        (4, "transform", "column n", "a value cannot be converted"),
        (501, "transform", "column share", "division by zero"),
        (1000, "transform", "column n", "a value cannot be converted"),
    ]
    assert len(passed) == 996
    assert numbers == [number for number in range(1, 1001) if number not in {1, 4, 501, 1000}]


def test_many_bad_rows_are_found_with_a_few_questions_each(monkeypatch):
    asked = []
    evaluate = Stage._evaluate
    monkeypatch.setattr(Stage, "_evaluate", lambda *given, **named: asked.append(1) or evaluate(*given, **named))
    one = step([("n", "CAST(src.n AS INTEGER)")], [("small", "n < 2000")])
    passed, _, faults = apply(one, [{"n": "x" if number % 10 == 0 else str(number)} for number in range(1000)])
    assert (len(passed), len(faults)) == (900, 100)
    assert len(asked) < 100 * 3


def test_rows_that_duckdb_cannot_tell_apart_are_found_by_halves(monkeypatch):
    monkeypatch.setattr(Stage, "_evaluable", lambda *_: None)
    one = step([("n", "CAST(src.n AS INTEGER)")])
    _, numbers, faults = apply(one, [{"n": "x" if number == 5 else str(number)} for number in range(9)])
    assert ([fault[0] for fault in faults], len(numbers)) == ([6], 8)


def test_reasons_hold_no_value():
    faults = apply(step([("n", "CAST(src.n AS INTEGER)")]), [{"n": "Jane Doe"}])[2]
    assert "Jane" not in str(faults)


def test_a_check_that_is_false_or_null_rejects():
    one = step([("n", "src.n")], [("small", "n < 10"), ("even", "n % 2 = 0")])
    passed, _, faults = apply(one, [{"n": 2}, {"n": 3}, {"n": None}, {"n": 11}])
    assert passed == [{"n": 2}]
    assert faults == [
        (row, "check", rule, "it is not true for this row") for row, rule in ((2, "even"), (3, "small"), (4, "small"))
    ]


def test_a_check_that_cannot_be_evaluated_rejects():
    faults = apply(step([("n", "src.n")], [("c", "1 // n > 0")]), [{"n": 1}, {"n": 0}])[2]
    assert faults == [(2, "check", "check c", "division by zero")]


def test_checks_without_columns_see_the_fields():
    passed, _, faults = apply(
        step(checks=[("named", "name <> '' AND src.name <> 'x'")]), [{"name": "a"}, {"name": ""}]
    )
    assert passed == [{"name": "a"}]
    assert len(faults) == 1


def test_no_operation_changes_nothing():
    assert apply(step(), [{"a": 1, "b": [1]}])[0] == [{"a": 1, "b": [1]}]


def test_types_that_do_not_fit_are_found_before_any_row():
    schema = pa.schema([("a", pa.string())])
    with pytest.raises(biodata.QueryError, match=r"f\.yml:2:0: column bad: .*No function matches") as caught:
        Chain(step([("a", "src.a"), ("bad", "a + 1")]), schema, Surroundings("f.yml", "s"))
    assert caught.value.code == "BD-PIPELINE-EXPRESSION"


def test_times_are_kept_in_utc():
    passed = apply(step([("at", "TIMESTAMP '2024-05-01 10:00:00'")]), [{"a": 1}])[0]
    assert passed[0]["at"].isoformat() == "2024-05-01T10:00:00+00:00"


def test_dotted_fields_become_structs():
    batch = pa.RecordBatch.from_pydict({"id": [1], "sex.id": ["F"], "sex.label": ["female"], "a": [1], "a.b": [2]})
    assert nested(batch).to_pylist() == [{"id": 1, "sex": {"id": "F", "label": "female"}, "a": 1, "a.b": 2}]


def test_expressions_step_into_structs():
    assert apply(step([("sex", "src.sex.id")]), [{"sex": {"id": "F"}}, {"sex": None}])[0] == [
        {"sex": "F"},
        {"sex": None},
    ]


@pytest.mark.parametrize("asked", [True, False])
def test_structs_within_structs_are_read_of_rows_alone_too(monkeypatch, asked):
    if not asked:
        monkeypatch.setattr(Stage, "_evaluable", lambda *_: None)
    rows = [{"n": "x" if number in {0, 5} else str(number), "o": {"a": {"b": str(number)}}} for number in range(9)]
    passed, numbers, faults = apply(step([("b", "src.o.a.b"), ("n", "CAST(src.n AS INTEGER)")]), rows)
    assert passed == [{"b": str(number), "n": number} for number in range(9) if number not in {0, 5}]
    assert numbers == [2, 3, 4, 5, 7, 8, 9]
    assert [fault[:3] for fault in faults] == [(row, "transform", "column n") for row in (1, 6)]


def test_two_operations_in_order():
    two = Step("s", EXTRACT, (Columns((Column("a", "src.n + 1"),)), Columns((Column("b", "src.a * 10"),))), ())
    assert apply(two, [{"n": 1}])[0] == [{"b": 20}]


def test_json_stays_json():
    from biodata.records.arrow import from_arrow, to_batch

    schema = pa.schema([pa.field("doc", pa.string(), metadata={"biodata": "json"})])
    rows = Rows.counted(to_batch([{"doc": {"a": [1, "x"]}}, {"doc": None}], schema), 1)
    one = step([("doc", "src.doc"), ("first", "src.doc ->> '$.a[1]'"), ("made", "json_object('n', first)")])
    (piece,) = through(one, schema, rows)
    assert list(from_arrow(piece.batch)) == [
        {"doc": {"a": [1, "x"]}, "first": "x", "made": {"n": "x"}},
        {"doc": None, "first": None, "made": {"n": None}},
    ]
