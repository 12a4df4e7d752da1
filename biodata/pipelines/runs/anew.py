"""Whether a step reads only what is new, or everything: because it is asked to, or because a table lacks the rest."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.errors import ConfigError
from biodata.pipelines.loading.target import GONE, lacking
from biodata.pipelines.sources.base import located
from biodata.pipelines.sources.content import ANEW_HINT, CONTENT
from biodata.pipelines.sources.cursor import SEEN
from biodata.pipelines.sources.pseudonyms import KEYS

if TYPE_CHECKING:
    from collections.abc import Iterable, Mapping

    from biodata.connection import Connection
    from biodata.pipelines.runs.options import Options
    from biodata.pipelines.runs.work import Work
    from biodata.pipelines.spec import Load, PipelineSpec, Step
    from biodata.pipelines.state.memory import StepMemory

__all__ = ["PART", "reads_everything", "to_know"]

PART = frozenset({SEEN, CONTENT})
"""What of a step's memory makes it read a part only. A contract's fields are not among it: those hold whenever."""


def to_know(
    spec: PipelineSpec, step: Step, known: StepMemory, connections: Mapping[str, Connection], options: Options
) -> tuple[StepMemory, list[str]]:
    """What a step is to know of the last run, and what a person should know about that.

    Args:
        spec: the pipeline.
        step: of it.
        known: what is remembered of the step.
        connections: by the names of profiles.
        options: whether everything is to be read, and whether pseudonyms may be others than at the last run.

    Raises:
        ConfigError: `BD-PIPELINE-INCREMENTAL`, what is there would be added again, or what is gone would stay away.
    """
    full = options.full
    if options.new_key and step.pseudonyms:  # nobody has seen a record under the new ones
        known, full = known.forgetting({KEYS}), True
    if step.incremental is None or not (known.seen if full else PART & known.seen.keys()):
        return known, []
    lack = {load: lacking(load, connections[load.target.profile]) for load in spec.loads(step)}
    with located(spec.file, step.extract.line, step.name, step.extract.column):
        if full:
            _raise_for_adding_again(lack)
            return known.forgetting(PART), []
        if spec.appended(step):
            _raise_for_what_is_gone(lack)
            return known, [f"the table {load.target} {why}; {AS_IT_IS}" for load, why in lack.items() if why]
    told = [f"the table {load.target} {why}, so everything is read" for load, why in lack.items() if why]
    return (known.forgetting(PART), told) if told else (known, [])


def reads_everything(work: Work, works: Iterable[Work]) -> bool:
    """Whether a step, and those that it reads from, have nothing that makes them read a part."""
    names = {work.step.name, *(step.name for step in work.upstream)}
    return not any(one.step.incremental and PART & one.memory.seen.keys() for one in works if one.step.name in names)


AS_IT_IS = "what earlier runs have added does not come again"
"""Who takes rows out of a table for good, a queue, empties it on purpose."""


def _raise_for_adding_again(lack: Mapping[Load, str]) -> None:
    if any(load.mode == "append" and not why for load, why in lack.items()):
        message = "everything is to be read, and mode append would add again what is there"
        raise ConfigError(message, code="BD-PIPELINE-INCREMENTAL", hint=ANEW_HINT)


def _raise_for_what_is_gone(lack: Mapping[Load, str]) -> None:
    """Somebody has to say whether what was added is to come again, or lies elsewhere now."""
    for load, why in lack.items():
        if why == GONE:
            message = f"the table {load.target} {why}, and only what is new would be added"
            raise ConfigError(message, code="BD-PIPELINE-INCREMENTAL", hint=ANEW_HINT)
