"""`biodata rejects`: told without values, exported for their owner alone, dropped when somebody says so."""

import csv
import json
import stat

import openpyxl
import pytest

import biodata
from biodata.records.types import Date, Field, Integer, Json, Schema, String

PEOPLE = Schema(
    "people", "id", (Field("id", String(), required=True), Field("age", Integer()), Field("born", Date()))
)
PIPELINE = """
version: 1
name: ages
steps:
  - name: ages
    extract: {from: source/people}
    transform:
      - columns: {id: src.id, age: src.age, share: 100 / src.age}
    check:
      - {name: an age, rows: "age >= 0"}
    load: {to: target/ages, mode: merge, key: [id]}
on_reject: {budget: 90%}
"""
ROWS = [
    {"id": "Jane", "age": -77777, "born": "2001-02-03"},
    {"id": "John", "age": -8, "born": None},
    {"id": "Joan", "age": 5, "born": "2001-02-03"},
]


@pytest.fixture
def rejected(run, profiles, home):
    """A run of which two records were rejected; gives its id."""
    profiles(*(f"{name}: {{platform: duckdb, path: '{home}/{name}.duckdb'}}" for name in ("source", "target")))
    with biodata.connect("source") as connection:
        connection.ensure(PEOPLE).add(ROWS).raise_for_refused()
    (home / "ages.yml").write_text(PIPELINE)
    done = run("run", "ages.yml", "-o", "json")
    assert done.status == 0, done.err
    return json.loads(done.out)["run_id"]


def listed(run, *options):
    shown = run("rejects", "list", *options, "-o", "json")
    assert shown.status == 0, shown.err
    return json.loads(shown.out)


def test_nothing_was_rejected_yet(run):
    assert run("rejects", "list", "-o", "json").out == "[]\n"
    assert run("rejects", "list").out == ""


def test_list_says_which_and_why_and_no_value(run, rejected):
    rows = listed(run)
    assert [(row["id"], row["row"], row["rule"], row["stage"], row["state"]) for row in rows] == [
        (1, 1, "an age", "check", "open"),
        (2, 2, "an age", "check", "open"),
    ]
    assert {row["run"] for row in rows} == {rejected}
    table = run("rejects", "list", "-o", "table").out
    assert "an age" in table
    assert not any(name in table + json.dumps(rows) for name in ("Jane", "John", "-77777", "2001-02"))


def test_list_counts_by_rule(run, rejected):
    (row,) = listed(run, "--by-rule")
    assert {name: row[name] for name in ("count", "pipeline", "step", "rule", "reason", "first")} == {
        "count": 2, "pipeline": "ages", "step": "ages", "rule": "an age", "reason": "it is not true for this row",
        "first": 1,
    }  # fmt: skip


def test_list_by_pipeline_run_step_and_state(run, rejected):
    for options in (["--pipeline", "ages"], ["--run", rejected], ["--step", "ages"], ["--state", "all"]):
        assert len(listed(run, *options)) == 2
    for options in (["--pipeline", "x"], ["--run", "x"], ["--step", "x"], ["--state", "dropped"]):
        assert listed(run, *options) == []


def test_show_masks_values_unless_they_are_asked_for(run, rejected):
    shown = run("rejects", "show", "1")
    assert shown.status == 0
    assert "it is not true for this row" in shown.out
    assert "born  <value>" in shown.out
    assert not any(name in shown.out for name in ("Jane", "-77777", "2001-02-03"))
    masked = json.loads(run("rejects", "show", "2", "-o", "json").out)
    assert masked["record"] == {"id": "<value>", "age": "<value>", "born": None}
    assert masked["key"] == "<value>"
    whole = json.loads(run("rejects", "show", "1", "-o", "json", "--show-values").out)
    assert whole["record"] == {"id": "Jane", "age": -77777, "born": "2001-02-03"}
    assert "Jane" in run("rejects", "show", "1", "--show-values").out


