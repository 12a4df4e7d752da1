"""Pipelines on real DuckDB files, in a directory of their own."""

import csv
from pathlib import Path
from textwrap import dedent

import pyarrow as pa
import pytest

import biodata
from biodata.pipelines import Journal, Silent, load_pipeline
from biodata.pipelines.runs.replay import replay
from biodata.pipelines.state.reject_file import RejectFile, Which
from biodata.pipelines.state.spool import Spool
from biodata.records.types import Field, List, Schema, String
from tests.pipelines.reading import Reader

DATA = Path(__file__).parent / "counts.csv"

PIPELINE = """\
version: 1
name: counts
steps:
  - name: counts
    extract: {from: source/SampleAse, where: "SNP_ID = 'rs12460890'", fields: [ID, SNP_ID, Ref_Counts, Alt_Counts]}
    transform:
      - columns:
          sample_id: "'ase-' || src.ID"
          ref: CAST(src.Ref_Counts AS INTEGER)
          alt: CAST(src.Alt_Counts AS INTEGER)
          alt_fraction: alt / (ref + alt)
    check:
      - {name: counts are counts, rows: ref >= 0 AND alt >= 0}
      - {name: all samples there, count: {equals: {from: source/ASE, key: rs12460890, field: Samples}}}
    load: {to: target/ase_counts, mode: merge, key: [sample_id]}
    plot: {scatter: [ref, alt], line: equality}
on_reject: {budget: 0}
"""

SAMPLES = Schema(
    "SampleAse",
    "ID",
    tuple(Field(name, String(), required=name == "ID") for name in ("ID", "SNP_ID", "Ref_Counts", "Alt_Counts")),
)
ASE = Schema("ASE", "SNP_ID", (Field("SNP_ID", String(), required=True), Field("Samples", String())))
BOXES = Schema(
    "boxes",
    "id",
    (Field("id", String(), required=True), Field("size", String()), Field("tubes", List(String()))),
)


def real_counts():
    """The 21 published rows, counts as text."""
    with DATA.open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.fixture
def connect(tmp_path):
    """Opens the profiles `source` and `target`, two DuckDB files."""
    return lambda name: biodata.connect(tmp_path / f"{name}.duckdb", platform="duckdb")


@pytest.fixture
def source(connect):
    """Fills the source: `source()` with the real rows, `source(rows)` with others; `samples` is what ASE says."""

    def fill(rows=None, samples="21"):
        with connect("source") as connection:
            connection.ensure(SAMPLES).upsert(rows if rows is not None else real_counts()).raise_for_refused()
            connection.ensure(ASE).upsert({"SNP_ID": "rs12460890", "Samples": samples}).raise_for_refused()

    return fill


@pytest.fixture
def target(connect):
    """The records of a table of the target, by key."""

    def read(table="ase_counts"):
        with connect("target") as connection:
            repository = connection[table]
            return {repository.schema.key_of(record): record for record in repository.query()}

    return read


@pytest.fixture
def pipeline(tmp_path):
    """Writes a pipeline file: the usual one, with some of its text replaced."""

    def write(*replacements, text=PIPELINE):
        content = dedent(text)
        for old, new in replacements:
            assert old in content, old
            content = content.replace(old, new)
        path = tmp_path / "pipeline.yml"
        path.write_text(content, "utf-8")
        return path

    return write


@pytest.fixture
def run(connect, tmp_path):
    """Runs a pipeline file with state and reports below the test's directory."""

    def call(path, **options):
        options.setdefault("report_dir", tmp_path / "reports")
        return load_pipeline(path).run(connect=connect, state_dir=tmp_path / "state", **options)

    return call


@pytest.fixture
def sealed(tmp_path):
    """Seals columns as a step's rows, in batches of a thousand."""

    def write(**columns):
        table = pa.table({name: pa.array(values) for name, values in columns.items()})
        directory = tmp_path / f"spool{len(list(tmp_path.iterdir()))}"
        with Spool(directory).writer("rows", table.schema) as writer:
            for batch in table.to_batches(1000):
                writer.write(batch)
            return writer.seal()

    return write


@pytest.fixture
def read(connect, tmp_path):
    """Reads the one step of a file: `read("extract: {file: a.csv}")`."""
    return Reader(tmp_path, connect)


@pytest.fixture
def boxes(connect):
    """Three boxes of tubes in the source: one that is fine, one whose size is no number, one that is large."""
    with connect("source") as connection:
        connection.ensure(BOXES).add([
            {"id": "a", "size": "5", "tubes": ["1", "2"]},
            {"id": "b", "size": "big", "tubes": ["1", "2"]},
            {"id": "c", "size": "500", "tubes": ["1", "2", "3"]},
        ]).raise_for_refused()  # fmt: skip


@pytest.fixture
def state(tmp_path):
    """The state directory of `run` and `again`."""
    return tmp_path / "state"


@pytest.fixture
def again(connect, state):
    """Replays the rejects of a pipeline: all that are open, those of `which`, or those of a corrected file."""

    def call(path, which=Which(), corrected=None, opened=None, **options):  # noqa: B008 - frozen
        return replay(
            path,
            which=None if corrected else which,
            corrected=corrected,
            connect=opened or connect,
            journal=Journal(state),
            progress=Silent(),
            **options,
        )

    return call


@pytest.fixture
def open_ones(state):
    """The rejects that are open or waiting."""
    return lambda: list(RejectFile(state).find(Which(states=("open", "waiting"))))


@pytest.fixture
def say(house, capfd):
    """Calls the command, and finds no sign in what it says; `say("run", file, …)`."""
    house.capfd = capfd
    return house.say


@pytest.fixture
def go(house, say):
    """Runs the text of a pipeline as loudly as can be; no sign is in anything that it leaves for others."""
    assert say
    return house.go
