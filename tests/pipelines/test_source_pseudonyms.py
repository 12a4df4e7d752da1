"""`pseudonymise`: nobody behind the reading sees a clear value, wherever one looks."""

import base64
import contextlib
import datetime as dt
import gzip
import hashlib
import hmac
import json
import logging
import os
import subprocess
import sys
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

import biodata
from biodata.errors import BiodataError, ConfigError
from biodata.pipelines import load_pipeline
from biodata.pipelines.reports.progress import Silent
from biodata.pipelines.sources.content import keep_content
from biodata.pipelines.state.memory import StepMemory
from biodata.records.types import Date, Field, Integer, List, Object, Schema, String

KEY = "0123456789abcdef0123456789abcdef"
BY_KEY = "pseudonymise: {field: FIELD, domain: study, key: '${env:STUDY_KEY}'MORE}"


@pytest.fixture(autouse=True)
def key(monkeypatch):
    monkeypatch.setenv("STUDY_KEY", KEY)


def by_key(field, more=""):
    return "{" + BY_KEY.replace("FIELD", field).replace("MORE", more) + "}"


def expected(text, domain="study", key=KEY, prefix=""):
    """As the documentation says it."""
    own = hmac.new(key.encode(), b"biodata pseudonym 1\n" + domain.encode(), hashlib.sha256).digest()
    digest = hmac.new(own, text.encode(), hashlib.sha256).digest()
    return prefix + base64.b32encode(digest).decode()[:26].lower()


def step(file, *operations):
    return f"extract: {{file: {file}}}, transform: [{', '.join(operations)}]"


# by key


def test_the_pseudonym_is_what_the_documentation_says(read, tmp_path):
    (tmp_path / "a.csv").write_text("id,n\np1,1\np2,2\np1,3\n,4\n")
    found = read(step("a.csv", by_key("id", ", prefix: 'S-'")))
    assert [row["id"] for row in found.rows] == [
        expected("p1", prefix="S-"), expected("p2", prefix="S-"), expected("p1", prefix="S-"), None,
    ]  # fmt: skip
    assert [row["n"] for row in found.rows] == ["1", "2", "3", "4"]
    assert len(expected("p1")) == 26


def test_the_same_value_is_one_person_whatever_its_type(read, tmp_path):
    columns = {
        "text": ["7", "2020-01-31", None],
        "int": pa.array([7, None, None], pa.int32()),
        "float": pa.array([7.0, None, float("nan")]),
        "day": pa.array([None, dt.date(2020, 1, 31), None]),
    }
    pq.write_table(pa.table(columns), tmp_path / "a.parquet")
    rows = read(step("a.parquet", *map(by_key, columns))).rows
    assert rows[0] == {"text": expected("7"), "int": expected("7"), "float": expected("7"), "day": None}
    assert rows[1] == {"text": expected("2020-01-31"), "int": None, "float": None, "day": expected("2020-01-31")}
    assert rows[2] == dict.fromkeys(columns)


def test_other_domains_and_keys_have_other_pseudonyms(read, tmp_path, monkeypatch):
    (tmp_path / "a.csv").write_text("id\np1\n")
    names = [read(step("a.csv", by_key("id").replace("study", domain))).rows[0]["id"] for domain in ("a", "ab", "b")]
    monkeypatch.setenv("STUDY_KEY", KEY[::-1])
    names.append(read(step("a.csv", by_key("id").replace("study", "a"))).rows[0]["id"])
    assert len(set(names)) == 4


def test_lists_and_fields_inside_objects(read, tmp_path):
    lines = [
        {
            "id": "p1",
            "kin": ["p2", "p3"],
            "sex": {"by": "d1", "v": 1},
            "visits": [{"by": "d1", "n": 1}, {"by": None}],
        },
        {"id": "p2", "kin": [], "sex": None, "visits": None},
    ]
    (tmp_path / "a.ndjson").write_text("".join(json.dumps(line) + "\n" for line in lines))
    found = read(step("a.ndjson", by_key("kin"), by_key("sex.by"), by_key("visits.by")))
    first, second = found.rows
    assert first["id"] == "p1"
    assert first["kin"] == [expected("p2"), expected("p3")]
    assert first["sex"] == {"by": expected("d1"), "v": 1}
    assert first["visits"] == [{"by": expected("d1"), "n": 1}, {"by": None, "n": None}]
    assert second == {"id": "p2", "kin": [], "sex": None, "visits": None}


