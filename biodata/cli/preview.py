"""What a run would do, told to a person: how sources are asked, what targets would get, which hosts get data."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import click

from biodata.cli.output import CONTROLS, json_text

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.pipelines import RunReport, StepReport

__all__ = ["show_preview"]


def show_preview(report: RunReport) -> None:
    """Print it, step by step; values only where the report has them."""
    for text in (*_hosts(report), *(line for step in report.steps for line in _step(step))):
        click.echo(text.translate(CONTROLS))


def _hosts(report: RunReport) -> Iterator[str]:
    yield "profiles"
    width = max((len(one.profile) for one in report.profiles), default=0)
    for one in report.profiles:
        own = one.user is None and one.host == "this computer"
        who = "" if own else f", as {one.user or 'anonymous'}"
        gets = f"gets {one.gets}" if one.gets else "gets no data"
        yield f"   {one.profile:<{width}}  {one.host}  {one.server} {one.version}".rstrip() + f"{who}; {gets}"


def _step(step: StepReport) -> Iterator[str]:
    yield f"step {step.name}: {step.source}" + (f" -> {step.target} ({step.mode})" if step.target else "")
    yield from (f"   {line}" for line in (step.explain or "").splitlines())
    yield f"   read {step.rows_read or 0:,}, rejected {step.rejected:,}, passed {step.rows_out or 0:,}"
    if step.target:
        from biodata.pipelines.reports.summary import would

        yield f"   would {would(step)}"
    if step.deletes and step.deletes.withheld:
        yield f"   would withhold {step.deletes.missing:,} deletes: {step.deletes.withheld}"
    yield from _changes(step)


def _changes(step: StepReport) -> Iterator[str]:
    for change in step.changes:
        fields = ", ".join(f"{name}: {_pair(pair)}" for name, pair in change.items() if name != "key")
        key = change.get("key")
        yield f"      {key if isinstance(key, str) else json_text(key, indent=0)}: {fields}"


def _pair(pair: Any) -> str:
    before, after = pair
    return f"{json_text(before, indent=0)} -> {json_text(after, indent=0)}"
