"""What people write of data frames is answered with what to write here."""

import copy

import pytest

from biodata.spelling import _FRAMES
from tests.core.memory import memory


@pytest.fixture
def people():
    return memory(people=3)["people"]


@pytest.mark.parametrize(
    ("ask", "advice"),
    [
        (
            lambda people: people.value_counts("age"),
            r"A table has no 'value_counts': write group_by\('field'\).count\(\)",
        ),
        (lambda people: people.query().groupby("age"), r"A query has no 'groupby': write group_by"),
        (lambda people: people.query().head(3), r"A query has no 'head': write query\(limit=5\)"),
        (lambda people: people.unique("age"), r"write distinct\('field'\)"),
        (lambda people: people.group_by("age").size(), r"A group has no 'size': there is group_by"),
        (lambda people: people.nothing, r"A table has no 'nothing'$"),
    ],
)
def test_a_name_of_data_frames_is_answered(people, ask, advice):
    with pytest.raises(AttributeError, match=advice):
        ask(people)


def test_none_of_them_is_a_name_of_ours(people):
    for owner in (people, people.query(), people.group_by("age")):
        assert not [name for name in _FRAMES if hasattr(owner, name)]


def test_a_property_that_fails_says_why(people, monkeypatch):
    monkeypatch.setattr(people.adapter, "pushdown", lambda _: None.rules)
    with pytest.raises(AttributeError, match="'NoneType' object has no attribute 'rules'"):
        people.query("age > 1").plan  # noqa: B018 - asking is the test


def test_copies_are_made_as_of_anything_else(people):
    result = people.query("age > 1")
    assert list(copy.copy(result)) == list(result)
