"""Counting by group, and different values: by the platform where it does all of it exactly, here otherwise."""

from __future__ import annotations

import logging
from typing import TYPE_CHECKING, Any, Literal, TypeAlias

import msgspec

from biodata import scan
from biodata.adapter import PageRequest
from biodata.errors import PermissionDenied, ProtocolError, QueryError, RateLimited, RemoteError, Unavailable
from biodata.keysets import key_requests, requests_of, shown
from biodata.query.plan import Plan

if TYPE_CHECKING:
    from collections.abc import Iterable, Sequence

    from biodata.query.explain import Explanation
    from biodata.query.grouping import Group
    from biodata.query.plan import Query
    from biodata.records.types import Path
    from biodata.repository import Repository

__all__ = ["GroupPlan", "explain_groups", "find_groups", "plan_groups"]

_log = logging.getLogger("biodata.grouping")

GroupPart: TypeAlias = Literal["aggregate", "distinct"]

ONE_REQUEST = "one request for all groups"
"""How groups travel that the platform finds, for explain."""


class GroupPlan(msgspec.Struct, frozen=True):
    """Who finds the groups.

    Attributes:
        plan: of the scan that finds them here; its query's fields are what is grouped by.
        part: `aggregate` for the number of records in each, `distinct` for the values alone.
        request: what the platform is asked; None where they are found here.
        reason: why they are.
        strict: whether they must not be.
    """

    plan: Plan
    part: GroupPart
    request: PageRequest | None = None
    reason: str = ""
    strict: bool = False


def plan_groups(
    repository: Repository,
    part: GroupPart,
    names: Sequence[str | Path],
    arguments: dict[str, Any],
    page_size: int | None = None,
    *,
    strict: bool = False,
) -> GroupPlan:
    """Who finds the groups of the records that a query gives.

    Args:
        repository: the table.
        part: `aggregate` for the number of records in each, `distinct` for the values alone.
        names: of the fields that are grouped by.
        arguments: of `bind_query`; limit and offset come before grouping.
        page_size: records a request, where they are read.
        strict: whether the groups must not be found here.

    Raises:
        QueryError: `BD-QUERY-GROUP`, there is no field, or one that has no values to compare.
    """
    from biodata.query.bind import bind_query
    from biodata.query.grouping import group_types

    if not names:
        raise QueryError("Name a field to group by", code="BD-QUERY-GROUP", table=repository.name)
    asked = {**arguments, "fields": tuple(names)}
    query = bind_query(repository.schema, lookup=repository.references.schema, **asked)
    group_types(query)
    if query.limit is None and not query.offset:
        query = msgspec.structs.replace(query, order=())
    return _decided(repository, GroupPlan(repository.plan(query, page_size), part, strict=strict))


def _decided(repository: Repository, planned: GroupPlan) -> GroupPlan:
    """The same plan, with who finds its groups; key sets are taken to be small."""
    plan = shown(repository.adapter, planned.plan)
    reason = _kept_here(repository, planned.part, plan)
    request = _request(repository, planned.part, plan) if reason is None else None
    if request is None:
        return _found_here(planned, reason or "the platform cannot with this filter, or by these fields together")
    return msgspec.structs.replace(planned, request=request, reason="")


def _found_here(planned: GroupPlan, reason: str) -> GroupPlan:
    return msgspec.structs.replace(planned, request=None, reason=reason)


def _kept_here(repository: Repository, part: GroupPart, plan: Plan) -> str | None:
    """Why the platform cannot group; None where it can, as far as its pushdown table says."""
    missing = repository.adapter.capabilities.missing
    if part in missing:
        return missing[part].reason
    if plan.query.limit is not None or plan.query.offset:
        return "limit and offset come before grouping"
    if plan.residual is not None:
        return "part of the filter is checked here"
    return _refused(repository, part, plan.query)


def _refused(repository: Repository, part: GroupPart, query: Query) -> str | None:
    from biodata.query.paths import resolve
    from biodata.query.split import group_support

    table = repository.adapter.pushdown(query.schema)
    for path in query.fields or ():
        rule = group_support(table, part, resolve(query.schema, path, query.lookup))
        if rule.support != "exact":
            return rule.reason
    return None


def _request(repository: Repository, part: GroupPart, plan: Plan) -> PageRequest | None:
    paths = plan.query.fields or ()
    if part == "distinct":
        return repository.adapter.distinct(plan, paths[0])
    return repository.adapter.aggregate(plan, paths)


def find_groups(repository: Repository, planned: GroupPlan) -> tuple[list[Group], GroupPlan]:
    """The groups in order, and who found them; holds the groups in memory, and of the records one page.

    Raises:
        QueryError: `BD-QUERY-STRICT`, they would be found here.
        BiodataError: of a strict question, what the platform says that refuses it.
    """
    from biodata.query.grouping import tally

    ready = planned
    if planned.plan.keyed is not None:
        ready = _decided(repository, msgspec.structs.replace(planned, plan=repository.ready(planned.plan)))
    if ready.plan.limit == 0:
        return [], planned
    found, refused = _from_platform(repository, ready)
    if found is not None:
        return tally(found), planned if planned.request else ready
    return tally(_here(repository, _found_here(ready, refused))), _found_here(planned, refused)


def _from_platform(repository: Repository, ready: GroupPlan) -> tuple[Sequence[Group] | None, str]:
    """The groups that the platform finds, or None and why it does not."""
    if ready.request is None:
        return None, ready.reason
    try:
        found = repository.adapter.groups(ready.plan, ready.request)
    except (Unavailable, RateLimited, ProtocolError):
        raise
    except (PermissionDenied, QueryError, RemoteError) as error:
        if ready.strict:
            raise
        _log.info("%s does not group by itself: %s", repository.address, error.code)
        return None, f"the platform refused to group ({error.code})"
    return found, "the platform's own numbers are not exact here"


def _here(repository: Repository, planned: GroupPlan) -> Iterable[Group]:
    from biodata.query.grouping import groups_of
    from biodata.query.strict import refuse_partial

    if planned.strict:
        refuse_partial(explain_groups(repository, planned))
    return groups_of(scan.records(repository.adapter, planned.plan, repository.references), planned.plan.query)


def explain_groups(repository: Repository, planned: GroupPlan) -> Explanation:
    """How the groups are found: by one request of the platform's, or by reading the fields."""
    from biodata.query.explain import explain

    plan, adapter = planned.plan, repository.adapter
    texts = requests_of(adapter, plan)
    if planned.request is not None:
        texts = [*key_requests(adapter, plan), planned.request.text]
    lines = [line for text in texts for line in text.split("\n")]
    told = explain(plan, adapter.pushdown(plan.schema), transport=adapter.capabilities.travel, requests=lines)
    names = tuple(".".join(path) for path in plan.query.fields or ())
    told = msgspec.structs.replace(told, group_by=names, grouped_why=planned.reason)
    if planned.request is None:
        return msgspec.structs.replace(told, grouped="here", here=(*told.here, f"group by {', '.join(names)}"))
    return msgspec.structs.replace(told, grouped="platform", fields=(), page_size=0, transport=ONE_REQUEST)
