"""The check `fresh`: the latest date that can be believed is recent."""

import datetime as dt

import pytest

from biodata.errors import CheckFailed, ConfigError

FILE = """\
version: 1
name: fresh
steps:
  - name: visits
    extract: {file: visits.csv}
    transform: [{columns: {id: src.id, at: "CAST(src.at AS KIND)"}}]
    check: [{name: recent, fresh: {column: at, within: 7d}}]
"""
NOW = dt.datetime.now(dt.UTC)


def day(ago):
    return (NOW - dt.timedelta(days=ago)).date().isoformat()


@pytest.fixture
def check(run, tmp_path):
    """What the check says of rows with these dates."""

    def call(*dates, kind="DATE"):
        rows = "".join(f"{number},{date}\n" for number, date in enumerate(dates))
        (tmp_path / "visits.csv").write_text(f"id,at\n{rows}")
        path = tmp_path / "fresh.yml"
        path.write_text(FILE.replace("KIND", kind))
        return run(path).steps[0].checks[-1].detail

    return call


def test_the_latest_date_counts(check):
    assert check(day(300), day(3), "") == "at: the latest is more than 3 days old, within 7d expected"
    with pytest.raises(CheckFailed, match="recent: at: the latest is more than 2 weeks old, within 7d expected"):
        check(day(300), day(20))


@pytest.mark.parametrize("kind", ["DATE", "TIMESTAMPTZ"])
def test_a_date_that_lies_ahead_does_not_make_old_rows_fresh(check, kind):
    words = "the latest is more than 2 weeks old, within 7d expected; 2 that lie more than a day ahead left out"
    with pytest.raises(CheckFailed, match=words):
        check(day(20), "2206-01-01", "2999-01-01", kind=kind)
    assert check(day(3), "2206-01-01", kind=kind).endswith("expected; 1 that lies more than a day ahead left out")


def test_dates_that_all_lie_ahead_are_none(check):
    with pytest.raises(CheckFailed, match="at: there is no date; 1 that lies more than a day ahead left out"):
        check("2206-01-01")


def test_tomorrow_is_believed(check):
    assert check(day(20), day(-1)) == "at: the latest is less than two hours old, within 7d expected"


def test_a_column_that_is_no_date_is_found_before_anything_is_read(check):
    with pytest.raises(ConfigError, match="the check 'recent' needs a date, and the column at is of type string"):
        check(day(1), kind="VARCHAR")