def test_show_masks_an_object_as_a_whole_because_names_in_it_may_be_a_persons(run, profiles, home):
    profiles(*(f"{name}: {{platform: duckdb, path: '{home}/{name}.duckdb'}}" for name in ("source", "target")))
    with biodata.connect("source") as connection:
        fields = (Field("id", String(), required=True), Field("age", Integer()), Field("seen", Json()))
        records = [{"id": "a", "age": 0, "seen": [{"Dr. Jansen": 3}, "Jansen", None]}]
        connection.ensure(Schema("people", "id", fields)).add(records).raise_for_refused()
    (home / "ages.yml").write_text(PIPELINE)
    assert run("run", "ages.yml").status == 8
    masked = json.loads(run("rejects", "show", "1", "-o", "json").out)
    assert masked["record"] == {"id": "<value>", "age": "<value>", "seen": ["<value>", "<value>", None]}


def test_a_text_that_would_steer_the_terminal_is_shown_and_not_obeyed(run, rejected):
    with biodata.connect("source") as connection:
        connection["people"].add({"id": "\x1b[2J", "age": -1})
    run("run", "ages.yml")
    number = listed(run)[-1]["id"]
    assert "\x1b" not in run("rejects", "show", str(number), "--show-values").out


def test_show_of_what_is_not_there(run):
    shown = run("rejects", "show", "17")
    assert shown.status == 5
    assert "BD-PIPELINE-REJECT" in shown.err


@pytest.mark.parametrize("form", ["csv", "xlsx", "ndjson", "json", "tsv"])
def test_export_writes_a_file_for_its_owner_alone(run, home, rejected, form):
    shown = run("rejects", "export", "--output", f"wrong.{form}")
    assert shown.status == 0, shown.err
    assert "2 rejects written to" in shown.err
    assert shown.out == ""
    assert stat.S_IMODE((home / f"wrong.{form}").stat().st_mode) == 0o600


def test_export_has_the_id_by_which_a_record_comes_back(run, home, rejected):
    run("rejects", "export", "2", "--output", "wrong.csv")
    (row,) = csv.DictReader((home / "wrong.csv").read_text().splitlines())
    assert row == {
        "_reject": "2", "_step": "ages", "_row": "2", "_rule": "an age", "_reason": "it is not true for this row",
        "id": "John", "age": "-8", "born": "",
    }  # fmt: skip
    run("rejects", "export", "--output", "wrong.xlsx")
    sheet = openpyxl.load_workbook(home / "wrong.xlsx").active
    assert [cell.value for cell in sheet["A"]] == ["_reject", 1, 2]


def test_export_to_a_pipe_is_ndjson(run, rejected):
    lines = [json.loads(line) for line in run("rejects", "export").out.splitlines()]
    assert [(line["_reject"], line["id"], line["born"]) for line in lines] == [
        (1, "Jane", "2001-02-03"), (2, "John", None),
    ]  # fmt: skip


def test_export_has_no_bytes_for_a_pipe_and_no_directory_that_is_not_there(run, rejected):
    assert run("rejects", "export", "-o", "xlsx").status == 2
    assert run("rejects", "export", "--output", "none/wrong.csv").status == 2
    assert "no file format" in run("rejects", "export", "--output", "wrong.doc").err


def test_drop_closes_those_that_are_named(run, rejected):
    assert run("rejects", "drop", "1").err == "1 dropped\n"
    assert [row["id"] for row in listed(run)] == [2]
    assert [row["id"] for row in listed(run, "--state", "dropped")] == [1]
    assert [row["state"] for row in listed(run, "--run", rejected)] == ["dropped", "open"]
    assert "1 were closed already" in run("rejects", "drop", "1").err
    assert run("rejects", "drop", "99").status == 5


def test_drop_of_all_has_to_be_said_twice(run, rejected):
    assert run("rejects", "drop").status == 2
    assert run("rejects", "drop", "1", "--all").status == 2
    refused = run("rejects", "drop", "--all")
    assert (refused.status, "say --yes" in refused.err) == (2, True)
    assert len(listed(run)) == 2
    assert run("rejects", "drop", "--all", "--step", "x", "--yes").err == "0 dropped\n"
    assert run("rejects", "drop", "--all", "--state", "waiting", "--yes").err == "0 dropped\n"
    assert run("rejects", "drop", "--all", "--pipeline", "ages", "--yes").err == "2 dropped\n"


