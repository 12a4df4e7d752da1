"""What a run would do: how each source is asked, and what each target would get; nothing is written."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

from biodata.fitting import same
from biodata.pipelines.checks.others import different_values
from biodata.pipelines.loading.deletes import find_missing
from biodata.pipelines.loading.guards import rules_of
from biodata.pipelines.loading.order import in_loading_order
from biodata.pipelines.loading.parents import Parents
from biodata.pipelines.loading.replacing import may_replace
from biodata.pipelines.rows import Rows

if TYPE_CHECKING:
    from collections.abc import Callable

    from biodata.pipelines.loading.target import Target
    from biodata.pipelines.runs.run import Run
    from biodata.pipelines.runs.work import Work
    from biodata.pipelines.state.spool import Spool

__all__ = ["preview"]

CHANGES_SHOWN = 50


def preview(run: Run, spool: Spool) -> None:
    """Note with each step what it would do."""
    coming: dict[str, dict[str, set[Any]]] = {}
    for work in in_loading_order(run.works):
        target = work.target
        if work.source is not None:
            work.told.explain = work.source.explain()
        if target is None:
            run.note(work, "done")
            continue
        run.progress.begin(f"{work.step.name}: compare with {target.load.target}", work.passed.rows)
        with work.stage("compare"):
            _look(run, work, target, spool, coming.setdefault(target.load.target.profile, {}))
        run.note(work, "done")
        run.progress.end("would " + (", ".join(f"{word} {n:,}" for word, n in work.preview.items()) or "do nothing"))


def _look(run: Run, work: Work, target: Target, spool: Spool, coming: dict[str, set[Any]]) -> None:
    key, table = target.schema.key, target.schema.table
    if isinstance(key, str):
        coming.setdefault(table, set()).update(different_values(work.passed, key) if key in _names(work) else ())
    there: dict[str, Callable[[Any], bool]] = {name: keys.__contains__ for name, keys in coming.items()}
    work.preview = dict(_counts(run, work, target, Parents(target, work.passed, there)))
    rules = rules_of(target.load)
    if rules is None or target.new:
        return
    if target.together:
        if may_replace(work, target, run.identities):
            work.preview["delete"] = target.repository.count()
        return
    find_missing(work, target, rules, spool, values=run.values, identities=run.identities)
    work.preview["delete"] = work.deletes.missing if work.deletes and not work.deletes.withheld else 0


def _names(work: Work) -> list[str]:
    return list(work.schema.names)


def _counts(run: Run, work: Work, target: Target, parents: Parents) -> Counter[str]:
    from biodata.records.arrow import from_arrow

    tally: Counter[str] = Counter()
    for batch in work.passed.batches(target.load.batch):
        records = list(from_arrow(Rows.numbered(batch).batch))
        ready = [record for record in records if parents.lacks(record) is None]
        tally["wait for a parent"] += len(records) - len(ready)
        tally.update(_compared(run, work, target, ready))
        run.progress.advance(len(records))
    return +tally


def _compared(run: Run, work: Work, target: Target, records: list[dict[str, Any]]) -> Counter[str]:
    if target.new or target.together:
        return Counter({"add": len(records)})
    schema = target.repository.schema
    keys = [schema.key_of(record) for record in records]
    names = list(dict.fromkeys(name for record in records for name in record))
    found = target.repository.get([key for key in keys if key is not None], fields=names) if records else []
    there = {schema.key_of(record): record for record in found}
    tally: Counter[str] = Counter()
    for key, record in zip(keys, records, strict=True):
        before = there.get(key)
        differing = before and {n: (before.get(n), v) for n, v in record.items() if not same(v, before.get(n))}
        tally["add" if before is None else "change" if differing else "leave"] += 1
        if run.options.show_values and differing and len(work.changes) < CHANGES_SHOWN:
            work.changes.append({"key": key, **differing})
    return tally
