"""A step on its way through a run, and what came of it so far."""

from __future__ import annotations

from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.pipelines.reports.facts import StepReport

if TYPE_CHECKING:
    from collections.abc import Iterator

    import pyarrow as pa

    from biodata.pipelines.checks.whole import CheckOutcome
    from biodata.pipelines.loading.target import Target
    from biodata.pipelines.operations.chain import Chain
    from biodata.pipelines.reports.facts import Coverage, Deletes, PlotData
    from biodata.pipelines.sources.base import Source
    from biodata.pipelines.spec import Step
    from biodata.pipelines.state.memory import StepMemory
    from biodata.pipelines.state.rejects import RejectStore
    from biodata.pipelines.state.spool import Sealed

__all__ = ["Told", "Work"]


class Told(msgspec.Struct):
    """What a step's source and operations told, kept for a run that is taken up again.

    Attributes:
        title: of the source; `where` its filter.
        rows: how many records the source gave; None before they were read.
        unchanged: how many of them are as they were at the last run, and went no further.
        unplaced: rejected rows of which nobody knows what their key in the target would have been.
        protected: keys in the target of the rejected rows of which it is known.
        seen: what the next run has to know.
    """

    title: str
    where: str | None = None
    rows: int | None = None
    unchanged: int = 0
    unplaced: int = 0
    protected: list[tuple[Any, ...]] = []
    seen: dict[str, Any] = {}
    notes: list[str] = []
    explain: str | None = None


class Work:
    """A step on its way.

    Attributes:
        upstream: the steps that it reads from, directly and through others.
        source: what it reads, None where a run that had died goes on behind the reading; `chain` likewise.
        out: the rows that passed, sealed in the spool.
    """

    def __init__(self, step: Step, told: Told, memory: StepMemory, upstream: tuple[Step, ...] = ()) -> None:
        self.step = step
        self.upstream = upstream
        self.told = told
        self.memory = memory
        self.source: Source | None = None
        self.chain: Chain | None = None
        self.target: Target | None = None
        self.state = "waiting"
        self.read: Sealed | None = None
        self.out: Sealed | None = None
        self.checks: list[CheckOutcome] = []
        self.coverage: tuple[Coverage, ...] = ()
        self.plots: tuple[PlotData, ...] = ()
        self.tally: dict[str, int] = {}
        self.deletes: Deletes | None = None
        self.preview: dict[str, int] = {}
        self.changes: list[dict[str, Any]] = []
        self.seconds: dict[str, float] = {}

    @property
    def loading(self) -> Target:
        """The table that its rows go to, of a step that has one."""
        if self.target is None:
            raise RuntimeError("the step is not loaded")
        return self.target

    @property
    def loaded(self) -> bool:
        """Whether all its rows are where they go."""
        return self.state in {"loaded", "done"}

    @property
    def passed(self) -> Sealed:
        """The rows that passed transform and row checks, complete."""
        if self.out is None:
            raise RuntimeError("the step was not transformed yet")
        return self.out

    @property
    def schema(self) -> pa.Schema:
        """The Arrow schema of what comes out."""
        if self.chain is None:
            raise RuntimeError("the step was not prepared yet")
        return self.chain.schema

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage; one that fails is timed too, one that is done in parts is added up."""
        start = monotonic()
        try:
            yield
        finally:
            self.seconds[name] = round(self.seconds.get(name, 0.0) + monotonic() - start, 4)

    def report(self, rejects: RejectStore) -> StepReport:
        """What is known of it now."""
        load, told = self.step.load, self.told
        tallies = rejects.tallies(self.step.name)
        return StepReport(
            name=self.step.name,
            source=told.title,
            where=told.where,
            target=str(load.target) if load else None,
            mode=load.mode if load else None,
            state=self.state,
            rows_read=told.rows,
            rows_out=self.out.rows if self.out else None,
            unchanged_since=told.unchanged,
            rejects=tallies,
            waiting=rejects.waiting(self.step.name),
            checks=tuple(self.checks),
            coverage=self.coverage,
            deletes=self.deletes,
            notes=(*told.notes, *_of_seen_to(rejects.seen_to(self.step.name))),
            tally=self.tally,
            preview=self.preview,
            changes=tuple(self.changes),
            explain=told.explain,
            seconds=self.seconds,
            plots=self.plots,
        )


def _of_seen_to(number: int) -> tuple[str, ...]:
    if not number:
        return ()
    records = "1 record was" if number == 1 else f"{number:,} records were"
    return (f"{records} rejected again that somebody has dropped or replayed",)
