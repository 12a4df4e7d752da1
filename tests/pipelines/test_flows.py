"""Where the data of a pipeline go, and what a profile's `may_flow_to` forbids."""

from __future__ import annotations

from contextlib import ExitStack
from typing import TYPE_CHECKING

import pytest

import biodata
from biodata.pipelines import load_pipeline
from biodata.pipelines.runs.flows import check_flows, flows, ways

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from pathlib import Path

    from biodata.pipelines import PipelineSpec

LOAD = ", load: {to: b/t, mode: append}"


def step(*parts: str, name: str = "one", extract: str = "from: a/t") -> str:
    """A step of a pipeline file, as one line."""
    return f"  - {{name: {name}, extract: {{{extract}}}{''.join(parts)}}}\n"


def check(*entries: str) -> str:
    return f", check: [{', '.join(f'{{name: c{at}, {entry}}}' for at, entry in enumerate(entries))}]"


def transform(entry: str) -> str:
    return f", transform: [{{{entry}}}]"


def second(*parts: str, extract: str = "step: one") -> str:
    return step(*parts, name="two", extract=extract)


IN_TABLE, IN_STEP = "references: {column: id, table: c/t}", "references: {column: id, step: one}"
BY_TABLE = transform("pseudonymise: {field: id, table: c/names}")
THROUGH = step() + second(LOAD)

SHAPES = {
    "nothing is loaded": (step(), []),
    "a load": (step(LOAD), ["one: records of a to b"]),
    "back to itself": (step(", load: {to: a/u, mode: append}"), ["one: records of a to a"]),
    "through a step": (THROUGH, ["two: records of a to b"]),
    "through two steps": (
        THROUGH + step(", load: {to: d/t, mode: append}", name="three", extract="step: two"),
        ["three: records of a to d", "two: records of a to b"],
    ),
    "through a step that loads too": (
        step(", load: {to: c/t, mode: append}") + second(LOAD),
        ["one: records of a to c", "two: records of a to b"],
    ),
    "a SELECT over a step": (step() + second(LOAD, extract="sql: SELECT * FROM one"), ["two: records of a to b"]),
    "a SELECT over a step and a table": (
        step() + second(LOAD, extract="sql: SELECT * FROM one JOIN c.t USING (id)"),
        ["two: records of a to b", "two: records of c to b"],
    ),
    "a SELECT that reads nothing": (
        step() + second(LOAD, extract="sql: SELECT 1 AS id"),
        ["two: records of files to b"],
    ),
    "through a table that another step loads": (
        step(LOAD) + second(", needs: [one], load: {to: c/t, mode: append}", extract="from: b/t"),
        ["one: records of a to b", "two: records of a to c", "two: records of b to c"],
    ),
    "through a table that a later step loads": (
        step(", load: {to: c/t, mode: append}", extract="from: b/t") + second(LOAD, extract="from: a/t"),
        ["one: records of a to c", "one: records of b to c", "two: records of a to b"],
    ),
    "a need is no reading": (
        step() + second(", needs: [one]", LOAD, extract="from: c/t"),
        ["two: records of c to b"],
    ),
    "a file": (step(LOAD, extract="file: x.csv"), ["one: records of files to b"]),
    "links": (step(transform("links: {cases: case_key}"), LOAD), ["one: records of a to b"]),
    "references into a table": (step(check(IN_TABLE)), ["one: keys of a to c"]),
    "references into a step": (step() + second(check(IN_STEP)), []),
    "a count that is looked up": (step(check("count: {equals: {from: c/t, key: k, field: n}}")), []),
    "a pseudonym by key": (
        step(transform("pseudonymise: {field: id, domain: d, key: '${env:KEY}'}"), LOAD),
        ["one: records of a to b"],
    ),
    "a pseudonym from a table": (
        step(BY_TABLE, LOAD),
        ["one: keys of a to c", "one: records of a to b", "one: records of c to b"],
    ),
    "a pseudonym from a table, checked and loaded by a later step": (
        step(BY_TABLE) + second(check("references: {column: id, table: d/t}"), LOAD),
        [
            "one: keys of a to c",
            "two: keys of a to d",
            "two: keys of c to d",
            "two: records of a to b",
            "two: records of c to b",
        ],
    ),
    "for each value": (
        step(LOAD, ", each: {n: [x, y]}", extract='from: a/t, where: "n = ${param:n}"'),
        ["one: records of a to b"],
    ),
}


