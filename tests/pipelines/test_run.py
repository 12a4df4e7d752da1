"""Whole runs between two DuckDB files: what is loaded, what is refused, and that nothing is loaded too early."""

import io
import json
import stat
from datetime import UTC, datetime
from decimal import Decimal
from functools import partial
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import biodata
from biodata.pipelines import load_pipeline
from biodata.pipelines.reports.progress import LineProgress
from biodata.pipelines.state.journal import Journal
from biodata.pipelines.state.reject_file import RejectFile, Which
from biodata.records import types as t
from biodata.records.types import Field, Integer, Json, List, Object, Schema, String

EVERY_FIELD = "[ID, SNP_ID, Ref_Counts, Alt_Counts]"


def rows(*counts):
    return [
        {"ID": str(number), "SNP_ID": "rs12460890", "Ref_Counts": str(ref), "Alt_Counts": str(alt)}
        for number, (ref, alt) in enumerate(counts, start=1)
    ]


@pytest.fixture
def state(tmp_path):
    def states():
        return [run.state for run in Journal(tmp_path / "state").runs()]

    return states


def fails(run, path, kind, code, words):
    with pytest.raises(kind, match=words) as caught:
        run(path)
    assert caught.value.code == code
    return caught.value


def nothing_loaded(connect):
    with connect("target") as connection:
        return connection.tables() == []


def test_the_real_rows_arrive(source, pipeline, run, target):
    source()
    report = run(pipeline())
    assert report.ok
    assert report.summary() == "counts: 21 rows read, 0 rejected; counts: 21 created, 0 updated, 0 unchanged"
    found = target()
    assert len(found) == 21
    assert found["ase-1418785"] == {"sample_id": "ase-1418785", "ref": 130, "alt": 121, "alt_fraction": 121 / 251}


def test_a_second_run_changes_nothing_and_says_so(source, pipeline, run, target):
    source()
    run(pipeline())
    before = target()
    report = run(pipeline())
    assert report.summary().endswith("counts: 0 created, 0 updated, 21 unchanged; nothing changed")
    assert report.changed == 0
    assert target() == before


def test_a_changed_row_is_updated(source, pipeline, run, target):
    source()
    run(pipeline())
    source(rows((1, 2)))
    with_one_more = run(pipeline(("{equals: {from: source/ASE, key: rs12460890, field: Samples}}", "{equals: 22}")))
    assert with_one_more.steps[0].tally == {"created": 1, "unchanged": 21}
    source([{"ID": "1", "Alt_Counts": "3"}])
    again = run(pipeline(("{equals: {from: source/ASE, key: rs12460890, field: Samples}}", "{equals: 22}")))
    assert again.steps[0].tally == {"updated": 1, "unchanged": 21}
    assert target()["ase-1"]["alt"] == 3


def test_the_report_has_the_facts_and_the_plot(source, pipeline, run, tmp_path):
    source()
    report = run(pipeline())
    assert (report.html_path, report.json_path) == (
        tmp_path / "reports/counts.html",
        tmp_path / "reports/counts.json",
    )
    html = report.html_path.read_text("utf-8")
    assert html.count("<circle") == 21
    assert 'class="equality"' in html
    facts = json.loads(report.json_path.read_bytes())
    assert facts["steps"][0]["rows_read"] == 21
    assert len(facts["steps"][0]["plots"][0]["points"]) == 21
    assert [check["detail"] for check in facts["steps"][0]["checks"]] == [
        "true for every row",
        "21 rows, 21 expected by source/ASE, field Samples",
    ]


def test_without_a_report_directory_the_run_keeps_its_report(source, pipeline, run, tmp_path):
    source()
    report = run(pipeline(), report_dir=None)
    assert report.html_path == tmp_path / "state/runs" / report.run_id / "report.html"
    assert report.html_path.exists()


