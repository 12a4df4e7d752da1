"""`biodata run`: a pipeline file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from biodata.cli.help import command
from biodata.cli.output import say
from biodata.cli.state import current

if TYPE_CHECKING:
    from biodata.pipelines import RunReport

__all__ = ["run"]

STRICT = 7


@command(
    "biodata run config/pipelines/ase-counts.yml",
    "biodata run ase-counts.yml --dry-run      # read, transform and check; write nothing",
    "biodata run ase-counts.yml --report out/reports --strict",
)
@click.argument("file", type=click.Path(path_type=Path, dir_okay=False))
@click.option("--report", type=click.Path(path_type=Path, file_okay=False), metavar="DIR", help="Where reports go.")
@click.option("--dry-run", is_flag=True, help="Read, transform and check; write nothing.")
@click.option("--strict", is_flag=True, help=f"End with {STRICT} when a record was rejected, within the budget too.")
@click.option(
    "-o", "--format", "form", type=click.Choice(["text", "json"]), default="text", help="A line, or the report."
)
@click.pass_context
def run(ctx: click.Context, /, file: Path, report: Path | None, **options: bool | str | None) -> None:
    """Run a pipeline file.

    A second run changes nothing when nothing has changed, and says so. Exit status: 0; 7 with --strict when
    records were rejected; 8 when more were rejected than the budget allows; 9 when a check failed; 130 when it
    was interrupted.
    """
    from biodata.pipelines import load_pipeline, progress_for

    state = current(ctx)
    done = load_pipeline(file).run(
        connect=state.connect, progress=progress_for(), report_dir=report, dry_run=bool(options["dry_run"])
    )
    sys.stdout.write(done.to_json().decode() if options["form"] == "json" else done.summary() + "\n")
    _where(done)
    if options["strict"] and done.rejected:
        ctx.exit(STRICT)


def _where(report: RunReport) -> None:
    paths = {"report": report.html_path, "facts": report.json_path, "rejects": report.rejects_path}
    for label, path in paths.items():
        if path is not None:
            say(f"{label}: {path}")
