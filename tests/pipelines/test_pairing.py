"""Which field of one table stands for which of another, and what a sync of the two is called."""

from __future__ import annotations

import re
from typing import Any

import pytest

from biodata import BiodataError
from biodata.pipelines.pairs.pairing import Pairing, pair
from biodata.pipelines.pairs.syncing import sync_name
from biodata.records.types import Field, Integer, Schema, String


def table(name: str, *names: str, key: Any = None, filled: str = "") -> Schema:
    fields = tuple(Field(one, String(), generated=one == filled, read_only=one == filled) for one in names)
    return Schema(name, names[0] if key is None else key, fields)


DONORS = table("donors", "donor_id", "sex", "age", "Note")
CASES = table("cases", "case_id", "gender", "age", "uuid", "site", filled="uuid")


def test_fields_of_one_name_stand_for_each_other() -> None:
    assert pair(DONORS, table("copy", "donor_id", "age", "more")) == Pairing(
        (("donor_id", "donor_id"),), (("age", "age"),), only_a=("sex", "Note"), only_b=("more",)
    )


def test_what_is_said_otherwise_comes_first() -> None:
    found = pair(DONORS, CASES, key={"donor_id": "case_id"}, moved={"sex": "gender", "Note": "age"})
    assert found == Pairing(
        (("donor_id", "case_id"),),
        (("sex", "gender"), ("Note", "age")),
        only_a=("age",),
        only_b=("uuid", "site"),
    )
    assert found.names == {"donor_id": "case_id", "sex": "gender", "Note": "age"}


def test_what_the_platform_fills_in_is_left_out_unless_it_is_asked_for() -> None:
    other = table("others", "case_id", "uuid", "age")
    assert pair(other, CASES) == Pairing(
        (("case_id", "case_id"),), (("age", "age"),), only_b=("gender", "site"), filled=("uuid",)
    )
    assert pair(other, CASES, fields=["uuid"]) == Pairing((("case_id", "case_id"),), (("uuid", "uuid"),))


def test_some_fields_alone() -> None:
    found = pair(
        DONORS, CASES, key={"donor_id": "case_id"}, moved={"sex": "gender"}, fields=["donor_id", "sex", "sex"]
    )
    assert found == Pairing((("donor_id", "case_id"),), (("sex", "gender"),))


def test_a_table_that_is_to_be_made_is_like_the_first() -> None:
    found = pair(DONORS, None, moved={"sex": "gender"})
    assert found == Pairing((("donor_id", "donor_id"),), (("sex", "gender"), ("age", "age"), ("Note", "Note")))
    assert pair(DONORS, None, key={"Note": "id"}).key == (("Note", "id"),)


def test_a_key_of_two_fields_in_its_own_order() -> None:
    pairs = table("pairs", "a", "b", "n", key=("a", "b"))
    assert pair(table("t", "x", "a", "n"), pairs, key={"x": "b", "a": "a"}).key == (("a", "a"), ("x", "b"))


@pytest.mark.parametrize(
    ("said", "code", "words"),
    [
        ({}, "BD-PAIR-KEY", "donors has no field 'case_id', which is of the key of cases"),
        ({"key": {"donor_id": "age"}}, "BD-PAIR-KEY", "The key of cases is case_id, and age is said"),
        ({"key": {"doner_id": "case_id"}}, "BD-QUERY-FIELD", "donor_id"),
        ({"key": {"donor_id": "caseid"}}, "BD-QUERY-FIELD", "case_id"),
        ({"moved": {"sex": "gendre"}}, "BD-QUERY-FIELD", "gender"),
        ({"moved": {"sex": "age", "Note": "age"}}, "BD-PAIR-FIELD", "Two fields are to stand for one: age"),
        ({"key": {"donor_id": "case_id"}, "fields": ["sex"]}, "BD-QUERY-FIELD", "sex"),
        ({"key": {"donor_id": "case_id"}, "fields": ["agee"]}, "BD-QUERY-FIELD", "age"),
    ],
)
def test_what_cannot_be_put_side_by_side(said: dict[str, Any], code: str, words: str) -> None:
    with pytest.raises(BiodataError) as caught:
        pair(DONORS, CASES, **said)
    assert caught.value.code == code
    assert words in f"{caught.value.message} {caught.value.hint}"


def test_a_sync_of_two_tables_has_one_name_and_others_another() -> None:
    assert sync_name("umcg/donors", "local/cases_2") == "sync-umcg-donors-local-cases_2"
    others = [("umcg/Donors", "b/c"), ("umcg/donors", "b/c"), ("umcg/don ors", "b/c"), ("umcg/don-ors", "b/c")]
    others += [("a/b-c", "d/e"), ("a/b", "c/d-e"), (f"a/{'x' * 80}", "b/c"), (f"a/{'x' * 81}", "b/c"), ("a/é", "b/c")]
    names = {sync_name(*one) for one in others}
    assert len(names) == len(others)
    assert all(re.fullmatch("[a-z0-9][a-z0-9_-]{0,63}", name) for name in names)


def test_numbers_are_fields_as_others() -> None:
    numbers = Schema("n", "id", (Field("id", Integer()), Field("n", Integer())))
    assert pair(numbers, numbers).fields == (("n", "n"),)
