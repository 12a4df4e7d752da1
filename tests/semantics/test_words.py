"""Fields that are called as the words of other languages are, on the platforms where tables can be made."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

import biodata
from biodata.records.types import Field, Integer, Schema, String
from tests.semantics.page import KEY
from tests.semantics.platforms import opened

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata import Repository

WORDS = (
    "date", "case", "group", "order", "set", "comment", "start", "select", "from", "table", "limit", "and", "or",
    "not", "in", "is", "null", "like", "between", "escape", "contains", "exists", "native", "true",
)  # fmt: skip
FIELDS = (Field(KEY, String(), required=True), *(Field(word, Integer(32)) for word in WORDS))
ROWS = [{KEY: f"k{at}", **{word: at * 100 + place for place, word in enumerate(WORDS)}} for at in range(3)]


@pytest.fixture(scope="module", params=["molgenis", "gen3", "duckdb"])
def words(request: pytest.FixtureRequest, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Repository]:
    tables = {"words": (Schema("words", KEY, FIELDS), ROWS)}
    with (
        opened(request.param, tmp_path_factory.mktemp("words"), tables) as config,
        biodata.connect("page", config=config) as connection,
    ):
        yield connection["words"]


@pytest.mark.parametrize("word", WORDS)
def test_a_word_is_a_field(words: Repository, word: str) -> None:
    number = ROWS[1][word]
    for where in (f"{word} = {number}", f"{word} in ({number})", f"not {word} != {number}", f"`{word}` = {number}"):
        found = words.query(f"{where} and {word} is not null", fields=[word], order_by=f"-{word}").to_records()
        assert found == [{word: number}], where
    assert [one[word] for one in words.query(order_by=f"-{word}", limit=2)] == [ROWS[2][word], number]