def test_the_journal_knows_the_run_and_the_spool_is_gone(source, pipeline, run, tmp_path):
    source()
    report = run(pipeline())
    journal = Journal(tmp_path / "state")
    found = journal.runs()[0]
    assert (found.id, found.pipeline, found.state, found.version) == (report.run_id, "counts", "done", report.version)
    assert datetime.fromisoformat(found.started) <= datetime.now(UTC)
    step = journal.steps(report.run_id)[0]
    assert (step["state"], step["rows_read"], step["rows_out"], step["rejected"]) == ("done", 21, 21, 0)
    assert [(batch["rows"], batch["tally"]) for batch in journal.batches(report.run_id)] == [(21, {"created": 21})]
    assert not (journal.run_directory(report.run_id) / "spool").exists()


def test_lines_tell_how_it_goes_on(source, pipeline, run):
    source()
    stream = io.StringIO()
    run(pipeline(), progress=LineProgress(stream))
    assert stream.getvalue().splitlines() == [
        "counts: read source/SampleAse: 21 rows",
        "counts: transform and check rows: 21 rows, 0 rejected",
        "counts: counts are counts: holds, true for every row",
        "counts: all samples there: holds, 21 rows, 21 expected by source/ASE, field Samples",
        "counts: merge into target/ase_counts: 21 created, 0 updated, 0 unchanged",
    ]


def test_bad_rows_within_the_budget_are_set_apart(source, pipeline, run, target):
    source(rows((5, 5), (-1, 3), (0, 0), ("x", 1)), samples="4")
    report = run(pipeline(("budget: 0", "budget: 3")))
    assert report.ok
    assert report.rejected == 3
    assert [(tally.rule, tally.reason, tally.rows) for tally in report.steps[0].rejects] == [
        ("counts are counts", "it is not true for this row", [2]),
        ("column alt_fraction", "division by zero", [3]),
        ("column ref", "a value cannot be converted", [4]),
    ]
    assert set(target()) == {"ase-1"}
    kept = RejectFile(report.rejects_path.parent).find(Which(run=report.run_id))
    assert [(one.key, one.record["Ref_Counts"]) for one in kept] == [("2", "-1"), ("3", "0"), ("4", "x")]
    assert stat.S_IMODE(report.rejects_path.stat().st_mode) == 0o600


def test_more_rejects_than_the_budget_load_nothing(source, pipeline, run, connect, state, tmp_path):
    source(rows((5, 5), (-1, 3), (-2, 3)), samples="3")
    error = fails(
        run,
        pipeline(("budget: 0", "budget: 34%")),
        biodata.RejectBudgetExceeded,
        "BD-PIPELINE-BUDGET",
        "allows 1 of 3",
    )
    assert error.exit_status == 8
    assert "nothing was written" in str(error)
    assert nothing_loaded(connect)
    assert state() == ["failed"]
    report = json.loads((tmp_path / "reports/counts.json").read_bytes())
    assert (report["state"], report["error_code"]) == ("failed", "BD-PIPELINE-BUDGET")


def test_values_stay_out_of_reports_and_messages(source, pipeline, run, tmp_path):
    source(rows(("Jane Doe", 3), (1, 1)), samples="2")
    error = fails(run, pipeline(), biodata.RejectBudgetExceeded, "BD-PIPELINE-BUDGET", "row 1")
    text = (tmp_path / "reports/counts.html").read_text("utf-8") + (tmp_path / "reports/counts.json").read_text(
        "utf-8"
    )
    assert "Jane" not in text + str(error)


@pytest.mark.parametrize(("samples", "words"), [("22", "21 rows, 22 expected"), ("many", "no whole number")])
def test_a_set_check_that_fails_loads_nothing(source, pipeline, run, connect, state, samples, words):
    source(samples=samples)
    error = fails(run, pipeline(), biodata.CheckFailed, "BD-PIPELINE-CHECK", words)
    assert error.exit_status == 9
    assert nothing_loaded(connect)
    assert state() == ["failed"]


def test_rejected_rows_count_as_rows_that_were_there(source, pipeline, run):
    source(rows((5, 5), (-1, 3)), samples="2")
    assert run(pipeline(("budget: 0", "budget: 1"))).ok


