"""What a person has to do after a run."""

from __future__ import annotations

from typing import TYPE_CHECKING, Literal

import msgspec

from biodata.pipelines.reports.commands import listing, replaying, running

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.pipelines.reports.facts import RunReport, StepReport

__all__ = ["Todo", "todos"]


class Todo(msgspec.Struct, frozen=True):
    """One thing that somebody has to see to.

    Attributes:
        level: bad where something was not done that the file asks for, warn where it was done in part, look where
            a look is enough.
        what: in a few words; `more` in a sentence or two.
        step: the step that it is about; empty where it is about the run.
        command: what to type; empty where there is nothing.
    """

    level: Literal["bad", "warn", "look"]
    what: str
    more: str = ""
    step: str = ""
    command: str = ""


def todos(report: RunReport) -> tuple[Todo, ...]:
    """All of them, the weightiest first."""
    found = [*_stopped(report), *_planned(report)]
    for each in (_failed_checks, _withheld, _waiting, _rejected, _unmapped):
        found += [todo for step in report.steps for todo in each(report, step)]
    found += [Todo("look", "A platform's adapter warns", text) for text in report.warnings]
    return tuple(found)


def _stopped(report: RunReport) -> Iterator[Todo]:
    again = running(report)
    if report.state == "interrupted":
        yield Todo("warn", "The run was interrupted", report.go_on, command=again)
    if report.state == "failed":
        code = f" ({report.error_code})" if report.error_code else ""
        hint = report.error_hint or ""
        parts = (report.error or "It is not known why.", hint if hint not in report.go_on else "", report.go_on)
        yield Todo("bad", f"The run failed{code}", "\n".join(part for part in parts if part), command=again)


def _planned(report: RunReport) -> Iterator[Todo]:
    if report.plan_path:
        apply = running(report, "--apply", str(report.plan_path))
        yield Todo("warn", "The plan waits to be approved", "This does what it says, and no more:", command=apply)


def _failed_checks(report: RunReport, step: StepReport) -> Iterator[Todo]:
    for check in step.checks:
        if not check.ok and check.kind != "rows" and check.detail not in (report.error or ""):
            yield Todo("bad", f"A check does not hold: {check.name}", check.detail, step.name)


def _withheld(report: RunReport, step: StepReport) -> Iterator[Todo]:
    deletes = step.deletes
    if deletes and deletes.changed:
        more = f"{deletes.withheld}. Where they are to go all the same, make a new plan, look at it, and apply it."
        what = f"Not everything that was to be deleted in {step.target} was"
        yield Todo("warn", what, more, step.name, running(report, "--save-plan", "plan.json"))
    elif deletes and deletes.withheld:
        what = f"{deletes.missing:,} deletes in {step.target} {'would be' if report.would else 'were'} withheld"
        if report.plan_path:
            more = f"{deletes.withheld}. Who approves the plan approves them all the same."
            yield Todo("warn", what, more, step.name)
        else:
            more = f"{deletes.withheld}. Where they are right, keep them in a plan, look at it, and apply it."
            yield Todo("warn", what, more, step.name, running(report, "--save-plan", "plan.json"))


def _waiting(report: RunReport, step: StepReport) -> Iterator[Todo]:
    if step.waiting:
        more = "They are kept. A later run loads them when the records that they refer to are there; or, by hand:"
        what = f"{_records(step.waiting, 'waits', 'wait')} for a parent"
        yield Todo("warn", what, more, step.name, replaying(report, "--step", step.name))


def _rejected(report: RunReport, step: StepReport) -> Iterator[Todo]:
    refused = step.rejected - step.waiting
    if refused > 0:
        rules = ", ".join(dict.fromkeys(tally.rule for tally in step.rejects if not tally.waiting))
        what = f"{_records(refused, 'was', 'were')} rejected"
        yield Todo("warn", what, f"By {rules}.", step.name, listing(report, "--step", step.name))


def _unmapped(report: RunReport, step: StepReport) -> Iterator[Todo]:  # noqa: ARG001 - the shape of the others
    for one in step.coverage:
        if one.distinct:
            what = f"{one.different} {'value' if one.different == '1' else 'values'} of {one.column} without a target"
            more = f"{one.rows - one.mapped:,} of {one.rows:,} rows have what {one.list} lacks."
            yield Todo("look", what, more, step.name)


def _records(number: int, one: str, many: str) -> str:
    return f"{number:,} record {one}" if number == 1 else f"{number:,} records {many}"
