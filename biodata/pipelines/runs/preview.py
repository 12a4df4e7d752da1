"""What a run would do: how each source is asked, and what each target would get; nothing is written."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from biodata.pipelines.checks.others import different_values
from biodata.pipelines.loading.compared import changes_of
from biodata.pipelines.loading.deletes import find_missing
from biodata.pipelines.loading.guards import rules_of
from biodata.pipelines.loading.order import in_loading_order
from biodata.pipelines.loading.parents import Parents
from biodata.pipelines.loading.replacing import replaced_by, replaces

if TYPE_CHECKING:
    from collections.abc import Callable, Iterable

    from biodata.comparing import Change
    from biodata.pipelines.loading.target import Target
    from biodata.pipelines.runs.run import Run
    from biodata.pipelines.runs.work import Work
    from biodata.pipelines.state.spool import Spool

__all__ = ["WORDS", "look", "preview"]

CHANGES_SHOWN = 50
WORDS = {"create": "add", "update": "change", "unchanged": "leave", "refused": "refuse"}
WAIT = "wait for a parent"


def preview(run: Run, spool: Spool, *, keep: Callable[[Work, Iterable[Change | None]], None] | None = None) -> None:
    """Note with each step what it would do.

    Args:
        run: all that it reads is sealed.
        spool: of the run.
        keep: gets each batch of changes of a step, in the order of its rows.
    """
    coming: dict[str, dict[str, set[Any]]] = {}
    for work in in_loading_order(run.works):
        if work.source is not None:
            work.told.explain = work.source.explain()
        if work.target is None:
            run.note(work, "done")
            continue
        run.begin(work, "compare", f"compare with {work.target.load.target}", work.passed.rows)
        with work.stage("compare"):
            parents = _parents(work, work.target, coming.setdefault(work.target.load.target.profile, {}))
            look(run, work, work.target, parents, keep)
            _deletes(run, work, work.target, spool)
        run.note(work, "done")
        would = ", ".join(f"{word} {number:,}" for word, number in work.preview.items()) or "do nothing"
        run.end(work, "compare", f"would {would}")


def _parents(work: Work, target: Target, coming: dict[str, set[Any]]) -> Parents:
    """The parents that are missing, when those that the same run would add are there."""
    key = target.schema.key
    if isinstance(key, str) and key in work.passed.schema().names:
        coming.setdefault(target.schema.table, set()).update(different_values(work.passed, key))
    return Parents(target, work.passed, {table: keys.__contains__ for table, keys in coming.items()})


def look(
    run: Run,
    work: Work,
    target: Target,
    parents: Parents,
    keep: Callable[[Work, Iterable[Change | None]], None] | None = None,
) -> None:
    """Compare a step's rows with what is there."""
    tally: Counter[str] = Counter()
    for batch in changes_of(work, target, parents):
        tally.update(WAIT if change is None else WORDS[change.action] for change in batch)
        if run.options.show_values:
            _show(work, batch)
        if keep is not None:
            keep(work, batch)
        run.progress.advance(len(batch))
    work.preview = {word: tally[word] for word in (*WORDS.values(), WAIT) if tally[word]}


def _show(work: Work, batch: Iterable[Change | None]) -> None:
    for change in batch:
        if change is not None and change.action == "update" and len(work.changes) < CHANGES_SHOWN:
            differing = {name: (change.before.get(name), value) for name, value in change.after.items()}
            work.changes.append({"key": change.key, **differing})


def _deletes(run: Run, work: Work, target: Target, spool: Spool) -> None:
    rules = rules_of(target.load)
    if rules is None or target.new:
        return
    known = {"values": run.values, "identities": run.identities}
    if replaces(target):
        replaced_by(work, run.works, spool, **known)
    else:
        find_missing(work, run.works, rules, spool, **known)
    if work.deletes and work.deletes.missing and not work.deletes.withheld:
        work.preview["delete"] = work.deletes.missing
