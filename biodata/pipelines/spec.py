"""What a pipeline file says, as frozen data (docs/pipelines.md).

`biodata.pipelines.file.parse` makes it from YAML; a line is the line of the file that an error about it should name.
"""

from __future__ import annotations

from typing import Literal, TypeAlias

import msgspec

__all__ = [
    "Address",
    "BarPlot",
    "Budget",
    "Check",
    "Column",
    "Columns",
    "CountCheck",
    "Extract",
    "Load",
    "LookUp",
    "Mode",
    "Operation",
    "PipelineSpec",
    "Plot",
    "RowCheck",
    "SqlExtract",
    "Step",
    "UniqueCheck",
]

Mode: TypeAlias = Literal["append", "merge", "replace"]


class Address(msgspec.Struct, frozen=True):
    """`profile/table`."""

    profile: str
    table: str

    def __str__(self) -> str:
        return f"{self.profile}/{self.table}"


class Extract(msgspec.Struct, frozen=True):
    """Where a step's records come from.

    Attributes:
        where: a filter in its string form.
        fields: what to read, dots stepping into objects and references; None for all fields.
    """

    source: Address
    where: str | None = None
    fields: tuple[str, ...] | None = None
    line: int = 0


class SqlExtract(msgspec.Struct, frozen=True):
    """A SELECT over the outputs of earlier steps and the tables of local profiles.

    Attributes:
        tables: what it reads: the names of steps, and addresses.
    """

    sql: str
    tables: tuple[str | Address, ...] = ()
    line: int = 0


class Column(msgspec.Struct, frozen=True):
    """One column of the output, and the SQL expression that makes it."""

    name: str
    expression: str
    line: int = 0


class Columns(msgspec.Struct, frozen=True, tag_field="operation", tag="columns"):
    """The output has exactly these columns, in this order."""

    columns: tuple[Column, ...]
    line: int = 0

    @property
    def names(self) -> tuple[str, ...]:
        """The columns' names, in order."""
        return tuple(column.name for column in self.columns)


Operation: TypeAlias = Columns
"""One entry of `transform`."""


class RowCheck(msgspec.Struct, frozen=True, tag_field="check", tag="rows"):
    """A row that does not make the expression true is rejected."""

    name: str
    expression: str
    line: int = 0


class LookUp(msgspec.Struct, frozen=True):
    """A number that stands in a field of one record."""

    source: Address
    key: str | int
    field: str


class CountCheck(msgspec.Struct, frozen=True, tag_field="check", tag="count"):
    """The step has exactly so many rows, the rejected ones among them."""

    name: str
    equals: int | LookUp
    line: int = 0


class UniqueCheck(msgspec.Struct, frozen=True, tag_field="check", tag="unique"):
    """No two rows agree in all of these columns."""

    name: str
    columns: tuple[str, ...]
    line: int = 0


Check: TypeAlias = RowCheck | CountCheck | UniqueCheck


class Load(msgspec.Struct, frozen=True):
    """Where a step's rows go.

    Attributes:
        mode: append adds; merge adds what is new and updates what differs, by key; replace empties the table first.
        key: the columns that name a record; a table that does not exist is made with them as its key.
    """

    target: Address
    mode: Mode
    key: tuple[str, ...] = ()
    line: int = 0


class Plot(msgspec.Struct, frozen=True):
    """A scatter plot of two columns, for the report.

    Attributes:
        line: `equality` draws where both are equal.
    """

    x: str
    y: str
    line: Literal["equality"] | None = None
    line_number: int = 0


class BarPlot(msgspec.Struct, frozen=True):
    """A bar for each value of a column, for the report."""

    column: str
    line_number: int = 0


class Step(msgspec.Struct, frozen=True):
    """One set of records on its way from a source to a target."""

    name: str
    extract: Extract | SqlExtract
    transform: tuple[Operation, ...] = ()
    checks: tuple[Check, ...] = ()
    load: Load | None = None
    plot: Plot | BarPlot | None = None
    line: int = 0

    @property
    def plotted(self) -> tuple[str, ...]:
        """The columns that the plot shows."""
        if self.plot is None:
            return ()
        return (self.plot.column,) if isinstance(self.plot, BarPlot) else (self.plot.x, self.plot.y)

    @property
    def reads(self) -> tuple[Address, ...]:
        """The tables that the step reads through profiles."""
        if isinstance(self.extract, Extract):
            return (self.extract.source,)
        return tuple(table for table in self.extract.tables if isinstance(table, Address))

    @property
    def row_checks(self) -> tuple[RowCheck, ...]:
        """The checks that look at one row at a time."""
        return tuple(check for check in self.checks if isinstance(check, RowCheck))

    @property
    def set_checks(self) -> tuple[CountCheck | UniqueCheck, ...]:
        """The checks that look at all rows together."""
        return tuple(check for check in self.checks if not isinstance(check, RowCheck))


class Budget(msgspec.Struct, frozen=True):
    """How many records may be rejected before a run stops.

    Attributes:
        value: a number of records, or a percentage of the rows read where `percent`.
    """

    value: float = 0
    percent: bool = False

    def allows(self, rows_read: int) -> int:
        """The largest number of rejected records that is still within the budget."""
        return int(rows_read * self.value / 100 + 1e-9) if self.percent else int(self.value)

    def __str__(self) -> str:
        return f"{self.value:g}%" if self.percent else f"{self.value:g}"


class PipelineSpec(msgspec.Struct, frozen=True):
    """A whole pipeline file.

    Attributes:
        file: where it was read from.
        sha256: of the file's bytes, in hex.
    """

    name: str
    steps: tuple[Step, ...]
    budget: Budget = Budget()
    file: str = ""
    sha256: str = ""

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles that a run opens, each once, in the order met."""
        found = [address.profile for step in self.steps for address in step.reads]
        found += [step.load.target.profile for step in self.steps if step.load]
        found += [
            check.equals.source.profile
            for step in self.steps
            for check in step.checks
            if isinstance(check, CountCheck) and isinstance(check.equals, LookUp)
        ]
        return tuple(dict.fromkeys(found))
