"""docs/semantics.md is so: each of its examples, on each platform."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec
import pytest

from biodata.query.parser import parse
from tests.semantics.limits import limits
from tests.semantics.page import Section, part, records, rules, shapes
from tests.semantics.place import NO_SYNTAX
from tests.semantics.platforms import PLATFORMS, as_held

if TYPE_CHECKING:
    from tests.semantics.place import Place

RULES = rules()


def of_rules(*kinds: str) -> pytest.MarkDecorator:
    """Once for each rule that has examples of one of these kinds."""
    shown = {one.title: {kind for kind in ("gives", "write") if one.examples(kind)} for one in RULES}
    known = [one for one in RULES if shown[one.title].intersection(kinds) or ("python" in kinds and one.blocks())]
    return pytest.mark.parametrize("section", known, ids=lambda section: section.title)


@of_rules("gives")
def test_filters_give_what_the_page_says(place: Place, section: Section) -> None:
    examples = section.examples("gives")
    said = [(one.filter, place.expected(one)) for one in examples]
    assert [(one.filter, place.answer(one.table, one.filter)) for one in examples] == said


@of_rules("gives")
def test_their_json_form_gives_the_same(place: Place, section: Section) -> None:
    examples = [one for one in section.examples("gives") if one.says != NO_SYNTAX]
    forms = [msgspec.json.decode(msgspec.json.encode(parse(one.filter))) for one in examples]
    said = [(one.filter, place.expected(one)) for one in examples]
    assert [(one.filter, place.answer(one.table, form)) for one, form in zip(examples, forms, strict=True)] == said


@of_rules("write")
def test_what_is_refused_can_be_written_as_the_page_says(place: Place, section: Section) -> None:
    for one in section.examples("write"):
        assert place.answer(one.table, one.filter) == NO_SYNTAX, one.filter
        assert not place.answer(one.table, one.says.strip("`")).startswith("`"), one.says


@of_rules("python")
def test_python_does_what_the_page_says(place: Place, section: Section) -> None:
    for block in section.blocks():
        if place.platform in block.refused_on:
            assert block.reason in [": ".join(row[1:3]) for row in part("limits") if row[0] == place.platform]
        elif place.has(block.text):
            assert place.differences(block.text) == ""
    for name in shapes():
        table = place.connection[name]
        shown = [as_held(table.schema, one) for one in records(name)]
        assert table.upsert(shown).unchanged == table.count() == len(shown), "an example left something behind"


@of_rules("gives", "write", "python")
def test_a_rule_is_shown_on_each_platform(place: Place, section: Section) -> None:
    shown = [one.filter for one in section.examples("gives") + section.examples("write")]
    shown += [one.text for one in section.blocks() if place.platform not in one.refused_on]
    assert any(map(place.has, shown))


def test_the_page_says_which_fields_a_platform_has_not(place: Place) -> None:
    column = PLATFORMS.index(place.platform) + 1
    assert {row[0] for row in part("fields") if row[column] == "no"} == place.missing


def test_the_page_says_what_a_platform_cannot_do(place: Place) -> None:
    told = [tuple(row[1:]) for row in part("limits") if row[0] == place.platform]
    assert told == list(limits(place.connection))