def test_unique(source, pipeline, run, connect):
    source(rows((1, 1), (2, 2)), samples="2")
    check = "- {name: one each, unique: [sample_id]}"
    path = pipeline(
        ("- {name: counts are", f"{check}\n      - {{name: counts are"), ("'ase-' || src.ID", "src.SNP_ID")
    )
    fails(run, path, biodata.CheckFailed, "BD-PIPELINE-CHECK", "one each: sample_id: 1 value comes more than once")
    assert nothing_loaded(connect)
    assert run(pipeline(("- {name: counts are", f"{check}\n      - {{name: counts are"))).ok


@pytest.mark.parametrize(
    ("old", "new", "error", "words"),
    [
        ("source/SampleAse", "source/SampelAse", biodata.NotFound("", code="BD-NOT-FOUND-TABLE"), ":5: step counts"),
        ('"SNP_ID =', '"SNPID =', biodata.QueryError("", code="BD-QUERY-FIELD"), ":5: step counts: .*SNP_ID"),
        ("[ID,", "[IDS, ID,", biodata.QueryError("", code="BD-QUERY-FIELD"), ":5: step counts"),
        (
            "alt / (ref",
            "src.ID / (ref",
            biodata.QueryError("", code="BD-PIPELINE-EXPRESSION"),
            ":11: column alt_frac",
        ),
        ("field: Samples", "field: Sample", biodata.QueryError("", code="BD-QUERY-FIELD"), "Samples"),
        ("key: rs12460890", "key: rs0", biodata.NotFound(""), "step counts"),
    ],
)
def test_what_does_not_fit_is_told_before_anything_is_loaded(source, pipeline, run, connect, old, new, error, words):
    source()
    fails(run, pipeline((old, new)), type(error), error.code, words)
    assert nothing_loaded(connect)


def test_an_unknown_profile(source, pipeline, tmp_path, monkeypatch):
    (tmp_path / "profiles.yml").write_text("profiles: {sourc: {platform: duckdb, path: x.duckdb}}", "utf-8")
    monkeypatch.setenv("BIODATA_CONFIG", str(tmp_path / "profiles.yml"))
    with pytest.raises(biodata.ConfigError, match="source"):
        load_pipeline(pipeline()).run(state_dir=tmp_path / "state")


def test_an_unknown_field_of_src_where_the_file_does_not_list_the_fields(source, pipeline, run):
    source()
    path = pipeline((f", fields: {EVERY_FIELD}", ""), ("src.Ref_Counts", "src.Ref_Count"))
    fails(run, path, biodata.QueryError, "BD-PIPELINE-EXPRESSION", r":9:11: step counts: column ref: .*'Ref_Counts'")


def test_append_twice_is_refused_by_the_key(source, pipeline, run, target):
    source()
    path = pipeline(("mode: merge", "mode: append"))
    assert run(path).steps[0].tally == {"created": 21}
    fails(run, path, biodata.RejectBudgetExceeded, "BD-PIPELINE-BUDGET", "rejected, and the budget")
    assert len(target()) == 21


def test_what_a_transaction_undid_is_not_reported_as_done(source, pipeline, run, target, tmp_path):
    source(rows((1, 1), (2, 2)), samples="2")
    path = pipeline(("mode: merge", "mode: append"))
    run(path)
    source(rows((1, 1), (2, 2), *((number, number) for number in range(3, 1500))), samples="1499")
    error = fails(run, path, biodata.RejectBudgetExceeded, "BD-PIPELINE-BUDGET", "rejected")
    step = json.loads((tmp_path / "reports" / "counts.json").read_text())["steps"][0]
    assert (step["state"], step["tally"], len(target())) == ("checked", {}, 2)
    assert "nothing was written" in error.hint


def test_replace_leaves_exactly_what_was_read(source, pipeline, run, target):
    source()
    run(pipeline())
    source([{"ID": "1418785", "SNP_ID": "rs0"}], samples="20")
    report = run(pipeline(("mode: merge", "mode: replace")))
    assert report.steps[0].tally == {"deleted": 1, "unchanged": 20}
    assert "ase-1418785" not in target()


