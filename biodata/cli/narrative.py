"""What a run did, told to a person."""

from __future__ import annotations

import os
import shlex
from typing import TYPE_CHECKING

import click

if TYPE_CHECKING:
    from pathlib import Path

    from biodata.pipelines.facts import StepReport

__all__ = ["heading", "line", "next_steps", "step_lines"]


def heading(text: str) -> None:
    """A paragraph begins."""
    click.echo()
    click.echo(click.style(text, bold=True), color=False if os.environ.get("NO_COLOR") else None)


def line(label: str, text: str) -> None:
    """One fact."""
    click.echo(f"   {label:<11}{text}")


def step_lines(step: StepReport) -> None:
    """What a step read, checked and loaded."""
    where = f" where {step.where}" if step.where else ""
    line("read", f"{step.rows_read or 0} rows of {step.source}{where}")
    line("transformed", f" {step.rows_out or 0} rows left, {step.rejected} rejected")
    for check in step.checks:
        line("checked", f"{'holds' if check.ok else 'FAILS'}: {check.name} ({check.detail})")
    if step.target:
        from biodata.pipelines.facts import counts

        line("loaded", f"into {step.target}, {step.mode}: {counts(step.tally)}")


def next_steps(program: str, out: Path) -> None:
    """Two commands to go on with."""
    config = shlex.quote(str(out / "profiles.yml"))
    heading("Try next")
    click.echo(f'   {program} --config {config} query local/ase_counts "alt_fraction > 0.6" -o table')
    click.echo(f"   {program} sandbox run -- {program} query molgenis/ASE \"Chr = '19'\" -o table")
