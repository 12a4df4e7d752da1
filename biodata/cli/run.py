"""`biodata run`: a pipeline file."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING

import click

from biodata.cli.exits import STRICT, status_of_report
from biodata.cli.help import command
from biodata.cli.output import on_terminal, say
from biodata.cli.state import current

if TYPE_CHECKING:
    from biodata.pipelines.facts import RunReport

__all__ = ["run"]


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
    "-o", "--format", "form", type=click.Choice(["text", "json"]), help="Text on a terminal, json when piped."
)
@click.pass_context
def run(ctx: click.Context, /, file: Path, report: Path | None, **options: bool | str | None) -> None:
    """Run a pipeline file.

    A second run changes nothing when nothing has changed, and says so. Exit status: 0; 7 with --strict when
    records were rejected; 8 when more were rejected than the budget allows; 9 when a check failed; 130 when it
    was interrupted, and the same command goes on where it ended.
    """
    from biodata.pipelines import load_pipeline
    from biodata.pipelines.progress import progress_for

    state = current(ctx)
    done = load_pipeline(file).run(
        connect=state.connect, progress=progress_for(), report_dir=report, dry_run=bool(options["dry_run"])
    )
    text = options["form"] == "text" or (options["form"] is None and on_terminal())
    sys.stdout.write(done.summary() + "\n" if text else done.to_json().decode())
    _where(done)
    ctx.exit(status_of_report(done, strict=bool(options["strict"])))


def _where(report: RunReport) -> None:
    paths = {"report": report.html_path, "facts": report.json_path, "rejects": report.rejects_path}
    for label, path in paths.items():
        if path is not None:
            say(f"{label}: {path}")
