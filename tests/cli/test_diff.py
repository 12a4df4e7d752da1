"""`biodata diff`: how two tables differ, whatever their platforms, without a value unless one is asked for."""

import json

import pytest

import biodata
from biodata.records.types import Date, Field, Float, Integer, List, Schema, String
from biodata.sandbox import Sandbox

DONORS = Schema(
    "donors",
    "id",
    (
        Field("id", String(), required=True),
        Field("age", Integer()),
        Field("sex", String()),
        Field("born", Date()),
        Field("tags", List(String())),
        Field("note", String()),
    ),
)
CASES = Schema(
    "cases",
    "case_id",
    (
        Field("case_id", String(), required=True),
        Field("age", Integer(8)),
        Field("gender", String(choices=("f", "m"))),
        Field("born", Date()),
        Field("tags", List(String())),
        Field("weight", Float()),
    ),
)


def donor(number, **values):
    return {"id": f"d{number:04}", "age": number % 90, "sex": "f", "born": "1980-01-01", "tags": ["a"], **values}


def case(number, **values):
    record = donor(number)
    record["case_id"], record["gender"] = record.pop("id"), record.pop("sex")
    return record | values


@pytest.fixture
def tables(profiles, home):
    """Fills `one/donors` and `two/cases`, two DuckDB files; `rules` are further keys of the profile `one`."""

    def fill(donors, cases, rules=""):
        profiles(
            f"one: {{platform: duckdb, path: '{home}/one.duckdb'{rules}}}",
            f"two: {{platform: duckdb, path: '{home}/two.duckdb'}}",
        )
        with biodata.connect("one") as one, biodata.connect("two") as two:
            one.ensure(DONORS).add(donors).raise_for_refused()
            two.ensure(CASES).add(cases).raise_for_refused()

    return fill


PAIRED = ("diff", "one/donors", "two/cases", "--key", "id=case_id", "--map", "sex=gender")


def found(ran):
    assert ran.status == 0, ran.err
    told = json.loads(ran.out)
    return [told[name] for name in ("only_a", "only_b", "different", "same")], told


def test_records_of_one_only_others_and_the_same(run, tables):
    donors = [donor(n) for n in range(700)]
    cases = [case(n) for n in range(10, 700)] + [case(n) for n in range(900, 905)]
    cases[0] |= {"age": 1, "gender": "m"}
    cases[1] |= {"age": 1}
    cases[2] |= {"tags": []}
    tables(donors, cases)
    counts, told = found(run(*PAIRED))
    assert counts == [10, 5, 3, 687]
    assert told["by_field"] == {"age": 2, "gender": 1, "tags": 1}
    assert told["records"] == []
    assert told["pairing"]["only_a"] == ["note"]
    assert told["pairing"]["only_b"] == ["weight"]


def test_what_is_left_out_is_told(run, tables):
    tables([donor(1)], [case(1)])
    ran = run(*PAIRED)
    assert "left out, because one/donors alone has them: note" in ran.err
    assert "left out, because two/cases alone has them: weight" in ran.err
    assert "left out" not in run(*PAIRED, "--fields", "age").err


def test_text_for_people(run, tables):
    tables([donor(1), donor(2)], [case(1), case(2, age=5), case(3)])
    assert run(*PAIRED, "-o", "text").out == (
        "only in one/donors  0\n"
        "only in two/cases   1\n"
        "different           1  (age 1)\n"
        "the same            1\n"
    )  # fmt: skip


def test_no_key_and_no_value_unless_they_are_asked_for(run, tables):
    tables([donor(1, age=41), donor(7)], [case(1, age=42), case(8)])
    for form in ("json", "text"):
        ran = run(*PAIRED, "-o", form)
        assert not [word for word in ("d0001", "d0007", "d0008", "41", "42") if word in ran.out + ran.err]
    _, told = found(run("--show-values", *PAIRED))
    assert told["records"] == [
        {"where": "both", "key": "d0001", "fields": {"age": [41, 42]}},
        {"where": "a", "key": "d0007", "fields": {}},
        {"where": "b", "key": "d0008", "fields": {}},
    ]
    lines = run("--show-values", *PAIRED, "-o", "text").out.splitlines()
    assert lines[4:] == [
        'different: "d0001": age: 41 | 42',
        'only in one/donors: "d0007"',
        'only in two/cases: "d0008"',
    ]


def test_as_many_records_as_asked_for(run, tables):
    tables([donor(n) for n in range(20)], [case(n) for n in range(15, 40)])
    ran = run("--show-values", *PAIRED, "--limit", "3")
    assert [one["key"] for one in json.loads(ran.out)["records"]] == ["d0000", "d0001", "d0002"]
    assert "3 of 35 records" in ran.err


