"""What a run has sealed before it writes: enough to go on behind the reading, by another process.

It lies in the spool, for the owner's eyes only, and goes with it. It says by which file, parameters and tables it was
made: where those are others now, the run is not taken up again.
"""

from __future__ import annotations

from hashlib import sha256
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import ConfigError
from biodata.pipelines.checks.whole import CheckOutcome
from biodata.pipelines.reports.facts import Coverage, PlotData, ProfileFacts
from biodata.pipelines.runs.work import Told, Work
from biodata.pipelines.state.damage import format_of, newer
from biodata.pipelines.state.private import replace_private, usable

if TYPE_CHECKING:
    from collections.abc import Mapping
    from pathlib import Path

    from biodata.pipelines.loading.target import Target
    from biodata.pipelines.runs.run import Run
    from biodata.pipelines.spec import PipelineSpec
    from biodata.pipelines.state.memory import StepMemory
    from biodata.pipelines.state.spool import Spool
    from biodata.records.types import Schema

__all__ = ["Manifest", "SealedStep", "digest_of", "manifest_of", "read_manifest", "restored", "write_manifest"]

NAME = "spool/sealed.json"
FORMAT = 1
"""Of the manifest; one of an older version of biodata says nothing and is the same."""


class SealedStep(msgspec.Struct, frozen=True):
    """A step as it was sealed.

    Attributes:
        target: the digest of the target's shape; empty where the table had to be made, or nothing is loaded.
        out: whether the rows that go on are those that were read, or a file of their own.
    """

    name: str
    told: Told
    out: str
    target: str = ""
    checks: tuple[CheckOutcome, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    plots: tuple[PlotData, ...] = ()
    seconds: dict[str, float] = {}


class Manifest(msgspec.Struct, frozen=True):
    """All steps of a run, sealed; and by what."""

    run: str
    pipeline: str
    sha256: str
    parameters: str
    started: str
    steps: tuple[SealedStep, ...]
    profiles: tuple[ProfileFacts, ...] = ()
    format: int = FORMAT


def digest_of(values: Any) -> str:
    """A digest of parameters, or of whatever has a JSON form."""
    return sha256(msgspec.json.encode(values, enc_hook=str, order="deterministic")).hexdigest()


def _shape(schema: Schema) -> str:
    """The digest of what a write relies on: fields, their types, what is required, unique or read-only."""
    fields = [(one.name, str(one.type), one.required, one.unique, one.read_only) for one in schema]
    return digest_of((schema.table, schema.key_fields, fields))


def manifest_of(run: Run) -> Manifest:
    """What a run is now."""
    steps = tuple(
        SealedStep(
            name=work.step.name,
            told=work.told,
            out=work.passed.path.stem,
            target=_shape(work.target.schema) if work.target and not work.target.new else "",
            checks=tuple(work.checks),
            coverage=work.coverage,
            plots=work.plots,
            seconds=work.seconds,
        )
        for work in run.works
    )
    return Manifest(
        run=run.id,
        pipeline=run.spec.name,
        sha256=run.spec.sha256,
        parameters=digest_of((run.id, run.values)),
        started=run.started.isoformat(),
        steps=steps,
        profiles=tuple(run.profiles.values()),
    )


def write_manifest(manifest: Manifest, directory: Path) -> None:
    """Keep it in the run's directory."""
    with usable("The manifest", directory / NAME, "written"):
        replace_private(directory / NAME, msgspec.json.encode(manifest, enc_hook=str))


def read_manifest(directory: Path) -> Manifest:
    """The manifest of a run.

    Raises:
        ConfigError: `BD-PIPELINE-RESUME`, it is not there or cannot be read; `BD-CONFIG-STATE`, a newer version of
            biodata has written it.
    """
    path = directory / NAME
    try:
        content = path.read_bytes()
        if (found := format_of(content)) > FORMAT:
            raise newer("What a run has sealed in", path, found, FORMAT)
        return msgspec.json.decode(content, type=Manifest)
    except (OSError, msgspec.MsgspecError):
        raise ConfigError(
            f"What the run {directory.name} had read cannot be read any more", code="BD-PIPELINE-RESUME", hint=ANEW
        ) from None


ANEW = "Start anew with --restart"


def restored(
    manifest: Manifest,
    spec: PipelineSpec,
    values: Mapping[str, Any],
    spool: Spool,
    memory: Mapping[str, StepMemory],
    *,
    planned: bool = False,
) -> list[Work]:
    """The steps as they were sealed, without source and target; `planned` by a plan of which nothing was done yet.

    Raises:
        ConfigError: `BD-PIPELINE-CHANGED`, file or parameters are others; `BD-PIPELINE-RESUME`, the spool is gone.
    """
    _raise_for_changes(manifest, spec, values, planned=planned)
    return [_restored(sealed, spec, spool, manifest.run, memory) for sealed in manifest.steps]


def _restored(
    sealed: SealedStep, spec: PipelineSpec, spool: Spool, run: str, memory: Mapping[str, StepMemory]
) -> Work:
    from biodata.pipelines.state.memory import StepMemory

    step = spec.step(sealed.name)
    work = Work(step, sealed.told, memory.get(sealed.name, StepMemory()), spec.upstream(step))
    work.out = spool.sealed(sealed.out)
    if work.out is None:
        message = f"What the step {sealed.name} of run {run} had read is gone"
        raise ConfigError(message, code="BD-PIPELINE-RESUME", hint=ANEW)
    work.checks, work.coverage, work.plots = list(sealed.checks), sealed.coverage, sealed.plots
    work.seconds, work.state = dict(sealed.seconds), "checked"
    return work


def _raise_for_changes(manifest: Manifest, spec: PipelineSpec, values: Mapping[str, Any], *, planned: bool) -> None:
    if manifest.sha256 != spec.sha256:
        what = "the pipeline file, or a list that it names, was changed since"
        raise changed(manifest.run, what, planned=planned)
    if manifest.parameters != digest_of((manifest.run, dict(values))):
        what = f"it was {'planned' if planned else 'started'} with other parameters"
        raise changed(manifest.run, what, "Give each --param as it was given then", planned=planned)


def changed(run: str, what: str, undo: str = "Undo that", *, planned: bool = False) -> ConfigError:
    """The error of a run that cannot be taken up again because something changed; or of a plan, that cannot begin."""
    if planned:
        done, hint = "is a plan of which nothing is done yet", f"{undo} and apply it again; or make a new plan"
    else:
        done = "stopped while it wrote"
        hint = f"{undo} and run the same command, which ends that run; or start anew: --restart, without --apply"
    return ConfigError(f"Run {run} {done}, and {what}", code="BD-PIPELINE-CHANGED", hint=hint)


def same_shape(sealed: SealedStep, target: Target) -> bool:
    """Whether the table is still as it was when the step was sealed; one that had to be made is."""
    return not sealed.target or sealed.target == _shape(target.schema)
