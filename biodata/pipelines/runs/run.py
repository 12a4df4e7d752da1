"""A run on its way: the one place of a pipeline that holds state, and what everything else notes things with."""

from __future__ import annotations

import os
from collections import Counter
from datetime import UTC, datetime
from itertools import islice
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

from biodata.errors import BiodataError, ConfigError, RejectBudgetExceeded
from biodata.pipelines.loading.guards import rules_of
from biodata.pipelines.reports.facts import ProfileFacts, RunReport
from biodata.pipelines.reports.html import write_reports
from biodata.pipelines.runs.patience import patiently
from biodata.pipelines.state.audit import Audit
from biodata.pipelines.state.events import Events
from biodata.pipelines.state.journal import new_run_id
from biodata.pipelines.state.reject_file import Which
from biodata.pipelines.state.rejects import RejectStore

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable, Mapping

    from biodata.pipelines.loading.sending import Batch
    from biodata.pipelines.reports.progress import Progress
    from biodata.pipelines.runs.options import Options
    from biodata.pipelines.runs.work import Work
    from biodata.pipelines.spec import PipelineSpec
    from biodata.pipelines.state.journal import Journal, RunRow
    from biodata.pipelines.state.rejects import Reject
    from biodata.receipts import Receipt
    from biodata.records.types import Key

__all__ = ["Run"]

T = TypeVar("T")
AUDITED = 1000
"""Keys in one line of the audit log."""


