"""A whole pipeline file, and one step of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biodata.pipelines.spec.checks import Check, CountCheck, LookUp, ReferencesCheck, RowCheck, SetCheck
from biodata.pipelines.spec.extracts import (
    AnyExtract,
    Each,
    Extract,
    FileExtract,
    Incremental,
    SqlExtract,
    StepExtract,
)
from biodata.pipelines.spec.loads import Budget, Load
from biodata.pipelines.spec.names import Address, Duration, Parameter
from biodata.pipelines.spec.operations import Links, Operation, Pseudonymise
from biodata.pipelines.spec.plots import AnyPlot

if TYPE_CHECKING:
    from collections.abc import Iterator

__all__ = ["PipelineSpec", "Step"]


class Step(msgspec.Struct, frozen=True):
    """One set of records on its way from a source to a target.

    Attributes:
        name: what other steps, reports and errors call it.
        extract: where its records come from.
        transform: what is done to them, in this order.
        checks: what must be true of its rows before anything is loaded.
        load: where its rows go; nowhere when None.
        plots: the pictures of its rows in the report.
        needs: the steps that are read and loaded before this one, besides those that it reads from.
        each: the extract is done for each of some values.
    """

    name: str
    extract: AnyExtract
    transform: tuple[Operation, ...] = ()
    checks: tuple[Check, ...] = ()
    load: Load | None = None
    plots: tuple[AnyPlot, ...] = ()
    needs: tuple[str, ...] = ()
    each: Each | None = None
    line: int = 0
    column: int = 0

    @property
    def plotted(self) -> tuple[str, ...]:
        """The columns that the plots show."""
        return tuple(name for plot in self.plots for name in plot.columns)

    @property
    def reads(self) -> tuple[Address, ...]:
        """The tables whose records the step reads through profiles."""
        if isinstance(self.extract, Extract):
            return (self.extract.source,)
        tables = self.extract.tables if isinstance(self.extract, SqlExtract) else ()
        return tuple(table for table in tables if isinstance(table, Address))

    @property
    def reads_steps(self) -> tuple[str, ...]:
        """The steps that it reads from."""
        if isinstance(self.extract, StepExtract):
            return (self.extract.step,)
        tables = self.extract.tables if isinstance(self.extract, SqlExtract) else ()
        return tuple(table for table in tables if isinstance(table, str))

    @property
    def incremental(self) -> Incremental | None:
        """How it reads only what is new; None where it reads everything."""
        return self.extract.incremental if isinstance(self.extract, Extract | FileExtract) else None

    @property
    def follows(self) -> tuple[str, ...]:
        """The steps that it reads from, and those that it needs, each once."""
        return tuple(dict.fromkeys((*self.reads_steps, *self.needs)))

    @property
    def looks_up(self) -> tuple[Address, ...]:
        """The tables that are asked about values of the step's rows: by checks, and for pseudonyms."""
        found = [check.within for check in self.checks if isinstance(check, ReferencesCheck)]
        tables = [one.table for one in self.pseudonyms]
        return tuple(dict.fromkeys(one for one in (*found, *tables) if isinstance(one, Address)))

    @property
    def pseudonyms(self) -> tuple[Pseudonymise, ...]:
        """The fields that are read as pseudonyms."""
        return tuple(one for one in self.transform if isinstance(one, Pseudonymise))

    @property
    def links(self) -> tuple[tuple[str, str], ...]:
        """(field of the target, column) of each reference that is resolved when the step is loaded."""
        return tuple(link for one in self.transform if isinstance(one, Links) for link in one.links)

    @property
    def row_checks(self) -> tuple[RowCheck, ...]:
        """The checks that look at one row at a time."""
        return tuple(check for check in self.checks if isinstance(check, RowCheck))

    @property
    def set_checks(self) -> tuple[SetCheck, ...]:
        """The checks that look at all rows together."""
        return tuple(check for check in self.checks if not isinstance(check, RowCheck))


class PipelineSpec(msgspec.Struct, frozen=True):
    """A whole pipeline file.

    Attributes:
        name: what the journal, reports and errors call it.
        steps: each after those that it follows.
        parameters: the values that whoever starts a run may choose.
        budget: how many records may be rejected before the run stops.
        wait: how long a run waits for a server that is not to be reached before it gives up; not at all when None.
        file: where it was read from.
        parts: the mapping tables that it was made from, as the file names them.
        sha256: of the file's bytes and of those of the mapping tables, code lists and modules beside it, in hex.
    """

    name: str
    steps: tuple[Step, ...]
    parameters: tuple[Parameter, ...] = ()
    budget: Budget = Budget()
    wait: Duration | None = None
    file: str = ""
    parts: tuple[str, ...] = ()
    sha256: str = ""

    @property
    def profiles(self) -> tuple[str, ...]:
        """The profiles that a run opens, each once, in the order met."""
        return tuple(dict.fromkeys(profile for profile, *_ in self._named()))

    def place_of(self, profile: str) -> tuple[int, str, int]:
        """The line, the step and the column where a profile is named first."""
        return next((line, step, column) for name, line, step, column in self._named() if name == profile)

    def _named(self) -> Iterator[tuple[str, int, str, int]]:
        """Each naming of a profile: its name, line, step and column."""
        for step in self.steps:
            yield from ((one.profile, step.extract.line, step.name, step.extract.column) for one in step.reads)
        for step in self.steps:
            if step.load:
                yield step.load.target.profile, step.load.line, step.name, step.load.column
        for step in self.steps:
            yield from ((one.profile, step.line, step.name, step.column) for one in step.looks_up)
        for step in self.steps:
            for check in step.checks:
                bounds = (check.equals, check.least, check.most) if isinstance(check, CountCheck) else ()
                for bound in bounds:
                    if isinstance(bound, LookUp):
                        yield bound.source.profile, check.line, step.name, check.column

    def upstream(self, step: Step) -> tuple[Step, ...]:
        """The steps that a step reads from, directly and through others, in the file's order."""
        names = set(step.reads_steps)
        for one in reversed(self.steps):
            names.update(one.reads_steps if one.name in names else ())
        return tuple(one for one in self.steps if one.name in names)

    def appended(self, step: Step) -> bool:
        """Whether rows of a step are added to a table, by it or by one that reads from it: none may come twice."""
        return any(load.mode == "append" for load in self.loads(step))

    def loads(self, step: Step) -> tuple[Load, ...]:
        """Where rows of a step go, by it and by those that read from it."""
        return tuple(
            one.load for one in self.steps if one.load and (one.name == step.name or step in self.upstream(one))
        )

    def reads_a_part(self, step: Step) -> bool:
        """Whether a run gets a part of the records only, so that those that were rejected need not be among them.

        Where contents are compared, what the step itself has rejected comes again, unless rows are added; what one
        behind it has, does not.
        """
        own = step.incremental
        mine = own is not None and (own.cursor is not None or self.appended(step))
        return mine or any(one.incremental for one in self.upstream(step))

    def step(self, name: str) -> Step:
        """The step of that name."""
        return next(step for step in self.steps if step.name == name)
