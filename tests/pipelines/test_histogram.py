"""Histograms, read from sealed rows: what is counted where, and what the picture says."""

import tracemalloc
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from itertools import pairwise
from xml.etree import ElementTree as ET

import pyarrow as pa
import pytest

from biodata.pipelines.reports.collect import plot_data
from biodata.pipelines.reports.plots.histogram import histogram_svg, interval
from biodata.pipelines.spec import HistogramPlot

SVG = "{http://www.w3.org/2000/svg}"
NOON = datetime(2026, 1, 1, 12, tzinfo=UTC)


@pytest.fixture
def histogram(sealed):
    """The data of a histogram of one column's values."""
    return lambda values, bins=None: plot_data(HistogramPlot("age", bins), sealed(age=values))


def shown(data):
    """Interval in words to rows, of those that have any."""
    return {interval(data, index): number for index, number in enumerate(data.counts) if number}


def drawn(data):
    """(words, height) of each bar of the picture."""
    root = ET.fromstring(histogram_svg(data))  # noqa: S314 - our own text
    return [(one.find(f"{SVG}title").text, float(one.get("height"))) for one in root.iter(f"{SVG}rect")]


@pytest.mark.parametrize(
    ("values", "found"),
    [
        ([1, 1, 2, 5], {"1": 2, "2": 1, "5": 1}),
        ([-3, -1, 0], {"-3": 1, "-1": 1, "0": 1}),
        ([7], {"7": 1}),
        ([Decimal("1.10"), Decimal("2.20")], {"1 to 1.5": 1, "2 to 2.5": 1}),
        ([0.3, 0.1 * 3, 0.6, 0.6], {"0.3 to 0.4": 2, "0.5 to 0.6": 2}),
        ([date(2026, 1, 5)] * 3, {"2026-01-05": 3}),
        ([date(1951, 5, 5), date(1979, 12, 31), date(1980, 1, 1), date(1990, 7, 1)],
         {"1950-01-01 to 1959-12-31": 1, "1970-01-01 to 1979-12-31": 1, "1980-01-01 to 1989-12-31": 1,
          "1990-01-01 to 1999-12-31": 1}),
        ([date(1990, 5, 5), date(9999, 12, 31)], {"0001-01-01 to 1999-12-31": 1, "8000-01-01 to 9999-12-31": 1}),
        ([NOON, NOON + timedelta(hours=30)],
         {"2026-01-01 12:00:00 to 2026-01-02 00:00:00": 1, "2026-01-02 12:00:00 to 2026-01-03 00:00:00": 1}),
    ],
)  # fmt: skip
def test_values_are_counted_where_they_belong(histogram, values, found):
    assert shown(histogram(values)) == found


def test_intervals_are_round_and_have_every_row_once(histogram):
    data = histogram([(n * n % 9973) / 100 for n in range(5000)])
    assert sum(data.counts) == data.rows == 5000
    assert {round(high - low, 9) for low, high in pairwise(data.edges)} == {5.0}
    assert (data.edges[0], data.edges[-1]) == (0.0, 100.0)


@pytest.mark.parametrize("rows", [10, 1_000, 100_000])
def test_the_number_of_intervals_suits_the_number_of_rows(histogram, rows):
    few, many = {10: (3, 8), 1_000: (10, 25), 100_000: (20, 42)}[rows]
    values = [((n * 7919) % rows) / rows + ((n * 104_729) % rows) / rows for n in range(rows)]
    assert few <= len(histogram(values).counts) <= many


def test_as_many_intervals_as_the_file_says(histogram):
    data = histogram([0.0, 0.5, 1.0, 1.0], 4)
    assert (data.edges, data.counts) == ((0.0, 0.25, 0.5, 0.75, 1.0), (1, 0, 1, 2))
    assert histogram([1, 2, 3, 4], 2).counts == (2, 2)


def test_what_has_no_place_is_counted_apart(histogram):
    data = histogram([1.0, 2.0, None, float("nan"), float("inf"), 1e308])
    assert (sum(data.counts), data.without, data.others, data.rows) == (2, 1, 3, 6)


@pytest.mark.parametrize("values", [["3", "4", None], [True, False, None], [[1], [2], None]])
def test_a_column_of_no_numbers_shows_none(histogram, values):
    data = histogram(values)
    assert (data.counts, data.without, data.others) == ((), 1, 2)
    assert "no rows to show" in histogram_svg(data)


@pytest.mark.parametrize("values", [pa.array([], pa.float64()), pa.array([None, None], pa.date32())])
def test_nothing_to_show_says_so(histogram, values):
    data = histogram(values)
    assert data.counts == ()
    assert "no rows to show" in histogram_svg(data)


@pytest.mark.parametrize(
    "values",
    [[1e299, -1e299, 0.0], [1e-320, 1.0], [1, 10**15], [2**63 - 1, -(2**63)], [1e15, 1e15 + 0.125], [5.0, 5.0]],
)
def test_far_and_near_values_are_all_there(histogram, values):
    data = histogram(values)
    assert sum(data.counts) == len(values)
    assert sum(int(words.rpartition(": ")[2].split()[0]) for words, _ in drawn(data)) == len(values)


def test_bars_are_as_high_as_their_rows(histogram):
    heights = dict(drawn(histogram([1, 1, 1, 1, 2, 2])))
    assert heights["age 1: 4 rows"] == pytest.approx(2 * heights["age 2: 2 rows"], abs=0.2)


def test_it_is_readable_without_eyes(histogram):
    root = ET.fromstring(histogram_svg(histogram([1, 1, 2])))  # noqa: S314 - our own text
    assert root.get("role") == "img"
    assert "Histogram of 3 rows in 2 intervals; most, 2, have 1." in root.get("aria-label")


def test_memory_does_not_grow_with_the_rows(sealed):
    rows = sealed(age=pa.array(float(n * n % 999_983) for n in range(200_000)))
    plot_data(HistogramPlot("age"), rows)
    tracemalloc.start()
    plot_data(HistogramPlot("age"), rows)
    peak = tracemalloc.get_traced_memory()[1]
    tracemalloc.stop()
    assert peak < 2_000_000
