"""Filters that are long or deep mean the same on each platform: what an address cannot hold is done otherwise."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

from biodata.query.parser import MAX_NESTING

if TYPE_CHECKING:
    from tests.semantics.place import Place

MANY = ", ".join(f"'no such text {number}'" for number in range(999))
NUMBERS = ", ".join(map(str, range(1000)))
TERMS = " or ".join(f"description = 'no such text {number}'" for number in range(199))
BLOOD = "description = 'blood'"
DEEP = "(" * MAX_NESTING + BLOOD + ")" * MAX_NESTING
LONG = "x" * 20_000
FILTERS = {
    "a text in 1000": ("samples", f"description in ({MANY}, 'blood')", "s1"),
    "a text not in 1000": ("samples", f"description not in ({MANY}, 'blood')", "s2 s3 s5 s6 s7 s8"),
    "a reference in 1000": ("samples", f"individualId in ({MANY}, 'i2')", "s3 s4"),
    "over a reference in 1000": ("samples", f"individualId.name in ({MANY}, 'Bo')", "s3 s4"),
    "a list in 1000": ("families", f"members in ({MANY}, 'i1')", "f1"),
    "a list not in 1000": ("families", f"members not in ({MANY}, 'i1')", "f2 f3"),
    "a number in 1000": ("families", f"expectedSize in ({NUMBERS})", "f1 f2 f3"),
    "a number not in 1000": ("families", f"expectedSize not in ({NUMBERS})", "none"),
    "200 terms": ("samples", f"{TERMS} or {BLOOD}", "s1"),
    "not 200 terms": ("samples", f"not ({TERMS} or {BLOOD})", "s2 s3 s5 s6 s7 s8"),
    "as deep as may be": ("samples", DEEP, "s1"),
    "and in or in and": (
        "samples",
        "(somatic = false or (somatic = true and " * (MAX_NESTING // 2) + BLOOD + "))" * (MAX_NESTING // 2),
        "s1 s2 s3 s5 s6 s7 s8",
    ),
    "not as often as may be": ("samples", "not " * MAX_NESTING + BLOOD, "s1"),
    "a long text": ("samples", f"description = '{LONG}'", "none"),
    "a long piece": ("samples", f"contains(description, '{LONG}') or {BLOOD}", "s1"),
}


@pytest.mark.parametrize("name", FILTERS)
def test_long_and_deep_filters(place: Place, name: str) -> None:
    table, where, keys = FILTERS[name]
    assert place.answer(table, where) == keys


def test_past_the_limit_nothing_is_asked(place: Place) -> None:
    assert place.answer("samples", f"({DEEP})") == "`BD-QUERY-SYNTAX`"
