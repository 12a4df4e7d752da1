"""How to go on, and what the run was: file, versions, parameters, and who got which data."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.pipelines.reports.commands import commands
from biodata.pipelines.reports.page.tables import facts, table
from biodata.pipelines.reports.page.words import Html, code, command, instant, number

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.pipelines.reports.facts import ProfileFacts, RunReport

__all__ = ["foot"]


def foot(report: RunReport) -> Iterator[str]:
    """Commands; then the run itself, its profiles and its parameters."""
    yield '<section aria-labelledby="next"><h2 id="next">How to go on</h2>'
    yield facts((what, command(text)) for what, text in commands(report))
    yield '</section><footer><h2 id="run">This run</h2>'
    yield facts(_run(report))
    yield from _profiles(report)
    yield from _parameters(report)
    yield "</footer>"


def _run(report: RunReport) -> Iterator[tuple[str, str]]:
    yield "Run", code(report.run_id)
    yield "From, to", Html(f"{instant(report.started)} to {instant(report.ended)}")
    if report.resumed:
        yield "Taken up again", number(report.resumed)
    yield "Pipeline file", code(report.file)
    yield "Its SHA-256", code(report.sha256)
    yield "Reject budget", report.budget
    yield "biodata", report.version
    yield "Values of people", "shown" if report.show_values else "not shown"
    if report.rejects_path:
        yield "Rejected records", code(str(report.rejects_path))
    if report.json_path:
        yield "The same for programs", code(str(report.json_path))


def _profiles(report: RunReport) -> Iterator[str]:
    if report.profiles:
        head = ("Profile", "Platform", "As", "Where", "Gets")
        yield "<h3>Who the run was, and who got data</h3>"
        yield table("Profiles that the run opened", head, map(_profile, report.profiles))


def _profile(one: ProfileFacts) -> tuple[str, ...]:
    named = f"{one.server} {one.version}".strip()
    platform = f"{one.platform}: {named}" if named else one.platform
    where = code(one.where) if one.where else ""
    return (one.profile, platform, one.user or "anonymous", where, one.gets or "no data")


def _parameters(report: RunReport) -> Iterator[str]:
    if report.parameters:
        yield "<h3>Parameters</h3>"
        yield facts((name, code(value)) for name, value in report.parameters.items())
