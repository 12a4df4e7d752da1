"""Plans: what a run would do, kept to be approved, and then done as it was approved and no more.

The plan file holds numbers and digests, and no value of anybody: it can go into a ticket. What it is about, the rows
and what is to be done with each, stays sealed in the run's spool, and the file's digests hold both to each other. A
keyed hash of the file's content lies beside them: what was changed in it was not approved by anybody.
"""

from __future__ import annotations

import getpass
import hmac
from datetime import UTC, datetime
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import ConfigError
from biodata.pipelines.loading.approved import ACTIONS, action_of
from biodata.pipelines.loading.deletions import Deletions
from biodata.pipelines.runs.preview import preview
from biodata.pipelines.state.damage import format_of
from biodata.pipelines.state.private import replace_private

if TYPE_CHECKING:
    from collections.abc import Iterable
    from pathlib import Path

    from biodata.comparing import Change
    from biodata.pipelines.runs.run import Run
    from biodata.pipelines.runs.work import Work
    from biodata.pipelines.spec import PipelineSpec
    from biodata.pipelines.state.audit import Audit
    from biodata.pipelines.state.journal import Journal, RunRow
    from biodata.pipelines.state.spool import Sealed, Spool

__all__ = ["Plan", "PlannedStep", "check_sealed", "end_plans", "make_plan", "planned_run", "read_plan"]

FORMAT = 2
CODE = "BD-PIPELINE-PLAN"
SEAL = "plan.hash"
"""The keyed hash of the plan's content, in the spool."""
SINCE = "run {} has written since it was made"
WROTE = frozenset({"loading", "loaded", "done"})
"""States of a step whose rows may have been sent."""


class PlannedStep(msgspec.Struct, frozen=True, forbid_unknown_fields=True):
    """What is to be done with one step's rows.

    Attributes:
        would: word (add, change, leave, refuse, delete) to number of records.
        guards: why the deletes would be withheld without a plan; whoever approves it approves them all the same.
        sealed: file of the spool to the keyed hash of its bytes, which only this state directory can make.
    """

    name: str
    target: str | None
    would: dict[str, int]
    guards: str = ""
    sealed: dict[str, str] = {}


class Plan(msgspec.Struct, frozen=True, kw_only=True, forbid_unknown_fields=True):
    """What a run would do."""

    format: int = FORMAT
    run: str
    pipeline: str
    file: str
    sha256: str
    made: str
    by: str
    steps: tuple[PlannedStep, ...]


def make_plan(run: Run, spool: Spool, path: Path) -> None:
    """Compare everything with the targets, seal what would be done, and write the plan file."""
    kept = _Kept(spool, [work for work in run.works if work.target])
    preview(run, spool, keep=kept.keep)
    sealed = kept.seal()
    steps = tuple(_planned(run, work, spool, sealed.get(work.step.name)) for work in run.works)
    spec = run.spec
    plan = Plan(
        run=run.id,
        pipeline=spec.name,
        file=spec.file,
        sha256=spec.sha256,
        made=datetime.now(UTC).isoformat(timespec="milliseconds"),
        by=getpass.getuser(),
        steps=steps,
    )
    replace_private(spool.directory / SEAL, _seal(plan, run.audit))
    replace_private(path, msgspec.json.format(msgspec.json.encode(plan), indent=2) + b"\n")


def _seal(plan: Plan, audit: Audit) -> bytes:
    """Of what it says, however the file is laid out."""
    return audit.content_hash(msgspec.json.encode(plan, order="deterministic"))


class _Kept:
    """What is to be done with each row, on its way into the spool."""

    def __init__(self, spool: Spool, works: Iterable[Work]) -> None:
        """Begin with a file for each step, also for one without a row: that nothing is to be done is approved too."""
        import pyarrow as pa

        from biodata.pipelines.state.spool import SpoolWriter

        fields: list[pa.Field[Any]] = [pa.field("action", pa.string()), pa.field("digest", pa.binary())]
        self._schema = pa.schema(fields)
        names = [work.step.name for work in works]
        paths = {name: spool.directory / f"{name}{ACTIONS}.parquet" for name in names}
        self._writers = {name: SpoolWriter(path, self._schema) for name, path in paths.items()}

    def keep(self, work: Work, changes: Iterable[Change | None]) -> None:
        import pyarrow as pa

        rows = [dict(zip(self._schema.names, action_of(change), strict=True)) for change in changes]
        self._writers[work.step.name].write(pa.RecordBatch.from_pylist(rows, schema=self._schema))

    def seal(self) -> dict[str, Sealed]:
        return {name: writer.seal() for name, writer in self._writers.items()}


