"""What a run did, as data: the JSON report, and what the HTML report shows."""

from __future__ import annotations

from collections import Counter
from pathlib import Path
from typing import Any, TypeAlias

import msgspec

from biodata.pipelines.checks.whole import CheckOutcome
from biodata.pipelines.reports.plots.bars import BarData
from biodata.pipelines.reports.plots.histogram import HistogramData
from biodata.pipelines.reports.plots.points import ScatterData
from biodata.pipelines.state.rejects import RejectTally

__all__ = ["Coverage", "Deletes", "PlotData", "ProfileFacts", "RunReport", "StepReport", "Unmapped", "counts"]

PlotData: TypeAlias = ScatterData | BarData | HistogramData

GONE = "gone_already"
"""What became of a record whose delete was sent before, by an attempt of which nobody has heard again."""
WRITTEN = ("created", "updated", "deleted", "hidden", "queued", GONE)


class Unmapped(msgspec.Struct, frozen=True):
    """A source value that a list has no target for.

    Attributes:
        value: itself, or `<value 1>` where people's values are not to be shown.
        rows: how many rows have it.
    """

    value: str
    rows: int


class Coverage(msgspec.Struct, frozen=True):
    """How far a code list, an ontology or a unit covered the values of a column.

    Attributes:
        column: the column that was looked up.
        list: the list's name; `version` as the file says it, empty where it says none.
        rows: values that were looked up, nulls aside; `mapped` of them have a target.
        distinct: different values without a target; there are `more` than are counted where that is true.
        unmapped: the most frequent of them.
    """

    column: str
    list: str
    version: str = ""
    rows: int = 0
    mapped: int = 0
    distinct: int = 0
    more: bool = False
    unmapped: tuple[Unmapped, ...] = ()

    @property
    def different(self) -> str:
        """How many different values have no target: `3`, `10,000 or more`."""
        return f"{self.distinct:,}" + (" or more" if self.more else "")


class Deletes(msgspec.Struct, frozen=True):
    """What became of the records that a step no longer has.

    Attributes:
        scope: the filter on the target; None for the whole table.
        there: records in scope before; `missing` of them the step does not have.
        most: how many the file allows.
        tally: what the target did, status to number of records.
        withheld: why nothing was deleted; empty where nothing was in the way.
    """

    scope: str | None = None
    there: int = 0
    missing: int = 0
    most: int = 0
    tally: dict[str, int] = {}
    withheld: str = ""


class ProfileFacts(msgspec.Struct, frozen=True):
    """A profile that the run opened.

    Attributes:
        platform: its kind; `server` and `version` as the platform names itself.
        user: who the platform took us for; None when anonymous.
        host: where it is: a host and port, or `this computer`; `place` which database, project or study there.
        gets: what it gets of people's data: `records`, `keys` that are looked up, or nothing (empty).
    """

    profile: str
    platform: str = ""
    server: str = ""
    version: str = ""
    user: str | None = None
    host: str = ""
    gets: str = ""
    place: str = ""

    @property
    def where(self) -> str:
        """Host and place."""
        return ", ".join(filter(None, (self.host, self.place)))


class StepReport(msgspec.Struct, frozen=True, kw_only=True):
    """One step of a run.

    Attributes:
        source: `profile/table`; `target` likewise, None when nothing is loaded.
        where: the filter of the extract, as the file says it.
        state: the last that it got to: waiting, extracted, transformed, checked, loading, loaded or done; one whose
            load was undone by its transaction is at checked again.
        rows_read: records that came from the source; `rows_out` of them passed transform and row checks.
        unchanged_since: records that were read and are as they were at the last run, so they went no further.
        rejects: by rule; `tally` is what the target did, status to number of records.
        waiting: records that wait for one that they refer to; they are among the rejects, and in no budget.
        coverage: how far lists covered the values.
        deletes: what became of records that the step no longer has; None where the file asks for no deletes.
        notes: what a person should know: fields that changed, say.
        preview: of a dry run: what the target would get, word to number of records: add, change, leave, delete,
            refuse, wait for a parent.
        changes: of a dry run with values shown: records that would change, some of them: `key`, and field to
            (before, after).
        explain: how the source is asked.
        seconds: by stage: prepare, extract, transform, check, load, delete.
    """

    name: str
    source: str
    where: str | None = None
    target: str | None = None
    mode: str | None = None
    state: str = "waiting"
    rows_read: int | None = None
    rows_out: int | None = None
    unchanged_since: int = 0
    rejects: tuple[RejectTally, ...] = ()
    waiting: int = 0
    checks: tuple[CheckOutcome, ...] = ()
    coverage: tuple[Coverage, ...] = ()
    tally: dict[str, int] = {}
    deletes: Deletes | None = None
    notes: tuple[str, ...] = ()
    preview: dict[str, int] = {}
    changes: tuple[dict[str, Any], ...] = ()
    explain: str | None = None
    seconds: dict[str, float] = {}
    plots: tuple[PlotData, ...] = ()

    @property
    def rejected(self) -> int:
        """Records that a check or the target refused."""
        return sum(tally.count for tally in self.rejects)

    @property
    def outcome(self) -> dict[str, int]:
        """What the target did, deletes and all: status to number of records."""
        return dict(Counter(self.tally) + Counter(self.deletes.tally if self.deletes else {}))


