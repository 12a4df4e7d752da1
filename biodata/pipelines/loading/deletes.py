"""The deletes of a run: all of them last, children first, each behind the guards."""

from __future__ import annotations

from collections import Counter
from typing import TYPE_CHECKING, Any

import msgspec

from biodata.errors import Unavailable
from biodata.pipelines.loading.guards import rules_of, why_not
from biodata.pipelines.loading.missing import keys_of, missing_of
from biodata.pipelines.loading.order import in_loading_order
from biodata.pipelines.reports.facts import GONE, Deletes

if TYPE_CHECKING:
    from collections.abc import Iterator, Mapping, Sequence

    from biodata.pipelines.loading.sending import Desk
    from biodata.pipelines.loading.target import Target
    from biodata.pipelines.runs.work import Work
    from biodata.pipelines.spec import DeleteMissing
    from biodata.pipelines.state.spool import Sealed, Spool
    from biodata.receipts import Receipt

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
    found = missing_of(work, works, spool, values=values, identities=identities)
    counts = {"there": found.there, "missing": found.keys.rows, "unplaced": found.unplaced}
    withheld = why_not(work, works, rules, identities, **counts, doubts=found.doubts)
    work.deletes = Deletes(
        scope=rules.scope,
        there=found.there,
        missing=found.keys.rows,
        most=rules.most.allows(found.there),
        withheld=withheld,
    )
    return found.keys


def delete(work: Work, target: Target, keys: Sealed, desk: Desk) -> dict[str, int]:
    """Delete the records with these keys, going on where an earlier attempt stopped.

    Raises:
        Unavailable: what became of some is not known; deleting again finds out.
    """
    tally: Counter[str] = Counter()
    reasons: dict[str, None] = {}
    begun = desk.deletes_begun(work)
    for number, some in enumerate(keys_of(keys, target.schema, target.load.batch), start=1):
        known = begun.get(number)
        if known is not None:
            tally.update(known)
            continue
        desk.deleting(work, number, some)
        receipt = target.repository.delete(some, on_refused="isolate")
        answered = _told(receipt, doubted=number in begun)
        tally.update(answered)
        desk.deleted(work, number, answered, receipt)
        reasons |= dict.fromkeys(one.message or one.code for one in receipt.refused)
    lost = tally["unknown"] + tally["not_sent"]
    if lost:
        raise Unavailable(
            f"step {work.step.name}: what became of {lost:,} deletes is not known",
            code="BD-PIPELINE-UNKNOWN",
            hint="Run the same command again: it looks up what is there",
        )
    if tally["refused"] and work.deletes:
        told = f": {'; '.join(list(reasons)[:3])}" if reasons else ""  # those of an earlier process nobody knows
        why = f"{tally['refused']:,} deletes were refused{told}"
        work.deletes = msgspec.structs.replace(work.deletes, withheld=why)
    return dict(tally)


def _told(receipt: Receipt, *, doubted: bool) -> dict[str, int]:
    """What became of some deletes; of those that were sent before, what is gone is not as if it never was there."""
    words = {"unchanged": GONE} if doubted else {}
    return {words.get(status, status): number for status, number in receipt.tally.items()}