class Run:
    """One run of a pipeline.

    Attributes:
        values: of the parameters, by name.
        taken_up: whether an earlier process has read everything; `resumed` how often the run had died.
        works: the steps, in the order in which they are read.
        profiles: what is known of each profile, by name.
        phase: how far it got, as the journal has it.
        writing: whether a target may have been written to.
        held_back: step to number of records that were not loaded, because that was not approved.
    """

    def __init__(
        self,
        spec: PipelineSpec,
        *,
        values: Mapping[str, Any],
        journal: Journal,
        progress: Progress,
        options: Options,
        earlier: RunRow | None = None,
    ) -> None:
        """Begin a run, or take up an earlier one that stopped while it wrote."""
        self.spec = spec
        self.values = dict(values)
        self.journal = journal
        self.progress = progress
        self.options = options
        self.id = earlier.id if earlier else new_run_id()
        self.taken_up = earlier is not None
        self.resumed = earlier.resumed + (earlier.state != "planned") if earlier else 0
        self.directory = journal.run_directory(self.id)
        self.rejects = RejectStore(journal.directory, pipeline=spec.name, run=self.id)
        self.audit = Audit(journal.directory, run=self.id, pipeline=spec.name, sha256=spec.sha256)
        self.events = Events(options.events, run=self.id, pipeline=spec.name)
        self.works: list[Work] = []
        self.profiles: dict[str, ProfileFacts] = {}
        self.warnings: list[str] = []
        self.held_back: dict[str, int] = {}
        self.phase = earlier.phase if earlier else "reading"
        self.writing = self.resumed > 0
        self.started = datetime.fromisoformat(earlier.started) if earlier else datetime.now(UTC)
        self._clock = monotonic()

    @property
    def identities(self) -> dict[str, str]:
        """Profile to who the platform takes us for."""
        from biodata.pipelines.runs.identities import identity_text

        return {name: identity_text(facts) for name, facts in self.profiles.items()}

    def patiently(self, task: Callable[[], T]) -> T:
        """Do a task that may be done again, waiting for a server as long as the file allows."""
        return patiently(self.spec.wait, task, self._waits)

    def _waits(self, text: str, seconds: float, profile: str | None) -> None:
        self.progress.note(text)
        self.events.emit("server.waiting", profile=profile, seconds=round(seconds, 1))

    # What is noted: in the journal, and for the person who watches.

    def enter(self, phase: str) -> None:
        """The run gets into its next phase."""
        self.phase = phase
        self.journal.phase(self.id, phase)

    def note(self, work: Work, state: str, **values: object) -> None:
        """A step has got so far."""
        work.state = state
        self.rejects.flush()
        self.journal.step(self.id, work.step.name, state=state, seconds=sum(work.seconds.values()), **values)

    def begin(self, work: Work, stage: str, task: str, rows: int | None = None) -> None:
        """A stage of a step begins: extract, transform, load, delete, or compare; `rows` are to come."""
        self.progress.begin(f"{work.step.name}: {task}", rows)
        self.events.emit("stage.started", step=work.step.name, stage=stage, rows=rows)

    def end(self, work: Work, stage: str, outcome: str, rows: int | None = None) -> None:
        """A stage of a step is over; `rows` came out of it."""
        self.progress.end(outcome)
        facts = {"rejected": self.rejects.count(work.step.name), "seconds": work.seconds.get(stage)}
        self.events.emit("stage.ended", step=work.step.name, stage=stage, rows=rows, **facts)

    def reject(self, reject: Reject) -> None:
        """Keep a record that cannot go on.

        Raises:
            RejectBudgetExceeded: that was one too many.
        """
        self.rejects.add(reject)
        self._place(reject)
        if reject.waiting:
            return
        read = sum(work.told.rows or 0 for work in self.works)
        allowed, found = self.spec.budget.allows(read), self.rejects.count(counted=True)
        if found > allowed:
            raise RejectBudgetExceeded(
                f"{found:,} records were rejected, and the budget of {self.spec.budget} allows "
                f"{allowed:,} of {read:,}; the last by {reject.rule!r}, row {reject.row}: {reject.reason}",
                hint=f"biodata rejects list --run {self.id} lists them"
                + ("" if self.writing else "; nothing was written"),
            )

    def hold_back(self, reject: Reject) -> None:
        """Keep a record that is not loaded because that was not approved; it is in no budget."""
        self.rejects.add(reject)
        self.held_back[reject.step] = self.held_back.get(reject.step, 0) + 1

    def _place(self, reject: Reject) -> None:
        """Remember which record of the target the row stands for, so that it is not deleted as missing.

        What it would have become in the steps that read from its step, nobody knows.
        """
        if reject.stage == "load":
            return
        for work in self.works:
            if work.step.load is None or rules_of(work.step.load) is None:
                continue
            if work.step.name == reject.step and reject.target_key is not None:
                work.told.protected.append(reject.target_key)
            elif reject.step in {work.step.name, *(one.name for one in work.upstream)}:
                work.told.unplaced += 1

    # The desk that `loading` writes at (loading/sending.py).

    def begun(self, work: Work) -> dict[int, dict[str, int] | None]:
        """The batches that were sent before, by number: what the target has answered, None where it is in doubt."""
        found = self.journal.batches(self.id, work.step.name)
        return {one["number"]: one["tally"] if one["state"] == "done" else None for one in found}

    def sending(self, work: Work, batch: Batch) -> None:
        """A batch is about to be sent."""
        self.journal.sending(self.id, work.step.name, batch.number, len(batch.records))

    def sent(self, work: Work, batch: Batch, tally: dict[str, int], receipt: Receipt) -> None:
        """The target has answered for a batch."""
        for status, number in receipt.tally.items():
            work.tally[status] = work.tally.get(status, 0) + number
        self.rejects.flush()
        if work.target and not work.target.together:
            self._audit(work, receipt)
        self.journal.batch(self.id, work.step.name, batch.number, len(batch.records), tally)
        self.events.emit(
            "batch.loaded", step=work.step.name, number=batch.number, rows=len(batch.records), tally=tally
        )
        self.progress.advance(len(batch.rows))

    def again(self, work: Work, batch: Batch | None) -> None:
        """A batch, or all rows of a step, are sent again: what was refused of them before does not count."""
        self.rejects.retract(work.step.name, ["load"], None if batch is None else batch.rows)

    def doubted(self, work: Work, keys: list[Key]) -> None:
        """A batch of these records may have been written before, and nobody has noted it."""
        self._note_write(work, work.step.load.mode if work.step.load else "", {"unknown": len(keys)}, keys)

    def arrived(self, work: Work, tally: dict[str, int], keys: Iterable[Key]) -> None:
        """All rows of a step are there at once, in one transaction."""
        verb, rest = work.step.load.mode if work.step.load else "", iter(keys)
        counts = tally
        while some := list(islice(rest, AUDITED)):
            self._note_write(work, verb, counts, some)
            counts = {}
        if counts:
            self._note_write(work, verb, counts, [])

    def _audit(self, work: Work, receipt: Receipt) -> None:
        """Note which records were written to; those that were left alone are not."""
        keys = [one.key for one in receipt if one.status not in {"unchanged", "refused", "not_sent"}]
        if keys or receipt.bulk:
            self._note_write(work, receipt.operation, receipt.tally, keys)

    def _note_write(self, work: Work, verb: str, counts: dict[str, int], keys: list[Key]) -> None:
        load = work.step.load
        if load is not None:
            at, table = load.target.profile, load.target.table
            who = self.identities.get(at)
            self.audit.write(profile=at, table=table, verb=verb, counts=counts, keys=keys, identity=who)

    def deleted(self, work: Work, keys: list[Key], receipt: Receipt) -> None:
        """The target has answered for some deletes."""
        self._audit(work, receipt)
        self.progress.advance(len(keys))

    # The end.

    def leave(self, state: str, error: BaseException | None = None) -> RunReport | None:
        """The end of a run that did not get through: whatever else fails now is told, and hides nothing."""
        try:
            report = self.finish(state, error)
        except BiodataError as another:
            self.progress.note(another.message)
            return None
        self.progress.note(f"Report: {report.html_path}")
        return report

    def finish(self, state: str, error: BaseException | None = None) -> RunReport:
        """Note how it ended, and write its report."""
        self.progress.close()
        self.rejects.flush()
        report = self._report(state, error)
        self._tell(report)
        if self.options.dry_run:
            self.rejects.close(Which(run=self.id), "superseded")
        kept = self.phase if self.can_go_on(state, error) else "ended"
        kept = "planned" if state == "planned" else kept
        self.journal.end(self.id, state, report.error or "", phase=kept)
        if kept == "ended" and state != "planned":
            self.journal.forget_spool(self.id)
        place, name = (
            (self.options.report_dir, self.spec.name) if self.options.report_dir else (self.directory, "report")
        )
        try:
            written = write_reports(report, place, name)
        except OSError as problem:
            message = f"The run is {state}, and its report cannot be written to {place}: {problem.strerror}"
            raise ConfigError(message, code="BD-PIPELINE-REPORT") from None
        self.journal.reported(self.id, written.html_path)
        return written

    def _tell(self, report: RunReport) -> None:
        """The last event."""
        tally: Counter[str] = Counter()
        for step in report.steps:
            tally.update(step.tally)
        self.events.emit(
            "run.ended",
            state=report.state,
            rows_read=sum(step.rows_read or 0 for step in report.steps),
            rejected=report.rejected,
            waiting=sum(step.waiting for step in report.steps),
            tally=dict(tally),
            seconds=report.seconds,
            error_code=report.error_code,
        )
        self.events.close()

    def can_go_on(self, state: str, error: BaseException | None) -> bool:
        """Whether the same command will go on where this run stopped."""
        stopped = state in {"failed", "interrupted"} and self.phase in {"loading", "deleting"}
        return stopped and not isinstance(error, RejectBudgetExceeded)

    def how_to_go_on(self, state: str, error: BaseException | None = None) -> str:
        """What a person should do after a run that did not get through."""
        if self.can_go_on(state, error):
            return "Run the same command again: it goes on where this run stopped."
        if not self.writing:
            return "Nothing was written; run the same command again to start anew."
        return f"Look at what run {self.id} has loaded before the same command is run again."

    def _report(self, state: str, error: BaseException | None) -> RunReport:
        from biodata import __version__

        text, code = _what_stopped(error)
        return RunReport(
            run_id=self.id,
            pipeline=self.spec.name,
            warnings=tuple(self.warnings),
            file=self.spec.file,
            sha256=self.spec.sha256,
            version=__version__,
            state=state,
            started=self.started.isoformat(timespec="milliseconds"),
            ended=datetime.now(UTC).isoformat(timespec="milliseconds"),
            seconds=round(monotonic() - self._clock, 3),
            steps=tuple(work.report(self.rejects) for work in self.works),
            budget=str(self.spec.budget),
            profiles=tuple(self.profiles.values()),
            parameters={name: str(value) if self.options.show_values else "…" for name, value in self.values.items()},
            resumed=self.resumed,
            dry_run=self.options.dry_run,
            show_values=self.options.show_values,
            error=text,
            error_code=code,
            error_hint=error.hint if isinstance(error, BiodataError) else None,
            go_on=self.how_to_go_on(state, error) if state in {"failed", "interrupted"} else "",
            plan_path=self.options.save_plan if state == "planned" else None,
            rejects_path=self.rejects.path if self.rejects.count() else None,
        )

    def step_named(self, name: str) -> Work:
        """The step of that name."""
        return next(work for work in self.works if work.step.name == name)


def _what_stopped(error: BaseException | None) -> tuple[str | None, str | None]:
    """An error's words and code; those of an error that is not ours may hold values, so only its kind is told."""
    if error is None:
        return None, None
    if isinstance(error, BiodataError):
        return error.message, error.code
    if isinstance(error, OSError) and error.errno:
        return os.strerror(error.errno), "BD-OS"
    return f"an error of biodata itself: {type(error).__name__}", "BD-INTERNAL"
