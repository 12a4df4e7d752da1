"""Types and keys, as the catalogue says them and as our comments keep them."""

from __future__ import annotations

import datetime as dt
import decimal

import pytest

import biodata
from biodata.records import types as t

NATIVE = {
    "VARCHAR": "string", "TINYINT": "int", "UBIGINT": "int", "HUGEINT": "int", "FLOAT": "float", "DOUBLE": "float",
    "DECIMAL(10,2)": "decimal", "BOOLEAN": "bool", "DATE": "date", "TIMESTAMP": "datetime",
    "TIMESTAMP WITH TIME ZONE": "datetime", "TIMESTAMP_MS": "datetime", "JSON": "json", "VARCHAR[]": "list[string]",
    "INTEGER[3]": "list[int]", "STRUCT(a INTEGER, b VARCHAR)": "object{a, b}", "ENUM('b', 'a')": "enum",
    "UUID": "string", "TIME": "string", "INTERVAL": "string", "BLOB": "string", "MAP(VARCHAR, INTEGER)": "string",
    "INTEGER[][]": "string",
}  # fmt: skip


@pytest.mark.parametrize(("native", "ours"), NATIVE.items())
def test_a_native_type(house, native, ours):
    house.client.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, x {native})")
    field = house["t"].schema["x"]
    assert str(field.type) == ours
    assert ("as text" in field.description) is (ours == "string" and native != "VARCHAR")
    assert house["t"].query("x is null").to_records() == []


NATIVE_VALUES = {
    "TIMESTAMP WITH TIME ZONE '2020-01-01 12:00:00.5+02:00'": dt.datetime(
        2020, 1, 1, 10, 0, 0, 500_000, tzinfo=dt.UTC
    ),
    "TIMESTAMP '2020-01-01 12:00:00'": dt.datetime(2020, 1, 1, 12, tzinfo=dt.UTC),
    "'nan'::DOUBLE": None,
    "'nan'::FLOAT": None,
    "2.50::DECIMAL(10,2)": decimal.Decimal("2.5"),
    "18446744073709551615::UBIGINT": 2**64 - 1,
    "[TIMESTAMP WITH TIME ZONE '2020-01-01 12:00:00+02:00']": [dt.datetime(2020, 1, 1, 10, tzinfo=dt.UTC)],
    "['a', NULL]": ["a", None],
    "TIME '10:00:00'": "10:00:00",
    "'\\xAA'::BLOB": "\\xAA",
    "{'a': 1, 'b': {'c': DATE '2020-01-01'}}": {"a": 1, "b": {"c": dt.date(2020, 1, 1)}},
    "MAP {'a': 1}": "{a=1}",
}


@pytest.mark.parametrize(("sql", "value"), NATIVE_VALUES.items())
def test_a_native_value(house, sql, value):
    house.client.execute(f"CREATE TABLE t AS SELECT 1 AS id, {sql} AS x")
    assert house["t"].query().one()["x"] == value


def test_values_go_back_into_native_columns(house):
    columns = "u UUID, d DECIMAL(10,2), e ENUM('b','a'), z TIMESTAMPTZ, ms TIMESTAMP_MS, l TIMESTAMPTZ[], b BLOB"
    house.client.execute(f"CREATE TABLE t (id INTEGER PRIMARY KEY, {columns})")
    noon = dt.datetime(2020, 1, 1, 12, tzinfo=dt.UTC)
    record = {
        "id": 1, "u": "6fbf6e7c-d8ac-4c40-89a9-49078163e8ec", "d": decimal.Decimal("2.5"), "e": "a", "z": noon,
        "ms": noon, "l": [noon], "b": "\\xAA",
    }  # fmt: skip
    table = house["t"]
    table.add(record).raise_for_refused()
    assert table.get(1) == record
    assert table.upsert(record).unchanged == 1
    assert table.count("z = '2020-01-01T13:00:00+01:00' and l = '2020-01-01T12:00:00Z' and u ilike '6FBF%'") == 1
    assert table.update({"id": 1, "d": decimal.Decimal("2.555")}).refused[0].code == "BD-WRITE-TYPE"


