"""`biodata run`: a pipeline file."""

from __future__ import annotations

import sys
from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

import click

from biodata.cli.help import command
from biodata.cli.output import say
from biodata.cli.running import FILE, STRICT, plan_options, report_options
from biodata.cli.state import current
from biodata.errors import BiodataError

if TYPE_CHECKING:
    from collections.abc import Iterator, Sequence
    from pathlib import Path

    from biodata.pipelines import RunReport

__all__ = ["parameters_of", "run", "tell", "told_when_it_ends"]


@command(
    "biodata run config/pipelines/ase-counts.yml",
    "biodata run ase-counts.yml --dry-run                # what it would do; nothing is written",
    "biodata run night.yml --param since=2026-11-29 --report out/reports --strict",
    "biodata run night.yml --save-plan plan.json         # to be approved; then: --apply plan.json",
)
@click.argument("file", type=FILE)
@click.option(
    "--param", "parameters", multiple=True, metavar="NAME=VALUE", help="A parameter that the file declares."
)
@click.option("--dry-run", is_flag=True, help="Read, transform, check and compare with the targets; write nothing.")
@plan_options
@click.option("--full", is_flag=True, help="Read everything, as the first run did, where the file reads what is new.")
@click.option(
    "--new-key",
    is_flag=True,
    help="Make pseudonyms with another key or domain than the last run: everybody gets others.",
)
@report_options("rejected, within the budget too")
@click.option(
    "--json-schema",
    is_flag=True,
    is_eager=True,
    expose_value=False,
    callback=lambda ctx, _option, asked: _print_schema(ctx) if asked else None,
    help="Print the JSON Schema of pipeline files, for editors, and exit.",
)
@click.pass_context
def run(ctx: click.Context, /, file: Path, parameters: Sequence[str], report: Path | None, **options: Any) -> None:
    """Run a pipeline file.

    A second run changes nothing when nothing has changed, and says so. After a run that died the same command goes
    on where that one stopped. Exit status: 0; 7 with --strict when records were rejected; 8 when more were rejected
    than the budget allows; 9 when a check failed or deletes are withheld; 130 when it was interrupted.
    """
    from biodata.pipelines import load_pipeline, progress_for

    state = current(ctx)
    form, strict = options.pop("form"), options.pop("strict")
    with told_when_it_ends(form):
        done = load_pipeline(file).run(
            parameters=parameters_of(parameters),
            connect=state.connect,
            progress=progress_for(),
            report_dir=report,
            show_values=state.show_values,
            **options,
        )
    tell(done, form)
    if strict and done.rejected:
        ctx.exit(STRICT)


def _print_schema(ctx: click.Context) -> None:
    from biodata.pipelines.file.json_schema import schema_text

    click.echo(schema_text(), nl=False)
    ctx.exit()


def parameters_of(texts: Sequence[str]) -> dict[str, str]:
    """The values of `--param NAME=VALUE`, by name."""
    pairs = [text.partition("=") for text in texts]
    for name, equals, _ in pairs:
        if not (name and equals):
            raise click.BadParameter("write NAME=VALUE.", param_hint="--param")
    return {name: value for name, _, value in pairs}


@contextmanager
def told_when_it_ends(form: str) -> Iterator[None]:
    """A run that an error ends is told on stdout too, in the form of all others."""
    try:
        yield
    except BiodataError as error:
        if error.report is not None:
            _write(error.report, form)
        raise


def _write(report: RunReport, form: str) -> None:
    sys.stdout.write(report.to_json().decode() if form == "json" else report.summary() + "\n")


def tell(report: RunReport, form: str) -> None:
    """What a run did, or would do, on stdout; where more is to be seen, on stderr."""
    if form == "text" and (report.dry_run or report.state == "planned"):
        from biodata.cli.preview import show_preview

        show_preview(report)
    _write(report, form)
    _where(report)


def _where(report: RunReport) -> None:
    paths = {"report": report.html_path, "facts": report.json_path, "plan": report.plan_path}
    for label, path in paths.items():
        if path is not None:
            say(f"{label}: {path}")
    if report.rejected and not report.dry_run:
        say(f"rejects: biodata rejects list --run {report.run_id}")
