"""What a replace in one transaction deletes, behind the guards of deletes."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from biodata.pipelines.loading.guards import rules_of, why_not
from biodata.pipelines.loading.missing import missing_of
from biodata.pipelines.reports.facts import Deletes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from biodata.pipelines.loading.target import Target
    from biodata.pipelines.runs.work import Work
    from biodata.pipelines.state.spool import Sealed, Spool

__all__ = ["replaced_by", "replaces"]


def replaces(target: Target) -> bool:
    """Whether the step replaces what a table holds, rows and deletes in one transaction."""
    return target.together and target.load.mode == "replace" and not target.new


def replaced_by(
    work: Work, target: Target, spool: Spool, *, values: Mapping[str, Any], identities: Mapping[str, str]
) -> Sealed | None:
    """The keys of the records that go, sealed in the spool; None of a table without a key, of which all go.

    What stands in the way is noted with the step (`deletes.withheld`).
    """
    rules = rules_of(target.load)
    if rules is None:
        return None
    keys, there, missing, unplaced = _counted(work, target, spool, values)
    withheld = why_not(work, rules, identities, there=there, missing=missing, unplaced=unplaced)
    work.deletes = Deletes(there=there, missing=missing, most=rules.most.allows(there), withheld=withheld)
    return keys


def _counted(
    work: Work, target: Target, spool: Spool, values: Mapping[str, Any]
) -> tuple[Sealed | None, int, int, int]:
    if not target.schema.key_fields:
        there = target.repository.count()
        return None, there, there, work.told.unplaced + len(work.told.protected)
    found = missing_of(work, target, spool, values)
    return found.keys, found.there, found.keys.rows, found.unplaced
