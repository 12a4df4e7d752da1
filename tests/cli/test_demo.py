"""`biodata demo`: the first thing that a person runs."""

import duckdb


def test_the_demo_and_again(program, home):
    first = program("demo")
    assert first.status == 0, first.err
    assert "http://127.0.0.1:" in first.out
    assert "21 rows of molgenis/SampleAse" in first.out
    assert "21 created" in first.out
    with duckdb.connect(str(home / "out" / "demo" / "local.duckdb"), read_only=True) as file:
        rows = file.execute("SELECT count(*), min(ref), max(alt) FROM ase_counts").fetchall()
        known = dict(file.execute("SELECT known_in, count(*) FROM family GROUP BY 1").fetchall())
    assert rows[0][0] == 21
    assert known == {
        "OpenCGA, MOLGENIS, Gen3": 5,
        "OpenCGA, Gen3": 1,
        "OpenCGA, MOLGENIS, Gen3 (submitted here)": 1,
        "OpenCGA, Gen3 (submitted here)": 10,
    }
    for name in ("ase-counts", "ceph-family"):
        report = home / "out" / "demo" / "reports" / f"{name}.html"
        assert str(report.relative_to(home)) in first.out
        assert "<svg" in report.read_text()


def test_the_family_goes_to_gen3_parents_before_children_and_once(program):
    shown = program("demo")
    loads = [line.split("into ")[1] for line in shown.out.splitlines() if line.strip().startswith("loaded")]
    assert loads[1:5] == [
        "local/family, merge: 17 created, 0 updated, 0 unchanged",
        "gen3/study, merge: 1 created, 0 updated, 0 unchanged",
        "gen3/case, merge: 11 created, 0 updated, 0 unchanged",
        "gen3/sample, merge: 11 created, 0 updated, 0 unchanged",
    ]
    assert loads[5] == "local/family, merge: 0 created, 0 updated, 17 unchanged"
    assert all("0 created, 0 updated, 0 unchanged" in load for load in loads[6:])
    assert "The second run changed nothing" in shown.out


def test_a_demo_after_a_demo_changes_no_local_table(program):
    assert program("demo").status == 0

    second = program("demo")
    assert second.status == 0, second.err
    assert "Nothing changed" in second.out
    assert "21 unchanged" in second.out


def test_what_the_demo_says_to_try_next_works(program):
    shown = program("demo", "--out", "there")
    assert shown.status == 0, shown.err
    assert "--config there/profiles.yml query local/family" in shown.out
    rows = program("--config", "there/profiles.yml", "query", "local/family", "submitted = true")
    assert rows.status == 0, rows.err
    assert rows.out.count("\n") >= 1
