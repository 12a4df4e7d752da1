"""What a run did, told to a person."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from collections.abc import Sequence
    from pathlib import Path

    from biodata.pipelines.reports.facts import RunReport, StepReport
    from biodata.pipelines.spec import Step

__all__ = ["heading", "line", "next_steps", "pipeline_lines"]


def heading(text: str) -> None:
    """A paragraph begins."""
    click.echo()
    click.echo(click.style(text, bold=True), color=False if os.environ.get("NO_COLOR") else None)


def line(label: str, text: str) -> None:
    """One fact."""
    click.echo(f"   {label:<13}{text}")


def pipeline_lines(steps: Sequence[Step], report: RunReport, *, brief: bool = False) -> None:
    """What a run read, made of it, checked and loaded; only what it loaded when `brief`."""
    for step, done in zip(steps, report.steps, strict=True):
        if not brief:
            _read_lines(step, done)
        if done.target:
            from biodata.pipelines.reports.facts import counts

            line("loaded", f"into {done.target}, {done.mode}: {counts(done.outcome)}")
        if done.deletes and done.deletes.withheld:
            line("withheld", f"{done.deletes.missing:,} deletes: {done.deletes.withheld}")


def _read_lines(step: Step, done: StepReport) -> None:
    from biodata.pipelines.operations.outline import outline

    where = f" where {done.where}" if done.where else ""
    same = f", {done.unchanged_since:,} of them unchanged since the last run" if done.unchanged_since else ""
    line("read", f"{done.rows_read or 0:,} rows of {done.source}{where}{same}")
    if done.target:
        for operation in step.transform:
            made = ", ".join(outline(operation).makes)
            line("transformed", f"by {operation.__struct_config__.tag}" + (f" to {made}" if made else ""))
    for one in done.coverage:
        line("mapped", f"{one.mapped:,} of {one.rows:,} values of {one.column} by {one.list}")
    for check in done.checks:
        line("checked", f"{'holds' if check.ok else 'FAILS'}: {check.name} ({check.detail})")
    if done.rejected:
        waiting = f", {done.waiting:,} of them waiting for a parent" if done.waiting else ""
        line("rejected", f"{done.rejected:,} rows{waiting}")


def next_steps(program: str, out: Path) -> None:
    """Commands to go on with."""
    config = shlex.quote(str(out / "profiles.yml"))
    heading("Try next")
    click.echo(f'   {program} --config {config} query local/family "submitted = true" --fields id,known_in')
    click.echo(f"   {program} sandbox run -- {program} query molgenis/ASE \"Chr = '19'\"")
