"""The HTML report of a run: one file that needs no network, reads in light and dark, and prints."""

from __future__ import annotations

import os
from html import escape
from typing import TYPE_CHECKING

import msgspec

from biodata.pipelines.reports.bars import BarData, bars_svg
from biodata.pipelines.reports.facts import PlotData, RunReport, StepReport, counts
from biodata.pipelines.reports.plots import scatter_svg
from biodata.pipelines.reports.style import STYLE

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Sequence
    from pathlib import Path

__all__ = ["html_report", "write_reports"]

STATES = {"done": ("good", "done"), "failed": ("bad", "failed"), "interrupted": ("warn", "interrupted")}


def write_reports(report: RunReport, directory: Path, name: str) -> RunReport:
    """Write `NAME.html` and `NAME.json`, for the owner's eyes only; the report with their paths filled in."""
    directory.mkdir(parents=True, exist_ok=True)
    html, json = directory / f"{name}.html", directory / f"{name}.json"
    placed = msgspec.structs.replace(report, html_path=html, json_path=json)
    _write(html, html_report(placed).encode())
    _write(json, placed.to_json())
    return placed


def _write(path: Path, content: bytes) -> None:
    part = path.with_name(f".{path.name}.part")
    with os.fdopen(os.open(part, os.O_WRONLY | os.O_CREAT | os.O_TRUNC, 0o600), "wb") as file:
        file.write(content)
    part.replace(path)


def html_report(report: RunReport) -> str:
    """The report as one HTML document."""
    title = escape(f"{report.pipeline} · {report.started[:16].replace('T', ' ')} UTC")
    body = "".join((*_head(report), *(part for step in report.steps for part in _step(step)), *_foot(report)))
    return (
        '<!DOCTYPE html>\n<html lang="en"><head><meta charset="utf-8">'
        '<meta name="viewport" content="width=device-width, initial-scale=1">'
        f"<title>{title}</title><style>{STYLE}</style></head><body><main>{body}</main></body></html>\n"
    )


def _head(report: RunReport) -> Iterator[str]:
    kind, word = STATES.get(report.state, ("warn", report.state))
    dry = " · dry run, nothing was written" if report.dry_run else ""
    yield f"<header><h1>{escape(report.pipeline)}</h1>"
    yield f'<p><span class="state {kind}">{word}</span> <span class="soft">{_when(report.started)}{dry}</span></p>'
    if report.error:
        yield f'<p class="error">{escape(report.error)} <code>{escape(report.error_code or "")}</code></p>'
    yield from (f'<p class="soft">Warning: {escape(text)}</p>' for text in report.warnings)
    yield "</header>"
    yield _tiles(report)
    if len(report.steps) > 1:
        yield _overview(report)


def _when(instant: str) -> str:
    return f'<time datetime="{escape(instant)}">{escape(instant[:19].replace("T", " "))} UTC</time>'


def _tiles(report: RunReport) -> str:
    total = {
        name: sum(step.tally.get(name, 0) for step in report.steps) for name in ("created", "updated", "unchanged")
    }
    tiles = [
        ("Rows read", _number(sum(step.rows_read or 0 for step in report.steps))),
        ("Rejected", f"{_number(report.rejected)}"),
        *((name.capitalize(), _number(number)) for name, number in total.items()),
        ("Time", _seconds(report.seconds)),
    ]
    return (
        '<dl class="tiles">' + "".join(f"<div><dt>{name}</dt><dd>{text}</dd></div>" for name, text in tiles) + "</dl>"
    )


def _overview(report: RunReport) -> str:
    """One row a step; the details come below."""
    rows = [
        (
            f'<a href="#{escape(step.name)}">{escape(step.name)}</a>',
            _way(step),
            _number(step.rows_read),
            _number(step.rejected),
            _outcome(step) if step.target else "",
        )
        for step in report.steps
    ]
    return _table(("Step", "From, to", "Read", "Rejected", "Target"), rows, numbers=(2, 3))


def _step(step: StepReport) -> Iterator[str]:
    yield f'<section id="{escape(step.name)}"><h2>{escape(step.name)}</h2><p>{_way(step)}</p>'
    if step.where:
        yield f'<p class="soft">where <code>{escape(step.where)}</code></p>'
    yield _flow(step)
    yield from _checks(step)
    yield from _rejects(step)
    yield from _times(step)
    for data in step.plots:
        yield from _plot(data)
    yield "</section>"


def _way(step: StepReport) -> str:
    source = f"<code>{escape(step.source)}</code>"
    return f"{source} → <code>{escape(step.target)}</code> ({escape(step.mode or '')})" if step.target else source


