"""Everything that can be found out about a step before its first record is read."""

from __future__ import annotations

from contextlib import contextmanager
from time import monotonic
from typing import TYPE_CHECKING, Any

from biodata.errors import ConfigError, QueryError
from biodata.pipelines.loading.target import Target
from biodata.pipelines.operations.base import Surroundings
from biodata.pipelines.operations.chain import Chain
from biodata.pipelines.operations.check import check_expressions
from biodata.pipelines.reports.facts import StepReport
from biodata.pipelines.sources.base import Binding
from biodata.pipelines.sources.bind import bind, located
from biodata.pipelines.spec import CountCheck, FreshCheck, LookUp, ReferencesCheck, UniqueCheck

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator, Mapping
    from contextlib import ExitStack

    from biodata.connection import Connection
    from biodata.pipelines.checks.whole import CheckOutcome
    from biodata.pipelines.reports.facts import Coverage, Deletes, PlotData
    from biodata.pipelines.sources.base import Source
    from biodata.pipelines.sources.bind import Reading
    from biodata.pipelines.spec import PipelineSpec, Step
    from biodata.pipelines.state.memory import StepMemory
    from biodata.pipelines.state.rejects import RejectStore
    from biodata.pipelines.state.spool import Sealed

__all__ = ["Work", "open_profiles", "prepare"]


class Work:
    """A step on its way, and what came of it so far."""

    def __init__(self, step: Step, source: Source, chain: Chain, target: Target | None, memory: StepMemory) -> None:
        self.step = step
        self.source = source
        self.chain = chain
        self.target = target
        self.memory = memory
        self.state = "waiting"
        self.read: Reading | None = None
        self.out: Sealed | None = None
        self.checks: list[CheckOutcome] = []
        self.tally: dict[str, int] = {}
        self.preview: dict[str, int] = {}
        self.seconds: dict[str, float] = {}
        self.batches = 0
        self.coverage: tuple[Coverage, ...] = ()
        self.deletes: Deletes | None = None
        self.plots: tuple[PlotData, ...] = ()

    @property
    def reading(self) -> Reading:
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
            coverage=self.coverage,
            deletes=self.deletes,
            notes=tuple(self.source.notes),
            tally=self.tally,
            preview=self.preview,
            seconds=self.seconds,
            plots=self.plots,
        )


def open_profiles(
    spec: PipelineSpec, connect: Callable[[str], Connection], stack: ExitStack
) -> dict[str, Connection]:
    """A connection for each profile that the file names; closed with the stack."""
    return {name: stack.enter_context(connect(name)) for name in spec.profiles}


def prepare(
    spec: PipelineSpec,
    step: Step,
    *,
    values: Mapping[str, Any],
    earlier: Mapping[str, Work],
    connections: Mapping[str, Connection],
    memory: StepMemory,
) -> Work:
    """Bind the source, compile the operations and look at the target.

    Raises:
        BiodataError: whatever does not fit, with file, line and step; nothing has been read or written.
    """
    start = monotonic()
    with located(spec.file, step.extract.line, step.name, step.extract.column):
        source = bind(Binding(spec.file, step, values, connections, earlier, memory))
    names = tuple(one.name for one in spec.parameters)
    _raise_for_expressions(spec, step, tuple(source.schema.names), names)
    deletes = step.load is not None and (step.load.delete_missing is not None or step.load.mode == "replace")
    chain = Chain(step, source.schema, Surroundings(spec.file, step.name, values, keys=deletes))
    with located(spec.file, step.line, step.name, step.column):
        _check_columns(step, chain.schema.names)
        _check_look_ups(step, connections)
    work = Work(step, source, chain, _target(spec, step, chain, connections), memory)
    work.seconds["prepare"] = round(monotonic() - start, 4)
    return work


def _target(spec: PipelineSpec, step: Step, chain: Chain, connections: Mapping[str, Connection]) -> Target | None:
    if step.load is None:
        return None
    with located(spec.file, step.load.line, step.name, step.load.column):
        return Target(step.load, connections[step.load.target.profile], chain.schema)


def _raise_for_expressions(
    spec: PipelineSpec, step: Step, source: tuple[str, ...], parameters: tuple[str, ...]
) -> None:
    problems = [
        f"{spec.file}:{line}:{column}: {text}" for line, column, text in check_expressions(step, source, parameters)
    ]
    if problems:
        raise QueryError("\n".join(problems), code="BD-PIPELINE-EXPRESSION")


def _check_columns(step: Step, names: list[str]) -> None:
    wanted = [name for check in step.set_checks if isinstance(check, UniqueCheck) for name in check.columns]
    wanted += [check.of for check in step.set_checks if isinstance(check, ReferencesCheck | FreshCheck)]
    wanted += step.load.key if step.load else ()
    wanted += step.plotted
    for name in wanted:
        if name not in names:
            raise ConfigError(f"there is no column {name!r}; there is {', '.join(names)}", code="BD-PIPELINE-COLUMN")


def _check_look_ups(step: Step, connections: Mapping[str, Connection]) -> None:
    for check in step.set_checks:
        if isinstance(check, CountCheck):
            for bound in (check.equals, check.least, check.most):
                if isinstance(bound, LookUp):
                    connections[bound.source.profile].schema(bound.source.table)[bound.field]
