"""Groups: peregrine only counts, so a field with few possible values is counted value by value, in one document.

What is left over is null, which peregrine cannot ask for. A value that the dictionary does not know would be taken
for null, so that the records with any value are counted too: those with the first one, and those with another
(`not` leaves nulls out: protocols/gen3.md, c). Where the numbers do not add up the records are read.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

import msgspec

from biodata.adapter import PageRequest
from biodata_gen3.query import possible
from biodata_gen3.render import arguments
from biodata_gen3.server import ask_graphql, graphql_request

if TYPE_CHECKING:
    from collections.abc import Sequence

    from biodata.http import HttpSession
    from biodata.query.grouping import Group
    from biodata.query.plan import Plan
    from biodata.records.types import Path
    from biodata_gen3.rights import Rights
    from biodata_gen3.server import Project

__all__ = ["groups", "request"]


class Call(msgspec.Struct, frozen=True):
    """One document of counts; picklable.

    Attributes:
        values: those that are counted, under the aliases _v0, _v1, …
    """

    query: str
    variables: dict[str, Any]
    values: tuple[Any, ...]


def request(project: Project, plan: Plan, paths: Sequence[Path]) -> PageRequest | None:
    """The document; None for several fields, and where the filter speaks of the field itself."""
    (name, *_), table, given = paths[0], plan.schema.table, arguments(plan.schema, plan.pushed)
    if len(paths) > 1 or given.nothing or {name, "not"} & given.values.keys():
        return None
    values = possible(plan.schema[name].type)
    kind = "[Boolean]" if isinstance(values[0], bool) else "[String]"
    base = {"project_id": ("[String]", [project.id]), **given.values}
    one = {f"_v{number}": (kind, [value]) for number, value in enumerate(values)}
    other = {"_other": (f"[NotPropertiesInput_{table}]", [{name: values[0]}])}
    declared = ", ".join(f"${argument}: {type_}" for argument, (type_, _) in {**base, **one, **other}.items())
    always = ", ".join(f"{argument}: ${argument}" for argument in base)
    parts = [f"{alias}: _{table}_count({always}, {name}: ${alias})" for alias in one]
    parts += [f"_other: _{table}_count({always}, not: $_other)", f"total: _{table}_count({always})"]
    variables = {argument: value for argument, (_, value) in {**base, **one, **other}.items()}
    call = Call(f"query({declared}) {{{' '.join(parts)}}}", variables, values)
    return PageRequest(call, graphql_request(call.query, call.variables).line)


def groups(session: HttpSession, rights: Rights, plan: Plan, asked: PageRequest) -> list[Group] | None:
    """The numbers; None where there are values that the dictionary does not know.

    Raises:
        PermissionDenied: there is nothing, and this user may not read the project.
    """
    call: Call = asked.call
    found = ask_graphql(session, call.query, call.variables, plan.schema.table, dict[str, int])
    if not found["total"]:
        rights.check_read()
    numbers = [found[f"_v{number}"] for number in range(len(call.values))]
    if sum(numbers) != numbers[0] + found["_other"]:
        return None
    known = [((value,), number) for value, number in zip(call.values, numbers, strict=True)]
    return [*known, ((None,), found["total"] - sum(numbers))]