LONG = decimal.Decimal("1234567890123456789012345678901234.25")
SHORT = decimal.Decimal("1.5")
MONEY = t.Schema(
    "money",
    "id",
    (
        t.Field("id", t.String(), required=True),
        t.Field("d", t.Decimal(38, 2)),
        t.Field("many", t.List(t.Decimal(38, 2))),
        t.Field("parts", t.Object((t.Field("x", t.Decimal(38, 2)), t.Field("y", t.List(t.Decimal(5, 1)))))),
        t.Field("plain", t.Decimal()),
    ),
)
MUCH = {"id": "a", "d": LONG, "many": [LONG], "parts": {"x": LONG, "y": [SHORT]}, "plain": SHORT}


def test_decimals_have_the_digits_that_their_type_says(house):
    table = house.ensure(MONEY)
    kept = dict(
        house.client.execute("SELECT column_name, data_type FROM duckdb_columns() WHERE NOT internal").fetchall()
    )
    assert [kept[name] for name in ("d", "many", "plain")] == ["DECIMAL(38,2)", "DECIMAL(38,2)[]", "DECIMAL(38,18)"]
    table.add([MUCH, {"id": "b", "d": SHORT, "many": [SHORT], "parts": {"x": SHORT, "y": []}}]).raise_for_refused()
    assert table.get("a") == MUCH
    assert table.upsert(MUCH).unchanged == 1
    assert [field.type for field in house.schema("money", refresh=True)] == [field.type for field in MONEY]
    assert house.ensure(MONEY).count() == 2


@pytest.mark.parametrize(
    "more", [{"d": "1.555"}, {"many": [SHORT, "1.555"]}, {"parts": {"x": "1.555"}}, {"parts": {"y": ["10000"]}}]
)
def test_a_decimal_is_never_rounded_wherever_it_stands(house, more):
    (outcome,) = house.ensure(MONEY).add({"id": "a"} | more)
    assert (outcome.status, outcome.code) == ("refused", "BD-WRITE-TYPE")
    (outcome,) = house["money"].add({"id": "a", "d": decimal.Decimal("12345678901234567890123456789.125")})
    assert outcome.status == "refused"


@pytest.mark.parametrize(
    ("where", "keys"),
    [
        ("d > 1.555", ["a"]), ("d = 1.50", ["b"]), ("d != 0.000000000000000001", ["a", "b"]), (f"d = {LONG}", ["a"]),
        ("many = 1.5", ["b"]), ("many = 1.555", []), ("parts.x > 1.555", ["a"]), ("parts.y = 1.5", ["a"]),
        ("d in (1.5, 2.123456)", ["b"]), ("plain < 12345678901234567890123456789.5", ["a"]),
    ],
)  # fmt: skip
def test_decimals_are_compared_whatever_digits_a_filter_has(house, where, keys):
    table = house.ensure(MONEY)
    table.add([MUCH, {"id": "b", "d": SHORT, "many": [SHORT], "parts": {"x": SHORT, "y": []}}]).raise_for_refused()
    assert [one["id"] for one in table.query(where, fields=["id"], order_by="id")] == keys


RICH = t.Schema(
    "rich",
    "id",
    (
        t.Field("id", t.String(max_length=10), required=True),
        t.Field("place", t.Reference("places"), label="Where"),
        t.Field("visited", t.List(t.Reference("places"))),
        t.Field("photo", t.File()),
        t.Field("sex", t.String(choices=("f", "m", "it's"))),
        t.Field("notes", t.Json(), description="anything; it's free"),
        t.Field("mail", t.String(), unique=True),
        t.Field("friend", t.Reference("rich", t.Integer(32))),
        t.Field('odd "name"', t.List(t.Object((t.Field("a b", t.Integer(64)),)))),
    ),
    description="all that a column cannot say",
)


