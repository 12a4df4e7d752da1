"""`explode`: a row for each element, and what becomes of rows without any."""

import pyarrow as pa
import pytest

import biodata
from biodata.pipelines.operations.base import Surroundings
from biodata.pipelines.operations.explode import Exploded
from biodata.pipelines.rows import Rows
from biodata.pipelines.spec import Explode
from biodata.pipelines.state.spool import BATCH_ROWS
from biodata.records.arrow import to_batch
from tests.pipelines.chains import JSON, compiled, through

SCHEMA = pa.schema([("id", pa.int64()), ("tags", pa.list_(pa.string())), ("n", pa.int64()), ("t", pa.string())])
ROWS = [
    {"id": 1, "tags": ["a", "b"], "n": 1, "t": "x"},
    {"id": 2, "tags": None, "n": 2, "t": "x"},
    {"id": 3, "tags": [], "n": 3, "t": "x"},
    {"id": 4, "tags": [None, "c"], "n": 4, "t": "x"},
]


def test_each_element_has_a_row_in_the_lists_place_and_an_empty_list_one_with_null():
    found = through(ROWS, Explode("tags"), schema=SCHEMA)
    assert [(row["id"], row["tags"]) for row in found.rows] == [
        (1, "a"), (1, "b"), (2, None), (3, None), (4, None), (4, "c"),
    ]  # fmt: skip
    assert found.numbers == [1, 1, 2, 3, 4, 4]
    assert found.schema.names == ["id", "tags", "n", "t"]
    assert found.schema.field("tags").type == pa.string()
    assert found.chain.notes() == ()


def test_rows_without_elements_are_dropped_when_that_is_asked_and_counted():
    found = through(ROWS, Explode("tags", empty="drop"), schema=SCHEMA)
    assert found.numbers == [1, 1, 4, 4]
    assert found.chain.notes() == ("explode tags: 2 rows are left out",)


def test_into_leaves_the_list():
    found = through(ROWS[:1], Explode("tags", "tag"), schema=SCHEMA)
    assert found.rows == [ROWS[0] | {"tag": "a"}, ROWS[0] | {"tag": "b"}]
    found = through(ROWS[:1], Explode("tags", "id"), schema=SCHEMA)
    assert found.rows == [ROWS[0] | {"id": "a"}, ROWS[0] | {"id": "b"}]


def test_lists_of_structs_and_of_json():
    kind = pa.list_(pa.struct([("code", pa.string()), ("year", pa.int64())]))
    schema = pa.schema([("d", kind), pa.field("docs", pa.list_(pa.string()), metadata=JSON)])
    row = {"d": [{"code": "C50", "year": 2001}, {"code": "C61", "year": None}], "docs": [{"a": [1]}, "x"]}
    assert [one["d"] for one in through([row], Explode("d"), schema=schema).rows] == row["d"]
    found = through([row], Explode("docs"), schema=schema)
    assert [one["docs"] for one in found.rows] == [{"a": [1]}, "x"]
    assert found.schema.field("docs").metadata == {b"biodata": b"json"}


def test_a_list_alone_in_its_row():
    assert through([{"a": [1, 2]}, {"a": []}], Explode("a")).rows == [{"a": 1}, {"a": 2}, {"a": None}]


@pytest.fixture
def pool():
    """Arrow's memory, measured."""
    default = pa.default_memory_pool()
    measured = pa.proxy_memory_pool(default)
    pa.set_memory_pool(measured)
    yield measured
    pa.set_memory_pool(default)


def test_long_lists_come_in_pieces_so_that_memory_is_bounded(pool):
    schema = pa.schema([("id", pa.int64()), ("a", pa.list_(pa.int64()))])
    batch = to_batch([{"id": n, "a": list(range(BATCH_ROWS))} for n in range(3)], schema)
    held = pool.max_memory()
    work = Exploded(Explode("a"), schema, Surroundings())
    assert [len(piece) for piece in work.apply(Rows.counted(batch, 1))] == [BATCH_ROWS] * 3
    assert pool.max_memory() - held < 20 * 8 * BATCH_ROWS


@pytest.mark.parametrize(
    ("of", "words"),
    [
        ("tag", r"f\.yml:7:9: step s: explode: there is no column 'tag'; did you mean 'tags'"),
        ("n", "explode: the column 'n' holds no lists; it is int64 "),
        ("t", "explode: the column 't' holds no lists; it is string; split it first"),
    ],
)
def test_what_does_not_fit(of, words):
    with pytest.raises(biodata.QueryError, match=words):
        compiled(SCHEMA, Explode(of, line=7, column=9))