def test_the_key_of_a_record_is_its_pseudonym(read, connect):
    donors(connect, {"id": "p1"})
    found = read(f"extract: {{from: source/donors}}, transform: [{by_key('id')}]")
    assert found.source.key_of(found.rows[0]) == expected("p1")


@pytest.mark.parametrize(
    ("operation", "words", "code"),
    [
        (by_key("idd"), "there is no field 'idd'; did you mean 'id'", "BD-PIPELINE-PSEUDONYM"),
        (f"{by_key('id')}, {by_key('id')}", "the field id is named twice", "BD-PIPELINE-PSEUDONYM"),
        (by_key("sex"), "the field sex is of type struct", "BD-PIPELINE-PSEUDONYM"),
        (by_key("ok"), "the field ok is of type bool", "BD-PIPELINE-PSEUDONYM"),
        (by_key("json"), "the field json is of type", "BD-PIPELINE-PSEUDONYM"),
        (by_key("id").replace("STUDY_KEY", "NO_SUCH_KEY"), "NO_SUCH_KEY, which is not set", "BD-CONFIG-SECRET"),
        (by_key("id").replace("STUDY_KEY", "SHORT_KEY"), "has fewer than 16 bytes", "BD-PIPELINE-PSEUDONYM"),
    ],
)
def test_what_cannot_be_is_found_before_anything_is_read(read, tmp_path, monkeypatch, operation, words, code):
    monkeypatch.setenv("SHORT_KEY", "CANARY-is-short")
    (tmp_path / "a.ndjson").write_text('{"id": "p1", "sex": {"v": 1}, "ok": true, "json": [[1]]}\n')
    with pytest.raises(ConfigError, match=words) as caught:
        read(step("a.ndjson", operation))
    assert caught.value.code == code
    assert "CANARY" not in str(caught.value)
    assert "reading.yml:4:" in caught.value.message


def test_the_key_of_a_file_lies_beside_the_pipeline_file(read, tmp_path):
    (tmp_path / "a.csv").write_text("id\np1\n")
    (tmp_path / "study.key").write_text(KEY + "\n")
    (tmp_path / "study.key").chmod(0o600)
    found = read(step("a.csv", by_key("id").replace("${env:STUDY_KEY}", "${file:study.key}")))
    assert found.rows == [{"id": expected("p1")}]


@pytest.mark.parametrize("extract", ["step: first", "sql: SELECT id FROM first", "sql: SELECT id FROM source.donors"])
def test_what_lies_in_the_spool_in_the_clear_is_no_place_for_it(run, connect, tmp_path, extract):
    donors(connect, {"id": "p1"})
    path = tmp_path / "late.yml"
    path.write_text(
        "version: 1\nname: late\nsteps:\n  - {name: first, extract: {from: source/donors}}\n"
        f"  - {{name: late, extract: {{{extract}}}, transform: [{by_key('id')}]}}\n"
    )
    with pytest.raises(ConfigError, match="the clear values would be in the spool already") as caught:
        run(path)
    assert caught.value.code == "BD-PIPELINE-PSEUDONYM"


# by a look-up table

PEOPLE = Schema(
    "people", "clear", (Field("clear", String(), required=True), Field("pseudonym", String()), Field("n", Integer()))
)
DONORS = Schema(
    "donors",
    "id",
    (
        Field("id", String(), required=True),
        Field("number", Integer()),
        Field("born", Date()),
        Field("kin", List(String())),
        Field("sex", Object((Field("id", String()), Field("by", String())))),
    ),
)
BY_TABLE = "{pseudonymise: {field: FIELD, table: target/peopleMORE}}"


def donors(connect, *rows):
    with connect("source") as connection:
        connection.ensure(DONORS).upsert(list(rows)).raise_for_refused()


def people(connect, *rows):
    with connect("target") as connection:
        connection.ensure(PEOPLE).upsert([dict(zip(PEOPLE.names, row, strict=False)) for row in rows])


def by_table(field, more=""):
    return BY_TABLE.replace("FIELD", field).replace("MORE", more)


def test_pseudonyms_of_a_table(read, connect, tmp_path):
    people(connect, ("p1", "X1"), ("p2", "X2"), ("7", "X7"))
    (tmp_path / "a.ndjson").write_text(
        '{"id": "p1", "kin": ["p2", 7]}\n{"id": null, "kin": []}\n'.replace("7", '"7"')
    )
    found = read(step("a.ndjson", by_table("id", ", prefix: 'S-'"), by_table("kin")))
    assert found.rows == [{"id": "S-X1", "kin": ["X2", "X7"]}, {"id": None, "kin": []}]
    assert found.faults == []