def test_what_a_column_cannot_say_is_kept(path):
    with biodata.connect(path, platform="duckdb") as connection:
        connection.ensure(RICH)
    with biodata.connect(path, platform="duckdb") as connection:
        there = connection.ensure(RICH).schema
        assert there.description == RICH.description
        for field in RICH:
            kept = there[field.name]
            assert (kept.type, kept.label, kept.description) == (field.type, field.label, field.description)
            assert (kept.required, kept.unique) == (field.required, field.unique)


def test_a_comment_counts_only_for_its_type(house):
    house.ensure(RICH)
    house.client.execute("ALTER TABLE rich ALTER place SET DATA TYPE JSON USING to_json(place)")
    assert str(house.schema("rich", refresh=True)["place"].type) == "json"


def test_another_shape_is_named(house):
    house.ensure(RICH)
    other = t.Schema("rich", "id", (t.Field("id", t.String()), t.Field("sex", t.Integer())))
    with pytest.raises(biodata.SchemaError) as caught:
        house.ensure(other)
    assert caught.value.code == "BD-SCHEMA-DIFFERS"
    assert "sex" in str(caught.value)
    assert "photo" in str(caught.value)


def test_a_composite_key(house):
    fields = (t.Field("a", t.String()), t.Field("b", t.Integer()), t.Field("c", t.String()))
    table = house.ensure(t.Schema("pairs", ("a", "b"), fields))
    table.add([{"a": "x", "b": n, "c": f"{n}"} for n in range(7)]).raise_for_refused()
    assert table.schema.key == ("a", "b")
    assert table.get(("x", 3))["c"] == "3"
    assert [row["b"] for row in table.query(page_size=2)] == list(range(7))
    assert table.upsert([{"a": "x", "b": 3, "c": "new"}, {"a": "y", "b": 3}]).tally == {"updated": 1, "created": 1}
    assert table.delete([("x", 0), ("z", 0)]).tally == {"deleted": 1, "unchanged": 1}


def test_a_table_without_a_key(house):
    house.client.execute("CREATE TABLE bare AS SELECT range % 3 AS n FROM range(10)")
    table = house["bare"]
    assert table.schema.key == ()
    assert sorted(row["n"] for row in table.query(page_size=3)) == sorted(n % 3 for n in range(10))
    assert [row["n"] for row in table.query(page_size=3, order_by="-n")] == sorted(
        (n % 3 for n in range(10)), reverse=True
    )
    assert table.add([{"n": 7}, {"n": 7}]).created == 2
    with pytest.raises(biodata.QueryError) as caught:
        table.get(1)
    assert caught.value.code == "BD-KEY-NONE"
    with pytest.raises(biodata.Unsupported) as refused:
        table.update({"n": 1})
    assert refused.value.code == "BD-DUCKDB-KEY"
    assert "PRIMARY KEY" in str(refused.value)


def test_a_view_is_read_only(house):
    house.client.execute("CREATE VIEW seen AS SELECT range % 3 AS n FROM range(10)")
    table = house["seen"]
    assert not table.schema.writable
    assert [row["n"] for row in table.query(page_size=3)] == sorted(n % 3 for n in range(10))
    with pytest.raises(biodata.Unsupported):
        table.add({"n": 1})


def test_a_view_that_is_broken_hides_no_table(house):
    house.client.execute("CREATE TABLE t AS SELECT 1 AS n; CREATE VIEW seen AS SELECT * FROM t; DROP TABLE t")
    house.client.execute("CREATE TABLE other (id INTEGER PRIMARY KEY)")
    assert [(known.name, known.records) for known in house.tables()] == [("other", 0), ("seen", None)]


def test_tables_of_other_schemas(house):
    house.client.execute("CREATE SCHEMA other; CREATE TABLE other.t (id INTEGER PRIMARY KEY)")
    assert [known.name for known in house.tables()] == ["other.t"]
    assert house["other.t"].add({"id": 1}).created == 1
    assert house.tables()[0].records == 1


