"""`biodata demo`: the whole way, from a login to a report, on this computer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from biodata.cli.help import command
from biodata.cli.narrative import heading, line, next_steps, step_lines

if TYPE_CHECKING:
    from biodata.connection import Connection
    from biodata.pipelines import RunReport
    from biodata.sandbox.run import Sandbox

__all__ = ["demo"]

PLATFORM = "molgenis"
PIPELINE = Path(__file__).parents[1] / "pipelines" / "data" / "ase-counts.yml"


@command("biodata demo", "biodata demo --out /tmp/try")
@click.option(
    "--out",
    type=click.Path(file_okay=False, path_type=Path),
    default=Path("out/demo"),
    show_default=True,
    metavar="DIR",
    help="Where the results go.",
)
def demo(out: Path) -> None:
    """Run a whole pipeline against a server on this computer.

    It starts a MOLGENIS server in memory, logs in, reads the allele-specific expression of rs12460890, checks
    and transforms the rows as a YAML file says, loads them into a DuckDB file and leaves a report. No network
    and no account is needed. A second run changes nothing.
    """
    from biodata.pipelines import load_pipeline
    from biodata.sandbox.run import Sandbox

    out.mkdir(parents=True, exist_ok=True)
    with Sandbox((PLATFORM,)) as sandbox:
        _introduce(sandbox)
        pipeline = load_pipeline(PIPELINE)
        report = pipeline.run(
            connect=lambda name: _connect(name, sandbox, out), report_dir=out / "reports", state_dir=out / "state"
        )
    heading(f"3. The pipeline {report.pipeline} ({_shown(Path(report.file))})")
    for step, done in zip(pipeline.spec.steps, report.steps, strict=True):
        step_lines(step, done)
    _results(report, out)


def _introduce(sandbox: Sandbox) -> None:
    heading("1. A MOLGENIS server runs on this computer")
    line("address", f"{sandbox.url(PLATFORM)} (in memory; it ends with the demo)")
    from biodata.connection import connect

    with connect(PLATFORM, config=sandbox.config_path) as connection:
        identity = connection.identity()
    heading("2. Logged in")
    line("server", f"{identity.server} {identity.version}".strip())
    line("user", identity.user or "anonymous")


def _connect(name: str, sandbox: Sandbox, out: Path) -> Connection:
    from biodata.connection import connect

    own: dict[str, Any] = {"path": (out / "local.duckdb").absolute()} if name == "local" else {}
    return connect(name, config=sandbox.config_path, **own)


def _results(report: RunReport, out: Path) -> None:
    (out / "profiles.yml").write_text("profiles:\n  local: {platform: duckdb, path: local.duckdb}\n", "utf-8")
    heading("4. The results")
    line("data", f"{out / 'local.duckdb'} (a DuckDB file)")
    line("report", f"{_shown(report.html_path)} (open it in a browser: it has the scatter plot)")
    line("facts", f"{_shown(report.json_path)} (the same for programs)")
    if not report.changed:
        click.echo("\nNothing changed: what the server holds was here already, as this demo ran before.")
    next_steps(_program(), out)


def _program() -> str:
    """How this command was called, so that what we print can be pasted."""
    import shutil

    called = Path(sys.argv[0])
    if called.name != "biodata":
        return "python -m biodata"
    found = shutil.which("biodata")
    return "biodata" if found and Path(found).samefile(called) else _shown(called)


def _shown(path: Path | None) -> str:
    """Relative to the working directory where it lies in it."""
    if path is None:
        return "none"
    whole, here = path.absolute(), Path.cwd()
    return str(whole.relative_to(here)) if whole.is_relative_to(here) else str(whole)
