"""The entries of `plot`."""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

__all__ = ["AnyPlot", "BarPlot", "HistogramPlot", "Plot"]


class Plot(msgspec.Struct, frozen=True, tag_field="plot", tag="scatter"):
    """A scatter plot of two columns.

    Attributes:
        line: `equality` draws where both are equal.
    """

    x: str
    y: str
    line: Literal["equality"] | None = None
    line_number: int = 0
    column_number: int = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it shows."""
        return (self.x, self.y)


class BarPlot(msgspec.Struct, frozen=True, tag_field="plot", tag="bar"):
    """A bar for each value of a column: how many rows have it.

    Attributes:
        column: the column.
    """

    column: str
    line_number: int = 0
    column_number: int = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it shows."""
        return (self.column,)


class HistogramPlot(msgspec.Struct, frozen=True, tag_field="plot", tag="histogram"):
    """How many rows have a value in each interval of a column of numbers or dates.

    Attributes:
        column: the column of numbers, dates or instants.
        bins: how many equal intervals; round ones that suit the values when None.
    """

    column: str
    bins: int | None = None
    line_number: int = 0
    column_number: int = 0

    @property
    def columns(self) -> tuple[str, ...]:
        """The columns that it shows."""
        return (self.column,)


AnyPlot: TypeAlias = Plot | BarPlot | HistogramPlot
"""A picture for the report."""
