"""What somebody meets in the first hour with pipeline files: each error says what helps."""

import pytest

import biodata
from biodata.pipelines import load_pipeline

STEP = """\
version: 1
name: first
steps:
  - name: a
    extract: {from: source/SampleAse}
    load: {to: target/a, mode: merge, key: ID}
"""
EXTRACT, KEY = "{from: source/SampleAse}", "key: ID}"


@pytest.mark.parametrize(
    ("old", "new", "says", "helps"),
    [
        (EXTRACT, '{from: source/SampleAse, where: "ID = 1 && 2"}', "'&&' has no meaning", "'and'"),
        (EXTRACT, '{from: source/SampleAse, where: "ID = x1"}', "'x1' is no value", "quotes"),
        (EXTRACT, '{from: source/SampleAse, where: "length(ID) > 3"}', "no function 'length'", "not measured"),
        (KEY, 'key: ID, delete_missing: {scope: "ID = x1"}}', "'x1' is no value", "quotes"),
        (EXTRACT, EXTRACT + "\n    transform: [{columns: {ID: concat(src.ID, src.ID)}}]", "found nothing", "quotes"),
        (EXTRACT, EXTRACT + "\n    transform:\n      - columns:\n          ID: 'a' || src.ID", ":8:", "quotes"),
        (EXTRACT, EXTRACT + "\n    check: [{name: two: parts, rows: ID > ''}]", ":6:", "quotes"),
    ],
)
def test_what_is_wrong_in_the_file(pipeline, old, new, says, helps):
    with pytest.raises(biodata.ConfigError, match=says) as caught:
        load_pipeline(pipeline((old, new), text=STEP))
    assert helps in caught.value.hint


def test_a_hint_is_told_once(pipeline):
    wrong = '{from: source/SampleAse, where: "ID = x1"}'
    scope = 'key: ID, delete_missing: {scope: "ID = x2"}}'
    with pytest.raises(biodata.ConfigError) as caught:
        load_pipeline(pipeline((EXTRACT, wrong), (KEY, scope), text=STEP))
    assert len(caught.value.message.split("pipeline.yml:")) == 3
    assert len(caught.value.hint.splitlines()) == 1


def test_numbers_that_are_text(source, run, pipeline):
    source()
    added = EXTRACT + "\n    transform: [{columns: {ID: src.ID, n: src.Ref_Counts + 1}}]"
    with pytest.raises(biodata.QueryError, match="column n: No function matches") as caught:
        run(pipeline((EXTRACT, added), text=STEP))
    assert "CAST(src.NAME AS INTEGER)" in caught.value.hint


def test_what_a_script_gets_of_a_run(source, run, pipeline):
    source()
    page = run(pipeline(text=STEP))._repr_html_()
    assert page.startswith("<iframe")
    assert page.count("<") == 2  # the page itself is an attribute's text
    with pytest.raises(biodata.CheckFailed) as caught:
        run(pipeline((EXTRACT, EXTRACT + "\n    check: [{name: c, count: {equals: 3}}]"), text=STEP))
    assert caught.value.report.state == "failed"
    assert caught.value.report.html_path.is_file()


def test_numbers_of_a_csv_are_not_compared_by_their_letters(run, pipeline, tmp_path):
    (tmp_path / "a.csv").write_text("ID,age\n1,30\n")
    with pytest.raises(biodata.QueryError, match="text is needed, not a number") as caught:
        run(pipeline((EXTRACT, "{file: a.csv, where: age > 4}"), text=STEP))
    assert "in a later step" in caught.value.hint
