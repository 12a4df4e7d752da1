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
    assert rows[0][0] == 21
    report = next((home / "out" / "demo" / "reports").glob("*.html"))
    assert str(report.relative_to(home)) in first.out
    assert "<svg" in report.read_text()

    second = program("demo")
    assert second.status == 0, second.err
    assert "Nothing changed" in second.out
    assert "21 unchanged" in second.out


def test_what_the_demo_says_to_try_next_works(program):
    shown = program("demo", "--out", "there")
    assert shown.status == 0, shown.err
    assert "--config there/profiles.yml query local/ase_counts" in shown.out
    rows = program("--config", "there/profiles.yml", "query", "local/ase_counts", "alt_fraction > 0.6")
    assert rows.status == 0, rows.err
    assert rows.out.count("\n") >= 1
