"""What a step's plots show, read from its rows."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.pipelines.reports.plots.bars import collect_bars
from biodata.pipelines.reports.plots.histogram import collect_histogram
from biodata.pipelines.reports.plots.points import collect_points
from biodata.pipelines.spec import BarPlot, HistogramPlot, Plot

if TYPE_CHECKING:
    from biodata.pipelines.reports.facts import PlotData
    from biodata.pipelines.spec import AnyPlot
    from biodata.pipelines.state.spool import Sealed

__all__ = ["plot_data"]


def plot_data(plot: AnyPlot, rows: Sealed) -> PlotData:
    """The data of one plot."""
    match plot:
        case Plot():
            return collect_points(plot, rows)
        case BarPlot():
            return collect_bars(plot, rows)
        case HistogramPlot():
            return collect_histogram(plot, rows)
