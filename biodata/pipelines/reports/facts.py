"""What a run did, as data: the JSON report, and what the HTML report shows."""

from __future__ import annotations

from pathlib import Path

import msgspec

from biodata.pipelines.checks.whole import CheckOutcome
from biodata.pipelines.reports.bars import BarData
from biodata.pipelines.reports.plots import ScatterData
from biodata.pipelines.state.rejects import RejectTally

__all__ = ["RunReport", "StepReport"]

WRITTEN = ("created", "updated", "deleted", "hidden", "queued")


class StepReport(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a run.

    Attributes:
        source: `profile/table`; `target` likewise, None when nothing is loaded.
        where: the filter of the extract.
        state: the last that it got to: waiting, extracted, transformed, checked, loading or done; one whose load was
            undone by its transaction is at checked again.
        rows_read: records that came from the source; `rows_out` of them passed transform and row checks.
        rejects: by rule; `tally` is what the target did, status to number of records.
        seconds: by stage: prepare, extract, transform, check, load.
    """

    name: str
    source: str
    where: str | None = None
    target: str | None = None
    mode: str | None = None
    state: str = "waiting"
    rows_read: int | None = None
    rows_out: int | None = None
    rejects: tuple[RejectTally, ...] = ()
    checks: tuple[CheckOutcome, ...] = ()
    tally: dict[str, int] = {}
    preview: dict[str, int] = {}
    seconds: dict[str, float] = {}
    plot: ScatterData | BarData | None = None

    @property
    def rejected(self) -> int:
        """Records that a check or the target refused."""
        return sum(tally.count for tally in self.rejects)


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run.

    Attributes:
        state: done, failed or interrupted.
        started: an instant in UTC, ISO 8601; `ended` likewise.
        warnings: what the platforms' adapters warned of, each once.
        error: what stopped the run, in words, with its code; None when nothing did.
        budget: how many rejects were allowed, as the file says it.
        rejects_path: the rejected records themselves; None when there are none.
        html_path: the report for people, self-contained; `json_path` the same facts for programs.
    """

    run_id: str
    pipeline: str
    file: str
    sha256: str
    version: str
    state: str
    started: str
    ended: str
    seconds: float
    steps: tuple[StepReport, ...]
    budget: str = "0"
    dry_run: bool = False
    warnings: tuple[str, ...] = ()
    error: str | None = None
    error_code: str | None = None
    rejects_path: Path | None = None
    html_path: Path | None = None
    json_path: Path | None = None

    @property
    def ok(self) -> bool:
        """Whether the run did all that it was to do; rejects within the budget are no failure."""
        return self.state == "done"

    @property
    def rejected(self) -> int:
        """Rejected records of all steps."""
        return sum(step.rejected for step in self.steps)

    @property
    def changed(self) -> int:
        """Records of targets that are other than before."""
        return sum(step.tally.get(status, 0) for step in self.steps for status in WRITTEN)

    def summary(self) -> str:
        """One line: `ase-counts: 21 rows read, 0 rejected; counts: 21 created`."""
        read = sum(step.rows_read or 0 for step in self.steps)
        head = f"{self.pipeline}: {read:,} rows read, {self.rejected:,} rejected"
        if self.dry_run:
            return f"{head}; dry run, nothing was written"
        if not self.ok:
            return f"{head}; {self.state}: {self.error or 'stopped by the user'}"
        loads = [f"{step.name}: {counts(step.tally)}" for step in self.steps if step.target]
        quiet = "; nothing changed" if any(step.target for step in self.steps) and not self.changed else ""
        return "; ".join((head, *loads)) + quiet

    def to_json(self) -> bytes:
        """The JSON form, indented."""
        return msgspec.json.format(msgspec.json.encode(self, enc_hook=str), indent=2) + b"\n"


def counts(tally: dict[str, int]) -> str:
    """Numbers of records by what became of them; always says created, updated and unchanged."""
    usual = ("created", "updated", "unchanged")
    shown = [*usual, *(status for status in tally if status not in usual)]
    return ", ".join(f"{tally.get(status, 0):,} {status.replace('_', ' ')}" for status in shown)
