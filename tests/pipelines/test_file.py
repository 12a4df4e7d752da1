"""A pipeline file: what it may say, and that everything wrong with it is told at once with its line."""

import re

import pytest

import biodata
from biodata.pipelines import demo_file, load_pipeline
from biodata.pipelines.spec import Budget, CountCheck, LookUp, RowCheck

REPOSITORY = demo_file().parents[3]


def problems(path):
    with pytest.raises(biodata.ConfigError) as caught:
        load_pipeline(path)
    return [line.removeprefix(f"{path}:") for line in caught.value.message.splitlines()]


def test_reads_the_whole_file(pipeline):
    spec = load_pipeline(pipeline(("budget: 0", "budget: 1%"))).spec
    step = spec.steps[0]
    assert (spec.name, step.name, str(step.extract.source)) == ("counts", "counts", "source/SampleAse")
    assert step.extract.fields == ("ID", "SNP_ID", "Ref_Counts", "Alt_Counts")
    assert step.transform[0].names == ("sample_id", "ref", "alt", "alt_fraction")
    assert isinstance(step.checks[0], RowCheck)
    assert isinstance(step.checks[1], CountCheck)
    assert isinstance(step.checks[1].equals, LookUp)
    assert (step.load.mode, step.load.key, str(step.load.target)) == ("merge", ("sample_id",), "target/ase_counts")
    assert (step.plots[0].x, step.plots[0].y, step.plots[0].line) == ("ref", "alt", "equality")
    assert spec.budget == Budget(1, percent=True)
    assert spec.profiles == ("source", "target")


@pytest.mark.parametrize(
    ("name", "profiles"),
    [("ase-counts", ("molgenis", "local")), ("family", ("opencga", "gen3", "molgenis", "local"))],
)
def test_demo_files_are_those_in_config(name, profiles):
    for_editors, _, text = (REPOSITORY / f"config/pipelines/{name}.yml").read_text("utf-8").partition("\n")
    assert for_editors.startswith("# yaml-language-server: ")
    assert text == demo_file(name).read_text("utf-8")
    assert load_pipeline(demo_file(name)).spec.profiles == profiles


def test_all_problems_at_once_with_their_lines(pipeline):
    path = pipeline(
        ("version: 1", "version: 2"),
        ("extract: {from: source/SampleAse,", "extract: {form: source/SampleAse,"),
        ("mode: merge", "mode: mearge"),
        ("scatter: [ref, alt]", "scatter: [ref, altt]"),
        ("budget: 0", "budget: some"),
    )
    found = problems(path)
    assert [line.split(":")[0] for line in found] == ["1", "5", "5", "15", "16", "17"]
    assert "did you mean 'from'" in "\n".join(found)
    assert "did you mean 'merge'" in "\n".join(found)
    assert "did you mean 'alt'" in "\n".join(found)


@pytest.mark.parametrize(
    ("old", "new", "line", "words"),
    [
        ("name: counts\nsteps", "name: Counts!\nsteps", 2, "small letters"),
        ("name: counts\nsteps", "nmae: counts\nsteps", 2, "did you mean 'name'"),
        ("source/SampleAse", "SampleAse", 5, "profile/table"),
        ("  - columns:", "  - colums:", 7, "did you mean 'columns'"),
        ("\"'ase-' || src.ID\"", "", 8, "expected a text"),
        ("sample_id: ", "src: ", 8, "'src' is the name of what was read"),
        ("alt: CAST", "REF: CAST", 10, "'ref' is taken by line 9"),
        ("rows: ref >= 0", "row: ref >= 0", 13, "did you mean 'rows'"),
        ("name: counts are counts, ", "", 13, "'name' is missing"),
        ("name: all samples there", "name: counts are counts", 14, "taken by line 13"),
        (
            "count: {equals: {from: source/ASE, key: rs12460890, field: Samples}}",
            "count: {equals: [1]}",
            14,
            "equals",
        ),
        ("key: rs12460890, ", "", 14, "'key' is missing"),
        (", key: [sample_id]", "", 15, "needs a key"),
        ("key: [sample_id]", "key: [sample_id], max: 1%", 15, "here it is delete_missing: {max: …}"),
        ("mode: merge", "mode: append, least: 1%", 15, "least: goes with mode replace"),
        ("mode: merge", "mode: replace, max: 101%", 15, "up to 100%"),
        ("key: [sample_id]", "key: [sampleid]", 15, "did you mean 'sample_id'"),
        ("scatter: [ref, alt]", "scatter: [ref]", 16, "two columns"),
        ("line: equality", "line: dashed", 16, "not one of equality"),
        ("budget: 0", "budget: 101%", 17, "up to 100%"),
        ("budget: 0", "budget: 1.5", 17, "whole number"),
        ("budget: 0", "budget: -1", 17, "a number of records"),
        ("budget: 0", "bugdet: 0", 17, "did you mean 'budget'"),
    ],
)
def test_one_problem(pipeline, old, new, line, words):
    found = problems(pipeline((old, new)))
    assert any(re.match(rf"{line}:\d+: ", problem) and words in problem for problem in found), found


def test_a_duplicate_key_is_told_with_both_lines(pipeline):
    with pytest.raises(biodata.ConfigError, match=r"pipeline\.yml:3: .*'name' stands twice, in lines 2 and 3"):
        load_pipeline(pipeline(("name: counts\nsteps", "name: counts\nname: other\nsteps")))


@pytest.mark.parametrize("text", ["", "[]", "just text", "version: 1", "version: 1\nname: x\nsteps: []"])
def test_a_file_that_says_nothing(pipeline, text):
    assert problems(pipeline(text=text))


def test_no_file(tmp_path):
    with pytest.raises(biodata.ConfigError, match=r"no pipeline file .*gone\.yml"):
        load_pipeline(tmp_path / "gone.yml")


def test_numbers_and_booleans_are_expressions(pipeline):
    spec = load_pipeline(pipeline(("alt_fraction: alt / (ref + alt)", "one: 1\n          yes_: true"))).spec
    assert [column.expression for column in spec.steps[0].transform[0].columns[-2:]] == ["1", "true"]


@pytest.mark.parametrize(
    ("budget", "rows", "allowed"),
    [
        (Budget(), 10**9, 0),
        (Budget(3), 1, 3),
        (Budget(1, percent=True), 99, 0),
        (Budget(1, percent=True), 100, 1),
        (Budget(0.1, percent=True), 1000, 1),
        (Budget(29, percent=True), 100, 29),
        (Budget(100, percent=True), 7, 7),
    ],
)
def test_budget(budget, rows, allowed):
    assert budget.allows(rows) == allowed
