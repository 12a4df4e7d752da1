"""The rejects that a replay takes, with what a person has corrected in them."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import NotFound
from biodata.pipelines.state.corrected import Corrected, read_corrected
from biodata.pipelines.state.reject import OPEN, Kept, Reject
from biodata.pipelines.state.reject_file import Which

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    import pyarrow as pa

    from biodata.pipelines.spec import PipelineSpec
    from biodata.pipelines.state.reject_file import RejectFile

__all__ = ["Taken", "taken", "waiting_before"]


class Taken(msgspec.Struct, frozen=True):
    """A reject on its way again, and the cells that a person has changed."""

    kept: Kept
    changed: dict[str, Any] = {}

    def row(self, columns: pa.Schema) -> pa.RecordBatch | None:
        """The record as one row of these columns; None where it does not fit them.

        Raises:
            SchemaError: `BD-PIPELINE-CORRECTED`, a corrected cell cannot be of its column's type.
        """
        import pyarrow as pa

        from biodata.records.arrow import to_batch

        record = Corrected(self.kept, self.changed).record(columns)
        if not record.keys() <= set(columns.names):
            return None
        try:
            return to_batch([record], columns)
        except (pa.ArrowException, TypeError, ValueError, OverflowError):
            return None

    def again(self, reason: str) -> Reject:
        """The same reject for another reason."""
        names = Reject.__struct_fields__
        told = {name: getattr(self.kept, name) for name in names} | {"reason": reason, "waiting": False, "of": 0}
        return Reject(**told)


def taken(rejects: RejectFile, spec: PipelineSpec, which: Which | None, corrected: Path | None) -> Sequence[Taken]:
    """The open rejects of a pipeline that are asked for; and, beside them, what waits for its parents.

    Raises:
        NotFound: `BD-PIPELINE-REJECT`, there is none; or one is of a step that the pipeline has not.
    """
    changed = {one.reject.id: one for one in read_corrected(rejects, corrected)} if corrected else {}
    asked = Which(ids=tuple(changed)) if which is None else which
    asked = msgspec.structs.replace(asked, pipeline=spec.name, states=asked.states or OPEN)
    found = {one.id: one for one in rejects.find(asked)}
    if not found:
        raise NotFound(
            f"The pipeline {spec.name} has no such reject that is open",
            code="BD-PIPELINE-REJECT",
            hint="biodata rejects list lists them",
        )
    steps = {step.name for step in spec.steps}
    return [Taken(one, _changes(changed.get(one.id))) for one in _known(found.values(), steps, rejects, spec)]


def waiting_before(rejects: RejectFile, spec: PipelineSpec, run: str) -> Sequence[Taken]:
    """What was left waiting for its parents by runs other than one, of steps that the pipeline still has."""
    steps = {step.name for step in spec.steps}
    found = rejects.find(Which(pipeline=spec.name, states=("waiting",), but=run))
    return [Taken(one) for one in found if one.step in steps]


def _changes(one: Corrected | None) -> dict[str, Any]:
    return one.changed if one else {}


def _known(found: Any, steps: set[str], rejects: RejectFile, spec: PipelineSpec) -> Iterator[Kept]:
    asked = {one.id for one in found}
    for one in found:
        if one.step not in steps:
            raise NotFound(
                f"Reject {one.id} is of the step {one.step}, which the pipeline has not", code="BD-PIPELINE-REJECT"
            )
        yield one
    for one in rejects.find(Which(pipeline=spec.name, states=("waiting",))):
        if one.id not in asked and one.step in steps:
            yield one