def test_the_exit_status_says_whether_they_differ(run, tables):
    tables([donor(1)], [case(1)])
    assert run(*PAIRED, "--exit-code").status == 0
    with biodata.connect("two") as two:
        two["cases"].add(case(2))
    assert run(*PAIRED).status == 0
    assert run(*PAIRED, "--exit-code").status == 9
    assert run(*PAIRED, "--exit-code", "--scope", "case_id = 'd0001'").status == 0


def test_filters_for_either_side(run, tables):
    tables([donor(n, sex="fm"[n % 2]) for n in range(10)], [case(n, gender="fm"[n % 2]) for n in range(2, 12)])
    counts, _ = found(run(*PAIRED, "--where", "sex = 'm'", "--scope", "gender = 'm'"))
    assert counts == [1, 1, 0, 4]


def test_values_that_the_other_table_cannot_hold_are_others(run, tables):
    tables([donor(1, age=1000), donor(2, sex="x"), donor(3), donor(4, age=1000)], [case(1), case(2), case(3)])
    ran = run(*PAIRED)
    counts, told = found(ran)
    assert counts == [1, 0, 2, 1]
    assert told["by_field"] == told["unfit"] | {"age": 1} == {"age": 1, "gender": 1}
    assert "values that fields of two/cases cannot hold: age 2, gender 1" in ran.err
    assert "1000" not in ran.out + ran.err


def test_a_key_that_is_no_key_of_the_first_table(run, tables):
    tables([donor(1, note="x"), donor(2, note="x"), donor(3), donor(4, note="")], [case(0, case_id="x")])
    ran = run("diff", "one/donors", "two/cases", "--key", "note=case_id", "--fields", "age")
    counts, told = found(ran)
    assert counts[:2] == [2, 0]
    assert (told["keyless"], told["doubled"]) == (2, 1)
    assert "2 records of one/donors have no key that two/cases can hold" in ran.err
    assert "1 records of one/donors have the key of another one" in ran.err


def test_data_that_may_go_nowhere_do_not_go(run, tables):
    tables([donor(1)], [case(1)], rules=", may_flow_to: []")
    ran = run(*PAIRED)
    assert (ran.status, ran.out) == (3, "")
    assert "keys of one may not go to two (this computer)" in ran.err
    assert run("diff", "two/cases", "one/donors", "--key", "case_id=id", "--map", "gender=sex").status == 0
    assert run("diff", "one/donors", "one/donors").status == 0


@pytest.mark.parametrize(
    ("arguments", "status", "words"),
    [
        (("diff", "one/donors", "two/cases"), 3, "--key FIELD=case_id"),
        ((*PAIRED[:3], "--key", "id=age"), 3, "The key of cases is case_id"),
        ((*PAIRED[:3], "--key", "idd=case_id"), 2, "idd"),
        ((*PAIRED, "--fields", "agee"), 2, "age"),
        ((*PAIRED, "--map", "age"), 2, "write FIELD=FIELD"),
        ((*PAIRED, "--key", ""), 2, "write FIELD=FIELD"),
        ((*PAIRED, "--where", "age >"), 2, "age >"),
        (("diff", "one/donors", "two/absent"), 5, "absent"),
        (("diff", "one/donors", "three/cases"), 3, "three"),
    ],
)
def test_what_cannot_be_compared(run, tables, arguments, status, words):
    tables([donor(1)], [case(1)])
    ran = run(*arguments)
    assert ran.status == status, ran.err
    assert words in ran.err
    assert ran.out == ""


SERVERS = (("molgenis", "SampleAse"), ("opencga", "samples"), ("gen3", "sample"))


def test_tables_of_different_platforms(run):
    with Sandbox() as sandbox:
        config = sandbox.config_path
        for profile, table in SERVERS:
            with biodata.connect("local", config=config) as local, biodata.connect(profile, config=config) as server:
                key = server[table].schema.key
                rows = [{key: row[key], "note": "x"} for row in server[table].query()]
                fields = (Field(key, String(), required=True), Field("note", String()))
                local.ensure(Schema(table, key, fields)).add(rows[1:]).raise_for_refused()
            counts, _ = found(run("--config", str(config), "diff", f"{profile}/{table}", f"local/{table}"))
            assert counts[0:2] == [1, 0]
            assert sum(counts) == len(rows)
            back, _ = found(run("--config", str(config), "diff", f"local/{table}", f"{profile}/{table}"))
            assert back == [0, 1, *counts[2:]]
