"""`extract: {sql: …}`: a SELECT over earlier steps and local tables; and the bar plot."""

from __future__ import annotations

from textwrap import dedent

import pyarrow as pa
import pytest

from biodata.errors import ConfigError, QueryError
from biodata.pipelines import load_pipeline
from biodata.pipelines.sources.select import Select
from biodata.records.types import Field, Json, Schema, String

FILE = """\
version: 1
name: joined
steps:
  - name: counts
    extract: {from: source/SampleAse, fields: [ID, SNP_ID, Ref_Counts]}
    transform:
      - columns: {id: src.ID, snp: src.SNP_ID, ref: CAST(src.Ref_Counts AS INTEGER)}
  - name: sizes
    extract:
      sql: SQL
    load: {to: target/sizes, mode: merge, key: [snp]}
    plot: {bar: size}
"""
SELECT = """\
|
        SELECT c.snp, count(*) AS number, CASE WHEN sum(c.ref) > 1000 THEN 'much' ELSE 'little' END AS size
        FROM counts c JOIN source.ASE a ON a.SNP_ID = c.snp GROUP BY c.snp
"""


def pipeline(tmp_path, sql=SELECT):
    file = tmp_path / "joined.yml"
    file.write_text(dedent(FILE).replace("SQL", sql, 1), encoding="utf-8")
    return load_pipeline(file)


def test_a_select_over_a_step_and_a_local_table(tmp_path, connect, source):
    source()
    report = pipeline(tmp_path).run(connect=connect, report_dir=tmp_path / "reports", state_dir=tmp_path / "state")
    counts, sizes = report.steps
    assert (counts.rows_read, counts.target, sizes.rows_read, sizes.tally) == (21, None, 1, {"created": 1})
    assert sizes.source == "SELECT over counts, source/ASE"
    assert sizes.plots[0].bars == (("much", 1),)
    assert "Rows by size" in report.html_path.read_text(encoding="utf-8")
    with connect("target") as target:
        assert list(target["sizes"].query()) == [{"snp": "rs12460890", "number": 21, "size": "much"}]


def test_a_second_run_changes_nothing(tmp_path, connect, source):
    source()
    run = pipeline(tmp_path)
    run.run(connect=connect, state_dir=tmp_path / "state")
    again = run.run(connect=connect, state_dir=tmp_path / "state")
    assert again.steps[1].tally == {"unchanged": 1}
    assert again.changed == 0


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT * FROM read_csv('/etc/passwd')", "the table function read_csv is not allowed"),
        ("INSERT INTO counts VALUES (1)", "expected one SELECT"),
        ("SELECT 1; SELECT 2", "expected one SELECT"),
        ("SELEC 1", "expected one SELECT"),
    ],
)
def test_what_is_no_select_is_an_error_of_the_file(tmp_path, sql, words):
    with pytest.raises(ConfigError, match=words):
        pipeline(tmp_path, f'"{sql}"')


@pytest.mark.parametrize(
    ("sql", "words"),
    [
        ("SELECT * FROM nowhere", "there is no other step 'nowhere'; there is counts"),
        ("SELECT * FROM sizes", "there is no other step 'sizes'"),
        ("SELECT nothing FROM counts", "nothing"),
        ("SELECT * FROM '/etc/passwd'", "no other step"),
        ("SELECT id, ref, 'zz' AS ref FROM counts", "two columns of one name: 'ref'"),
        ("SELECT id, snp AS ID FROM counts", "two columns of one name: 'id' and 'ID', which are one name in SQL"),
        ("SELECT * FROM counts JOIN counts AS other USING (id)", "two columns of one name: 'snp'"),
    ],
)
def test_what_does_not_fit_is_found_before_anything_is_read(tmp_path, connect, source, sql, words):
    source()
    with pytest.raises((ConfigError, QueryError), match=words):
        pipeline(tmp_path, f'"{sql}"').run(connect=connect, state_dir=tmp_path / "state")


def test_json_stays_json(tmp_path, connect):
    notes = Schema("notes", "id", (Field("id", String(), required=True), Field("note", Json())))
    with connect("source") as connection:
        connection.ensure(notes).add({"id": "n1", "note": {"a": [1, None]}})
    file = tmp_path / "notes.yml"
    file.write_text(
        "version: 1\nname: notes\nsteps:\n"
        "  - {name: all, extract: {from: source/notes}}\n"
        '  - {name: copied, extract: {sql: SELECT * FROM "all"}, '
        "load: {to: target/notes, mode: merge, key: [id]}}\n",
        encoding="utf-8",
    )
    load_pipeline(file).run(connect=connect, state_dir=tmp_path / "state")
    with connect("target") as target:
        assert target["notes"].schema["note"].type == Json()
        assert target["notes"].get("n1")["note"] == {"a": [1, None]}


def test_lists_of_json_stay_lists_of_json():
    schema = pa.schema([pa.field("notes", pa.list_(pa.string()), metadata={"biodata": "json"})])
    answer = Select("SELECT notes, notes[1] AS first FROM visits", {"visits": schema}, {}).schema
    assert answer.field("notes").type == pa.list_(pa.string())
    assert [one.metadata for one in answer] == [{b"biodata": b"json"}] * 2
