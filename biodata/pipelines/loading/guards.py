"""What stands between a step and the records that it would delete."""

from __future__ import annotations

from typing import TYPE_CHECKING

from biodata.pipelines.loading.order import loading_into
from biodata.pipelines.spec import DeleteMissing

if TYPE_CHECKING:
    from collections.abc import Iterable, Iterator, Mapping, Sequence

    from biodata.pipelines.runs.work import Work
    from biodata.pipelines.spec import Address, Load, PipelineSpec
    from biodata.pipelines.state.rejects import Reject

__all__ = ["deleted_from", "not_trusted", "protect", "rules_of", "why_not"]


def rules_of(load: Load) -> DeleteMissing | None:
    """The rules by which a step deletes; None where it deletes nothing. A replace deletes whatever is missing."""
    if load.delete_missing is not None:
        return load.delete_missing
    return DeleteMissing(most=load.most, least=load.least) if load.mode == "replace" else None


def deleted_from(spec: PipelineSpec) -> set[Address]:
    """The tables from which a step of the pipeline deletes what is missing."""
    loads = [step.load for step in spec.steps if step.load]
    return {load.target for load in loads if rules_of(load)}


def protect(works: Sequence[Work], spec: PipelineSpec, reject: Reject) -> None:
    """Remember which record of the target a rejected row stands for, so that it is not deleted as missing.

    What it would have become in the steps that read from its step, nobody knows.
    """
    if reject.stage == "load":
        return
    tables = deleted_from(spec)
    for work in works:
        if work.step.load is None or work.step.load.target not in tables:
            continue
        if work.step.name == reject.step and reject.target_key is not None:
            work.told.protected.append(reject.target_key)
        elif reject.step in {work.step.name, *(one.name for one in work.upstream)}:
            work.told.unplaced += 1


def why_not(
    work: Work,
    works: Sequence[Work],
    rules: DeleteMissing,
    identities: Mapping[str, str],
    *,
    there: int,
    missing: int,
    unplaced: int,
    doubts: Iterable[str] = (),
) -> str:
    """Why the deletes of a step are withheld, in words; empty where nothing stands in the way.

    Args:
        work: the step.
        works: all steps.
        rules: by which it deletes.
        identities: profile to who the platform takes us for now.
        there: records of the target in scope.
        missing: how many of them the step deletes, because no step has them.
        unplaced: rejected rows of which nobody knows the key that they have in the target.
        doubts: why other steps do not trust what they have read of the same records.
    """
    if not missing:
        return ""
    reasons = [*not_trusted(work, rules, identities), *_first(work, works, rules, there), *doubts]
    if missing > rules.most.allows(there):
        reasons.append(f"{missing:,} of {there:,} records would be deleted (max: {rules.most})")
    if unplaced:
        reasons.append(f"of {unplaced:,} rejected rows it is not known which records they are")
    return "; ".join(reasons)


def not_trusted(work: Work, rules: DeleteMissing, identities: Mapping[str, str]) -> Iterator[str]:
    """Why what a step has read may lack records that its source has."""
    rows, before = work.told.rows or 0, work.memory.rows_read
    if not rows:
        yield "the source is empty"
    elif before and rows < before * rules.least:
        share = f"{rows / before:.0%} of the {before:,} of the last run"
        yield f"{rows:,} rows were read, {share} (least: {rules.least:.0%})"
    yield from _strangers(work, identities)


def _first(work: Work, works: Sequence[Work], rules: DeleteMissing, there: int) -> Iterator[str]:
    """Where a first run replaces, what is there is what the source is compared with."""
    if work.told.rows and work.memory.rows_read is None and work.loading.load.mode == "replace":
        into = loading_into(work.loading, works)
        old = there - sum(one.tally.get("created", 0) for one in into)
        new = sum(one.passed.rows + len(one.told.protected) for one in into)
        if new < old * rules.least:
            yield f"at this first run the table would go from {old:,} records to {new:,} (least: {rules.least:.0%})"


def _strangers(work: Work, identities: Mapping[str, str]) -> Iterator[str]:
    """Another user may see fewer records, so what is missing may only be hidden."""
    profiles = {address.profile: None for step in (*work.upstream, work.step) for address in step.reads}
    for profile in profiles:
        before, now = work.memory.identities.get(profile), identities.get(profile)
        if before is not None and before != now:
            yield f"{profile} was read as {now or 'nobody'}, and as {before} at the last run"
