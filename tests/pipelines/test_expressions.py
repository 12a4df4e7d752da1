"""What an expression may be: one scalar over the names in scope, the same every time."""

import pytest

import biodata
from biodata.pipelines import load_pipeline
from biodata.pipelines.operations.expressions import Scope, check_expression, locked_connection

SCOPE = Scope(("ID", "Ref_Counts", "tags", "odd name"), ("ref", "alt"))


@pytest.mark.parametrize(
    "text",
    [
        "'ase-' || src.ID",
        "CAST(src.Ref_Counts AS INTEGER)",
        "alt / (ref + alt)",
        "ref >= 0 AND alt >= 0",
        "src.ID IN ('1', '2') OR ref BETWEEN 1 AND 2 OR src.ID IS NULL",
        "CASE WHEN ref > 1 THEN 'a' ELSE 'b' END",
        "if(ref > 1, nullif(src.ID, ''), coalesce(src.ID, 'x'))",
        "list_transform(src.tags, x -> x || 'y')",
        "[x FOR x IN src.tags IF x > 'a']",
        "split_part(src.ID, '-', 1)",
        "regexp_replace(src.ID, 'a', 'b')",
        "src.\"odd name\" LIKE 'x%'",
        "extract(year FROM DATE '2020-01-01')",
        "date_diff('day', DATE '2020-01-01', DATE '2020-02-01')",
        "TRY(CAST(src.ID AS INTEGER))",
        "{'a': ref}",
        "upper(src.ID)[1:2]",
        "ref -- a comment",
        "SRC.id",
    ],
)
def test_allowed(text):
    check_expression(text, SCOPE)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("sum(ref)", "aggregates"),
        ("count(*)", "aggregates"),
        ("list(ref)", "aggregates"),
        ("geomean(ref)", "aggregates"),
        ("any_value(ref) FILTER (ref > 1)", "aggregates"),
        ("row_number() OVER ()", "window"),
        ("sum(ref) OVER ()", "window"),
        ("(SELECT 1)", "subquery"),
        ("EXISTS (SELECT 1)", "subquery"),
        ("ref = ANY (SELECT 1)", "subquery"),
        ("read_csv('/etc/passwd')", "table function"),
        ("unnest(src.tags)", "table function"),
        ("now()", "moment"),
        ("today()", "moment"),
        ("current_date", "when it is asked"),
        ("CURRENT_TIMESTAMP", "when it is asked"),
        ("age(DATE '2000-01-01')", "moment"),
        ("ago(INTERVAL 1 DAY)", "when it is asked"),
        ("random()", "chance"),
        ("gen_random_uuid()", "chance"),
        ("nextval('s')", "session"),
        ("getvariable('x')", "session"),
        ("current_setting('threads')", "session"),
        ("json_serialize_sql('SELECT 1')", "no such function"),
        ("nosuch(ref)", "no such function"),
        ("*", "star"),
        ("COLUMNS(*)", "star"),
        ("src.*", "star"),
        ("?", "parameter"),
        ("$1", "parameter"),
        ("#1", "positional"),
        ("ref FROM read_csv('x')", "not one SQL"),
        ("ref) FROM (SELECT 1", "not one SQL"),
        ("ref), (alt", "not one SQL"),
        ("ref; DROP TABLE x", "not one SQL"),
        ("ref;", "not one SQL"),
        ("ref AS other", "not one SQL"),
        ("ref /*", "not one SQL"),
        ("ref +", "not one SQL"),
        ("src.Ref_Count", "did you mean 'Ref_Counts'"),
        ("Ref_Counts", "src.Ref_Counts"),
        ("reff", "did you mean 'ref'"),
        ("main.ref", "unknown name 'main'"),
        ("1" + " + 1" * 900, "nested too deeply"),
        ("(" * 5000 + "1" + ")" * 5000, "not one SQL"),
    ],
)
def test_refused(text, words):
    with pytest.raises(biodata.QueryError, match="(?i)" + words.replace("(", r"\(")) as caught:
        check_expression(text, SCOPE)
    assert caught.value.code == "BD-PIPELINE-EXPRESSION"


def test_tells_the_character():
    with pytest.raises(biodata.QueryError, match=r"at character 7"):
        check_expression("ref + now()", SCOPE)


def test_unknown_source_fields_pass_while_the_source_is_not_known():
    check_expression("src.anything", Scope(None))


def test_file_errors_name_step_column_and_line(pipeline):
    path = pipeline(("alt / (ref + alt)", "sum(alt)"), ("ref >= 0 AND", "now() > DATE '2020-01-01' AND"))
    with pytest.raises(biodata.ConfigError) as caught:
        load_pipeline(path)
    first, second = caught.value.message.splitlines()
    assert first.startswith(f"{path}:11:11: step counts: column alt_fraction: sum: aggregates")
    assert second.startswith(f"{path}:13:35: step counts: check 'counts are counts': now:")


def test_a_column_sees_only_the_columns_above_it(pipeline):
    path = pipeline(("CAST(src.Ref_Counts AS INTEGER)", "alt + 1"))
    with pytest.raises(biodata.ConfigError, match=r":9:11: step counts: column ref: unknown name 'alt'"):
        load_pipeline(path)


@pytest.mark.parametrize(
    "statement",
    [
        "SELECT * FROM read_text('/etc/hostname')",
        "COPY (SELECT 1) TO '/tmp/biodata-must-not-be-there'",
        "ATTACH '/tmp/biodata-must-not-be-there.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET threads = 2",
    ],
)
def test_the_connection_is_locked(statement):
    import duckdb

    with pytest.raises(duckdb.Error):
        locked_connection().execute(statement)


def test_the_connection_sees_no_python_variables():
    import duckdb
    import pyarrow as pa

    secret = pa.table({"a": [1]})
    with pytest.raises(duckdb.Error):
        locked_connection().execute("SELECT * FROM secret")
    assert secret.num_rows == 1
