"""What the server's answers mean: five forms of body, and no value of a record in what is shown."""

from __future__ import annotations

import json

import pytest

import biodata
from biodata.adapter import BatchRefused
from biodata.http import Response
from biodata.records.types import Field, Integer, List, Reference, Schema, String
from biodata_molgenis.errors import Complaint, complaints, failure, words
from biodata_molgenis.refusals import refusal

SCHEMA = Schema(
    "rt_Person",
    "id",
    (
        Field("id", String()),
        Field("mail", String()),
        Field("age", Integer(32)),
        Field("city", Reference("rt_City")),
        Field("visited", List(Reference("rt_City"))),
        Field("born", String()),
    ),
)


def answer(body, status=400, content_type="application/json;charset=UTF-8"):
    raw = body if isinstance(body, bytes) else json.dumps(body).encode()
    return Response(status=status, headers={"content-type": content_type}, body=raw, request="GET /x")


def coded(message, code="", status=400):
    return answer({"errors": [{"message": message, **({"code": code} if code else {})}]}, status)


FORMS = [
    (coded("No.", "D01"), Complaint("No.", "D01")),
    (answer({"title": "Not Found", "detail": "Gone", "errorCode": "D02a"}), Complaint("Gone", "D02a")),
    (answer({"title": "Method Not Allowed", "status": 405}), Complaint("Method Not Allowed")),
    (answer({"title": "Bad", "errors": [{"errorCode": "API05", "detail": "op"}]}), Complaint("op", "API05")),
    (answer(b"Invalid action:[BOGUS]", content_type="text/plain"), Complaint("Invalid action:[BOGUS]")),
    (answer(b"<!doctype html><html><title>HTTP Status 400</title></html>"), Complaint("HTTP Status 400")),
    (answer(b""), Complaint("")),
    (answer(b"[1, 2]"), Complaint("[1, 2]")),
    (answer(b"\xff\xfe"), Complaint("\ufffd\ufffd")),
]


@pytest.mark.parametrize(("response", "complaint"), FORMS)
def test_each_form_of_body(response, complaint):
    assert complaints(response)[0] == complaint


@pytest.mark.parametrize(
    ("response", "kind", "code"),
    [
        (coded("Unknown entity type 'x'.", "D01", 404), biodata.NotFound, "BD-NOT-FOUND-TABLE"),
        (coded("Unknown entity with 'id' 'zz' of type 'P'.", "D02", 404), biodata.NotFound, "BD-NOT-FOUND"),
        (coded("Unknown attribute 'b' of entity type 'P'.", "D04", 404), biodata.QueryError, "BD-QUERY-FIELD"),
        (coded("Can't perform", "WEB03", 500), biodata.RemoteError, "BD-REMOTE"),
        (coded("Field 'num'", "Max"), biodata.QueryError, "BD-QUERY-REFUSED"),
        (answer(b"", 405), biodata.ProtocolError, "BD-REMOTE-PROTOCOL"),
    ],
)
def test_each_refusal_of_a_read(response, kind, code):
    error = failure(response, "t")
    assert type(error) is kind
    assert error.code == code
    assert "zz" not in str(error)


@pytest.mark.parametrize(
    "message",
    [
        "Value 'a secret' for unique attribute 'mail' from entity 'P' already exists.",
        "Unknown xref value 'a secret' for attribute 'city' of entity 'P'.",
        "Failed to parse attribute [born] value [a secret] as date. Valid date format is [YYYY-MM-DD].",
        'For input string: "a secret"',
        "Unknown entity with 'id' 'a secret' of type 'Person'.",
        "Failed to convert value a secret; nested exception is org.x.FooException: Invalid query operator =foo=.",
    ],
)
def test_a_value_that_the_server_quotes_is_masked(message):
    assert "secret" not in words(coded(message))


def test_a_value_is_masked_before_a_long_text_is_cut():
    assert "Zw" not in words(answer(b"Zwolle-1 " * 99, content_type="text/plain"), ["Zwolle-1"])


TOO_LONG = "Value must be less than or equal to 255 characters"
RECORDS = [
    {"id": "a", "mail": "x@y", "visited": ["gro"], "age": 3},
    {"id": "it's 'b' for", "city": "nope", "born": "1"},
    {"id": "c", "visited": ["ams", "nix"], "mail": "x@y"},
]


@pytest.mark.parametrize(
    ("message", "code", "expected"),
    [
        ("Value 'a' for unique attribute 'id' from entity 'P' already exists.", "D24a", ("DUPLICATE", 0, "id")),
        ("Value 'it's 'b' for' for unique attribute 'id' from", "D24a", ("DUPLICATE", 1, "id")),
        ("Value 'x@y' for unique attribute 'mail' from entity", "D24a", ("DUPLICATE", None, "mail")),
        ("Unknown xref value 'nope' for attribute 'city' of entity", "D23", ("REFERENCE", 1, "city")),
        ("Unknown xref value 'nix' for attribute 'visited' of", "D23", ("REFERENCE", 2, "visited")),
        ("The attribute '<unknown>' of entity 'P' can not be null.", "D21a", ("REQUIRED", None, None)),
        ("Value 'a' for attribute 'id' is referenced by entity 'Q'.", "D22", ("REFERENCED", 0, "id")),
        ("Failed to parse attribute [born] value [1] as date.", "", ("TYPE", 1, "born")),
        ("Invalid string value 'a' for attribute 'id' of entity 'P'." + TOO_LONG, "", ("TOO-LONG", 0, "id")),
        ("something new", "", ("REFUSED", None, None)),
    ],
)  # fmt: skip
def test_a_refused_batch(message, code, expected):
    error = refusal(coded(message, code), SCHEMA, RECORDS)
    assert isinstance(error, BatchRefused)
    assert (error.code.removeprefix("BD-WRITE-"), error.index, error.field) == expected


def test_a_single_record_is_always_the_culprit():
    error = refusal(coded("The attribute '<unknown>' can not be null.", "D21a"), SCHEMA, RECORDS[:1])
    assert isinstance(error, BatchRefused)
    assert error.index == 0


def test_a_text_for_a_number_is_the_records_fault_though_the_server_says_500():
    error = refusal(coded('For input string: "x"', status=500), SCHEMA, RECORDS)
    assert isinstance(error, BatchRefused)
    assert error.code == "BD-WRITE-TYPE"
    assert not isinstance(refusal(coded("out of disk", status=500), SCHEMA, RECORDS), BatchRefused)


def test_a_table_that_went_away_is_not_the_records_fault():
    error = refusal(coded("Unknown entity type 'rt_Person'.", "D01", 404), SCHEMA, RECORDS)
    assert isinstance(error, biodata.NotFound)
