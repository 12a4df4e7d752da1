"""Everything that can be found out about a step before its first record is read."""

from __future__ import annotations

from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING

from biodata.errors import ConfigError, QueryError
from biodata.pipelines.loading.target import Target
from biodata.pipelines.operations.transform import Transform, check_expressions
from biodata.pipelines.reports.facts import StepReport
from biodata.pipelines.sources.extract import located, source_of
from biodata.pipelines.spec import CountCheck, LookUp

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import ExitStack

    from biodata.connection import Connection
    from biodata.pipelines.checks.whole import CheckOutcome
    from biodata.pipelines.reports.bars import BarData
    from biodata.pipelines.reports.plots import ScatterData
    from biodata.pipelines.sources.extract import Source
    from biodata.pipelines.spec import PipelineSpec, Step
    from biodata.pipelines.state.rejects import RejectStore
    from biodata.pipelines.state.spool import Sealed

__all__ = ["Work", "open_profiles", "prepare"]


class Work:
    """A step on its way, and what came of it so far."""

    def __init__(self, step: Step, source: Source, transform: Transform, target: Target | None) -> None:
        self.step = step
        self.source = source
        self.transform = transform
        self.target = target
        self.state = "waiting"
        self.read: Sealed | None = None
        self.out: Sealed | None = None
        self.checks: list[CheckOutcome] = []
        self.tally: dict[str, int] = {}
        self.preview: dict[str, int] = {}
        self.seconds: dict[str, float] = {}
        self.batches = 0
        self.plot: ScatterData | BarData | None = None

    @property
    def sealed(self) -> Sealed:
        """What was read, complete."""
        if self.read is None:
            raise RuntimeError("the step was not read yet")
        return self.read

    @property
    def passed(self) -> Sealed:
        """The rows that passed transform and row checks, complete."""
        if self.out is None:
            raise RuntimeError("the step was not transformed yet")
        return self.out

    @contextmanager
    def stage(self, name: str) -> Iterator[None]:
        """Time a stage; one that fails is timed too."""
        start = monotonic()
        try:
            yield
        finally:
            self.seconds[name] = round(monotonic() - start, 4)

    def report(self, rejects: RejectStore) -> StepReport:
        """What is known of it now."""
        load = self.step.load
        return StepReport(
            name=self.step.name,
            source=self.source.title,
            where=self.source.where,
            target=str(load.target) if load else None,
            mode=load.mode if load else None,
            state=self.state,
            rows_read=self.read.rows if self.read else None,
            rows_out=self.out.rows if self.out else None,
            rejects=rejects.tallies(self.step.name),
            checks=tuple(self.checks),
            tally=self.tally,
            preview=self.preview,
            seconds=self.seconds,
            plot=self.plot,
        )


def open_profiles(
    spec: PipelineSpec, connect: Callable[[str], Connection], stack: ExitStack
) -> dict[str, Connection]:
    """A connection for each profile that the file names; closed with the stack."""
    return {name: stack.enter_context(connect(name)) for name in spec.profiles}


def prepare(
    spec: PipelineSpec, step: Step, earlier: Mapping[str, Work], connections: Mapping[str, Connection]
) -> Work:
    """Bind the source, compile the expressions and look at the target.

    Raises:
        BiodataError: whatever does not fit, with file, line and step; nothing has been read or written.
    """
    start = monotonic()
    with located(spec.file, step.extract.line, step.name):
        source = source_of(step, earlier, connections)
    _raise_for_expressions(spec, step, tuple(source.schema.names))
    transform = Transform(step, source.schema, spec.file)
    with located(spec.file, step.line, step.name):
        _check_columns(step, transform.schema.names)
        _check_look_ups(step, connections)
    work = Work(step, source, transform, _target(spec, step, transform, connections))
    work.seconds["prepare"] = round(monotonic() - start, 4)
    return work


def _target(
    spec: PipelineSpec, step: Step, transform: Transform, connections: Mapping[str, Connection]
) -> Target | None:
    if step.load is None:
        return None
    with located(spec.file, step.load.line, step.name):
        return Target(step.load, connections[step.load.target.profile], transform.schema)


def _raise_for_expressions(spec: PipelineSpec, step: Step, source: tuple[str, ...]) -> None:
    problems = [f"{spec.file}:{line}: {text}" for line, text in check_expressions(step, source)]
    if problems:
        raise QueryError("\n".join(problems), code="BD-PIPELINE-EXPRESSION")


def _check_columns(step: Step, names: list[str]) -> None:
    wanted = [name for check in step.set_checks if not isinstance(check, CountCheck) for name in check.columns]
    wanted += step.load.key if step.load else ()
    wanted += step.plotted
    for name in wanted:
        if name not in names:
            raise ConfigError(f"there is no column {name!r}; there is {', '.join(names)}", code="BD-PIPELINE-COLUMN")


def _check_look_ups(step: Step, connections: Mapping[str, Connection]) -> None:
    for check in step.set_checks:
        if isinstance(check, CountCheck) and isinstance(check.equals, LookUp):
            source = check.equals.source
            connections[source.profile].schema(source.table)[check.equals.field]