def test_replace_that_fails_changes_nothing(source, pipeline, run, target):
    source()
    run(pipeline())
    before = target()
    path = pipeline(("mode: merge", "mode: replace"), ("\"'ase-' || src.ID\"", "\"'a'\""))
    fails(run, path, biodata.CheckFailed, "BD-PIPELINE-CHECK", "each row has a key of its own")
    assert target() == before


def test_a_table_that_is_made_holds_what_the_source_holds_within_objects_too(pipeline, run, connect):
    seen = Object((Field("by", Json()), Field("town", String())))
    fields = (
        Field("ID", String(), required=True),
        Field("seen", seen),
        Field("all", List(seen)),
        Field("any", Json()),
    )
    record = {"ID": "1", "seen": {"by": {"a": [1]}, "town": "x"}, "all": [{"by": "b", "town": None}], "any": [1, {}]}
    with connect("source") as connection:
        connection.ensure(Schema("things", "ID", fields)).add(record).raise_for_refused()
    step = "{name: things, extract: {from: source/things}, load: {to: target/things, mode: merge, key: ID}}"
    assert run(pipeline(text=f"version: 1\nname: things\nsteps: [{step}]\n")).steps[0].tally == {"created": 1}
    with connect("target") as connection:
        assert [str(field.type) for field in connection["things"].schema["seen"].type.fields] == ["json", "string"]
        assert list(connection["things"].query()) == [record]


def test_a_table_of_another_shape_is_told(source, pipeline, run, connect):
    source()
    with connect("target") as connection:
        connection.ensure(
            Schema("ase_counts", "sample_id", (Field("sample_id", String(), required=True), Field("reff", Integer())))
        )
    fails(
        run,
        pipeline(),
        biodata.SchemaError,
        "BD-PIPELINE-FIELD",
        r":15:5: step counts: .*no field 'ref'; did you mean 'reff'",
    )


def test_another_key_is_told(source, pipeline, run):
    source()
    run(pipeline())
    fails(
        run,
        pipeline(("key: [sample_id]", "key: [ref]")),
        biodata.ConfigError,
        "BD-PIPELINE-KEY",
        "key of target/ase_counts is sample_id",
    )


def test_access_is_held(source, pipeline, tmp_path):
    source()
    readers = partial(biodata.connect, platform="duckdb", access="read")
    with pytest.raises(biodata.PermissionDenied):
        load_pipeline(pipeline()).run(
            connect=lambda name: readers(tmp_path / f"{name}.duckdb"), state_dir=tmp_path / "state"
        )


def test_dry_run_writes_nothing_and_says_what_would_come(source, pipeline, run, connect, target):
    source()
    report = run(pipeline(), dry_run=True)
    assert report.steps[0].preview == {"add": 21}
    assert "dry run, nothing was written" in report.summary()
    assert nothing_loaded(connect)
    run(pipeline())
    assert run(pipeline(), dry_run=True).steps[0].preview == {"leave": 21}


def test_many_rows_go_in_batches(source, pipeline, run, tmp_path):
    source(rows(*((number, number) for number in range(1, 2502))), samples="2501")
    report = run(pipeline())
    assert report.steps[0].tally == {"created": 2501}
    batches = Journal(tmp_path / "state").batches(report.run_id)
    assert [batch["rows"] for batch in batches] == [1000, 1000, 501]


def test_no_rows_at_all(source, pipeline, run, target):
    source([], samples="0")
    report = run(pipeline())
    assert (
        report.summary()
        == "counts: 0 rows read, 0 rejected; counts: 0 created, 0 updated, 0 unchanged; nothing changed"
    )
    assert target() == {}
    assert "no rows to show" in report.html_path.read_text("utf-8")


def test_two_steps_load_only_when_both_are_checked(source, pipeline, run, connect):
    source()
    second = """\
  - name: snps
    extract: {from: source/ASE}
    check:
      - {name: exactly two, count: {equals: 2}}
    load: {to: target/snps, mode: merge, key: [SNP_ID]}
"""
    path = pipeline(("on_reject", f"{second}on_reject"))
    fails(run, path, biodata.CheckFailed, "BD-PIPELINE-CHECK", "step snps: exactly two: 1 rows, 2 expected")
    assert nothing_loaded(connect)
    assert run(pipeline(("on_reject", second.replace("equals: 2", "equals: 1") + "on_reject"))).ok