def _planned(run: Run, work: Work, spool: Spool, actions: Sealed | None) -> PlannedStep:
    files = [work.passed, actions, *_deletions(run, work, spool)]
    return PlannedStep(
        name=work.step.name,
        target=str(work.step.load.target) if work.step.load else None,
        would=_would(work),
        guards=work.deletes.withheld if work.deletes else "",
        sealed={one.path.name: run.audit.file_hash(one.path) for one in files if one is not None},
    )


def _deletions(run: Run, work: Work, spool: Spool) -> list[Sealed]:
    """What may be deleted, as it is now."""
    if work.target is None:
        return []
    return list(Deletions(work, run.works, spool, values=run.values, hash_of=run.audit.content_hash).seal())


def _would(work: Work) -> dict[str, int]:
    """With the deletes that guards would withhold: who approves the plan approves them."""
    missing = work.deletes.missing if work.deletes else work.preview.get("delete", 0)
    return {**work.preview, "delete": missing} if missing else work.preview


def read_plan(path: Path) -> Plan:
    """The plan of a file.

    Raises:
        ConfigError: `BD-PIPELINE-PLAN`, it is not there or no plan.
    """
    try:
        content = path.read_bytes()
        other = format_of(content) not in {0, FORMAT}
        plan = None if other else msgspec.json.decode(content, type=Plan)
    except OSError as error:
        raise ConfigError(f"The plan {path} cannot be read: {error.strerror}", code=CODE) from None
    except msgspec.MsgspecError:
        raise ConfigError(f"{path} is no plan, or not a whole one", code=CODE, hint=AGAIN) from None
    if plan is None:
        message = f"{path} is a plan of another version of biodata"
        raise ConfigError(message, code=CODE, hint=f"Apply it with that version. {AGAIN}")
    return plan


AGAIN = "Make a new plan with --save-plan"


def planned_run(plan: Plan, spec: PipelineSpec, journal: Journal) -> RunRow:
    """The run that was planned, or that stopped while it was applied.

    Raises:
        ConfigError: `BD-PIPELINE-PLAN`, the plan is of another pipeline or state directory, was applied already, or
            the pipeline file was changed since.
    """
    found = next((run for run in journal.runs(spec.name) if run.id == plan.run), None)
    if plan.pipeline != spec.name or found is None:
        what = f"of the pipeline {plan.pipeline}" if plan.pipeline != spec.name else "not in this state directory"
        raise ConfigError(f"The plan is of run {plan.run}, which is {what}", code=CODE)
    if plan.sha256 != spec.sha256:
        raise ConfigError("The pipeline file was changed since the plan was made", code=CODE, hint=AGAIN)
    if found.state == "over":
        raise ConfigError(f"The plan is over: {found.message}", code=CODE, hint=AGAIN)
    if found.state != "planned" and not found.writing:
        raise ConfigError(f"The plan was applied already; run {found.id} is {found.state}", code=CODE, hint=AGAIN)
    since = _written_since(plan, journal)
    if since and found.state == "planned":
        raise ConfigError(f"The plan is over: {SINCE.format(since)}", code=CODE, hint=AGAIN)
    return found


def end_plans(run: Run) -> None:
    """Where a run has written, the pipeline's other plans are over: nobody has any use for what they sealed."""
    looked_only = run.options.dry_run or run.options.save_plan or run.phase == "planned"
    if not looked_only and any(work.state in WROTE for work in run.works):
        run.journal.end_plans(run.spec.name, but=run.id, why=SINCE.format(run.id))


def _written_since(plan: Plan, journal: Journal) -> str:
    """The run that has sent what is planned, or newer records, since; empty where there is none."""
    for run in journal.runs(plan.pipeline):
        later = run.id != plan.run and run.kind == "run" and (run.ended or plan.made) >= plan.made
        if later and any(step["state"] in WROTE for step in journal.steps(run.id)):
            return run.id
    return ""


def check_sealed(plan: Plan, spool: Spool, audit: Audit) -> None:
    """See that what was approved is what is sealed.

    Raises:
        ConfigError: `BD-PIPELINE-PLAN`, the plan says something else than it did, or a file of the spool is gone or
            another one.
    """
    seal = spool.directory / SEAL
    if not seal.is_file() or not hmac.compare_digest(seal.read_bytes(), _seal(plan, audit)):
        message = f"The plan is not as run {plan.run} has written it: its file was changed"
        raise ConfigError(message, code=CODE, hint=f"Apply it as it was written. {AGAIN}")
    for step in plan.steps:
        for name, digest in step.sealed.items():
            path = spool.directory / name
            if not path.is_file() or audit.file_hash(path) != digest:
                message = f"What the plan says of step {step.name} is not what run {plan.run} has sealed"
                raise ConfigError(message, code=CODE, hint=AGAIN)