def test_other_fields_of_the_table_and_numbers(read, connect, tmp_path):
    people(connect, ("p1", "X1", 1), ("p2", "X2", 2))
    (tmp_path / "a.csv").write_text("number\n2\n1\n01\n1.0\nx\n")
    found = read(step("a.csv", by_table("number", ", clear: n, pseudonym: pseudonym")))
    assert [row["number"] for row in found.rows] == ["X2", "X1"]
    assert len(found.faults) == 3


def test_a_value_without_a_pseudonym_is_a_fault_that_does_not_tell_it(read, connect, tmp_path):
    people(connect, ("p1", "X1"), ("p3", None))
    text = "id,kin,n\np1,p1,1\nCANARY,p1,2\np3,p1,3\np1,CANARY,4\n,p1,5\n"
    (tmp_path / "a.csv").write_text(text)
    found = read(step("a.csv", by_table("id"), by_table("kin")))
    assert [row["n"] for row in found.rows] == ["1", "5"]
    assert found.told == [
        (2, "id", "its value has no pseudonym in target/people, or more than one"),
        (3, "id", "its value has no pseudonym in target/people, or more than one"),
        (4, "kin", "its value has no pseudonym in target/people, or more than one"),
    ]
    assert [fault.record for fault in found.faults] == [
        {"id": None, "kin": "X1", "n": "2"},
        {"id": None, "kin": "X1", "n": "3"},
        {"id": "X1", "kin": None, "n": "4"},
    ]
    assert "CANARY" not in repr(found.faults)
    assert found.total == 5


def test_a_value_with_two_pseudonyms_is_a_fault(read, connect, tmp_path):
    people(connect, ("p1", "X1", 1), ("p2", "X2", 1), ("p3", "X3", 3), ("p4", "X3", 3))
    (tmp_path / "a.csv").write_text("number\n1\n3\n")
    found = read(step("a.csv", by_table("number", ", clear: n")))
    assert (found.rows, len(found.faults)) == ([{"number": "X3"}], 1)


def test_each_different_value_of_a_batch_is_asked_once(sandbox, connect, tmp_path):
    from tests.pipelines.reading import Reader

    read = Reader(tmp_path, lambda name: biodata.connect(name, config=sandbox.config_path))
    (tmp_path / "a.csv").write_text("snp\n" + "rs12460890\nrs3216\n" * 1000)
    before = len(list(sandbox.requests("molgenis")))
    operation = "{pseudonymise: {field: snp, table: molgenis/ASE, clear: SNP_ID, pseudonym: Chr}}"
    found = read(step("a.csv", operation))
    asked = [str(one) for one in list(sandbox.requests("molgenis"))[before:] if "rs3216" in str(one)]
    assert (len(found.rows), len(found.faults), len(asked)) == (2000, 0, 1)


@pytest.mark.parametrize(
    ("operation", "words"),
    [
        (by_table("id", ", clear: cleer"), "There is no field 'cleer'"),
        ("{pseudonymise: {field: id, table: source/donors, clear: born, pseudonym: id}}", "born is of type date"),
        ("{pseudonymise: {field: id, table: target/nobody}}", "nobody"),
    ],
)
def test_a_table_that_cannot_tell_is_found_before_anything_is_read(read, connect, tmp_path, operation, words):
    people(connect, ("p1", "X1"))
    donors(connect, {"id": "p1"})
    (tmp_path / "a.csv").write_text("id\np1\n")
    with pytest.raises(BiodataError, match=words):
        read(step("a.csv", operation))


# what is rejected while it is read


@pytest.mark.parametrize("operation", [by_key, by_table])
def test_rows_that_cannot_be_read_keep_no_clear_value(read, connect, tmp_path, operation):
    people(connect, ("p1", "X1"), ("p2", "X2"))
    (tmp_path / "a.csv").write_text("n,id\n1,p1\n2,x,CANARY\nCANARY\n")
    found = read(step("a.csv", operation("id")))
    assert (len(found.rows), len(found.faults)) == (1, 2)
    assert "CANARY" not in repr(found.faults)
    lines = [
        '{"n": 1, "id": "p1", "sex": {"by": "p2"}}',
        '{"n": 2, "id": {"deep": "CANARY"}, "sex": {"by": "p1"}}',
        '{"n": "x", "id": "p2", "sex": {"by": "CANARY"}}',
        '{"n": 4, "id": "p1", "sex": "CANARY"}',
        '{"n": 5, "id": ["CANARY"], "sex": {"by": ["CANARY"]}}',
        '{"n": 6, "id": "CANARY"',
        '["CANARY"]',
        '{"id": "CANARY", "id": "CANARY"}',
        '{"n": 7, "id": "p1", "sex": {"by": "p1"}}',
    ]
    (tmp_path / "a.ndjson").write_text("\n".join(lines))
    found = read(step("a.ndjson", operation("id"), operation("sex.by")))
    assert len(found.rows) == 2
    assert len(found.faults) == 7
    assert "CANARY" not in repr([found.faults, found.source.notes])
    assert next(one.record["sex"] for one in found.faults if one.rule == "sex") is None


