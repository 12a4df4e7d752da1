"""The second half of a run: everything that was sealed goes to its targets; deletes come last."""

from __future__ import annotations

from collections import Counter
from functools import partial
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.pipelines.checks.others import different_values
from biodata.pipelines.loading import marks
from biodata.pipelines.loading.approved import Approved
from biodata.pipelines.loading.deletes import delete, deleting, find_missing
from biodata.pipelines.loading.order import in_loading_order, loading_into
from biodata.pipelines.loading.parents import Parents
from biodata.pipelines.loading.replacing import replaced_by, replaces
from biodata.pipelines.loading.sending import Sending
from biodata.pipelines.reports.facts import Deletes, counts
from biodata.pipelines.rows import Rows
from biodata.pipelines.runs.anew import reads_everything
from biodata.pipelines.runs.unsettled import Unsettled
from biodata.pipelines.sources.content import keep_content
from biodata.pipelines.state.kept import memory_directory
from biodata.pipelines.state.reject import OPEN
from biodata.pipelines.state.reject_file import Which

if TYPE_CHECKING:
    from collections.abc import Callable, Iterator

    from biodata.pipelines.loading.target import Target
    from biodata.pipelines.runs.run import Run
    from biodata.pipelines.runs.work import Work
    from biodata.pipelines.sources.base import Source
    from biodata.pipelines.spec import DeleteMissing
    from biodata.pipelines.state.spool import Sealed, Spool
    from biodata.records.types import Key

__all__ = ["write_all"]


def write_all(run: Run, spool: Spool) -> str:
    """Load and delete; `done`, or `withheld` where guards stand before deletes. A dry run only looks.

    Raises:
        BiodataError: whatever stops it; the same command goes on from there.
    """
    if run.options.save_plan:
        from biodata.pipelines.runs.plans import make_plan

        make_plan(run, spool, run.options.save_plan)
        return "planned"
    if run.options.dry_run:
        from biodata.pipelines.runs.preview import preview

        preview(run, spool)
        return "done"
    return _Writer(run, spool).go()


