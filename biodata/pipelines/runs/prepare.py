"""Everything that can be found out about a step before its first record is read."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.errors import ConfigError, QueryError
from biodata.pipelines.loading.target import Target
from biodata.pipelines.operations.base import Surroundings
from biodata.pipelines.operations.chain import Chain
from biodata.pipelines.operations.check import check_expressions
from biodata.pipelines.runs.work import Told, Work
from biodata.pipelines.sources.base import Binding
from biodata.pipelines.sources.bind import bind, located
from biodata.pipelines.sources.incremental import check_incremental
from biodata.pipelines.spec import (
    CountCheck,
    FreshCheck,
    LookUp,
    ReferencesCheck,
    UniqueCheck,
)

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping
    from pathlib import Path

    import pyarrow as pa

    from biodata.connection import Connection
    from biodata.pipelines.spec import PipelineSpec, Step
    from biodata.pipelines.state.memory import StepMemory

__all__ = ["prepare", "target_of"]


def prepare(
    spec: PipelineSpec,
    step: Step,
    *,
    values: Mapping[str, Any],
    earlier: Mapping[str, Work],
    connections: Mapping[str, Connection],
    memory: StepMemory,
    kept: Path | None = None,
) -> Work:
    """Bind the source, compile the operations and look at the target.

    Raises:
        BiodataError: whatever does not fit, with file, line and step; nothing has been read or written.
    """
    with located(spec.file, step.extract.line, step.name, step.extract.column):
        source = bind(
            Binding(spec.file, step, values, connections, earlier, memory, kept, appended=spec.appended(step))
        )
        _check_upstream(step, spec.upstream(step))
    work = Work(step, Told(source.title, source.where), memory, spec.upstream(step))
    with work.stage("prepare"):
        names = tuple(one.name for one in spec.parameters)
        _raise_for_expressions(spec, step, tuple(source.schema.names), names)
        work.source = source
        keyed = step.load is not None and bool(step.load.key)
        work.chain = Chain(step, source.schema, Surroundings(spec.file, step.name, values, keys=keyed))
        with located(spec.file, step.line, step.name, step.column):
            _check_columns(step, work.schema.names)
            _check_dates(step, work.schema)
            _check_look_ups(step, connections)
        work.target = target_of(spec, step, work.schema, connections, earlier.values())
    return work


def target_of(
    spec: PipelineSpec,
    step: Step,
    rows: pa.Schema,
    connections: Mapping[str, Connection],
    earlier: Iterable[Work],
) -> Target | None:
    """The table that the step is loaded into, sure to take what will come; None where it is not loaded.

    A table that an earlier step will make is taken for one that is there.

    Raises:
        BiodataError: whatever does not fit, with file, line and step.
    """
    load = step.load
    if load is None:
        return None
    made = [work.target for work in earlier if work.target and work.target.new]
    coming = next((target.schema for target in made if target.load.target == load.target), None)
    with located(spec.file, load.line, step.name, load.column):
        return Target(step, load, connections[load.target.profile], rows, coming)


def _check_upstream(step: Step, upstream: tuple[Step, ...]) -> None:
    """What a step cannot do with a part of the records, it cannot do behind a step that reads a part either."""
    for one in upstream:
        if one.incremental is not None:
            check_incremental(step, one.incremental, f"the step {one.name}")


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


def _check_dates(step: Step, schema: pa.Schema) -> None:
    from pyarrow import types

    for check in step.set_checks:
        if not isinstance(check, FreshCheck):
            continue
        kind = schema.field(check.of).type
        if not (types.is_date(kind) or types.is_timestamp(kind)):
            raise ConfigError(
                f"the check {check.name!r} needs a date, and the column {check.of} is of type {kind}",
                code="BD-PIPELINE-COLUMN",
                hint="CAST it to DATE or TIMESTAMPTZ",
            )


def _check_look_ups(step: Step, connections: Mapping[str, Connection]) -> None:
    for check in step.set_checks:
        if isinstance(check, CountCheck):
            for bound in (check.equals, check.least, check.most):
                if isinstance(bound, LookUp):
                    connections[bound.source.profile].schema(bound.source.table)[bound.field]
