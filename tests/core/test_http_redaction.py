from __future__ import annotations

from datetime import UTC, date, datetime

import pytest

from biodata.http import mask_values, redact

JWT = "eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiJqYW4ifQ.c2lnbmF0dXJl"


@pytest.mark.parametrize(
    "text",
    [
        f"Authentication token is expired : {JWT}",
        "Invalid authentication token : S3CR3T",
        "GET /x?molgenis-token=S3CR3T&num=1",
        "Authorization: Bearer S3CR3T",
        "header bearer S3CR3T is bad",
        '{"password":"S3CR3T"}',
        '{"api_key": "S3CR3T", "key_id": "1"}',
        "/users?sid=S3CR3T",
        "https://me:S3CR3T@proxy.example.org/",
    ],
)
def test_tokens_are_masked(text: str) -> None:
    assert "S3CR3T" not in redact(text)
    assert JWT.split(".")[2] not in redact(text)
    assert "<secret>" in redact(text)


def test_given_secrets_are_masked_longest_first() -> None:
    assert redact("ab abcd", ["ab", "abcd", ""]) == "<secret> <secret>"


@pytest.mark.parametrize("text", ["Missing token", "Unknown entity type 'password'", "No token was sent.", "5 rows"])
def test_words_without_a_secret_stay(text: str) -> None:
    assert redact(text) == text


@pytest.mark.parametrize(
    ("text", "values", "masked"),
    [
        ("Duplicate value 'Jan Jansen' for name", ["Jan Jansen"], "Duplicate value '<value>' for name"),
        ("value '5.0' (5) is over 50", [5], "value '<value>' (<value>) is over 50"),
        ('For input string: "abc"', [{"a": ["abc", None, True]}], 'For input string: "<value>"'),
        ("born 1980-02-01", [date(1980, 2, 1)], "born <value>"),
        ("at 1980-02-01T10:30:00Z", [datetime(1980, 2, 1, 10, 30, tzinfo=UTC)], "at <value>T<value>Z"),
        (r'said "O\"Neil"', ['O"Neil'], 'said "<value>"'),
        ("row F of Female", ["F"], "row <value> of Female"),
        (r"key='[{'id': 'Ann \"x\" O\'Neill ✓'}]'", ['Ann "x" O\'Neill ✓'], "key='[{'id': '<value>'}]'"),
        (r"Zo\u00eb; Zo\xeb; Zo%C3%AB; Jan&#x27;s", ["Zoë", "Jan's"], "<value>; <value>; <value>; <value>"),
        ("nothing", [None, "", " ", True], "nothing"),
        ("[False, True, None] is not valid", [[False, True, None]], "<value> is not valid"),
        ('{"a":[true]} and [true]', [{"a": [True]}], "<value> and <value>"),
        ("[] is too short", [[]], "[] is too short"),
        ("1.5 and 11.5", [1.5], "<value> and 11.5"),
    ],
)
def test_values_of_a_record_are_masked(text: str, values: list[object], masked: str) -> None:
    assert mask_values(text, values) == masked