def _flow(step: StepReport) -> str:
    rows = [("Read", _number(step.rows_read)), ("Passed transform and row checks", _number(step.rows_out))]
    rows.append(("Rejected", _number(step.rejected)))
    if step.target:
        rows.append(("Target", _outcome(step)))
    return _table(("What", "Rows"), rows, numbers=())


def _outcome(step: StepReport) -> str:
    if step.preview:
        return f"would get {counts_of(step.preview)}"
    if step.tally or step.state == "done":
        return counts(step.tally)
    return "not loaded"


def counts_of(numbers: dict[str, int]) -> str:
    """`3 new, 18 there already`."""
    return ", ".join(f"{number:,} {word}" for word, number in numbers.items())


def _checks(step: StepReport) -> Iterator[str]:
    if step.checks:
        yield "<h3>Checks</h3>"
        yield _table(
            ("Check", "Outcome", "Found"),
            [
                (
                    escape(c.name),
                    f'<span class="{"good" if c.ok else "bad"}">{"holds" if c.ok else "fails"}</span>',
                    escape(c.detail),
                )
                for c in step.checks
            ],
        )


def _rejects(step: StepReport) -> Iterator[str]:
    if step.rejects:
        yield "<h3>Rejected rows</h3>"
        rows = [
            (
                escape(t.rule),
                escape(t.reason),
                _number(t.count),
                ", ".join(map(str, t.rows)) + (" …" if t.count > len(t.rows) else ""),
            )
            for t in step.rejects
        ]
        yield _table(("Rule", "Reason", "Rows", "Row numbers, from 1"), rows, numbers=(2,))


def _times(step: StepReport) -> Iterator[str]:
    longest = max(step.seconds.values(), default=0.0)
    if longest <= 0:
        return
    yield "<h3>Time</h3>"
    rows = [
        (
            stage,
            _seconds(seconds),
            _bar(seconds / longest),
        )
        for stage, seconds in step.seconds.items()
    ]
    yield _table(("Stage", "Time", ""), rows, numbers=(1,))


def _bar(share: float) -> str:
    width = max(1.0, 200 * share)
    return (
        f'<svg width="200" height="12" role="presentation"><rect class="bar" width="{width:.1f}" height="12"/></svg>'
    )


def _plot(data: PlotData) -> Iterator[str]:
    if isinstance(data, BarData):
        yield from _bar_plot(data)
        return
    shown = f"{len(data.points):,} of {data.rows:,} rows"
    without = f"; {data.without:,} without a number in both" if data.without else ""
    yield f"<figure>{scatter_svg(data)}<figcaption>{escape(data.y)} against {escape(data.x)}, {shown}{without}"
    yield "; dashed: where both are equal.</figcaption></figure>" if data.line else ".</figcaption></figure>"


def _bar_plot(data: BarData) -> Iterator[str]:
    rest = [f"{data.without:,} without a value"] if data.without else []
    rest += [f"{data.others:,} with values not shown"] if data.others else []
    more = f" ({', '.join(rest)})" if rest else ""
    caption = f"{data.rows:,} rows by {escape(data.column)}{more}."
    yield f"<figure>{bars_svg(data)}<figcaption>{caption}</figcaption></figure>"


def _foot(report: RunReport) -> Iterator[str]:
    rows = [
        ("Run", f"<code>{escape(report.run_id)}</code>"),
        ("From, to", f"{_when(report.started)} to {_when(report.ended)}"),
        ("Pipeline file", f"<code>{escape(report.file)}</code>"),
        ("Its SHA-256", f"<code>{escape(report.sha256)}</code>"),
        ("Reject budget", escape(report.budget)),
        ("biodata", escape(report.version)),
    ]
    if report.rejects_path:
        rows.append(("Rejected records", f"<code>{escape(str(report.rejects_path))}</code>"))
    yield f"<footer>{_table((), rows)}</footer>"


def _table(head: Sequence[str], rows: Iterable[Sequence[str]], *, numbers: Sequence[int] = ()) -> str:
    def cells(tag: str, row: Sequence[str]) -> str:
        right = [" class=number" if index in numbers else "" for index in range(len(row))]
        return "".join(f"<{tag}{look}>{cell}</{tag[:2]}>" for look, cell in zip(right, row, strict=True))

    body = "".join(f"<tr>{cells('td', row)}</tr>" for row in rows)
    top = f"<thead><tr>{cells('th scope=col', head)}</tr></thead>" if head else ""
    return f'<div class="scroll"><table>{top}<tbody>{body}</tbody></table></div>'


def _number(number: int | None) -> str:
    return "-" if number is None else f"{number:,}"


def _seconds(seconds: float) -> str:
    if seconds < 1:
        return f"{seconds * 1000:.0f} ms"
    return f"{seconds:.1f} s" if seconds < 120 else f"{int(seconds // 60)} min {int(seconds % 60)} s"  # noqa: PLR2004
