"""Scatter plots and bars: honest axes, and what is not shown is counted."""

import re
from datetime import UTC, date, datetime
from itertools import pairwise
from xml.etree import ElementTree as ET

import pyarrow as pa
import pytest

from biodata.pipelines.reports.collect import plot_data
from biodata.pipelines.reports.page.figures import figure
from biodata.pipelines.reports.plots import scatter
from biodata.pipelines.reports.plots.axes import axis_for, spelled, time_axis, whole_axis
from biodata.pipelines.reports.plots.bars import BarData
from biodata.pipelines.reports.plots.points import POINTS_SHOWN, ScatterData, points_svg
from biodata.pipelines.spec import BarPlot, Plot

SVG = "{http://www.w3.org/2000/svg}"
POINTS = ((130.0, 121.0), (4142.0, 4791.0), (32.0, 11.0))
DATA = ScatterData("ref", "alt", "equality", POINTS, 20, 0)


def parsed(svg):
    return ET.fromstring(svg)  # noqa: S314 - our own text


def places(svg):
    circles = parsed(svg).iter(f"{SVG}circle")
    return [(float(one.get("cx")), float(one.get("cy")), one.find(f"{SVG}title").text) for one in circles]


def labels(svg, look="tick"):
    return [text.text for text in parsed(svg).iter(f"{SVG}text") if text.get("class") == look]


def test_each_point_is_on_its_side_of_the_line():
    svg = points_svg(DATA)
    line = next(path for path in parsed(svg).iter(f"{SVG}path") if path.get("class") == "equality")
    x1, y1, x2, y2 = map(float, re.findall(r"[\d.]+", line.get("d")))
    for (cx, cy, title), (x, y) in zip(places(svg), POINTS, strict=True):
        on_line = y1 + (cx - x1) * (y2 - y1) / (x2 - x1)
        assert (cy < on_line) == (y > x), title
    assert places(svg)[1][2] == "ref 4,142, alt 4,791"


def test_axes_are_told_and_readable_without_eyes():
    root = parsed(points_svg(DATA))
    assert root.get("role") == "img"
    assert root.find(f"{SVG}title").text == "alt against ref"
    assert "logarithmic" in root.get("aria-label")
    assert labels(points_svg(DATA), "label") == ["ref (log scale)", "alt (log scale)"]


def test_a_plot_of_nothing_says_so():
    assert "no rows to show" in points_svg(ScatterData("a", "b", "equality", (), 0, 0))


def test_a_plot_of_pairs_is_a_file_of_its_own():
    svg = scatter("a", "b", [(1, 2), (None, 1), (float("nan"), 1), ("3", 4), (10**400, 1), (5.5, 6)], line="equality")
    assert parsed(svg).find(f"{SVG}style") is not None
    assert [title for _, _, title in places(svg)] == ["a 1, b 2", "a 5.5, b 6"]


def test_of_many_pairs_some_are_shown():
    many = places(scatter("a", "b", ((n, n) for n in range(3 * POINTS_SHOWN - 1))))
    assert POINTS_SHOWN / 2 < len(many) <= POINTS_SHOWN


def test_names_are_escaped():
    svg = points_svg(ScatterData("<a>", "b&c", "equality", ((1.0, 2.0),), 1, 0))
    assert parsed(svg).find(f"{SVG}title").text == "b&c against <a>"


@pytest.mark.parametrize(
    ("values", "log"),
    [([11, 4791], True), ([1, 100], False), ([0, 5000], False), ([-1, 500], False), ([3, 3], False), ([], False),
     ([1e-300, 1e300], True), ([-1e300, 1e300], False), ([0, 1e-300], False), ([54_759_361, 54_801_200], False)],
)  # fmt: skip
def test_axes_are_logarithmic_beyond_two_decades_of_positive_values(values, log):
    axis = axis_for(values)
    assert axis.log is log
    assert all(0 <= axis.at(value) <= 1 for value in values)
    assert 2 <= len(axis.ticks) <= 30
    assert all(-1e-9 <= axis.at(tick) <= 1 + 1e-9 for tick in axis.ticks)
    assert len({axis.label(tick) for tick in axis.ticks}) == len(axis.ticks), "no two ticks have the same label"


@pytest.mark.parametrize(
    ("values", "told"),
    [
        ([11, 4791], ["10", "20", "50", "100", "200", "500", "1,000", "2,000", "5,000"]),
        ([54_760_000, 54_800_000], ["54,760,000", "54,770,000", "54,780,000", "54,790,000", "54,800,000"]),
        ([1e12, 3e12], ["1e12", "1.5e12", "2e12", "2.5e12", "3e12"]),
        ([-2e-6, 0], ["-2e-6", "-1.5e-6", "-1e-6", "-5e-7", "0"]),
    ],
)
def test_tick_labels(values, told):
    axis = axis_for(values)
    assert [axis.label(tick) for tick in axis.ticks] == told


def test_numbers_as_text():
    assert [spelled(value) for value in (0.2, 3e9, 3e12, -1234.5, 1.23456e-7)] == [
        "0.2", "3,000,000,000", "3e12", "-1,234.5", "1.23456e-7"]  # fmt: skip


