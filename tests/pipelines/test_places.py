"""Where in the file: what is wrong with it beyond its form is told with the place, and by name."""

import pytest

import biodata
from biodata.pipelines import load_pipeline
from biodata.records.types import Field, Schema, String

FILE = """\
version: 1
name: places
steps:
  - name: one
    extract: {from: source/boxes}
    load: {to: target/out, mode: merge, key: [id]}
"""


def test_an_unknown_profile_is_told_where_it_is_named_first(boxes, pipeline, connect, run):
    def opened(name):
        if name == "taget":
            return biodata.connect(name, config=path.parent / "profiles.yml")
        return connect(name)

    path = pipeline(("target/out", "taget/out"), text=FILE)
    (path.parent / "profiles.yml").write_text("profiles: {target: {platform: duckdb, path: t.duckdb}}\n")
    with pytest.raises(biodata.ConfigError) as caught:
        load_pipeline(path).run(connect=opened, state_dir=path.parent / "state")
    assert caught.value.message.startswith(f"{path}:6:5: step one: There is no profile 'taget'; known: target")
    assert "Did you mean 'target'" in caught.value.hint


@pytest.mark.parametrize(
    ("steps", "circle"),
    [
        ("{name: a, extract: {step: b}}, {name: b, extract: {step: a}}", "a -> b -> a"),
        (
            "{name: a, extract: {step: c}}, {name: b, extract: {step: a}}, {name: c, extract: {step: b}}",
            "a -> c -> b -> a",
        ),
        (
            "{name: x, extract: {step: b}}, {name: a, needs: [b], extract: {step: x}}, {name: b, extract: {step: a}}",
            "x -> b -> a -> x",
        ),
    ],
)
def test_steps_that_wait_for_each_other_are_named(pipeline, steps, circle):
    with pytest.raises(biodata.ConfigError, match=f"steps: {circle} wait for each other in a circle"):
        load_pipeline(pipeline(text=f"version: 1\nname: circle\nsteps: [{steps}]\n"))


def test_a_table_without_a_key_is_told_as_that(boxes, pipeline, connect, run):
    with connect("target") as connection:
        connection.ensure(Schema("out", (), (Field("id", String()), Field("size", String()))))
    with pytest.raises(biodata.ConfigError, match=":6:5: step one: target/out has no key, so merge cannot find"):
        run(pipeline(text=FILE))