def test_a_record_that_can_be_placed_is_kept_with_its_pseudonyms(read, tmp_path):
    (tmp_path / "a.ndjson").write_text('{"n": 1, "id": "p1"}\n{"n": "x", "id": "p2"}\n')
    found = read(step("a.ndjson", by_key("id")))
    assert [fault.record for fault in found.faults] == [{"n": "x", "id": expected("p2")}]


def test_dotted_columns_of_a_sheet_keep_no_clear_value(read, tmp_path):
    from openpyxl import Workbook

    book = Workbook()
    for row in [["n", "who.id", "who.more.id"], [1, "p1", "p1"], [2, "p2", "p2"], ["x", "CANARY", "CANARY"]]:
        book.active.append(row)
    book.save(tmp_path / "a.xlsx")
    found = read(step("a.xlsx", by_key("who.id"), by_key("who.more.id")))
    assert found.rows[0]["who"] == {"id": expected("p1"), "more": {"id": expected("p1")}}
    assert found.faults[0].record == {"n": "x", "who.id": expected("CANARY"), "who.more.id": expected("CANARY")}


def test_a_contract_keeps_no_clear_value(read, tmp_path):
    one = "extract: {file: a.ndjson, contract: discard_row}, transform: [" + by_key("id") + "]"
    (tmp_path / "a.ndjson").write_text('{"id": "p1", "n": 1}\n')
    first = read(one)
    read.memory = StepMemory("run", 1, {}, first.source.seen())
    (tmp_path / "a.ndjson").write_text('{"id": "CANARY", "n": 1.5}\n{"id": "p2", "n": 2}\n')
    found = read(one)
    assert len(found.rows) == 1
    assert found.faults[0].record == {"id": expected("CANARY"), "n": 1.5}
    assert "CANARY" not in repr([found.faults, found.source.notes, found.source.seen()])


def test_contents_are_compared_behind_it(read, tmp_path, monkeypatch):
    one = "extract: {file: a.csv, incremental: {by: content}}, transform: [" + by_key("id") + "]"
    (tmp_path / "a.csv").write_text("id\np1\n")

    def night():
        found = read(one)
        keep_content(found.spool.directory, tmp_path / "kept", "s", [])
        read.memory = StepMemory("run", 1, {}, found.source.seen())
        return [row["id"] for row in found.rows]

    assert night() == [expected("p1")]
    assert night() == []
    monkeypatch.setenv("STUDY_KEY", KEY[::-1])
    read.memory = read.memory.forgetting({"pseudonyms"})
    assert night() == [expected("p1", key=KEY[::-1])]


def test_a_cursor_is_no_pseudonym(read, connect):
    donors(connect, {"id": "p1"})
    with pytest.raises(ConfigError, match="the cursor id is read as a pseudonym"):
        read("extract: {from: source/donors, incremental: {cursor: id}}, transform: [" + by_key("id") + "]")


# where, explain


@pytest.mark.parametrize(
    ("where", "shown"),
    [
        ("id = 'CANARY'", "id = '<value>'"),
        ("id = 'CANARY' and number > 3", "id = '<value>' and number > 3"),
        ("number > 3", "number > 3"),
        (
            "sex.by in ('CANARY', 'b') or not id != ${param:who}",
            "sex.by in ('<value>', '<value>') or not id != ${param:who}",
        ),
        ("starts_with(id, 'CANARY')", "starts_with(id, '<value>')"),
        ("id like 'CANARY%' or kin = ${param:who}", "id like '<value>' or kin = ${param:who}"),
        ("id between 'CANARY' and 'D'", "id between '<value>' and '<value>'"),
        ("born >= '2020-01-31' and sex.id = 'CANARI'", "born >= '2020-01-31' and sex.id = 'CANARI'"),
    ],
)  # fmt: skip
def test_no_literal_of_a_clear_field_is_shown(read, connect, where, shown):
    donors(connect, {"id": "CANARY", "number": 5, "kin": ["k"], "sex": {"id": "f", "by": "CANARY"}})
    read.params = "{who: x}"
    one = f'extract: {{from: source/donors, where: "{where}"}}, transform: [{by_key("id")}, {by_key("sex.by")}]'
    found = read(one, who="CANARY")
    assert found.source.where == shown
    told = read.explain(one, who="CANARY")
    assert "CANARY" not in told
    assert "pseudonym id: by key, domain study" in told


