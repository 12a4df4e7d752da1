"""What happened, in one glance, and what a person has to do."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from biodata.pipelines.reports.page.words import command, instant, number, seconds, span
from biodata.pipelines.reports.todo import todos

if TYPE_CHECKING:
    from collections.abc import Iterator

    from biodata.pipelines.reports.facts import RunReport
    from biodata.pipelines.reports.todo import Todo

__all__ = ["head"]

STATES = {
    "done": ("good", "done"),
    "withheld": ("warn", "deletes withheld"),
    "planned": ("warn", "planned"),
    "failed": ("bad", "failed"),
    "interrupted": ("warn", "interrupted"),
}


def head(report: RunReport) -> Iterator[str]:
    """The name, the state and a sentence; tiles with the numbers; what is to be done."""
    yield f"<header><h1>{escape(report.pipeline)}</h1>"
    yield f'<p class="when">{_state(report)}<span>{instant(report.started)}'
    yield f", took {seconds(report.seconds)}</span></p><p>{escape(_sentence(report))}</p></header>"
    yield from _todos(report)
    yield from _tiles(report)


def _state(report: RunReport) -> str:
    look, word = STATES.get(report.state, ("warn", report.state))
    state, dry = span(word, f"state {look}"), span("dry run", "state soft")
    if not report.dry_run:
        return state
    return dry if report.state == "done" else state + dry


def _sentence(report: RunReport) -> str:
    told = {
        "done": "All that the file asks for was done.",
        "withheld": "Some of it was held back, and why is told below; all else is done.",
        "planned": "What would be done is kept in the plan; nothing was written.",
        "failed": f"It stopped before it was through; {_written(report)}.",
        "interrupted": f"Somebody stopped it before it was through; {_written(report)}.",
    }
    said = told.get(report.state, "")
    if report.dry_run and report.state == "done":
        said = "A dry run: this is what a run would do. Nothing was written."
    elif report.state == "done" and any(step.target for step in report.steps) and not report.changed:
        said += " Nothing changed: everything was there already."
    times = {0: "", 1: " It had died once, and went on where it was."}
    return said + times.get(report.resumed, f" It had died {report.resumed} times, and went on where it was.")


def _written(report: RunReport) -> str:
    return f"{report.changed:,} records of the targets had been changed" if report.changed else "nothing was written"


def _todos(report: RunReport) -> Iterator[str]:
    found = todos(report)
    if not found:
        yield '<p class="good">There is nothing to do.</p>'
        return
    yield '<section aria-labelledby="todo"><h2 id="todo">What to do</h2><ul class="todo">'
    yield from (_todo(one) for one in found)
    yield "</ul></section>"


def _todo(todo: Todo) -> str:
    step = f'<a href="#step-{escape(todo.step)}">{escape(todo.step)}</a>: ' if todo.step else ""
    more = "".join(f"<p>{escape(line)}</p>" for line in todo.more.splitlines())
    typed = f"<p>{command(todo.command)}</p>" if todo.command else ""
    return f'<li class="{todo.level}"><p><strong>{step}{escape(todo.what)}</strong></p>{more}{typed}</li>'


def _tiles(report: RunReport) -> Iterator[str]:
    yield '<dl class="tiles" aria-label="Numbers of records">'
    yield from (f"<div><dt>{escape(name)}</dt><dd>{number(value)}</dd></div>" for name, value in _numbers(report))
    yield "</dl>"


def _numbers(report: RunReport) -> Iterator[tuple[str, int]]:
    yield "rows read", sum(step.rows_read or 0 for step in report.steps)
    yield "rejected", report.rejected
    if report.waiting:
        yield "of them waiting", report.waiting
    totals: dict[str, int] = {} if report.would else dict.fromkeys(("created", "updated", "unchanged"), 0)
    for step in report.steps:
        for word, value in (step.preview if report.would else step.outcome).items():
            totals[word] = totals.get(word, 0) + value
    named = "would {}" if report.would else "{}"
    yield from ((named.format(word.replace("_", " ")), value) for word, value in totals.items())
