"""What a run did, told to a person."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path

    from biodata.pipelines.facts import StepReport
    from biodata.pipelines.spec import Step

__all__ = ["heading", "line", "next_steps", "step_lines"]


def heading(text: str) -> None:
    """A paragraph begins."""
    click.echo()
    click.echo(click.style(text, bold=True), color=False if os.environ.get("NO_COLOR") else None)


def line(label: str, text: str) -> None:
    """One fact."""
    click.echo(f"   {label:<13}{text}")


def step_lines(step: Step, done: StepReport) -> None:
    """What a step read, made of it, checked and loaded."""
    where = f" where {done.where}" if done.where else ""
    line("read", f"{done.rows_read or 0} rows of {done.source}{where}")
    for operation in step.transform:
        line("transformed", f"to {', '.join(operation.names)}")
    for check in done.checks:
        line("checked", f"{'holds' if check.ok else 'FAILS'}: {check.name} ({check.detail})")
    line("rejected", f"{done.rejected} rows")
    if done.target:
        from biodata.pipelines.facts import counts

        line("loaded", f"into {done.target}, {done.mode}: {counts(done.tally)}")


def next_steps(program: str, out: Path) -> None:
    """Two commands to go on with."""
    config = shlex.quote(str(out / "profiles.yml"))
    heading("Try next")
    click.echo(f'   {program} --config {config} query local/ase_counts "alt_fraction > 0.6"')
    click.echo(f"   {program} sandbox run -- {program} query molgenis/ASE \"Chr = '19'\"")
