"""A run on its way: the one place of a pipeline that holds state, and what everything else notes things with."""

from __future__ import annotations

from collections import Counter
from datetime import UTC, datetime
from time import monotonic
from typing import TYPE_CHECKING, Any, TypeVar

import msgspec

from biodata.errors import RejectBudgetExceeded
from biodata.pipelines.loading.approved import NOT_APPROVED
from biodata.pipelines.loading.guards import protect
from biodata.pipelines.reports.facts import Deletes
from biodata.pipelines.runs.books import Books
from biodata.pipelines.runs.interrupts import Interrupts
from biodata.pipelines.runs.patience import patiently
from biodata.pipelines.sources.asked import records_of
from biodata.pipelines.state.audit import Audit
from biodata.pipelines.state.events import Events
from biodata.pipelines.state.journal import new_run_id
from biodata.pipelines.state.rejects import RejectStore

if TYPE_CHECKING:
    from collections.abc import Callable, Mapping

    from biodata.pipelines.loading.sending import Batch
    from biodata.pipelines.reports.facts import ProfileFacts
    from biodata.pipelines.reports.progress import Progress
    from biodata.pipelines.runs.options import Options
    from biodata.pipelines.runs.work import Work
    from biodata.pipelines.spec import PipelineSpec
    from biodata.pipelines.state.journal import Journal, RunRow
    from biodata.pipelines.state.memory import StepMemory
    from biodata.pipelines.state.rejects import Reject
    from biodata.receipts import Receipt
    from biodata.records.types import Key

__all__ = ["Run", "begin"]

T = TypeVar("T")


