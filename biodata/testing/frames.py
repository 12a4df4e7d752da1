"""Answers as Arrow, pandas and polars, and writing what comes from there."""

from __future__ import annotations

from typing import TYPE_CHECKING

import pytest

if TYPE_CHECKING:
    from biodata.repository import Repository


class Frames:
    """The same shape with many records, with none, and with nulls."""

    def test_arrow_has_the_schemas_columns(self, sample: Repository) -> None:
        arrow = sample.query().to_arrow()
        assert tuple(arrow.column_names) == sample.schema.names
        assert arrow.num_rows == sample.count()

    def test_an_empty_answer_has_the_same_shape(self, sample: Repository) -> None:
        full, empty = sample.query().to_arrow(), sample.query("id = 'no such key'").to_arrow()
        assert empty.num_rows == 0
        assert empty.schema == full.schema

    def test_nulls_are_nulls(self, sample: Repository) -> None:
        arrow = sample.query(fields=["string_field", "int_field"]).to_arrow()
        assert arrow["string_field"].null_count == sample.count("string_field is null")
        assert arrow["int_field"].null_count == sample.count("int_field is null")

    def test_batches_are_no_larger_than_asked(self, sample: Repository) -> None:
        sizes = [batch.num_rows for batch in sample.query().to_batches(4)]
        assert max(sizes) == 4
        assert sum(sizes) == sample.count()

    def test_pandas(self, sample: Repository) -> None:
        pytest.importorskip("pandas")
        frame = sample.query().to_pandas()
        assert tuple(frame.columns) == sample.schema.names
        assert len(frame) == sample.count()
        assert list(sample.query("id = 'no such key'").to_pandas().dtypes) == list(frame.dtypes)
        assert str(frame["int_field"].dtype) == "int64[pyarrow]"
        assert "NA" in set(frame["string_field"].dropna())

    def test_polars(self, sample: Repository) -> None:
        pytest.importorskip("polars")
        frame = sample.query().to_polars()
        assert tuple(frame.columns) == sample.schema.names
        assert frame.height == sample.count()
        assert sample.query("id = 'no such key'").to_polars().schema == frame.schema

    @pytest.mark.parametrize("form", ["arrow", "pandas", "polars"])
    def test_a_frame_can_be_written(self, table: Repository, form: str) -> None:
        pytest.importorskip("pyarrow" if form == "arrow" else form)
        given = [{"id": "a", "name": "x", "number": 1}, {"id": "b", "name": None, "number": None}]
        table.add(given).raise_for_refused()
        frame = getattr(table.query(order_by="id"), f"to_{form}")()
        assert table.delete(all=True).ok
        assert table.add(frame).created == 2
        assert table.query(order_by="id").to_records() == given
