"""Each operator on each type, against the evaluator on an unfiltered read; order, limit, count."""

from __future__ import annotations

from itertools import pairwise
from typing import TYPE_CHECKING, Any, get_args

import pytest

import biodata
from biodata.query.evaluate import predicate
from biodata.query.ordering import sorted_records
from biodata.query.tree import Leaf, Not, Op

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.query.tree import Node
    from biodata.repository import Repository

OPS = get_args(Op)
SCALARS = ("string", "enum", "int", "float", "decimal", "bool", "date", "datetime")
PATTERNS = ("%", "_%", "%'%", '%"%', "100\\%\\_a\\\\b", "É%", "é%", "%a%", "z_bra", "", "%\n%", "plain")
PIECES = ("a", "'", '"', "%", "\\", "É", "plain", " ")


def operands(op: str, values: list[Any], *, text: bool) -> Iterator[Any]:
    """What to compare with: values that are there, and pairs of them."""
    name = op.removeprefix("not ")
    if name in {"is null", "is not null"}:
        yield None
    elif name == "in":
        yield from (tuple(pair) for pair in pairwise(values))
        yield tuple(values)
    elif name == "between":
        yield from (_in_order(pair) for pair in pairwise(values))
    elif name in {"like", "ilike"}:
        yield from PATTERNS if text else ()
    elif name in {"contains", "starts_with"}:
        yield from PIECES if text else ()
    else:
        yield from values


def _in_order(pair: tuple[Any, Any]) -> tuple[Any, Any]:
    """Low and high, where the type has an order."""
    first, second = pair
    try:
        return (first, second) if first <= second else (second, first)
    except TypeError:
        return pair


def _ill_fitting(name: str, op: str) -> bool:
    """Whether the operator does not fit the field's type, so that a QueryError is right."""
    if op in {"is null", "is not null"}:
        return False
    if name.startswith(("json", "object")):
        return True
    return name.startswith("bool") and op.removeprefix("not ") in {"<", "<=", ">", ">=", "between"}


def agrees(repository: Repository, node: Node) -> None:
    """What the platform gives is what the evaluator says of all records."""
    result = repository.query(node)
    test = predicate(result.query.filter, repository.schema, result.query.lookup)
    expected = sorted(record["id"] for record in repository.query() if test(record))
    assert sorted(record["id"] for record in result) == expected
    assert result.count() == len(expected)