class Run:
    """One run of a pipeline.

    Attributes:
        values: of the parameters, by name.
        taken_up: whether an earlier process has read everything; `resumed` how often the run had died.
        works: the steps, in the order in which they are read.
        profiles: what is known of each profile, by name.
        phase: how far it got, as the journal has it.
        writing: whether a target may have been written to.
        interrupts: those that came.
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
        """Begin a run, or take up an earlier one that stopped while it wrote.

        Raises:
            ConfigError: `BD-CONFIG-STATE`, rejects or audit log cannot be used.
        """
        self.spec = spec
        self.values = dict(values)
        self.journal = journal
        self.progress = progress
        self.options = options
        self.id = earlier.id if earlier else new_run_id()
        self.taken_up = earlier is not None
        self.resumed = earlier.resumed + (earlier.state != "planned") if earlier else 0
        self.directory = journal.run_directory(self.id)
        asked = {step.name: records_of(spec, step, self.values) for step in spec.steps}
        parts = {step.name for step in spec.steps if spec.reads_a_part(step)}
        self.rejects = RejectStore(journal.directory, pipeline=spec.name, run=self.id, asked=asked, parts=parts)
        self.audit = Audit(journal.directory, run=self.id, pipeline=spec.name, sha256=spec.sha256)
        self.audit.check()
        self.books = Books(self)
        self.events = Events(options.events, run=self.id, pipeline=spec.name)
        self.works: list[Work] = []
        self.profiles: dict[str, ProfileFacts] = {}
        self.warnings: list[str] = []
        self.interrupts = Interrupts()
        self.phase = earlier.phase if earlier else "reading"
        self.writing = self.resumed > 0
        self.started = datetime.fromisoformat(earlier.started) if earlier else datetime.now(UTC)
        self._last: Reject | None = None
        self._clock = monotonic()

    @property
    def is_whole(self) -> bool:
        """Whether it takes records from their sources into their targets: no dry run, and no replay."""
        return not self.options.dry_run

    @property
    def report_name(self) -> str:
        """Of the report's files, where somebody has said in which directory."""
        return self.spec.name

    @property
    def identities(self) -> dict[str, str]:
        """Profile to who the platform takes us for."""
        from biodata.pipelines.runs.identities import identity_text

        return {name: identity_text(facts) for name, facts in self.profiles.items()}

    def remembered(self, known: StepMemory) -> StepMemory:
        """What a step is to know of the last run."""
        return known

    def patiently(self, task: Callable[[], T]) -> T:
        """Do a task that may be done again, waiting for a server as long as the file allows."""
        return patiently(self.spec.wait, task, self._waits)

    def _waits(self, text: str, seconds: float, profile: str | None) -> None:
        self.progress.note(text)
        self.events.emit("server.waiting", profile=profile, seconds=round(seconds, 1))

    @property
    def seconds(self) -> float:
        """Since this process began with it."""
        return round(monotonic() - self._clock, 3)

    # What is noted: in the journal, and for the person who watches.

    def enter(self, phase: str) -> None:
        """The run gets into its next phase."""
        self.interrupts.raise_for_swallowed()
        self.phase = phase
        self.journal.phase(self.id, phase)

    def note(self, work: Work, state: str, **values: object) -> None:
        """A step has got so far."""
        work.state = state
        self.rejects.flush()
        self.journal.step(self.id, work.step.name, state=state, seconds=sum(work.seconds.values()), **values)

    def begin(self, work: Work, stage: str, task: str, rows: int | None = None) -> None:
        """A stage of a step begins: extract, transform, load, delete, or compare; `rows` are to come."""
        self.interrupts.raise_for_swallowed()
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
        self.keep(reject)
        self.check_budget(self._last)

    def keep(self, reject: Reject) -> None:
        """Keep a record that cannot go on; whether it was one too many is asked later, when its batch is noted."""
        self.rejects.add(reject)
        protect(self.works, self.spec, reject)
        if not reject.waiting:
            self._last = reject

    def check_budget(self, last: Reject | None = None) -> None:
        """See that no more is rejected than the file allows.

        Args:
            last: that was rejected; None where none was by this process.

        Raises:
            RejectBudgetExceeded: that was one too many.
        """
        read = sum(work.told.rows or 0 for work in self.works)
        held_back = sum(self.held_back.values())
        allowed, found = self.spec.budget.allows(read), self.rejects.count(counted=True) - held_back
        if found > allowed:
            told = f"; the last by {last.rule!r}, row {last.row}: {last.reason}" if last else ""
            raise RejectBudgetExceeded(
                f"{found:,} {'record was' if found == 1 else 'records were'} rejected, and the budget of "
                f"{self.spec.budget} allows {allowed:,} of {read:,}{told}",
                hint=f"biodata rejects list --run {self.id} lists them"
                + ("" if self.writing else "; nothing was written"),
            )

    def hold_back(self, reject: Reject) -> None:
        """Keep a record that is not loaded because that was not approved; it is in no budget."""
        self.rejects.add(reject)

    @property
    def held_back(self) -> dict[str, int]:
        """Step to number of records that were not loaded because that was not approved, by earlier processes too."""
        found = Counter[str]()
        for tally in self.rejects.tallies():
            found[tally.step] += tally.count if tally.reason == NOT_APPROVED else 0
        return dict(+found)

    # The desk that `loading` writes at (loading/sending.py).

    def begun(self, work: Work) -> dict[int, dict[str, int] | None]:
        """The batches that were sent before, by number: what the target has answered, None where it is in doubt."""
        return self.books.begun(work, "batches")

    def sending(self, work: Work, batch: Batch, keys: list[Key]) -> None:
        """A batch is about to be sent, and in it these records."""
        self.books.sending(work, "batches", batch.number, len(batch.records), keys)

    def sent(self, work: Work, batch: Batch, tally: dict[str, int], receipt: Receipt) -> None:
        """The target has answered for a batch.

        Raises:
            RejectBudgetExceeded: it refused too many; all of them are noted.
        """
        for status, number in receipt.tally.items():
            work.tally[status] = work.tally.get(status, 0) + number
        self.rejects.flush()
        self.books.answered(work, "batches", batch.number, len(batch.records), tally, receipt)
        self.events.emit(
            "batch.loaded", step=work.step.name, number=batch.number, rows=len(batch.records), tally=tally
        )
        self.progress.advance(len(batch.rows))
        self.interrupts.raise_for_swallowed()
        self.check_budget(self._last)

    def again(self, work: Work, batch: Batch | None) -> None:
        """A batch, or all rows of a step, are sent again: what was refused of them before does not count."""
        self.rejects.retract(work.step.name, ["load"], None if batch is None else batch.rows)

    def undone(self, work: Work) -> None:
        """Whatever a transaction did with the rows of a step is undone."""
        self.books.undone(work)

    def arrived(self, work: Work) -> None:
        """All rows of a step are there at once, in one transaction."""
        self.books.arrived(work)

    def deletes_begun(self, work: Work) -> dict[int, dict[str, int] | None]:
        """The batches of deletes that were sent before, as `begun` has those of rows."""
        return self.books.begun(work, "deletes")

    def deleting(self, work: Work, number: int, keys: list[Key]) -> None:
        """Some deletes are about to be sent."""
        self.books.sending(work, "deletes", number, len(keys), keys)

    def deleted(self, work: Work, number: int, tally: dict[str, int], receipt: Receipt) -> None:
        """The target has answered for some deletes."""
        self.books.answered(work, "deletes", number, len(receipt), tally, receipt)
        if not work.loading.together:  # there, the rows are what is counted
            self.progress.advance(len(receipt))

    def decided(self, work: Work) -> bool:
        """Whether an earlier process has decided about a step's deletes; what it decided is noted with the step."""
        found = self.journal.decided(self.id, work.step.name)
        if found:
            work.deletes = msgspec.convert(found, Deletes)
        return bool(found)

    def decide(self, work: Work) -> None:
        """What was decided about a step's deletes holds, also for a process that goes on with the run."""
        self.journal.step(self.id, work.step.name, deletes=msgspec.to_builtins(work.deletes))

    def step_named(self, name: str) -> Work:
        """The step of that name."""
        return next(work for work in self.works if work.step.name == name)

    def tell_start(self) -> None:
        """The first event of a process that does this run."""
        spec, resumed = self.spec, self.resumed
        told = {"file": spec.file, "sha256": spec.sha256, "version": version(), "dry_run": self.options.dry_run}
        self.events.emit("run.started", resumed=resumed, **told)


def begin(run: Run, kind: str) -> None:
    """Note that a new run begins; `kind` as the journal has it: run, preview, plan or replay."""
    spec = run.spec
    told = {"pipeline": spec.name, "file": spec.file, "sha256": spec.sha256, "version": version()}
    run.journal.begin(run.id, kind=kind, **told)
    run.tell_start()


def version() -> str:
    """Of biodata."""
    from biodata import __version__

    return __version__
