import subprocess
import sys

import pytest

from biodata.errors import QueryError
from biodata.query.builder import col, native
from biodata.query.parser import parse
from biodata.query.tree import Leaf


@pytest.mark.parametrize(
    ("made", "text"),
    [
        (col("a") == 1, "a = 1"),
        (col("a") != 1, "a != 1"),
        (col("a.b") < 1, "a.b < 1"),
        (col(("a", "b")) <= 1, "a.b <= 1"),
        (col(("a.b",)) > 1, "`a.b` > 1"),
        (col("a") >= 40, "a >= 40"),
        (col("a").is_in(x for x in "xy"), "a in ('x', 'y')"),
        (col("a").not_in(["x"]), "a not in ('x')"),
        (col("a").between(1, 2), "a between 1 and 2"),
        (col("a").like("x%"), "a like 'x%'"),
        (col("a").ilike("50!%", escape="!"), "a ilike '50!%' escape '!'"),
        (col("a").contains("x"), "contains(a, 'x')"),
        (col("a").starts_with("x"), "starts_with(a, 'x')"),
        (col("a").is_null(), "a is null"),
        (col("a").is_not_null(), "exists(a)"),
        (native("q"), "native('q')"),
        ((col("a") == 1) & (col("b") == 2) & (col("c") == 3), "a = 1 and b = 2 and c = 3"),
        (~((col("a") == 1) | (col("b") == 2)), "not (a = 1 or b = 2)"),
    ],
)
def test_says_the_same_as_the_text(made, text):
    assert made == parse(text)


@pytest.mark.parametrize(
    "write",
    [
        lambda: col("a") == None,  # noqa: E711
        lambda: col("a") != None,  # noqa: E711
        lambda: col("a") > float("nan"),  # noqa: PLW0177
        lambda: col("a").is_in(["x", None]),
    ],
)
def test_null_is_asked_for_by_name(write):
    with pytest.raises(QueryError, match=r"is_null\(\)") as caught:
        write()
    assert caught.value.code == "BD-QUERY-NULL"


@pytest.mark.parametrize(
    "write",
    [
        lambda: (col("a") == 1) and (col("b") == 2),
        lambda: 40 <= col("age") <= 60,
        lambda: col("a") in ["x"],  # noqa: FURB171
        lambda: "x" in col("a"),
        lambda: bool(col("a")),
        lambda: not col("a"),
        lambda: (col("a") == 1) & True,
        lambda: True & (col("a") == 1),
        lambda: False | (col("a") == 1),
        lambda: col("a") == 1 & col("b") == 2,
        lambda: col("a") == 1 | col("b") == 2,
        lambda: col("a") & col("b"),
        lambda: ~col("a") == 1,
        lambda: not (col("a") > 1),
    ],
)
def test_python_words_that_cannot_work_say_so(write):
    with pytest.raises(QueryError) as caught:
        write()
    assert caught.value.code == "BD-QUERY-BOOL"
    assert caught.value.hint


def test_what_cannot_be_compared():
    for write in (lambda: col("a") == col("b"), lambda: col("a").is_in("xy"), lambda: col("a").is_in(3)):
        with pytest.raises(QueryError):
            write()
    for name in ("", "a.", "a..b", (), ("a", ""), ("a", 1), 5, None, b"a"):
        with pytest.raises(QueryError, match="needs a name"):
            col(name)


def test_col_shows_itself_and_makes_leaves():
    assert repr(col("a.b")) == "col('a.b')"
    assert isinstance(col("a") == 1, Leaf)


def test_col_is_light_to_import():
    code = "import sys; import biodata.query.builder; print(*{m.split('.')[0] for m in sys.modules})"
    loaded = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout.split()
    assert not {"requests", "pyarrow", "pandas", "yaml", "click", "rich", "duckdb"} & set(loaded)
