"""Reports for people who did not ask for values: what lists lack and what would change is counted, and not told."""

from __future__ import annotations

from typing import TYPE_CHECKING

import msgspec

from biodata.pipelines.reports.facts import Unmapped

if TYPE_CHECKING:
    from biodata.pipelines.reports.facts import Coverage, RunReport, StepReport

__all__ = ["masked"]


def masked(report: RunReport) -> RunReport:
    """The report with `<value 1>`, `<value 2>` … in place of values, as often as they were met; itself when shown."""
    if report.show_values:
        return report
    return msgspec.structs.replace(report, steps=tuple(_step(step) for step in report.steps))


def _step(step: StepReport) -> StepReport:
    return msgspec.structs.replace(step, coverage=tuple(_coverage(one) for one in step.coverage), changes=())


def _coverage(coverage: Coverage) -> Coverage:
    unmapped = (Unmapped(f"<value {number}>", one.rows) for number, one in enumerate(coverage.unmapped, start=1))
    return msgspec.structs.replace(coverage, unmapped=tuple(unmapped))