def test_a_report_directory_that_cannot_be_is_told_first(source, pipeline, run, connect, tmp_path):
    source()
    (tmp_path / "file").write_text("")
    with pytest.raises(biodata.ConfigError, match="report directory"):
        run(pipeline(), report_dir=tmp_path / "file" / "reports")
    assert nothing_loaded(connect)


@pytest.mark.skipif(not Path("/proc/self").exists(), reason="needs a directory that takes no file")
def test_a_report_directory_that_takes_no_file_is_told_first(source, pipeline, run, connect):
    source()
    with pytest.raises(biodata.ConfigError, match="report directory"):
        run(pipeline(), report_dir=Path("/proc/self"))
    assert nothing_loaded(connect)


def test_a_report_that_cannot_be_written_does_not_make_the_run_undone(source, pipeline, run, target, tmp_path):
    source()
    (tmp_path / "reports" / "counts.html").mkdir(parents=True)
    fails(run, pipeline(), biodata.ConfigError, "BD-PIPELINE-REPORT", "The run is done, and its report cannot")
    assert len(target()) == 21
    assert [row.state for row in Journal(tmp_path / "state").runs()] == ["done"]


def test_a_report_that_cannot_be_written_hides_no_error(source, pipeline, run, tmp_path):
    source(samples="20")
    (tmp_path / "reports" / "counts.html").mkdir(parents=True)
    fails(run, pipeline(), biodata.CheckFailed, "BD-PIPELINE-CHECK", "21 rows, 20 expected")


def test_rows_that_share_a_key_are_not_merged_over_each_other(source, pipeline, run, connect):
    source(rows((1, 1), (2, 2)), samples="2")
    path = pipeline(("'ase-' || src.ID", "src.SNP_ID"))
    fails(
        run, path, biodata.CheckFailed, "BD-PIPELINE-CHECK", "each row has a key of its own: sample_id: 1 value comes"
    )
    assert nothing_loaded(connect)


def test_a_row_without_a_key_is_a_reject(source, pipeline, run, target):
    source(rows((1, 1), (2, 2), (3, 3)), samples="3")
    path = pipeline(("'ase-' || src.ID", "nullif(nullif(src.ID, '2'), '3')"), ("budget: 0", "budget: 2"))
    assert [(tally.stage, tally.rule, tally.rows) for tally in run(path).steps[0].rejects] == [
        ("load", "sample_id", [2, 3])
    ]
    assert set(target()) == {"1"}


DIGITS = """\
version: 1
name: digits
steps:
  - {name: read, extract: {file: a.parquet}, load: {to: target/numbers, mode: merge, key: id}}
  - name: sums
    extract: {sql: 'SELECT id, sum(n) AS n, sum(d) AS d FROM "read" GROUP BY id'}
    load: {to: target/sums, mode: merge, key: id}
"""


def test_a_table_that_is_made_holds_all_the_digits_of_its_columns(pipeline, run, connect, tmp_path):
    path = pipeline(text=DIGITS)
    long, whole = Decimal("12345678901234567890123456.25"), 10**29
    columns = {
        "id": ["a", "b"],
        "n": pa.array([5, -7]),
        "d": pa.array([long, Decimal("1.5")], pa.decimal128(30, 2)),
        "whole": pa.array([Decimal(whole), None], pa.decimal128(38)),
        "all": pa.array([[long], []], pa.list_(pa.decimal128(30, 2))),
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    run(path)
    with connect("target") as target:
        first, second = target["numbers"].query(order_by="id")
        assert first == {"id": "a", "n": 5, "d": long, "whole": whole, "all": [long]}
        assert str(second["d"]) == "1.50"
        assert [(one["n"], one["d"]) for one in target["sums"].query(order_by="id")] == [
            (5, long),
            (-7, Decimal("1.5")),
        ]
        kinds = {field.name: field.type for field in target["sums"].schema}
    assert kinds == {"id": String(), "n": Integer(128), "d": t.Decimal(38, 2)}
    assert run(path).changed == 0