class RunReport(msgspec.Struct, frozen=True, kw_only=True):
    """A whole run.

    Attributes:
        state: done, withheld (all is loaded, and deletes were not made), planned (what would be done is kept in a
            plan, and nothing was written), failed or interrupted.
        started: an instant in UTC, ISO 8601; `ended` likewise.
        warnings: what the platforms' adapters warned of, each once.
        error: what stopped the run, in words, with its code and what to do about it; None when nothing did.
        go_on: what a run that did not get through needs, in a sentence; empty where it did.
        budget: how many rejects were allowed, as the file says it.
        profiles: what the run opened, and who it was there.
        parameters: their values as text; `…` where people's values are not to be shown and the value was given.
        resumed: how often the run was taken up again after it had died.
        show_values: whether people's values are in this report.
        plan_path: the plan of a planned run; None of others.
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
    profiles: tuple[ProfileFacts, ...] = ()
    parameters: dict[str, str] = {}
    resumed: int = 0
    dry_run: bool = False
    show_values: bool = False
    warnings: tuple[str, ...] = ()
    error: str | None = None
    error_code: str | None = None
    error_hint: str | None = None
    go_on: str = ""
    plan_path: Path | None = None
    rejects_path: Path | None = None
    html_path: Path | None = None
    json_path: Path | None = None

    @property
    def ok(self) -> bool:
        """Whether the run did all that it was to do; rejects within the budget are no failure."""
        return self.state == "done"

    @property
    def would(self) -> bool:
        """Whether this is what a run would do, and nothing was written."""
        return self.dry_run or self.state == "planned"

    @property
    def rejected(self) -> int:
        """Rejected records of all steps."""
        return sum(step.rejected for step in self.steps)

    @property
    def waiting(self) -> int:
        """Those among them that only wait for a record that they refer to."""
        return sum(step.waiting for step in self.steps)

    @property
    def changed(self) -> int:
        """Records of targets that are other than before."""
        return sum(step.outcome.get(status, 0) for step in self.steps for status in WRITTEN)

    @property
    def withheld(self) -> tuple[str, ...]:
        """Why deletes were not made, step by step."""
        told = [(step.name, step.deletes.withheld) for step in self.steps if step.deletes]
        return tuple(f"{name}: {why}" for name, why in told if why)

    def summary(self) -> str:
        """What a run did, in one line."""
        from biodata.pipelines.reports.summary import summary

        return summary(self)

    def _repr_html_(self) -> str:
        """The page, for notebooks: in a frame, so that neither's style touches the other."""
        from html import escape

        from biodata.pipelines.reports.html import html_report
        from biodata.pipelines.reports.masking import masked

        page, style = escape(html_report(masked(self))), "width: 100%; height: 40em; border: 0"
        return f'<iframe title="{self.pipeline}" style="{style}" srcdoc="{page}"></iframe>'

    def to_json(self) -> bytes:
        """The JSON form, indented."""
        return msgspec.json.format(msgspec.json.encode(self, enc_hook=str), indent=2) + b"\n"


def counts(tally: dict[str, int]) -> str:
    """Numbers of records by what became of them; always says created, updated and unchanged."""
    usual = ("created", "updated", "unchanged")
    shown = [*usual, *(status for status in tally if status not in usual)]
    return ", ".join(f"{tally.get(status, 0):,} {status.replace('_', ' ')}" for status in shown)
