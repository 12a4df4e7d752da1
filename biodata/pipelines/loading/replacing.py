"""Whether a table may be replaced as a whole, where that is done in one transaction: the guards of deletes."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.pipelines.loading.guards import rules_of, why_not
from biodata.pipelines.reports.facts import Deletes

if TYPE_CHECKING:
    from collections.abc import Mapping

    from biodata.pipelines.loading.target import Target
    from biodata.pipelines.runs.work import Work

__all__ = ["may_replace"]


def may_replace(work: Work, target: Target, identities: Mapping[str, str]) -> bool:
    """Whether nothing stands in the way of emptying the table; what does is noted with the step."""
    rules = rules_of(target.load)
    if rules is None or target.new or not target.together or target.load.mode != "replace":
        return True
    there = target.repository.count()
    withheld = why_not(work, rules, identities, there=there, missing=there, unplaced=0)
    if withheld:
        work.deletes = Deletes(there=there, missing=there, most=rules.most.allows(there), withheld=withheld)
    return not withheld