@pytest.fixture
def spec(tmp_path: Path) -> Callable[[str], PipelineSpec]:
    """Makes a pipeline of steps."""

    def make(steps: str) -> PipelineSpec:
        path = tmp_path / "pipeline.yml"
        path.write_text(f"version: 1\nname: flowing\nsteps:\n{steps}", "utf-8")
        return load_pipeline(path).spec

    return make


@pytest.fixture
def opened(tmp_path: Path) -> Iterator[Callable[..., Mapping[str, biodata.Connection]]]:
    """Opens the profiles a to d, with what `may_flow_to` of some says."""
    with ExitStack() as stack:

        def connect(**rules: str) -> dict[str, biodata.Connection]:
            lines = ["profiles:"]
            for name in "abcd":
                lines += [f"  {name}:", "    platform: duckdb", f"    path: {name}.duckdb"]
                lines += [f"    may_flow_to: {rules[name]}"] if name in rules else []
            config = tmp_path / "profiles.yml"
            config.write_text("\n".join(lines), "utf-8")
            return {name: stack.enter_context(biodata.connect(name, config=config)) for name in "abcd"}

        yield connect


@pytest.mark.parametrize("shape", SHAPES)
def test_the_ways_of_each_shape(spec: Callable[[str], PipelineSpec], shape: str) -> None:
    steps, expected = SHAPES[shape]
    found = [f"{flow.step}: {flow.what} of {flow.origin or 'files'} to {flow.to}" for flow in ways(spec(steps))]
    assert sorted(found) == expected


@pytest.mark.parametrize("shape", SHAPES)
def test_what_may_flow_nowhere_is_stopped_on_every_way(
    spec: Callable[[str], PipelineSpec], opened: Callable[..., Mapping[str, biodata.Connection]], shape: str
) -> None:
    steps, expected = SHAPES[shape]
    pipeline = spec(steps)
    check_flows(pipeline, opened())
    check_flows(pipeline, opened(a="[b, c, d]", c="[b, d]"))
    forbidden = [one for one in expected if " of a to " in one and not one.endswith("to a")]
    if not forbidden:
        check_flows(pipeline, opened(a="[]"))
        return
    with pytest.raises(biodata.ConfigError) as caught:
        check_flows(pipeline, opened(a="[]"))
    assert caught.value.code == "BD-PIPELINE-FLOW"
    assert len(caught.value.message.splitlines()) == len(forbidden)


def test_the_error_names_step_from_to_and_where_the_rule_stands(
    spec: Callable[[str], PipelineSpec],
    opened: Callable[..., Mapping[str, biodata.Connection]],
    tmp_path: Path,
) -> None:
    with pytest.raises(biodata.ConfigError) as caught:
        check_flows(spec(THROUGH), opened(a="[c, d]"))
    assert caught.value.message == (
        f"{tmp_path}/pipeline.yml:5:39: step two: records of a, read by step one, may not go to b (this computer): "
        f"{tmp_path}/profiles.yml:5 says may_flow_to: [c, d]"
    )
    assert caught.value.exit_status == 3


def test_a_rule_is_its_profiles_own(
    spec: Callable[[str], PipelineSpec], opened: Callable[..., Mapping[str, biodata.Connection]]
) -> None:
    check_flows(spec(step(LOAD)), opened(b="[]", c="[]", d="[]"))


def test_every_host_that_gets_data_is_told(
    spec: Callable[[str], PipelineSpec], opened: Callable[..., Mapping[str, biodata.Connection]]
) -> None:
    asked = check("references: {column: id, table: b/t}", IN_TABLE, "count: {equals: {from: d/t, key: k, field: n}}")
    found = flows(spec(step(asked, LOAD)), opened())
    assert [(one.profile, one.platform, one.host, one.gets) for one in found] == [
        ("a", "duckdb", "this computer", ""),
        ("b", "duckdb", "this computer", "records"),
        ("c", "duckdb", "this computer", "keys"),
        ("d", "duckdb", "this computer", ""),
    ]
