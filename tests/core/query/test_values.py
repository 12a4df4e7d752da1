import datetime as dt
from decimal import Decimal
from pathlib import Path

import numpy as np
import pandas as pd
import pyarrow as pa
import pytest

from biodata.records import types as t
from biodata.records.values import to_type

NOON = dt.datetime(2020, 1, 31, 12, tzinfo=dt.UTC)
HOME = t.Object((t.Field("city", t.String()), t.Field("sex", t.Reference("sexes"))))


@pytest.mark.parametrize(
    "missing",
    [None, float("nan"), np.nan, np.float64("nan"), pd.NaT, pd.NA, np.datetime64("NaT", "ns"), pa.scalar(None)],
)
@pytest.mark.parametrize(
    "type_", [t.String(), t.Integer(), t.Date(), t.List(t.Float()), HOME, t.Json(), t.Reference("x")]
)
def test_what_is_missing_is_none(missing, type_):
    assert to_type(missing, type_) is None


@pytest.mark.parametrize(
    ("value", "type_", "kept"),
    [
        ("NA", t.String(), "NA"),
        ("", t.String(), ""),
        (np.str_("a"), t.String(max_length=1), "a"),
        ("red", t.String(choices=("red",)), "red"),
        (3.0, t.Integer(), 3),
        (np.int64(3), t.Integer(), 3),
        (Decimal("1e3"), t.Integer(), 1000),
        (-(2**31), t.Integer(bits=32), -(2**31)),
        (2**70, t.Integer(bits=None), 2**70),
        (3, t.Float(), 3.0),
        (np.float32(0.5), t.Float(), 0.5),
        (Decimal("0.1"), t.Float(), 0.1),
        (0.1, t.Decimal(), Decimal("0.1")),
        (3, t.Decimal(), Decimal(3)),
        ("0.12345678901234567890", t.Decimal(), Decimal("0.12345678901234567890")),
        (np.bool_(True), t.Boolean(), True),
        ("2020-01-31", t.Date(), dt.date(2020, 1, 31)),
        (pd.Timestamp("2020-01-31"), t.Date(), dt.date(2020, 1, 31)),
        (np.datetime64("2020-01-31"), t.Date(), dt.date(2020, 1, 31)),
        (dt.datetime(2020, 1, 31, 12), t.DateTime(), NOON),  # noqa: DTZ001 - without a zone it is UTC
        ("2020-01-31T12:00:00Z", t.DateTime(), NOON),
        (pd.Timestamp("2020-01-31 13:00", tz="Europe/Amsterdam"), t.DateTime(), NOON),
        (np.datetime64("2020-01-31T12:00:00", "ns"), t.DateTime(), NOON),
        (dt.date(2020, 1, 31), t.DateTime(), NOON.replace(hour=0)),
        (pa.scalar(5), t.Integer(), 5),
        ({"a": [1, None, {"b": float("nan")}]}, t.Json(), {"a": [1, None, {"b": None}]}),
        (("a", "b"), t.List(t.String()), ["a", "b"]),
        (np.array([1.0, 2.0]), t.List(t.Integer()), [1, 2]),
        ([], t.List(t.Integer()), []),
        ("2020-01-31T12:00:00.000000000Z", t.DateTime(), NOON),
        ("F", t.Reference("sexes"), "F"),
        ({"code": "F"}, t.Reference("sexes"), "F"),
        ({"code": "F", "label": "f"}, t.Reference("sexes"), "F"),
        (("F",), t.Reference("sexes"), "F"),
        (3.0, t.Reference("sexes", t.Integer()), 3),
        ([{"code": "F", "label": "f"}, "M"], t.List(t.Reference("sexes")), ["F", "M"]),
        ({"city": "x", "sex": {"code": "F"}}, HOME, {"city": "x", "sex": "F"}),
        ({"id": "1", "filename": "a.txt"}, t.File(), {"id": "1", "filename": "a.txt"}),
        (Path("a.txt"), t.File(), Path("a.txt")),
    ],
)
def test_what_fits(value, type_, kept):
    found = to_type(value, type_, keys={"sexes": "code"})
    assert found == kept
    assert type(found) is type(kept)


@pytest.mark.parametrize(
    ("value", "type_", "reason"),
    [
        (424242, t.String(), "text is needed, not a number"),
        ("424242", t.String(max_length=2), "longer than 2"),
        ("424242\ud800", t.String(), "half a character"),
        ("424242", t.String(choices=("red",)), "allowed"),
        ("424242", t.Integer(), "whole number is needed, not text"),
        (True, t.Integer(), "not true or false"),
        (424242.5, t.Integer(), "fraction"),
        (float("inf"), t.Integer(), "fraction"),
        (2.0**60, t.Integer(), "exact"),
        (2**31, t.Integer(bits=32), "32 bits"),
        (5, t.Integer(minimum=6), "minimum 6"),
        (5, t.Integer(maximum=4), "maximum 4"),
        ("424242", t.Float(), "number is needed"),
        (float("inf"), t.Float(), "finite"),
        (10**400, t.Float(), "too large"),
        ("424242x", t.Decimal(), "number is needed"),
        ("Infinity", t.Decimal(), "finite"),
        (1, t.Boolean(), "true or false"),
        ("true", t.Boolean(), "true or false"),
        ("31-01-2020", t.Date(), "2020-01-31"),
        (NOON, t.Date(), "time or zone"),
        (424242, t.Date(), "date is needed"),
        ("424242 o'clock", t.DateTime(), "2020-01-31T12:00:00Z"),
        (pd.Timestamp(1), t.DateTime(), "microsecond"),
        ("2024-05-01T00:00:00.424242789Z", t.DateTime(), "microsecond"),
        ("2024-05-01T00:00:00,4242420001", t.DateTime(), "microsecond"),
        (np.datetime64(1, "ns"), t.DateTime(), "microsecond"),
        ("0001-01-01T00:00:00+10:00", t.DateTime(), "years"),
        ({1: 2}, t.Json(), "keys"),
        ({"a": {1}}, t.Json(), "JSON value"),
        ([float("inf")], t.Json(), "infinite"),
        ("424242", t.List(t.String()), "list is needed, not text"),
        ([1, None], t.List(t.Integer()), "null"),
        ([1, "424242"], t.List(t.Integer()), "element 2: a whole number"),
        ({"a": 1, "b": 2}, t.Reference("other"), "key of the referenced record"),
        (("a", "b"), t.Reference("sexes"), "one key"),
        ("x", HOME, "object is needed"),
        ({"town": "424242"}, HOME, "city, sex only"),
        ({"city": 424242}, HOME, "city: text"),
        ({"path": "424242"}, t.File(), "id, filename, url"),
        (424242, t.File(), "file is needed"),
    ],
)
def test_what_does_not_fit_says_why_and_not_what(value, type_, reason):
    with pytest.raises(ValueError, match=reason) as caught:
        to_type(value, type_, keys={"sexes": "code"})
    assert "424242" not in str(caught.value)
