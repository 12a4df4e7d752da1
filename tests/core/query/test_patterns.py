import pytest
from hypothesis import given
from hypothesis import strategies as st

from biodata.query.patterns import canonical, literal, matcher, split_pattern


@pytest.mark.parametrize(
    ("pattern", "yes", "no"),
    [
        ("a%", ["a", "ab", "a\nb"], ["ba", "A"]),
        ("a_c", ["abc", "a\nc", "a😀c"], ["ac", "abbc"]),
        (r"50\%", ["50%"], ["500", r"50\%"]),
        (r"a\b", [r"a\b"], ["ab"]),
        (r"a\\%", ["a\\", r"a\b"], ["a%"]),
        ("a.*", ["a.*"], ["abc"]),
        ("", [""], ["a"]),
    ],
)
def test_matches(pattern, yes, no):
    assert all(matcher(pattern).fullmatch(text) for text in yes)
    assert not any(matcher(pattern).fullmatch(text) for text in no)


@given(st.text(r"ab%_\."), st.text(r"ab%_\."))
def test_canonical_matches_the_same_and_literal_itself_only(pattern, text):
    assert bool(matcher(canonical(pattern)).fullmatch(text)) == bool(matcher(pattern).fullmatch(text))
    assert bool(matcher(literal(text)).fullmatch(pattern)) == (text == pattern)
    assert canonical(canonical(pattern)) == canonical(pattern)


def test_splits_into_parts():
    assert list(split_pattern(r"a\%b%_")) == [("text", "a%b"), ("any", "%"), ("one", "_")]
