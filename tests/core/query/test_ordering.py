import tempfile

import pytest
from hypothesis import given
from hypothesis import strategies as st

from biodata.query import ordering
from biodata.query.bind import bind_query
from biodata.query.ordering import sort_key, sorted_records
from tests.core.query.tables import LOOKUP, PEOPLE


def order(*names):
    return bind_query(PEOPLE, order_by=names, lookup=LOOKUP).order


def names(records, *by, **options):
    return [record["id"] for record in sorted_records(records, order(*by), PEOPLE, **options)]


ROWS = [
    {"id": "1", "name": "b", "age": 2},
    {"id": "2", "name": None, "age": 1},
    {"id": "3", "name": "B", "age": 2},
    {"id": "4", "name": "a", "age": None},
    {"id": "5", "age": 2},
]


def test_nulls_are_last_either_way_and_strings_go_by_code_point():
    assert names(ROWS, "name") == ["3", "4", "1", "2", "5"]
    assert names(ROWS, "-name") == ["1", "4", "3", "2", "5"]
    assert names(ROWS, "-age", "name") == ["3", "1", "5", "2", "4"]


def test_paths_lead_through_objects_and_references():
    rows = [{"id": "1", "home": {"city": "b"}}, {"id": "2", "home": None}, {"id": "3", "home": {"city": "a"}}]
    assert names(rows, "home.city") == ["3", "1", "2"]
    rows = [{"id": "1", "sex": {"code": "M", "label": "a"}}, {"id": "2", "sex": {"code": "F", "label": "b"}}]
    assert names(rows, "sex.label", lookup=LOOKUP) == ["1", "2"]
    assert names(rows, "sex", lookup=LOOKUP) == ["2", "1"]


def test_limit_and_offset_cut_what_is_sorted():
    assert names(ROWS, "name", limit=2) == ["3", "4"]
    assert names(ROWS, "name", limit=2, offset=1) == ["4", "1"]
    assert names(ROWS, "name", offset=4) == ["5"]
    assert names(ROWS, "name", limit=0) == []


@given(
    st.lists(st.tuples(st.none() | st.integers(0, 5), st.none() | st.sampled_from("ab")), max_size=30),
    st.integers(1, 7),
    st.none() | st.integers(0, 12),
    st.integers(0, 5),
)
def test_spilled_to_disk_gives_the_same_and_is_stable(pairs, in_memory, limit, offset):
    rows = [{"id": str(n), "age": age, "name": name} for n, (age, name) in enumerate(pairs)]
    by = order("-age", "name")
    end = None if limit is None else offset + limit
    wanted = sorted(rows, key=sort_key(by, PEOPLE))[offset:end]
    given = sorted_records(iter(rows), by, PEOPLE, limit=limit, offset=offset, in_memory=in_memory)
    assert list(given) == wanted


def test_the_file_is_gone_when_the_reader_stops(monkeypatch):
    opened = []

    def kept(**options):
        opened.append(tempfile.TemporaryFile(**options))  # noqa: SIM115 - what is tested closes it
        return opened[-1]

    monkeypatch.setattr(ordering, "TemporaryFile", kept)
    rows = ({"id": str(n), "age": n} for n in range(5000))
    found = sorted_records(rows, order("-age"), PEOPLE, in_memory=1500)
    assert next(found)["age"] == 4999
    assert not opened[0].closed
    del found
    assert opened[0].closed


@pytest.mark.parametrize("limit", [None, 3])
def test_no_records_are_no_records(limit):
    assert names([], "age", limit=limit) == []
