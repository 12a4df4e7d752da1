"""`biodata demo`: the whole way, from logins to reports, on this computer."""

from __future__ import annotations

import sys
from pathlib import Path
from typing import TYPE_CHECKING, Any

import click

from biodata.cli.help import command
from biodata.cli.narrative import heading, line, next_steps, pipeline_lines

if TYPE_CHECKING:
    from biodata.connection import Connection
    from biodata.pipelines import RunReport
    from biodata.sandbox.run import Sandbox

__all__ = ["demo"]


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
    """Run whole pipelines against servers on this computer.

    It starts MOLGENIS, OpenCGA and Gen3 servers in memory and logs in. Then it runs two YAML files. The first
    takes allele-specific expression from MOLGENIS to a DuckDB file and plots it; the second brings one family
    together from all three, and submits to Gen3 the members that it lacks. No network and no account is needed.
    A second run changes nothing.
    """
    from biodata.sandbox.run import Sandbox

    out.mkdir(parents=True, exist_ok=True)
    with Sandbox() as sandbox:
        _introduce(sandbox)
        counts = _run("ase-counts", sandbox, out, "3. Allele-specific expression of rs12460890")
        family = _run("family", sandbox, out, "4. One family, brought together from three platforms")
        again = _run("family", sandbox, out, "5. The same once more", brief=True)
    _results(out, [counts, family])
    if not again.changed:
        click.echo("\nThe second run changed nothing: everything was there already.")
    if not counts.changed:
        click.echo("Nothing changed in the local tables either, as this demo ran before; the servers were new.")
    next_steps(_program(), out)


def _introduce(sandbox: Sandbox) -> None:
    from biodata.connection import connect

    heading("1. Servers run on this computer (in memory; they end with the demo)")
    for name in sandbox.names:
        line(name, sandbox.url(name))
    heading("2. Logged in")
    for name in sandbox.names:
        with connect(name, config=sandbox.config_path) as connection:
            identity = connection.identity()
        line(name, f"{identity.server} {identity.version}".strip() + f", as {identity.user or 'anonymous'}")


def _run(name: str, sandbox: Sandbox, out: Path, title: str, *, brief: bool = False) -> RunReport:
    from biodata.pipelines import demo_file, load_pipeline

    pipeline = load_pipeline(demo_file(name))
    heading(f"{title} ({_shown(demo_file(name))})")
    # the report of the first run is the one to look at
    reports = out / "reports" / "again" if brief else out / "reports"
    report = pipeline.run(
        connect=lambda name: _connect(name, sandbox, out), report_dir=reports, state_dir=out / "state"
    )
    pipeline_lines(pipeline.spec.steps, report, brief=brief)
    return report


def _connect(name: str, sandbox: Sandbox, out: Path) -> Connection:
    from biodata.connection import connect

    own: dict[str, Any] = {"path": (out / "local.duckdb").absolute()} if name == "local" else {}
    return connect(name, config=sandbox.config_path, **own)


def _results(out: Path, reports: list[RunReport]) -> None:
    (out / "profiles.yml").write_text("profiles:\n  local: {platform: duckdb, path: local.duckdb}\n", "utf-8")
    heading("6. The results")
    line("data", f"{out / 'local.duckdb'} (a DuckDB file with ase_counts and family)")
    for report in reports:
        line("report", f"{_shown(report.html_path)} (open it in a browser; the .json beside it is for programs)")


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