class Filtering:
    """The house semantics of filters, on this platform."""

    @pytest.mark.parametrize("op", OPS)
    @pytest.mark.parametrize("kind", [*SCALARS, "json", "object"])
    def test_operator_on_a_single_value(self, sample: Repository, kind: str, op: str) -> None:
        self._operator(sample, f"{kind}_field", op, text=kind == "string")

    @pytest.mark.parametrize("op", OPS)
    @pytest.mark.parametrize("kind", SCALARS)
    def test_operator_on_a_list(self, sample: Repository, kind: str, op: str) -> None:
        self._operator(sample, f"{kind}_list", op, text=kind == "string")

    @pytest.mark.parametrize("op", OPS)
    @pytest.mark.parametrize("name", ["place", "visited"])
    def test_operator_on_a_reference(self, sample: Repository, name: str, op: str) -> None:
        self._operator(sample, name, op, text=False)

    def _operator(self, sample: Repository, name: str, op: Any, *, text: bool) -> None:
        if name not in sample.schema:
            with pytest.raises(biodata.QueryError):
                sample.query(Leaf((name,), op, "x")).to_records()
            return
        held = [record[name] for record in sample.query(fields=[name])]
        flat = [v for value in held for v in (value if isinstance(value, list) else [value]) if v is not None]
        values = list({repr(value): value for value in flat}.values())
        for value in operands(op, values, text=text):
            if _ill_fitting(name, op):
                with pytest.raises(biodata.QueryError) as caught:
                    sample.query(Leaf((name,), op, value)).to_records()
                assert caught.value.code in {"BD-QUERY-OP", "BD-QUERY-VALUE"}
                continue
            bound = sample.query(Leaf((name,), op, value)).query
            agrees(sample, bound.filter)
            agrees(sample, Not(bound.filter))

    def test_unequal_gives_no_nulls(self, sample: Repository) -> None:
        found = sample.query("int_field != 7", fields=["int_field"]).to_records()
        assert found
        assert all(record["int_field"] not in (None, 7) for record in found)

    def test_null_and_not_null_are_everything(self, sample: Repository) -> None:
        empty, held = sample.count("string_field is null"), sample.count("string_field is not null")
        assert empty
        assert held
        assert empty + held == sample.count()

    def test_and_or_not_agree(self, sample: Repository) -> None:
        from biodata import col

        low, high, text = col("int_field") < 0, col("int_field") > 39, col("string_field").contains("a")
        for node in (low | high, (low | high) & text, ~(low | text), ~(high & text), low & high):
            agrees(sample, sample.query(node).query.filter)

    def test_a_value_with_both_quotes(self, sample: Repository) -> None:
        wanted = """both ' and " quotes"""
        found = sample.query(Leaf(("string_field",), "==", wanted)).to_records()
        assert [record["string_field"] for record in found] == [wanted]
        doubled = wanted.replace("'", "''")
        assert sample.query(f"string_field = '{doubled}'").to_records() == found

    def test_nothing_is_in_an_empty_list(self, sample: Repository) -> None:
        assert sample.query(Leaf(("string_field",), "in", ())).to_records() == []

    def test_a_path_over_a_reference(self, sample: Repository) -> None:
        if "place" not in sample.schema:
            with pytest.raises(biodata.QueryError):
                sample.count("place.title = 'Groningen'")
            return
        by_title = sample.query("place.title = 'Groningen'", fields=["id"], order_by="id").to_records()
        by_key = sample.query("place = 'gro'", fields=["id"], order_by="id").to_records()
        assert by_title == by_key != []

    @pytest.mark.parametrize("sign", ["", "-"])
    @pytest.mark.parametrize("kind", SCALARS)
    def test_order(self, sample: Repository, kind: str, sign: str) -> None:
        name = f"{kind}_field"
        if name not in sample.schema:
            with pytest.raises(biodata.QueryError):
                sample.query(order_by=f"{sign}{name}").to_records()
            return
        for size in (None, 3):
            result = sample.query(order_by=[f"{sign}{name}", "id"], page_size=size)
            local = sorted_records(sample.query(), result.query.order, sample.schema, lookup=result.query.lookup)
            assert result.to_records() == list(local)

    @pytest.mark.parametrize("offset", [0, 1, 5, 1000])
    @pytest.mark.parametrize("limit", [None, 0, 1, 3, 4, 1000])
    def test_limit_and_offset(self, sample: Repository, limit: int | None, offset: int) -> None:
        everything = sample.query(order_by="-id", fields=["id"]).to_records()
        wanted = everything[offset:][:limit]
        asked = {"limit": limit, "offset": offset, "fields": ["id"], "page_size": 3}
        assert sample.query(order_by="-id", **asked).to_records() == wanted  # type: ignore[arg-type]
        assert len(sample.query(**asked).to_records()) == len(wanted)  # type: ignore[arg-type]
        assert sample.query(order_by="-id", **asked).count() == len(wanted)  # type: ignore[arg-type]

    def test_limit_with_a_filter(self, sample: Repository) -> None:
        asked = {"order_by": "id", "fields": ["id"]}
        everything = sample.query("string_field ilike '%a%'", **asked).to_records()  # type: ignore[arg-type]
        limited = sample.query("string_field ilike '%a%'", limit=2, offset=1, page_size=2, **asked)  # type: ignore[arg-type]
        assert limited.to_records() == everything[1:3]

    def test_first_and_one(self, sample: Repository) -> None:
        key = sample.query(order_by="id").to_records()[0]["id"]
        first = sample.query(order_by="id").first()
        assert first is not None
        assert first["id"] == key
        assert sample.query(Leaf(("id",), "==", key)).one()["id"] == key
        with pytest.raises(biodata.NotFound):
            sample.query(Leaf(("id",), "==", "no such key")).one()
        with pytest.raises(biodata.QueryError):
            sample.query().one()