def test_a_text_of_the_platform_is_not_shown(read, connect):
    donors(connect, {"id": "CANARY", "number": 5})
    where = "native('id = ''CANARY''') and number > 3"
    one = f'extract: {{from: source/donors, where: "{where}"}}, transform: [{by_key("id")}]'
    found = read(one)
    assert len(found.rows) == 1
    assert found.source.where == "native('<value>') and number > 3"
    assert "CANARY" not in read.explain(one)


def test_a_parameter_is_not_shown_either(read, connect):
    donors(connect, {"id": "p1", "number": 31415926, "born": dt.date(1971, 3, 7)})
    read.params = "{n: {type: int}, born: {type: date}, some: {list: true}}"
    where = "number = ${param:n} and born = ${param:born} and id in ${param:some}"
    one = f'extract: {{from: source/donors, where: "{where}"}}'
    values = {"n": "31415926", "born": "1971-03-07", "some": "p1,O'CANARY"}
    assert len(read(one, **values).rows) == 1
    told = read.explain(one, **values)
    for word in ("31415926", "1971", "CANARY"):
        assert word not in told
    assert "number = <value>" in told


@pytest.mark.parametrize("platform", ["molgenis", "gen3", "opencga"])
def test_no_request_that_is_shown_has_a_value_in_it(sandbox, tmp_path, platform):
    from tests.pipelines.reading import Reader

    read = Reader(tmp_path, lambda name: biodata.connect(name, config=sandbox.config_path))
    table, field = {
        "molgenis": ("SampleAse", "ID"), "gen3": ("case", "submitter_id"), "opencga": ("samples", "id")
    }[platform]  # fmt: skip
    read.params = "{who: {}}"
    where = f"{field} = ${{param:who}} or {field} = 'O''CANARY/%?'"
    one = f'extract: {{from: {platform}/{table}, where: "{where}"}}, transform: [{by_key(field)}]'
    told = read.explain(one, who='O\'CANARY "x" &1')
    assert "CANARY" not in told
    assert "request" in told


# everything that a run leaves

WHOLE = """\
version: 1
name: hidden
params: {who: {list: true, default: [CANARY-param]}}
steps:
  - name: donors
    extract: {from: source/donors, where: "id in ${param:who} or id = 'CANARY-1' or number >= 0"}
    transform:
      - BY_KEY_ID
      - BY_TABLE_KIN
      - columns: {id: src.id, n: "100 / src.number", kin: src.kin, by: src.sex.by}
    check:
      - {name: small, rows: n < 100}
      - {name: many, count: {min: 2}}
    load: {to: target/donors, mode: merge, key: [id]}
  - name: visits
    extract: {file: visits.csv, incremental: {by: content}}
    transform: [BY_KEY_ID]
    load: {to: target/visits, mode: merge, key: [n]}
  - name: lines
    extract: {file: lines.ndjson, contract: discard_row}
    transform: [BY_KEY_ID]
on_reject: {budget: 100}
"""


class Watching(Silent):
    """Looks at all that lies in the state directory at each step of a run."""

    def __init__(self, directory):
        self.directory, self.files, self.texts = directory, set(), []

    def begin(self, task, total=None):
        self.texts.append(task)
        self.look()

    def end(self, outcome):
        self.texts.append(outcome)
        self.look()

    def note(self, text):
        self.texts.append(text)

    def advance(self, rows):
        self.look()

    def look(self):
        for path in self.directory.rglob("*"):
            with contextlib.suppress(FileNotFoundError):
                if path.is_file():
                    self.files.add(path.name)
                    clean(path.read_bytes(), path)
                    if path.suffix == ".parquet":
                        clean(repr(pq.read_table(path).to_pylist()).encode(), path)


def clean(content, place):
    for form in (b"CANARY", base64.b64encode(b"CANARY"), b"CANARY".hex().encode()):
        assert form not in content, place
    with contextlib.suppress(OSError, EOFError):
        assert b"CANARY" not in gzip.decompress(content), place


