"""The deletes of a run: all of them last, children first, each behind the guards."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import Unavailable
from biodata.pipelines.loading.guards import rules_of, why_not
from biodata.pipelines.loading.missing import missing_of
from biodata.pipelines.loading.order import in_loading_order
from biodata.pipelines.reports.facts import Deletes

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from biodata.pipelines.loading.sending import Desk
    from biodata.pipelines.loading.target import Target
    from biodata.pipelines.runs.work import Work
    from biodata.pipelines.spec import DeleteMissing
    from biodata.pipelines.state.spool import Sealed, Spool
    from biodata.records.types import Key

__all__ = ["delete", "deleting", "find_missing"]


def deleting(works: Sequence[Work]) -> Iterator[tuple[Work, Target, DeleteMissing]]:
    """The steps that delete when all are loaded, children first; a replace in one transaction has deleted already."""
    for work in reversed(in_loading_order(works)):
        rules = rules_of(work.target.load) if work.target else None
        if work.target and rules and not work.target.together:
            yield work, work.target, rules


def find_missing(
    work: Work,
    works: Sequence[Work],
    rules: DeleteMissing,
    spool: Spool,
    *,
    values: Mapping[str, Any],
    identities: Mapping[str, str],
) -> Sealed:
    """Find out what is missing, and note with the step whether it may be deleted; the keys, sealed in the spool."""
    found = missing_of(work, works, spool, values)
    counts = {"there": found.there, "missing": found.keys.rows, "unplaced": found.unplaced}
    withheld = why_not(work, rules, identities, **counts)
    work.deletes = Deletes(
        scope=rules.scope,
        there=found.there,
        missing=found.keys.rows,
        most=rules.most.allows(found.there),
        withheld=withheld,
    )
    return found.keys


def delete(work: Work, target: Target, batches: Iterable[list[Key]], desk: Desk) -> dict[str, int]:
    """Delete the records with these keys, batch by batch; what is gone already is unchanged.

    Raises:
        Unavailable: what became of some is not known; deleting again finds out.
    """
    tally: Counter[str] = Counter()
    reasons: dict[str, None] = {}
    for some in batches:
        receipt = target.repository.delete(some, on_refused="isolate")
        tally.update(receipt.tally)
        desk.deleted(work, some, receipt)
        reasons |= dict.fromkeys(one.message or one.code for one in receipt.refused)
    lost = tally["unknown"] + tally["not_sent"]
    if lost:
        raise Unavailable(
            f"step {work.step.name}: what became of {lost:,} deletes is not known",
            code="BD-PIPELINE-UNKNOWN",
            hint="Run the same command again: it looks up what is there",
        )
    if tally["refused"] and work.deletes:
        why = f"{tally['refused']:,} deletes were refused: {'; '.join(list(reasons)[:3])}"
        work.deletes = msgspec.structs.replace(work.deletes, withheld=why)
    return dict(tally)
