"""Rejected records through their steps again, and on into the steps that read what those make.

Rows carry the ids of their rejects while they are under way. A record that its platform refused has been handed on to
the other steps by the run that met it, so it is not handed on again.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import ConfigError
from biodata.pipelines.rows import NUMBER, Rows
from biodata.pipelines.sources.step import StepSource
from biodata.pipelines.spec import StepExtract
from biodata.pipelines.state.spool import Spool

if TYPE_CHECKING:
    from collections.abc import Collection, Iterator, Sequence

    import pyarrow as pa

    from biodata.pipelines.runs.run import Run
    from biodata.pipelines.runs.taken import Taken
    from biodata.pipelines.runs.work import Work
    from biodata.pipelines.spec import PipelineSpec, Step
    from biodata.pipelines.state.spool import Sealed

__all__ = ["check_ways", "handed_on_to", "numbers_of", "through", "without_numbers"]


def handed_on_to(spec: PipelineSpec, names: Collection[str]) -> set[str]:
    """These steps, and those that get rows of them one by one."""
    found = set(names)
    for step in spec.steps:
        if _takes_each(step) and step.reads_steps[0] in found:
            found.add(step.name)
    return found


def check_ways(spec: PipelineSpec, chosen_ones: Sequence[Taken]) -> list[str]:
    """See that each record gets to a table, where its rows go to one.

    Returns:
        What a person should know: the steps that get nothing of it, because they look at all rows together.

    Raises:
        ConfigError: `BD-PIPELINE-REPLAY`, rows of a step go to no table but through a step that looks at all of them.
    """
    told: dict[str, None] = {}
    for name in dict.fromkeys(one.kept.step for one in chosen_ones if one.kept.stage != "load"):
        reached = handed_on_to(spec, [name])
        joining = [step.name for step in spec.steps if not _takes_each(step) and reached & {*step.reads_steps}]
        text = f"the step {', '.join(joining)} reads all rows of {name} together"
        if joining and not any(step.load for step in spec.steps if step.name in reached):
            raise ConfigError(
                f"{text}, so one record of {name} cannot be replayed alone",
                code="BD-PIPELINE-REPLAY",
                hint="Run the pipeline again: its rejects give way to what it reads then",
            )
        if joining:
            told[f"{text}, and gets what was replayed with the next run that reads everything"] = None
    return list(told)


def _takes_each(step: Step) -> bool:
    return isinstance(step.extract, StepExtract) and step.each is None


def through(run: Run, work: Work, spool: Spool, mine: Sequence[Taken], held: Collection[int]) -> tuple[int, Sealed]:
    """A step's rejects, each entering where it was rejected, and what an earlier step hands on of its own.

    Args:
        run: the replay.
        work: the step.
        spool: of the run.
        mine: the step's own rejects.
        held: ids whose rows the earlier step does not hand on.

    Returns:
        How many rows entered, and what came out, sealed.
    """
    import pyarrow as pa

    chain, source = work.chain, work.source
    if chain is None or source is None:
        raise RuntimeError("the step was not prepared")
    name, schema = work.step.name, chain.schema.append(pa.field(NUMBER, pa.int64()))
    groups: dict[int, list[Taken]] = {}
    for one in mine:
        groups.setdefault(chain.end if one.kept.stage == "load" else min(one.kept.at, chain.end), []).append(one)
    entered = 0
    with spool.writer(f"{name}.again", schema) as writer:
        for at, own, entering in _entering(run, work, spool, groups, held):
            made = chain.run(entering, own, name=name, reject=run.reject, key_of=source.key_of, start=at)
            for batch in made.batches():
                writer.write(batch.cast(schema))
            entered += entering.rows
        return entered, writer.seal()


def _entering(
    run: Run, work: Work, spool: Spool, groups: dict[int, list[Taken]], held: Collection[int]
) -> Iterator[tuple[int, Spool, Sealed]]:
    """The segment, a spool of its own and the rows of each group that enters together."""
    name, source, chain = f"{work.step.name}.read", work.source, work.chain
    for at, some in groups.items():
        own = Spool(spool.directory / str(at))
        if chain is not None:
            yield at, own, _sealed(run, own, name, chain.entering(at), some)
    if isinstance(source, StepSource) and source.made:
        own = Spool(spool.directory / "on")
        yield 0, own, _handed_on(own, name, source, held)


def _sealed(run: Run, spool: Spool, name: str, columns: pa.Schema, some: Sequence[Taken]) -> Sealed:
    """The records as rows with the ids of their rejects; what does not fit the columns is rejected again."""
    import pyarrow as pa

    schema = columns.append(pa.field(NUMBER, pa.int64()))
    with spool.writer(name, schema) as writer:
        for one in some:
            batch = one.row(columns)
            if batch is None:
                reason = "it does not fit the columns that the step has now"
                run.reject(msgspec.structs.replace(one.again(reason), row=one.kept.id))
            else:
                writer.write(batch.append_column(pa.field(NUMBER, pa.int64()), pa.array([one.kept.id], pa.int64())))
        return writer.seal()


def _handed_on(spool: Spool, name: str, source: StepSource, held: Collection[int]) -> Sealed:
    import pyarrow as pa

    schema = source.schema.append(pa.field(NUMBER, pa.int64()))
    with spool.writer(name, schema) as writer:
        for rows in source.handed_on():
            writer.write(_but(rows, held).with_numbers().cast(schema))
        return writer.seal()


def numbers_of(rows: Sealed) -> list[int]:
    """The numbers of sealed rows, each once, in order."""
    found: set[int] = set()
    for batch in rows.batches():
        found.update(Rows.numbered(batch).numbers.to_pylist())
    return sorted(found)


def without_numbers(rows: Sealed, spool: Spool, name: str, numbers: Collection[int]) -> Sealed:
    """Sealed rows without those of some numbers."""
    with spool.writer(name, rows.schema()) as writer:
        for batch in rows.batches():
            writer.write(_but(Rows.numbered(batch), numbers).with_numbers())
        return writer.seal()


def _but(rows: Rows, numbers: Collection[int]) -> Rows:
    import pyarrow as pa
    import pyarrow.compute as pc

    if not numbers:
        return rows
    among: Any = pc.is_in(rows.numbers, value_set=pa.array(sorted(numbers), pa.int64()))
    return rows.where(pc.invert(among))