class _Writer:
    def __init__(self, run: Run, spool: Spool) -> None:
        self._run = run
        self._spool = spool

    def go(self) -> str:
        run = self._run
        if run.phase != "deleting":
            run.enter("loading")
        for work in in_loading_order(run.works):
            if not work.loaded:
                self._load(work)
        if run.phase != "deleting":
            run.enter("deleting")
        self._delete()
        for work in run.works:
            run.note(work, "done" if work.state != "withheld" else "withheld", **self._seen(work))
        self._supersede()
        self._clear_marks()
        withheld = run.held_back or any(work.deletes and work.deletes.withheld for work in run.works)
        return "withheld" if withheld else "done"

    def _clear_marks(self) -> None:
        """Nobody takes up this run any more, nor those of the pipeline before it."""
        run = self._run
        needless = Unsettled(run.journal, run.rejects, run.spec.name).needless(run.rejects)
        marks.clear_all((work.target.connection for work in run.works if work.target), needless)

    def _supersede(self) -> None:
        """Close what earlier runs rejected of records that were read again now: their rows have taken their place."""
        run = self._run
        run.rejects.carry_on()
        for work in run.works:
            step = work.step
            others = Which(pipeline=run.spec.name, step=step.name, but=run.id, states=OPEN)
            if reads_everything(work, run.works) or not run.spec.reads_a_part(step):
                run.rejects.supersede(step.name)
            elif step.incremental and step.incremental.cursor is None:
                # what cannot be read has no content to be compared, so it comes each time
                run.rejects.close(msgspec.structs.replace(others, stage="extract"), "superseded")
            if run.rejects.counts(others):
                told = (run.spec.name, step.name, run.id)
                if work.source is not None and work.read is not None:
                    run.rejects.supersede_keys(*told, _keys(work.source, work.read))
                run.rejects.supersede_keys(*told, _target_keys(work), of_target=True)

    def _load(self, work: Work) -> None:
        run, target = self._run, work.target
        if target is None:
            return
        if not all(one.loading.new for one in loading_into(target, run.works)):
            target.new = False  # another step has made it
        run.begin(work, "load", f"{target.load.mode} into {target.load.target}", work.passed.rows)
        with work.stage("load"):
            missing = run.patiently(partial(self._replaced, work)) if replaces(target) else None
            if replaces(target) and work.deletes and work.deletes.withheld:
                run.note(work, "withheld")
                run.end(work, "load", f"withheld: {work.deletes.withheld}", 0)
                return
            self._send(work, target, missing)
        seen = {} if self._is_read_by_others(work) else self._seen(work)
        rejected = run.rejects.count(work.step.name)
        run.note(work, "loaded", tally=work.tally, rejected=rejected, **seen)
        run.end(work, "load", counts(work.tally), sum(work.tally.values()))

    def _is_read_by_others(self, work: Work) -> bool:
        """Whether rows of the step are in other steps too, which are to get them again where the run stops now."""
        return any(work.step.name in step.reads_steps for step in self._run.spec.steps)

    def _seen(self, work: Work) -> dict[str, Any]:
        """What the step has seen, kept now that its rows are where they go.

        Rejected rows are to come again; not where rows are added, because a part of what came of one may be there.
        """
        run, step = self._run, work.step.name
        kept = memory_directory(run.journal.directory, run.spec.name)
        again = () if run.spec.appended(work.step) else (one.row for one in run.rejects.find_all(step))
        keep_content(self._spool.directory, kept, step, again)
        return {"seen": work.told.seen}

    def _replaced(self, work: Work) -> Sealed | None:
        """The keys that a replace in one transaction deletes: those that were approved, or those missing now."""
        run, approved = self._run, self._spool.sealed(f"{work.step.name}.missing")
        if approved and Approved.of(self._spool, work.step.name):
            work.deletes = Deletes(missing=approved.rows, most=approved.rows)
            return approved
        if run.decided(work) and marks.find(work.loading.connection, run.id, work.step.name) is not None:
            return approved  # it is done: what is missing now says nothing
        keys = replaced_by(work, run.works, self._spool, values=run.values, identities=run.identities)
        run.decide(work)
        return keys

    def _send(self, work: Work, target: Target, missing: Sealed | None) -> None:
        run = self._run
        run.writing = run.writing or not target.together
        run.note(work, "loading")

        def send() -> dict[str, int]:
            work.tally = {}
            parents = Parents(target, work.passed, self._coming(target, work))
            approved = Approved.of(self._spool, work.step.name)
            return Sending(work, target, run, parents, approved, missing).send()

        try:
            work.tally = run.patiently(send)
        except BaseException:
            if target.together:  # what the batches did is undone
                work.tally = {}
                run.note(work, "checked")
            raise
        run.writing = True
        run.check_budget()

    def _coming(self, target: Target, work: Work) -> dict[str, Callable[[Any], bool]]:
        """The step's own keys, where the table refers to itself."""
        key = target.schema.key
        if not isinstance(key, str) or target.schema.table not in {table for _, table in target.links}:
            return {}
        return {target.schema.table: set(different_values(work.passed, key)).__contains__}

    def _delete(self) -> None:
        """First find out of all steps what is missing and whether it may go, then delete."""
        run = self._run
        found = [(work, target, self._missing(work, rules)) for work, target, rules in deleting(run.works)]
        for work, target, keys in found:
            if work.deletes is None or work.deletes.withheld:
                self._withheld(work)
                continue
            run.begin(work, "delete", f"delete what is missing from {target.load.target}", keys.rows)
            tally: Counter[str] = Counter()
            with work.stage("delete"):
                tally.update(run.patiently(partial(delete, work, target, keys, run)))
            work.deletes = msgspec.structs.replace(work.deletes, tally=dict(tally))
            run.events.emit("deletes.made", step=work.step.name, tally=dict(tally))
            run.end(work, "delete", ", ".join(f"{number:,} {word}" for word, number in tally.items()) or "nothing")

    def _withheld(self, work: Work) -> None:
        told = work.deletes or Deletes()
        self._run.events.emit("deletes.withheld", step=work.step.name, missing=told.missing, why=told.withheld)
        self._run.progress.note(f"{work.step.name}: {told.missing:,} deletes are withheld: {told.withheld}")

    def _missing(self, work: Work, rules: DeleteMissing) -> Sealed:
        """The keys to delete: those decided on before the run stopped, those approved, or those missing now."""
        run = self._run
        approved = self._spool.sealed(f"{work.step.name}.missing")
        if approved and run.decided(work):
            return approved
        if approved and Approved.of(self._spool, work.step.name):
            work.deletes = Deletes(rules.scope, missing=approved.rows, most=approved.rows)
            return approved

        def find() -> Sealed:
            return find_missing(work, run.works, rules, self._spool, values=run.values, identities=run.identities)

        with work.stage("delete"):
            found = run.patiently(find)
        run.decide(work)
        return found


def _keys(source: Source, read: Sealed) -> Iterator[Key]:
    """The keys of the records that were read."""
    for batch in read.batches():
        yield from map(source.key_of, Rows.numbered(batch).batch.to_pylist())


def _target_keys(work: Work) -> Iterator[tuple[Any, ...]]:
    """The keys that the rows have in the target."""
    names = list(work.step.load.key) if work.step.load else []
    for batch in work.passed.batches() if names else ():
        yield from (tuple(record.values()) for record in batch.select(names).to_pylist())
