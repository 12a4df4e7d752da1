"""What a replace in one transaction deletes, behind the guards of deletes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.pipelines.loading.guards import rules_of, why_not
from biodata.pipelines.loading.missing import missing_of
from biodata.pipelines.loading.order import loading_into
from biodata.pipelines.reports.facts import Deletes

if TYPE_CHECKING:
    from collections.abc import Mapping, Sequence

    from biodata.pipelines.loading.target import Target
    from biodata.pipelines.runs.work import Work
    from biodata.pipelines.state.spool import Sealed, Spool

__all__ = ["replaced_by", "replaces"]


def replaces(target: Target) -> bool:
    """Whether the step replaces what a table holds, rows and deletes in one transaction."""
    return target.together and target.load.mode == "replace" and not target.new


def replaced_by(
    work: Work, works: Sequence[Work], spool: Spool, *, values: Mapping[str, Any], identities: Mapping[str, str]
) -> Sealed | None:
    """The keys of the records that go, sealed in the spool; None of a table without a key, of which all go.

    What stands in the way is noted with the step (`deletes.withheld`).
    """
    rules = rules_of(work.loading.load)
    if rules is None:
        return None
    if not work.loading.schema.key_fields:
        there, missing, unplaced = _without_keys(work, works)
        found = None
    else:
        found = missing_of(work, works, spool, values=values, identities=identities)
        there, missing, unplaced = found.there, found.keys.rows, found.unplaced
    counts = {"there": there, "missing": missing, "unplaced": unplaced}
    withheld = why_not(work, works, rules, identities, **counts, doubts=found.doubts if found else ())
    work.deletes = Deletes(there=there, missing=missing, most=rules.most.allows(there), withheld=withheld)
    return found.keys if found else None


def _without_keys(work: Work, works: Sequence[Work]) -> tuple[int, int, int]:
    """Records there, those that go, and rows of which nobody knows which records they are."""
    there, into = work.loading.repository.count(), loading_into(work.loading, works)
    rejected = sum(one.told.unplaced + len(one.told.protected) for one in into)
    return there, there, rejected + sum(one.passed.rows for one in into if one is not work)