def test_defaults_and_sequences(house):
    house.client.execute(
        "CREATE SEQUENCE s; CREATE TABLE t (id INTEGER DEFAULT nextval('s') PRIMARY KEY, x VARCHAR DEFAULT 'd')"
    )
    table = house["t"]
    assert table.schema["id"].generated
    table.add([{"x": "given"}, {"x": None}]).raise_for_refused()
    table.add({"id": 9}).raise_for_refused()
    assert {row["x"] for row in table.query()} == {"given", None, "d"}


def test_a_computed_column_is_read_only(house):
    house.client.execute(
        "CREATE TABLE t (id INTEGER PRIMARY KEY, v INTEGER, twice INTEGER GENERATED ALWAYS AS (v * 2))"
    )
    table = house["t"]
    table.add([{"id": 1, "v": 2}, {"id": 2, "v": 3, "twice": None}]).raise_for_refused()
    table.update({"id": 1, "v": 4}).raise_for_refused()
    assert [row["twice"] for row in table.query()] == [8, 6]
    assert [one.code for one in table.update({"id": 1, "twice": 9}).outcomes] == ["BD-WRITE-READ-ONLY"]


PAGED = {
    "a NaN": "(k DOUBLE PRIMARY KEY); INSERT INTO t SELECT range FROM range(20); INSERT INTO t VALUES ('nan')",
    "nanoseconds": "(k TIMESTAMP_NS PRIMARY KEY); INSERT INTO t SELECT make_timestamp_ns(range) FROM range(21)",
    "endless": "(k TIMESTAMPTZ PRIMARY KEY); INSERT INTO t SELECT to_timestamp(range) FROM range(19); "
    "INSERT INTO t VALUES ('infinity'), ('-infinity')",
    "rowid": "(rowid INTEGER, v INTEGER); INSERT INTO t SELECT range % 3, range FROM range(21)",
    "rowid beside a key": "(rowid DOUBLE PRIMARY KEY); INSERT INTO t SELECT range FROM range(20); "
    "INSERT INTO t VALUES ('nan')",
}


@pytest.mark.parametrize("table", PAGED.values(), ids=PAGED)
@pytest.mark.parametrize("descending", [False, True])
def test_no_page_loses_records_whose_keys_read_the_same(house, table, descending):
    house.client.execute(f"CREATE TABLE t {table}")
    order = f"-{house['t'].schema.names[0]}" if descending else None
    for size in (1, 5, 7, 20, 21, 22):
        assert len(house["t"].query(page_size=size, order_by=order).to_records()) == 21


def test_texts_compare_by_code_point_whatever_the_collation(house):
    house.client.execute("CREATE TABLE t (id VARCHAR COLLATE NOCASE PRIMARY KEY, s VARCHAR COLLATE NOCASE)")
    house.client.execute("CREATE VIEW seen AS SELECT * FROM t")
    table = house["t"]
    assert table.upsert([{"id": "a", "s": "x"}, {"id": "A", "s": "X"}, {"id": "B", "s": "x"}]).tally == {"created": 3}
    assert [row["id"] for row in table.query(order_by="id", page_size=1)] == ["A", "B", "a"]
    assert (table.count("s = 'x'"), house["seen"].count("s = 'x'"), table.count("s like 'X'")) == (2, 2, 1)
    assert table.upsert({"id": "a", "s": "X"}).tally == {"updated": 1}
    assert table.delete("A").tally == {"deleted": 1}
    assert [row["id"] for row in table.query(order_by="id")] == ["B", "a"]


def test_no_name_of_a_column_is_in_the_way_of_ours(house):
    house.client.execute(
        'CREATE TABLE t ("biodata position" INTEGER, "Biodata Position_" INTEGER, u1 STRUCT(u2 INTEGER[])[], '
        "id INTEGER PRIMARY KEY)"
    )
    table = house["t"]
    rows = [{"biodata position": 7, "Biodata Position_": 8, "u1": [{"u2": [n]}], "id": n} for n in range(3)]
    assert table.add(rows).tally == {"created": 3}
    assert table.upsert([*rows[:2], rows[2] | {"biodata position": 1}]).tally == {"unchanged": 2, "updated": 1}
    assert [row["id"] for row in table.query("u1.u2 = 2")] == [2]