@pytest.fixture
def whole(connect, tmp_path):
    """Writes the pipeline with canaries in all places where a clear value may stand."""
    people(connect, ("CANARY-k1", "K1"), ("CANARY-k2", "K2"))
    donors(
        connect,
        {"id": "CANARY-1", "number": 5, "kin": ["CANARY-k1"], "sex": {"by": "me"}},
        {"id": "CANARY-2", "number": 0, "kin": ["CANARY-k2"], "sex": {"by": "me"}},
        {"id": "CANARY-3", "number": 1, "kin": ["CANARY-k1"], "sex": {"by": "me"}},
        {"id": "CANARY-4", "number": 7, "kin": ["CANARY-k1", "CANARY-unknown"], "sex": {"by": "me"}},
        {"id": "CANARY-5", "number": 8, "kin": [], "sex": {"by": "me"}},
    )
    (tmp_path / "visits.csv").write_text("n,id\n1,CANARY-1\n2,x,CANARY-2\n3,CANARY-3\n")
    (tmp_path / "lines.ndjson").write_text('{"id": "CANARY-1", "n": 1}\n{"id": "CANARY-2", "n": "x"}\n{"id": "CANARY')
    path = tmp_path / "hidden.yml"
    by_id = by_key("id")
    path.write_text(WHOLE.replace("BY_KEY_ID", by_id).replace("BY_TABLE_KIN", by_table("kin")))
    return path


def test_nothing_that_a_run_leaves_has_a_clear_value_in_it(whole, connect, tmp_path, caplog, capfd):
    state, reports = tmp_path / "state", tmp_path / "reports"
    watching = Watching(state)
    with caplog.at_level(logging.DEBUG):
        report = load_pipeline(whole).run(
            connect=connect, state_dir=state, report_dir=reports, progress=watching, parameters={"who": ["CANARY-9"]}
        )
    assert [(step.rows_read, step.rows_out, step.rejected) for step in report.steps] == [
        (5, 2, 3),
        (3, 2, 1),
        (3, 1, 2),
    ]
    assert {"donors.read.parquet", "visits.contents", "rejects.sqlite"} <= watching.files | {
        path.name for path in state.rglob("*")
    }
    watching.look()
    for path in reports.rglob("*"):
        clean(path.read_bytes(), path)
    clean(repr(watching.texts).encode(), "progress")
    clean(caplog.text.encode(), "log")
    clean("".join(capfd.readouterr()).encode(), "output")
    clean(repr(report).encode(), "report")
    with connect("target") as target:
        rows = list(target["donors"].query())
        assert {row["id"] for row in rows} == {expected("CANARY-1"), expected("CANARY-5")}
        clean(repr(rows).encode(), "target")
    assert KEY not in caplog.text


def test_an_error_tells_no_clear_value(whole, connect, tmp_path, caplog):
    text = whole.read_text().replace("budget: 100", "budget: 0")
    whole.write_text(text)
    with caplog.at_level(logging.DEBUG), pytest.raises(BiodataError) as caught:
        load_pipeline(whole).run(connect=connect, state_dir=tmp_path / "state", report_dir=tmp_path / "reports")
    clean(repr([caught.value, str(caught.value), caught.value.__cause__]).encode(), "error")
    for path in [*(tmp_path / "state").rglob("*"), *(tmp_path / "reports").rglob("*")]:
        if path.is_file():
            clean(path.read_bytes(), path)


def test_the_command_tells_no_clear_value(whole, connect, tmp_path):
    config = tmp_path / "profiles.yml"
    profiles = "".join(f"  {name}: {{platform: duckdb, path: {name}.duckdb}}\n" for name in ("source", "target"))
    config.write_text(f"profiles:\n{profiles}")
    environment = os.environ | {
        "BIODATA_STATE": str(tmp_path / "state"),
        "STUDY_KEY": KEY,
        "BIODATA_CONFIG": str(config),
    }
    for more in (["--dry-run"], []):
        done = subprocess.run(
            [sys.executable, "-m", "biodata", "run", str(whole), "--report", str(tmp_path / "reports"), *more],
            capture_output=True, env=environment, check=False, cwd=tmp_path,
        )  # fmt: skip
        assert done.returncode in {0, 7}, done.stderr.decode()
        clean(done.stdout + done.stderr, "command")
    for directory in ("state", "reports"):
        for path in (tmp_path / directory).rglob("*"):
            if path.is_file():
                clean(path.read_bytes(), path)
    assert Path(tmp_path / "state").exists()