def test_replay_needs_to_know_which(run, rejected):
    assert "Say which rejects" in run("rejects", "replay", "ages.yml").err
    assert run("rejects", "replay", "ages.yml", "--corrected", "none.csv").status == 2


def corrected(home, name, **cells):
    """The export of that name with cells of the first reject changed."""
    rows = list(csv.DictReader((home / name).read_text().splitlines()))
    rows[0] |= cells
    with (home / name).open("w", newline="") as file:
        writer = csv.DictWriter(file, rows[0].keys())
        writer.writeheader()
        writer.writerows(rows)


def test_what_was_corrected_is_replayed_and_the_rest_has_an_attempt_more(run, home, rejected):
    run("rejects", "export", "--output", "wrong.csv")
    corrected(home, "wrong.csv", age="41")
    done = run("rejects", "replay", "ages.yml", "--corrected", "wrong.csv", "--strict")
    assert (done.status, "1 rejected" in done.out) == (7, True), done.err
    rows = listed(run, "--state", "all")
    assert [(row["id"], row["state"], row["attempt"], row["step"], row["row"]) for row in rows] == [
        (1, "replayed", 1, "ages", 1), (2, "open", 2, "ages", 2),
    ]  # fmt: skip
    with biodata.connect("target") as connection:
        assert connection["ages"].get("Jane")["age"] == 41
    corrected(home, "wrong.csv", _reject="2", id="John", age="42", born="")
    (home / "wrong.csv").write_text("\n".join((home / "wrong.csv").read_text().splitlines()[:2]) + "\n")
    assert run("rejects", "replay", "ages.yml", "--corrected", "wrong.csv", "--strict").status == 0
    assert listed(run) == []
    assert [row["kind"] for row in json.loads(run("runs", "list", "-o", "json").out)] == ["run", "replay", "replay"]


def test_replay_of_one_step_and_of_none(run, rejected):
    assert run("rejects", "replay", "ages.yml", "--step", "ages", "--strict").status == 7
    assert [row["attempt"] for row in listed(run)] == [2, 2]
    none = run("rejects", "replay", "ages.yml", "--step", "x")
    assert (none.status, "BD-PIPELINE-REJECT" in none.err) == (5, True)


def test_a_replay_leaves_a_report_and_events_where_they_are_wanted(run, home, rejected):
    done = run("rejects", "replay", "ages.yml", "--all", "--report", "out", "--events", "events.jsonl")
    assert done.status == 0, done.err
    assert sorted(path.name for path in (home / "out").iterdir()) == ["ages.replay.html", "ages.replay.json"]
    assert "report: out/ages.replay.html" in done.err
    events = [json.loads(line) for line in (home / "events.jsonl").read_text("utf-8").splitlines()]
    assert (events[0]["event"], events[-1]["event"], events[-1]["rejected"]) == ("run.started", "run.ended", 2)
    shown = (home / "out" / "ages.replay.html").read_text("utf-8") + (home / "events.jsonl").read_text("utf-8")
    assert not any(value in shown for value in ("Jane", "77777", "2001-02-03"))


def test_a_replay_obeys_the_rule_where_data_may_flow(run, home, profiles, rejected):
    profiles(
        f"source: {{platform: duckdb, path: '{home}/source.duckdb', may_flow_to: []}}",
        f"target: {{platform: duckdb, path: '{home}/target.duckdb'}}",
    )
    failed = run("rejects", "replay", "ages.yml", "--all")
    assert (failed.status, "records of source may not go to target" in failed.err) == (3, True)
    assert {one["attempt"] for one in listed(run)} == {1}


def test_the_audit_says_as_whom_a_replay_wrote(run, home, rejected):
    (home / "ages.yml").write_text(PIPELINE.replace("age >= 0", "age > -9"))
    assert run("rejects", "replay", "ages.yml", "--all").status == 0
    (log,) = home.parent.rglob("audit.ndjson")
    assert [json.loads(line).get("identity") for line in log.read_text().splitlines()][-1]