def test_numbers_of_rows_are_whole():
    assert whole_axis(0).ticks == whole_axis(1).ticks == (0, 1)
    assert whole_axis(3).ticks == (0, 1, 2, 3)
    assert whole_axis(402).ticks == (0, 100, 200, 300, 400, 500)


@pytest.mark.parametrize(
    ("low", "high", "kind", "told"),
    [
        ("1950-03-01", "1999-01-01", "date", ["1950", "1960", "1970", "1980", "1990", "2000"]),
        ("2026-01-14", "2026-04-02", "date", ["2026-01", "2026-02", "2026-03", "2026-04", "2026-05"]),
        ("2026-01-01", "2026-01-01", "date", ["2026-01-01", "2026-01-02"]),
        ("2026-01-01T22:10", "2026-01-01T23:00", "instant",
         [f"01-01 {at}" for at in ("22:00", "22:15", "22:30", "22:45", "23:00")]),
        ("2026-01-01T12:00:03", "2026-01-01T12:00:04", "instant", ["12:00:03", "12:00:04"]),
    ],
)  # fmt: skip
def test_ticks_of_time_are_where_days_months_and_years_begin(low, high, kind, told):
    axis = time_axis(*(datetime.fromisoformat(at).replace(tzinfo=UTC).timestamp() for at in (low, high)), kind)
    assert [axis.label(tick) for tick in axis.ticks] == told


@pytest.mark.parametrize(
    "ends", [(5e7, 9e7), (54_760_000.0, 54_800_000.0), (2.0, 5e5), (1e-300, 1e300), (1.0, 1.0), (-0.000123, 0.000124)]
)
def test_labels_do_not_touch(ends):
    svg = points_svg(ScatterData("a", "b", None, ((ends[0], 1.0), (ends[1], 2e6)), 2, 0))
    across = [text for text in parsed(svg).iter(f"{SVG}text") if text.get("text-anchor") == "middle"]
    ticks = [(float(text.get("x")), 4 * len(text.text)) for text in across if text.get("class") == "tick"]
    assert len(ticks) >= 2
    assert all(x + half <= other - room for (x, half), (other, room) in pairwise(sorted(ticks)))
    assert max(x + half for x, half in ticks) <= 480


def test_points_of_rows(sealed):
    rows = sealed(x=[1.5, None, 2.5, float("nan"), 1e308], y=[-1, 2, None, 4, 5])
    data = plot_data(Plot("x", "y"), rows)
    assert (data.points, data.rows, data.without) == (((1.5, -1.0),), 5, 4)


def test_points_of_dates_have_axes_of_time(sealed):
    days, instants = [date(2026, 1, 1), date(2026, 3, 1), None], [datetime(2026, 1, 1, 10, tzinfo=UTC)] * 3
    data = plot_data(Plot("x", "y"), sealed(x=days, y=instants))
    assert (data.kinds, data.without) == (("date", "instant"), 1)
    svg = points_svg(data)
    assert places(svg)[1][2] == "x 2026-03-01, y 2026-01-01 10:00:00 UTC"
    assert labels(svg, "label") == ["x", "y (UTC)"]


def test_of_many_rows_some_are_shown_and_none_is_lost(sealed):
    data = plot_data(Plot("x", "x"), sealed(x=[n if n % 10 else None for n in range(3 * POINTS_SHOWN)]))
    assert POINTS_SHOWN * 0.8 < len(data.points) <= POINTS_SHOWN
    assert (data.rows, data.without) == (3 * POINTS_SHOWN, 3 * POINTS_SHOWN / 10)


@pytest.mark.parametrize(
    ("values", "bars"),
    [
        (["b", "a", "b", None], (("b", 2), ("a", 1))),
        ([-1, 10**15, -1], (("-1", 2), ("1000000000000000", 1))),
        ([date(2026, 1, 5)], (("2026-01-05", 1),)),
        ([datetime(2026, 1, 5, 1, tzinfo=UTC)], (("2026-01-05 01:00:00", 1),)),
        ([True, True, False], (("true", 2), ("false", 1))),
        ([["x", "y"], None], (("[x, y]", 1),)),
        (pa.array([], pa.string()), ()),
    ],
)
def test_bars_of_rows(sealed, values, bars):
    data = plot_data(BarPlot("v"), sealed(v=values))
    assert data.bars == bars
    assert data.rows == data.without + sum(number for _, number in bars)


def test_of_many_values_the_most_frequent_are_shown(sealed):
    data = plot_data(BarPlot("v"), sealed(v=[f"v{n}" for n in range(1000)] + ["often"] * 5))
    assert data.bars[0] == ("often", 5)
    assert (len(data.bars), data.others) == (24, 977)
    assert "977 with other values" in figure(data)


def test_long_values_are_whole():
    value = "Malignant <neoplasm> of overlapping lesion of other and unspecified organs, not elsewhere classified"
    assert value.replace("<", "&lt;").replace(">", "&gt;") in figure(BarData("v", ((value, 1),), 1))
